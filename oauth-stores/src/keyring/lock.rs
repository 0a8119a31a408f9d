//! The lock under which a key is made.

use std::fs::{DirBuilder, File, Metadata, OpenOptions};
use std::io;
use std::path::Path;

use oauth_core::store::{StoreError, StoreErrorKind, StoreResult};

use super::NAME;

/// Locks a file of that name, as long as what this gives lives. The file is for its owner only, and stays.
pub(super) fn lock(folder: &Path, name: &str) -> StoreResult<File> {
    let failed = |error: io::Error| {
        let what = format!("the file `{}` cannot be locked", folder.join(name).display().to_string().escape_debug());
        StoreError::new(StoreErrorKind::NotWritable, NAME, what)
            .fix("name a folder that this program may write to")
            .because(error)
    };
    let mut folders = DirBuilder::new();
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    {
        use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
        folders.mode(0o700);
        // Nobody's link is followed.
        let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
        options.mode(0o600).custom_flags(flags.bits().cast_signed());
    }
    folders.recursive(true).create(folder).map_err(failed)?;
    if is_open_to_others(&folder.metadata().map_err(failed)?) {
        let what = format!("others can change the folder `{}`", folder.display().to_string().escape_debug());
        return Err(StoreError::new(StoreErrorKind::InsecureDirectory, NAME, what)
            .fix("name a folder of the application's own, with mode 0700"));
    }
    let file = options.open(folder.join(name)).map_err(failed)?;
    let found = file.metadata().map_err(failed)?;
    if !found.is_file() {
        return Err(failed(io::ErrorKind::InvalidInput.into()));
    }
    if is_open_to_others(&found) {
        let what = "others can lock the file of the application".to_owned();
        return Err(StoreError::new(StoreErrorKind::InsecurePermissions, NAME, what).fix("delete the file"));
    }
    file.lock().map_err(failed)?;
    Ok(file)
}

/// Whether another user owns it or can write to it.
#[cfg(unix)]
fn is_open_to_others(found: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    found.uid() != rustix::process::geteuid().as_raw() || found.mode() & 0o022 != 0
}

/// Elsewhere access is by lists that a file has from its folder.
#[cfg(not(unix))]
fn is_open_to_others(_: &Metadata) -> bool {
    false
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn kr_04_the_lock_is_private() {
        let folder = tempfile::tempdir().unwrap();
        let made = folder.path().join("a/b");
        drop(lock(&made, "x.lock").unwrap());
        let of = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!((of(&made), of(&made.join("x.lock"))), (0o700, 0o600));

        let set = |path: &Path, mode| std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
        set(&made.join("x.lock"), 0o666);
        assert_eq!(lock(&made, "x.lock").unwrap_err().kind(), StoreErrorKind::InsecurePermissions);
        set(&made, 0o777);
        assert_eq!(lock(&made, "y.lock").unwrap_err().kind(), StoreErrorKind::InsecureDirectory);
        set(&made, 0o700);
        std::os::unix::fs::symlink(folder.path().join("victim"), made.join("z.lock")).unwrap();
        assert_eq!(lock(&made, "z.lock").unwrap_err().kind(), StoreErrorKind::NotWritable);
        assert!(!folder.path().join("victim").exists());
        std::fs::create_dir(made.join("d.lock")).unwrap();
        assert_eq!(lock(&made, "d.lock").unwrap_err().kind(), StoreErrorKind::NotWritable);
    }
}
