use std::borrow::Cow;

use serde::Serialize;

use super::decode::{Decode, Member, fields, words};
use super::endpoints::is_false;
use super::fetch::{is_whole, whole};
use super::{Condition, Expiry, Fetch, FieldType, Method, Params, Renames, Template};

/// The token endpoint and what becomes of its answer.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Token {
    /// How the request is written.
    pub request: TokenRequest,
    /// How the response is read.
    pub response: TokenResponse,
    /// A second exchange that follows the first: a short-lived token for a long-lived one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upgrade: Option<Upgrade>,
    /// A request right after that, whose answer adds extras.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lookup: Option<Lookup>,
    /// Where the access token goes in API requests.
    pub placement: Placement,
    /// What tokens are bound to beside a proof of possession.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bound: Option<TokenBound>,
}

fields!(Token { request, response, upgrade = None, lookup = None, placement, bound = None });

/// What a token is bound to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(serde::Deserialize))]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum TokenBound {
    /// The client's certificate (RFC 8705 section 3): requests of the API show it as well.
    Mtls,
}

words!(TokenBound { Mtls = "mtls" });

impl Token {
    /// All extras: those of the token response, then those of the lookup.
    pub fn extras(&self) -> impl Iterator<Item = &ExtraField> {
        self.response.extras.iter().chain(self.lookup.iter().flat_map(|lookup| &lookup.extras))
    }

    /// All extras, each with the JSON pointer to it in what is kept of the answers.
    pub fn kept_extras(&self) -> impl Iterator<Item = (&ExtraField, Cow<'_, str>)> {
        let response = self.response.extras.iter().map(|extra| (extra, self.response.kept_at(extra)));
        let lookup = self.lookup.iter().flat_map(|lookup| &lookup.extras);
        response.chain(lookup.map(|extra| (extra, Cow::Owned(pointer_to(&extra.name)))))
    }
}

/// How the token request deviates from RFC 6749 section 4.1.3.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct TokenRequest {
    /// `POST`, or the provider's.
    pub method: Method,
    /// How the parameters are written.
    pub format: BodyFormat,
    /// Parameters in the URL's query, at the code exchange.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub query: Params,
    /// The `grant_type` of the code exchange.
    #[serde(skip_serializing_if = "is_code_grant")]
    pub grant_type: String,
    /// Extra headers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub headers: Params,
    /// Extra parameters.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub params: Params,
    /// Standard parameters under the provider's own names.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rename: Renames,
    /// Standard parameters that are left out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub omit: Vec<String>,
}

fields!(TokenRequest {
    method,
    format,
    query = Vec::new(),
    grant_type = CODE_GRANT.to_owned(),
    headers = Vec::new(),
    params = Vec::new(),
    rename = Vec::new(),
    omit = Vec::new(),
});

/// RFC 6749 section 4.1.3.
pub(crate) const CODE_GRANT: &str = "authorization_code";

fn is_code_grant(grant_type: &str) -> bool {
    grant_type == CODE_GRANT
}

/// How the parameters of a request are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(serde::Deserialize))]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum BodyFormat {
    /// `application/x-www-form-urlencoded` body (RFC 6749 section 4.1.3).
    Form,
    /// A JSON object as body.
    Json,
    /// The URL's query.
    Query,
}

words!(BodyFormat { Form = "form", Json = "json", Query = "query" });

/// How the token response is read.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct TokenResponse {
    /// JSON pointers (RFC 6901) to the object that holds the token, tried in order; `[""]` is the answer itself.
    pub at: Vec<String>,
    /// Standard members under the provider's own names.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rename: Renames,
    /// When a 200 answer is an error all the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fails_when: Option<Condition>,
    /// Where an error answer keeps code and description, if not in `error` and `error_description`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<ErrorFields>,
    /// How the lifetime is told.
    pub expiry: Expiry,
    /// Whether `token_type` may be missing.
    #[serde(skip_serializing_if = "TokenTypeRule::is_required")]
    pub token_type: TokenTypeRule,
    /// Further members, typed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub extras: Vec<ExtraField>,
    /// Further tokens in the same answer.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<AlsoToken>,
}

fields!(TokenResponse {
    at,
    rename = Vec::new(),
    fails_when = None,
    error = None,
    expiry,
    token_type = TokenTypeRule::Required,
    extras = Vec::new(),
    also = Vec::new(),
});

/// The members of the standard (RFC 6749 section 5.1); everything else is an extra.
pub(crate) const STANDARD_MEMBERS: [&str; 6] =
    ["access_token", "token_type", "refresh_token", "id_token", "scope", "expires_in"];

impl TokenResponse {
    /// Whether the member is one of the standard's, by the provider's names: such a one is not kept among the extras.
    pub(crate) fn is_standard(&self, member: &str) -> bool {
        let named = |standard: &str| {
            self.rename.iter().find(|(name, _)| name == standard).map_or(standard, |(_, own)| own.as_str()) == member
        };
        member == self.expiry.field || STANDARD_MEMBERS.iter().any(|standard| named(standard))
    }

