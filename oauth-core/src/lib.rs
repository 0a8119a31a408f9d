//! The engine behind `oauth-providers`: provider files, the OAuth flows, applying tokens, and the life of a token.
//!
//! Most programs depend on `oauth-providers`, which re-exports everything here beside a catalog of typed providers.
//! This crate alone is for programs whose providers are all known at run time only.
//!
//! A provider is data: a [`ProviderSpec`], loaded from YAML at run time or compiled in by the macros. A [`Client`] is
//! you at that provider; [`Client::authorize`] starts a login, [`Client::callback`] finishes it, and the [`Account`]
//! it gives keeps its token fresh.

#[cfg(feature = "schema")]
mod check;
#[cfg(feature = "schema")]
mod fault;
#[cfg(feature = "schema")]
pub mod load;
#[cfg(feature = "schema")]
mod schema;
pub mod spec;
pub mod standards;

#[cfg(feature = "client")]
#[doc(hidden)]
#[path = "generated.rs"]
pub mod __private;
#[cfg(feature = "client")]
mod account;
#[cfg(feature = "client")]
mod also;
#[cfg(feature = "client")]
mod api;
#[cfg(feature = "client")]
mod applied;
#[cfg(feature = "client")]
mod apply;
#[cfg(feature = "client")]
mod authorize;
#[cfg(feature = "client")]
mod browser;
#[cfg(feature = "client")]
mod callback;
#[cfg(feature = "client")]
mod catalog;
#[cfg(feature = "client")]
mod challenge;
#[cfg(feature = "client")]
mod ciba;
#[cfg(feature = "client")]
mod client;
#[cfg(feature = "client")]
mod client_credentials;
#[cfg(feature = "client")]
mod clock;
#[cfg(feature = "client")]
mod consent;
#[cfg(feature = "client")]
pub mod crypto;
#[cfg(feature = "client")]
mod device;
#[cfg(feature = "client")]
mod dpop;
#[cfg(feature = "client")]
mod email;
#[cfg(feature = "client")]
mod encode;
#[cfg(feature = "client")]
mod error;
#[cfg(feature = "client")]
mod exchange;
#[cfg(feature = "client")]
mod fetch;
#[cfg(feature = "client")]
mod fields;
#[cfg(feature = "client")]
mod front_channel_logout;
#[cfg(feature = "client")]
mod grant;
#[cfg(feature = "client")]
pub mod http;
#[cfg(feature = "client")]
mod introspect;
#[cfg(feature = "client")]
pub mod jose;
#[cfg(feature = "client")]
mod json;
#[cfg(feature = "client")]
mod jwt_bearer;
#[cfg(feature = "tower")]
mod layer;
#[cfg(feature = "client")]
mod logout;
#[cfg(feature = "client")]
mod logout_token;
#[cfg(feature = "client")]
mod lookup;
#[cfg(feature = "client")]
mod manager;
#[cfg(feature = "client")]
mod mcp;
#[cfg(feature = "client")]
pub mod mechanism;
#[cfg(feature = "client")]
mod openid;
#[cfg(feature = "client")]
mod origin;
#[cfg(feature = "client")]
mod password;
#[cfg(feature = "client")]
mod pending;
#[cfg(feature = "client")]
mod polling;
#[cfg(feature = "client")]
mod profile;
#[cfg(feature = "client")]
mod protected_resource;
#[cfg(feature = "client")]
mod provider;
#[cfg(feature = "client")]
mod pushed;
#[cfg(feature = "client")]
mod refresh;
#[cfg(feature = "client")]
mod registration;
#[cfg(feature = "client")]
mod request_object;
#[cfg(feature = "client")]
mod revoke;
#[cfg(feature = "client")]
mod rng;
#[cfg(feature = "client")]
mod saml_bearer;
#[cfg(feature = "client")]
mod scopes;
#[cfg(feature = "client")]
pub mod seal;
#[cfg(feature = "client")]
mod signature;
#[cfg(feature = "client")]
pub mod store;
#[cfg(feature = "client")]
mod token;
#[cfg(feature = "client")]
mod token_exchange;
#[cfg(all(feature = "schema", feature = "client"))]
mod untrusted;
#[cfg(feature = "client")]
mod values;

#[cfg(feature = "client")]
pub use secrecy::{ExposeSecret, SecretString};

#[cfg(feature = "schema")]
pub use self::fault::{Fault, Faults};
#[cfg(feature = "tower")]
pub use self::layer::{BoxError, TokenLayer, TokenOnceLayer, TokenOnceService, TokenService};
#[cfg(feature = "json-schema")]
pub use self::schema::json_schema;
pub use self::spec::ProviderSpec;
#[cfg(all(feature = "schema", feature = "client"))]
pub use self::untrusted::UntrustedSpec;
#[cfg(feature = "client")]
pub use self::{
    account::{AccessToken, Account},
    api::{ApiCall, ApiRequest, ApiResponse, IntoParam, OperationCall, OperationOutput},
    applied::Applied,
    authorize::{Attempt, AuthorizationUrl, Authorize},
    browser::{Browser, BrowserBinding},
    callback::{CallbackInput, VerifiedCode},
    catalog::CatalogEntry,
    challenge::ResourceChallenge,
    ciba::{Backchannel, BackchannelLogin, UserHint},
    client::{Client, ClientAuth, SecretSource, SourceError},
    client_credentials::ClientCredentials,
    clock::{Clock, SystemClock},
    consent::{AskConsent, ConsentAttempt, Consented, PendingConsent},
    device::{Device, DeviceLogin},
    error::{Error, ErrorKind, Result, ServerError, Step},
    fields::{FieldReader, FromFields, NoExtras, RawFields},
    front_channel_logout::FrontChannelLogout,
    introspect::Introspection,
    jwt_bearer::JwtBearer,
    logout::{LogOut, LogoutAttempt, LogoutRequest, PendingLogout},
    logout_token::LogoutToken,
    manager::{
        AccountId, AccountInfo, AccountName, Accounts, ClientQuery, ClientResolver, Disconnected, Event, EventKind,
        Events, Reason, Revocation, Status, TokenManager, TokenManagerBuilder, Worker, WorkerReport,
    },
    mcp::{ClientIdentity, Mcp},
    openid::{Discovered, IdToken, Metadata},
    password::Password,
    pending::{
        HeldPending, IntoPending, PendingAttempt, PendingAttempts, SealedAttempt, SealedAttempts, SealedCookie,
        StoredAttempts,
    },
    polling::DevicePoll,
    profile::Profile,
    protected_resource::{ProtectedResource, ResourceMetadata},
    provider::{
        CanAskConsent, CanAuthorize, CanExchangeTokens, CanIntrospect, CanLogOut, CanRefresh, CanRegister, CanRevoke,
        CanUseBackchannel, CanUseClientCredentials, CanUseDevice, CanUseJwtBearer, CanUsePassword, CanUseSamlBearer,
        Compiled, Dynamic, HasApi, HasIdTokens, HasProfile, Provider,
    },
    registration::{ClientMetadata, ClientStore, MemoryClients, RegisteredClient, Registration, StoredClients},
    rng::{OsRng, Rng, RngError},
    saml_bearer::SamlBearer,
    scopes::{IntoScopes, ScopeOf, Scopes},
    signature::VerifiedQuery,
    token::TokenSet,
    token_exchange::{ExchangedToken, TokenExchange, TokenKind},
    values::{EnvironmentValue, OptionValue, SettingValue},
};
