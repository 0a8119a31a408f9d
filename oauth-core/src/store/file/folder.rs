use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::failure::{self, wrong};
use super::private::{self, Owner};
use super::write::Temporary;
use crate::rng::Rng;
use crate::store::{StoreError, StoreErrorKind, StoreResult};

/// The folder of a store: private, and not to be exchanged by others.
#[derive(Debug)]
pub(super) struct Folder {
    root: PathBuf,
    owner: Owner,
}

/// What lies in it, each kind in a folder of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Records,
    Leases,
    /// A file for each lease, locked by its holder while it lives.
    Holders,
    Attempts,
    /// Files that are locked, never renamed and never deleted.
    Locks,
}

impl Part {
    pub(super) const ALL: [Self; 5] = [Self::Records, Self::Leases, Self::Holders, Self::Attempts, Self::Locks];

    fn name(self) -> &'static str {
        match self {
            Self::Records => "records",
            Self::Leases => "leases",
            Self::Holders => "holders",
            Self::Attempts => "attempts",
            Self::Locks => "locks",
        }
    }
}

impl Folder {
    /// Opens the folder, and makes it where it is missing. Also gives what time it is by the clock of the file system.
    pub(super) fn open(path: &Path, rng: &dyn Rng) -> StoreResult<(Self, SystemTime)> {
        let root = made(path)?;
        let (owner, now) = probe(&root, rng)?;
        let folder = Self { root, owner };
        folder.look()?;
        for part in Part::ALL {
            let path = folder.part(part);
            if !is_folder(&path)? {
                make(&path)?;
            }
            folder.check(&path)?;
        }
        Ok((folder, now))
    }

    /// Looks whether the folder is still there and still private, as everything that is done in it begins.
    pub(super) fn look(&self) -> StoreResult<()> {
        self.check(&self.root)
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    pub(super) fn owner(&self) -> Owner {
        self.owner
    }

    pub(super) fn part(&self, part: Part) -> PathBuf {
        self.root.join(part.name())
    }

    pub(super) fn file(&self, part: Part, name: &str) -> PathBuf {
        let mut path = self.part(part);
        path.push(name);
        path
    }

    /// The beginning of a file, at most `most` bytes of it, and how long it is. A missing file is none only as long as the
    /// folder is there.
    pub(super) fn read(&self, path: &Path, most: usize) -> StoreResult<Option<(Vec<u8>, u64)>> {
        let found = private::read(path, self.owner, most)?;
        if let (None, Some(part)) = (&found, path.parent()) {
            fs::symlink_metadata(part).map_err(|error| failure::reading(part, error))?;
        }
        Ok(found)
    }

    /// What there is in a part, by name, in no order.
    pub(super) fn names(&self, part: Part) -> StoreResult<Vec<String>> {
        let path = self.part(part);
        let unreadable = |error| failure::reading(&path, error);
        let mut names = Vec::new();
        for entry in fs::read_dir(&path).map_err(unreadable)? {
            // What has another name than we give is not ours.
            names.extend(entry.map_err(unreadable)?.file_name().into_string().ok());
        }
        Ok(names)
    }

    fn check(&self, path: &Path) -> StoreResult<()> {
        let found = fs::symlink_metadata(path).map_err(|error| failure::reading(path, error))?;
        if !found.is_dir() {
            return Err(wrong(StoreErrorKind::InsecureDirectory, path, "was a folder and is none now"));
        }
        private::check_access(path, &found, self.owner)
    }

    /// Makes everything in the folder that belongs to this user private again; how many files and folders it was.
    pub(super) fn repair(path: &Path, rng: &dyn Rng) -> StoreResult<usize> {
        let root = fs::canonicalize(path).map_err(|error| failure::reading(path, error))?;
        check_above(&root)?;
        let (owner, _) = probe(&root, rng)?;
        let folder = Self { root, owner };
        let mut repaired = folder.tighten(&folder.root)?;
        for part in Part::ALL {
            let path = folder.part(part);
            if !is_folder(&path)? {
                continue;
            }
            repaired += folder.tighten(&path)?;
            for name in folder.names(part)? {
                repaired += folder.tighten(&path.join(name))?;
            }
        }
        Ok(repaired)
    }

    fn tighten(&self, path: &Path) -> StoreResult<usize> {
        // What cannot be opened is a link, or what another process has just replaced.
        let Ok(file) = private::open(path) else { return Ok(0) };
        let found = file.metadata().map_err(|error| failure::reading(path, error))?;
        let ours = private::owner_of(&found) == self.owner && (found.is_file() || found.is_dir());
        if !ours || !private::is_loose(&found) {
            return Ok(0);
        }
        private::tighten(&file, &found).map_err(|error| failure::writing(path, error))?;
        Ok(1)
    }
}

fn is_folder(path: &Path) -> StoreResult<bool> {
    match fs::symlink_metadata(path) {
        Ok(found) if found.is_dir() => Ok(true),
        Ok(_) => Err(in_the_way(path)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(failure::writing(path, error)),
    }
}

fn in_the_way(path: &Path) -> StoreError {
    wrong(StoreErrorKind::Config, path, "is in the way: it should be a folder")
}

/// The folder's real path, once it is there and nobody else can exchange it.
fn made(path: &Path) -> StoreResult<PathBuf> {
    if !path.is_absolute() {
        return Err(wrong(StoreErrorKind::Config, path, "is no absolute path")
            .fix("name the whole path: a relative one changes with the folder in which the program is started"));
    }
    // Looked at before anything is put there, too.
    if let Some(above) = path.ancestors().find(|above| above.exists()) {
        let real = fs::canonicalize(above).map_err(|error| failure::reading(above, error))?;
        check_above(&real)?;
        if above != path {
            make(path)?;
        }
    }
    let real = fs::canonicalize(path).map_err(|error| failure::writing(path, error))?;
    if !real.is_dir() {
        return Err(in_the_way(path));
    }
    check_above(&real)?;
    Ok(real)
}

/// Makes a folder for its owner only, and those above it that are missing.
fn make(path: &Path) -> StoreResult<()> {
    private::create_folders(path).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists | io::ErrorKind::NotADirectory => in_the_way(path).because(error),
        _ => failure::writing(path, error),
    })?;
    let Some(above) = path.parent() else { return Ok(()) };
    private::sync_folder(above).map_err(|error| failure::writing(path, error))
}

/// Whether everybody can exchange the folder or one above it.
fn check_above(real: &Path) -> StoreResult<()> {
    for folder in real.ancestors() {
        let found = fs::metadata(folder).map_err(|error| failure::reading(folder, error))?;
        if private::is_open_to_all(&found) {
            let what = "can be changed by every user, and with it the store";
            return Err(wrong(StoreErrorKind::InsecureDirectory, folder, what)
                .fix("take the right to write from the others (chmod o-w), or name another folder"));
        }
    }
    Ok(())
}

/// Creates a file to see whether that is possible, to whom it then belongs, and when that was.
fn probe(root: &Path, rng: &dyn Rng) -> StoreResult<(Owner, SystemTime)> {
    let probe = Temporary::create(root, rng)?;
    let found = probe.file().metadata().map_err(|error| failure::reading(root, error))?;
    let now = found.modified().map_err(|error| failure::reading(root, error))?;
    Ok((private::owner_of(&found), now))
}
