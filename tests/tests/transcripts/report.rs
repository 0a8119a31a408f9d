//! What a test says in the end.

use std::fmt::Write as _;

use crate::model::Transcript;
use crate::seen::Difference;

/// A request as it was expected and as it was.
pub(crate) struct Pair {
    pub(crate) at: String,
    pub(crate) expected: String,
    pub(crate) actual: String,
}

/// Panics with everything that differs and is not known to. Of the known differences those of this side count: the
/// places of the simulator begin with `simulator`.
pub(crate) fn settle(transcript: &Transcript, side: Side, differences: &[Difference], pairs: &[Pair]) {
    let of_side = |at: &&str| at.starts_with("simulator") == (side == Side::Simulator);
    let known: Vec<&str> = transcript.differs.iter().map(|known| known.at.as_str()).filter(of_side).collect();
    if let Some(text) = verdict(&known, differences, pairs) {
        panic!("{}: {text}", transcript.provider);
    }
}

/// What is to be said, if anything.
fn verdict(known: &[&str], differences: &[Difference], pairs: &[Pair]) -> Option<String> {
    let new: Vec<&Difference> =
        differences.iter().filter(|found| !known.iter().any(|known| covers(known, &found.at))).collect();
    let idle: Vec<&&str> =
        known.iter().filter(|known| !differences.iter().any(|found| covers(known, &found.at))).collect();
    if new.is_empty() && idle.is_empty() {
        return None;
    }
    let mut text = format!("{} differences\n", new.len());
    for Difference { at, expected, actual } in &new {
        let _ = writeln!(text, "  {at}\n    transcript: {expected}\n    here:       {actual}");
    }
    for at in idle {
        let _ = writeln!(text, "  differs: `{at}` does not differ any more");
    }
    for pair in pairs.iter().filter(|pair| new.iter().any(|found| covers(&pair.at, &found.at))) {
        let _ = write!(text, "\n{}\n{}", pair.at, side_by_side(&pair.expected, &pair.actual));
    }
    Some(text)
}

/// Whether a place is that one, or below it.
fn covers(known: &str, at: &str) -> bool {
    at.strip_prefix(known).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// Which of the two is compared with the transcript.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Client,
    Simulator,
}

const WIDTH: usize = 72;

/// Two texts in two columns.
fn side_by_side(one: &str, other: &str) -> String {
    let column = |text: &str| -> Vec<String> {
        let cut = |line: &str| -> Vec<String> {
            let chars: Vec<char> = line.chars().collect();
            let pieces = chars.chunks(WIDTH).map(|piece| piece.iter().collect());
            if chars.is_empty() { vec![String::new()] } else { pieces.collect() }
        };
        text.lines().flat_map(cut).collect()
    };
    let (one, other) = (column(one), column(other));
    let mut text = format!("  {:WIDTH$} | {}\n", "TRANSCRIPT", "HERE");
    for index in 0..one.len().max(other.len()) {
        let line = |lines: &[String]| lines.get(index).cloned().unwrap_or_default();
        let _ = writeln!(text, "  {:WIDTH$} | {}", line(&one), line(&other));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(places: &[&str]) -> Vec<Difference> {
        places.iter().map(|at| Difference::new(*at, "one", "other")).collect()
    }

    #[test]
    fn a_known_difference_covers_its_place_and_what_is_below() {
        let differences = found(&["token.scopes", "exchange.1.request.url", "exchange.1.request.form.code"]);
        assert_eq!(verdict(&["token.scopes", "exchange.1"], &differences, &[]), None);
        let text = verdict(&["token.scope", "exchange.1.request.url"], &differences, &[]).unwrap();
        assert!(
            text.starts_with("2 differences\n  token.scopes\n    transcript: one\n    here:       other\n"),
            "{text}"
        );
        assert!(text.contains("exchange.1.request.form.code") && !text.contains("exchange.1.request.url"), "{text}");
        assert!(text.contains("`token.scope` does not differ any more"), "{text}");
    }

    #[test]
    fn a_known_difference_that_is_none_is_said() {
        assert_eq!(verdict(&[], &[], &[]), None);
        assert!(verdict(&["authorize"], &[], &[]).unwrap().contains("`authorize` does not differ any more"));
    }

    #[test]
    fn requests_stand_side_by_side() {
        let pair = Pair { at: "exchange.0".to_owned(), expected: "GET a\nx".to_owned(), actual: "POST b".to_owned() };
        let text = verdict(&[], &found(&["exchange.0.request.method"]), &[pair]).unwrap();
        let lines: Vec<String> = text
            .lines()
            .filter_map(|line| line.split_once('|'))
            .map(|(one, other)| format!("{}|{other}", one.trim()))
            .collect();
        assert_eq!(lines, ["TRANSCRIPT| HERE", "GET a| POST b", "x| "]);
    }
}
