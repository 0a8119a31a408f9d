//! What a registration says of the key or the certificate that the client proves itself with.

use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

use super::ClientMetadata;
use crate::client::{ClientAuth, Inner};
use crate::error::{Error, ErrorKind, Result, Step};
use crate::jose::Jwk;
use crate::openid::key_signer;
use crate::spec::{ClientAuthMethod, ProviderSpec};

/// How a client with these credentials is registered, where it does not say otherwise.
pub(super) fn method(credentials: &ClientAuth) -> Option<&'static str> {
    match credentials {
        auth if auth.is_key() => Some("private_key_jwt"),
        auth if auth.is_certificate() => Some("self_signed_tls_client_auth"),
        _ => None,
    }
}

impl ClientMetadata {
    /// Says how the client authenticates where the client has not: as the provider's file has it. RFC 7591 section 2: "If
    /// unspecified or omitted, the default is `client_secret_basic`".
    pub(super) fn or_declared(&self, spec: &ProviderSpec) -> Self {
        let method = match spec.client_auth.method {
            ClientAuthMethod::Body => "client_secret_post",
            ClientAuthMethod::None => "none",
            ClientAuthMethod::PrivateKeyJwt => "private_key_jwt",
            ClientAuthMethod::ClientSecretJwt => "client_secret_jwt",
            // The default, what the certificate decides, and what RFC 7591 has no word for.
            _ => return self.clone(),
        };
        let metadata = self.clone();
        if self.method().is_some() { metadata } else { metadata.token_endpoint_auth_method(method) }
    }

    /// With the public half of what the client proves itself with. RFC 7591 section 2: `jwks` is the "Client's JSON Web Key Set
    /// document value, which contains the client's public keys".
    pub(crate) fn proved(&self, inner: &Inner) -> Result<Self> {
        let Some(credentials) = &self.credentials else { return Ok(self.clone()) };
        self.check_unshared(inner, credentials)?;
        let Some(method) = method(credentials) else { return Ok(self.clone()) };
        let mut metadata = self.clone().or_member("token_endpoint_auth_method", |_| method.into());
        let said = metadata.text_of("token_endpoint_auth_method").unwrap_or_default();
        // RFC 7591 section 2: `jwks_uri` and `jwks` "MUST NOT both be present in the same request or response".
        let has_keys = ["jwks", "jwks_uri"].iter().any(|name| metadata.members.contains_key(*name));
        let mut registered = None;
        match (said, credentials.signing_key(), credentials.client_certificate()) {
            ("private_key_jwt", Some(pem), _) => {
                let key = public(inner, pem)?;
                let thumbprint = thumbprint(inner, &key)?;
                let kid = credentials.key_id().map_or_else(|| thumbprint.clone(), str::to_owned);
                registered = Some(thumbprint);
                if !has_keys {
                    let key = described(&key, json!({"kid": kid, "use": "sig"}));
                    metadata = metadata.jwks(json!({"keys": [key]}));
                }
                metadata.credentials = Some(credentials.clone().kid(kid));
            }
            // RFC 8705 section 2.2.2: each key of the set has its certificate beside it, as `x5c`.
            ("self_signed_tls_client_auth", _, Some(certificate)) => {
                let key = public(inner, certificate.key().expose_secret())?;
                registered = Some(thumbprint(inner, &key)?);
                if !has_keys {
                    let chain = own_certificate(certificate.chain());
                    metadata = metadata.jwks(json!({"keys": [described(&key, json!({"x5c": [chain]}))]}));
                }
            }
            _ => {}
        }
        metadata.key_thumbprint = registered.filter(|thumbprint| metadata.lists(inner, thumbprint));
        Ok(metadata)
    }

    /// That what the client proves itself with is never sent: whoever is named as issuer is asked to register the client, and
    /// would be shown it. RFC 6749 section 2.3.1: a client password is what "the authorization server" and the client share, and
    /// the server gives it. A source does not say what it holds, so that the metadata has to.
    fn check_unshared(&self, inner: &Inner, credentials: &ClientAuth) -> Result<()> {
        let signs = || self.text_of("token_endpoint_auth_method") == Some("private_key_jwt");
        let (what, fix) = match credentials {
            auth if auth.is_key() || auth.is_certificate() || auth.is_none() => return Ok(()),
            auth if auth.secret_source().is_none() => (
                "the client's metadata has a shared secret, which would be shown to whoever registers the client",
                "leave it out: the server gives the secret; a private key is `ClientAuth::private_key(pem)`, and a client with a \
                 secret already is `RegisteredClient::known`",
            ),
            _ if signs() => return Ok(()),
            _ => (
                "the client's metadata has credentials from a source, and does not say that it holds a private key",
                "say `.token_endpoint_auth_method(\"private_key_jwt\")` if it does; a secret is the server's to give",
            ),
        };
        Err(Error::new(ErrorKind::Config, Step::Registration, what).fix(fix).of(inner.spec()))
    }

    /// As [`proved`](Self::proved), the key in the place of those of a registration that was read.
    pub(super) fn renewed(&self, inner: &Inner) -> Result<Self> {
        let proved = self.proved(inner)?;
        if proved.credentials.is_some() && proved.key_thumbprint.is_none() && self.members.contains_key("jwks") {
            let mut without = self.clone();
            without.members.remove("jwks");
            let renewed = without.proved(inner)?;
            if renewed.key_thumbprint.is_some() {
                return Ok(renewed);
            }
        }
        Ok(proved)
    }

    /// Whether that key is in `jwks`. What is behind a `jwks_uri` changes without a registration.
    pub(super) fn lists(&self, inner: &Inner, thumbprint: &str) -> bool {
        let Some(crypto) = &inner.config.crypto else { return false };
        let keys = self.members.get("jwks").and_then(|set| set.get("keys")).and_then(Value::as_array);
        let is_it =
            |key: &Value| Jwk::from_json(&key.to_string()).is_ok_and(|key| key.thumbprint(&**crypto) == thumbprint);
        keys.is_some_and(|keys| keys.iter().any(is_it))
    }

    /// The credentials with the name of their key.
    pub(crate) fn held(&self) -> Option<ClientAuth> {
        self.credentials.clone()
    }
}

/// Which key a private one is (RFC 7638).
pub(super) fn thumbprint_of(inner: &Inner, pem: &str) -> Result<String> {
    thumbprint(inner, &public(inner, pem)?)
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
