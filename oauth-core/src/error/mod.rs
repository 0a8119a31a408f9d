//! What can go wrong, told so that the reader knows what to do next.

mod explain;
mod kind;
mod scrub;
mod server;

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

pub use self::kind::{ErrorKind, Step};
pub(crate) use self::scrub::Scrub;
pub use self::server::ServerError;
pub(crate) use self::server::clean;
use crate::spec::ProviderSpec;
use crate::store::StoreError;

/// The result of an OAuth step.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why an OAuth step failed.
///
/// `Display` says what was being done, with which provider, and what went wrong; [`source`](StdError::source) holds
/// the cause and never repeats it; [`explain`](Self::explain) adds the usual reasons, the way out and the provider's
/// console. None of them ever holds a secret, an authorization code or a URL with its query.
///
/// The type is one pointer wide and cheap to clone, so that all waiters of a shared refresh get the same error.
#[derive(Clone)]
pub struct Error {
    inner: Arc<Inner>,
}

struct Inner {
    kind: ErrorKind,
    step: Step,
    provider: Option<ProviderRef>,
    what: String,
    fix: Option<String>,
    server: Option<ServerError>,
    retry_after: Option<Duration>,
    scopes: Vec<String>,
    wanted: Option<Box<WantedLogin>>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

/// What the next login is to be like, where an API does not take the token of the last one.
#[derive(Default)]
pub(crate) struct WantedLogin {
    pub(crate) acr_values: Vec<String>,
    pub(crate) max_age: Option<u64>,
    /// The scopes of the token that was refused.
    pub(crate) granted: Vec<String>,
    /// The resources that it was asked for.
    pub(crate) resources: Vec<String>,
}

/// As much of a provider as a message needs.
#[derive(Clone)]
struct ProviderRef {
    id: String,
    name: String,
    console: Option<String>,
    docs: String,
}

impl Error {
    #[allow(clippy::new_ret_no_self, reason = "an error is complete only once it knows its provider")]
    pub(crate) fn new(kind: ErrorKind, step: Step, what: impl Into<String>) -> Builder {
        Builder {
            inner: Inner {
                kind,
                step,
                provider: None,
                what: what.into(),
                fix: None,
                server: None,
                retry_after: None,
                scopes: Vec::new(),
                wanted: None,
                source: None,
            },
        }
    }

    /// What went wrong, to match on.
    pub fn kind(&self) -> ErrorKind {
        self.inner.kind
    }

    /// The stable word for [`kind`](Self::kind), for logs, pages and support: `state-mismatch`.
    pub fn code(&self) -> &'static str {
        self.inner.kind.code()
    }

    /// The step that failed.
    pub fn step(&self) -> Step {
        self.inner.step
    }

    /// The id of the provider it happened with.
    pub fn provider(&self) -> Option<&str> {
        self.inner.provider.as_ref().map(|provider| provider.id.as_str())
    }

    /// What the provider itself said, where it said something.
    pub fn server(&self) -> Option<&ServerError> {
        self.inner.server.as_ref()
    }

    /// How long the provider asks to wait before the next try.
    pub fn retry_after(&self) -> Option<Duration> {
        self.inner.retry_after
    }

    /// What went wrong, without who and where.
    pub(crate) fn what(&self) -> &str {
        &self.inner.what
    }

    pub(crate) fn fix(&self) -> Option<&str> {
        self.inner.fix.as_deref()
    }

    /// What the store said, where one failed.
    pub fn store(&self) -> Option<&StoreError> {
        self.inner.source.as_deref().and_then(|source| source.downcast_ref())
    }

    /// The scopes that the API asked for and the token lacks, as far as it named them: what a new login asks for as well.
    pub fn scopes(&self) -> &[String] {
        &self.inner.scopes
    }

    /// The classes of login of which the API wants one (`acr_values` of RFC 9470 section 3), as far as it named them.
    pub fn acr_values(&self) -> &[String] {
        self.inner.wanted.as_ref().map_or(&[], |wanted| &wanted.acr_values)
    }

