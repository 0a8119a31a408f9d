//! Keys in files that only their owner can read.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::path::{Path, PathBuf};

use secrecy::ExposeSecret as _;
use secrecy::zeroize::Zeroizing;

use super::key::invalid;
use super::{NAME, SealingKey};
use crate::encode::hex;
use crate::rng::{OsRng, Rng};
use crate::store::{StoreError, StoreErrorKind, StoreResult};

/// No key and no parameters are longer.
const MAX: u64 = 1024;

impl SealingKey {
    /// The key in a file, as [`from_base64`](Self::from_base64) reads it: a regular file of this user's that nobody else
    /// can read (mode 0600).
    ///
    /// A file that is not there is [`StoreErrorKind::KeyUnknown`]: what was sealed with its key cannot be opened without
    /// it.
    ///
    /// ```no_run
    /// let key = oauth_core::seal::SealingKey::from_file("/run/secrets/oauth-key")?;
    /// # Ok::<(), oauth_core::store::StoreError>(())
    /// ```
    pub fn from_file(path: impl AsRef<Path>) -> StoreResult<Self> {
        let path = path.as_ref();
        read(path)?.map_or_else(|| Err(lost(path)), |text| Self::parse_file(path, &text))
    }

    /// The key in a file, which is made with a random key if it is not there: mode 0600, in a folder that is made with
    /// mode 0700 if that is not there. A file that is there is never written to, whatever is in it.
    ///
    /// Who can read the file can open what the key sealed: keep it on another disk than that, or at least out of its
    /// backups.
    ///
    /// ```no_run
    /// let key = oauth_core::seal::SealingKey::in_file("/var/lib/my-app/oauth-key")?;
    /// # Ok::<(), oauth_core::store::StoreError>(())
    /// ```
    pub fn in_file(path: impl AsRef<Path>) -> StoreResult<Self> {
        let path = path.as_ref();
        let text = read_or_make(path, &OsRng, || {
            let key = Self::generate(&OsRng)?.expose_base64();
            Ok(Zeroizing::new(format!("{}\n", key.expose_secret())))
        })?;
        Self::parse_file(path, &text)
    }

    fn parse_file(path: &Path, text: &str) -> StoreResult<Self> {
        Self::parse(text).map_err(|why| invalid(&format!("the key in the file {}", shown(path)), &why))
    }
}

/// The text of a file; if there is none it is made with that content. Of two that make it at once both get the same.
pub(super) fn read_or_make(
    path: &Path,
    rng: &dyn Rng,
    content: impl FnOnce() -> StoreResult<Zeroizing<String>>,
) -> StoreResult<Zeroizing<String>> {
    if let Some(text) = read(path)? {
        return Ok(text);
    }
    let mut suffix = [0; 8];
    rng.fill(&mut suffix).map_err(|error| {
        StoreError::new(StoreErrorKind::Internal, NAME, "the system gave no random bytes; no file was made")
            .because(error)
    })?;
    let content = content()?;
    make(path, &hex(&suffix), content.as_bytes()).map_err(|error| {
        fault(StoreErrorKind::NotWritable, path, "cannot be made", error)
            .fix("name a place in a folder that this program may write to, on a file system that has hard links")
    })?;
    read(path)?.ok_or_else(|| lost(path))
}

/// Writes beside the place and then links: the file is there whole or not at all, and one that is there stays.
fn make(path: &Path, suffix: &str, content: &[u8]) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    make_folder(folder)?;
    let mut name = std::ffi::OsString::from(".");
    name.push(path.file_name().ok_or(ErrorKind::InvalidInput)?);
    name.push(format!(".{suffix}"));
    let draft = Draft(folder.join(name));
    let mut file = owners_only(OpenOptions::new().write(true).create_new(true)).open(&draft.0)?;
    file.write_all(content)?;
    file.sync_all()?;
    drop(file);
    match std::fs::hard_link(&draft.0, path) {
        // Somebody else was first.
        Err(error) if error.kind() == ErrorKind::AlreadyExists => return Ok(()),
        result => result?,
    }
    drop(draft);
    #[cfg(unix)]
    File::open(folder)?.sync_all()?;
    Ok(())
}

