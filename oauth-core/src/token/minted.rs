//! A client secret that is a JWT (RFC 7519): made anew for each request from the private key that the user gives.

use std::fmt;
use std::sync::Arc;

use secrecy::SecretString;
use serde_json::{Map, Value};

use crate::client::{Config, Context, Inner, fill};
use crate::crypto::{CryptoError, PrivateKey};
use crate::error::{Error, ErrorKind, Result, Step};
use crate::jose::{Alg, JwsSigner};
use crate::spec::{ClientAuthMethod, MintedAlg, MintedSecret, Template};

/// The key, made ready once.
#[derive(Clone)]
pub(crate) struct Minter(Arc<JwsSigner>);

impl Minter {
    /// The signer of a provider whose secrets are minted; none for others, and none for a client without a key.
    pub(crate) fn new(config: &Config) -> Result<Option<Self>> {
        let auth = &config.spec.client_auth;
        let (ClientAuthMethod::Minted, Some(rules), Some(pem)) = (auth.method, &auth.minted, config.auth.signing_key())
        else {
            return Ok(None);
        };
        let refused = |source: Box<dyn std::error::Error + Send + Sync>| {
            Error::new(ErrorKind::Config, Step::Configure, "the private key cannot be used")
                .fix("give the whole text of the .p8 or .pem file that the provider's console gave you as the secret")
                .source(source)
                .of(&config.spec)
        };
        let crypto = config.crypto.as_ref().ok_or_else(|| refused(Box::new(CryptoError::NoBackend)))?;
        let key = PrivateKey::from_pem(pem).map_err(|error| refused(Box::new(error)))?;
        let mut signer =
            JwsSigner::new(&**crypto, signing_alg(rules.alg), &key).map_err(|error| refused(Box::new(error)))?;
        if let Some(kid) = key_id(config, rules.kid.as_ref())? {
            signer = signer.kid(kid);
        }
        Ok(Some(Self(Arc::new(signer))))
    }

    /// A secret for one request.
    pub(super) fn mint(&self, inner: &Inner, rules: &MintedSecret, step: Step) -> Result<SecretString> {
        let now = inner.now().duration_since(std::time::SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
        let mut claims = Map::new();
        for (name, value) in &rules.claims {
            claims.insert(name.clone(), fill(&inner.config, step, value, Context::default())?.into());
        }
        claims.insert("iat".to_owned(), Value::from(now));
        claims.insert("exp".to_owned(), Value::from(now.saturating_add(rules.lifetime)));
        self.0.sign(&claims).map_err(|error| {
            Error::new(ErrorKind::Config, step, "the client secret could not be signed").source(error).of(inner.spec())
        })
    }
}

/// The client's own name of its key, else the file's.
pub(super) fn key_id(config: &Config, of_file: Option<&Template>) -> Result<Option<String>> {
    match (config.auth.key_id(), of_file) {
        (Some(own), _) => Ok(Some(own.to_owned())),
        (None, Some(kid)) => fill(config, Step::Configure, kid, Context::default()).map(Some),
        (None, None) => Ok(None),
    }
}

pub(crate) fn signing_alg(alg: MintedAlg) -> Alg {
    match alg {
        MintedAlg::Es256 => Alg::Es256,
        MintedAlg::Es384 => Alg::Es384,
        MintedAlg::Rs256 => Alg::Rs256,
        MintedAlg::Ps256 => Alg::Ps256,
        MintedAlg::EdDsa => Alg::EdDsa,
    }
}

impl fmt::Debug for Minter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Minter(..)")
    }
}
