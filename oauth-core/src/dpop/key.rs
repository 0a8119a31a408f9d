use std::fmt;
use std::sync::{Arc, OnceLock};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret as _, SecretString};

use crate::client::Inner;
use crate::crypto::{Crypto, CryptoError, PrivateKey};
use crate::error::{Error, ErrorKind, Result, Step};
use crate::jose::{Alg, Family, JoseError, JwsSigner};
use crate::spec::SigningAlg;

/// The key pair of one login: whoever has its tokens needs it as well. Clones share it.
#[derive(Clone)]
pub(crate) struct ProofKey(Arc<Kept>);

struct Kept {
    alg: Alg,
    /// PKCS#8, as base64.
    secret: SecretString,
    ready: OnceLock<std::result::Result<JwsSigner, JoseError>>,
}

impl ProofKey {
    /// A new key, by the randomness of the backend.
    pub(super) fn generate(crypto: &dyn Crypto, alg: SigningAlg) -> std::result::Result<Self, CryptoError> {
        let alg = Alg::from_name(alg.as_str()).ok_or(CryptoError::Failed)?;
        let Family::Signature(family) = alg.family() else { return Err(CryptoError::Failed) };
        let key = crypto.generate_private_key(family)?;
        Ok(Self::new(alg, STANDARD_NO_PAD.encode(key.expose_der()).into()))
    }

    /// A new key for the tokens of this client, where the provider binds them.
    pub(crate) fn wanted(inner: &Inner, step: Step) -> Result<Option<Self>> {
        inner.spec().dpop.map(|rules| Self::draw(inner, rules.alg, step)).transpose()
    }

    /// A new key for a step of this client.
    pub(crate) fn draw(inner: &Inner, alg: SigningAlg, step: Step) -> Result<Self> {
        Self::generate(&**inner.crypto(step)?, alg).map_err(|error| {
            Error::new(ErrorKind::Config, step, "no key could be made for proofs of possession")
                .source(error)
                .of(inner.spec())
        })
    }

    fn new(alg: Alg, secret: SecretString) -> Self {
        Self(Arc::new(Kept { alg, secret, ready: OnceLock::new() }))
    }

    /// The key in clear, for a store: `ES256:` and PKCS#8 as base64.
    pub(crate) fn expose(&self) -> String {
        format!("{}:{}", self.0.alg.name(), self.0.secret.expose_secret())
    }

    /// Reads what [`expose`](Self::expose) gave.
    pub(crate) fn restore(text: &str) -> Option<Self> {
        let (alg, secret) = text.split_once(':')?;
        Some(Self::new(Alg::from_name(alg)?, secret.to_owned().into()))
    }

    /// What signs proofs. RFC 9449 section 4.2: `typ` is `dpop+jwt`, and `jwk` "MUST NOT contain a private key".
    pub(super) fn signer(&self, crypto: &dyn Crypto) -> std::result::Result<&JwsSigner, JoseError> {
        let ready = self.0.ready.get_or_init(|| {
            let der = STANDARD_NO_PAD.decode(self.0.secret.expose_secret());
            let der = Zeroizing::new(der.map_err(|_| CryptoError::BadKey("it is not base64"))?);
            let signer = JwsSigner::new(crypto, self.0.alg, &PrivateKey::from_pkcs8_der(&*der))?;
            Ok(signer.typ("dpop+jwt").embed_key())
        });
        ready.as_ref().map_err(Clone::clone)
    }

    /// The thumbprint of the public half (RFC 7638), for `dpop_jkt`.
    pub(crate) fn thumbprint(&self, crypto: &dyn Crypto) -> std::result::Result<String, JoseError> {
        let public = self.signer(crypto)?.public_key().ok_or(JoseError::AlgKeyMismatch)?;
        Ok(public.thumbprint(crypto))
    }
}

impl fmt::Debug for ProofKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ProofKey([redacted])")
    }
}
