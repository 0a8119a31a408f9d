//! A token set as text, secrets in clear, for stores.

use std::borrow::Cow;
use std::sync::Arc;

use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};

use super::{Standing, TokenSet};
use crate::client_credentials::Again;
use crate::clock::{millis, time};
use crate::dpop::ProofKey;
use crate::mechanism::SessionDue;
use crate::openid::IdToken;

#[derive(Serialize, Deserialize)]
struct Stored<'a> {
    access_token: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    token_type: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    refresh_token: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    id_token: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    identity: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    issuer: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    scopes: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    withheld: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    resources: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires_at_ms: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    issued_at_ms: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    refresh_expires_at_ms: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    refresh_idles_until_ms: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    extras: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    callback: Vec<(String, String)>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    also: Vec<(Cow<'a, str>, Stored<'a>)>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    session_due: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    again: Option<StoredAgain<'a>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    dpop_key: Option<Cow<'a, str>>,
}

/// What is asked for again, where the token was issued to the client itself.
#[derive(Serialize, Deserialize)]
struct StoredAgain<'a> {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    scopes: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    params: Vec<(String, Cow<'a, str>)>,
}

impl TokenSet {
    /// Writes the set, secrets in clear, for a store of your own; [`from_exposed_json`](Self::from_exposed_json) reads it.
    pub fn expose_json(&self) -> SecretString {
        // Strings, numbers and lists of them: serde_json can write each.
        serde_json::to_string(&Stored::of(self)).unwrap_or_default().into()
    }

    /// Reads what [`expose_json`](Self::expose_json) wrote.
    pub fn from_exposed_json(json: &SecretString) -> Result<Self, serde_json::Error> {
        serde_json::from_str::<Stored<'_>>(json.expose_secret())?.into_set()
    }
}

impl<'a> Stored<'a> {
    fn of(tokens: &'a TokenSet) -> Self {
        Self {
            access_token: tokens.access_token.expose_secret().into(),
            token_type: tokens.token_type.as_deref().map(Into::into),
            refresh_token: tokens.refresh_token.as_ref().map(|token| token.expose_secret().into()),
            id_token: tokens.id_token.as_ref().map(|token| token.expose_secret().into()),
            identity: tokens.identity.as_ref().map(|identity| identity.json().into()),
            issuer: tokens.issuer.as_deref().map(Into::into),
            scopes: tokens.scopes.clone(),
            withheld: tokens.withheld.clone(),
            resources: tokens.resources.clone(),
            expires_at_ms: tokens.expires_at.map(millis),
            issued_at_ms: tokens.issued_at.map(millis),
            refresh_expires_at_ms: tokens.refresh_expires_at.map(millis),
            refresh_idles_until_ms: tokens.refresh_idles_until.map(millis),
            extras: tokens.extras.as_ref().map(|extras| extras.expose_secret().into()),
            callback: tokens.callback.clone(),
            also: tokens.also.iter().map(|(name, also)| (name.as_str().into(), Self::of(also))).collect(),
            session_due: tokens.session_due.is_some(),
            again: tokens.again.as_deref().map(|again| StoredAgain {
                scopes: again.scopes.clone(),
                params: again.params.iter().map(|(name, value)| (name.clone(), value.expose_secret().into())).collect(),
            }),
            dpop_key: tokens.proof_key.as_ref().map(|key| key.expose().into()),
        }
    }

    fn into_set(self) -> Result<TokenSet, serde_json::Error> {
        let also = self.also.into_iter().map(|(name, also)| Ok((name.into_owned(), also.into_set()?)));
        // A bound token without its key is worth nothing, and must not go out as another kind of token.
        let damaged = || serde::de::Error::custom("the proof key is damaged");
        let proof_key = self.dpop_key.map(|key| ProofKey::restore(&key).ok_or_else(damaged)).transpose()?;
        Ok(TokenSet {
            access_token: self.access_token.into_owned().into(),
            token_type: self.token_type.map(Cow::into_owned),
            refresh_token: self.refresh_token.map(|token| token.into_owned().into()),
            id_token: self.id_token.map(|token| token.into_owned().into()),
            identity: self.identity.map(|claims| IdToken::restore(&claims)).transpose()?.map(Arc::new),
            issuer: self.issuer.map(|issuer| issuer.as_ref().into()),
            scopes: self.scopes,
            withheld: self.withheld,
            resources: self.resources,
            expires_at: self.expires_at_ms.map(time),
            issued_at: self.issued_at_ms.map(time),
            refresh_expires_at: self.refresh_expires_at_ms.map(time),
            refresh_idles_until: self.refresh_idles_until_ms.map(time),
            extras: self.extras.map(|extras| extras.into_owned().into()),
            callback: self.callback,
            also: also.collect::<Result<_, serde_json::Error>>()?,
            session_due: self.session_due.then_some(SessionDue(None)),
            again: self.again.map(|again| {
                let params = again.params.into_iter().map(|(name, value)| (name, value.into_owned().into()));
                Arc::new(Again { scopes: again.scopes, params: params.collect() })
            }),
            proof_key,
            standing: Standing::default(),
        })
    }
}
