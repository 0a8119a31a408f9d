use serde::Deserialize;

use super::{Condition, Entries, OneOrMany};
use crate::spec::{BodyFormat, ExpiryKind, ExpiryUnit, Method, TokenBound, TokenTypeRule, ZeroExpiry};

/// The token endpoint and what becomes of its answer.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Token {
    /// How the token request deviates from RFC 6749 section 4.1.3.
    pub(crate) request: TokenRequest,
    /// How the token response deviates from RFC 6749 section 5.1.
    pub(crate) response: TokenResponse,
    /// A second exchange that follows the first: a short-lived token for a long-lived one.
    pub(crate) upgrade: Option<Upgrade>,
    /// The name of the mechanism, a hook in Rust, that logs each fresh token in and gives what is used in its place.
    pub(crate) session: Option<String>,
    /// A request right after that, with the new token, whose answer adds extras.
    pub(crate) lookup: Option<Lookup>,
    /// Where the access token goes in API requests. Default: `Authorization: Bearer` (RFC 6750 section 2.1).
    pub(crate) placement: Option<Placement>,
    /// `mtls` where tokens are bound to the client's certificate (RFC 8705 section 3): requests of the API show it as well.
    pub(crate) bound: Option<TokenBound>,
}

/// How the token request is written.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub(crate) struct TokenRequest {
    /// `POST`, the default, or `GET` where the provider knows no other.
    pub(crate) method: Option<Method>,
    /// How the parameters are written. Default: `form`; with `GET`: `query`.
    pub(crate) format: Option<BodyFormat>,
    /// Parameters in the URL's query, at the code exchange. Values may hold what those of `params` may.
    pub(crate) query: Entries<String>,
    /// The `grant_type` of the code exchange. Default: `authorization_code`.
    pub(crate) grant_type: Option<String>,
    /// Extra headers, of every request to the token endpoint. One with `{client_secret}` goes along only where the
    /// client proves itself.
    pub(crate) headers: Entries<String>,
    /// Extra parameters of the code exchange. Values may hold settings, `{client_id}`, `{client_secret}`,
    /// `{redirect_uri}`, `{state}`, `{scope}` and kept callback values.
    pub(crate) params: Entries<String>,
    /// Standard parameters under the provider's own names: `client_id: client_key`.
    pub(crate) rename: Entries<String>,
    /// Standard parameters that are left out: `[grant_type]`.
    pub(crate) omit: Vec<String>,
}

/// How the token response is read.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub(crate) struct TokenResponse {
    /// The name of the mechanism, a hook in Rust, that makes JSON of an answer that is none (XML, say). All else of this
    /// section reads that JSON.
    pub(crate) decode: Option<String>,
    /// JSON pointer (RFC 6901) to the object that holds the token, or several that are tried in order. Default: `""`,
    /// the answer itself.
    pub(crate) at: Option<OneOrMany>,
    /// Standard members under the provider's own names: `access_token: token`.
    pub(crate) rename: Entries<String>,
    /// When a 200 answer is an error all the same.
    pub(crate) fails_when: Option<Condition>,
    /// Where an error answer keeps code and description, if not in `error` and `error_description`.
    pub(crate) error: Option<ErrorFields>,
    /// How the lifetime is told.
    pub(crate) expiry: Expiry,
    /// Whether `token_type` may be missing. Default: `required`; the others need an entry in `quirks`.
    pub(crate) token_type: Option<TokenTypeRule>,
    /// Further members that later steps or the user need, by name. `{token.NAME}` is their place in the addresses and
    /// parameters of later requests.
    pub(crate) extras: Entries<ExtraField>,
    /// Further tokens in the same answer, by name, each read by the same rules. `account.also(name)` is an account of
    /// its own.
    pub(crate) also: Entries<AlsoToken>,
}

/// A further token in the same answer.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "json-schema", schemars(extend("required" = ["at"])))]
#[serde(deny_unknown_fields, default)]
pub(crate) struct AlsoToken {
    /// JSON pointer from the answer's root to the object that holds it.
    pub(crate) at: Option<String>,
    /// What it is.
    pub(crate) doc: Option<String>,
}

