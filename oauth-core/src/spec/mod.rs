//! What is true of a provider, after its file was loaded and checked.
//!
//! A [`ProviderSpec`] is made in two ways and is the same both times: at run time by
//! [`from_yaml`](ProviderSpec::from_yaml), and at compile time by the macros, which emit it as canonical JSON that
//! [`from_json`](ProviderSpec::from_json) decodes once. The engine reads nothing else about a provider.
//!
//! The fields are public because this is data that tools read (simulators, catalogs, documentation); every struct is
//! `#[non_exhaustive]`, so that the format can grow in a minor release. Changing a loaded spec by hand bypasses the
//! checks: change the file instead.

mod api;
mod assertion;
mod authorize;
pub(crate) mod callback;
mod client_auth;
mod condition;
mod consent;
mod decode;
mod dpop;
mod endpoints;
pub(crate) mod environment;
mod expiry;
mod fetch;
mod field;
mod grants;
mod introspect;
mod logout;
mod mechanism;
pub mod names;
mod openid;
mod pkce;
mod profile;
mod quirk;
mod redirect;
mod refresh;
mod request_object;
mod revoke;
mod scopes;
mod setting;
pub(crate) mod template;
#[cfg(test)]
mod tests;
mod token;

use std::sync::Arc;

use serde::Serialize;

pub use self::api::{Api, Method, Operation, Parameter, ParameterPlace, Returns, ReturnsField};
#[cfg(any(feature = "schema", feature = "client"))]
pub(crate) use self::assertion::ASSERTION_LIFETIME;
pub use self::assertion::{Assertion, AssertionAudience};
#[cfg(any(feature = "schema", feature = "client"))]
pub(crate) use self::authorize::PROTOCOL_PARAMS;
pub use self::authorize::{Authorize, AuthorizeOption, ResponseMode, StateAlphabet, StatePlace, StateRules};
pub use self::callback::{
    Callback, CallbackProfile, CallbackSignature, KeptValue, SignatureAlgorithm, SignatureEncoding, SignedPart,
};
pub use self::client_auth::{BasicForm, BasicUser, ClientAuth, MintedAlg, MintedPlace, MintedSecret, PublicForm};
pub use self::condition::Condition;
pub use self::consent::Consent;
use self::decode::fields;
pub use self::dpop::{Dpop, DpopSupport};
pub use self::endpoints::{ClientAuthMethod, Endpoints};
pub use self::environment::Environment;
pub use self::expiry::{Expiry, ExpiryKind, ExpiryUnit, ZeroExpiry};
pub use self::fetch::Fetch;
pub use self::field::{FieldKind, FieldType};
pub use self::grants::{
    AssertionForm, BackchannelAuthentication, CibaGrant, DeviceAuthorization, DeviceGrant, GrantRequest, Grants,
    IssuedTokenType, JwtBearer,
};
#[cfg(any(feature = "schema", feature = "client"))]
pub(crate) use self::grants::{
    CIBA_GRANT, CLIENT_CREDENTIALS_GRANT, JWT_BEARER_GRANT, SAML_BEARER_GRANT, TOKEN_EXCHANGE_GRANT,
};
#[cfg(feature = "schema")]
pub(crate) use self::grants::{DEVICE_GRANT, PASSWORD_GRANT};
pub use self::introspect::Introspect;
pub use self::logout::Logout;
pub use self::mechanism::{MechanismKind, Mechanisms};
pub use self::openid::{OpenId, SigningAlg};
pub use self::pkce::{Challenge, ChallengeEncoding, ChallengeMethod, Pkce};
pub use self::profile::{Profile, ProfileField, ProfileFrom, ProfileMap, ProfileThen};
pub use self::quirk::{Confidence, Quirk};
pub use self::redirect::{LoopbackRule, Redirect};
pub use self::refresh::{Refresh, RefreshAuth, RefreshNeeds, RefreshReplay, RefreshReuse, RefreshWith};
pub use self::request_object::{Push, RequestObject};
pub use self::revoke::{Revoke, RevokeEnds, RevokePlace, RevokedToken};
pub use self::scopes::{KnownScope, Scopes, SecondScopes};
#[cfg(feature = "schema")]
pub(crate) use self::setting::is_host;
pub use self::setting::{Setting, SettingKind};
pub use self::template::{Hole, Part, Template};
#[cfg(feature = "schema")]
pub(crate) use self::template::{is_bare, is_loopback, is_secure};
pub use self::token::{
    AlsoToken, BodyFormat, ErrorFields, ExtraField, Lookup, Placement, Token, TokenBound, TokenRequest, TokenResponse,
    TokenTypeRule, Upgrade,
};
#[cfg(feature = "schema")]
pub(crate) use self::token::{CODE_GRANT, pointer_to};

