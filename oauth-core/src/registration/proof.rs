//! What a registration says of the key or the certificate that the client proves itself with.

use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

use super::ClientMetadata;
use crate::client::{ClientAuth, Inner};
use crate::error::{ErrorKind, Result, Step};
use crate::jose::Jwk;
use crate::openid::key_signer;

/// How a client with these credentials is registered, where it does not say otherwise.
pub(super) fn method(credentials: &ClientAuth) -> Option<&'static str> {
    match credentials {
        auth if auth.is_key() => Some("private_key_jwt"),
        auth if auth.is_certificate() => Some("self_signed_tls_client_auth"),
        _ => None,
    }
}

impl ClientMetadata {
    /// With the public half of what the client proves itself with. RFC 7591 section 2: `jwks` is the "Client's JSON Web Key Set
    /// document value, which contains the client's public keys".
    pub(crate) fn proved(&self, inner: &Inner) -> Result<Self> {
        let Some(credentials) = &self.credentials else { return Ok(self.clone()) };
        let Some(method) = method(credentials) else { return Ok(self.clone()) };
        let mut metadata = self.clone().or_member("token_endpoint_auth_method", |_| method.into());
        let said = metadata.text_of("token_endpoint_auth_method").unwrap_or_default();
        // RFC 7591 section 2: `jwks_uri` and `jwks` "MUST NOT both be present in the same request or response".
        let has_keys = ["jwks", "jwks_uri"].iter().any(|name| metadata.members.contains_key(*name));
        match (said, credentials.signing_key(), credentials.client_certificate()) {
            ("private_key_jwt", Some(pem), _) => {
                let key = public(inner, pem)?;
                let kid = match credentials.key_id() {
                    Some(kid) => kid.to_owned(),
                    None => thumbprint(inner, &key)?,
                };
                if !has_keys {
                    let key = described(&key, json!({"kid": kid, "use": "sig"}));
                    metadata = metadata.jwks(json!({"keys": [key]}));
                }
                metadata.credentials = Some(credentials.clone().kid(kid));
            }
            // RFC 8705 section 2.2.2: each key of the set has its certificate beside it, as `x5c`.
            ("self_signed_tls_client_auth", _, Some(certificate)) if !has_keys => {
                let key = public(inner, certificate.key().expose_secret())?;
                let chain = own_certificate(certificate.chain());
                metadata = metadata.jwks(json!({"keys": [described(&key, json!({"x5c": [chain]}))]}));
            }
            _ => {}
        }
        Ok(metadata)
    }

    /// The credentials with the name of their key.
    pub(crate) fn held(&self) -> Option<ClientAuth> {
        self.credentials.clone()
    }
}

fn public(inner: &Inner, pem: &str) -> Result<Jwk> {
    let failed = || inner.error(ErrorKind::Config, Step::Registration, "the client's private key has no public half");
    key_signer(inner, pem)?.public_key().ok_or_else(failed)
}

/// RFC 7638: a name that whoever knows the key can work out.
fn thumbprint(inner: &Inner, key: &Jwk) -> Result<String> {
    Ok(key.thumbprint(&**inner.crypto(Step::Registration)?))
}

/// The key as JSON, with what is to be said of it.
fn described(key: &Jwk, facts: Value) -> Value {
    let mut jwk: Value = serde_json::from_str(&key.to_json()).unwrap_or_default();
    if let (Some(jwk), Value::Object(facts)) = (jwk.as_object_mut(), facts) {
        jwk.extend(facts);
    }
    jwk
}

/// The first certificate of a chain, as base64: what stands between the lines of its PEM.
fn own_certificate(chain: &str) -> String {
    let lines = chain.lines().skip_while(|line| !line.starts_with("-----BEGIN CERTIFICATE")).skip(1);
    lines.take_while(|line| !line.starts_with("-----")).map(str::trim).collect()
}
