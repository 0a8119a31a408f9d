//! From the words of a provider file to the names of generated Rust: one way, the same at every call.

/// Words that cannot be the name of a module, a field or a function, even where an edition would allow them.
const KEYWORDS: [&str; 54] = [
    "abstract",
    "as",
    "async",
    "await",
    "become",
    "box",
    "break",
    "const",
    "continue",
    "crate",
    "do",
    "dyn",
    "else",
    "enum",
    "extern",
    "false",
    "final",
    "fn",
    "for",
    "gen",
    "if",
    "impl",
    "in",
    "let",
    "loop",
    "macro",
    "macro_rules",
    "match",
    "mod",
    "move",
    "mut",
    "override",
    "priv",
    "pub",
    "raw",
    "ref",
    "return",
    "self",
    "static",
    "struct",
    "super",
    "trait",
    "true",
    "try",
    "type",
    "typeof",
    "union",
    "unsafe",
    "unsized",
    "use",
    "virtual",
    "where",
    "while",
    "yield",
];

/// `read:user` becomes `ReadUser`; letters and digits only, the first a letter.
pub fn pascal(text: &str) -> String {
    words(text).map(|word| capitalised(word, true)).collect()
}

/// `GitHub` stays `GitHub`, `Mail.ru` becomes `MailRu`: the display name without what cannot stand in a type's name.
pub fn type_name(display: &str) -> String {
    words(display).map(|word| capitalised(word, false)).collect()
}

/// `per-page` becomes `per_page`, `realmId` becomes `realm_id`.
pub fn snake(text: &str) -> String {
    let mut name = String::with_capacity(text.len() + 4);
    let mut before = ' ';
    for c in text.chars() {
        if c.is_ascii_alphanumeric() {
            if c.is_ascii_uppercase() && (before.is_ascii_lowercase() || before.is_ascii_digit()) {
                name.push('_');
            }
            name.push(c.to_ascii_lowercase());
        } else if !name.is_empty() && !name.ends_with('_') {
            name.push('_');
        }
        before = c;
    }
    name.trim_end_matches('_').to_owned()
}

/// [`snake`], with `_` behind a word that Rust reserves: `type` becomes `type_`.
pub fn field(text: &str) -> String {
    let mut name = snake(text);
    if is_keyword(&name) {
        name.push('_');
    }
    name
}

/// Whether generated code can use the text as a name as it is.
pub fn is_identifier(text: &str) -> bool {
    let mut bytes = text.bytes();
    bytes.next().is_some_and(|first| first.is_ascii_alphabetic())
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && !is_keyword(text)
}

/// Whether Rust reserves the word. `Self` is one, whatever the case of the others.
pub fn is_keyword(text: &str) -> bool {
    text == "Self" || KEYWORDS.contains(&text)
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty())
}

fn capitalised(word: &str, lower_rest: bool) -> String {
    let (first, rest) = word.split_at(1);
    let shouted = lower_rest && rest.bytes().all(|byte| !byte.is_ascii_lowercase());
    format!("{}{}", first.to_ascii_uppercase(), if shouted { rest.to_ascii_lowercase() } else { rest.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_a_file_become_names() {
        assert_eq!(pascal("read:user"), "ReadUser");
        assert_eq!(pascal("admin:repo_hook"), "AdminRepoHook");
        assert_eq!(pascal("ZohoCRM.modules.ALL"), "ZohoCRMModulesAll");
        assert_eq!(type_name("GitHub"), "GitHub");
        assert_eq!(type_name("Mail.ru"), "MailRu");
        assert_eq!(type_name("X"), "X");
        assert_eq!(snake("realmId"), "realm_id");
        assert_eq!(snake("per-page"), "per_page");
        assert_eq!(field("type"), "type_");
    }

    #[test]
    fn what_rust_reserves_is_no_identifier() {
        for word in ["self", "Self", "super", "crate", "type", "_", "", "1st", "box"] {
            assert!(!is_identifier(word), "{word}");
        }
        assert!(is_identifier("github"));
    }
}
