use std::borrow::Cow;

/// Names of keys whose value is a credential. A provider file describes a provider; it never holds one.
const NAMES: [&str; 16] = [
    "accesstoken",
    "apikey",
    "apisecret",
    "appsecret",
    "clientassertion",
    "clientkeysecret",
    "clientsecret",
    "consumersecret",
    "passphrase",
    "passwd",
    "password",
    "privatekey",
    "refreshtoken",
    "secret",
    "secretkey",
    "sharedsecret",
];

/// How much of a value a message shows.
const SHOWN: usize = 60;

/// A random value shorter than this guards nothing.
const SHORTEST_SECRET: usize = 24;

/// Whether a key of that name would hold a credential: `client_secret`, `privateKey`.
pub(crate) fn is_secret_name(key: &str) -> bool {
    if key.len() > 64 {
        return false;
    }
    let plain: String = key.chars().filter(|c| c.is_alphanumeric()).map(|c| c.to_ascii_lowercase()).collect();
    NAMES.contains(&plain.as_str())
}

/// Whether the text holds a private key or a long value that looks random.
pub(crate) fn looks_secret(text: &str) -> bool {
    // No private key and no random run is shorter.
    text.len() >= SHORTEST_SECRET && (text.contains("-----BEGIN") || random_runs(text).next().is_some())
}

/// The value for a message: cut, in one line, and not at all when it may be a secret.
pub(crate) fn shown(value: &str) -> String {
    if looks_secret(value) {
        return "(a value that looks like a secret)".to_owned();
    }
    let visible =
        |c: char| if c == '\'' || c == '"' || c == '\\' { c.to_string() } else { c.escape_debug().to_string() };
    let cut: String = value.chars().take(SHOWN).map(visible).collect();
    if value.chars().count() > SHOWN { format!("{cut}...") } else { cut }
}

/// The line with `*` in place of what may be a secret; as many characters as before, so that columns stay.
pub(crate) fn masked(line: &str) -> Cow<'_, str> {
    if line.contains("-----") {
        return Cow::Owned("*".repeat(line.chars().count()));
    }
    let mut hidden: Vec<(usize, usize)> = random_runs(line).collect();
    for (at, _) in line.match_indices(':') {
        let key = line[..at].trim_end_matches(['"', '\'', ' ']).rsplit([' ', '{', ',', '"', '\'']).next().unwrap_or("");
        let value = line[at + 1..].trim();
        // A header; the endpoint of that name has an address.
        let is_header = key.eq_ignore_ascii_case("authorization") && !value.contains("://");
        if (is_secret_name(key) || is_header) && !value.is_empty() {
            hidden.push((at + 1, line.len()));
        }
    }
    if hidden.is_empty() {
        return Cow::Borrowed(line);
    }
    let cover = |at: usize| hidden.iter().any(|(start, end)| (*start..*end).contains(&at));
    Cow::Owned(line.char_indices().map(|(at, c)| if cover(at) && c != ' ' { '*' } else { c }).collect())
}

/// The byte ranges of runs that look random: long, of several kinds of characters, and changing kind often.
fn random_runs(text: &str) -> impl Iterator<Item = (usize, usize)> {
    let has_address = text.contains("://");
    let inside = move |c: char| c.is_ascii_alphanumeric() || "_-+=".contains(c) || (c == '/' && !has_address);
    let mut start = 0;
    let ends = text.char_indices().filter(move |(_, c)| !inside(*c)).map(|(at, c)| (at, at + c.len_utf8()));
    ends.chain([(text.len(), text.len())]).filter_map(move |(end, next)| {
        let run = (start, end);
        start = next;
        (is_random(&text[run.0..run.1]) && !is_in_path(text, run.0)).then_some(run)
    })
}

/// The path of an address may hold what looks random (a page's id); a credential would be in its query.
fn is_in_path(text: &str, at: usize) -> bool {
    let word = text[..at].rsplit([' ', '\n', '"', '\'']).next().unwrap_or_default();
    word.contains("://") && !word.contains('?')
}

fn is_random(run: &str) -> bool {
    if run.len() < SHORTEST_SECRET || is_uuid(run) {
        return false;
    }
    let kind = |byte: u8| match byte {
        b'a'..=b'z' => 1,
        b'A'..=b'Z' => 2,
        b'0'..=b'9' => 3,
        _ => 0,
    };
    let kinds: Vec<u8> = run.bytes().map(kind).filter(|kind| *kind > 0).collect();
    let digits = run.chars().filter(char::is_ascii_digit).count();
    let changes = kinds.windows(2).filter(|pair| pair[0] != pair[1]).count();
    // Words change kind once or twice each, dates and versions keep their digits together; random text does neither.
    digits >= 3 && kinds.len() >= SHORTEST_SECRET && changes * 3 >= kinds.len()
}

/// An id of an app or a tenant, mostly public.
fn is_uuid(run: &str) -> bool {
    let parts: Vec<&str> = run.split('-').collect();
    parts.iter().map(|part| part.len()).eq([8, 4, 4, 4, 12])
        && parts.iter().all(|part| part.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn random_values_are_told_from_words() {
        for secret in
            ["GkX9vQ2mZp7RtL4wYb8NcD3s", "9f86d081884c7d659a2feaa0c55ad015", "x/0Q3kLz9Wm1+VbT7aR2cE5gH8jK4nPq="]
        {
            assert!(looks_secret(secret), "{secret}");
        }
        for public in [
            "https://www.googleapis.com/auth/calendar.calendarlist.readonly",
            "see https://docs.example.com/pages/9f86d081884c7d659a2feaa0c55ad015 for more",
            "00000003-0000-0000-c000-000000000000",
            "application/vnd.example.v2026-03-10+json; charset=utf-8",
            "ReadWriteAllUserDataAccessManagement",
            "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        ] {
            assert!(!looks_secret(public), "{public}");
        }
    }

    #[test]
    fn messages_and_lines_do_not_show_secrets() {
        assert_eq!(shown("GkX9vQ2mZp7RtL4wYb8NcD3s"), "(a value that looks like a secret)");
        assert_eq!(shown("a\nb"), "a\\nb");
        assert_eq!(shown(&"long ".repeat(30)).len(), 63);
        assert_eq!(masked("client_secret: hunter2"), "client_secret: *******");
        assert_eq!(masked("  app: {\"client_secret\": hunter2, x: y}"), "  app: {\"client_secret\": ******** ** **");
        assert_eq!(masked("id: acme"), "id: acme");
        assert_eq!(masked("headers: {Authorization: Basic eDp5}"), "headers: {Authorization: ***** *****");
        let endpoint = "endpoints: {authorization: https://acme.example/a}";
        assert_eq!(masked(endpoint), endpoint);
        assert_eq!(masked("x: GkX9vQ2mZp7RtL4wYb8NcD3s"), "x: ************************");
    }
}
