//! Redis and Valkey.

mod address;
mod attempts;
mod builder;
mod check;
mod fault;
mod keys;
mod limits;
mod link;
mod reply;
mod scripts;

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use oauth_core::http::BoxFuture;
use oauth_core::store::{
    Lease, LeaseAnswer, Listed, MAX_RECORD, RecordKey, Store, StoreError, StoreErrorKind, StoreResult, StoredRecord,
    Write,
};
use oauth_core::{Rng, SecretString};
use redis::Value;

pub use self::builder::RedisStoreBuilder;
use self::fault::{NAME, corrupt};
use self::keys::Keys;
use self::link::{Link, Request};
use self::scripts::Scripts;

/// How many records one request asks for.
const PAGE: usize = 500;
/// No lease is longer.
const LONGEST: Duration = Duration::from_hours(24);
/// How long after its end a lease's fence is remembered where there is no record that does: as long as its holder may
/// still write.
const REMEMBERED: Duration = Duration::from_hours(24);

/// Sealed records and logins under way in Redis or Valkey.
///
/// It has one connection, which all calls share, and makes it anew when it is lost; a step that may be done twice is
/// then tried once more.
///
/// ```no_run
/// # async fn connect() -> oauth_core::store::StoreResult<()> {
/// use oauth_core::store::Store as _;
///
/// let store = oauth_stores::RedisStore::connect("rediss://app:password@cache.example:6379/0").await?;
/// for advice in store.check().await? {
///     eprintln!("{advice}");
/// }
/// # Ok(()) }
/// ```
///
/// # What a server must be
///
/// Redis 6 or newer, or Valkey: one primary, reached by a name that follows it, with `maxmemory-policy noeviction` and
/// `appendonly yes`. [`Store::check`] says what is not so. Records have no time to live. A cluster works if all keys of
/// a prefix may be on the node that is connected to; Sentinel is not asked, its name for the primary is.
///
/// # What a failover can lose, and how it is noticed
///
/// A replica is behind its primary by the writes of the last moments. When it takes over, those are gone, and so are
/// those of the last second before a crash with `appendfsync everysec`. It can lose:
///
/// - *A refreshed token.* The record is the one before. Each process remembers the highest version of each account that
///   it has seen: an older one is reported as [`StoreErrorKind::Stale`], and never taken for the newest. A process that
///   has seen no newer one uses the old refresh token, as after a lost answer; where the provider rotates tokens it may
///   refuse that, and the account needs a new login, which is said.
/// - *A lease.* Two processes may refresh one account at once. Both ask the provider; of their writes one is refused,
///   by its version or its fence. A lease only saves work: no record depends on it.
/// - *The fence of a lease.* The next one is still higher: a fence is the largest of the server's clock in microseconds,
///   the highest fence granted here, the one of the key's last lease and the one in its record, each of them and one.
///   What a failover takes from the last three, the clock gives back: the new primary grants its first lease later than
///   the old one granted its last. Only a new primary whose clock is behind by longer than the failover took could grant
///   a lower one; then a late write under the old lease is refused by its version alone.
/// - *That a login was taken.* Its callback could be taken twice; the provider redeems its code only once.
/// - *A deleted record.* It is there again, until somebody disconnects the account again.
///
/// `min-replicas-to-write 1` makes the server refuse writes that no replica could have; then they fail as
/// [`StoreErrorKind::Unavailable`] rather than get lost. Where nothing may be lost at all, use PostgreSQL.
pub struct RedisStore {
    link: Link,
    keys: Keys,
    scripts: Scripts,
    attempts: u32,
    rng: Arc<dyn Rng>,
}

impl RedisStore {
    /// Connects to the server of that URL: `rediss://user:password@host:port/database` with TLS, `redis://` without it
    /// and only on this machine, or `redis+unix:///path`; `valkeys`, `valkey` and `valkey+unix` are the same.
    pub async fn connect(url: impl Into<SecretString>) -> StoreResult<Self> {
        Self::builder(url).connect().await
    }

    /// Connects to the server of that URL, with settings of your own.
    pub fn builder(url: impl Into<SecretString>) -> RedisStoreBuilder {
        RedisStoreBuilder::new(url.into())
    }

    async fn load_record(&self, key: &RecordKey) -> StoreResult<Option<StoredRecord>> {
        let name = self.keys.record(key);
        let request = |_| {
            let mut script = self.scripts.load.key(name.as_str());
            script.arg(MAX_RECORD);
            Request::Script(script)
        };
        reply::record(self.link.ask_again(request).await?)
    }