/// Where an error answer says what went wrong.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ErrorFields {
    /// JSON pointer to the code.
    pub(crate) code: Option<String>,
    /// JSON pointer to the description.
    pub(crate) description: Option<String>,
    /// The provider's codes and the RFC's they mean: `"190": invalid_grant`.
    pub(crate) codes: Entries<String>,
}

/// How the provider tells when a token expires. Default: `expires_in`, in seconds from now (RFC 6749 section 5.1).
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Expiry {
    /// The member. Default: `expires_in`; for a refresh token `refresh_token_expires_in`.
    pub(crate) field: Option<String>,
    /// What it counts: the span from now (`in`, the default), or the time since 1970 (`at`). With `at`, text in the
    /// form of RFC 3339 is understood as well.
    pub(crate) kind: Option<ExpiryKind>,
    /// The number's unit. Default: `s`.
    pub(crate) unit: Option<ExpiryUnit>,
    /// The lifetime in seconds where the answer says none though the token expires.
    pub(crate) default: Option<u64>,
    /// What 0 means: that the token is `over` (the default), or that it `never` ends.
    pub(crate) zero: Option<ZeroExpiry>,
}

/// A member of the token response beyond the standard ones, or of the lookup's answer.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "json-schema", schemars(extend("required" = ["type"])))]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ExtraField {
    /// Its type: `string`, `url`, `u32`, `u64`, `i64`, `f64`, `bool`, `json`; `[string]` is a list of them.
    #[serde(rename = "type")]
    pub(crate) kind: Option<String>,
    /// JSON pointer from the token object. Default: the member of that name.
    pub(crate) at: Option<String>,
    /// Only the part of a text before the first of these: `"."`.
    pub(crate) before: Option<String>,
    /// For a `url`: the names that its host may equal or end in. Without them it never reaches an address.
    pub(crate) hosts: Vec<String>,
    /// What it is.
    pub(crate) doc: Option<String>,
}

/// A second exchange after the code exchange.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "json-schema", schemars(extend("required" = ["url", "grant_type"])))]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Upgrade {
    /// Where.
    pub(crate) url: Option<String>,
    /// `GET` or `POST`. Default: `POST`.
    pub(crate) method: Option<Method>,
    /// The `grant_type`.
    pub(crate) grant_type: Option<String>,
    /// How the parameters are written. Default: `form`; with `GET`: `query`.
    pub(crate) format: Option<BodyFormat>,
    /// The parameters beside `grant_type`, with `{access_token}`, `{client_id}`, `{client_secret}`, `{redirect_uri}` and
    /// `{scope}` as needed.
    pub(crate) params: Entries<String>,
}

/// One request right after the exchange. The new token is applied as `token.placement` says, unless a header has it.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "json-schema", schemars(extend("required" = ["request", "extras"])))]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Lookup {
    /// The request: `GET https://login.example.com/metadata`.
    pub(crate) request: Option<String>,
    /// Query parameters.
    pub(crate) query: Entries<String>,
    /// Extra headers. `Authorization: OAuth {access_token}` takes the place of `token.placement`.
    pub(crate) headers: Entries<String>,
    /// JSON pointer to the object that holds the members, or a list of them, tried in order. Default: the answer itself.
    pub(crate) at: Option<OneOrMany>,
    /// The members, by name. `{token.NAME}` is their place like that of the token response's extras.
    pub(crate) extras: Entries<ExtraField>,
}

/// Where the access token goes: one of `header`, `query` and `body`. The last two need an entry in `quirks`.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Placement {
    /// The header's name. Default: `Authorization`.
    pub(crate) header: Option<String>,
    /// The word before the token. With `header` and without `scheme`, the bare token is sent.
    pub(crate) scheme: Option<String>,
    /// The query parameter's name.
    pub(crate) query: Option<String>,
    /// The name of the form parameter, or of the member of a JSON body.
    pub(crate) body: Option<String>,
    /// With `body`: whether a request without any body gets a JSON one. Default: a form.
    pub(crate) json: bool,
}
