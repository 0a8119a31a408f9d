use serde::Deserialize;

use super::refresh::ClientAuthUse;
use super::{Condition, Entries};
use crate::spec::{BodyFormat, Method, RevokeEnds, RevokePlace, RevokedToken};

/// How tokens are revoked. What is left out is as RFC 7009 section 2.1 has it.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Revoke {
    /// `POST`, the default; `GET` or `DELETE` where the provider knows no other.
    pub(crate) method: Option<Method>,
    /// How the parameters are written. Default: `form`; with `GET`: `query`.
    pub(crate) format: Option<BodyFormat>,
    /// Which tokens are sent, as far as there are any, one request each. Default: `[refresh, access]`.
    pub(crate) tokens: Option<Vec<RevokedToken>>,
    /// Where the token stands: in a parameter (`param`, the default), or where requests to the API carry it (`api`).
    #[serde(rename = "in")]
    pub(crate) place: Option<RevokePlace>,
    /// The parameter that carries the token. Default: `token`.
    pub(crate) param: Option<String>,
    /// Whether `token_type_hint` goes along. Default: `true`.
    pub(crate) hint: Option<bool>,
    /// Whether client credentials go along: `true` (the default), `false` (the default with `in: api`), `id` for the
    /// `client_id` without a secret, `basic` for an `Authorization: Basic` header whatever the token endpoint takes.
    pub(crate) client_auth: Option<ClientAuthUse>,
    /// Extra parameters. Values may hold settings, `{client_id}`, `{client_secret}`, kept callback values and extras.
    pub(crate) params: Entries<String>,
    /// Extra headers; those of `token.request` are sent as well. Values may hold what those of `params` may.
    pub(crate) headers: Entries<String>,
    /// When a 2xx answer is an error all the same.
    pub(crate) fails_when: Option<Condition>,
    /// Error codes and statuses that say that the token had ended before: `[invalid_token, "404"]`.
    pub(crate) gone: Vec<String>,
    /// What ends with the token that is sent: all tokens of the login (`grant`, so that one request is enough) or it
    /// alone (`token`). Without it nothing is known, and each of `tokens` is sent.
    pub(crate) ends: Option<RevokeEnds>,
}
