//! Files that only their owner can read, from their first byte on, and that are what they seem to be.

use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::path::Path;
use std::time::Duration;

pub(super) use self::system::{create_folders, is_loose, is_open_to_all, owner_of, tighten};
use super::failure::{self, OWN, wrong};
use crate::store::{StoreError, StoreErrorKind, StoreResult};

/// To whom our files belong: where the system knows users, whoever owns what this process creates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Owner(pub(super) u32);

/// Opens a file to read it: no link is followed, and a pipe or a device does not keep us waiting.
pub(super) fn open(path: &Path) -> io::Result<File> {
    patiently(failure::goes_by_itself, || system::reading().open(path))
}

/// Creates a file that was not there, for its owner only.
pub(super) fn create(path: &Path) -> io::Result<File> {
    patiently(failure::goes_by_itself, || system::creating().create_new(true).open(path))
}

/// Opens a file to lock it, and creates it where it is missing.
pub(super) fn open_or_create(path: &Path) -> StoreResult<File> {
    let opened = patiently(failure::goes_by_itself, || system::creating().create(true).truncate(false).open(path));
    opened.map_err(|error| {
        if system::is_no_file(&error) { no_file(path).because(error) } else { failure::writing(path, error) }
    })
}

/// The beginning of a file, at most `most` bytes of it, and how long it is; `None` where there is none.
pub(super) fn read(path: &Path, owner: Owner, most: usize) -> StoreResult<Option<(Vec<u8>, u64)>> {
    let mut file = match open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) if system::is_no_file(&error) => return Err(no_file(path).because(error)),
        Err(error) => return Err(failure::reading(path, error)),
    };
    let found = file.metadata().map_err(|error| failure::reading(path, error))?;
    check(path, &found, owner)?;
    let expected = usize::try_from(found.len()).unwrap_or(most).min(most);
    let mut bytes = Vec::with_capacity(expected);
    let mut part = file.by_ref().take(u64::try_from(most).unwrap_or(u64::MAX));
    part.read_to_end(&mut bytes).map_err(|error| failure::reading(path, error))?;
    Ok(Some((bytes, found.len())))
}

/// Whether it is a file, and its owner's alone.
pub(super) fn check(path: &Path, found: &Metadata, owner: Owner) -> StoreResult<()> {
    if !found.is_file() {
        return Err(no_file(path));
    }
    check_access(path, found, owner)
}

/// Whether only its owner, who is this user, can read or change it.
pub(super) fn check_access(path: &Path, found: &Metadata, owner: Owner) -> StoreResult<()> {
    let insecure = |what: &str| wrong(StoreErrorKind::InsecurePermissions, path, what);
    if owner_of(found) != owner {
        return Err(insecure("belongs to another user").fix(OWN));
    }
    if is_loose(found) {
        let fix = "FileStore::repair_permissions makes the folder its owner's alone again; others may have read what is in it";
        return Err(insecure("can be read or changed by other users").fix(fix));
    }
    Ok(())
}

fn no_file(path: &Path) -> StoreError {
    wrong(StoreErrorKind::NotAFile, path, "is no regular file").fix("find out what has put it there, and move it away")
}

/// Calls again for a second while the system says what goes by itself.
pub(super) fn patiently<T>(
    goes_by_itself: fn(&io::Error) -> bool,
    call: impl FnMut() -> io::Result<T>,
) -> io::Result<T> {
    again(goes_by_itself, call, std::thread::sleep)
}

/// The same, with what happens between two calls.
pub(super) fn again<T>(
    goes_by_itself: fn(&io::Error) -> bool,
    mut call: impl FnMut() -> io::Result<T>,
    mut pause: impl FnMut(Duration),
) -> io::Result<T> {
    const STEP: Duration = Duration::from_millis(20);
    for _ in 0..50 {
        match call() {
            Err(error) if goes_by_itself(&error) => pause(STEP),
            done => return done,
        }
    }
    call()
}

/// Makes what has happened in a folder last.
pub(super) fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(windows) {
        // A folder cannot be synced there; a rename is in the journal.
        return Ok(());
    }
    match File::open(folder)?.sync_all() {
        // Some network file systems have nothing to sync in a folder.
        Err(error) if matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported) => Ok(()),
        done => done,
    }
}

#[cfg(unix)]
mod system {
    use std::fs::{DirBuilder, File, Metadata, OpenOptions, Permissions};
    use std::io;
    use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
    use std::path::Path;

    use rustix::fs::OFlags;
    use rustix::io::Errno;

    use super::Owner;

    /// What opening a link, a socket or a folder ends with.
    const NO_FILE: [Errno; 4] = [Errno::LOOP, Errno::NXIO, Errno::ISDIR, Errno::OPNOTSUPP];
    const FILE: u32 = 0o600;
    const FOLDER: u32 = 0o700;

    pub(in super::super) fn reading() -> OpenOptions {
        let mut options = OpenOptions::new();
        let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY;
        options.read(true).custom_flags(flags.bits().cast_signed());
        options
    }

    pub(in super::super) fn creating() -> OpenOptions {
        let mut options = reading();
        options.write(true).mode(FILE);
        options
    }

    /// What the system answers to who would open a link, a socket or the like.
    pub(in super::super) fn is_no_file(error: &io::Error) -> bool {
        error.raw_os_error().is_some_and(|code| NO_FILE.iter().any(|errno| errno.raw_os_error() == code))
    }

    pub(in super::super) fn owner_of(found: &Metadata) -> Owner {
        Owner(found.uid())
    }

    pub(in super::super) fn is_loose(found: &Metadata) -> bool {
        found.mode() & 0o077 != 0
    }

    /// Whether everybody can put things there and take away what others have put there.
    pub(in super::super) fn is_open_to_all(found: &Metadata) -> bool {
        found.mode() & 0o002 != 0 && found.mode() & 0o1000 == 0
    }

    pub(in super::super) fn tighten(file: &File, found: &Metadata) -> io::Result<()> {
        file.set_permissions(Permissions::from_mode(if found.is_dir() { FOLDER } else { FILE }))
    }

    pub(in super::super) fn create_folders(path: &Path) -> io::Result<()> {
        DirBuilder::new().recursive(true).mode(FOLDER).create(path)
    }
}

/// Elsewhere what lies in a user's profile is that user's, by inheritance.
#[cfg(not(unix))]
mod system {
    use std::fs::{DirBuilder, File, Metadata, OpenOptions};
    use std::io;
    use std::path::Path;

    use super::Owner;

    pub(in super::super) fn reading() -> OpenOptions {
        let mut options = OpenOptions::new();
        options.read(true);
        options
    }

    pub(in super::super) fn creating() -> OpenOptions {
        let mut options = reading();
        options.write(true);
        options
    }

    pub(in super::super) fn is_no_file(_: &io::Error) -> bool {
        false
    }

    pub(in super::super) fn owner_of(_: &Metadata) -> Owner {
        Owner(0)
    }

    pub(in super::super) fn is_loose(_: &Metadata) -> bool {
        false
    }

    pub(in super::super) fn is_open_to_all(_: &Metadata) -> bool {
        false
    }

    pub(in super::super) fn tighten(_: &File, _: &Metadata) -> io::Result<()> {
        Ok(())
    }

    pub(in super::super) fn create_folders(path: &Path) -> io::Result<()> {
        DirBuilder::new().recursive(true).create(path)
    }
}
