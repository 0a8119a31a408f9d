use serde::Deserialize;

/// Where the OAuth endpoints are. Addresses are https, except on loopback; `{name}` stands for a setting.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Endpoints {
    /// The authorization endpoint (RFC 6749 section 3.1). Without it, users cannot log in.
    pub(crate) authorization: Option<String>,
    /// The token endpoint (RFC 6749 section 3.2). May also hold `{callback.NAME}` of a kept callback value with a
    /// closed list of values.
    pub(crate) token: Option<String>,
    /// The revocation endpoint (RFC 7009 section 2), or what the provider has in its place. May hold what `token` may,
    /// and `{client_id}` in its path.
    pub(crate) revocation: Option<String>,
    /// The device authorization endpoint (RFC 8628 section 3.1).
    pub(crate) device_authorization: Option<String>,
    /// The backchannel authentication endpoint (OpenID Connect Client-Initiated Backchannel Authentication section 7).
    pub(crate) backchannel_authentication: Option<String>,
    /// The introspection endpoint (RFC 7662 section 2).
    pub(crate) introspection: Option<String>,
    /// The pushed authorization request endpoint (RFC 9126 section 2).
    pub(crate) pushed_authorization: Option<String>,
    /// The end session endpoint (OpenID Connect RP-Initiated Logout section 2).
    pub(crate) end_session: Option<String>,
    /// The client registration endpoint (RFC 7591 section 3).
    pub(crate) registration: Option<String>,
    /// The issuer identifier (RFC 8414 section 2): the exact value of `iss` in callbacks (RFC 9207).
    pub(crate) issuer: Option<String>,
    /// Whether the provider always sends `iss` in the callback (RFC 9207 section 3): one without is refused then.
    pub(crate) iss_in_callback: bool,
    /// Whether the issuer's metadata says where the endpoints are (RFC 8414, OpenID Connect Discovery): then
    /// `authorization` and `token` are left out, and `revocation` may be.
    pub(crate) discovery: bool,
    /// With `discovery`: the hosts that the metadata may lead to beside the issuer's own, as names or `*.example.com`.
    pub(crate) hosts: Vec<String>,
}