    /// Whether the extra is worked out from what is not kept, and kept under its own name.
    pub(crate) fn is_derived(&self, extra: &ExtraField) -> bool {
        let member = extra.at.strip_prefix('/').and_then(|at| at.split('/').next()).unwrap_or_default();
        extra.before.is_some() || self.is_standard(member)
    }

    /// JSON pointer to the extra in what is kept of the answer.
    pub(crate) fn kept_at<'a>(&self, extra: &'a ExtraField) -> Cow<'a, str> {
        if self.is_derived(extra) { Cow::Owned(pointer_to(&extra.name)) } else { Cow::Borrowed(&extra.at) }
    }
}

/// The JSON pointer (RFC 6901 section 3) to the member of that name.
pub(crate) fn pointer_to(name: &str) -> String {
    format!("/{}", name.replace('~', "~0").replace('/', "~1"))
}

/// A further token in the same answer: a user's beside an app's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct AlsoToken {
    /// Its name, for `account.also(name)`.
    pub name: String,
    /// JSON pointer from the answer's root to the object that holds it.
    pub at: String,
    /// What it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub doc: Option<String>,
}

fields!(AlsoToken { name, at, doc = None });

/// Where an error answer says what went wrong, as JSON pointers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ErrorFields {
    /// The code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The description.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The provider's codes and the RFC's they mean: `190` is `invalid_grant`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub codes: Renames,
}

fields!(ErrorFields { code = None, description = None, codes = Vec::new() });

/// What a token response without `token_type` (RFC 6749 section 5.1 requires it) is worth.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(serde::Deserialize))]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum TokenTypeRule {
    /// Missing is an error, and so is a type other than Bearer.
    #[default]
    Required,
    /// Missing means Bearer.
    AssumeBearer,
    /// Whatever it says, the token is used as `token.placement` tells.
    Ignored,
}

words!(TokenTypeRule { Required = "required", AssumeBearer = "assume_bearer", Ignored = "ignored" });

impl TokenTypeRule {
    #[allow(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde asks for")]
    fn is_required(&self) -> bool {
        *self == Self::Required
    }
}

/// A member of the token response that later steps or the user need.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ExtraField {
    /// Its name in templates, `{token.NAME}`, and its field in the generated `Extras`.
    pub name: String,
    /// JSON pointer from the token object, or into the lookup's answer.
    pub at: String,
    /// Its type.
    #[serde(rename = "type")]
    pub kind: FieldType,
    /// Only the part of a text before the first of these.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// For a URL: the host names and suffixes it may have, as `zohoapis.com`. Without them it never reaches a host.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hosts: Vec<String>,
    /// What it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub doc: Option<String>,
}

fields!(ExtraField { name, at, kind as "type", before = None, hosts = Vec::new(), doc = None });

/// A second exchange after the code exchange.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Upgrade {
    /// Where.
    pub url: Template,
    /// `GET` or `POST`.
    pub method: Method,
    /// The `grant_type`.
    pub grant_type: String,
    /// How the parameters are written.
    pub format: BodyFormat,
    /// The parameters beside `grant_type`, with `{access_token}`, `{client_id}` and `{client_secret}` as needed.
    pub params: Params,
}

fields!(Upgrade { url, method, grant_type, format, params });

/// One request right after the exchange, with the new token applied, whose answer adds extras.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Lookup {
    /// The request.
    pub request: Fetch,
    /// JSON pointers to the object that holds the members, tried in order; `[""]` is the answer itself.
    #[serde(skip_serializing_if = "is_whole")]
    pub at: Vec<String>,
    /// The members, typed.
    pub extras: Vec<ExtraField>,
}

fields!(Lookup { request, at = whole(), extras });

/// Where the access token goes in a request to the API.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Placement {
    /// A header; with a scheme before the token (`Authorization: Bearer`, RFC 6750 section 2.1), or the bare token.
    Header {
        /// The header's name.
        name: String,
        /// The scheme; `None` sends the bare token.
        #[serde(skip_serializing_if = "Option::is_none")]
        scheme: Option<String>,
    },
    /// A query parameter (RFC 6750 section 2.3).
    Query {
        /// The parameter's name.
        name: String,
    },
    /// A parameter of the form body, or a member of the JSON body (RFC 6750 section 2.2).
    Body {
        /// The parameter's name.
        name: String,
        /// Whether a request without any body gets a JSON one; a form otherwise.
        #[serde(skip_serializing_if = "is_false")]
        json: bool,
    },
}

impl Decode for Placement {
    fn decode(member: Member<'_>) -> Self {
        let Some((name, variant)) = member.variant() else { return Self::default() };
        let mut object = variant.object();
        match name {
            "header" => fields!(read object => Self::Header { name, scheme = None }),
            "query" => fields!(read object => Self::Query { name }),
            "body" => fields!(read object => Self::Body { name, json = false }),
            _ => {
                object.unknown();
                Self::default()
            }
        }
    }
}

impl Default for Placement {
    fn default() -> Self {
        Self::Header { name: "Authorization".to_owned(), scheme: Some("Bearer".to_owned()) }
    }
}
