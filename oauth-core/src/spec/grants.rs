use serde::Serialize;

use super::decode::fields;
use super::{BodyFormat, Hole, Method, MintedAlg, Params, RefreshAuth, Template};

/// The grants beside the authorization code that the provider has, each as its own section of the file.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Grants {
    /// Client credentials (RFC 6749 section 4.4).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_credentials: Option<GrantRequest>,
    /// Login on another device (RFC 8628).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device: Option<DeviceGrant>,
    /// Token exchange (RFC 8693).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_exchange: Option<GrantRequest>,
    /// A JWT as authorization grant (RFC 7523 section 2.1).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jwt_bearer: Option<JwtBearer>,
    /// The user's password (RFC 6749 section 4.3).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password: Option<GrantRequest>,
    /// A SAML assertion as authorization grant (RFC 7522 section 2.1).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub saml_bearer: Option<GrantRequest>,
    /// A login that the user approves on a device of their own (OpenID Connect Client-Initiated Backchannel
    /// Authentication 1.0, poll mode).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ciba: Option<CibaGrant>,
}

fields!(Grants {
    client_credentials = None,
    device = None,
    token_exchange = None,
    jwt_bearer = None,
    password = None,
    saml_bearer = None,
    ciba = None,
});

impl Grants {
    /// Whether the file declares none.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The token requests, each with the name of its section.
    pub fn requests(&self) -> impl Iterator<Item = (&'static str, &GrantRequest)> {
        [
            ("client_credentials", self.client_credentials.as_ref()),
            ("device", self.device.as_ref().map(|device| &device.request)),
            ("token_exchange", self.token_exchange.as_ref()),
            ("jwt_bearer", self.jwt_bearer.as_ref().map(|bearer| &bearer.request)),
            ("password", self.password.as_ref()),
            ("saml_bearer", self.saml_bearer.as_ref()),
            ("ciba", self.ciba.as_ref().map(|ciba| &ciba.request)),
        ]
        .into_iter()
        .filter_map(|(name, request)| Some((name, request?)))
    }

    /// The addresses that differ from the token endpoint.
    pub(crate) fn urls_mut(&mut self) -> impl Iterator<Item = &mut Template> {
        let requests = [
            self.client_credentials.as_mut(),
            self.device.as_mut().map(|device| &mut device.request),
            self.token_exchange.as_mut(),
            self.jwt_bearer.as_mut().map(|bearer| &mut bearer.request),
            self.password.as_mut(),
            self.saml_bearer.as_mut(),
            self.ciba.as_mut().map(|ciba| &mut ciba.request),
        ];
        requests.into_iter().flatten().filter_map(|request| request.url.as_mut())
    }
}

/// The request with which a grant is turned into tokens.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct GrantRequest {
    /// Where, if not at the token endpoint.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<Template>,
    /// `POST`, or the provider's.
    pub method: Method,
    /// How the parameters are written.
    pub format: BodyFormat,
    /// The `grant_type`.
    pub grant_type: String,
    /// What the client says of itself.
    pub client_auth: RefreshAuth,
    /// Extra parameters.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub params: Params,
    /// Extra headers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub headers: Params,
    /// Standard parameters of the grant under other names; before those of the token request.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rename: Vec<(String, String)>,
    /// The scopes that are asked for when the caller names none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub scopes: Vec<String>,
}

fields!(GrantRequest {
    url = None,
    method,
    format,
    grant_type,
    client_auth,
    params = Vec::new(),
    headers = Vec::new(),
    rename = Vec::new(),
    scopes = Vec::new(),
});

impl GrantRequest {
    /// Whether the file puts the client's secret into it.
    pub(crate) fn shows_secret(&self) -> bool {
        let values = self.params.iter().chain(&self.headers);
        values.flat_map(|(_, value)| value.holes()).any(|hole| *hole == Hole::ClientSecret)
    }

    /// The request as the standard has it.
    #[cfg(feature = "client")]
    pub(crate) fn standard(grant_type: &str) -> Self {
        Self {
            url: None,
            method: Method::Post,
            format: BodyFormat::Form,
            grant_type: grant_type.to_owned(),
            client_auth: RefreshAuth::Full,
            params: Vec::new(),
            headers: Vec::new(),
            rename: Vec::new(),
            scopes: Vec::new(),
        }
    }
}

/// Login on another device: the device authorization request (RFC 8628 section 3.1), and the token request that asks
/// whether the user has finished (section 3.4).
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct DeviceGrant {
    /// The token request.
    pub request: GrantRequest,
    /// The device authorization request.
    pub authorization: DeviceAuthorization,
}

fields!(DeviceGrant { request, authorization });

