//! What a client is a client of, as types: providers, and what they can do.

use std::sync::Arc;

use crate::fields::{FromFields, RawFields};
use crate::spec::ProviderSpec;

/// A provider as the type parameter of [`Client`](crate::Client) and [`Account`](crate::Account).
///
/// The macros implement it for the marker type of each provider file; [`Dynamic`] stands for all files that are
/// loaded at run time.
pub trait Provider: Sized + Send + Sync + 'static {
    /// Its scopes.
    type Scope: AsRef<str>;
    /// What its token response has beyond the standard.
    type Extras: FromFields;
    /// What its callback has beyond the standard.
    type CallbackExtras: FromFields;
}

/// A provider whose file was compiled in.
pub trait Compiled: Provider {
    /// Its catalog id.
    const ID: &'static str;

    /// Its facts, decoded once.
    fn spec() -> &'static Arc<ProviderSpec>;
}

/// Any provider, known only at run time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dynamic;

impl Provider for Dynamic {
    type Scope = String;
    type Extras = RawFields;
    type CallbackExtras = RawFields;
}

// `on_unimplemented` takes literals only, so the words stand here in full, once per capability.
macro_rules! capability {
    ($(#[$meta:meta])* $name:ident) => {
        $(#[$meta])*
        pub trait $name: Provider {}
        impl $name for Dynamic {}
    };
}

capability! {
    /// The provider logs people in: its file has `endpoints.authorization`.
    #[diagnostic::on_unimplemented(
        message = "provider `{Self}` has no login by redirect",
        label = "`{Self}` declares no authorization endpoint",
        note = "add `endpoints.authorization` to the provider's YAML file if it has one"
    )]
    CanAuthorize
}
capability! {
    /// The provider renews tokens: its file does not say `refresh: none`.
    #[diagnostic::on_unimplemented(
        message = "provider `{Self}` cannot refresh tokens",
        label = "`{Self}` declares that there is no refresh",
        note = "replace `refresh: none` in the provider's YAML file if it can"
    )]
    CanRefresh
}
capability! {
    /// The provider revokes tokens: its file has `endpoints.revocation`.
    #[diagnostic::on_unimplemented(
        message = "provider `{Self}` cannot revoke tokens",
        label = "`{Self}` declares no revocation endpoint",
        note = "add `endpoints.revocation` to the provider's YAML file if it has one"
    )]
    CanRevoke
}
capability! {
    /// The provider registers clients (RFC 7591): its file has `endpoints.registration`.
    #[diagnostic::on_unimplemented(
        message = "provider `{Self}` registers no clients",
        label = "`{Self}` declares no registration endpoint",
        note = "add `endpoints.registration` to the provider's YAML file if it has one"
    )]
    CanRegister
}
capability! {
    /// The provider gives clients tokens of their own: its file has `grants.client_credentials`.
    #[diagnostic::on_unimplemented(
        message = "provider `{Self}` gives clients no tokens of their own",
        label = "`{Self}` declares no client credentials grant",
        note = "add `grants.client_credentials` to the provider's YAML file if it has it"
    )]
    CanUseClientCredentials
}
capability! {
    /// The provider has logins on another device: its file has `grants.device`.
    #[diagnostic::on_unimplemented(
        message = "provider `{Self}` has no login on another device",
        label = "`{Self}` declares no device grant",
        note = "add `grants.device` to the provider's YAML file if it has it"
    )]
    CanUseDevice
}
capability! {
    /// The provider exchanges tokens: its file has `grants.token_exchange`.
    #[diagnostic::on_unimplemented(
        message = "provider `{Self}` exchanges no tokens",
        label = "`{Self}` declares no token exchange",
        note = "add `grants.token_exchange` to the provider's YAML file if it has it"
    )]
    CanExchangeTokens
}
capability! {
    /// The provider takes a JWT for a grant: its file has `grants.jwt_bearer`.
    #[diagnostic::on_unimplemented(
        message = "provider `{Self}` takes no JWT for a grant",
        label = "`{Self}` declares no JWT bearer grant",
        note = "add `grants.jwt_bearer` to the provider's YAML file if it has it"
    )]
    CanUseJwtBearer
}
capability! {
    /// The provider takes a SAML assertion for a grant: its file has `grants.saml_bearer`.
    #[diagnostic::on_unimplemented(
        message = "provider `{Self}` takes no SAML assertion for a grant",
        label = "`{Self}` declares no SAML bearer grant",
        note = "add `grants.saml_bearer` to the provider's YAML file if it has it"
    )]
    CanUseSamlBearer
}
capability! {
    /// The provider asks users for their approval on a device of their own: its file has `grants.ciba`.
    #[diagnostic::on_unimplemented(
        message = "provider `{Self}` has no login that the client initiates",
        label = "`{Self}` declares no backchannel authentication",
        note = "add `grants.ciba` to the provider's YAML file if it has it"
    )]
    CanUseBackchannel
}
capability! {
    /// The provider takes the user's password: its file has `grants.password`.
    #[diagnostic::on_unimplemented(
        message = "provider `{Self}` takes no passwords",
        label = "`{Self}` declares no password grant",
        note = "RFC 9700 section 2.4 forbids it; where there is no other way, `grants.password` of the provider's YAML file declares it"
    )]
    CanUsePassword
}
capability! {
    /// The provider answers questions about a token: its file has `endpoints.introspection`.
    #[diagnostic::on_unimplemented(
        message = "provider `{Self}` cannot be asked about tokens",
        label = "`{Self}` declares no introspection endpoint",
        note = "add `endpoints.introspection` to the provider's YAML file if it has one"
    )]
    CanIntrospect
}
capability! {
    /// The provider logs people out in the browser: its file has `endpoints.end_session`.
    #[diagnostic::on_unimplemented(
        message = "provider `{Self}` has no logout by redirect",
        label = "`{Self}` declares no end session endpoint",
        note = "add `endpoints.end_session` to the provider's YAML file if it has one"
    )]
    CanLogOut
}
capability! {
    /// The provider has a page on which somebody approves the app for others: its file has `consent`.
    #[diagnostic::on_unimplemented(
        message = "provider `{Self}` has no page for consent",
        label = "`{Self}` declares no consent by an administrator",
        note = "add `consent` to the provider's YAML file if it has one"
    )]
    CanAskConsent
}
capability! {
    /// The provider issues ID tokens that are verified: its file has `openid`.
    #[diagnostic::on_unimplemented(
        message = "provider `{Self}` signs nothing that could be verified",
        label = "`{Self}` declares no ID tokens",
        note = "add `openid` to the provider's YAML file if it issues ID tokens"
    )]
    HasIdTokens
}
capability! {
    /// The provider tells who logged in: its file has `profile`.
    #[diagnostic::on_unimplemented(
        message = "provider `{Self}` has no profile request",
        label = "`{Self}` declares no profile",
        note = "add `profile` to the provider's YAML file if it has one"
    )]
    HasProfile
}
capability! {
    /// The provider has an API: its file has `api`.
    #[diagnostic::on_unimplemented(
        message = "provider `{Self}` has no API",
        label = "`{Self}` declares no API base URL",
        note = "add `api.base_url` to the provider's YAML file if it has one"
    )]
    HasApi
}
