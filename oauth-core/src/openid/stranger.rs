//! A server of which nothing but the address is known: what it is called, and what of it may be shown.

use std::fmt::Write as _;

use crate::spec::ProviderSpec;

/// What a provider is before its metadata is known: the standard, and nothing else.
const BLANK: &str = r#"{"id":"discovered","name":"discovered","module":"discovered","marker":"Discovered","docs":"https://openid.net/specs/openid-connect-discovery-1_0.html","checked":"2026-11-21","confidence":"own","endpoints":{},"client_auth":"basic","pkce":"supported","scopes":{"separator":" ","param":"scope"},"authorize":{},"callback":{"code":"code"},"token":{"request":{"method":"POST","format":"form"},"response":{"at":[""],"expiry":{"field":"expires_in","kind":"in","unit":"s"}},"placement":{"header":{"name":"Authorization","scheme":"Bearer"}}},"refresh":{"with":"refresh_token","method":"POST","format":"form","grant_type":"refresh_token","param":"refresh_token","client_auth":true}}"#;

/// A server of which nothing but the address is known.
pub(crate) fn stranger(address: &str) -> ProviderSpec {
    let mut spec = blank();
    let url = is_plain(address).then(|| url::Url::parse(address).ok()).flatten();
    let url = url.filter(|url| matches!(url.scheme(), "https" | "http"));
    if let Some(host) = url.as_ref().and_then(url::Url::host_str) {
        host.clone_into(&mut spec.name);
        spec.id = id(address);
        without_query(address).clone_into(&mut spec.docs);
    }
    spec
}

fn blank() -> ProviderSpec {
    // A test holds that this is what a file without deviations gives.
    ProviderSpec::from_json(BLANK).unwrap_or_else(|fault| unreachable!("the blank spec does not decode: {fault}"))
}

/// Whether an address has the characters of addresses and no others (RFC 3986 section 2), its scheme as it is written, and a
/// length that somebody might have typed: it reaches browsers and terminals. Parsers of addresses pass over line breaks and
/// encode what else is odd.
pub(crate) fn is_plain(address: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_graphic() && !br#""<>\^`{|}"#.contains(&byte);
    address.len() <= MOST && address.contains("://") && address.bytes().all(is_plain)
}

/// Bytes of an address.
const MOST: usize = 2048;

/// An address as it may be shown: some servers take keys in the query.
pub(crate) fn without_query(address: &str) -> &str {
    address.split('?').next().unwrap_or_default()
}

/// An issuer as an id, by which errors and stored records know the provider: `https://id.example.com` is `id-example-com`.
/// No two issuers have the same: what is no letter, digit or dot is written as `_` and two hexadecimal digits, and a scheme
/// that is not `https` stands behind two `_`. There is no limit to its length, because a cut id is another issuer's as well.
fn id(issuer: &str) -> String {
    let (scheme, rest) = issuer.split_once("://").unwrap_or(("", issuer));
    let (rest, query) = rest.split_once('?').map_or((rest, None), |(rest, query)| (rest, Some(query)));
    let mut id = String::with_capacity(issuer.len());
    push_escaped(&mut id, rest);
    if let Some(query) = query {
        let _ = write!(id, "__{:016x}", fingerprint(query));
    }
    if scheme != "https" {
        id.push_str("__");
        push_escaped(&mut id, scheme);
    }
    id
}

/// FNV-1a: tells the queries of one server apart, and shows none. Nothing is decided by it but which tokens are whose.
fn fingerprint(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

fn push_escaped(id: &mut String, text: &str) {
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'0'..=b'9' => id.push(char::from(byte)),
            b'.' => id.push('-'),
            _ => id.extend(['_', hex(byte >> 4), hex(byte & 15)]),
        }
    }
}

/// A digit below 16.
fn hex(digit: u8) -> char {
    char::from_digit(digit.into(), 16).unwrap_or('0')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(feature = "schema")]
    fn a_blank_provider_is_a_file_without_deviations() {
        let file = "id: discovered\nname: discovered\ndocs: https://openid.net/specs/openid-connect-discovery-1_0.html\nchecked: 2026-11-21\nendpoints: {token: \"https://x.example/t\"}\n";
        let mut spec = ProviderSpec::from_yaml(file).expect("a sound file");
        spec.endpoints.token = None;
        assert_eq!(blank().to_json(), spec.to_json());
    }

    #[test]
    fn an_odd_address_is_shown_nowhere() {
        let long = format!("https://good.example/{}", "a".repeat(2048));
        for odd in [
            "https://good.example/\u{1b}]0;owned\u{7}\u{1b}[2J",
            "https://good.example/\u{202e}moc",
            "https://good.example/a\nfix: run this",
            "https://good.example/a\tb",
            "https://good.example/ä",
            "https://good.example/a b",
            "https:\\\\good.example/a",
            "https:good.example/a",
            &long,
        ] {
            assert!(!is_plain(odd), "{odd:?}");
            assert_eq!(stranger(odd).to_json(), blank().to_json(), "{odd:?}");
        }
        assert_eq!(stranger("https://good.example/a?key=secret").docs, "https://good.example/a");
        assert!(is_plain("https://[::1]:4000/a;b=c/~d%20?e=f#g"));
    }

    #[test]
    fn no_two_issuers_have_the_same_id() {
        assert_eq!(id("https://id.example.com"), "id-example-com");
        assert_eq!(id("http://127.0.0.1:4000"), "127-0-0-1_3a4000__http");
        let long = "x".repeat(70);
        let issuers = [
            "https://id.example.com".to_owned(),
            "https://id.example.com/".to_owned(),
            "https://id.example.com:8443".to_owned(),
            "https://id.example.com/8443".to_owned(),
            "https://id.example.com.8443".to_owned(),
            "https://id-example.com".to_owned(),
            "https://id_example.com".to_owned(),
            "https://id.example.com/realms/a".to_owned(),
            "https://id.example.com/realms/b".to_owned(),
            "https://id-example.com/realms/b".to_owned(),
            "https://id-example.com/realms/B".to_owned(),
            "https://id-example.com/realms-b".to_owned(),
            "https://id-example.com/realms_2fb".to_owned(),
            "https://http://127.0.0.1".to_owned(),
            "https://127.0.0.1__http".to_owned(),
            "https://127.0.0.1".to_owned(),
            "http://127.0.0.1".to_owned(),
            "https:127.0.0.1".to_owned(),
            format!("https://{long}.example"),
            format!("https://{long}.example/a"),
        ];
        let ids: std::collections::HashSet<String> = issuers.iter().map(|issuer| id(issuer)).collect();
        assert_eq!(ids.len(), issuers.len(), "{ids:?}");
        let is_known = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_".contains(&byte);
        assert!(ids.iter().all(|id| id.bytes().all(is_known)), "{ids:?}");
    }
}
