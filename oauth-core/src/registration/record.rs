use std::fmt;
use std::time::{Duration, SystemTime};

use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};

use super::{ClientMetadata, proof};
use crate::client::{ClientAuth, Inner};
use crate::error::{Error, ErrorKind, Result, Step, clean};
use crate::request_object::is_pem;
use crate::spec::ClientAuthMethod;

/// A client as an issuer registered it (RFC 7591 section 3.2.1). It is secret, and it is of use at that issuer only: records
/// are told apart by issuer and client id together, because another issuer may give the same id.
#[derive(Clone)]
pub struct RegisteredClient {
    pub(super) issuer: String,
    pub(super) client_id: String,
    pub(super) secret: Option<SecretString>,
    pub(super) secret_expires_at: Option<SystemTime>,
    pub(super) auth_method: Option<String>,
    pub(super) redirect_uris: Vec<String>,
    pub(super) registration_access_token: Option<SecretString>,
    pub(super) registration_client_uri: Option<String>,
    /// Whether its tokens are bound to a key (RFC 9449 section 5.2).
    pub(super) dpop_bound: bool,
    /// The name of the key that was registered.
    pub(super) key_id: Option<String>,
    /// Which key that is (RFC 7638), where it was registered by value.
    pub(super) key_thumbprint: Option<String>,
    /// A private key or a certificate, which is not written down.
    pub(super) held: Option<ClientAuth>,
}

impl RegisteredClient {
    /// A client that was registered by hand at that issuer.
    pub fn known(issuer: impl Into<String>, client_id: impl Into<String>, credentials: impl Into<ClientAuth>) -> Self {
        let credentials = credentials.into();
        Self {
            issuer: issuer.into(),
            client_id: client_id.into(),
            secret: credentials.client_secret().cloned(),
            secret_expires_at: None,
            auth_method: None,
            redirect_uris: Vec::new(),
            registration_access_token: None,
            registration_client_uri: None,
            dpop_bound: false,
            key_id: None,
            key_thumbprint: None,
            held: None,
        }
        .credentials(credentials)
    }

    /// With the private key or the certificate that it was registered with. They are not written down with the record, so that
    /// they are given again when it was read; [`key_thumbprint`](Self::key_thumbprint) says which. Another key is an
    /// [error](ErrorKind::Config) when a client is made of the record, but for one that comes from a
    /// [source](ClientAuth::source), which is asked later.
    pub fn credentials(mut self, credentials: impl Into<ClientAuth>) -> Self {
        let credentials = credentials.into();
        if credentials.is_key() || credentials.client_certificate().is_some() || credentials.secret_source().is_some() {
            self.held = Some(credentials);
        }
        self
    }

    /// The issuer that registered it, byte for byte; the token endpoint of a provider whose file names no issuer.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Its id there.
    pub fn client_id(&self) -> &str {
        &self.client_id
    }

    /// Its secret; none for a public client.
    pub fn secret(&self) -> Option<&SecretString> {
        self.secret.as_ref()
    }

    /// When the secret ends; none where it does not.
    pub fn secret_expires_at(&self) -> Option<SystemTime> {
        self.secret_expires_at
    }

    /// The redirect URIs that are registered.
    pub fn redirect_uris(&self) -> &[String] {
        &self.redirect_uris
    }

    /// How it authenticates: `none`, `client_secret_basic`, ... ; none where the issuer did not say.
    pub fn token_endpoint_auth_method(&self) -> Option<&str> {
        self.auth_method.as_deref()
    }

    /// The name (`kid`) by which the issuer knows the client's key; none where none was registered.
    pub fn key_id(&self) -> Option<&str> {
        self.key_id.as_deref()
    }

    /// Which key it was registered with, or the key of which certificate: its thumbprint with SHA-256 (RFC 7638), to find it by.
    /// None where none was registered by value (`jwks`): what is behind a `jwks_uri` may change.
    pub fn key_thumbprint(&self) -> Option<&str> {
        self.key_thumbprint.as_deref()
    }

    /// What the registration is changed and deleted with (RFC 7592 section 3).
    pub fn registration_access_token(&self) -> Option<&SecretString> {
        self.registration_access_token.as_ref()
    }

    /// Where the registration is changed and deleted (RFC 7592 section 3).
    pub fn registration_client_uri(&self) -> Option<&str> {
        self.registration_client_uri.as_deref()
    }

    /// What the client proves itself with.
    pub fn auth(&self) -> ClientAuth {
        let method = self.auth_method.as_deref();
        match (&self.held, &self.secret) {
            // A source may hold anything: a client that shows nothing does not ask it.
            (Some(held), _) if method == Some("none") && held.secret_source().is_some() => ClientAuth::none(),
            (Some(held), _) if method.is_none_or(|method| !method.starts_with("client_secret")) => self.named(held),
            (_, Some(secret)) if method != Some("none") => secret.into(),
            _ => ClientAuth::none(),
        }
    }

