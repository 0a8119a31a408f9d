use std::fmt;

use http::HeaderMap;

use crate::params::Params;
use crate::request::Request;

/// What a request was for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Endpoint {
    /// The authorization request (RFC 6749 section 4.1.1).
    Authorization,
    /// The pushed authorization request (RFC 9126 section 2).
    PushedAuthorization,
    /// The start of a login on another device (RFC 8628 section 3.1).
    Device,
    /// The exchange of a code, or of another grant (RFC 6749 section 4.1.3).
    Token,
    /// A refresh (RFC 6749 section 6).
    Refresh,
    /// The second exchange: a short-lived token for a long-lived one.
    Upgrade,
    /// The end of a token (RFC 7009 section 2.1).
    Revocation,
    /// A question about a token (RFC 7662 section 2.1).
    Introspection,
    /// The end of a browser's session (OpenID Connect RP-Initiated Logout section 2).
    EndSession,
    /// The request right after the exchange whose answer adds extras.
    Lookup,
    /// The user's profile.
    Profile,
    /// The standard claims of the user (OpenID Connect Core section 5.3), where the profile is not read there.
    Userinfo,
    /// The metadata of the issuer (RFC 8414, OpenID Connect Discovery section 4).
    Metadata,
    /// The public keys (RFC 7517).
    Keys,
    /// Anything else of the provider's API.
    Api,
    /// Nothing that the provider has.
    Unknown,
}

/// A request that the simulator saw, secrets included: [`Debug`](fmt::Debug) shows none of them.
#[derive(Clone)]
pub struct Recorded {
    pub(crate) endpoint: Endpoint,
    pub(crate) method: String,
    pub(crate) url: String,
    pub(crate) host: String,
    pub(crate) path: String,
    pub(crate) query: Params,
    pub(crate) body: Params,
    pub(crate) headers: HeaderMap,
    pub(crate) status: u16,
}

impl Recorded {
    pub(crate) fn of(request: &Request, scheme: &str, host: &str, path: &str) -> Self {
        let query = if request.raw_query.is_empty() { String::new() } else { format!("?{}", request.raw_query) };
        Self {
            endpoint: Endpoint::Unknown,
            method: request.method.as_str().to_owned(),
            url: format!("{scheme}://{host}{path}{query}"),
            host: host.to_owned(),
            path: path.to_owned(),
            query: request.query().unwrap_or_default(),
            body: request.body_params().unwrap_or_default(),
            headers: request.headers.clone(),
            status: 0,
        }
    }

    /// What the request was for.
    pub fn endpoint(&self) -> Endpoint {
        self.endpoint
    }

    /// The HTTP method.
    pub fn method(&self) -> &str {
        &self.method
    }

    /// The address at the real provider, with the query as it was sent.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The host of the real provider, with the port where it is not the scheme's own.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The path at the real provider.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The first value of a parameter, in the query or in the body.
    pub fn param(&self, name: &str) -> Option<&str> {
        self.params().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    /// All parameters: those of the query, then those of a form or JSON body, each in the order of the request.
    pub fn params(&self) -> impl Iterator<Item = (&str, &str)> {
        self.query_params().chain(self.body_params())
    }

    /// The parameters of the query.
    pub fn query_params(&self) -> impl Iterator<Item = (&str, &str)> {
        self.query.iter()
    }

    /// The parameters of the body.
    pub fn body_params(&self) -> impl Iterator<Item = (&str, &str)> {
        self.body.iter()
    }

    /// The first value of a header, whatever the case of its name; `None` too where it is not text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// All headers.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The status of the answer.
    pub fn status(&self) -> u16 {
        self.status
    }
}

/// Names, not values; no query.
impl fmt::Debug for Recorded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let headers: Vec<&str> = self.headers.keys().map(http::HeaderName::as_str).collect();
        f.debug_struct("Recorded")
            .field("endpoint", &self.endpoint)
            .field("method", &self.method)
            .field("host", &self.host)
            .field("path", &self.path)
            .field("query", &self.query)
            .field("body", &self.body)
            .field("headers", &headers)
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}
