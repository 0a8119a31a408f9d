use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;

/// The result of asking a store.
pub type StoreResult<T> = Result<T, StoreError>;

/// Why a store could not do what it was asked.
///
/// The text never holds a password, a token or the content of a record; the cause is behind `source()`.
pub struct StoreError {
    kind: StoreErrorKind,
    store: &'static str,
    what: Cow<'static, str>,
    fix: Option<Cow<'static, str>>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $code:literal,)+) => {
        /// What went wrong in a store.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum StoreErrorKind { $($(#[$doc])* $kind,)+ }

        impl StoreErrorKind {
            /// The stable word, for logs, pages and support.
            pub const fn code(self) -> &'static str {
                match self { $(Self::$kind => $code,)+ }
            }

            /// Every kind.
            pub const ALL: &[Self] = &[$(Self::$kind),+];
        }
    };
}

kinds! {
    /// The record has changed since it was read: read it again and decide anew.
    Conflict = "store-conflict",
    /// A newer lease has been granted: what this holder wanted to write is out of date.
    Fenced = "store-fenced",
    /// The store cannot be reached, or has no room for now.
    Unavailable = "store-unavailable",
    /// Somebody else has it locked, for longer than was waited.
    Busy = "store-busy",
    /// The store waits for its owner to unlock it.
    Locked = "store-locked",
    /// The disk or the server has no room.
    Full = "store-full",
    /// What is stored is no record, or is not the record it should be.
    Corrupt = "store-corrupt",
    /// The record was written by a newer version of this library.
    NewerSchema = "store-newer-schema",
    /// The record is sealed with a key that is not here.
    KeyUnknown = "store-key-unknown",
    /// The key is none: too short, too weak, not readable.
    KeyInvalid = "store-key-invalid",
    /// The record is older than one that this process has seen.
    Stale = "store-stale",
    /// What lies under the name belongs to another program.
    Foreign = "store-foreign",
    /// The record was made for other hosts than the provider's file names now.
    OriginsChanged = "store-origins-changed",
    /// Others may read or change what only its owner should.
    InsecurePermissions = "store-insecure-permissions",
    /// The folder, or one above it, can be changed by others.
    InsecureDirectory = "store-insecure-directory",
    /// It is not a regular file.
    NotAFile = "store-not-a-file",
    /// It is larger than any record.
    TooLarge = "store-too-large",
    /// There is no home directory to keep it in.
    NoHome = "store-no-home",
    /// It cannot be written.
    NotWritable = "store-not-writable",
    /// There is no keyring on this machine, or none that this program can reach.
    KeyringUnavailable = "store-keyring-unavailable",
    /// The database's tables are missing, or of another version.
    Schema = "store-schema",
    /// The store was set up in a way that cannot work or is not safe.
    Config = "store-config",
    /// A fault of this library: the task that did the work ended without a result.
    Internal = "store-internal",
}

impl StoreErrorKind {
    /// Whether the same call may succeed later without anybody changing anything.
    pub const fn is_transient(self) -> bool {
        matches!(self, Self::Conflict | Self::Unavailable | Self::Busy | Self::Full | Self::Locked)
    }
}

impl StoreError {
    /// An error of the store of that name: `file`, `postgres`.
    pub fn new(kind: StoreErrorKind, store: &'static str, what: impl Into<Cow<'static, str>>) -> Self {
        Self { kind, store, what: what.into(), fix: None, source: None }
    }

    /// Adds what to do next.
    pub fn fix(mut self, fix: impl Into<Cow<'static, str>>) -> Self {
        self.fix = Some(fix.into());
        self
    }

    /// Adds the cause. Its text must hold no secret.
    pub fn because(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// What went wrong, to match on.
    pub fn kind(&self) -> StoreErrorKind {
        self.kind
    }

    /// The stable word for [`kind`](Self::kind).
    pub fn code(&self) -> &'static str {
        self.kind.code()
    }

    /// The store's name.
    pub fn store(&self) -> &'static str {
        self.store
    }

    /// What to do next, where anybody knows.
    pub fn remedy(&self) -> Option<&str> {
        self.fix.as_deref().or(match self.kind {
            StoreErrorKind::Corrupt => {
                Some("restore the record from a backup, or give it up with `TokenManager::reset` and log in again")
            }
            StoreErrorKind::NewerSchema => Some("update this program; the record is left as it is"),
            StoreErrorKind::Unavailable | StoreErrorKind::Busy => Some("try again later"),
            _ => None,
        })
    }

    /// Whether the same call may succeed later without anybody changing anything.
    pub fn is_transient(&self) -> bool {
        self.kind.is_transient()
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the {} store: {}", self.store, self.what)
    }
}

impl fmt::Debug for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreError")
            .field("kind", &self.kind)
            .field("store", &self.store)
            .field("what", &self.what)
            .field("fix", &self.fix)
            .field("source", &self.source)
            .finish()
    }
}

impl StdError for StoreError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}
