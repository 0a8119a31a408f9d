//! What the server's codes mean (<https://www.postgresql.org/docs/current/errcodes-appendix.html>).

use std::io;

use oauth_core::store::{StoreError, StoreErrorKind as Kind};
use sqlx::error::DatabaseError;
use sqlx::postgres::{PgDatabaseError, PgSeverity};

use super::NAME;

/// The most of the server's own words that is passed on.
const WORDS: usize = 200;

/// What a statement that failed says of what it did.
pub(super) enum Verdict {
    /// The server has undone it, and it may succeed when tried again: 40001, 40P01, 55P03.
    Again(StoreError),
    /// The server has refused it, and nothing took place.
    Refused(StoreError),
    /// The connection ended before the answer: it may have taken place.
    Unknown(StoreError),
}

/// Why a statement failed.
pub(super) fn judge(error: sqlx::Error) -> Verdict {
    match error {
        sqlx::Error::Database(database) => judge_code(&*database),
        sqlx::Error::Io(error) => Verdict::Unknown(lost().because(error)),
        sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) | sqlx::Error::ColumnNotFound(_) => {
            Verdict::Refused(error_of(Kind::Corrupt, "a column holds what this store does not write"))
        }
        // Whatever else the driver did not expect of the server.
        _ => Verdict::Unknown(lost()),
    }
}

fn judge_code(error: &dyn DatabaseError) -> Verdict {
    let code = error.code().unwrap_or_default();
    if ends_session(error) {
        return Verdict::Unknown(lost().because(cause(&code, None)));
    }
    let (kind, what) = kind_of(&code);
    let told = error_of(kind, what).because(cause(&code, Some(error.message())));
    match &*code {
        "40001" | "40P01" | "55P03" => Verdict::Again(told),
        "40003" => Verdict::Unknown(told),
        _ => Verdict::Refused(told),
    }
}

/// Why there is no connection. The server's own words are not passed on: it has not proved who it is, and they may repeat
/// what it was told.
pub(super) fn connecting(error: sqlx::Error) -> StoreError {
    let unreachable = || error_of(Kind::Unavailable, "the server cannot be reached");
    let insecure = || {
        error_of(Kind::Unavailable, "there is no secure connection to the server")
            .fix("sslrootcert=FILE in the URL names an authority of your own")
    };
    match error {
        sqlx::Error::Database(database) => {
            let code = database.code().unwrap_or_default();
            let (kind, what) = kind_of(&code);
            error_of(kind, what).because(cause(&code, None))
        }
        // How rustls says what is wrong with a certificate.
        sqlx::Error::Io(error) if error.kind() == io::ErrorKind::InvalidData => insecure().because(error),
        sqlx::Error::Io(error) => unreachable().because(error),
        sqlx::Error::Tls(error) => insecure().because(error),
        sqlx::Error::Configuration(_) => error_of(Kind::Config, "the server cannot be connected to as the URL says"),
        sqlx::Error::PoolClosed => error_of(Kind::Unavailable, "the store has been closed"),
        sqlx::Error::PoolTimedOut => error_of(Kind::Unavailable, "there was no connection to the server in time"),
        _ => unreachable(),
    }
}

fn kind_of(code: &str) -> (Kind, &'static str) {
    match code {
        "40001" | "40P01" | "55P03" => (Kind::Busy, "others had the record locked for too long"),
        "25006" => (Kind::Unavailable, "the server takes no writes: it is a standby, or set to read only"),
        "42501" => (Kind::Schema, "the user of the database may not use the tables"),
        "42P01" | "42703" | "3F000" | "42883" => (Kind::Schema, "the tables are missing, or of another version"),
        "53100" => (Kind::Full, "the server's disk is full"),
        "57014" => (Kind::Unavailable, "the server did not answer in time"),
        "28000" | "28P01" => (Kind::Config, "the server does not accept the user or the password"),
        "3D000" => (Kind::Config, "the server has no such database"),
        _ => match code.get(..2) {
            Some("08" | "53" | "57" | "58") => (Kind::Unavailable, "the server cannot do it for now"),
            Some("22" | "23") => (Kind::Schema, "the tables refuse what this version writes"),
            Some("XX") => (Kind::Corrupt, "the database is damaged"),
            _ => (Kind::Internal, "the server refused a statement"),
        },
    }
}

/// Whether the server has ended the session, or is of no use: the connection is not used again.
fn ends_session(error: &dyn DatabaseError) -> bool {
    let fatal = error
        .try_downcast_ref::<PgDatabaseError>()
        .is_some_and(|error| matches!(error.severity(), PgSeverity::Fatal | PgSeverity::Panic));
    fatal || error.code().is_some_and(|code| code.starts_with("08"))
}

fn lost() -> StoreError {
    error_of(Kind::Unavailable, "the connection to the server was lost")
}

pub(super) fn error_of(kind: Kind, what: &'static str) -> StoreError {
    StoreError::new(kind, NAME, what)
}

fn cause(code: &str, message: Option<&str>) -> String {
    let clean = |text: &str, most| text.chars().filter(|c| !c.is_control()).take(most).collect::<String>();
    match message {
        Some(message) => format!("{} ({})", clean(message, WORDS), clean(code, 5)),
        None => format!("error code {}", clean(code, 5)),
    }
}
