use std::fmt;

/// What was being done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Step {
    /// Setting up the client.
    Configure,
    /// Starting a login.
    Authorize,
    /// Reading the provider's redirect.
    Callback,
    /// Exchanging the authorization code.
    Exchange,
    /// Renewing the access token.
    Refresh,
    /// Revoking tokens.
    Revoke,
    /// Asking for a token without a user: client credentials, a password, an assertion.
    Grant,
    /// Logging in on another device.
    Device,
    /// Asking a user for their approval on a device of their own.
    Backchannel,
    /// Exchanging one token for another.
    TokenExchange,
    /// Asking the provider about a token.
    Introspect,
    /// Logging out.
    Logout,
    /// Asking somebody to approve the app for others.
    Consent,
    /// Registering a client.
    Registration,
    /// Asking the issuer for its metadata.
    Discovery,
    /// Opening the session that belongs to a fresh token.
    Session,
    /// Checking the ID token.
    IdToken,
    /// Reading the profile.
    Profile,
    /// Calling the API.
    Api,
    /// Reading or writing stored tokens.
    Store,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Configure => "setting up the client",
            Self::Authorize => "starting the login",
            Self::Callback => "reading the login callback",
            Self::Exchange => "exchanging the authorization code",
            Self::Refresh => "refreshing the token",
            Self::Grant => "asking for a token",
            Self::Device => "logging in on another device",
            Self::Backchannel => "asking the user to approve the login",
            Self::TokenExchange => "exchanging a token",
            Self::Introspect => "asking about a token",
            Self::Logout => "logging out",
            Self::Consent => "asking for consent",
            Self::Registration => "registering the client",
            Self::Discovery => "asking the issuer for its metadata",
            Self::Session => "opening the session",
            Self::IdToken => "checking the ID token",
            Self::Profile => "reading the profile",
            Self::Api => "calling the API",
            Self::Store => "storing the tokens",
            Self::Revoke => "revoking the tokens",
        })
    }
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $code:literal,)+) => {
        /// What went wrong.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum ErrorKind { $($(#[$doc])* $kind,)+ }

        impl ErrorKind {
            /// Every kind.
            pub const ALL: &[Self] = &[$(Self::$kind),+];

            /// The stable word, for logs, pages and support.
            pub const fn code(self) -> &'static str {
                match self { $(Self::$kind => $code,)+ }
            }
        }
    };
}

