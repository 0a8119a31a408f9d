use std::fmt;
use std::time::{Duration, SystemTime};

use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};

use crate::client::{ClientAuth, Inner};
use crate::error::{ErrorKind, Result, Step, clean};
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
}

impl RegisteredClient {
    /// A client that was registered by hand at that issuer.
    pub fn known(issuer: impl Into<String>, client_id: impl Into<String>, credentials: impl Into<ClientAuth>) -> Self {
        Self {
            issuer: issuer.into(),
            client_id: client_id.into(),
            secret: credentials.into().client_secret().cloned(),
            secret_expires_at: None,
            auth_method: None,
            redirect_uris: Vec::new(),
            registration_access_token: None,
            registration_client_uri: None,
        }
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
        match &self.secret {
            Some(secret) if self.auth_method.as_deref() != Some("none") => secret.into(),
            _ => ClientAuth::none(),
        }
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

    /// How it authenticates, as a provider's file says it. RFC 7591 section 2: without a word "the default is
    /// `client_secret_basic`".
    pub(super) fn method(&self, inner: &Inner) -> Result<ClientAuthMethod> {
        match (self.auth_method.as_deref(), &self.secret) {
            (Some("none"), _) | (None, None) => Ok(ClientAuthMethod::None),
            (Some("client_secret_post"), Some(_)) => Ok(ClientAuthMethod::Body),
            (Some("client_secret_basic") | None, Some(_)) => Ok(ClientAuthMethod::Basic),
            (Some(method), _) => {
                let what = format!("the client is registered to authenticate with `{}`", clean(method));
                Err(inner.error(ErrorKind::Unsupported, Step::Registration, what))
            }
        }
    }
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