/// A file that is gone when nobody needs it any more.
struct Draft(PathBuf);

impl Drop for Draft {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// The text of a file that only its owner, this user, can read; none where there is no file.
pub(super) fn read(path: &Path) -> StoreResult<Option<Zeroizing<String>>> {
    let file = match open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) if is_link(&error) => return Err(not_a_file(path)),
        Err(error) => return Err(fault(StoreErrorKind::Config, path, "cannot be opened", error)),
    };
    let unreadable = |error| fault(StoreErrorKind::Unavailable, path, "cannot be read", error);
    let metadata = file.metadata().map_err(unreadable)?;
    if !metadata.is_file() {
        return Err(not_a_file(path));
    }
    if let Some(why) = exposed(&metadata) {
        return Err(StoreError::new(
            StoreErrorKind::InsecurePermissions,
            NAME,
            format!("the file {} {why}", shown(path)),
        )
        .fix("take a key that nobody else has seen, in a file of mode 0600 that belongs to the user of this program"));
    }
    // Room for all of it, so that no copy is left behind when the text grows.
    let mut text = Zeroizing::new(String::with_capacity(2 * usize::try_from(MAX).unwrap_or_default()));
    match file.take(MAX + 1).read_to_string(&mut text) {
        Ok(_) if text.len() as u64 > MAX => Err(StoreError::new(
            StoreErrorKind::TooLarge,
            NAME,
            format!("the file {} is larger than any key", shown(path)),
        )),
        Ok(_) => Ok(Some(text)),
        Err(error) if error.kind() == ErrorKind::InvalidData => {
            Err(invalid(&format!("the key in the file {}", shown(path)), "is not base64"))
        }
        Err(error) => Err(unreadable(error)),
    }
}

/// Opens without following a link in the last part of the path, and without waiting for the other end of a pipe.
fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
        options.custom_flags(flags.bits().cast_signed());
    }
    options.open(path)
}

fn is_link(error: &io::Error) -> bool {
    #[cfg(unix)]
    return error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error());
    #[cfg(not(unix))]
    return error.kind() == ErrorKind::InvalidInput;
}

/// Who else can read it.
#[cfg(unix)]
fn exposed(metadata: &std::fs::Metadata) -> Option<&'static str> {
    use std::os::unix::fs::MetadataExt as _;
    if metadata.uid() != rustix::process::geteuid().as_raw() {
        return Some("belongs to another user");
    }
    (metadata.mode() & 0o077 != 0).then_some("can be read or changed by other users")
}

/// Elsewhere access is by lists that a file has from its folder.
#[cfg(not(unix))]
fn exposed(_: &std::fs::Metadata) -> Option<&'static str> {
    None
}

fn owners_only(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    options
}

fn make_folder(folder: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt as _;
        builder.mode(0o700);
    }
    builder.recursive(true).create(folder)
}

/// A path as a message may show it, on one line.
fn shown(path: &Path) -> String {
    format!("`{}`", path.display().to_string().escape_debug())
}

fn lost(path: &Path) -> StoreError {
    StoreError::new(StoreErrorKind::KeyUnknown, NAME, format!("there is no file {}", shown(path))).fix(
        "put the key back from where you keep a copy; if it is lost for good, what it sealed is lost with it: make a new \
         one, and log in again",
    )
}

fn not_a_file(path: &Path) -> StoreError {
    StoreError::new(StoreErrorKind::NotAFile, NAME, format!("{} is not a regular file", shown(path)))
        .fix("name the file itself, not a link to it")
}

fn fault(kind: StoreErrorKind, path: &Path, what: &str, error: io::Error) -> StoreError {
    StoreError::new(kind, NAME, format!("the file {} {what}", shown(path))).because(error)
}