    /// How many seconds ago the API wants the user to have logged in at most (`max_age` of RFC 9470 section 3).
    pub fn max_age(&self) -> Option<u64> {
        self.inner.wanted.as_ref()?.max_age
    }

    /// What the next login is to be like.
    pub(crate) fn wanted(&self) -> Option<&WantedLogin> {
        self.inner.wanted.as_deref()
    }

    /// Whether the same call may succeed later without anybody changing anything.
    pub fn is_retryable(&self) -> bool {
        if let Some(store) = self.store() {
            return store.is_transient();
        }
        // An ID token is checked when its code is spent: the same call cannot succeed any more.
        self.inner.kind.is_retryable() && self.inner.step != Step::IdToken
    }

    /// Whether an answer was proved to be about another user, or of another issuer (OpenID Connect Core section 12.2).
    pub(crate) fn is_of_another_identity(&self) -> bool {
        matches!(self.inner.kind, ErrorKind::IdentityChanged | ErrorKind::IdTokenIssuer)
    }

    /// Whether only a new login helps.
    pub fn needs_reauth(&self) -> bool {
        match self.inner.kind {
            ErrorKind::GrantRejected => self.inner.step == Step::Refresh,
            kind => matches!(
                kind,
                ErrorKind::NoRefreshToken
                    | ErrorKind::IssuerChanged
                    | ErrorKind::IdentityChanged
                    | ErrorKind::NotConnected
                    | ErrorKind::Revoked
                    | ErrorKind::LostRotation
                    | ErrorKind::RefreshExpired
            ),
        }
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        let what = format!("the {} store failed ({})", error.store(), error.code());
        let builder = Self::new(ErrorKind::Store, Step::Store, what);
        match error.remedy().map(ToOwned::to_owned) {
            Some(fix) => builder.fix(fix),
            None => builder,
        }
        .source(error)
        .general()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &*self.inner;
        match &inner.provider {
            Some(provider) => write!(f, "{} with {}: {}", inner.step, provider.name, inner.what),
            None => write!(f, "{}: {}", inner.step, inner.what),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &*self.inner;
        f.debug_struct("Error")
            .field("kind", &inner.kind)
            .field("step", &inner.step)
            .field("provider", &self.provider())
            .field("what", &inner.what)
            .field("fix", &inner.fix)
            .field("server", &inner.server)
            .field("source", &inner.source)
            .finish_non_exhaustive()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.inner.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}

/// An error under construction.
pub(crate) struct Builder {
    inner: Inner,
}

impl Builder {
    pub(crate) fn fix(mut self, fix: impl Into<String>) -> Self {
        self.inner.fix = Some(fix.into());
        self
    }

    pub(crate) fn server(mut self, server: ServerError) -> Self {
        self.inner.retry_after = self.inner.retry_after.or(server.retry_after());
        self.inner.server = Some(server);
        self
    }

    pub(crate) fn retry_after(mut self, wait: Duration) -> Self {
        self.inner.retry_after = Some(wait);
        self
    }

    pub(crate) fn scopes(mut self, scopes: Vec<String>) -> Self {
        self.inner.scopes = scopes;
        self
    }

    pub(crate) fn wanted(mut self, wanted: WantedLogin) -> Self {
        self.inner.wanted = Some(Box::new(wanted));
        self
    }

    pub(crate) fn source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.inner.source = Some(source.into());
        self
    }

    /// The error of a step that belongs to no provider.
    pub(crate) fn general(self) -> Error {
        Error { inner: Arc::new(self.inner) }
    }

    /// The error, with the provider it happened with.
    pub(crate) fn of(mut self, spec: &ProviderSpec) -> Error {
        self.inner.provider = Some(ProviderRef {
            id: spec.id.clone(),
            name: spec.name.clone(),
            console: spec.console.clone(),
            docs: spec.docs.clone(),
        });
        Error { inner: Arc::new(self.inner) }
    }
}
