use serde::Serialize;

use super::decode::{fields, words};
use super::endpoints::is_false;
use super::{Hole, Params, Push, Renames, RequestObject, Template};

/// What the authorization request has beyond RFC 6749 section 4.1.1.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Authorize {
    /// Parameters that every request carries.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub params: Params,
    /// Standard parameters under the provider's own names.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rename: Renames,
    /// What a caller may add, typed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<AuthorizeOption>,
    /// The value of `response_type`, where it is not `code`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response_type: Option<String>,
    /// Standard parameters that are left out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub omit: Vec<String>,
    /// What stands behind `#`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fragment: Option<String>,
    /// The parameters that come first, in order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub order: Vec<String>,
    /// Whether all parameters are sorted by name.
    #[serde(skip_serializing_if = "is_false")]
    pub sorted: bool,
    /// How the answer comes back, where the request says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response_mode: Option<ResponseMode>,
    /// Where `state` travels and how it is written.
    #[serde(skip_serializing_if = "StateRules::is_default")]
    pub state: StateRules,
    /// Which requests are pushed (RFC 9126).
    #[serde(skip_serializing_if = "Push::is_default")]
    pub push: Push,
    /// The resources that tokens are asked for (RFC 8707) unless the caller names others.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub resource: Vec<Template>,
    /// The signed object that the parameters travel in (RFC 9101).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_object: Option<RequestObject>,
}

fields!(Authorize {
    params = Vec::new(),
    rename = Vec::new(),
    options = Vec::new(),
    response_type = None,
    omit = Vec::new(),
    fragment = None,
    order = Vec::new(),
    sorted = false,
    response_mode = None,
    state = StateRules::default(),
    push = Push::Supported,
    resource = Vec::new(),
    request_object = None,
});

impl Authorize {
    /// The value of `response_type`.
    pub fn response_type(&self) -> &str {
        self.response_type.as_deref().unwrap_or("code")
    }

    /// Whether the answer brings an ID token beside the code (OpenID Connect Core section 3.3).
    pub fn is_hybrid(&self) -> bool {
        self.response_type() == HYBRID
    }

    /// Whether that standard parameter is left out.
    pub fn omits(&self, name: &str) -> bool {
        self.omit.iter().any(|omitted| omitted == name)
    }

    /// Whether the browser brings the answer as a POST from the provider's site.
    pub fn is_form_post(&self) -> bool {
        matches!(self.response_mode, Some(ResponseMode::FormPost | ResponseMode::FormPostJwt))
    }

    /// Whether the answer is a JWT that the provider signs (JWT Secured Authorization Response Mode).
    pub fn is_answer_signed(&self) -> bool {
        self.response_mode.is_some_and(ResponseMode::is_signed)
    }

    /// The parameters whose value is another one in each request: those with a `{random}`.
    pub fn fresh_params(&self) -> impl Iterator<Item = &(String, Template)> {
        self.params.iter().filter(|(_, value)| is_fresh(value))
    }

    /// The parameters that are the same in each request of a client.
    pub fn fixed_params(&self) -> impl Iterator<Item = &(String, Template)> {
        self.params.iter().filter(|(_, value)| !is_fresh(value))
    }
}

/// The `response_type` of the one hybrid flow there is here.
pub(crate) const HYBRID: &str = "code id_token";

fn is_fresh(value: &Template) -> bool {
    value.holes().any(|hole| *hole == Hole::Random)
}

/// How the authorization response comes back (OAuth 2.0 Multiple Response Types section 2.1, JWT Secured Authorization
/// Response Mode section 2.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(serde::Deserialize))]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ResponseMode {
    /// In the query of the redirect URI.
    Query,
    /// In the body of a POST that the browser makes (OAuth 2.0 Form Post Response Mode).
    FormPost,
    /// In the query, as a signed JWT.
    #[serde(rename = "query.jwt")]
    QueryJwt,
    /// In the body of a POST, as a signed JWT.
    #[serde(rename = "form_post.jwt")]
    FormPostJwt,
    /// As a signed JWT in the way that is the default of the `response_type`: of `code`, in the query.
    Jwt,
}

