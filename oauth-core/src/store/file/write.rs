use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use super::failure;
use super::private;
use crate::rng::Rng;
use crate::store::StoreResult;

/// How the names of files begin that are not finished.
pub(super) const UNFINISHED: &str = ".unfinished-";

/// Puts a file with that content in place of the one that is there, if there is one: whoever reads sees the old content
/// or the new one, also when the power goes. When it fails, the old one is as it was.
pub(super) fn replace(path: &Path, content: &[&[u8]], rng: &dyn Rng) -> StoreResult<()> {
    let Some(folder) = path.parent() else { return Ok(()) };
    let mut new = Temporary::create(folder, rng)?;
    new.fill(content)?;
    new.take_the_place_of(path)?;
    private::sync_folder(folder).map_err(|error| failure::writing(folder, error))
}

/// A file that is removed again unless it takes the place of another.
#[derive(Debug)]
pub(super) struct Temporary {
    path: Option<PathBuf>,
    file: File,
}

impl Temporary {
    pub(super) fn create(folder: &Path, rng: &dyn Rng) -> StoreResult<Self> {
        let name = format!("{UNFINISHED}{}", random_name(rng)?);
        let mut path = folder.join(&name);
        // The source of random bytes may be one that repeats itself.
        let mut number = 0;
        loop {
            match private::create(&path) {
                Ok(file) => return Ok(Self { path: Some(path), file }),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists && number < 100 => {
                    number += 1;
                    path = folder.join(format!("{name}-{number}"));
                }
                Err(error) => return Err(failure::writing(&path, error)),
            }
        }
    }

    pub(super) fn file(&self) -> &File {
        &self.file
    }

    fn fill(&mut self, content: &[&[u8]]) -> StoreResult<()> {
        let path = self.path.as_deref().unwrap_or(Path::new(""));
        let filled = content.iter().try_for_each(|part| self.file.write_all(part)).and_then(|()| self.file.sync_all());
        filled.map_err(|error| failure::writing(path, error))
    }

    fn take_the_place_of(mut self, target: &Path) -> StoreResult<()> {
        let Some(path) = self.path.take() else { return Ok(()) };
        let renamed = private::patiently(failure::goes_by_itself, || fs::rename(&path, target));
        renamed.map_err(|error| {
            self.path = Some(path);
            failure::writing(target, error)
        })
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if let Some(path) = &self.path {
            // What cannot be removed now is swept up later.
            let _ = fs::remove_file(path);
        }
    }
}

/// A name that nobody else has, nor can guess.
pub(super) fn random_name(rng: &dyn Rng) -> StoreResult<String> {
    let mut bytes = [0; 16];
    rng.fill(&mut bytes).map_err(failure::no_random)?;
    Ok(format!("{:032x}", u128::from_be_bytes(bytes)))
}
