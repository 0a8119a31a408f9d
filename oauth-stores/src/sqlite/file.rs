//! The file itself: made for its owner alone, and still the same one at every step.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use oauth_core::store::{StoreError, StoreErrorKind as Kind, StoreResult};

use super::error::about;

/// A database file that was fit to be opened.
pub(super) struct DatabaseFile {
    path: PathBuf,
    identity: Option<Identity>,
}

/// The file behind the name, whatever becomes of the name.
#[derive(PartialEq, Eq)]
struct Identity(u64, u64);

impl DatabaseFile {
    /// Makes the file where there is none, before anything is in it, and looks who can reach it.
    pub(super) fn prepare(path: &Path) -> StoreResult<Self> {
        let (folder, name) = split(path)?;
        system::make_folder(&folder).map_err(|error| io_error(&error, &folder, "the folder cannot be made"))?;
        // From here on no link in the path can lead elsewhere.
        let folder =
            fs::canonicalize(&folder).map_err(|error| io_error(&error, &folder, "the folder cannot be opened"))?;
        system::check_folder(&folder)?;
        let path = folder.join(name);
        if path.to_str().is_none() {
            return Err(about(Kind::Config, &path, "SQLite wants the path to be UTF-8"));
        }
        match system::make_file(&path) {
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(io_error(&error, &path, "the file cannot be made")),
        }
        let metadata =
            fs::symlink_metadata(&path).map_err(|error| io_error(&error, &path, "the file cannot be looked at"))?;
        if !metadata.is_file() {
            return Err(about(Kind::NotAFile, &path, "it is not a regular file"));
        }
        system::check_file(&path, &metadata)?;
        Ok(Self { identity: system::identity(&metadata), path })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Fails when the file has been removed or replaced: what is written into the old one would be lost with it.
    pub(super) fn is_still_there(&self) -> StoreResult<()> {
        let found = fs::symlink_metadata(&self.path)
            .map_err(|error| io_error(&error, &self.path, "the file is gone, or cannot be reached"))?;
        if system::identity(&found) != self.identity {
            return Err(about(Kind::Unavailable, &self.path, "the file is no longer the one that was opened")
                .fix("open the store again"));
        }
        Ok(())
    }
}

/// The folder and the name of the file in it.
fn split(path: &Path) -> StoreResult<(PathBuf, PathBuf)> {
    let none = || about(Kind::Config, path, "it is not the path of a file");
    let name = path.file_name().ok_or_else(none)?;
    let whole = std::path::absolute(path).map_err(|error| none().because(error))?;
    let folder = whole.parent().ok_or_else(none)?;
    Ok((folder.to_owned(), name.into()))
}

fn io_error(error: &io::Error, path: &Path, what: &str) -> StoreError {
    let kind = match error.kind() {
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => Kind::NotWritable,
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Kind::Full,
        io::ErrorKind::NotADirectory | io::ErrorKind::IsADirectory | io::ErrorKind::AlreadyExists => Kind::NotAFile,
        _ => Kind::Unavailable,
    };
    about(kind, path, what).because(io::Error::from(error.kind()))
}

#[cfg(unix)]
mod system {
    use std::fs::{self, DirBuilder, File, Metadata, OpenOptions};
    use std::io;
    use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
    use std::path::Path;

    use oauth_core::store::{StoreErrorKind as Kind, StoreResult};

    use super::{Identity, about, io_error};

    const OTHERS: u32 = 0o077;
    const OTHERS_WRITE: u32 = 0o022;
    const ANYBODY_WRITES: u32 = 0o002;
    const STICKY: u32 = 0o1000;

    pub(super) fn make_folder(folder: &Path) -> io::Result<()> {
        DirBuilder::new().recursive(true).mode(0o700).create(folder)
    }

    /// SQLite keeps files of its own beside the database: nobody else may put them there first.
    pub(super) fn check_folder(folder: &Path) -> StoreResult<()> {
        let look = |path| fs::metadata(path).map_err(|error| io_error(&error, path, "the folder cannot be looked at"));
        if !is_ours(look(folder)?.uid(), true) {
            return Err(about(Kind::InsecureDirectory, folder, "this folder belongs to another user"));
        }
        for (above, path) in folder.ancestors().enumerate() {
            let mode = look(path)?.mode();
            let sticky = above > 0 && mode & STICKY != 0;
            if mode & if above == 0 { OTHERS_WRITE } else { ANYBODY_WRITES } != 0 && !sticky {
                return Err(about(Kind::InsecureDirectory, path, "others can change this folder")
                    .fix(format!("chmod go-w {}", path.display())));
            }
        }
        Ok(())
    }

    /// What belongs to this user; a folder may also be the system's.
    fn is_ours(owner: u32, or_root: bool) -> bool {
        owner == rustix::process::geteuid().as_raw() || or_root && owner == 0
    }

    pub(super) fn make_file(path: &Path) -> io::Result<File> {
        OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
    }

    /// SQLite gives the files beside the database the same permissions.
    pub(super) fn check_file(path: &Path, metadata: &Metadata) -> StoreResult<()> {
        if !is_ours(metadata.uid(), false) {
            return Err(about(Kind::InsecurePermissions, path, "it belongs to another user"));
        }
        if metadata.mode() & OTHERS != 0 {
            return Err(about(Kind::InsecurePermissions, path, "others can read or write it")
                .fix(format!("chmod 600 {}", path.display())));
        }
        Ok(())
    }

    #[allow(clippy::unnecessary_wraps, reason = "elsewhere there is none")]
    pub(super) fn identity(metadata: &Metadata) -> Option<Identity> {
        Some(Identity(metadata.dev(), metadata.ino()))
    }
}

/// Elsewhere the folder of a user is closed to others by the system's own rules.
#[cfg(not(unix))]
mod system {
    use std::fs::{self, File, Metadata, OpenOptions};
    use std::io;
    use std::path::Path;

    use oauth_core::store::StoreResult;

    use super::Identity;

    pub(super) fn make_folder(folder: &Path) -> io::Result<()> {
        fs::create_dir_all(folder)
    }

    pub(super) fn check_folder(_: &Path) -> StoreResult<()> {
        Ok(())
    }

    pub(super) fn make_file(path: &Path) -> io::Result<File> {
        OpenOptions::new().write(true).create_new(true).open(path)
    }

    pub(super) fn check_file(_: &Path, _: &Metadata) -> StoreResult<()> {
        Ok(())
    }

    pub(super) fn identity(_: &Metadata) -> Option<Identity> {
        None
    }
}
