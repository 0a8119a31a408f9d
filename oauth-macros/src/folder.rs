//! Which files a macro call means, and their bytes.
//!
//! A path is relative to the calling crate's manifest and stays below it: no `..`, not absolute, and no link on the way
//! leads out. One link is allowed: the folder itself may be one, so that a workspace keeps its provider files at the
//! top and still packages them with the crate. Where links are checked out as text files (git on Windows), that text is
//! followed. The files must be regular files inside the folder.

use std::fs;
use std::io::Read;
use std::path::{Component, Path, PathBuf};

/// A provider file is a few hundred lines. More than this is not one.
const MAX_BYTES: u64 = 256 * 1024;
/// The longest target of a link that is checked out as a text file.
const MAX_LINK_BYTES: u64 = 4096;

/// The files of one macro call.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// The folder they are in.
    pub(crate) dir: PathBuf,
    /// The files that could be read, sorted by name.
    pub(crate) files: Vec<File>,
    /// What is wrong with others.
    pub(crate) faults: Vec<String>,
}

/// A provider file.
#[derive(Debug)]
pub(crate) struct File {
    /// What messages call it: the path relative to the crate.
    pub(crate) shown: String,
    /// Its name in the folder.
    pub(crate) name: String,
    /// Where it is, for `include_bytes!`.
    pub(crate) path: String,
    /// What it holds.
    pub(crate) bytes: Vec<u8>,
}

/// All provider files of a folder.
pub(crate) fn read_folder(root: &Path, literal: &str) -> Result<Found, String> {
    let dir = locate(root, &relative(literal)?)?;
    let names = provider_files(&dir, literal)?;
    let mut found = Found { dir, ..Found::default() };
    if names.is_empty() {
        return Err(format!(
            "the folder `{literal}` holds no provider file: put one there, such as `{literal}/acme.yaml`"
        ));
    }
    for name in names {
        match name.and_then(|name| read(&found.dir, literal.trim_end_matches('/'), &name)) {
            Ok(file) => found.files.push(file),
            Err(fault) => found.faults.push(fault),
        }
    }
    Ok(found)
}

/// One provider file.
pub(crate) fn read_file(root: &Path, literal: &str) -> Result<Found, String> {
    let path = relative(literal)?;
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    if !is_yaml(name)? {
        return Err(format!(
            "`{literal}` is no provider file: its name is the provider's id and `.yaml`, as `acme.yaml`"
        ));
    }
    let above = path.parent().unwrap_or(Path::new(""));
    let dir = locate(root, above)?;
    let shown = above.to_str().unwrap_or_default();
    let file = read(&dir, shown, name)?;
    Ok(Found { dir, files: vec![file], faults: Vec::new() })
}

/// The literal as a path of plain names.
fn relative(literal: &str) -> Result<PathBuf, String> {
    if literal.is_empty() {
        return Err("the path is empty: name a folder or a file, relative to this crate's Cargo.toml".to_owned());
    }
    let mut path = PathBuf::new();
    for component in Path::new(literal).components() {
        match component {
            Component::Normal(name) => path.push(name),
            Component::CurDir => {}
            Component::ParentDir | Component::RootDir | Component::Prefix(_) => {
                return Err(format!(
                    "`{literal}` leaves this crate: give a path below the folder of its Cargo.toml, without `..` \
                     (that folder may hold a link to where the files are)"
                ));
            }
        }
    }
    Ok(path)
}

/// The folder, after its one allowed link.
fn locate(root: &Path, relative: &Path) -> Result<PathBuf, String> {
    let shown = if relative.as_os_str().is_empty() { Path::new(".") } else { relative }.display();
    let dir = root.join(relative);
    if let Some(parent) = dir.parent().filter(|_| !relative.as_os_str().is_empty()) {
        let inside = canonical(parent).and_then(|parent| Ok(parent.starts_with(canonical(root)?)));
        match inside {
            Ok(true) => {}
            Ok(false) => {
                return Err(format!(
                    "`{shown}` leaves this crate through a link above it: only the folder itself may be a link"
                ));
            }
            Err(fault) => return Err(format!("the folder `{shown}` cannot be found in this crate: {fault}")),
        }
    }
    match fs::metadata(&dir) {
        Ok(meta) if meta.is_dir() => Ok(dir),
        Ok(meta) if meta.is_file() => follow_text(&dir, meta.len()).ok_or_else(|| {
            format!("`{shown}` is a file: name the folder of the provider files, or use `provider!` for one file")
        }),
        Ok(_) => Err(format!("`{shown}` is neither a folder nor a link to one")),
        Err(fault) => Err(format!("the folder `{shown}` cannot be read in this crate: {fault}")),
    }
}