/// An ordered list of parameter names and value templates.
pub type Params = Vec<(String, Template)>;
/// An ordered list of parameter renames: the RFC's name, the provider's name.
pub type Renames = Vec<(String, String)>;

/// Everything the engine knows of a provider.
///
/// Required parts are plain fields; a part that the file leaves out has the value that RFC 6749 and its companions
/// define, so that a file without deviations says next to nothing.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ProviderSpec {
    /// The catalog id, equal to the file's name: `github`.
    pub id: String,
    /// The display name: `GitHub`.
    pub name: String,
    /// The Rust module of the generated client: `github`.
    pub module: String,
    /// The Rust marker type of the generated client: `GitHub`.
    pub marker: String,
    /// One sentence about the provider, for generated documentation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The vendor's page that these facts were read on.
    pub docs: String,
    /// Where a developer registers a client.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub console: Option<String>,
    /// The day (`YYYY-MM-DD`) on which the facts were last compared with `docs`.
    pub checked: String,
    /// How sure we are of the facts.
    pub confidence: Confidence,
    /// Topics, for catalogs: `[developer, identity]`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<String>,
    /// What a user must or may set before the client works: a region, a tenant, a shop.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub settings: Vec<Setting>,
    /// Other hosts on which the same provider runs.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub environments: Vec<Environment>,
    /// The OAuth endpoints.
    pub endpoints: Endpoints,
    /// How the client proves itself at the token endpoint (RFC 6749 section 2.3).
    pub client_auth: ClientAuth,
    /// What the provider does with PKCE (RFC 7636).
    pub pkce: Pkce,
    /// The form of the PKCE challenge.
    #[serde(skip_serializing_if = "Challenge::is_default")]
    pub challenge: Challenge,
    /// Proof of possession (RFC 9449); `None` where tokens are Bearer tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dpop: Option<Dpop>,
    /// What the provider takes for a redirect URI.
    #[serde(skip_serializing_if = "Redirect::is_unlimited")]
    pub redirect: Redirect,
    /// Scopes (RFC 6749 section 3.3).
    pub scopes: Scopes,
    /// The authorization request (RFC 6749 section 4.1.1).
    pub authorize: Authorize,
    /// The authorization response (RFC 6749 section 4.1.2).
    pub callback: Callback,
    /// The token request, its response, and where the token goes in API requests.
    pub token: Token,
    /// Refreshing; `None` where the provider has no way to refresh.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh: Option<Refresh>,
    /// Revoking; `None` where the provider has no way to revoke a token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revoke: Option<Revoke>,
    /// The grants beside the authorization code.
    #[serde(skip_serializing_if = "Grants::is_empty")]
    pub grants: Grants,
    /// Asking about a token; `None` where the provider does not answer that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub introspect: Option<Introspect>,
    /// Logging out at the provider; `None` where it has no address for that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logout: Option<Logout>,
    /// Asking somebody to approve the app for others; `None` where the provider has no page for that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consent: Option<Consent>,
    /// ID tokens; `None` where the provider issues none that are verified.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub openid: Option<OpenId>,
    /// Where the profile of the logged-in user comes from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<Profile>,
    /// The provider's API.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api: Option<Api>,
    /// What is no data but a hook in Rust.
    #[serde(skip_serializing_if = "Mechanisms::is_empty")]
    pub mechanisms: Mechanisms,
    /// Every deviation that a reader might take for a mistake, with its reason.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub quirks: Vec<Quirk>,
}

