use std::borrow::Cow;
use std::fmt;

use super::{Fault, masked};

/// Longer lines are shown around the fault only.
const WIDEST: usize = 110;

/// Still longer ones are not shown at all.
const LONGEST: usize = 1000;

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error[{}]: {}", self.code, shown(&self.message))?;
        let margin = self.line.to_string().len();
        if self.line == 0 {
            write!(f, "\n{:margin$}--> {}", "", self.file)?;
        } else {
            write!(f, "\n{:margin$}--> {}:{}:{}", "", self.file, self.line, self.column)?;
        }
        if let Some(source) = &self.source {
            let (text, column) = window(source, self.column);
            let caret = "^".repeat(self.width.clamp(1, (text.chars().count() + 1).saturating_sub(column - 1).max(1)));
            write!(
                f,
                "\n{:margin$} |\n{} | {text}\n{:margin$} | {:before$}{caret}\n{:margin$} |",
                "",
                self.line,
                "",
                "",
                "",
                before = column - 1
            )?;
        }
        if let Some(help) = &self.help {
            write!(f, "\n{:margin$} = help: {}", "", shown(help))?;
        }
        for note in &self.notes {
            write!(f, "\n{:margin$} = note: {}", "", shown(note))?;
        }
        Ok(())
    }
}

/// What a file says, where nothing in it moves what stands around it on a terminal.
fn shown(text: &str) -> Cow<'_, str> {
    if text.chars().any(turns) {
        return text.chars().map(|c| if turns(c) { ' ' } else { c }).collect();
    }
    text.into()
}

/// Characters that are not seen and change the order of others, or how they are read (Unicode TR 36).
fn turns(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
        || (c.is_control() && c != '\n')
}

/// The part of a line that is shown, and the column within it.
fn window(source: &str, column: usize) -> (String, usize) {
    let length = source.chars().count();
    let column = column.clamp(1, length + 1);
    if length <= WIDEST {
        return (source.to_owned(), column);
    }
    let start = (column - 1).saturating_sub(WIDEST / 2);
    let cut: String = source.chars().skip(start).take(WIDEST).collect();
    let (before, shift) = if start > 0 { ("... ", 4) } else { ("", 0) };
    let after = if start + WIDEST < length { " ..." } else { "" };
    (format!("{before}{cut}{after}"), column - start + shift)
}

/// The line as it may be shown, and how many characters the caret underlines from the column on.
pub(crate) fn source_line(text: &str, line: usize, column: usize) -> Option<(String, usize)> {
    let line = text.lines().nth(line.checked_sub(1)?)?;
    // Nobody wrote that by hand, and what may be a secret in it is too far from its key to be seen as one.
    if line.len() > LONGEST {
        return None;
    }
    let masked = masked(line);
    // A line break of YAML that is none of `lines()`, or a tab, would move the caret.
    let plain: String = masked.chars().map(|c| if c.is_control() || turns(c) { ' ' } else { c }).collect();
    let width = token_width(&plain, column);
    Some((plain, width))
}

/// How long the key or the value is that starts at the column.
fn token_width(line: &str, column: usize) -> usize {
    let rest: Vec<char> = line.chars().skip(column.saturating_sub(1)).collect();
    if let Some(quote @ ('"' | '\'')) = rest.first() {
        return rest.iter().skip(1).position(|c| c == quote).map_or(rest.len(), |at| at + 2);
    }
    if let Some('{' | '[') = rest.first() {
        return 1;
    }
    let ends = |at: usize| match rest[at] {
        ':' => rest.get(at + 1).is_none_or(|next| *next == ' '),
        ' ' => rest.get(at + 1) == Some(&'#'),
        ',' => rest.get(at + 1).is_none_or(|next| *next == ' '),
        '}' | ']' => at + 1 == rest.len() || !rest[..at].contains(&'{') && !rest[..at].contains(&'['),
        _ => false,
    };
    let end = (0..rest.len()).find(|at| ends(*at)).unwrap_or(rest.len());
    rest[..end].iter().rposition(|c| *c != ' ').map_or(1, |last| last + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_looks_like_a_compilers() {
        let (source, width) = source_line("id: acme\nendpoints:\n  tokn: https://acme.example/token\n", 3, 3).unwrap();
        let fault = Fault {
            file: "providers/acme.yaml".to_owned(),
            line: 3,
            column: 3,
            path: "endpoints.tokn".to_owned(),
            message: "`tokn` is not a key of `endpoints`".to_owned(),
            help: Some("did you mean `token`?".to_owned()),
            notes: Vec::new(),
            code: "unknown-key",
            source: Some(source),
            width,
        };
        let expected = "error[unknown-key]: `tokn` is not a key of `endpoints`
 --> providers/acme.yaml:3:3
  |
3 |   tokn: https://acme.example/token
  |   ^^^^
  |
  = help: did you mean `token`?";
        assert_eq!(fault.to_string(), expected);
    }

    #[test]
    fn the_caret_underlines_the_node() {
        assert_eq!(token_width("a: [x, y]", 5), 1);
        assert_eq!(token_width("a: \"x: y\" # z", 4), 6);
        assert_eq!(token_width("a: https://{region}/x # z", 4), 18);
        assert_eq!(token_width("a: {b: cd}", 8), 2);
        assert_eq!(token_width("a:", 9), 1);
    }

    #[test]
    fn characters_that_turn_a_line_around_are_not_shown() {
        let (line, width) = source_line("name: \"a\u{202e}b\u{2066}c\" # d", 1, 7).unwrap();
        assert_eq!((line.as_str(), width), ("name: \"a b c\" # d", 7));
        let fault = Fault {
            file: "acme.yaml".to_owned(),
            line: 1,
            column: 7,
            path: "name".to_owned(),
            message: "unknown key `a\u{202e}b\u{1b}[2J`".to_owned(),
            help: Some("did you mean `\u{200f}c`?".to_owned()),
            notes: Vec::new(),
            code: "unknown-key",
            source: Some(line),
            width,
        };
        let told = fault.to_string();
        assert!(told.contains("`a b [2J`") && told.contains("` c`") && !told.contains(turns), "{told:?}");
    }

    #[test]
    fn a_long_line_is_cut_around_the_caret() {
        let line = format!("{}X{}", "a".repeat(300), "b".repeat(300));
        let (text, column) = window(&line, 301);
        assert_eq!(text.chars().nth(column - 1), Some('X'));
        assert!(text.len() < 130);
    }
}
