//! The tie between a login and the browser that it was started in (RFC 9700 section 4.7).

use std::fmt;

use secrecy::{ExposeSecret as _, SecretString};

use crate::pending::ATTEMPT_LIFETIME;

/// The tie between a login and the browser it was started in: set it as a cookie, as [`set_cookie`](Self::set_cookie)
/// writes it.
#[derive(Clone)]
pub struct BrowserBinding {
    value: SecretString,
    /// Whether the answer comes as a POST from the provider's site.
    cross_site: bool,
    /// Whether the callback is plain http on this machine, where a `Secure` cookie may not come back.
    plain: bool,
}

impl BrowserBinding {
    pub(crate) fn new(value: SecretString, cross_site: bool, plain: bool) -> Self {
        Self { value, cross_site, plain }
    }

    /// The cookie's value.
    pub fn expose(&self) -> &str {
        self.value.expose_secret()
    }

    /// The whole value of the `Set-Cookie` header, for a cookie of that name on the path of the callback page:
    /// `login=..; Path=/auth; HttpOnly; Secure; SameSite=Lax; Max-Age=600`.
    ///
    /// With a provider that answers by a POST from its own site (`response_mode: form_post`) it is `SameSite=None`,
    /// because a browser sends no other cookie with such a POST. `Secure` is left out only where the callback is plain
    /// http on this machine. What a name or a path cannot have in a cookie is left out of them.
    pub fn set_cookie(&self, name: &str, path: &str) -> String {
        self.cookie_of(name, path, self.value.expose_secret())
    }

    /// The same with another value, for what belongs to the same login.
    pub(crate) fn cookie_of(&self, name: &str, path: &str, value: &str) -> String {
        let (name, path) = (without_separators(name), without_separators(path));
        // A browser takes SameSite=None with Secure alone.
        let secure = if self.plain && !self.cross_site { "" } else { "; Secure" };
        let same_site = if self.cross_site { "None" } else { "Lax" };
        let age = ATTEMPT_LIFETIME.as_secs();
        format!("{name}={value}; Path={path}; HttpOnly{secure}; SameSite={same_site}; Max-Age={age}")
    }
}

/// A name or a path without what would end it in a header.
pub(crate) fn without_separators(text: &str) -> String {
    text.replace(|c: char| c.is_control() || c == ';', "")
}

impl fmt::Debug for BrowserBinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BrowserBinding([redacted])")
    }
}

/// The browser that a callback came from.
#[derive(Clone)]
pub struct Browser(pub(crate) Option<SecretString>);

impl Browser {
    /// The browser whose request had this cookie.
    pub fn cookie(value: impl Into<SecretString>) -> Self {
        Self(Some(value.into()))
    }

    /// A browser whose request had no such cookie: no login of anybody can be finished with it.
    pub fn unknown() -> Self {
        Self(None)
    }
}

/// A program that started the login itself and waited for it: command lines, desktop apps, tests.
impl From<BrowserBinding> for Browser {
    fn from(binding: BrowserBinding) -> Self {
        Self(Some(binding.value))
    }
}

impl From<Option<&str>> for Browser {
    fn from(cookie: Option<&str>) -> Self {
        Self(cookie.map(Into::into))
    }
}

impl fmt::Debug for Browser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Browser([redacted])" } else { "Browser(unknown)" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cookie(cross_site: bool, plain: bool) -> String {
        BrowserBinding::new("value".into(), cross_site, plain).set_cookie("login", "/auth")
    }

    #[test]
    fn the_cookie_comes_back_with_the_callback() {
        assert_eq!(cookie(false, false), "login=value; Path=/auth; HttpOnly; Secure; SameSite=Lax; Max-Age=600");
        assert_eq!(cookie(false, true), "login=value; Path=/auth; HttpOnly; SameSite=Lax; Max-Age=600");
        for plain in [false, true] {
            assert_eq!(cookie(true, plain), "login=value; Path=/auth; HttpOnly; Secure; SameSite=None; Max-Age=600");
        }
    }

    #[test]
    fn a_name_and_a_path_add_no_attribute() {
        let binding = BrowserBinding::new("value".into(), false, false);
        let cookie = binding.set_cookie("a;b\r\n", "/; Domain=evil.example");
        assert!(cookie.starts_with("ab=value; Path=/ Domain=evil.example; HttpOnly"), "{cookie}");
    }
}
