use std::fmt;

use serde::{Serialize, Serializer};

use super::decode::{Decode, Member, parsed};

/// Text with holes: `https://accounts.{region}/oauth/v2/token`.
///
/// `{{` and `}}` are literal braces. What fills a hole is checked by the setting's or the extra's type, before it gets
/// here, so that a value never changes the meaning of the text around it.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Template {
    text: String,
    parts: Vec<Part>,
}

/// A piece of a [`Template`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Part {
    /// Text as it is.
    Literal(String),
    /// Text to be filled in.
    Hole(Hole),
}

/// What fills a hole.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Hole {
    /// `{region}`: a setting, or in an operation's path one of its parameters.
    Name(String),
    /// `{token.api_domain}`: an extra of the token response.
    Token(String),
    /// `{callback.location}`: a kept value of the callback.
    Callback(String),
    /// `{claim.tid}`: a claim of the ID token that is being checked; only in an issuer.
    Claim(String),
    /// `{client_id}`.
    ClientId,
    /// `{client_secret}`; only in parameters and headers of token requests.
    ClientSecret,
    /// `{access_token}`; only in parameters of token requests and headers of the lookup.
    AccessToken,
    /// `{random}`: 128 fresh random bits; only in parameters of the authorization request.
    Random,
    /// `{redirect_uri}`; only in parameters and headers of token requests.
    RedirectUri,
    /// `{state}`; only in parameters of the code exchange.
    State,
    /// `{scope}`: the scopes, joined; only in parameters and headers of token requests.
    Scope,
}

impl Template {
    /// Parses the text, or says in words why it cannot be a template.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut literal = String::new();
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}']) {
            let (before, from) = rest.split_at(at);
            literal.push_str(before);
            if let Some(after) = from.strip_prefix("{{") {
                literal.push('{');
                rest = after;
            } else if let Some(after) = from.strip_prefix("}}") {
                literal.push('}');
                rest = after;
            } else if let Some(after) = from.strip_prefix('{') {
                let (name, after) = after.split_once('}').ok_or("a `{` without its `}` (write `{{` for a brace)")?;
                if !literal.is_empty() {
                    parts.push(Part::Literal(std::mem::take(&mut literal)));
                }
                parts.push(Part::Hole(Hole::parse(name)?));
                rest = after;
            } else {
                return Err("a `}` without its `{` (write `}}` for a brace)".to_owned());
            }
        }
        literal.push_str(rest);
        if !literal.is_empty() {
            parts.push(Part::Literal(literal));
        }
        Ok(Self { text: text.to_owned(), parts })
    }

    /// Text without holes.
    #[cfg(feature = "client")]
    pub(crate) fn literal(text: &str) -> Self {
        Self { text: text.replace('{', "{{").replace('}', "}}"), parts: vec![Part::Literal(text.to_owned())] }
    }

    /// The text as the file has it.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The pieces, in order.
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// The holes, in order.
    pub fn holes(&self) -> impl Iterator<Item = &Hole> {
        self.parts.iter().filter_map(|part| match part {
            Part::Hole(hole) => Some(hole),
            Part::Literal(_) => None,
        })
    }

    /// The template with `value` in the place of every claim: only claims of a form that changes nothing get here.
    #[cfg(any(feature = "schema", feature = "client"))]
    pub(crate) fn fill_claims(&self, value: &str) -> Self {
        let filled = self.parts.iter().map(|part| match part {
            Part::Hole(Hole::Claim(_)) => Part::Literal(value.to_owned()),
            part => part.clone(),
        });
        Self { text: self.text.clone(), parts: filled.collect() }
    }

    /// The text with every hole filled by `value`, which answers the first error when it has none.
    pub fn render<E>(&self, mut value: impl FnMut(&Hole, &mut String) -> Result<(), E>) -> Result<String, E> {
        let mut text = String::with_capacity(self.text.len() + 16);
        for part in &self.parts {
            match part {
                Part::Literal(literal) => text.push_str(literal),
                Part::Hole(hole) => value(hole, &mut text)?,
            }
        }
        Ok(text)
    }
}

impl Hole {
    fn parse(name: &str) -> Result<Self, String> {
        let hole = match name.split_once('.') {
            None => match name {
                "client_id" => return Ok(Self::ClientId),
                "client_secret" => return Ok(Self::ClientSecret),
                "access_token" => return Ok(Self::AccessToken),
                "random" => return Ok(Self::Random),
                "redirect_uri" => return Ok(Self::RedirectUri),
                "state" => return Ok(Self::State),
                "scope" => return Ok(Self::Scope),
                name => Self::Name(name.to_owned()),
            },
            Some(("token", name)) => Self::Token(name.to_owned()),
            Some(("callback", name)) => Self::Callback(name.to_owned()),
            Some(("claim", name)) => Self::Claim(name.to_owned()),
            Some((space, _)) => {
                return Err(format!(
                    "`{{{name}}}` is in no known space: `{space}.` is neither `token.` nor `callback.`"
                ));
            }
        };
        let inner = name.rsplit('.').next().unwrap_or(name);
        if inner.is_empty() || !inner.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-') {
            return Err(format!("`{{{}}}` is not a name (letters, digits, `_`, `-`)", name.escape_debug()));
        }
        Ok(hole)
    }
}

/// As the file writes it.
impl fmt::Display for Hole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => write!(f, "{{{name}}}"),
            Self::Token(name) => write!(f, "{{token.{name}}}"),
            Self::Callback(name) => write!(f, "{{callback.{name}}}"),
            Self::Claim(name) => write!(f, "{{claim.{name}}}"),
            Self::ClientId => f.write_str("{client_id}"),
            Self::ClientSecret => f.write_str("{client_secret}"),
            Self::AccessToken => f.write_str("{access_token}"),
            Self::Random => f.write_str("{random}"),
            Self::RedirectUri => f.write_str("{redirect_uri}"),
            Self::State => f.write_str("{state}"),
            Self::Scope => f.write_str("{scope}"),
        }
    }
}

impl fmt::Debug for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.text, f)
    }
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Serialize for Template {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl Decode for Template {
    #[inline(never)]
    fn decode(member: Member<'_>) -> Self {
        parsed(&member, Self::parse).unwrap_or_default()
    }
}

/// https, or http to this very machine: RFC 8252 section 8.3 and RFC 6749 section 3.1.2.1 leave nothing else.
pub(crate) fn is_secure(url: &url::Url) -> bool {
    url.scheme() == "https" || (url.scheme() == "http" && is_loopback(url))
}

/// The same, and without credentials in it.
#[cfg(any(feature = "client", feature = "schema"))]
pub(crate) fn is_bare(url: &url::Url) -> bool {
    is_secure(url) && url.username().is_empty() && url.password().is_none()
}

/// The same, and without a fragment: an address to which a request can go.
#[cfg(feature = "client")]
pub(crate) fn is_endpoint(url: &url::Url) -> bool {
    is_bare(url) && url.fragment().is_none()
}

/// The literal loopback addresses. `localhost` is a name that a resolver may send elsewhere (RFC 8252 section 8.3),
/// so it is loopback only where the machine's own files say so; we treat the two addresses and that name alike.
pub(crate) fn is_loopback(url: &url::Url) -> bool {
    match url.host() {
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost",
        None => false,
    }
}
