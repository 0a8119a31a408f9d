//! What may go wrong between us and the server, in the words of a store.

use std::borrow::Cow;

use oauth_core::store::{StoreError, StoreErrorKind};
use redis::{ErrorKind, RedisError, ServerErrorKind};

pub(super) const NAME: &str = "redis";

/// A fault of the set-up.
pub(super) fn config(what: impl Into<Cow<'static, str>>) -> StoreError {
    StoreError::new(StoreErrorKind::Config, NAME, what)
}

/// Something that is stored, or was answered, and should not be.
pub(super) fn corrupt(what: impl Into<Cow<'static, str>>) -> StoreError {
    StoreError::new(StoreErrorKind::Corrupt, NAME, what)
}

/// Why a request failed: a [`StoreError`] that several callers can be told.
#[derive(Clone, Debug)]
pub(super) struct Failure {
    kind: StoreErrorKind,
    what: Cow<'static, str>,
    fix: Option<&'static str>,
    /// The connection is not used again; whether the server did what it was asked is not known.
    pub(super) lost: bool,
}

impl Failure {
    pub(super) fn new(kind: StoreErrorKind, what: impl Into<Cow<'static, str>>) -> Self {
        Self { kind, what: what.into(), fix: None, lost: false }
    }

    pub(super) fn unavailable(what: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StoreErrorKind::Unavailable, what)
    }

    pub(super) fn fix(mut self, fix: &'static str) -> Self {
        self.fix = Some(fix);
        self
    }

    fn lost(mut self) -> Self {
        self.lost = true;
        self
    }

    /// Nothing was asked over the connection.
    pub(super) fn kept(mut self) -> Self {
        self.lost = false;
        self
    }

    /// The server broke the protocol or a limit.
    pub(super) fn unsound() -> Self {
        Self::new(StoreErrorKind::Corrupt, "the server's reply is not one that this store asks for")
            .fix("see what listens at that address, and who else writes there")
            .lost()
    }

    /// What the client says. Its details may hold what was sent: only the code is told on.
    pub(super) fn of(error: &RedisError) -> Self {
        match error.kind() {
            ErrorKind::Io if error.is_timeout() => Self::unavailable("the server did not answer in time").lost(),
            ErrorKind::Io => Self::unavailable("the connection to the server was lost").lost(),
            ErrorKind::Parse => Self::unsound(),
            ErrorKind::AuthenticationFailed => Self::refused(),
            ErrorKind::Server(kind) => {
                Self::said(error.code().unwrap_or_default(), Some(kind), error.detail().unwrap_or_default())
            }
            ErrorKind::Extension => {
                Self::said(error.code().unwrap_or_default(), None, error.detail().unwrap_or_default())
            }
            _ => Self::new(StoreErrorKind::Corrupt, "the server's reply is of another type"),
        }
    }

    fn refused() -> Self {
        Self::new(StoreErrorKind::Config, "the server refuses the user or the password").fix(
            "check user and password, and that the user may run scripts and the commands of hashes and sorted sets",
        )
    }

    fn said(code: &str, kind: Option<ServerErrorKind>, detail: &str) -> Self {
        // Up to version 6 an error within a script is told as ERR, with its own code somewhere in the text.
        let is = |word: &str| code == word || detail.contains(word);
        match kind {
            _ if is("WRONGTYPE") => Self::new(StoreErrorKind::Corrupt, "a value is of another type than was stored"),
            Some(ServerErrorKind::NoPerm) => Self::refused(),
            _ if is("NOAUTH") || is("WRONGPASS") => Self::refused(),
            _ if is("READONLY") => {
                Self { lost: true, ..Self::unavailable("the server is a replica, and takes no writes") }
                    .fix("connect to the primary, by a name that follows it")
            }
            Some(
                ServerErrorKind::Moved
                | ServerErrorKind::Ask
                | ServerErrorKind::CrossSlot
                | ServerErrorKind::TryAgain
                | ServerErrorKind::ClusterDown,
            ) => {
                Self::new(StoreErrorKind::Config, "the server is a node of a cluster, and the keys are on another one")
                    .fix("use a server, or a cluster of one shard, that has all keys")
            }
            Some(ServerErrorKind::BusyLoading) => Self::unavailable("the server is still loading its data"),
            Some(ServerErrorKind::MasterDown) => Self::unavailable("the server has lost its primary"),
            _ if is("OOM") => Self::new(StoreErrorKind::Full, "the server has used up its memory")
                .fix("give the server more memory, or a database of its own for this store"),
            _ if is("MISCONF") => {
                Self::new(StoreErrorKind::Full, "the server cannot save to its disk, and takes no writes")
                    .fix("make room on the server's disk, and see its log")
            }
            _ if is("NOREPLICAS") => Self::unavailable("the server has too few replicas to take writes"),
            _ if is("BUSY") => Self::new(StoreErrorKind::Busy, "the server runs a long script of somebody"),
            _ if is("user_script") => Self::new(StoreErrorKind::Corrupt, "what is stored is not what was written"),
            _ => Self::unavailable(format!("the server answers with the error {}", word(code))),
        }
    }
}

/// The code of an error, if it is one: a capital word.
fn word(code: &str) -> &str {
    let is_word = (1..=24).contains(&code.len()) && code.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_');
    if is_word { code } else { "of an unknown code" }
}

impl From<Failure> for StoreError {
    fn from(failure: Failure) -> Self {
        let error = Self::new(failure.kind, NAME, failure.what);
        match failure.fix {
            Some(fix) => error.fix(fix),
            None => error,
        }
    }
}
