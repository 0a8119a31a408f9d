//! The parts of the authorization URL that are new for each login, and the order that some providers want.

use crate::client::renamed;
use crate::crypto::{Crypto, Hash};
use crate::encode::{form, hex, push_base64url, push_pair};
use crate::spec::{Authorize, Challenge, ChallengeEncoding, ChallengeMethod, ProviderSpec};

/// Appends the challenge of a verifier and its method (RFC 7636 section 4.3).
pub(super) fn push_challenge(url: &mut String, spec: &ProviderSpec, crypto: &dyn Crypto, verifier: &str) {
    let digest = || crypto.digest(Hash::Sha256, verifier.as_bytes());
    if spec.authorize.rename.is_empty() && spec.challenge == Challenge::default() {
        // RFC 7636 section 4.2: "If the client is capable of using "S256", it MUST use "S256"".
        url.push_str("&code_challenge=");
        push_base64url(url, digest().as_ref());
        url.push_str("&code_challenge_method=S256");
        return;
    }
    push_pair(url, renamed(&spec.authorize.rename, "code_challenge"), "");
    match (spec.challenge.method, spec.challenge.encoding) {
        (ChallengeMethod::Plain, _) => url.push_str(verifier),
        (ChallengeMethod::S256, ChallengeEncoding::Hex) => {
            url.push_str(&hex(digest().as_ref()));
        }
        (ChallengeMethod::S256, ChallengeEncoding::Base64Url) => {
            push_base64url(url, digest().as_ref());
        }
    }
    let method = renamed(&spec.authorize.rename, "code_challenge_method");
    push_pair(url, method, spec.challenge.method_name());
}

/// The URL with its parameters in the file's order and its fragment behind them.
pub(super) fn finish(url: String, rules: &Authorize) -> String {
    let mut url = if rules.sorted || !rules.order.is_empty() { ordered(&url, rules) } else { url };
    if let Some(fragment) = &rules.fragment {
        url.push('#');
        url.push_str(fragment);
    }
    url
}

/// The parameters of that end of a URL.
pub(super) fn params(query: &str) -> Vec<(String, String)> {
    let query = query.trim_start_matches(['?', '&']);
    form_urlencoded::parse(query.as_bytes()).map(|(name, value)| (name.into_owned(), value.into_owned())).collect()
}

fn ordered(url: &str, rules: &Authorize) -> String {
    let Some((address, query)) = url.split_once('?') else { return url.to_owned() };
    let first: Vec<_> = rules.order.iter().map(|name| form(name)).collect();
    let mut pairs: Vec<(&str, &str)> =
        query.split('&').map(|pair| (pair.split('=').next().unwrap_or_default(), pair)).collect();
    // Both sorts are stable: what has no place of its own stays where it was.
    if rules.sorted {
        pairs.sort_by_key(|(name, _)| *name);
    } else {
        pairs.sort_by_key(|(name, _)| first.iter().position(|first| first == name).unwrap_or(usize::MAX));
    }
    let mut ordered = String::with_capacity(url.len());
    ordered.push_str(address);
    for (at, (_, pair)) in pairs.iter().enumerate() {
        ordered.push(if at == 0 { '?' } else { '&' });
        ordered.push_str(pair);
    }
    ordered
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_put_in_order() {
        let mut rules = Authorize::default();
        let url = "https://acme.example/a?z=1&b=2&a%5B%5D=3&c=4";
        assert_eq!(finish(url.to_owned(), &rules), url);
        rules.order = vec!["a[]".to_owned(), "missing".to_owned(), "c".to_owned()];
        assert_eq!(finish(url.to_owned(), &rules), "https://acme.example/a?a%5B%5D=3&c=4&z=1&b=2");
        rules.order.clear();
        rules.sorted = true;
        rules.fragment = Some("top".to_owned());
        assert_eq!(finish(url.to_owned(), &rules), "https://acme.example/a?a%5B%5D=3&b=2&c=4&z=1#top");
    }
}
