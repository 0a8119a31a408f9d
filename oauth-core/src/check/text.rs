//! Rules for the small texts that many sections have: dates, pages, JSON pointers, documentation.

use crate::fault::{Finding, Path, shown};
use crate::spec::{FieldKind, FieldType, is_bare};

use super::Cx;

/// A day of the Gregorian calendar as ISO 8601 writes it: other forms are read differently on either side of an ocean.
pub(super) fn date(cx: &mut Cx<'_>, path: &Path, text: &str) {
    if !text.is_empty() && !is_date(text) {
        let finding = Finding::new("date", path.clone(), format!("`{}` is not a day", shown(text)));
        cx.report(finding.help("write the day as YYYY-MM-DD: 2026-11-21"));
    }
}

fn is_date(text: &str) -> bool {
    let bytes = text.as_bytes();
    let digits = |range: std::ops::Range<usize>| {
        bytes[range]
            .iter()
            .try_fold(0_u32, |sum, byte| byte.is_ascii_digit().then(|| sum * 10 + u32::from(byte - b'0')))
    };
    if bytes.len() != 10 || bytes[4] != b'-' || bytes[7] != b'-' {
        return false;
    }
    let (Some(year), Some(month), Some(day)) = (digits(0..4), digits(5..7), digits(8..10)) else { return false };
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        2 => 28 + u32::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return false,
    };
    year >= 2000 && (1..=days).contains(&day)
}

/// Documentation is linked from generated pages: an https page, without credentials.
pub(super) fn page(cx: &mut Cx<'_>, path: &Path, text: &str) {
    if text.is_empty() {
        return;
    }
    let sound = url::Url::parse(text).is_ok_and(|url| is_bare(&url) && url.has_host());
    if !sound || text.contains(char::is_whitespace) {
        let finding = Finding::new("page", path.clone(), format!("`{}` is not the address of a page", shown(text)));
        cx.report(finding.help("write a whole address that begins with https://"));
    }
}

/// RFC 6901 section 3: a pointer is empty or begins with `/`, and `~` is followed by `0` or `1`.
pub(super) fn pointer(cx: &mut Cx<'_>, path: &Path, text: &str) {
    let escapes = text.split('~').skip(1).all(|rest| rest.starts_with(['0', '1']));
    if (text.is_empty() || text.starts_with('/')) && escapes {
        return;
    }
    let finding = Finding::new("pointer", path.clone(), format!("`{}` is not a JSON pointer (RFC 6901)", shown(text)));
    cx.report(finding.help(if escapes {
        format!("write `/{}`", shown(&text.replace('.', "/")))
    } else {
        "write `~0` for `~`".to_owned()
    }));
}

/// A pointer to a member: the whole answer is not one.
pub(super) fn member_pointer(cx: &mut Cx<'_>, path: &Path, text: &str) {
    if text.is_empty() {
        let finding = Finding::new("pointer", path.clone(), format!("`{path}` points at the whole answer"));
        cx.report(finding.help("name a member: `/id`"));
    } else {
        pointer(cx, path, text);
    }
}

/// The type in the text; `json`, and a fault, when it is none.
pub(super) fn field_type(cx: &mut Cx<'_>, path: &Path, text: &str) -> FieldType {
    text.parse().unwrap_or_else(|why: String| {
        let word = text.trim_end_matches('?').trim_matches(['[', ']']);
        cx.report(
            Finding::new("type", path.clone(), format!("`{}` is not a type", shown(text)))
                .help(why)
                .suggest_near(word, FieldKind::words()),
        );
        FieldType { kind: FieldKind::Json, optional: true, list: false }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_a_day_that_exists() {
        for day in ["2026-11-21", "2024-02-29", "2026-12-31"] {
            assert!(is_date(day), "{day}");
        }
        for other in [
            "2026-02-29",
            "2026-13-01",
            "2026-1-2",
            "21.11.2026",
            "2026-11-2x",
            "",
            "2026-00-10",
            "2026-04-31",
            "1999-01-01",
        ] {
            assert!(!is_date(other), "{other}");
        }
    }
}
