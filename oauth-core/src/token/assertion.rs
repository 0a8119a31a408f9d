//! A JWT in the place of a secret (RFC 7523 section 2.2, OpenID Connect Core section 9): made anew for each request.

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use secrecy::ExposeSecret as _;
use serde_json::json;

use super::minted::key_id;
use crate::client::{Config, Context, Inner, fill};
use crate::crypto::{CryptoError, HmacKey, PrivateKey};
use crate::encode::base64url;
use crate::error::{Error, ErrorKind, Result, Step};
use crate::jose::{Alg, Family, JwsSigner};
use crate::spec::{Assertion, AssertionAudience};

/// RFC 7523 section 2.2: "The value of the `client_assertion_type` is" this.
pub(super) const TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// The key, made ready once, and what is the same in each assertion.
#[derive(Clone)]
pub(crate) struct Asserter {
    signer: Arc<JwsSigner>,
}

impl Asserter {
    /// The signer of a provider that takes assertions; none for others, and none for a client without a key.
    pub(crate) fn new(config: &Config) -> Result<Option<Self>> {
        let auth = &config.spec.client_auth;
        let (Some(rules), Some(secret)) = (&auth.assertion, config.auth.signing_key()) else { return Ok(None) };
        let Some(alg) = Alg::from_name(rules.alg.as_str()) else { return Ok(None) };
        let shared = matches!(alg.family(), Family::Hmac(_));
        let refused = |source: Box<dyn std::error::Error + Send + Sync>| {
            let (what, fix) = if shared {
                (
                    "the client secret cannot sign",
                    "use the whole secret; one shorter than the algorithm's hash signs nothing",
                )
            } else {
                (
                    "the private key cannot be used",
                    "give the whole text of the .pem file whose public half the provider knows",
                )
            };
            Error::new(ErrorKind::Config, Step::Configure, what).fix(fix).source(source).of(&config.spec)
        };
        let crypto = config.crypto.as_ref().ok_or_else(|| refused(Box::new(CryptoError::NoBackend)))?;
        let signer = if shared {
            // OpenID Connect Core section 9: the code is calculated "using the octets of the UTF-8 representation of the
            // client_secret as the shared key".
            let key = HmacKey::new(secret).map_err(|error| refused(Box::new(error)))?;
            JwsSigner::hmac(Arc::clone(crypto), alg, key)
        } else {
            let key = PrivateKey::from_pem(secret).map_err(|error| refused(Box::new(error)))?;
            JwsSigner::new(&**crypto, alg, &key)
        };
        let mut signer = signer.map_err(|error| refused(Box::new(error)))?;
        if let Some(kid) = key_id(config, rules.kid.as_ref())? {
            signer = signer.kid(kid);
        }
        // RFC 10070: an assertion for the issuer says by its type that it is one, and nothing else may be taken for it.
        if rules.audience == AssertionAudience::Issuer {
            signer = signer.typ("client-authentication+jwt");
        }
        Ok(Some(Self { signer: Arc::new(signer) }))
    }
}

/// An assertion for one HTTP request.
pub(super) fn assert(inner: &Inner, step: Step, context: Context<'_>) -> Result<String> {
    let config = &inner.config;
    let (Some(asserter), Some(rules)) = (&inner.prepared()?.asserter, &config.spec.client_auth.assertion) else {
        let what = "the provider wants a signed assertion, and there is nothing to sign with";
        return Err(Error::new(ErrorKind::Config, step, what)
            .fix("give the client its private key with `ClientAuth::private_key(pem)`, or the secret that signs")
            .of(&config.spec));
    };
    // RFC 7523 section 3: "The JWT MAY contain a "jti" (JWT ID) claim that provides a unique identifier for the token".
    let mut jti = [0; 16];
    config.rng.fill(&mut jti).map_err(|error| {
        Error::new(ErrorKind::Random, step, "the system gave no random bytes; nothing was sent")
            .source(error)
            .of(&config.spec)
    })?;
    let now = inner.now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
    let claims = json!({
        // RFC 7523 section 3: for client authentication "the subject MUST be the "client_id" of the OAuth client".
        "iss": config.client_id,
        "sub": config.client_id,
        "aud": audience(inner, rules, step, context)?,
        "jti": base64url(&jti),
        "iat": now,
        "exp": now.saturating_add(rules.lifetime),
    });
    let signed = asserter.signer.sign(&claims).map_err(|error| {
        Error::new(ErrorKind::Config, step, "the client's assertion could not be signed").source(error).of(inner.spec())
    })?;
    Ok(signed.expose_secret().to_owned())
}

/// One text: an assertion that several servers take lets each of them act as the client at the others.
fn audience(inner: &Inner, rules: &Assertion, step: Step, context: Context<'_>) -> Result<String> {
    let config = &inner.config;
    let context = Context { in_address: true, secrets: false, ..context };
    let missing = |what: &str| Err(inner.error(ErrorKind::Config, step, what));
    match &rules.audience {
        AssertionAudience::Issuer => match &inner.prepared()?.issuer {
            Some(issuer) => Ok(issuer.clone()),
            None => missing("a client's assertion is for the issuer, and there is none"),
        },
        AssertionAudience::TokenEndpoint => match &config.spec.endpoints.token {
            Some(address) => fill(config, step, address, context),
            None => missing("a client's assertion is for the token endpoint, and there is none"),
        },
        AssertionAudience::Text(text) => fill(config, step, text, Context::default()),
    }
}

impl fmt::Debug for Asserter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Asserter(..)")
    }
}