fn canonical(path: &Path) -> Result<PathBuf, String> {
    fs::canonicalize(path).map_err(|fault| fault.to_string())
}

/// A link that is checked out as a text file: its text is the relative path of a folder, on one line.
fn follow_text(link: &Path, length: u64) -> Option<PathBuf> {
    if length > MAX_LINK_BYTES {
        return None;
    }
    let text = fs::read_to_string(link).ok()?;
    let target = Path::new(text.trim_end());
    let dir = link.parent()?.join(target);
    (!text.trim().is_empty() && !text.trim_end().contains(['\n', '\0']) && target.is_relative() && dir.is_dir())
        .then_some(dir)
}

/// The names of the folder's provider files, sorted; an error for a name that looks like a slip.
fn provider_files(dir: &Path, shown: &str) -> Result<Vec<Result<String, String>>, String> {
    let unreadable = |fault: std::io::Error| format!("the folder `{shown}` cannot be read: {fault}");
    let mut names = Vec::new();
    for entry in fs::read_dir(dir).map_err(unreadable)? {
        let name = entry.map_err(unreadable)?.file_name();
        match name.to_str() {
            Some(name) => match is_yaml(name) {
                Ok(true) => names.push(Ok(name.to_owned())),
                Ok(false) => {}
                Err(fault) => names.push(Err(format!("{shown}/{fault}"))),
            },
            None if name.to_string_lossy().ends_with(".yaml") => {
                names.push(Err(format!(
                    "{shown}/{}: the file's name is not UTF-8: rename it to the provider's id",
                    name.display()
                )));
            }
            None => {}
        }
    }
    names.sort();
    Ok(names)
}

/// Whether the name is that of a provider file. Hidden files are editors' and systems' business.
fn is_yaml(name: &str) -> Result<bool, String> {
    let Some((stem, ending)) = name.rsplit_once('.') else { return Ok(false) };
    if stem.is_empty() || name.starts_with('.') {
        return Ok(false);
    }
    match ending {
        "yaml" => Ok(true),
        ending if ending.eq_ignore_ascii_case("yaml") || ending.eq_ignore_ascii_case("yml") => {
            Err(format!("{name}: provider files end in `.yaml`: rename it to `{stem}.yaml`"))
        }
        _ => Ok(false),
    }
}

fn read(dir: &Path, folder: &str, name: &str) -> Result<File, String> {
    let shown = if matches!(folder, "" | ".") { name.to_owned() } else { format!("{folder}/{name}") };
    let path = dir.join(name);
    let real = canonical(&path).map_err(|fault| format!("{shown}: the file cannot be read: {fault}"))?;
    if !real.starts_with(canonical(dir).map_err(|fault| format!("{shown}: its folder cannot be read: {fault}"))?) {
        return Err(format!("{shown}: the file is a link that leaves its folder: put the file itself there"));
    }
    let meta = fs::metadata(&real).map_err(|fault| format!("{shown}: the file cannot be read: {fault}"))?;
    if !meta.is_file() {
        return Err(format!("{shown}: this is no regular file"));
    }
    let mut bytes = Vec::new();
    fs::File::open(&real)
        .and_then(|file| file.take(MAX_BYTES + 1).read_to_end(&mut bytes))
        .map_err(|fault| format!("{shown}: the file cannot be read: {fault}"))?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(format!("{shown}: the file is larger than {} KiB: no provider file is", MAX_BYTES / 1024));
    }
    match path.to_str() {
        Some(path) => Ok(File { shown, name: name.to_owned(), path: path.to_owned(), bytes }),
        None => Err(format!(
            "{shown}: the path of this crate is not UTF-8, so that Rust cannot name the file: move the crate"
        )),
    }
}

#[cfg(test)]
mod tests;
