use serde::Deserialize;

use super::Entries;
use super::refresh::ClientAuthUse;
use crate::spec::{BodyFormat, Method, MintedAlg};

/// The grants beside the authorization code that the provider has. `{}` is the standard form of each.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Grants {
    /// A token for the client itself, without a user (RFC 6749 section 4.4).
    pub(crate) client_credentials: Option<Grant>,
    /// Login on another device (RFC 8628); needs `endpoints.device_authorization`.
    pub(crate) device: Option<DeviceGrant>,
    /// One token for another (RFC 8693).
    pub(crate) token_exchange: Option<Grant>,
    /// A JWT for a token (RFC 7523 section 2.1).
    pub(crate) jwt_bearer: Option<JwtBearer>,
    /// The user's password for a token (RFC 6749 section 4.3). It must not be used (RFC 9700 section 2.4): needs an
    /// entry in `quirks`.
    pub(crate) password: Option<Grant>,
    /// A SAML assertion for a token (RFC 7522 section 2.1).
    pub(crate) saml_bearer: Option<Grant>,
    /// A login that the user approves on a device of their own (OpenID Connect Client-Initiated Backchannel
    /// Authentication 1.0, poll mode); needs `endpoints.backchannel_authentication` and `openid`.
    pub(crate) ciba: Option<CibaGrant>,
}

/// What the token requests of all grants have.
#[derive(Debug, Default)]
pub(crate) struct GrantRequest {
    pub(crate) url: Option<String>,
    pub(crate) method: Option<Method>,
    pub(crate) format: Option<BodyFormat>,
    pub(crate) grant_type: Option<String>,
    pub(crate) client_auth: Option<ClientAuthUse>,
    pub(crate) params: Entries<String>,
    pub(crate) headers: Entries<String>,
    pub(crate) rename: Entries<String>,
    pub(crate) scopes: Vec<String>,
}

// A flattened struct would take unknown keys, so the common ones stand in each.
macro_rules! grant {
    ($(#[$meta:meta])* $name:ident { $($(#[$field_meta:meta])* $field:ident: $type:ty,)* }) => {
        $(#[$meta])*
        #[derive(Debug, Default, Deserialize)]
        #[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
        #[serde(deny_unknown_fields, default)]
        pub(crate) struct $name {
            /// Where, if not at the token endpoint.
            pub(crate) url: Option<String>,
            /// The method of the token request. Default: as `token.request`.
            pub(crate) method: Option<Method>,
            /// How its parameters are written. Default: as `token.request`.
            pub(crate) format: Option<BodyFormat>,
            /// The `grant_type`. Default: the standard's.
            pub(crate) grant_type: Option<String>,
            /// Whether client credentials go along: `true` (the default), `false`, `id` for the `client_id` without a
            /// secret, or `basic` for an `Authorization: Basic` header whatever the token endpoint takes.
            pub(crate) client_auth: Option<ClientAuthUse>,
            /// Extra parameters. Values may hold settings, `{client_id}`, `{client_secret}` and `{scope}`.
            pub(crate) params: Entries<String>,
            /// Extra headers; those of `token.request` are sent as well. Values may hold what those of `params` may.
            pub(crate) headers: Entries<String>,
            /// Standard parameters of the grant under other names: `device_code: code`.
            pub(crate) rename: Entries<String>,
            /// The scopes that are asked for when the caller names none.
            pub(crate) scopes: Vec<String>,
            $($(#[$field_meta])* pub(crate) $field: $type,)*
        }

        impl $name {
            /// What all grants have.
            pub(crate) fn request(&mut self) -> GrantRequest {
                GrantRequest {
                    url: self.url.take(),
                    method: self.method,
                    format: self.format,
                    grant_type: self.grant_type.take(),
                    client_auth: self.client_auth,
                    params: std::mem::take(&mut self.params),
                    headers: std::mem::take(&mut self.headers),
                    rename: std::mem::take(&mut self.rename),
                    scopes: std::mem::take(&mut self.scopes),
                }
            }
        }
    };
}

grant! {
    /// A grant's token request. What is left out is as the standard has it.
    Grant {}
}

grant! {
    /// The token request of a login on another device (RFC 8628 section 3.4), and the request before it.
    DeviceGrant {
        /// The device authorization request (RFC 8628 section 3.1) and its answer.
        authorization: DeviceAuthorization,
    }
}

grant! {
    /// The token request with a JWT (RFC 7523 section 2.1), and how the client makes one.
    JwtBearer {
        /// How the client signs a JWT with the user's private key, where it makes them itself.
        assertion: Option<Assertion>,
    }
}

grant! {
    /// The token request of a login that the user approves on a device of their own, and the request before it.
    CibaGrant {
        /// The authentication request (OpenID Connect Client-Initiated Backchannel Authentication 1.0 section 7.1).
        authentication: BackchannelAuthentication,
    }
}

/// The authentication request at `endpoints.backchannel_authentication`. What is left out is as the standard has it.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub(crate) struct BackchannelAuthentication {
    /// As in the token request. Default: `true`.
    pub(crate) client_auth: Option<ClientAuthUse>,
    /// Extra parameters.
    pub(crate) params: Entries<String>,
    /// Extra headers; those of `token.request` are sent as well.
    pub(crate) headers: Entries<String>,
}

/// The device authorization request and its answer. What is left out is as RFC 8628 has it.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub(crate) struct DeviceAuthorization {
    /// The method. Default: as `token.request`.
    pub(crate) method: Option<Method>,
    /// How the parameters are written. Default: as `token.request`.
    pub(crate) format: Option<BodyFormat>,
    /// As in the token request. Default: `true`.
    pub(crate) client_auth: Option<ClientAuthUse>,
    /// Extra parameters: `response_type: device_code`.
    pub(crate) params: Entries<String>,
    /// Extra headers; those of `token.request` are sent as well.
    pub(crate) headers: Entries<String>,
    /// Members of the answer under other names: `verification_uri: verification_url`.
    pub(crate) rename: Entries<String>,
    /// How long the codes last, in seconds, where the answer does not say. RFC 8628 section 3.2 requires it to.
    pub(crate) lifetime: Option<u64>,
}

/// How an assertion is made of a private key (RFC 7523 section 3).
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Assertion {
    /// The signature's algorithm. Default: `RS256`.
    pub(crate) alg: Option<MintedAlg>,
    /// The claims beside `iat`, `exp` and `jti`: `{iss: "{client_id}", aud: https://acme.example/token}`. Values may
    /// hold settings, `{client_id}` and `{scope}`.
    pub(crate) claims: Entries<String>,
    /// How long an assertion is good for, in seconds. Default: 300; at most an hour.
    pub(crate) lifetime: Option<u64>,
}
