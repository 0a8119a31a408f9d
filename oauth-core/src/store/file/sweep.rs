use std::path::Path;
use std::time::{Duration, SystemTime};

use super::FileStore;
use super::folder::Part;
use super::lock::Of;
use super::private;
use super::write::{UNFINISHED, replace};
use crate::store::StoreResult;

/// How often a store is swept.
const EVERY: Duration = Duration::from_secs(24 * 60 * 60);
/// The age at which what a writer has left behind is swept up: no write takes an hour.
const LEFT_BEHIND: Duration = Duration::from_secs(60 * 60);
/// The age at which the lease of an account that is gone is forgotten: no lease lasts a week.
const FORGOTTEN: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// The file that says when the store was swept.
const SWEPT: &str = "swept";

impl FileStore {
    /// Once a day, when a store is opened: removes what writers that were killed have left behind, and forgets the leases
    /// of accounts that are gone. All ages are by the file system's clock.
    pub(super) fn sweep(&self, now: SystemTime) -> StoreResult<()> {
        let mark = self.folder.file(Part::Leases, SWEPT);
        if age(&mark, now).is_some_and(|age| age < EVERY) {
            return Ok(());
        }
        replace(&mark, &[], &*self.rng)?;
        let old = |path: &Path, age_of: Duration| age(path, now).is_some_and(|age| age >= age_of);
        for part in Part::ALL {
            for name in self.folder.names(part)? {
                let path = self.folder.file(part, &name);
                let dead = part == Part::Holders && is_free(&path);
                if (dead || name.starts_with(UNFINISHED)) && old(&path, LEFT_BEHIND) {
                    let _ = std::fs::remove_file(&path);
                } else if part == Part::Leases && old(&path, FORGOTTEN) {
                    self.forget_if_gone(&name)?;
                }
            }
        }
        Ok(())
    }

    fn forget_if_gone(&self, name: &str) -> StoreResult<()> {
        let Ok(key) = name.parse() else { return Ok(()) };
        let _locked = self.lock(Of::Key(&key))?;
        if self.folder.file(Part::Records, key.as_str()).symlink_metadata().is_ok() {
            return Ok(());
        }
        self.forget_lease(&key)
    }
}

fn age(path: &Path, now: SystemTime) -> Option<Duration> {
    now.duration_since(path.symlink_metadata().ok()?.modified().ok()?).ok()
}

/// Whether no process has it locked: then its holder is dead.
fn is_free(path: &Path) -> bool {
    private::open(path).is_ok_and(|file| file.try_lock().is_ok())
}
