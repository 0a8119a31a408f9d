use std::fs::{File, TryLockError};
use std::time::Duration;

use super::failure::{self, wrong};
use super::folder::{Folder, Part};
use super::private;
use crate::store::{RecordKey, StoreErrorKind, StoreResult};

/// What is locked: what belongs to some of the keys, the claims, the attempts.
///
/// Nobody who has one of them asks for it again. Who has that of a key may ask for that of the claims, not the other way
/// round.
#[derive(Clone, Copy, Debug)]
pub(super) enum Of<'a> {
    /// One file for each first letter of the digest, so that there are never more than 32.
    Key(&'a RecordKey),
    Claims,
    Attempts,
}

/// The lock of one file, until it is dropped, or the process ends in whatever way.
#[derive(Debug)]
pub(super) struct Locked {
    _file: File,
}

impl Of<'_> {
    pub(super) fn name(self) -> String {
        match self {
            Self::Key(key) => key.as_str().chars().skip(3).take(1).collect(),
            Self::Claims => "claims".to_owned(),
            Self::Attempts => "attempts".to_owned(),
        }
    }
}

/// Waits for the lock, but not longer than that.
pub(super) fn lock(folder: &Folder, of: Of<'_>, patience: Duration) -> StoreResult<Locked> {
    let path = folder.file(Part::Locks, &of.name());
    let (mut waited, mut pause) = (Duration::ZERO, Duration::from_micros(500));
    loop {
        let file = private::open_or_create(&path)?;
        let found = file.metadata().map_err(|error| failure::reading(&path, error))?;
        private::check(&path, &found, folder.owner())?;
        match file.try_lock() {
            Ok(()) if is_gone(&file) => {}
            Ok(()) => return Ok(Locked { _file: file }),
            Err(TryLockError::WouldBlock) => {}
            Err(TryLockError::Error(error)) => {
                return Err(wrong(StoreErrorKind::Unavailable, &path, "cannot be locked")
                    .fix("name a folder on a local disk; a network file system needs its lock service")
                    .because(error));
            }
        }
        if waited >= patience {
            return Err(wrong(StoreErrorKind::Busy, &path, "is locked by another process")
                .fix("find out which process works with the store and hangs"));
        }
        std::thread::sleep(pause);
        waited += pause;
        pause = (pause * 3 / 2).min(Duration::from_millis(10));
    }
}

/// Whether somebody has deleted the file between our opening and our locking it: then others lock a new one.
#[cfg(unix)]
pub(super) fn is_gone(file: &File) -> bool {
    use std::os::unix::fs::MetadataExt;
    file.metadata().is_ok_and(|found| found.nlink() == 0)
}

#[cfg(not(unix))]
pub(super) fn is_gone(_: &File) -> bool {
    false
}