    async fn save_record(&self, key: &RecordKey, write: Write<'_>) -> StoreResult<()> {
        if write.record.payload.len() > MAX_RECORD {
            return Err(StoreError::new(StoreErrorKind::TooLarge, NAME, "the record is larger than 1 MiB"));
        }
        let (record, lease) = (self.keys.record(key), self.keys.lease(key));
        let text = |number: Option<u64>| number.map(|number| number.to_string()).unwrap_or_default();
        let request = |again: bool| {
            let mut script = self.scripts.save.key(record.as_str());
            script.key(&self.index()).key(lease.as_str());
            script.arg(key.as_str()).arg(text(write.expected)).arg(write.record.version);
            script.arg(text(write.record.due.map(reply::seconds))).arg(write.record.payload.as_slice());
            script.arg(text(write.lease.map(|lease| lease.fence))).arg(u8::from(again));
            Request::Script(script)
        };
        match reply::int(&self.link.ask_again(request).await?)? {
            0 => Ok(()),
            1 => Err(StoreError::new(StoreErrorKind::Conflict, NAME, "the record has changed since it was read")),
            2 => Err(StoreError::new(StoreErrorKind::Fenced, NAME, "a newer lease has been granted")),
            _ => Err(corrupt("the server's reply is none of the script's")),
        }
    }

    async fn delete_record(&self, key: &RecordKey, expected: Option<u64>) -> StoreResult<bool> {
        let record = self.keys.record(key);
        let mut script = self.scripts.delete.key(record.as_str());
        script.key(&self.index()).key(self.keys.fence.as_str());
        script.arg(key.as_str()).arg(expected.map(|version| version.to_string()).unwrap_or_default());
        match self.link.ask(Request::Script(script)).await {
            // The answer was lost; that it is gone now is what was asked for.
            Err(failure) if failure.lost => match self.load_record(key).await? {
                None => Ok(true),
                Some(_) => Err(failure.into()),
            },
            answer => match reply::int(&answer?)? {
                2 => Err(StoreError::new(StoreErrorKind::Conflict, NAME, "the record has changed since it was read")),
                deleted => Ok(deleted == 1),
            },
        }
    }

    /// The indexes that follow a record's changes, in the order in which the scripts know them.
    fn index(&self) -> [&str; 4] {
        [&self.keys.all, &self.keys.due, &self.keys.claimed, &self.keys.claimed_due]
    }

    async fn list_records(&self, after: Option<RecordKey>, limit: usize) -> StoreResult<Vec<Listed>> {
        let (mut found, mut after) = (Vec::new(), after);
        while found.len() < limit {
            let wanted = (limit - found.len()).min(PAGE);
            let keys = self.names(after.as_ref(), wanted).await?;
            let is_last = keys.len() < wanted;
            after = keys.last().copied().or(after);
            found.extend(self.versions(&keys).await?);
            if is_last {
                break;
            }
        }
        Ok(found)
    }

    async fn names(&self, after: Option<&RecordKey>, wanted: usize) -> StoreResult<Vec<RecordKey>> {
        let from = after.map_or_else(|| "-".to_owned(), |after| format!("({after}"));
        let request = |_| {
            let mut range = redis::cmd("ZRANGEBYLEX");
            range.arg(self.keys.all.as_str()).arg(&from).arg("+").arg("LIMIT").arg(0).arg(wanted);
            Request::Command(range)
        };
        keys(self.link.ask_again(request).await?)
    }

