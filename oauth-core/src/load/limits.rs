//! What is refused before a parser sees the bytes, or while it builds its tree: a provider file is data of a few
//! kilobytes, and whatever claims to be more is an attack or a mistake.

use std::borrow::Cow;

use crate::fault::{Finding, Path, Spot};

/// The longest file, in bytes.
pub(crate) const BYTES: usize = 256 * 1024;
/// The most nodes (keys count), after aliases are expanded.
pub(crate) const NODES: usize = 20_000;
/// The deepest nesting of maps and lists.
pub(crate) const DEPTH: usize = 16;
/// The most anchors.
pub(crate) const ANCHORS: usize = 16;
/// The most holes of one template.
pub(crate) const HOLES: usize = 16;
/// The most values of one closed list.
pub(crate) const VALUES: usize = 256;
/// The most faults that are reported of one file.
pub(crate) const FAULTS: usize = 64;

/// The most faults whose places are looked up. Each is a walk through the text, so that long files get fewer.
pub(crate) fn faults_of(text: &str) -> usize {
    (1024 * 1024 / text.len().max(1)).clamp(4, FAULTS)
}

/// The file's text: at most 256 KiB of UTF-8 (one byte order mark at its start is dropped) without control or
/// invisible characters.
pub(crate) fn text(bytes: &[u8]) -> Result<&str, Box<Finding>> {
    size(bytes.len() as u64)?;
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => return Err(Box::new(not_utf8(bytes, error.valid_up_to()))),
    };
    characters(text)?;
    Ok(text)
}

/// Whether that many bytes are few enough.
pub(crate) fn size(bytes: u64) -> Result<(), Box<Finding>> {
    if bytes <= BYTES as u64 {
        return Ok(());
    }
    let message = format!("the file is longer than {} KiB", BYTES / 1024);
    let finding = Finding::new("too-large", Path::default(), message).at_spot(Spot::Mark(0, 0));
    Err(Box::new(finding.help("a provider file describes one provider: it has a few kilobytes")))
}

fn not_utf8(bytes: &[u8], at: usize) -> Finding {
    let before = String::from_utf8_lossy(&bytes[..at]);
    let (line, column) = place(&before);
    let sixteen = bytes.starts_with(&[0xFF, 0xFE]) || bytes.starts_with(&[0xFE, 0xFF]);
    let what: Cow<'_, str> =
        if sixteen { "the file is UTF-16".into() } else { format!("byte {at} of the file is not UTF-8").into() };
    Finding::new("encoding", Path::default(), what).at_spot(Spot::Mark(line, column)).help("save it as UTF-8")
}

/// Refuses characters that a reader does not see: control characters, bidirectional marks that make a line read
/// otherwise than it is ("Trojan Source", CVE-2021-42574), and those without width.
fn characters(text: &str) -> Result<(), Box<Finding>> {
    if text.bytes().all(|byte| byte == b'\n' || (0x20..0x7F).contains(&byte)) {
        return Ok(());
    }
    let Some((at, c)) = text.char_indices().find(|(_, c)| is_refused(*c)) else { return Ok(()) };
    let (line, column) = place(&text[..at]);
    let message = format!("U+{:04X} ({}) at byte {at} may not stand in a provider file", u32::from(c), described(c));
    let help = match c {
        '\r' => "save the file with LF line ends",
        '\t' => "write spaces",
        _ => "remove it",
    };
    Err(Box::new(Finding::new("character", Path::default(), message).at_spot(Spot::Mark(line, column)).help(help)))
}

/// Whether the character may stand nowhere in a file, neither as it is nor as an escape.
pub(crate) fn is_refused(c: char) -> bool {
    (c.is_control() && c != '\n') || is_invisible(c)
}

/// Default-ignorable, bidirectional and separator characters; variation selectors and tags hide text as well.
fn is_invisible(c: char) -> bool {
    matches!(
        u32::from(c),
        0x00AD | 0x034F | 0x061C | 0x115F..=0x1160 | 0x17B4..=0x17B5 | 0x180B..=0x180F | 0x200B..=0x200F | 0x2028..=0x202E
            | 0x2060..=0x206F | 0x3164 | 0xFE00..=0xFE0F | 0xFEFF | 0xFFA0 | 0xFFF0..=0xFFFC | 0x1_D173..=0x1_D17A | 0xE_0000..=0xE_0FFF
    )
}

fn described(c: char) -> &'static str {
    match c {
        '\0' => "NUL",
        '\t' => "a tab",
        '\r' => "a carriage return",
        '\u{FEFF}' => "a second byte order mark",
        c if c.is_control() => "a control character",
        _ => "an invisible character",
    }
}

/// Line and column, both from 1, of what follows this text.
fn place(before: &str) -> (usize, usize) {
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
    (line, column)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gen_18_one_byte_order_mark_passes() {
        assert_eq!(text(b"\xEF\xBB\xBFid: a\n").unwrap(), "id: a\n");
        let twice = text(b"\xEF\xBB\xBF\xEF\xBB\xBFid: a\n").unwrap_err();
        assert!(twice.message.contains("second byte order mark"), "{}", twice.message);
    }

    #[test]
    fn gen_18_other_encodings_and_controls_are_refused_with_their_offset() {
        for (bytes, expected, spot) in [
            (&b"id: a\r\n"[..], "U+000D (a carriage return) at byte 5", Spot::Mark(1, 6)),
            (b"a:\n\tb: c\n", "U+0009 (a tab) at byte 3", Spot::Mark(2, 1)),
            (b"id: \0", "U+0000 (NUL) at byte 4", Spot::Mark(1, 5)),
            (b"id: a\nname: \xFF", "byte 12 of the file is not UTF-8", Spot::Mark(2, 7)),
            (b"\xFF\xFEi\0d\0", "the file is UTF-16", Spot::Mark(1, 1)),
        ] {
            let finding = text(bytes).unwrap_err();
            assert!(finding.message.starts_with(expected), "{}", finding.message);
            assert_eq!(finding.spot, spot);
        }
    }

    #[test]
    fn gen_02_bidirectional_and_invisible_characters_are_refused() {
        for c in ['\u{202E}', '\u{200B}', '\u{2066}', '\u{E0041}', '\u{2028}', '\u{85}'] {
            assert!(text(format!("name: a{c}b").as_bytes()).is_err(), "{c:?}");
        }
        assert!(text("name: Яндекс 微信 é".as_bytes()).is_ok());
    }

    #[test]
    fn gen_05_size_is_bounded() {
        assert_eq!(text(&vec![b' '; BYTES + 1]).unwrap_err().code, "too-large");
    }
}