fields!(ProviderSpec {
    id,
    name,
    module,
    marker,
    description = None,
    docs,
    console = None,
    checked,
    confidence,
    groups = Vec::new(),
    settings = Vec::new(),
    environments = Vec::new(),
    endpoints,
    client_auth,
    pkce,
    challenge = Challenge::default(),
    dpop = None,
    redirect = Redirect::default(),
    scopes,
    authorize,
    callback,
    token,
    refresh = None,
    revoke = None,
    grants = Grants::default(),
    introspect = None,
    logout = None,
    consent = None,
    openid = None,
    profile = None,
    api = None,
    mechanisms = Mechanisms::default(),
    quirks = Vec::new(),
});

impl ProviderSpec {
    /// Decodes the canonical JSON that [`to_json`](Self::to_json) writes and the macros embed.
    ///
    /// This is for specs that have passed the checks already. To load what an author wrote, use
    /// [`from_yaml`](Self::from_yaml).
    pub fn from_json(json: &str) -> Result<Self, serde_json::Error> {
        decode::read(json)
    }

    /// Writes the canonical JSON: equal specs give equal bytes.
    pub fn to_json(&self) -> String {
        // A spec is maps with string keys, strings, numbers and lists: serde_json can write each of them.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// What the file's author called `name`, with the id, for messages: `GitHub (github)`.
    pub fn label(&self) -> String {
        format!("{} ({})", self.name, self.id)
    }

    /// The setting of that name.
    pub fn setting(&self, name: &str) -> Option<&Setting> {
        self.settings.iter().find(|setting| setting.name == name)
    }

    /// The settings that have no default: a client cannot work before they are given.
    pub fn required_settings(&self) -> impl Iterator<Item = &Setting> {
        self.settings.iter().filter(|setting| setting.is_required())
    }

    /// The API operation of that name.
    pub fn operation(&self, name: &str) -> Option<&Operation> {
        self.api.as_ref()?.operations.iter().find(|operation| operation.name == name)
    }

    /// The names of what this provider can do, as the catalog lists them.
    pub fn capabilities(&self) -> Vec<&'static str> {
        let mut capabilities = Vec::new();
        if self.endpoints.authorizes() {
            capabilities.push("authorize");
        }
        if self.refresh.is_some() {
            capabilities.push("refresh");
        }
        if self.revoke.is_some() {
            capabilities.push("revoke");
        }
        if self.endpoints.registration.is_some() {
            capabilities.push("register");
        }
        capabilities.extend(self.grants.requests().map(|(name, _)| name));
        if self.introspect.is_some() {
            capabilities.push("introspect");
        }
        if self.logout.is_some() {
            capabilities.push("logout");
        }
        if self.consent.is_some() {
            capabilities.push("consent");
        }
        if self.openid.is_some() {
            capabilities.push("openid");
        }
        if self.profile.is_some() {
            capabilities.push("profile");
        }
        if self.api.is_some() {
            capabilities.push("api");
        }
        capabilities
    }

    /// The grants (RFC 6749 section 1.3) that this provider's file declares.
    pub fn grants(&self) -> Vec<&'static str> {
        let mut grants = Vec::new();
        if self.endpoints.authorizes() {
            grants.push("authorization_code");
        }
        if self.refresh.as_ref().is_some_and(|refresh| refresh.with == RefreshWith::RefreshToken) {
            grants.push("refresh_token");
        }
        grants.extend(self.grants.requests().map(|(name, _)| name));
        grants
    }
}

/// A spec in a `static`: decoded from its canonical JSON at first use, once, and shared from then on.
///
/// The macros emit one per provider, inside the function that returns it, so that a provider that is never used
/// leaves nothing in the binary.
#[derive(Debug)]
pub struct SpecCell {
    json: &'static str,
    spec: std::sync::OnceLock<Arc<ProviderSpec>>,
}

impl SpecCell {
    /// A cell over JSON that passed the checks at compile time.
    pub const fn new(json: &'static str) -> Self {
        Self { json, spec: std::sync::OnceLock::new() }
    }

    /// The spec.
    ///
    /// # Panics
    ///
    /// When the JSON is not a spec: the macros and the run time are then of different versions, which the exact
    /// version requirement between them rules out.
    pub fn load(&self) -> &Arc<ProviderSpec> {
        self.spec.get_or_init(|| match ProviderSpec::from_json(self.json) {
            Ok(spec) => Arc::new(spec),
            Err(fault) => panic!(
                "the compiled provider spec does not decode ({fault}): oauth-macros and oauth-core differ in version"
            ),
        })
    }
}
