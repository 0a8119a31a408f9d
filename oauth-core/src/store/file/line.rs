//! The first line of each file: what it is, the number of its format, and what the store knows of it.

use std::path::Path;

use super::failure::wrong;
use crate::store::{StoreError, StoreErrorKind};

/// The longest line, its end included.
pub(super) const MAX: usize = 256;
/// The format that this version writes, of every kind of file.
const FORMAT: u32 = 1;

/// What is wrong with a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bad {
    /// It is none of ours, or not whole.
    Corrupt,
    /// A newer version of this library has written it.
    Newer,
}

impl Bad {
    pub(super) fn at(self, path: &Path) -> StoreError {
        match self {
            Self::Corrupt => wrong(StoreErrorKind::Corrupt, path, "is damaged, or is no file of this store")
                .fix("restore it from a backup; it is left as it is until it is deleted, and then kept beside"),
            Self::Newer => wrong(StoreErrorKind::NewerSchema, path, "was written by a newer version of this library")
                .fix("update the program"),
        }
    }
}

/// The line of a file of that kind.
pub(super) fn write(kind: &str, fields: std::fmt::Arguments<'_>) -> String {
    format!("{kind} {FORMAT} {fields}\n")
}

/// The fields of the first line, and where what follows begins.
pub(super) fn read<'a, const N: usize>(kind: &str, bytes: &'a [u8]) -> Result<([&'a str; N], usize), Bad> {
    let rest = bytes.strip_prefix(kind.as_bytes()).and_then(|rest| rest.strip_prefix(b" ")).ok_or(Bad::Corrupt)?;
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let format = std::str::from_utf8(&rest[..digits]).ok().and_then(|digits| digits.parse::<u32>().ok());
    match format {
        Some(FORMAT) => {}
        Some(newer) if newer > FORMAT => return Err(Bad::Newer),
        _ => return Err(Bad::Corrupt),
    }
    let end = bytes.iter().take(MAX).position(|byte| *byte == b'\n').ok_or(Bad::Corrupt)?;
    let line = std::str::from_utf8(&bytes[..end]).map_err(|_| Bad::Corrupt)?;
    let fields: Vec<&str> = line.split(' ').skip(2).collect();
    let fields = fields.try_into().map_err(|_| Bad::Corrupt)?;
    Ok((fields, end + 1))
}

/// A number as this library writes it: digits only, none too many.
pub(super) fn number(text: &str) -> Result<u64, Bad> {
    let number: u64 = text.parse().map_err(|_| Bad::Corrupt)?;
    if number.to_string() == text { Ok(number) } else { Err(Bad::Corrupt) }
}
