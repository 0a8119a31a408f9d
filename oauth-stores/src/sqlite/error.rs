use std::path::Path;

use oauth_core::store::{StoreError, StoreErrorKind as Kind};

use super::NAME;

/// What SQLite's error means, by its primary result code (<https://www.sqlite.org/rescode.html>).
///
/// SQLite's own text names tables and columns, never what is in them.
pub(super) fn read(error: sqlx::Error) -> StoreError {
    let (kind, what) = match &error {
        sqlx::Error::Database(database) => match primary(database.as_ref()) {
            5 | 6 => (Kind::Busy, "another process has had the database locked for too long"),
            8 => (Kind::NotWritable, "the database cannot be written"),
            10 => (Kind::Unavailable, "the disk did not do what it should"),
            11 => (Kind::Corrupt, "the database is damaged"),
            13 => (Kind::Full, "the disk is full"),
            14 | 23 => (Kind::Unavailable, "the database cannot be opened"),
            26 => (Kind::Foreign, "the file is no database"),
            1 => (Kind::Schema, "the tables are not those of this version"),
            18 | 19 => (Kind::Corrupt, "the tables refuse what is no record"),
            _ => (Kind::Internal, "the database refused a statement"),
        },
        sqlx::Error::PoolTimedOut => (Kind::Busy, "this process has had the database in use for too long"),
        sqlx::Error::PoolClosed => (Kind::Unavailable, "the store has been closed"),
        sqlx::Error::Io(_) => (Kind::Unavailable, "the database cannot be reached"),
        sqlx::Error::WorkerCrashed => (Kind::Unavailable, "the database's thread has ended"),
        sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => {
            (Kind::Corrupt, "a column holds what this store does not write")
        }
        _ => (Kind::Internal, "the database was not used as it should be"),
    };
    StoreError::new(kind, NAME, what).because(error)
}

fn primary(error: &dyn sqlx::error::DatabaseError) -> i64 {
    error.code().and_then(|code| code.parse::<i64>().ok()).unwrap_or_default() & 0xff
}

/// An error about the file, with its name.
pub(super) fn about(kind: Kind, path: &Path, what: &str) -> StoreError {
    StoreError::new(kind, NAME, format!("{}: {what}", path.display()))
}
