mod attempts;
mod due;
mod failure;
mod folder;
mod lease;
mod line;
mod lock;
mod place;
mod private;
mod record;
mod sweep;
mod write;

#[cfg(test)]
mod tests;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use self::folder::Folder;
use self::lease::Holders;
use super::{
    AttemptStore, Lease, LeaseAnswer, Listed, RecordKey, Store, StoreError, StoreErrorKind, StoreResult, StoredRecord,
    TakenAttempt, Write,
};
use crate::clock::{Clock, SystemClock};
use crate::http::BoxFuture;
use crate::rng::{OsRng, Rng};

/// How many logins may be under way.
const MAX_ATTEMPTS: usize = 1000;
/// How long a call waits for another process to finish its own.
const PATIENCE: Duration = Duration::from_secs(10);

/// Sealed records in a folder of this machine, which several processes may share: for command lines and desktops.
///
/// Each record is a file that only its owner can read. A write becomes visible as a whole and lasts when it returns; a
/// full disk or a killed process leaves the record before. A lease ends with its holder's process, however that ends; a
/// process that is only suspended keeps it to its end. The folder must be on a disk of this machine, or on a network file
/// system whose locks work. Listing and claiming look at every record: for many thousands of accounts take a database.
///
/// Calls do their work on tokio's threads for blocking work, and once begun they are carried through.
///
/// ```no_run
/// use oauth_core::store::FileStore;
///
/// let store = FileStore::for_app("my-cli")?;
/// # Ok::<(), oauth_core::store::StoreError>(())
/// ```
#[derive(Clone)]
pub struct FileStore {
    folder: Arc<Folder>,
    /// The signs of life of this store and its clones.
    holders: Arc<Holders>,
    clock: Arc<dyn Clock>,
    rng: Arc<dyn Rng>,
    max_attempts: usize,
    patience: Duration,
}

impl FileStore {
    /// The store in that folder, by its whole path; it is made where it is missing. It should hold nothing else.
    /// This makes some system calls, and blocks for as long.
    ///
    /// # Errors
    /// [`NotWritable`](StoreErrorKind::NotWritable), [`InsecureDirectory`](StoreErrorKind::InsecureDirectory) when
    /// everybody can change the folder or one above it, [`InsecurePermissions`](StoreErrorKind::InsecurePermissions) when
    /// it is another user's or others can look into it, [`Config`](StoreErrorKind::Config) when it is no folder.
    pub fn open(folder: impl AsRef<Path>) -> StoreResult<Self> {
        let rng: Arc<dyn Rng> = Arc::new(OsRng);
        let (folder, now) = Folder::open(folder.as_ref(), &*rng)?;
        let store = Self {
            folder: Arc::new(folder),
            holders: Arc::default(),
            clock: Arc::new(SystemClock),
            rng,
            max_attempts: MAX_ATTEMPTS,
            patience: PATIENCE,
        };
        // What could not be swept up is no reason to keep anybody from their tokens.
        let _ = store.sweep(now);
        Ok(store)
    }

    /// The store of the program of that name, where this user's programs keep their data.
    ///
    /// # Errors
    /// [`NoHome`](StoreErrorKind::NoHome) when the environment names no home directory, and those of
    /// [`open`](Self::open).
    pub fn for_app(name: &str) -> StoreResult<Self> {
        Self::open(Self::folder_of_app(name)?)
    }

    /// The folder that [`for_app`](Self::for_app) opens: `$XDG_DATA_HOME/NAME/oauth`, or the same below
    /// `~/.local/share`; `~/Library/Application Support` on macOS, `%LOCALAPPDATA%` on Windows.
    pub fn folder_of_app(name: &str) -> StoreResult<PathBuf> {
        place::of_app(name)
    }

    /// Makes the folder of a store, and all files in it that belong to this user, private again. Gives how many were not.
    ///
    /// It is a call of its own because it does not undo what has happened: whoever could read the files may have done so.
    pub fn repair_permissions(folder: impl AsRef<Path>) -> StoreResult<usize> {
        Folder::repair(folder.as_ref(), &OsRng)
    }

    /// With another clock than the system's.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// With another source of random bytes than the system's, for the tokens of leases.
    pub fn rng(mut self, rng: Arc<dyn Rng>) -> Self {
        self.rng = rng;
        self
    }

    /// With another limit of logins under way at once than 1,000.
    pub fn max_attempts(mut self, attempts: usize) -> Self {
        self.max_attempts = attempts.max(1);
        self
    }

