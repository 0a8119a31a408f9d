use std::io;
use std::path::Path;

use crate::rng::RngError;
use crate::store::{StoreError, StoreErrorKind};

/// The store's name.
pub(super) const NAME: &str = "file";

/// What is wrong with that file or folder.
pub(super) fn wrong(kind: StoreErrorKind, path: &Path, what: &str) -> StoreError {
    StoreError::new(kind, NAME, format!("{} {what}", path.display()))
}

/// What the system says to a write.
pub(super) fn writing(path: &Path, error: io::Error) -> StoreError {
    let kind = error.kind();
    match kind {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
            wrong(StoreErrorKind::Full, path, "finds no room on the disk")
                .fix("make room on the disk; what was stored before is as it was")
        }
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            wrong(StoreErrorKind::NotWritable, path, "cannot be written")
                .fix("name a folder that this user can write to, with FileStore::open")
        }
        _ if is_shared(&error) => wrong(StoreErrorKind::Busy, path, "is open in another program"),
        _ => wrong(StoreErrorKind::Unavailable, path, "could not be written"),
    }
    .because(error)
}

/// What the system says to a read.
pub(super) fn reading(path: &Path, error: io::Error) -> StoreError {
    match error.kind() {
        io::ErrorKind::PermissionDenied => {
            wrong(StoreErrorKind::InsecurePermissions, path, "is not this user's to read").fix(OWN)
        }
        io::ErrorKind::NotFound => wrong(StoreErrorKind::Unavailable, path, "is gone"),
        _ if is_shared(&error) => wrong(StoreErrorKind::Busy, path, "is open in another program"),
        _ => wrong(StoreErrorKind::Unavailable, path, "could not be read"),
    }
    .because(error)
}

/// What to do about a file of somebody else.
pub(super) const OWN: &str = "run as the user to whom the store belongs, or name another folder";

/// Another program has the file open and does not share it.
fn is_shared(error: &io::Error) -> bool {
    cfg!(windows) && matches!(error.raw_os_error(), Some(32 | 33))
}

/// What goes by itself within moments: a virus scanner, an index, a reader that is about to close.
pub(super) fn goes_by_itself(error: &io::Error) -> bool {
    is_shared(error) || cfg!(windows) && error.raw_os_error() == Some(5)
}

pub(super) fn no_random(error: RngError) -> StoreError {
    StoreError::new(StoreErrorKind::Unavailable, NAME, "there are no random bytes").because(error)
}