    /// Those of the records that are still there: an index may outlive what was evicted.
    async fn versions(&self, keys: &[RecordKey]) -> StoreResult<Vec<Listed>> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let request = |_| {
            let mut all = redis::pipe();
            for key in keys {
                all.cmd("HMGET").arg(self.keys.record(key)).arg(&["v", "d"]);
            }
            Request::Pipeline(all)
        };
        let mut found = Vec::with_capacity(keys.len());
        let records = reply::array(self.link.ask_again(request).await?)?;
        for (key, record) in keys.iter().zip(records) {
            let [version, due] = reply::tuple(record)?;
            if version != Value::Nil {
                let (version, due) = reply::version(version, due)?;
                found.push(Listed { key: *key, version, due });
            }
        }
        Ok(found)
    }

    async fn claim(&self, now: SystemTime, claim: Duration, limit: usize) -> StoreResult<Vec<RecordKey>> {
        let now = now.duration_since(UNIX_EPOCH).unwrap_or_default();
        let request = |_| {
            let mut script = self.scripts.claim.key(&self.index()[1..]);
            script.arg(now.as_secs()).arg(now.as_millis().to_string());
            script.arg(now.saturating_add(claim.min(LONGEST)).as_millis().to_string()).arg(limit.min(PAGE));
            Request::Script(script)
        };
        keys(self.link.ask_again(request).await?)
    }

    async fn grant(&self, key: &RecordKey, lasts: Duration) -> StoreResult<LeaseAnswer> {
        let mut random = [0; 16];
        self.rng
            .fill(&mut random)
            .map_err(|error| StoreError::new(StoreErrorKind::Internal, NAME, "no lease is asked for").because(error))?;
        let token = format!("{:032x}", u128::from_be_bytes(random));
        let lasts = lasts.min(LONGEST);
        let (lease, record) = (self.keys.lease(key), self.keys.record(key));
        let request = |_| {
            let mut script = self.scripts.lease.key(lease.as_str());
            script.key(self.keys.fence.as_str()).key(record.as_str());
            script.arg(token.as_str()).arg(micros(lasts)).arg((lasts + REMEMBERED).as_millis().to_string());
            Request::Script(script)
        };
        let answer = match reply::tuple(self.link.ask_again(request).await?)? {
            [Value::Int(1), fence] => reply::text(fence)?.parse().ok().map(|fence| Lease { fence, token, lasts }),
            [Value::Int(0), Value::Int(remaining)] => {
                let remaining = Duration::from_micros(remaining.unsigned_abs().max(1));
                return Ok(LeaseAnswer::Held { remaining });
            }
            _ => None,
        };
        answer.map(LeaseAnswer::Granted).ok_or_else(|| corrupt("the server's reply is none of the script's"))
    }

    async fn end(&self, key: &RecordKey, lease: &Lease) -> StoreResult<()> {
        let name = self.keys.lease(key);
        let request = |_| {
            let mut script = self.scripts.release.key(name.as_str());
            script.arg(lease.token.as_str()).arg(lease.fence);
            Request::Script(script)
        };
        reply::int(&self.link.ask_again(request).await?).map(drop)
    }
}

fn keys(value: Value) -> StoreResult<Vec<RecordKey>> {
    let names = reply::array(value)?.into_iter().map(reply::text);
    names.map(|name| name?.parse().map_err(|_| corrupt("an index names what is no record"))).collect()
}

/// Microseconds, as few as a script counts exactly.
fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX).min(366 * 24 * 60 * 60 * 1_000_000)
}

impl Store for RedisStore {
    fn name(&self) -> &'static str {
        NAME
    }

    fn load<'a>(&'a self, key: &'a RecordKey) -> BoxFuture<'a, StoreResult<Option<StoredRecord>>> {
        Box::pin(self.load_record(key))
    }

    fn save<'a>(&'a self, key: &'a RecordKey, write: Write<'a>) -> BoxFuture<'a, StoreResult<()>> {
        Box::pin(self.save_record(key, write))
    }

    fn delete<'a>(&'a self, key: &'a RecordKey, expected: Option<u64>) -> BoxFuture<'a, StoreResult<bool>> {
        Box::pin(self.delete_record(key, expected))
    }

    fn list<'a>(&'a self, after: Option<&'a RecordKey>, limit: usize) -> BoxFuture<'a, StoreResult<Vec<Listed>>> {
        Box::pin(self.list_records(after.copied(), limit))
    }

    fn claim_due(&self, now: SystemTime, claim: Duration, limit: usize) -> BoxFuture<'_, StoreResult<Vec<RecordKey>>> {
        Box::pin(self.claim(now, claim, limit))
    }

    fn lease<'a>(&'a self, key: &'a RecordKey, lasts: Duration) -> BoxFuture<'a, StoreResult<LeaseAnswer>> {
        Box::pin(self.grant(key, lasts))
    }

    fn release<'a>(&'a self, key: &'a RecordKey, lease: &'a Lease) -> BoxFuture<'a, StoreResult<()>> {
        Box::pin(self.end(key, lease))
    }

    fn check(&self) -> BoxFuture<'_, StoreResult<Vec<String>>> {
        Box::pin(self.look())
    }
}

impl fmt::Debug for RedisStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisStore")
            .field("address", &self.link.address)
            .field("prefix", &self.keys.prefix)
            .finish_non_exhaustive()
    }
}
