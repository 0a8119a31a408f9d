//! What an author may write. Every key is optional here: that a required one is missing is for the checks to say, with
//! all else that is wrong. The doc comments are the descriptions that editors show, by way of `providers/schema.json`.

mod api;
mod authorize;
mod callback;
mod client_auth;
mod consent;
mod dpop;
mod endpoints;
mod entries;
mod environments;
mod grants;
mod introspect;
mod logout;
mod openid;
mod pkce;
mod profile;
#[cfg(feature = "json-schema")]
mod publish;
mod quirks;
mod redirect;
mod refresh;
mod revoke;
mod scopes;
mod settings;
mod token;
mod word_or;

use serde::Deserialize;

pub(crate) use self::api::{Api, Operation, ParameterFull, Returns};
pub(crate) use self::authorize::{Authorize, AuthorizeOption, Order, RequestObject};
pub(crate) use self::callback::Callback;
pub(crate) use self::client_auth::{ClientAuth, ClientAuthFull};
pub(crate) use self::consent::Consent;
pub(crate) use self::dpop::Dpop;
pub(crate) use self::endpoints::Endpoints;
pub(crate) use self::entries::{Condition, Entries, OneOrMany, ShortOr, Values};
pub(crate) use self::environments::Environment;
pub(crate) use self::grants::{BackchannelAuthentication, DeviceAuthorization, GrantRequest, Grants};
pub(crate) use self::introspect::Introspect;
pub(crate) use self::logout::Logout;
pub(crate) use self::openid::OpenId;
pub(crate) use self::pkce::{Pkce, PkceFull};
pub(crate) use self::profile::{Profile, ProfileMap, ProfileThen};
#[cfg(feature = "json-schema")]
pub use self::publish::json_schema;
pub(crate) use self::quirks::Quirk;
pub(crate) use self::redirect::Redirect;
pub(crate) use self::refresh::{Refresh, RefreshFull, RefreshNeeds};
pub(crate) use self::revoke::Revoke;
pub(crate) use self::scopes::{KnownScope, Scopes, SecondScopes};
pub(crate) use self::settings::Setting;
pub(crate) use self::token::{
    AlsoToken, Expiry, ExtraField, Lookup, Placement, Token, TokenRequest, TokenResponse, Upgrade,
};
pub(crate) use self::word_or::{Nothing, WordOr};

use crate::spec::Confidence;

/// An OAuth provider: everything that a client needs to know of it, as data.
///
/// A file that says nothing beyond the required keys describes a provider that follows RFC 6749 and RFC 7636 to the
/// letter.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "json-schema", schemars(title = "Provider file", extend("required" = ["id", "name", "docs", "checked", "endpoints"])))]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Provider {
    /// The catalog id: lower-case letters, digits, `-` and `_`. Equal to the file's name without `.yaml`.
    pub(crate) id: Option<String>,
    /// The name that people know the provider by: `GitHub`. Its letters and digits name the generated Rust type.
    pub(crate) name: Option<String>,
    /// The Rust module of the generated client, where the id cannot be one: `box_`. Also names the type when `name`
    /// has no letter to begin with.
    pub(crate) rust: Option<String>,
    /// One sentence about the provider.
    pub(crate) description: Option<String>,
    /// The vendor's page that these facts were read on (https).
    pub(crate) docs: Option<String>,
    /// The page on which a developer registers a client (https).
    pub(crate) console: Option<String>,
    /// The day on which the facts were last compared with `docs`: `2026-11-21`.
    pub(crate) checked: Option<String>,
    /// How sure the facts are. `own`, the default, is for a server of your own.
    pub(crate) confidence: Option<Confidence>,
    /// Topics, for catalogs: `[developer, identity]`.
    pub(crate) groups: Vec<String>,
    /// What a user must or may choose before the client works, by name: a region, a tenant, a shop. `{name}` is its
    /// place in addresses and parameters.
    pub(crate) settings: Entries<Setting>,
    /// Other hosts on which the same provider runs, by name: a sandbox. Without a choice the hosts are the file's own.
    pub(crate) environments: Entries<Environment>,
    /// Where the OAuth endpoints are.
    pub(crate) endpoints: Option<Endpoints>,
    /// How the client proves itself at the token endpoint. Default: `basic`, which every server must support
    /// (RFC 6749 section 2.3.1). A map where the provider has its own ways.
    pub(crate) client_auth: Option<ClientAuth>,
    /// What the provider does with PKCE (RFC 7636), or a map with the form of its challenge. Default: `supported`;
    /// `unsupported` needs an entry in `quirks`.
    pub(crate) pkce: Option<Pkce>,
    /// Proof of possession (RFC 9449): `required` where every token is bound to a key of the client, `supported` where one
    /// may be; or a map with the algorithm. Default: tokens are Bearer tokens.
    pub(crate) dpop: Option<Dpop>,
    /// What the provider takes for a redirect URI.
    pub(crate) redirect: Redirect,
    /// How the provider takes scopes, and which it knows; `none` where there is no scope parameter.
    pub(crate) scopes: WordOr<Nothing, Scopes>,
    /// What the authorization request has beyond RFC 6749 section 4.1.1.
    pub(crate) authorize: Authorize,
    /// How the provider answers at the redirect URI (RFC 6749 section 4.1.2).
    pub(crate) callback: Callback,
    /// The token request, its response, and where the token goes in API requests.
    pub(crate) token: Token,
    /// How an access token is renewed; `none` where it cannot be. Default: with a refresh token at the token endpoint
    /// (RFC 6749 section 6).
    pub(crate) refresh: Option<Refresh>,
    /// How tokens are revoked at `endpoints.revocation`, where that is not as RFC 7009 has it.
    pub(crate) revoke: Option<Revoke>,
    /// The grants beside the authorization code, each declared by its key.
    pub(crate) grants: Grants,
    /// How the provider is asked about a token at `endpoints.introspection`, where that is not as RFC 7662 has it.
    pub(crate) introspect: Option<Introspect>,
    /// How a browser is logged out at `endpoints.end_session`, where that is not as OpenID Connect has it.
    pub(crate) logout: Option<Logout>,
    /// The page on which somebody approves the app for others: an administrator for an organisation.
    pub(crate) consent: Option<Consent>,
    /// ID tokens (OpenID Connect Core section 2). With this section they are verified.
    pub(crate) openid: Option<OpenId>,
    /// Where the profile of the logged-in user comes from.
    pub(crate) profile: Option<Profile>,
    /// The provider's API.
    pub(crate) api: Option<Api>,
    /// Every deviation that a reader might take for a mistake, with its reason.
    pub(crate) quirks: Vec<Quirk>,
}