kinds! {
    /// Something the client needs is missing or malformed: the id, the secret, the redirect URI.
    Config = "client-config",
    /// A required setting is missing, or its value is not of its kind.
    Setting = "setting-invalid",
    /// The provider needs a mechanism, a hook in Rust, that the client was not given.
    MechanismMissing = "mechanism-missing",
    /// A mechanism could not do its work.
    Mechanism = "mechanism-failed",
    /// The provider's file declares no such capability.
    Unsupported = "not-supported",
    /// A scope has characters that RFC 6749 section 3.3 does not allow.
    Scope = "scope-invalid",
    /// A caller's parameter would replace one of the protocol's.
    ReservedParameter = "reserved-parameter",
    /// An option or parameter has a value that the provider does not take.
    Parameter = "parameter-invalid",
    /// The authorization URL is longer than browsers and servers take.
    UrlTooLong = "url-too-long",
    /// An address is neither https nor loopback.
    InsecureUrl = "insecure-url",
    /// The operating system gave no random bytes; nothing was started.
    Random = "no-randomness",

    /// No login is under way that this callback could belong to.
    NoPendingAttempt = "no-pending-attempt",
    /// The callback has no `state`.
    StateMissing = "state-missing",
    /// The callback's `state` is not the attempt's.
    StateMismatch = "state-mismatch",
    /// The callback came without the browser's cookie.
    BrowserMissing = "state-cookie-lost",
    /// The login was started in another browser.
    BrowserMismatch = "browser-mismatch",
    /// The attempt is too old.
    AttemptExpired = "state-expired",
    /// The attempt has been completed already.
    AlreadyUsed = "state-replayed",
    /// The attempt belongs to another provider, client or redirect URI.
    ProviderMismatch = "provider-mismatch",
    /// The callback names another issuer (RFC 9207).
    IssuerMismatch = "issuer-mismatch",
    /// The callback names no issuer although the provider always does (RFC 9207).
    IssuerMissing = "issuer-missing",
    /// The provider's signature over the callback is missing or wrong.
    CallbackSignature = "callback-signature",
    /// The callback has a parameter twice, or a code and an error.
    AmbiguousCallback = "ambiguous-callback",
    /// The callback has neither code nor error.
    MissingCode = "code-missing",
    /// The callback is larger than any real one.
    CallbackTooLarge = "callback-too-large",
    /// The callback has a value that its file does not allow.
    CallbackValue = "callback-value",
    /// The user, or their organisation, said no.
    AccessDenied = "access-denied",
    /// The provider refused the authorization request.
    AuthorizationRefused = "authorization-refused",

    /// The client id or secret was refused (`invalid_client`).
    ClientRejected = "client-rejected",
    /// The code or the refresh token was refused (`invalid_grant`).
    GrantRejected = "grant-rejected",
    /// An answer was lost that may have held the tokens: nobody knows whether they were issued.
    OutcomeUnknown = "outcome-unknown",
    /// The token that was issued is of another type than the one that was asked for (RFC 8693 section 2.2.1).
    IssuedTokenType = "issued-token-type",
    /// The provider refused the request for another reason.
    ProviderRefused = "provider-refused",
    /// The answer is not what the protocol or the provider's file says.
    BadResponse = "bad-token-response",
    /// The answer has both a token and an error.
    AmbiguousResponse = "ambiguous-response",
    /// The answer has no `token_type`.
    TokenTypeMissing = "token-type-missing",
    /// The answer's `token_type` is none that this client can use.
    TokenTypeUnsupported = "token-type-unsupported",
    /// The token is bound to no key although this provider's are (RFC 9449 section 5), or the key is not with it; it was not used.
    TokenDowngraded = "token-downgraded",
    /// The server does not take the nonce that it gave for a proof of possession (RFC 9449 section 8).
    NonceRefused = "nonce-refused",
    /// The endpoint answered with a redirect, which is not followed.
    RedirectRefused = "token-endpoint-redirect",
    /// The answer is larger than the limit.
    ResponseTooLarge = "response-too-large",
    /// The answer is compressed although nobody asked for that.
    ResponseEncoded = "response-encoded",
    /// The answer may have been cut off.
    ResponseTruncated = "response-truncated",
    /// The provider is down or overloaded.
    Unavailable = "provider-unavailable",
    /// The provider asks to wait.
    RateLimited = "rate-limited",

    /// The server could not be reached.
    Connect = "connect-failed",
    /// The server's certificate was refused, or no common protocol found.
    Tls = "tls-failed",
    /// The address is none of the public internet, and the server was named by somebody else.
    AddressBlocked = "address-blocked",
    /// No answer in time.
    Timeout = "timeout",
    /// The connection broke.
    Network = "network-failed",

    /// The metadata names another issuer than the one that was asked (RFC 8414 section 3.3).
    MetadataIssuer = "metadata-issuer",
    /// The metadata has an address that is missing, not https, or malformed.
    MetadataEndpoint = "metadata-endpoint",
    /// The metadata leads to a host that nobody allowed.
    MetadataForeign = "metadata-foreign-host",
    /// The issuer gave no metadata: another status than 200.
    MetadataStatus = "metadata-status",
    /// The metadata or the key set is not JSON, or a member is of the wrong type.
    MetadataFormat = "metadata-format",
    /// The metadata is of another protected resource than the one that was asked for (RFC 9728 section 3.3).
    ResourceMismatch = "resource-mismatch",
    /// The issuer does not list PKCE with S256, which is demanded of it.
    PkceNotListed = "pkce-not-listed",
    /// The provider does not register the client.
    RegistrationRefused = "registration-refused",
    /// The provider does not know the registration any more, or not the token that it is managed with (RFC 7592 section 2).
    RegistrationUnknown = "registration-unknown",
    /// The provider registered something else than it was asked to (RFC 7591 section 3.2.1).
    RegistrationChanged = "registration-changed",
    /// The client's secret has ended (RFC 7591 section 3.2.1).
    ClientSecretExpired = "client-secret-expired",
    /// The client's id and secret are of another issuer: they are not sent to this one.
    IssuerNotBound = "issuer-not-bound",
    /// The provider publishes no key that could be used.
    NoKeys = "no-keys",

    /// There is no ID token although one was asked for.
    IdTokenMissing = "id-token-missing",
    /// The ID token is none: not three parts, not JSON, too large, a claim twice.
    IdTokenMalformed = "id-token-malformed",
    /// The ID token is encrypted, which nobody asked for.
    IdTokenEncrypted = "id-token-encrypted",
    /// The ID token is signed with an algorithm that is not expected, or not at all.
    IdTokenAlgorithm = "id-token-algorithm",
    /// No key, or too many, fit the ID token, or the key is too weak.
    IdTokenKey = "id-token-key",
    /// The ID token's signature is wrong.
    IdTokenSignature = "id-token-signature",
    /// A claim is missing or of the wrong type.
    IdTokenClaim = "id-token-claim",
    /// The ID token is from another issuer.
    IdTokenIssuer = "id-token-issuer",
    /// The ID token is for another client.
    IdTokenAudience = "id-token-audience",
    /// The ID token's `nonce` is not this login's.
    IdTokenNonce = "id-token-nonce",
    /// The ID token has expired.
    IdTokenExpired = "id-token-expired",
    /// The ID token is from the future: a clock is wrong.
    IdTokenNotYetValid = "id-token-not-yet-valid",
    /// The ID token was issued long ago.
    IdTokenTooOld = "id-token-too-old",
    /// The ID token's subject is missing or malformed.
    IdTokenSubject = "id-token-subject",
    /// The ID token belongs to another access token or code.
    IdTokenHash = "id-token-hash",
    /// The user logged in longer ago than was asked for, or the token does not say when.
    IdTokenAuthTime = "id-token-auth-time",
    /// The user did not log in in the way that was asked for.
    IdTokenAcr = "id-token-acr",
    /// An answer that the provider signs, a callback, a profile or what it says of a token, is of another kind, or lacks what
    /// each has. Its issuer, audience, dates and signature are told by the same kinds as an ID token's.
    SignedAnswer = "signed-answer-invalid",
    /// An answer is not signed, or has something unsigned beside it, although the provider's file says that it is signed.
    AnswerUnsigned = "answer-unsigned",
    /// A logout token is none: it has no logout event, has a `nonce`, or says neither who nor which session.
    LogoutToken = "logout-token-invalid",
    /// A request for a logout through the browser names half a session.
    LogoutRequest = "logout-request-invalid",
    /// A renewed ID token is of another user or another issuer.
    IdentityChanged = "identity-changed",
    /// The tokens are of another issuer than the client's: they are not sent to it.
    IssuerChanged = "issuer-changed",
    /// The profile is of another user than the ID token.
    SubjectMismatch = "subject-mismatch",

    /// There is nothing to renew the token with.
    NoRefreshToken = "no-refresh-token",
    /// The access token has ended, and nothing else will do.
    TokenEnded = "token-ended",
    /// The address is not the provider's: no token goes there.
    OriginRefused = "origin-refused",
    /// The API refused the token.
    Unauthorized = "unauthorized",
    /// The token is good, but it lacks a scope that the API wants for this.
    InsufficientScope = "insufficient-scope",
    /// The token is good, but the API wants the user to have logged in in another way, or more recently (RFC 9470);
    /// [`Authorize::step_up`](crate::Authorize::step_up) starts such a login.
    StepUpRequired = "step-up-required",
    /// The API refused the request.
    ApiStatus = "api-refused",
    /// The API's answer is not what the provider's file says.
    BadApiResponse = "bad-api-response",
    /// A store failed; [`Error::store`](crate::Error::store) says how.
    Store = "store-failed",
    /// There are no tokens of that account: it was never connected, was disconnected, or its store has lost it.
    NotConnected = "not-connected",
    /// The tokens have been revoked with the provider, and the account is being disconnected.
    Revoked = "account-revoked",
    /// The answer that held a new refresh token was lost, and the old one is of no use any more.
    LostRotation = "rotation-lost",
    /// The refresh token has ended.
    RefreshExpired = "refresh-token-expired",
    /// The token does not last as long as was asked for, although it has just been renewed.
    TooShort = "token-too-short",
    /// The manager has been shut down.
    ShutDown = "shut-down",
    /// A fault of this library: a task ended without a result.
    Internal = "internal",
}

impl ErrorKind {
    /// The kind of that word, where it is one that a refresh may end with.
    pub(crate) fn from_code(code: &str) -> Self {
        Self::ALL.iter().copied().find(|kind| kind.code() == code).unwrap_or(Self::ProviderRefused)
    }

    /// Whether the same call may succeed later without anybody changing anything.
    pub const fn is_retryable(self) -> bool {
        matches!(
            self,
            Self::Unavailable
                | Self::RateLimited
                | Self::Connect
                | Self::Timeout
                | Self::Network
                | Self::ResponseTruncated
        )
    }
}
