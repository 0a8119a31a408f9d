use serde::Deserialize;

use crate::spec::SigningAlg;

/// ID tokens (OpenID Connect Core section 2). With this section they are verified, without it nothing reads them.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub(crate) struct OpenId {
    /// The exact `iss` of ID tokens. Default: `endpoints.issuer`. May hold settings, and `{claim.NAME}`: the token's own
    /// claim of that name, which must be a GUID then.
    pub(crate) issuer: Option<String>,
    /// Further spellings of the issuer that the provider documents.
    pub(crate) also_issuers: Vec<String>,
    /// Where the provider's keys are (RFC 7517). Left out only with `endpoints.discovery`, or where all `algs` are `HS`.
    pub(crate) jwks: Option<String>,
    /// The algorithms that an ID token may be signed with. Default: `[RS256]`. `HS256` and its kin need a client secret
    /// of 32 bytes.
    pub(crate) algs: Option<Vec<SigningAlg>>,
    /// Whether the provider puts our `nonce` into the ID token. Default: `true`; `false` needs an entry in `quirks`.
    pub(crate) nonce: Option<bool>,
    /// Whether a renewed ID token names the time of the login that it is renewed from (OpenID Connect Core section 12.2).
    /// Default: `true`; `false` needs an entry in `quirks`: a renewed ID token with another `auth_time` is not believed
    /// then, and the renewed tokens count.
    pub(crate) auth_time: Option<bool>,
    /// Whether an ID token comes even where the scope `openid` is not asked for.
    pub(crate) required: bool,
}