words!(ResponseMode {
    Query = "query",
    FormPost = "form_post",
    QueryJwt = "query.jwt",
    FormPostJwt = "form_post.jwt",
    Jwt = "jwt",
});

impl ResponseMode {
    /// The value of `response_mode`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::FormPost => "form_post",
            Self::QueryJwt => "query.jwt",
            Self::FormPostJwt => "form_post.jwt",
            Self::Jwt => "jwt",
        }
    }

    /// Whether the answer is a JWT that the provider signs.
    pub const fn is_signed(self) -> bool {
        matches!(self, Self::QueryJwt | Self::FormPostJwt | Self::Jwt)
    }
}

/// Where `state` (RFC 6749 section 10.12) travels and how it is written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct StateRules {
    /// Where it travels.
    #[serde(rename = "in", skip_serializing_if = "StatePlace::is_default")]
    pub place: StatePlace,
    /// How many characters it has.
    #[serde(skip_serializing_if = "is_usual_length")]
    pub length: u64,
    /// What it is written in.
    #[serde(skip_serializing_if = "StateAlphabet::is_default")]
    pub alphabet: StateAlphabet,
}

fields!(StateRules {
    place as "in" = StatePlace::Param,
    length = StateRules::LENGTH,
    alphabet = StateAlphabet::UrlSafe,
});

impl StateRules {
    /// 128 bits in base64url.
    pub(crate) const LENGTH: u64 = 22;

    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

impl Default for StateRules {
    fn default() -> Self {
        Self { place: StatePlace::Param, length: Self::LENGTH, alphabet: StateAlphabet::UrlSafe }
    }
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde asks for")]
fn is_usual_length(length: &u64) -> bool {
    *length == StateRules::LENGTH
}

/// Where `state` travels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(serde::Deserialize))]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum StatePlace {
    /// In a parameter of its own.
    #[default]
    Param,
    /// In the query of the redirect URI, for providers that drop the parameter.
    RedirectUri,
}

words!(StatePlace { Param = "param", RedirectUri = "redirect_uri" });

impl StatePlace {
    #[allow(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde asks for")]
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// What `state` is written in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(serde::Deserialize))]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum StateAlphabet {
    /// Letters, digits, `-` and `_`.
    #[default]
    UrlSafe,
    /// Lower-case hexadecimal digits.
    Hex,
}

words!(StateAlphabet { UrlSafe = "url_safe", Hex = "hex" });

impl StateAlphabet {
    #[allow(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde asks for")]
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// A typed parameter of the authorization request: `prompt` with the values `consent` and `select_account`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct AuthorizeOption {
    /// The parameter's name.
    pub name: String,
    /// The generated type: `Prompt`.
    pub rust: String,
    /// The allowed values and their generated variants; empty means any text.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<(String, String)>,
    /// What joins two values given one after the other; without it the later value replaces the earlier.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub join: Option<String>,
    /// What it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub doc: Option<String>,
}

fields!(AuthorizeOption { name, rust, values = Vec::new(), join = None, doc = None });

/// Parameters that the client writes itself, with the value that the protocol asks for (RFC 6749, RFC 7521, RFC 7636,
/// RFC 9101, RFC 9126, RFC 9207, RFC 9449, OpenID Connect Core section 3.1.2.1).
#[cfg(any(feature = "schema", feature = "client"))]
pub(crate) const PROTOCOL_PARAMS: [&str; 22] = [
    "access_token",
    "client_assertion",
    "client_assertion_type",
    "client_id",
    "client_secret",
    "code",
    "code_challenge",
    "code_challenge_method",
    "code_verifier",
    "dpop_jkt",
    "grant_type",
    "iss",
    "nonce",
    "password",
    "redirect_uri",
    "refresh_token",
    "request",
    "request_uri",
    "response_mode",
    "response_type",
    "scope",
    "state",
];
