//! Text of a file as Markdown that shows that text and nothing else.
//!
//! Documentation is compiled too: a code fence would be a test that runs, `[..]` a link that must resolve, `<..>` HTML on
//! a public page. So everything that means something in Markdown is escaped, except code between single backticks and
//! addresses, which authors may write.

/// Paragraphs of text. Line breaks within a paragraph are spaces.
pub(super) fn text(text: &str) -> String {
    if is_plain_line(text) {
        return text.to_owned();
    }
    let paragraphs: Vec<String> = paragraphs(text).iter().map(|paragraph| inline(paragraph)).collect();
    paragraphs.join("\n\n")
}

/// The text on one line, as list items and headings need it.
pub(super) fn line(text: &str) -> String {
    if is_plain_line(text) {
        return text.to_owned();
    }
    inline(&paragraphs(text).join(" "))
}

/// The text in a cell of a table, where `|` ends the cell even within code.
pub(super) fn cell(text: &str) -> String {
    let mut cell = String::new();
    for c in line(text).chars() {
        if c == '|' && !cell.ends_with('\\') {
            cell.push('\\');
        }
        cell.push(c);
    }
    cell
}

/// The text as code, whatever it holds.
pub(super) fn code(text: &str) -> String {
    if is_plain(text) {
        return format!("`{text}`");
    }
    let mut text = text.replace(|c: char| c.is_control(), " ");
    if text.trim().is_empty() {
        text = format!("\"{text}\"");
    }
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    let pad = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{fence}{pad}{text}{pad}{fence}")
}

/// [`code`] in a cell of a table.
pub(super) fn code_cell(text: &str) -> String {
    code(text).replace('|', "\\|")
}

/// The address as a link, or as text if it is none.
pub(super) fn link(address: &str) -> String {
    if is_address(address) { format!("<{address}>") } else { line(address) }
}

/// The text's paragraphs, each on one line, without control characters.
fn paragraphs(text: &str) -> Vec<String> {
    let mut paragraphs = vec![String::new()];
    for line in text.lines() {
        let words: Vec<&str> =
            line.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()).collect();
        let last = paragraphs.len() - 1;
        match (words.is_empty(), paragraphs[last].is_empty()) {
            (true, true) => {}
            (true, false) => paragraphs.push(String::new()),
            (false, empty) => {
                if !empty {
                    paragraphs[last].push(' ');
                }
                paragraphs[last].push_str(&words.join(" "));
            }
        }
    }
    paragraphs.retain(|paragraph| !paragraph.is_empty());
    paragraphs
}

/// A paragraph on one line, escaped word by word outside code.
fn inline(paragraph: &str) -> String {
    if is_plain(paragraph) {
        return paragraph.to_owned();
    }
    let mut out = String::with_capacity(paragraph.len() + 16);
    let mut rest = paragraph;
    while let Some((before, code, after)) = split_code(rest) {
        escape(before, &mut out);
        out.push_str(code);
        rest = after;
    }
    escape(rest, &mut out);
    escape_start(&out)
}

/// Whether there is nothing to escape: most texts, and the macros run unoptimised.
fn is_plain(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic()) && text.bytes().all(|byte| PLAIN[usize::from(byte)])
}

/// The characters that mean nothing in Markdown but at the start of a line.
const PLAIN: [bool; 256] = {
    let (mut plain, mut at) = ([false; 256], 0_usize);
    while at < 128 {
        let byte = at.to_le_bytes()[0];
        plain[at] = byte.is_ascii_alphanumeric() || matches!(byte, b' ' | b',' | b'.' | b';' | b'\'' | b'(' | b')');
        at += 1;
    }
    plain
};

/// Whether the text is one line with nothing to escape and no space too many.
fn is_plain_line(text: &str) -> bool {
    !text.contains("  ") && !text.ends_with(' ') && is_plain(text)
}

/// The first stretch between two single backticks, and what is around it.
fn split_code(text: &str) -> Option<(&str, &str, &str)> {
    let mut at = 0;
    let ticks: Vec<(usize, usize)> = std::iter::from_fn(|| {
        let start = at + text[at..].find('`')?;
        let run = text[start..].bytes().take_while(|&byte| byte == b'`').count();
        at = start + run;
        Some((start, run))
    })
    .collect();
    let pair = ticks.windows(2).find_map(|pair| match pair {
        [(open, 1), (close, 1)] => Some((*open, *close)),
        _ => None,
    });
    pair.map(|(open, close)| (&text[..open], &text[open..=close], &text[close + 1..]))
}

