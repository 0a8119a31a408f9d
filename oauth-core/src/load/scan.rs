//! What the parser would act on before anyone could refuse it: anchors, tags, and brackets in brackets.
//!
//! This reads the text as a sequence of YAML tokens, just well enough to know where a node begins. Where it is in doubt
//! (a continuation line of unquoted text that begins with `&`), it takes the text for what it would be at a node's
//! beginning, and the author puts quotes around it.

use crate::fault::{Finding, Path, Spot};

use super::limits;

/// A text this short cannot keep the parser busy, however it is nested.
const SHORT: usize = 16 * 1024;

/// Refuses tags, more anchors than the limit, and deep nesting of brackets.
pub(crate) fn scan(text: &str) -> Vec<Finding> {
    if text.len() <= SHORT && !text.contains('&') && !text.contains('!') {
        return Vec::new();
    }
    scan_all(text)
}

fn scan_all(text: &str) -> Vec<Finding> {
    let mut scanner = Scanner::default();
    for (number, line) in text.split('\n').enumerate() {
        scanner.line(number + 1, line);
        if scanner.is_done() {
            break;
        }
    }
    scanner.findings
}

#[derive(Default)]
struct Scanner {
    /// The quote that is open across lines.
    quote: Option<char>,
    /// The indentation of the node that holds a `|` or `>` text: deeper lines are that text.
    block: Option<usize>,
    /// Open brackets.
    open: Vec<char>,
    anchors: usize,
    /// The indentations of the blocks that are open.
    blocks: Vec<usize>,
    /// Nodes that have been seen to begin; there may be more.
    nodes: usize,
    findings: Vec<Finding>,
    ended: bool,
}

impl Scanner {
    fn line(&mut self, number: usize, line: &str) {
        let chars: Vec<char> = line.chars().collect();
        let indent = chars.iter().take_while(|c| **c == ' ').count();
        if let Some(parent) = self.block {
            if indent == chars.len() || indent > parent {
                return;
            }
            self.block = None;
        }
        if self.quote.is_none() && indent < chars.len() {
            self.indented(number, indent);
        }
        self.tokens(number, &chars, indent);
    }

    fn tokens(&mut self, number: usize, chars: &[char], mut at: usize) {
        let mut dashes = 0;
        let mut node_start = self.quote.is_none();
        while at < chars.len() && !self.is_done() {
            if let Some(quote) = self.quote {
                at = self.inside_quotes(chars, at, quote);
                continue;
            }
            let c = chars[at];
            let gap = at + 1 >= chars.len() || chars[at + 1] == ' ';
            match c {
                '#' if at == 0 || chars[at - 1] == ' ' => return,
                ' ' => {}
                '-' | '?' if gap && node_start && self.open.is_empty() => {
                    self.begun(number, at, 1);
                    dashes += 1;
                    self.nested(number, at, dashes);
                }
                ':' if gap || self.ends_quoted_key(chars, at) => {
                    self.begun(number, at, 2);
                    node_start = true;
                }
                '[' | '{' if node_start => self.open(number, at, c),
                ']' | '}' if !self.open.is_empty() => {
                    self.open.pop();
                    node_start = false;
                }
                ',' if !self.open.is_empty() => {
                    // In a map, the colon counts.
                    self.begun(number, at, usize::from(self.open.last() == Some(&'[')));
                    node_start = true;
                }
                '"' | '\'' if node_start => {
                    self.quote = Some(c);
                    node_start = false;
                }
                '&' if node_start => at = self.anchor(number, chars, at),
                '!' if node_start => {
                    self.tag(number, at);
                    at = word_end(chars, at);
                }
                '|' | '>' if node_start && self.open.is_empty() => {
                    self.block = Some(block_parent(chars));
                    return;
                }
                _ => node_start = false,
            }
            at += 1;
        }
    }

    /// In brackets, `"key":value` needs no space.
    fn ends_quoted_key(&self, chars: &[char], at: usize) -> bool {
        !self.open.is_empty() && at > 0 && matches!(chars[at - 1], '"' | '\'')
    }

    /// The position behind the closing quote, or the end of the line.
    fn inside_quotes(&mut self, chars: &[char], at: usize, quote: char) -> usize {
        match chars[at] {
            '\\' if quote == '"' => at + 2,
            c if c == quote && quote == '\'' && chars.get(at + 1) == Some(&'\'') => at + 2,
            c if c == quote => {
                self.quote = None;
                at + 1
            }
            _ => at + 1,
        }
    }

    fn open(&mut self, number: usize, at: usize, bracket: char) {
        self.open.push(bracket);
        self.nested(number, at, self.open.len());
    }

    /// Blocks in blocks. Text over several lines may look like some, so that the limit is a wider one here; it is for
    /// the parser, which takes long over thousands of them.
    fn indented(&mut self, number: usize, indent: usize) {
        while self.blocks.last().is_some_and(|open| *open >= indent) {
            self.blocks.pop();
        }
        self.blocks.push(indent);
        self.nested(number, indent, self.blocks.len() / 4);
    }

