//! The secrets of a flow in every spelling, and the texts in which none of them may be.

use std::error::Error as StdError;
use std::fmt::{Debug, Display};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use oauth_core::{ExposeSecret as _, TokenSet};
use oauth_simulator::{Endpoint, Simulator};
use url::form_urlencoded;

/// Secrets, each with its name and its spellings, of which the first is the secret as it is.
#[derive(Default)]
pub(crate) struct Secrets(Vec<(String, Vec<(&'static str, String)>)>);

impl Secrets {
    pub(crate) fn add(&mut self, name: &str, value: &str) {
        assert!(value.len() >= 8, "{name} is too short to be looked for");
        if !self.0.iter().any(|(_, known)| known[0].1 == value) {
            self.0.push((name.to_owned(), spellings(value)));
        }
    }

    pub(crate) fn add_tokens(&mut self, tokens: &TokenSet) {
        self.add("access token", tokens.access_token().expose_secret());
        for (name, token) in [("refresh token", tokens.refresh_token()), ("id token", tokens.id_token())] {
            if let Some(token) = token {
                self.add(name, token.expose_secret());
            }
        }
        if let Some(token) = tokens.id_token() {
            self.add_parts("id token", token.expose_secret());
        }
    }

    /// A JWT's claims and its signature, each on its own. Its header is no secret.
    pub(crate) fn add_parts(&mut self, name: &str, jwt: &str) {
        if let [_, claims, signature] = jwt.split('.').collect::<Vec<_>>()[..]
            && jwt.len() > 100
        {
            self.add(&format!("claims of the {name}"), claims);
            self.add(&format!("signature of the {name}"), signature);
        }
    }

    /// Whatever the provider saw that was secret.
    pub(crate) fn add_seen(&mut self, sim: &Simulator) {
        for request in sim.requests() {
            for (name, value) in request.params() {
                let is_secret = matches!(
                    name,
                    "client_secret"
                        | "code"
                        | "state"
                        | "code_verifier"
                        | "access_token"
                        | "refresh_token"
                        | "fb_exchange_token"
                        | "token"
                );
                if is_secret && request.endpoint() != Endpoint::Unknown {
                    self.add(name, value);
                    self.add_parts(name, value);
                }
            }
            if let Some(value) = request.header("authorization") {
                self.add("authorization header", value.split_once(' ').map_or(value, |(_, value)| value));
            }
        }
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(known, _)| known == name)
    }

    /// The names of the secrets that the text has, in whatever spelling.
    pub(crate) fn found_in(&self, text: &str) -> Vec<String> {
        let found = self.0.iter().filter_map(|(name, spellings)| {
            let (how, _) = spellings.iter().find(|(_, spelling)| text.contains(spelling.as_str()))?;
            Some(format!("{name} ({how})"))
        });
        found.collect()
    }

    pub(crate) fn must_not_be_in(&self, what: &str, text: &str) {
        let found = self.found_in(text);
        assert!(found.is_empty(), "{what} has the {}: {}", found.join(" and the "), around(text, self));
    }
}

/// The beginning of the line in which the first secret is.
fn around(text: &str, secrets: &Secrets) -> String {
    let line = text.lines().find(|line| !secrets.found_in(line).is_empty()).unwrap_or(text);
    line.chars().take(300).collect()
}

/// A text as it may be spelt: raw, percent-encoded in two ways, JSON, Rust's `Debug`, base64 at any offset.
fn spellings(value: &str) -> Vec<(&'static str, String)> {
    let form: String = form_urlencoded::byte_serialize(value.as_bytes()).collect();
    let mut spellings = vec![
        ("raw", value.to_owned()),
        ("percent-encoded", form.replace('+', "%20")),
        ("percent-encoded in lower case", form.replace('+', "%20").to_ascii_lowercase()),
        ("JSON", serde_json::Value::from(value).to_string().trim_matches('"').to_owned()),
        ("debug", format!("{value:?}").trim_matches('"').to_owned()),
        ("form-encoded", form),
    ];
    for (how, engine) in [("base64", &STANDARD), ("base64url", &URL_SAFE)] {
        // Within a longer text that is encoded as a whole, three bytes become four characters from any of three offsets.
        for offset in 0..3 {
            let padded = [&b"\0\0"[..offset], value.as_bytes()].concat();
            let whole = padded.len() / 3 * 3;
            let encoded = engine.encode(&padded[..whole]);
            spellings.push((how, encoded[if offset == 0 { 0 } else { 4 }..].to_owned()));
        }
    }
    spellings.dedup_by(|one, other| one.1 == other.1);
    spellings
}

/// Texts that somebody may print.
#[derive(Default)]
pub(crate) struct Texts(Vec<(String, String)>);

impl Texts {
    pub(crate) fn debug(&mut self, what: &str, value: &dyn Debug) {
        self.0.push((format!("Debug of {what}"), format!("{value:?}\n{value:#?}")));
    }

    pub(crate) fn display(&mut self, what: &str, value: &dyn Display) {
        self.0.push((format!("Display of {what}"), value.to_string()));
    }

    /// All that an error says, its causes included.
    pub(crate) fn error(&mut self, what: &str, error: &oauth_core::Error) {
        self.display(&format!("{what}: explain()"), &error.explain());
        if let Some(server) = error.server() {
            self.debug(&format!("{what}: server()"), server);
            self.display(&format!("{what}: server()"), server);
            let parts = [server.code(), server.description(), server.uri()].map(Option::unwrap_or_default);
            self.display(&format!("{what}: parts of server()"), &parts.join("\n"));
        }
        self.chain(what, error);
    }

    pub(crate) fn chain(&mut self, what: &str, error: &(dyn StdError + 'static)) {
        for (depth, error) in std::iter::successors(Some(error), |&error| error.source()).enumerate() {
            self.debug(&format!("{what}, {depth} deep"), &error);
            self.display(&format!("{what}, {depth} deep"), &error);
        }
    }

    pub(crate) fn must_be_free_of(&self, secrets: &Secrets) {
        let mut found = Vec::new();
        for (what, text) in &self.0 {
            let here = secrets.found_in(text);
            if !here.is_empty() {
                found.push(format!("{what} has the {}: {}", here.join(" and the "), around(text, secrets)));
            }
        }
        let shown = found.len().min(20);
        assert!(
            found.is_empty(),
            "{} texts have secrets in them, as these:\n{}",
            found.len(),
            found[..shown].join("\n")
        );
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}

#[test]
fn secrets_are_found_in_every_spelling() {
    let mut secrets = Secrets::default();
    secrets.add("secret", "canary +/%=&\"7f1c-abcdefgh");
    let raw = "canary +/%=&\"7f1c-abcdefgh";
    let form: String = form_urlencoded::byte_serialize(raw.as_bytes()).collect();
    let clear = ["id:", "my-id:", "", "x"].map(|prefix| format!("{prefix}{raw}:more"));
    let encoded = clear.iter().flat_map(|text| [STANDARD.encode(text), URL_SAFE.encode(text)]);
    let texts = [
        raw.to_owned(),
        format!("a={form}&b"),
        form.replace('+', "%20"),
        format!("{raw:?}"),
        serde_json::json!({"a": raw}).to_string(),
    ];
    for text in texts.into_iter().chain(encoded) {
        assert!(!secrets.found_in(&format!("a line with {text} in it")).is_empty(), "{text}");
    }
    assert!(secrets.found_in("a line with canary in it").is_empty());
    let caught = std::panic::catch_unwind(|| {
        let mut texts = Texts::default();
        texts.debug("a struct", &Some(raw));
        texts.must_be_free_of(&secrets);
    });
    assert!(caught.is_err());
}