    /// With another time than 10 s after which a call that waits for another process is
    /// [`Busy`](StoreErrorKind::Busy).
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        self.folder.root()
    }

    fn lock(&self, of: lock::Of<'_>) -> StoreResult<lock::Locked> {
        self.folder.look()?;
        lock::lock(&self.folder, of, self.patience)
    }

    /// Does the work where it may block. Once it has begun, it is carried through even if nobody waits for it.
    fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Self) -> StoreResult<T> + Send + 'static,
    ) -> BoxFuture<'static, StoreResult<T>> {
        let store = self.clone();
        Box::pin(async move {
            tokio::task::spawn_blocking(move || work(&store)).await.map_err(|error| {
                let (kind, what) = if error.is_cancelled() {
                    (StoreErrorKind::Unavailable, "the program is ending")
                } else {
                    (StoreErrorKind::Internal, "a step has ended without a result")
                };
                StoreError::new(kind, failure::NAME, what)
            })?
        })
    }

    fn look_around(&self) -> StoreResult<Vec<String>> {
        let listed = self.list_now(None, usize::MAX)?;
        let mut sentences = Vec::new();
        for listed in &listed {
            if let Err(error) = self.load_now(&listed.key) {
                sentences.push(error.to_string());
            }
        }
        let kept = self.folder.names(folder::Part::Records)?.iter().filter(|name| name.contains(".kept-")).count();
        if kept > 0 {
            sentences.push(format!("the file store: {kept} damaged records were kept beside when they were deleted"));
        }
        Ok(sentences)
    }
}

impl Store for FileStore {
    fn name(&self) -> &'static str {
        failure::NAME
    }

    fn load<'a>(&'a self, key: &'a RecordKey) -> BoxFuture<'a, StoreResult<Option<StoredRecord>>> {
        let key = *key;
        self.blocking(move |store| store.load_now(&key))
    }

    fn save<'a>(&'a self, key: &'a RecordKey, write: Write<'a>) -> BoxFuture<'a, StoreResult<()>> {
        let (key, expected, record, lease) = (*key, write.expected, write.record.clone(), write.lease.cloned());
        self.blocking(move |store| store.save_now(&key, Write { expected, record: &record, lease: lease.as_ref() }))
    }

    fn delete<'a>(&'a self, key: &'a RecordKey, expected: Option<u64>) -> BoxFuture<'a, StoreResult<bool>> {
        let key = *key;
        self.blocking(move |store| store.delete_now(&key, expected))
    }

    fn list<'a>(&'a self, after: Option<&'a RecordKey>, limit: usize) -> BoxFuture<'a, StoreResult<Vec<Listed>>> {
        let after = after.copied();
        self.blocking(move |store| store.list_now(after.as_ref(), limit))
    }

    fn claim_due(&self, now: SystemTime, claim: Duration, limit: usize) -> BoxFuture<'_, StoreResult<Vec<RecordKey>>> {
        self.blocking(move |store| store.claim_due_now(now, claim, limit))
    }

    fn lease<'a>(&'a self, key: &'a RecordKey, lasts: Duration) -> BoxFuture<'a, StoreResult<LeaseAnswer>> {
        let key = *key;
        self.blocking(move |store| store.lease_now(&key, lasts))
    }

    fn release<'a>(&'a self, key: &'a RecordKey, lease: &'a Lease) -> BoxFuture<'a, StoreResult<()>> {
        let (key, lease) = (*key, lease.clone());
        self.blocking(move |store| store.release_now(&key, &lease))
    }

    fn check(&self) -> BoxFuture<'_, StoreResult<Vec<String>>> {
        self.blocking(Self::look_around)
    }
}

impl AttemptStore for FileStore {
    fn put<'a>(&'a self, id: &'a str, attempt: &'a [u8], ttl: Duration) -> BoxFuture<'a, StoreResult<()>> {
        let (id, attempt) = (id.to_owned(), attempt.to_vec());
        self.blocking(move |store| store.put_now(&id, attempt, ttl))
    }

    fn take<'a>(&'a self, id: &'a str) -> BoxFuture<'a, StoreResult<TakenAttempt>> {
        let id = id.to_owned();
        self.blocking(move |store| store.take_now(&id))
    }

    fn peek<'a>(&'a self, id: &'a str) -> BoxFuture<'a, StoreResult<TakenAttempt>> {
        let id = id.to_owned();
        self.blocking(move |store| store.peek_now(&id))
    }
}

impl fmt::Debug for FileStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileStore").field("folder", &self.folder.root()).finish_non_exhaustive()
    }
}