    fn nested(&mut self, number: usize, at: usize, depth: usize) {
        if depth > limits::DEPTH {
            let message = format!("the file nests deeper than {} levels", limits::DEPTH);
            self.end(Finding::new("too-deep", Path::default(), message), number, at);
        }
    }

    fn begun(&mut self, number: usize, at: usize, nodes: usize) {
        self.nodes += nodes;
        if self.nodes > limits::NODES {
            let message = format!("the file has more than {} nodes", limits::NODES);
            self.end(Finding::new("too-many-nodes", Path::default(), message), number, at);
        }
    }

    fn end(&mut self, finding: Finding, number: usize, at: usize) {
        self.findings.push(finding.at_spot(Spot::Mark(number, at + 1)));
        self.ended = true;
    }

    fn is_done(&self) -> bool {
        self.ended || self.findings.len() >= limits::FAULTS
    }

    fn anchor(&mut self, number: usize, chars: &[char], at: usize) -> usize {
        self.anchors += 1;
        if self.anchors == limits::ANCHORS + 1 {
            let message = format!("the file has more than {} anchors", limits::ANCHORS);
            let help = "a provider file needs none; text that begins with `&` needs quotes";
            self.findings.push(
                Finding::new("too-many-anchors", Path::default(), message)
                    .at_spot(Spot::Mark(number, at + 1))
                    .help(help),
            );
        }
        word_end(chars, at)
    }

    fn tag(&mut self, number: usize, at: usize) {
        let finding = Finding::new("tag", Path::default(), "a provider file has no YAML tags")
            .at_spot(Spot::Mark(number, at + 1));
        self.findings.push(finding.help("write the value alone; text that begins with `!` needs quotes"));
    }
}

/// The last character of the word that begins here.
fn word_end(chars: &[char], at: usize) -> usize {
    chars[at..]
        .iter()
        .position(|c| matches!(c, ' ' | ',' | '[' | ']' | '{' | '}'))
        .map_or(chars.len(), |length| at + length)
        - 1
}

/// The column of the node that a block text on this line belongs to: the key behind the dashes, or the last dash
/// itself when no key is there.
fn block_parent(chars: &[char]) -> usize {
    let mut dash = 0;
    let mut at = 0;
    while at < chars.len() {
        match chars[at] {
            ' ' => {}
            '-' if chars.get(at + 1) == Some(&' ') => dash = at,
            '|' | '>' => return dash,
            _ => return at,
        }
        at += 1;
    }
    dash
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(text: &str) -> Vec<(&'static str, Spot)> {
        scan_all(text).into_iter().map(|finding| (finding.code, finding.spot)).collect()
    }

    #[test]
    fn gen_08_tags_are_found_where_a_node_begins() {
        assert_eq!(codes("id: !!str a"), [("tag", Spot::Mark(1, 5))]);
        assert_eq!(codes("a:\n  - !x b\n  - {c: !y d}"), [("tag", Spot::Mark(2, 5)), ("tag", Spot::Mark(3, 9))]);
        assert_eq!(codes("!!map\nid: a"), [("tag", Spot::Mark(1, 1))]);
        assert_eq!(codes("{\"a\":!x b}"), [("tag", Spot::Mark(1, 6))]);
        assert_eq!(codes("a: &x !!binary aGk="), [("tag", Spot::Mark(1, 7))]);
    }

    #[test]
    fn exclamation_marks_and_ampersands_in_text_are_text() {
        for text in [
            "doc: Hello, world! & more !x",
            "doc: \"!x\"",
            "doc: '!x it''s !y'",
            "doc: \"a \\\" !x\"",
            "# !x",
            "a: b # !x",
            "doc: |\n  !x\n  &y\nb: c",
            "a:\n  - doc: >-\n      !x\n    b: c",
            "a:\n  - |\n    !x\n  - b",
            "u: https://a.example/?x=1&y=2",
            "{a: b:!c, d: e:&f}",
            "doc: \"two\n  !lines\"",
        ] {
            assert_eq!(codes(text), [], "{text}");
        }
    }

    #[test]
    fn what_follows_a_block_text_is_seen_again() {
        assert_eq!(codes("a:\n  - doc: |\n      text\n    b: !x c"), [("tag", Spot::Mark(4, 8))]);
        assert_eq!(codes("doc: |\n  text\nb: !x c"), [("tag", Spot::Mark(3, 4))]);
    }

    #[test]
    fn gen_05_anchors_and_nesting_are_counted() {
        let anchors = "- &a x\n".repeat(17);
        assert_eq!(codes(&anchors), [("too-many-anchors", Spot::Mark(17, 3))]);
        assert_eq!(codes(&"[".repeat(17)), [("too-deep", Spot::Mark(1, 17))]);
        assert_eq!(codes(&"- ".repeat(17)), [("too-deep", Spot::Mark(1, 33))]);
        let blocks = (0..80).fold(String::new(), |text, depth| text + &" ".repeat(depth) + "a:\n");
        assert_eq!(codes(&blocks), [("too-deep", Spot::Mark(68, 68))]);
        assert_eq!(codes(&"- 1\n".repeat(20_001)), [("too-many-nodes", Spot::Mark(20_001, 1))]);
    }
}
