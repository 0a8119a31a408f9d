//! The signed request object (RFC 9101): what the browser carries cannot be changed on its way.

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use secrecy::ExposeSecret;
use serde_json::{Map, Value};

use crate::client::{Config, Context, Inner, fill, renamed};
use crate::crypto::{CryptoError, PrivateKey};
use crate::encode::base64url;
use crate::error::{Error, ErrorKind, Result, Step};
use crate::jose::JwsSigner;
use crate::spec::RequestObject;
use crate::token;

/// The key, made ready once.
#[derive(Clone)]
pub(crate) struct RequestSigner {
    signer: Arc<JwsSigner>,
    audience: String,
}

/// What goes nowhere but to the token endpoint. RFC 9101 section 10: the object passes through the browser, and its content
/// can be read.
const SECRETS: [&str; 5] = ["client_secret", "code_verifier", "client_assertion", "request", "request_uri"];

const FIX: &str = "give the client the text of the .pem file whose public key the provider knows: `.request_key(..)`";

/// The key that signs requests: one of its own, or the one that the client proves itself with.
pub(crate) fn request_key(config: &Config) -> Option<&str> {
    config.request_key.as_ref().map(ExposeSecret::expose_secret).or(config.auth.signing_key().filter(|key| is_pem(key)))
}

/// Whether a secret is the text of a key.
pub(crate) fn is_pem(secret: &str) -> bool {
    secret.trim_start().starts_with("-----BEGIN ")
}

/// That there is a key where requests have to be signed.
pub(crate) fn check(config: &Config, step: Step) -> Result<()> {
    if config.spec.authorize.request_object.is_none() || request_key(config).is_some() {
        return Ok(());
    }
    let what = "the provider wants signed requests, and there is no key";
    Err(Error::new(ErrorKind::Config, step, what).fix(FIX).of(&config.spec))
}

impl RequestSigner {
    /// The signer of a provider that takes such objects; none for others, and none for a client without a key, which may
    /// have other things to ask for than logins.
    pub(crate) fn new(config: &Config) -> Result<Option<Self>> {
        let Some(rules) = &config.spec.authorize.request_object else { return Ok(None) };
        let Some(pem) = request_key(config) else { return Ok(None) };
        let refused = |source: Box<dyn std::error::Error + Send + Sync>| {
            let error = Error::new(ErrorKind::Config, Step::Configure, "the key for signed requests cannot be used");
            error.fix(FIX).source(source).of(&config.spec)
        };
        let crypto = config.crypto.as_ref().ok_or_else(|| refused(Box::new(CryptoError::NoBackend)))?;
        let key = PrivateKey::from_pem(pem).map_err(|error| refused(Box::new(error)))?;
        // RFC 9101 section 10.8: "oauth-authz-req+jwt", so that no other JWT of the client passes for a request.
        let signer =
            JwsSigner::new(&**crypto, token::signing_alg(rules.alg), &key).map_err(|error| refused(Box::new(error)))?;
        let mut signer = signer.typ("oauth-authz-req+jwt");
        let filled = |template| fill(config, Step::Configure, template, Context::default());
        // The key that the client proves itself with has a name of its own.
        let own = config.auth.key_id().filter(|_| config.request_key.is_none()).map(str::to_owned);
        if let Some(kid) = rules.kid.as_ref().map(filled).transpose()?.or(own) {
            signer = signer.kid(kid);
        }
        let audience = rules.audience.as_ref().or(config.spec.endpoints.issuer.as_ref()).map(filled).transpose()?;
        let Some(audience) = audience else {
            let what = "nobody knows whom signed requests are for: the provider has no issuer";
            return Err(Error::new(ErrorKind::Config, Step::Configure, what).of(&config.spec));
        };
        Ok(Some(Self { signer: Arc::new(signer), audience }))
    }
}

/// The parameters as a signed object. RFC 9101 section 4: "all parameters (including extension parameters) used to process
/// the OAuth 2.0 authorization request except the `request` and `request_uri` parameters".
pub(crate) fn sign(inner: &Inner, rules: &RequestObject, params: &[(String, String)]) -> Result<String> {
    check(&inner.config, Step::Authorize)?;
    let Some(signer) = &inner.prepared()?.request_signer else {
        return Err(inner.error(ErrorKind::Config, Step::Authorize, "there is no key to sign the request with"));
    };
    let mut claims = Map::new();
    for (name, value) in params.iter().filter(|(name, _)| !SECRETS.contains(&name.as_str())) {
        let value = claim(name, value);
        match claims.get_mut(name) {
            None => {
                claims.insert(name.clone(), value);
            }
            Some(Value::Array(values)) => values.push(value),
            Some(first) => *first = Value::Array(vec![first.take(), value]),
        }
    }
    let id = renamed(&inner.spec().authorize.rename, "client_id");
    claims.insert(id.to_owned(), inner.config.client_id.clone().into());
    let now = inner.now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
    let mut jti = [0; 16];
    inner.config.rng.fill(&mut jti).map_err(|error| {
        let what = "the system gave no random bytes; no login was started";
        Error::new(ErrorKind::Random, Step::Authorize, what).source(error).of(inner.spec())
    })?;
    for (name, value) in [
        ("iss", Value::from(inner.config.client_id.as_str())),
        ("aud", signer.audience.as_str().into()),
        ("iat", now.into()),
        ("nbf", now.into()),
        ("exp", now.saturating_add(rules.lifetime).into()),
        ("jti", base64url(&jti).into()),
    ] {
        claims.insert(name.to_owned(), value);
    }
    let object = signer.signer.sign(&claims).map_err(|error| {
        Error::new(ErrorKind::Config, Step::Authorize, "the request could not be signed").source(error).of(inner.spec())
    })?;
    Ok(object.expose_secret().to_owned())
}

/// RFC 9101 section 4: "Parameter names and string values MUST be included as JSON strings", "numerical values MUST be
/// included as JSON numbers"; a parameter that is JSON by itself is that JSON (RFC 9396 section 3, OpenID Connect Core
/// section 5.5).
fn claim(name: &str, value: &str) -> Value {
    let parsed = match name {
        "max_age" => value.parse::<u64>().ok().map(Value::from),
        "authorization_details" | "claims" => serde_json::from_str(value).ok(),
        _ => None,
    };
    parsed.unwrap_or_else(|| value.into())
}

impl fmt::Debug for RequestSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RequestSigner(..)")
    }
}
