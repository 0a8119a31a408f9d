//! What stands in braces in a transcript, and the star.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::hmac;
use url::form_urlencoded::{byte_serialize, parse};

use crate::model::{Registered, Texts};

/// The values of one run.
#[derive(Clone, Debug, Default)]
pub(crate) struct Holes {
    state: String,
    nonce: String,
    basic: String,
    hmac: String,
    id_token: String,
}

impl Holes {
    /// What the authorization request says of a login.
    pub(crate) fn of(client: &Registered, authorization_url: &str) -> Self {
        let encoded = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
        // RFC 6749 section 2.3.1: both are form-encoded before they are joined.
        let basic = STANDARD.encode(format!("{}:{}", encoded(&client.id), encoded(&client.secret)));
        let query = pairs(query_of(authorization_url));
        // Where the provider hands no state back, it travels in the redirect URI.
        let redirect = find(&query, "redirect_uri").or_else(|| find(&query, "redirect_url")).unwrap_or_default();
        let state = find(&query, "state").or_else(|| find(&pairs(query_of(&redirect)), "state"));
        let nonce = find(&query, "nonce").unwrap_or_default();
        Self { state: state.unwrap_or_default(), nonce, basic, ..Self::default() }
    }

    /// The ID token of this login.
    pub(crate) fn with_id_token(self, id_token: String) -> Self {
        Self { id_token, ..self }
    }

    /// The signature over a callback: the other parameters, sorted and joined, under the client's secret.
    pub(crate) fn with_hmac(self, params: &Texts, secret: &str) -> Self {
        let others = params.iter().filter(|(_, value)| *value != "{hmac}");
        let joined: Vec<String> = others.map(|(name, value)| format!("{name}={}", self.fill(value))).collect();
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
        let tag = hmac::sign(&key, joined.join("&").as_bytes());
        let hex = tag.as_ref().iter().fold(String::new(), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        });
        Self { hmac: hex, ..self }
    }

    /// The state of the authorization request.
    pub(crate) fn state(&self) -> &str {
        &self.state
    }

    /// The text with every hole filled.
    pub(crate) fn fill(&self, text: &str) -> String {
        let holes = [
            ("{state}", &self.state),
            ("{nonce}", &self.nonce),
            ("{basic}", &self.basic),
            ("{hmac}", &self.hmac),
            ("{id_token}", &self.id_token),
        ];
        holes.iter().fold(text.to_owned(), |text, (hole, value)| text.replace(hole, value))
    }

    /// Whether a value is the expected one; the star stands for any text that is not empty.
    pub(crate) fn matches(&self, expected: &str, actual: &str) -> bool {
        if expected == "*" { !actual.is_empty() } else { self.fill(expected) == actual }
    }
}

/// The decoded pairs of a query or a form.
pub(crate) fn pairs(text: &str) -> Vec<(String, String)> {
    parse(text.as_bytes()).map(|(name, value)| (name.into_owned(), value.into_owned())).collect()
}

/// The query of an address, without what follows it.
pub(crate) fn query_of(url: &str) -> &str {
    let address = url.split('#').next().unwrap_or_default();
    address.split_once('?').map_or("", |(_, query)| query)
}

fn find(pairs: &[(String, String)], name: &str) -> Option<String> {
    pairs.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone())
}