impl DeviceGrant {
    /// The grant as RFC 8628 has it.
    #[cfg(feature = "client")]
    pub(crate) fn standard() -> Self {
        Self {
            request: GrantRequest::standard(DEVICE_GRANT),
            authorization: DeviceAuthorization {
                method: Method::Post,
                format: BodyFormat::Form,
                client_auth: RefreshAuth::Full,
                params: Vec::new(),
                headers: Vec::new(),
                rename: Vec::new(),
                lifetime: None,
            },
        }
    }
}

/// The device authorization request, at `endpoints.device_authorization`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct DeviceAuthorization {
    /// `POST`, or the provider's.
    pub method: Method,
    /// How the parameters are written.
    pub format: BodyFormat,
    /// What the client says of itself.
    pub client_auth: RefreshAuth,
    /// Extra parameters.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub params: Params,
    /// Extra headers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub headers: Params,
    /// Members of the answer under other names.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rename: Vec<(String, String)>,
    /// How long the codes last where the answer does not say, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lifetime: Option<u64>,
}

fields!(DeviceAuthorization {
    method,
    format,
    client_auth,
    params = Vec::new(),
    headers = Vec::new(),
    rename = Vec::new(),
    lifetime = None,
});

/// A login that the user approves on a device of their own: the authentication request (OpenID Connect Client-Initiated
/// Backchannel Authentication 1.0 section 7.1), and the token request that asks whether the user has (section 10.1).
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct CibaGrant {
    /// The token request.
    pub request: GrantRequest,
    /// The authentication request.
    pub authentication: BackchannelAuthentication,
}

fields!(CibaGrant { request, authentication });

impl CibaGrant {
    /// The grant as the standard has it.
    #[cfg(feature = "client")]
    pub(crate) fn standard() -> Self {
        let authentication =
            BackchannelAuthentication { client_auth: RefreshAuth::Full, params: Vec::new(), headers: Vec::new() };
        Self { request: GrantRequest::standard(CIBA_GRANT), authentication }
    }
}

/// The authentication request, a POST of a form to `endpoints.backchannel_authentication`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct BackchannelAuthentication {
    /// What the client says of itself.
    pub client_auth: RefreshAuth,
    /// Extra parameters.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub params: Params,
    /// Extra headers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub headers: Params,
}

fields!(BackchannelAuthentication { client_auth, params = Vec::new(), headers = Vec::new() });

/// A JWT as authorization grant (RFC 7523 section 2.1).
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct JwtBearer {
    /// The token request.
    pub request: GrantRequest,
    /// How the client signs the JWT with a private key, where it does so itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assertion: Option<AssertionForm>,
}

fields!(JwtBearer { request, assertion = None });

impl JwtBearer {
    /// The grant with assertions from elsewhere.
    #[cfg(feature = "client")]
    pub(crate) fn of(request: GrantRequest) -> Self {
        Self { request, assertion: None }
    }
}

/// How an assertion is made of the user's private key (RFC 7523 section 3).
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct AssertionForm {
    /// The signature's algorithm.
    pub alg: MintedAlg,
    /// The claims beside `iat`, `exp` and `jti`.
    pub claims: Params,
    /// How long an assertion is good for, in seconds.
    pub lifetime: u64,
}

fields!(AssertionForm { alg, claims, lifetime });

/// RFC 6749 section 4.4.2.
#[cfg(any(feature = "schema", feature = "client"))]
pub(crate) const CLIENT_CREDENTIALS_GRANT: &str = "client_credentials";
/// RFC 8628 section 3.4.
#[cfg(any(feature = "schema", feature = "client"))]
pub(crate) const DEVICE_GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";
/// RFC 8693 section 2.1.
#[cfg(any(feature = "schema", feature = "client"))]
pub(crate) const TOKEN_EXCHANGE_GRANT: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
/// RFC 7523 section 2.1.
#[cfg(any(feature = "schema", feature = "client"))]
pub(crate) const JWT_BEARER_GRANT: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
/// RFC 7522 section 2.1.
#[cfg(any(feature = "schema", feature = "client"))]
pub(crate) const SAML_BEARER_GRANT: &str = "urn:ietf:params:oauth:grant-type:saml2-bearer";
/// OpenID Connect Client-Initiated Backchannel Authentication 1.0 section 10.1.
#[cfg(any(feature = "schema", feature = "client"))]
pub(crate) const CIBA_GRANT: &str = "urn:openid:params:grant-type:ciba";
/// RFC 6749 section 4.3.2.
#[cfg(feature = "schema")]
pub(crate) const PASSWORD_GRANT: &str = "password";