    /// With the key that was registered with that metadata, if any was.
    pub(super) fn keyed(mut self, asked: &ClientMetadata) -> Self {
        self.key_id = asked.held().and_then(|held| held.key_id().map(str::to_owned));
        self.key_thumbprint.clone_from(&asked.key_thumbprint);
        self.held = asked.held();
        self
    }

    /// With the name by which the issuer knows the key.
    fn named(&self, held: &ClientAuth) -> ClientAuth {
        match &self.key_id {
            Some(kid) if held.key_id().is_none() => held.clone().kid(kid),
            _ => held.clone(),
        }
    }

    /// Whether its tokens are bound to a key (RFC 9449 section 5.2).
    pub fn has_bound_tokens(&self) -> bool {
        self.dpop_bound
    }

    /// Whether it is the client that this metadata would make, with the key or the certificate that it has.
    pub(crate) fn is_of(&self, metadata: &ClientMetadata) -> bool {
        let has_proof = match self.auth_method.as_deref() {
            Some("private_key_jwt") => {
                metadata.held().is_some_and(|held| held.signing_key().is_some() || held.secret_source().is_some())
            }
            Some("tls_client_auth" | "self_signed_tls_client_auth") => {
                metadata.held().is_some_and(|held| held.client_certificate().is_some())
            }
            _ => true,
        };
        let kid = metadata.held().and_then(|held| held.key_id().map(str::to_owned));
        // A record of before thumbprints were kept has none.
        let same_key = self.key_thumbprint.is_none() || self.key_thumbprint == metadata.key_thumbprint;
        has_proof && same_key && (self.dpop_bound || !metadata.is_bound()) && self.key_id == kid
    }

    /// Writes the record, secrets in clear, for a store of your own: encrypt it there.
    pub fn expose_json(&self) -> SecretString {
        let secret = |secret: &Option<SecretString>| secret.as_ref().map(|text| text.expose_secret().to_owned());
        let stored = Stored {
            kind: KIND.to_owned(),
            issuer: self.issuer.clone(),
            client_id: self.client_id.clone(),
            secret: secret(&self.secret),
            secret_expires_at: self.secret_expires_at.map(seconds),
            auth_method: self.auth_method.clone(),
            redirect_uris: self.redirect_uris.clone(),
            registration_access_token: secret(&self.registration_access_token),
            registration_client_uri: self.registration_client_uri.clone(),
            dpop_bound: self.dpop_bound,
            key_id: self.key_id.clone(),
            key_thumbprint: self.key_thumbprint.clone(),
        };
        // Texts, a number and a list of texts: serde_json can write each of them.
        serde_json::to_string(&stored).unwrap_or_default().into()
    }

    /// Reads what [`expose_json`](Self::expose_json) wrote, and nothing else.
    pub fn from_exposed_json(json: &SecretString) -> Result<Self, serde_json::Error> {
        Self::from_json(json.expose_secret())
    }

    pub(super) fn from_json(json: &str) -> Result<Self, serde_json::Error> {
        let stored: Stored = serde_json::from_str(json)?;
        if stored.kind != KIND {
            return Err(serde::de::Error::custom("this is not a registered client"));
        }
        Ok(Self {
            issuer: stored.issuer,
            client_id: stored.client_id,
            secret: stored.secret.map(Into::into),
            secret_expires_at: stored.secret_expires_at.map(point),
            auth_method: stored.auth_method,
            redirect_uris: stored.redirect_uris,
            registration_access_token: stored.registration_access_token.map(Into::into),
            registration_client_uri: stored.registration_client_uri,
            dpop_bound: stored.dpop_bound,
            key_id: stored.key_id,
            key_thumbprint: stored.key_thumbprint,
            held: None,
        })
    }

    /// Whether it may be used at that server, now.
    pub(super) fn check(&self, inner: &Inner, server: &str) -> Result<()> {
        self.check_issuer(inner, server)?;
        match self.secret_expires_at.filter(|end| *end <= inner.now()) {
            Some(_) => Err(super::expired(inner, Step::Registration)),
            None => Ok(()),
        }
    }

    /// Whether it is of that server.
    pub(super) fn check_issuer(&self, inner: &Inner, server: &str) -> Result<()> {
        if self.issuer == server {
            return Ok(());
        }
        let what = format!("the client is registered with {}, this is {}", clean(&self.issuer), clean(server));
        Err(inner.error(ErrorKind::IssuerNotBound, Step::Registration, what))
    }

