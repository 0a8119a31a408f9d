use std::ffi::OsString;
use std::path::PathBuf;

use super::failure::NAME;
use crate::store::{StoreError, StoreErrorKind, StoreResult};

/// The folder in which a program of that name keeps its store: below where the system wants a user's data to be.
pub(super) fn of_app(app: &str) -> StoreResult<PathBuf> {
    // One of the places that read the environment.
    of_app_with(app, System::here(), |name| std::env::var_os(name))
}

/// What a system is called in this file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum System {
    /// The XDG Base Directory Specification.
    Unix,
    Mac,
    Windows,
}

impl System {
    fn here() -> Self {
        if cfg!(windows) {
            Self::Windows
        } else if cfg!(any(target_os = "macos", target_os = "ios")) {
            Self::Mac
        } else {
            Self::Unix
        }
    }
}

pub(super) fn of_app_with(
    app: &str,
    system: System,
    variable: impl Fn(&str) -> Option<OsString>,
) -> StoreResult<PathBuf> {
    let sound = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if app.is_empty() || app.len() > 64 || app.starts_with('.') || !app.chars().all(sound) {
        return Err(StoreError::new(StoreErrorKind::Config, NAME, "the program's name is not fit for a folder")
            .fix("at most 64 letters, digits, dashes, underscores and dots, not beginning with a dot"));
    }
    // A relative path would be below whatever folder the program was started in; the specification has it ignored.
    let folder = |name: &str| variable(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let data = match system {
        System::Unix => folder("XDG_DATA_HOME").or_else(|| Some(folder("HOME")?.join(".local").join("share"))),
        System::Mac => folder("HOME").map(|home| home.join("Library").join("Application Support")),
        System::Windows => folder("LOCALAPPDATA"),
    };
    let data = data.ok_or_else(|| {
        let name = if system == System::Windows { "LOCALAPPDATA" } else { "HOME" };
        StoreError::new(StoreErrorKind::NoHome, NAME, format!("there is no home directory: {name} is no absolute path"))
            .fix(format!("set {name}, or name a folder with FileStore::open"))
    })?;
    Ok(data.join(app).join("oauth"))
}
