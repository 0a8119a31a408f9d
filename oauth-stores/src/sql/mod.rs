//! What the two SQL stores have in common: times as integers, keys and versions from columns, limits.

mod time;

use std::borrow::Cow;
use std::time::SystemTime;

use oauth_core::Rng;
use oauth_core::store::{Listed, MAX_RECORD, RecordKey, StoreError, StoreErrorKind, StoreResult, StoredRecord};

pub(crate) use self::time::{LONGEST, at_second, seconds_down, seconds_up};
#[cfg(feature = "sqlite")]
pub(crate) use self::time::{millis_down, millis_up};

/// How many logins may be under way unless the store is told otherwise.
pub(crate) const MAX_ATTEMPTS: u32 = 10_000;
/// The longest id of an attempt, in bytes.
const MAX_ID: usize = 1024;
/// Each of so many leases granted is followed by a look for old ones to forget.
pub(crate) const FORGET_EVERY: u32 = 64;

/// A version as a column holds it.
pub(crate) fn version(store: &'static str, version: u64) -> StoreResult<i64> {
    i64::try_from(version).map_err(|_| StoreError::new(StoreErrorKind::Config, store, "a version is at most 2^63 - 1"))
}

/// What is written is no larger than a record may be.
pub(crate) fn fits(store: &'static str, bytes: &[u8]) -> StoreResult<()> {
    if bytes.len() > MAX_RECORD {
        return Err(StoreError::new(StoreErrorKind::TooLarge, store, "the record is larger than 1 MiB"));
    }
    Ok(())
}

/// The id of an attempt, which is a digest: a long text is not one.
pub(crate) fn id<'a>(store: &'static str, id: &'a str) -> StoreResult<&'a [u8]> {
    if id.len() > MAX_ID {
        return Err(StoreError::new(StoreErrorKind::Config, store, "the id of a login has at most 1024 bytes"));
    }
    Ok(id.as_bytes())
}

/// A random name for one lease or one taker, in hex.
pub(crate) fn token(store: &'static str, rng: &dyn Rng) -> StoreResult<String> {
    use std::fmt::Write as _;
    let mut bytes = [0; 16];
    rng.fill(&mut bytes).map_err(|error| {
        StoreError::new(StoreErrorKind::Unavailable, store, "there are no random bytes for a lease").because(error)
    })?;
    Ok(bytes.iter().fold(String::with_capacity(32), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    }))
}

/// A record from its columns. `payload` is absent where it is larger than any record.
pub(crate) fn record(
    store: &'static str,
    version: i64,
    due: Option<i64>,
    payload: Option<Vec<u8>>,
) -> StoreResult<StoredRecord> {
    let Some(payload) = payload.filter(|payload| payload.len() <= MAX_RECORD) else {
        return Err(StoreError::new(StoreErrorKind::TooLarge, store, "what is stored is larger than any record"));
    };
    let version = u64::try_from(version).map_err(|_| corrupt(store, "a record's version is negative"))?;
    Ok(StoredRecord { version, due: due.map(|due| moment(store, due)).transpose()?, payload })
}

/// What is listed of a record, from its columns.
pub(crate) fn listed(store: &'static str, key: &str, version: i64, due: Option<i64>) -> StoreResult<Listed> {
    let version = u64::try_from(version).map_err(|_| corrupt(store, "a record's version is negative"))?;
    Ok(Listed { key: key_of(store, key)?, version, due: due.map(|due| moment(store, due)).transpose()? })
}

/// The keys of records that were claimed, the longest due first.
pub(crate) fn in_order(store: &'static str, mut claimed: Vec<(i64, String)>) -> StoreResult<Vec<RecordKey>> {
    claimed.sort_unstable();
    claimed.iter().map(|(_, key)| key_of(store, key)).collect()
}

/// How many rows are asked for: databases count with signs.
pub(crate) fn rows(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

fn key_of(store: &'static str, key: &str) -> StoreResult<RecordKey> {
    key.parse().map_err(|error| corrupt(store, "the key of a record is none").because(error))
}

fn moment(store: &'static str, seconds: i64) -> StoreResult<SystemTime> {
    at_second(seconds).ok_or_else(|| corrupt(store, "a record is due at a time that there is not"))
}

/// What is stored is not what this store writes.
pub(crate) fn corrupt(store: &'static str, what: impl Into<Cow<'static, str>>) -> StoreError {
    StoreError::new(StoreErrorKind::Corrupt, store, what)
}

/// The record is not what the writer thinks it is.
pub(crate) fn conflict(store: &'static str) -> StoreError {
    StoreError::new(StoreErrorKind::Conflict, store, "the record has changed since it was read")
}

/// The writer's lease is not the newest.
pub(crate) fn fenced(store: &'static str) -> StoreError {
    StoreError::new(StoreErrorKind::Fenced, store, "a newer lease has been granted")
}

/// The values of a statement, in their order, as the driver's arguments.
macro_rules! values {
    ($arguments:ty, $store:expr; $($value:expr),+ $(,)?) => {{
        let mut arguments = <$arguments>::default();
        $(sqlx::Arguments::add(&mut arguments, $value).map_err(|error| $crate::sql::not_a_value($store, error))?;)+
        arguments
    }};
}
pub(crate) use values;

pub(crate) fn not_a_value(store: &'static str, error: sqlx::error::BoxDynError) -> StoreError {
    StoreError::new(StoreErrorKind::Internal, store, "the database takes no such value").because(error)
}