    /// How it authenticates, as a provider's file says it; none where the issuer did not say. RFC 7591 section 2: "the default
    /// is `client_secret_basic`".
    pub(super) fn method(&self, inner: &Inner) -> Result<Option<ClientAuthMethod>> {
        let Some(word) = self.auth_method.as_deref() else { return Ok(None) };
        let auth = self.auth();
        let (method, has_proof) = match standard(word) {
            Some(method @ ClientAuthMethod::None) => (method, true),
            Some(method @ ClientAuthMethod::PrivateKeyJwt) => {
                let is_key = auth.is_key() || auth.as_secret().is_some_and(is_pem);
                (method, is_key || auth.secret_source().is_some())
            }
            Some(method @ ClientAuthMethod::Mtls) => {
                (method, auth.client_certificate().is_some() || inner.config.has_own_http)
            }
            Some(method) => (method, self.secret.is_some()),
            None => (ClientAuthMethod::Custom, false),
        };
        if has_proof {
            return self.check_key(inner, &auth, word).map(|()| Some(method));
        }
        let fix = match method {
            ClientAuthMethod::PrivateKeyJwt => {
                "give the record the key that was registered: `.credentials(ClientAuth::private_key(pem))`"
            }
            ClientAuthMethod::Mtls => {
                "give the record the certificate: `.credentials(ClientAuth::certificate(chain, key))`"
            }
            _ => "register it with a method that this client has: see `ClientMetadata`",
        };
        let key = self.key_thumbprint.as_deref().map(|key| format!(" with the key of the thumbprint `{}`", clean(key)));
        let key = key.unwrap_or_default();
        let what =
            format!("the client is registered to authenticate by `{}`{key}, and has nothing to do so", clean(word));
        Err(Error::new(ErrorKind::Unsupported, Step::Registration, what).fix(fix).of(inner.spec()))
    }

    /// That the key which it has is the one that was registered: the provider would refuse another one's proof.
    fn check_key(&self, inner: &Inner, auth: &ClientAuth, word: &str) -> Result<()> {
        let pem = match word {
            "private_key_jwt" => auth.signing_key(),
            "self_signed_tls_client_auth" => auth.client_certificate().map(|own| own.key().expose_secret()),
            _ => None,
        };
        let Some((registered, pem)) = self.key_thumbprint.as_deref().zip(pem) else { return Ok(()) };
        if proof::thumbprint_of(inner, pem)? == registered {
            return Ok(());
        }
        let what = format!(
            "the client has another key than the one that it is registered with, whose thumbprint is `{}`",
            clean(registered)
        );
        Err(Error::new(ErrorKind::Config, Step::Registration, what)
            .fix("give the record the registered key, or register the new one first: `Registration::update`")
            .of(inner.spec()))
    }

    /// That the client of a provider's file can authenticate as it is registered to. RFC 7591 section 3.2.1: the server "MAY
    /// reject or replace any of the client's requested metadata values": it may have registered another method than the file's.
    pub(super) fn check_declared(&self, inner: &Inner) -> Result<()> {
        let Some(word) = self.auth_method.as_deref() else { return Ok(()) };
        let declared = inner.spec().client_auth.method;
        let is_declared = match standard(word) {
            Some(method) if method == declared => true,
            // A client without a secret shows none, where others show theirs.
            Some(ClientAuthMethod::None) => {
                matches!(declared, ClientAuthMethod::Basic | ClientAuthMethod::Body)
            }
            Some(_) => false,
            // The provider's own word for its own way.
            None => {
                let own = [ClientAuthMethod::Custom, ClientAuthMethod::Minted, ClientAuthMethod::Mechanism];
                return if own.contains(&declared) { Ok(()) } else { self.method(inner).map(|_| ()) };
            }
        };
        if is_declared {
            return self.method(inner).map(|_| ());
        }
        let what = format!(
            "the client is registered to authenticate by `{}`, and the provider's file says `client_auth: {}`",
            clean(word),
            declared.as_str()
        );
        Err(Error::new(ErrorKind::Unsupported, Step::Registration, what)
            .fix(
                "register it with the file's method (`ClientMetadata::token_endpoint_auth_method`), or correct the \
                 file's `client_auth` if the provider takes no other",
            )
            .of(inner.spec()))
    }
}

/// A registered method as a provider's file says it (RFC 7591 section 2, OpenID Connect Core section 9, RFC 8705 section 2).
fn standard(word: &str) -> Option<ClientAuthMethod> {
    Some(match word {
        "none" => ClientAuthMethod::None,
        "client_secret_basic" => ClientAuthMethod::Basic,
        "client_secret_post" => ClientAuthMethod::Body,
        "client_secret_jwt" => ClientAuthMethod::ClientSecretJwt,
        "private_key_jwt" => ClientAuthMethod::PrivateKeyJwt,
        "tls_client_auth" | "self_signed_tls_client_auth" => ClientAuthMethod::Mtls,
        _ => return None,
    })
}

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs()
}

/// A point in time too far for the clock is one that never comes.
pub(super) fn point(seconds: u64) -> SystemTime {
    const FAR: u64 = 253_402_300_799;
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds.min(FAR))
}

const KIND: &str = "oauth-registered-client/1";

#[derive(Serialize, Deserialize)]
struct Stored {
    kind: String,
    issuer: String,
    client_id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    secret_expires_at: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    auth_method: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    redirect_uris: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    registration_access_token: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    registration_client_uri: Option<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    dpop_bound: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    key_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    key_thumbprint: Option<String>,
}

impl fmt::Debug for RegisteredClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RegisteredClient")
            .field("issuer", &self.issuer)
            .field("client_id", &self.client_id)
            .field("redirect_uris", &self.redirect_uris)
            .field("secret_expires_at", &self.secret_expires_at)
            .finish_non_exhaustive()
    }
}
