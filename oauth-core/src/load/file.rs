use std::fs::File;
use std::io::Read;
use std::path::Path;

use crate::fault::{Fault, Faults};

use super::limits;

/// Reads a provider file: a regular file of bounded size. A pipe or a device would never end, or block.
pub fn read_file(path: &Path) -> Result<Vec<u8>, Faults> {
    let metadata = std::fs::metadata(path).map_err(|error| unreadable(path, &error.to_string()))?;
    if !metadata.is_file() {
        return Err(unreadable(path, "it is not a regular file"));
    }
    limits::size(metadata.len()).map_err(|finding| unreadable(path, &finding.message))?;
    let file = File::open(path).map_err(|error| unreadable(path, &error.to_string()))?;
    let mut bytes = Vec::new();
    // One byte more than allowed, so that a file that has grown meanwhile is refused by its size.
    file.take(limits::BYTES as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| unreadable(path, &error.to_string()))?;
    Ok(bytes)
}

fn unreadable(path: &Path, why: &str) -> Faults {
    Faults::new(vec![Fault {
        file: path.display().to_string(),
        line: 0,
        column: 0,
        path: String::new(),
        message: format!("the provider file cannot be read: {why}"),
        help: Some("check the path; it is relative to the current directory".to_owned()),
        notes: Vec::new(),
        code: "unreadable",
        source: None,
        width: 1,
    }])
}
