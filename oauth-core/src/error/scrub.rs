use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use secrecy::{ExposeSecret as _, SecretString};

use super::ServerError;
use crate::client::Config;
use crate::encode;
use crate::token::TokenSet;

/// Blots out what a request held from what its answer says: servers echo what they did not like, as it was or encoded.
pub(crate) struct Scrub {
    forms: Vec<String>,
}

/// Shorter texts stand in ordinary words as well.
const SHORTEST: usize = 4;

impl Scrub {
    /// Blots out these, and the client's secret.
    pub(crate) fn new<'a>(config: &'a Config, secrets: impl IntoIterator<Item = &'a str>) -> Self {
        let secrets = secrets.into_iter().chain(config.auth.as_secret()).filter(|secret| secret.len() >= SHORTEST);
        let mut forms: Vec<String> = secrets.flat_map(forms).collect();
        // The longest first: one form may begin like another.
        forms.sort_by_key(|form| std::cmp::Reverse(form.len()));
        Self { forms }
    }

    /// Blots out the tokens of an account, these, and the client's secret.
    pub(crate) fn tokens<'a>(config: &'a Config, tokens: &'a TokenSet, held: impl Iterator<Item = &'a str>) -> Self {
        Self::new(config, texts(tokens).chain(held))
    }

    /// Blots out the tokens of another set as well.
    pub(crate) fn and_tokens(self, config: &Config, tokens: &TokenSet) -> Self {
        self.and(config, texts(tokens))
    }

    /// Blots out the code and the tokens of a login, and the client's secret.
    pub(crate) fn login(config: &Config, tokens: &TokenSet, code: Option<&SecretString>) -> Self {
        Self::tokens(config, tokens, std::iter::empty()).and(config, code.map(SecretString::expose_secret))
    }

    /// Blots out these as well.
    pub(crate) fn and<'a>(mut self, config: &'a Config, secrets: impl IntoIterator<Item = &'a str>) -> Self {
        self.forms.extend(Self::new(config, secrets).forms);
        self.forms.sort_by_key(|form| std::cmp::Reverse(form.len()));
        self
    }

    /// The text without any of them.
    pub(crate) fn text(&self, text: &str) -> String {
        self.forms.iter().fold(text.to_owned(), |text, form| {
            if text.contains(form.as_str()) { text.replace(form, "[redacted]") } else { text }
        })
    }

    /// A server's words without any of them.
    pub(crate) fn server(&self, code: Option<&str>, description: Option<&str>, uri: Option<&str>) -> ServerError {
        let scrubbed = |text: Option<&str>| text.map(|text| self.text(text));
        ServerError::new(scrubbed(code).as_deref(), scrubbed(description).as_deref(), scrubbed(uri).as_deref())
    }
}

/// The tokens of a set.
fn texts(tokens: &TokenSet) -> impl Iterator<Item = &str> {
    let all = std::iter::once(tokens).chain(tokens.also.iter().map(|(_, also)| also));
    let secrets = all.flat_map(|tokens| {
        let others = [tokens.refresh_token.as_ref(), tokens.id_token.as_ref()];
        others.into_iter().flatten().chain([&tokens.access_token])
    });
    secrets.map(SecretString::expose_secret)
}

/// The ways in which a secret may be written.
fn forms(secret: &str) -> [String; 5] {
    let mut escaped = String::new();
    encode::push_segment(&mut escaped, secret);
    [
        secret.to_owned(),
        encode::form(secret).into_owned(),
        escaped,
        STANDARD_NO_PAD.encode(secret),
        URL_SAFE_NO_PAD.encode(secret),
    ]
}
