use std::collections::HashMap;
use std::fs::{File, TryLockError};
use std::io;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use super::failure::{self, wrong};
use super::folder::Part;
use super::line::{self, Bad};
use super::lock::Of;
use super::write::{random_name, replace};
use super::{FileStore, private};
use crate::store::{Lease, LeaseAnswer, RecordKey, StoreErrorKind, StoreResult};

const KIND: &str = "oauth-lease";
const FLOOR: &str = "oauth-fence";

/// The newest lease of a key, as it was granted. Whether it has ended is for the clock and the holder's file to say.
#[derive(Clone, Debug, PartialEq, Eq)]
struct State {
    fence: u64,
    /// In milliseconds since 1970, rounded up.
    until: u64,
    lasts: u64,
    token: String,
}

/// The files that say that this process lives, each locked as long as it is in here.
#[derive(Debug, Default)]
pub(super) struct Holders(Mutex<HashMap<String, (File, u64)>>);

impl Holders {
    fn with<T>(&self, change: impl FnOnce(&mut HashMap<String, (File, u64)>) -> T) -> T {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl State {
    fn line(&self) -> String {
        line::write(KIND, format_args!("{} {} {} {}", self.fence, self.until, self.lasts, self.token))
    }

    fn of(bytes: &[u8]) -> Result<Self, Bad> {
        let ([fence, until, lasts, token], _) = line::read(KIND, bytes)?;
        // It becomes a part of a path.
        if token.len() != 32 || !token.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(Bad::Corrupt);
        }
        let (fence, until, lasts) = (line::number(fence)?, line::number(until)?, line::number(lasts)?);
        Ok(Self { fence, until, lasts, token: token.to_owned() })
    }
}

impl FileStore {
    pub(super) fn lease_now(&self, key: &RecordKey, lasts: Duration) -> StoreResult<LeaseAnswer> {
        let _locked = self.lock(Of::Key(key))?;
        let now = milliseconds(self.clock.now());
        let before = self.lease_state(key)?;
        if let Some(held) = before.as_ref().filter(|held| held.until > now)
            && self.is_alive(&held.token)?
        {
            // No longer than it was granted for, also when the clock has been set back.
            let remaining = Duration::from_millis((held.until - now).min(held.lasts));
            return Ok(LeaseAnswer::Held { remaining });
        }
        let newest = match &before {
            Some(before) => before.fence,
            None => self.fence_floor(key)?,
        };
        let token = random_name(&*self.rng)?;
        let lasts_ms = u64::try_from(lasts.as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX);
        let state =
            State { fence: newest.saturating_add(1), until: now.saturating_add(lasts_ms), lasts: lasts_ms, token };
        let holder = self.live(&state.token)?;
        let path = self.folder.file(Part::Leases, key.as_str());
        if let Err(error) = replace(&path, &[state.line().as_bytes()], &*self.rng) {
            drop(holder);
            self.bury(&state.token);
            return Err(error);
        }
        self.holders.with(|holders| {
            // What has ended needs no sign of life.
            holders.retain(|_, (_, until)| *until > now);
            holders.insert(state.token.clone(), (holder, state.until));
        });
        if let Some(before) = before {
            self.bury(&before.token);
        }
        Ok(LeaseAnswer::Granted(Lease { fence: state.fence, token: state.token, lasts }))
    }

    /// A lease without its holder's file has ended.
    pub(super) fn release_now(&self, key: &RecordKey, lease: &Lease) -> StoreResult<()> {
        let _locked = self.lock(Of::Key(key))?;
        if self.lease_state(key)?.is_some_and(|held| held.token == lease.token && held.fence == lease.fence) {
            self.bury(&lease.token);
        }
        Ok(())
    }

    /// The fence of the newest lease of a key, as far as anybody remembers.
    pub(super) fn newest_fence(&self, key: &RecordKey) -> StoreResult<u64> {
        match self.lease_state(key)? {
            Some(state) => Ok(state.fence),
            // Where the lease of a key is forgotten, those of all its neighbours up to there are too old.
            None => self.fence_floor(key).map(|floor| floor.saturating_add(u64::from(floor > 0))),
        }
    }

    fn lease_state(&self, key: &RecordKey) -> StoreResult<Option<State>> {
        let path = self.folder.file(Part::Leases, key.as_str());
        let Some((bytes, _)) = self.folder.read(&path, line::MAX)? else { return Ok(None) };
        State::of(&bytes).map(Some).map_err(|bad| bad.at(&path))
    }

    /// A fence that is at least as high as that of each lease that is forgotten.
    fn fence_floor(&self, key: &RecordKey) -> StoreResult<u64> {
        let path = self.folder.file(Part::Leases, &floor_of(key));
        let Some((bytes, _)) = self.folder.read(&path, line::MAX)? else { return Ok(0) };
        let read = || line::number(line::read::<1>(FLOOR, &bytes)?.0[0]);
        read().map_err(|bad| bad.at(&path))
    }

    /// Forgets the lease of a key, but not its fence.
    pub(super) fn forget_lease(&self, key: &RecordKey) -> StoreResult<()> {
        let Some(state) = self.lease_state(key)? else { return Ok(()) };
        if state.fence > self.fence_floor(key)? {
            let path = self.folder.file(Part::Leases, &floor_of(key));
            let floor = line::write(FLOOR, format_args!("{}", state.fence));
            replace(&path, &[floor.as_bytes()], &*self.rng)?;
        }
        self.bury(&state.token);
        let path = self.folder.file(Part::Leases, key.as_str());
        std::fs::remove_file(&path).map_err(|error| failure::writing(&path, error))
    }

    /// A file that is locked as long as this process lives and has the lease.
    fn live(&self, token: &str) -> StoreResult<File> {
        let path = self.folder.file(Part::Holders, token);
        let file = private::create(&path).map_err(|error| failure::writing(&path, error))?;
        match file.try_lock() {
            Ok(()) => Ok(file),
            Err(error) => {
                self.bury(token);
                Err(wrong(StoreErrorKind::Unavailable, &path, "cannot be locked").because(io::Error::from(error)))
            }
        }
    }

    /// Whether the holder of a lease lives and has not released it. Who is suspended lives.
    fn is_alive(&self, token: &str) -> StoreResult<bool> {
        let path = self.folder.file(Part::Holders, token);
        let file = match private::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(failure::reading(&path, error)),
        };
        // On some network file systems a process is not in its own way.
        if self.holders.with(|holders| holders.contains_key(token)) {
            return Ok(true);
        }
        match file.try_lock() {
            Ok(()) => Ok(false),
            Err(TryLockError::WouldBlock) => Ok(true),
            Err(TryLockError::Error(error)) => Err(failure::reading(&path, error)),
        }
    }

    /// Takes the sign of life away. What stays behind is swept up later.
    fn bury(&self, token: &str) {
        let _ = std::fs::remove_file(self.folder.file(Part::Holders, token));
        self.holders.with(|holders| holders.remove(token));
    }
}

/// The file in which the forgotten fences of all keys with the same lock are.
fn floor_of(key: &RecordKey) -> String {
    format!("floor-{}", Of::Key(key).name())
}

/// The milliseconds since 1970, rounded up.
pub(super) fn milliseconds(time: SystemTime) -> u64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX)
}