fn escape(text: &str, out: &mut String) {
    for (index, word) in text.split(' ').enumerate() {
        if index > 0 {
            out.push(' ');
        }
        let bare = word.trim_start_matches(['(', '"']).trim_end_matches(['.', ',', ';', ':', '!', '?', ')', '"']);
        if is_address(bare) {
            let (before, after) = word.split_once(bare).unwrap_or(("", ""));
            push_escaped(before, out);
            out.push('<');
            out.push_str(bare);
            out.push('>');
            push_escaped(after, out);
        } else {
            push_escaped(word, out);
        }
    }
}

fn push_escaped(text: &str, out: &mut String) {
    for c in text.chars() {
        if matches!(c, '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '&' | '~' | '|' | '$' | '#') {
            out.push('\\');
        }
        out.push(c);
    }
}

/// What starts a list at the start of a paragraph: `-`, `+`, `1.`, `1)`. The rest is escaped wherever it stands.
fn escape_start(paragraph: &str) -> String {
    let digits = paragraph.bytes().take_while(u8::is_ascii_digit).count();
    let at = if paragraph.starts_with(['-', '+', '=']) {
        0
    } else if digits > 0 && paragraph[digits..].starts_with(['.', ')']) {
        digits
    } else {
        return paragraph.to_owned();
    };
    let (before, after) = paragraph.split_at(at);
    format!("{before}\\{after}")
}

fn is_address(text: &str) -> bool {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    rest.is_some_and(|rest| {
        !rest.is_empty()
            && rest.chars().all(|c| c.is_ascii_graphic() && !matches!(c, '<' | '>' | '`' | '\\' | '|' | '"'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_words_code_and_addresses_stay() {
        assert_eq!(text("Read access, see `per_page`."), "Read access, see `per_page`.");
        assert_eq!(text("See https://example.com/a_b, too"), "See <https://example.com/a_b>, too");
        assert_eq!(text("(https://example.com)"), "(<https://example.com>)");
        assert_eq!(text("one\n  two\n\n\nthree\n"), "one two\n\nthree");
        assert_eq!(link("https://example.com/"), "<https://example.com/>");
    }

    #[test]
    fn what_means_something_in_markdown_does_not() {
        for (hostile, harmless) in [
            ("```\nstd::process::exit(1)\n```", "\\`\\`\\` std::process::exit(1) \\`\\`\\`"),
            ("~~~\nfn main() {}\n~~~", "\\~\\~\\~ fn main() {} \\~\\~\\~"),
            ("a\n\n    fn main() {}", "a\n\nfn main() {}"),
            ("a\n\n\tfn main() {}", "a\n\nfn main() {}"),
            ("[Foo] and [`Foo`](x)", "\\[Foo\\] and \\[`Foo`\\](x)"),
            ("<script>alert(1)</script>", "\\<script\\>alert(1)\\</script\\>"),
            ("# Panics", "\\# Panics"),
            ("- item", "\\- item"),
            ("1. item", "1\\. item"),
            ("a ` b", "a \\` b"),
            ("a ``` b ``` c", "a \\`\\`\\` b \\`\\`\\` c"),
            ("https://a/<script>", "https://a/\\<script\\>"),
            ("a\u{0}b\rc", "a b c"),
            ("&lt;b&gt;", "\\&lt;b\\&gt;"),
        ] {
            assert_eq!(text(hostile), harmless, "{hostile}");
        }
        assert_eq!(line("a\n\nb"), "a b");
        assert_eq!(link("javascript:alert(1)"), "javascript:alert(1)");
        assert_eq!(link("https://a.example/> [x](y)"), "https://a.example/\\> \\[x\\](y)");
    }

    #[test]
    fn code_holds_anything() {
        assert_eq!(code("read:user"), "`read:user`");
        assert_eq!(code("a`b"), "``a`b``");
        assert_eq!(code("`a"), "`` `a ``");
        assert_eq!(code(" "), "`\" \"`");
        assert_eq!(code("a\n\nb"), "`a  b`");
        assert_eq!(code_cell("a|b"), "`a\\|b`");
        assert_eq!(cell("a|`b|c`"), "a\\|`b\\|c`");
    }
}
