use std::fmt;
use std::time::Duration;

use serde_json::value::RawValue;

use super::Scrub;
use crate::json;
use crate::spec::ErrorFields;

/// What a server said about its refusal (RFC 6749 sections 4.1.2.1 and 5.2): data, cleaned and cut.
///
/// The texts come from outside. They have no control, formatting or bidirectional characters and at most 512
/// characters, and secrets of the request are blotted out; in HTML they still need escaping like any other text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerError {
    code: Option<String>,
    description: Option<String>,
    uri: Option<String>,
    status: Option<u16>,
    retry_after: Option<Duration>,
}

const MAX_CHARS: usize = 512;

impl ServerError {
    pub(crate) fn new(code: Option<&str>, description: Option<&str>, uri: Option<&str>) -> Self {
        let clean = |text: &str| clean(text);
        Self {
            code: code.map(clean),
            description: description.map(clean),
            uri: uri.map(clean),
            status: None,
            retry_after: None,
        }
    }

    pub(crate) fn with_status(mut self, status: u16, retry_after: Option<Duration>) -> Self {
        self.status = Some(status);
        self.retry_after = retry_after;
        self
    }

    /// What an API's error answer says, where the provider's file points or else in the shapes that APIs commonly use.
    pub(crate) fn of_api(
        scrub: &Scrub,
        fields: Option<&ErrorFields>,
        status: u16,
        retry_after: Option<Duration>,
        body: &[u8],
    ) -> Self {
        let root: Option<&RawValue> = serde_json::from_slice(body).ok();
        let first = |own: Option<&String>, places: [&str; 5]| {
            let mut places = own.map(String::as_str).into_iter().chain(places);
            places.find_map(|at| json::scalar(json::pointer(root?, at)?))
        };
        let code = fields.and_then(|fields| fields.code.as_ref());
        let code = first(code, ["/error", "/error/code", "/error/type", "/code", "/errors/0/code"]);
        let description = fields.and_then(|fields| fields.description.as_ref());
        let description =
            first(description, ["/error_description", "/error/message", "/message", "/errors/0/message", "/detail"]);
        scrub.server(code.as_deref(), description.as_deref(), None).with_status(status, retry_after)
    }

    /// The error code: `invalid_grant`.
    pub fn code(&self) -> Option<&str> {
        self.code.as_deref()
    }

    /// The server's words for developers.
    pub fn description(&self) -> Option<&str> {
        self.description.as_deref()
    }

    /// A page about the error, as the server gave it. It is outside text: never open it by itself.
    pub fn uri(&self) -> Option<&str> {
        self.uri.as_deref()
    }

    /// The HTTP status; none when the error came with the callback.
    pub fn status(&self) -> Option<u16> {
        self.status
    }

    /// The `Retry-After` header (RFC 9110 section 10.2.3).
    pub fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }
}

/// `invalid_grant: the code is expired (status 400)`.
impl fmt::Display for ServerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.code, &self.description) {
            (Some(code), Some(description)) => write!(f, "{code}: {description}")?,
            (Some(text), None) | (None, Some(text)) => f.write_str(text)?,
            (None, None) => f.write_str("no error code")?,
        }
        match self.status {
            Some(status) => write!(f, " (status {status})"),
            None => Ok(()),
        }
    }
}

/// RFC 6749 section 4.1.2.1 allows %x20-21 / %x23-5B / %x5D-7E in error texts. Letters of other scripts are let
/// through as well; everything that a terminal, a log or a page could take for a command is escaped.
pub(crate) fn clean(text: &str) -> String {
    let mut cleaned = String::with_capacity(text.len().min(MAX_CHARS));
    for (at, c) in text.chars().enumerate() {
        if at == MAX_CHARS {
            cleaned.push('…');
            break;
        }
        if c.is_control() || is_invisible(c) || c == '\\' || c == '"' {
            cleaned.extend(c.escape_unicode());
        } else {
            cleaned.push(c);
        }
    }
    cleaned
}

fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}
