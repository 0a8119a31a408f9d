use serde::Deserialize;

use super::Entries;
use super::refresh::ClientAuthUse;
use crate::spec::{BodyFormat, Method};

/// How the provider is asked about a token. What is left out is as RFC 7662 section 2.1 has it.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Introspect {
    /// `POST`, the default; `GET` where the provider knows no other.
    pub(crate) method: Option<Method>,
    /// How the parameters are written. Default: `form`; with `GET`: `query`.
    pub(crate) format: Option<BodyFormat>,
    /// The parameter that carries the token. Default: `token`.
    pub(crate) param: Option<String>,
    /// Whether `token_type_hint` goes along. Default: `true`.
    pub(crate) hint: Option<bool>,
    /// Whether client credentials go along: `true` (the default), `false`, `id` for the `client_id` without a secret,
    /// `basic` for an `Authorization: Basic` header whatever the token endpoint takes.
    pub(crate) client_auth: Option<ClientAuthUse>,
    /// Extra parameters. Values may hold settings, `{client_id}`, `{client_secret}`, kept callback values and extras.
    pub(crate) params: Entries<String>,
    /// Extra headers; those of `token.request` are sent as well. Values may hold what those of `params` may.
    pub(crate) headers: Entries<String>,
    /// `true` where the token response does not say when the access token ends: it is asked for here, right after the
    /// exchange and after each refresh.
    pub(crate) expiry: bool,
    /// `true` where the answer is a JWT that the provider signs (RFC 9701): it is asked for and verified by `openid`, and an
    /// answer that is none is refused.
    pub(crate) signed: bool,
}
