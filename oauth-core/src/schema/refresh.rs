use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};

use super::{Entries, Expiry};
use crate::spec::{BodyFormat, Method, RefreshAuth, RefreshReplay, RefreshReuse, RefreshWith};

/// `none`, or how an access token is renewed.
#[derive(Debug)]
pub(crate) enum Refresh {
    None,
    With(Box<RefreshFull>),
}

/// How an access token is renewed. What is left out is as RFC 6749 section 6 has it.
#[derive(Debug, Default, serde::Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RefreshFull {
    /// What renews the token. Default: `refresh_token`.
    pub(crate) with: Option<RefreshWith>,
    /// Where, if not at the token endpoint.
    pub(crate) url: Option<String>,
    /// The method. Default: as the token request.
    pub(crate) method: Option<Method>,
    /// How the parameters are written. Default: as the token request.
    pub(crate) format: Option<BodyFormat>,
    /// The `grant_type`. Default: `refresh_token`; required with `with: access_token`.
    pub(crate) grant_type: Option<String>,
    /// The parameter that carries the token. Default: `refresh_token`, or `access_token` when that renews itself.
    pub(crate) param: Option<String>,
    /// Whether client credentials go along: `true` (the default), `false`, `id` for the `client_id` without a secret, or
    /// `basic` for an `Authorization: Basic` header whatever the token endpoint takes.
    pub(crate) client_auth: Option<ClientAuthUse>,
    /// Extra parameters. Values may hold settings, `{client_id}`, `{client_secret}`, `{access_token}`, `{redirect_uri}`,
    /// `{scope}` (the granted scopes), kept callback values and extras.
    pub(crate) params: Entries<String>,
    /// Whether each refresh gives a new refresh token and ends the old one.
    pub(crate) rotates: bool,
    /// Whether the answer has no refresh token as a rule, so that the old one goes on.
    pub(crate) keep_old: bool,
    /// What the provider does when a refresh token is used again that a rotation has replaced: `ends_family`, all tokens
    /// of the login end; `refused`, the newer ones go on. Without it nothing is known.
    pub(crate) reuse: Option<RefreshReuse>,
    /// Whether a refresh token is used once more when the answer to its first use was lost: `once` (the default), or
    /// `never` where the vendor documents that this does harm beyond the login.
    pub(crate) replay: Option<RefreshReplay>,
    /// How the provider tells when the refresh token itself ends.
    pub(crate) expiry: Option<Expiry>,
    /// The seconds after which an unused refresh token ends.
    pub(crate) idle_lifetime: Option<u64>,
    /// What the authorization request must carry before a refresh token is given at all: `{param, value}` or `{scope}`.
    pub(crate) needs: Option<RefreshNeeds>,
    /// Why there may be no refresh token, and what to do, in words for the user.
    pub(crate) note: Option<String>,
}

/// A parameter with its value, or a scope, without which the provider issues no refresh token.
#[derive(Debug, Default, serde::Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RefreshNeeds {
    /// The authorization parameter's name.
    pub(crate) param: Option<String>,
    /// The value that it must have.
    pub(crate) value: Option<String>,
    /// The scope.
    pub(crate) scope: Option<String>,
}

/// `true`, `false`, `id` or `basic`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ClientAuthUse(pub(crate) RefreshAuth);

impl<'de> Deserialize<'de> for ClientAuthUse {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ClientAuthUseVisitor)
    }
}

struct ClientAuthUseVisitor;

impl Visitor<'_> for ClientAuthUseVisitor {
    type Value = ClientAuthUse;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("`true`, `false`, `id` or `basic`")
    }

    fn visit_bool<E: serde::de::Error>(self, value: bool) -> Result<ClientAuthUse, E> {
        Ok(ClientAuthUse(if value { RefreshAuth::Full } else { RefreshAuth::None }))
    }

    fn visit_str<E: serde::de::Error>(self, word: &str) -> Result<ClientAuthUse, E> {
        match word {
            "id" => Ok(ClientAuthUse(RefreshAuth::Id)),
            "basic" => Ok(ClientAuthUse(RefreshAuth::Basic)),
            _ => Err(E::unknown_variant(word, &["true", "false", "id", "basic"])),
        }
    }
}

impl<'de> Deserialize<'de> for Refresh {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RefreshVisitor)
    }
}

struct RefreshVisitor;

impl<'de> Visitor<'de> for RefreshVisitor {
    type Value = Refresh;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("`none` or a map")
    }

    fn visit_str<E: serde::de::Error>(self, word: &str) -> Result<Refresh, E> {
        if word == "none" { Ok(Refresh::None) } else { Err(E::unknown_variant(word, &["none"])) }
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Refresh, A::Error> {
        RefreshFull::deserialize(MapAccessDeserializer::new(map)).map(|full| Refresh::With(Box::new(full)))
    }
}

#[cfg(feature = "json-schema")]
impl schemars::JsonSchema for ClientAuthUse {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "ClientAuthUse".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"anyOf": [{"type": "boolean"}, {"enum": ["id", "basic"]}]})
    }
}

#[cfg(feature = "json-schema")]
impl schemars::JsonSchema for Refresh {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Refresh".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let full = generator.subschema_for::<RefreshFull>();
        schemars::json_schema!({"anyOf": [{"const": "none"}, full]})
    }
}
