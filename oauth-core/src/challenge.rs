//! What a resource server says of a token that it does not take: the `WWW-Authenticate` header (RFC 9110 section 11.6.1,
//! RFC 6750 section 3).

use http::HeaderMap;
use http::header::WWW_AUTHENTICATE;

use crate::scopes::is_scope_token;

/// The most of all such headers that is read: no real challenge is longer, and who sends one may be anybody.
const MOST: usize = 8 * 1024;

/// More scopes than a message could name.
const MOST_SCOPES: usize = 256;

/// What a resource server says to a request that it does not serve: the `WWW-Authenticate` header of a 401 or 403 (RFC 6750
/// section 3, RFC 9728 section 5.1). What stands in it is the server's word, and nothing more.
///
/// ```
/// use oauth_core::ResourceChallenge;
///
/// let header = r#"Bearer resource_metadata="https://mcp.example/.well-known/oauth-protected-resource", scope="read write""#;
/// let challenge = ResourceChallenge::from(header);
/// assert_eq!(challenge.scopes(), ["read", "write"]);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResourceChallenge {
    resource_metadata: Option<String>,
    scopes: Vec<String>,
    insufficient_scope: bool,
}

impl ResourceChallenge {
    /// Where the resource's metadata is said to be (RFC 9728 section 5.1).
    pub fn resource_metadata(&self) -> Option<&str> {
        self.resource_metadata.as_deref()
    }

    /// The scopes that the request takes (RFC 6750 section 3), as far as they are named.
    pub fn scopes(&self) -> &[String] {
        &self.scopes
    }

    /// Whether there was a token, and it lacked a scope (RFC 6750 section 3.1).
    pub fn is_insufficient_scope(&self) -> bool {
        self.insufficient_scope
    }

    /// Several challenges are one answer (RFC 9728 section 5.1): the metadata is what the first one names that names any, and
    /// the scopes are those of the first that says what is wanted, `Bearer` before others.
    fn read<'v>(values: impl Iterator<Item = &'v [u8]>) -> Self {
        let found: Vec<Challenge> = bounded(values).flat_map(challenges).filter(|found| !found.repeated).collect();
        let says = |found: &&Challenge| found.scope.is_some() || found.error.is_some();
        let chosen = found.iter().filter(says).find(|found| found.is_of("bearer")).or_else(|| found.iter().find(says));
        Self {
            resource_metadata: found.iter().find_map(|found| found.resource_metadata.clone()),
            scopes: chosen.map(Challenge::scopes).unwrap_or_default(),
            insufficient_scope: chosen.is_some_and(|chosen| chosen.has_error("insufficient_scope")),
        }
    }
}

/// The value of one header.
impl From<&str> for ResourceChallenge {
    fn from(header: &str) -> Self {
        Self::read(std::iter::once(header.as_bytes()))
    }
}

impl From<&String> for ResourceChallenge {
    fn from(header: &String) -> Self {
        header.as_str().into()
    }
}

/// All headers of that name.
impl From<&HeaderMap> for ResourceChallenge {
    fn from(headers: &HeaderMap) -> Self {
        Self::read(headers.get_all(WWW_AUTHENTICATE).iter().map(http::HeaderValue::as_bytes))
    }
}

/// As much of them as is read.
fn bounded<'v>(values: impl Iterator<Item = &'v [u8]>) -> impl Iterator<Item = &'v [u8]> {
    values.scan(MOST, |left, value| {
        let read = &value[..value.len().min(*left)];
        *left -= read.len();
        Some(read)
    })
}

/// The scopes that the server asks for, where it says that the token lacks some; they may be none that it names.
///
/// RFC 6750 section 3.1: "`insufficient_scope`: The request requires higher privileges than provided by the access token". The
/// scheme does not matter: a server that has its own says this in the same words.
pub(crate) fn insufficient_scope(headers: &HeaderMap) -> Option<Vec<String>> {
    told(headers, "insufficient_scope").map(|challenge| challenge.scopes())
}

/// What a login has to be like for the server to take its token.
pub(crate) struct StepUp {
    /// The classes of which the login is to be of one, the preferred first.
    pub(crate) acr_values: Vec<String>,
    /// How many seconds ago it may have been.
    pub(crate) max_age: Option<u64>,
    /// Scopes that are named beside.
    pub(crate) scopes: Vec<String>,
}

/// The login that the server asks for, where it says that the one behind the token does not do.
///
/// RFC 9470 section 3: "`insufficient_user_authentication`: The authentication event associated with the access token
/// presented with the request does not meet the authentication requirements of the protected resource".
pub(crate) fn step_up(headers: &HeaderMap) -> Option<StepUp> {
    let challenge = told(headers, "insufficient_user_authentication")?;
    let words = challenge.acr_values.as_deref().unwrap_or_default().split_ascii_whitespace();
    let words = words.filter(|word| word.len() <= 256 && word.bytes().all(|byte| byte.is_ascii_graphic()));
    Some(StepUp {
        acr_values: words.take(MOST_SCOPES).map(str::to_owned).collect(),
        // "a non-negative integer"; what is none says nothing.
        max_age: challenge.max_age.as_deref().and_then(|seconds| seconds.parse().ok()),
        scopes: challenge.scopes(),
    })
}

/// The challenge that names that error.
fn told(headers: &HeaderMap, error: &str) -> Option<Challenge> {
    read(headers).into_iter().find(|challenge| challenge.has_error(error))
}

/// All challenges of an answer, in their order (RFC 9110 section 11.6.1: a header may hold several, and there may be
/// several headers).
pub(crate) fn read(headers: &HeaderMap) -> Vec<Challenge> {
    let values = headers.get_all(WWW_AUTHENTICATE).iter().map(http::HeaderValue::as_bytes);
    bounded(values).flat_map(challenges).collect()
}

/// One challenge, as far as it is of interest here.
#[derive(Default)]
pub(crate) struct Challenge {
    scheme: String,
    error: Option<String>,
    scope: Option<String>,
    acr_values: Option<String>,
    max_age: Option<String>,
    resource_metadata: Option<String>,
    /// RFC 6750 section 3: the attributes "MUST NOT appear more than once". What does is not believed.
    repeated: bool,
}

impl Challenge {
    /// RFC 9110 section 11.1: the scheme is "case-insensitive".
    pub(crate) fn is_of(&self, scheme: &str) -> bool {
        self.scheme.eq_ignore_ascii_case(scheme)
    }

    pub(crate) fn has_error(&self, error: &str) -> bool {
        !self.repeated && self.error.as_deref() == Some(error)
    }

    /// RFC 6750 section 3: "a space-delimited list of case-sensitive scope values". What cannot be one is left out.
    fn scopes(&self) -> Vec<String> {
        let words = self.scope.as_deref().unwrap_or_default().split(' ').filter(|word| is_scope_token(word));
        words.take(MOST_SCOPES).map(str::to_owned).collect()
    }

    fn take(&mut self, name: &str, value: String) {
        let slot = match name {
            _ if name.eq_ignore_ascii_case("error") => &mut self.error,
            _ if name.eq_ignore_ascii_case("scope") => &mut self.scope,
            _ if name.eq_ignore_ascii_case("acr_values") => &mut self.acr_values,
            _ if name.eq_ignore_ascii_case("max_age") => &mut self.max_age,
            _ if name.eq_ignore_ascii_case("resource_metadata") => &mut self.resource_metadata,
            _ => return,
        };
        self.repeated |= slot.is_some();
        slot.get_or_insert(value);
    }
}

/// Reads a list of challenges up to its end or to where it is none any more.
fn challenges(value: &[u8]) -> Vec<Challenge> {
    let mut rest = Rest(value);
    let mut found: Vec<Challenge> = Vec::new();
    loop {
        rest.skip(b" \t,");
        let name = rest.token();
        if name.is_empty() {
            return found;
        }
        rest.skip(b" \t");
        if rest.starts_with(b'=') && !found.is_empty() {
            rest.skip_one();
            rest.skip(b" \t");
            let (Some(value), Some(challenge)) = (rest.value(), found.last_mut()) else { return found };
            challenge.take(name, value);
        } else {
            // A word that nothing is assigned to is a scheme; what stands behind it may be credentials in one piece.
            found.push(Challenge { scheme: name.to_owned(), ..Challenge::default() });
            rest.skip_token68();
        }
    }
}

/// What is still to be read.
struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    fn starts_with(&self, byte: u8) -> bool {
        self.0.first() == Some(&byte)
    }

    fn skip_one(&mut self) {
        self.0 = self.0.get(1..).unwrap_or_default();
    }

    fn skip(&mut self, bytes: &[u8]) {
        self.take(|byte| bytes.contains(&byte));
    }

    fn take(&mut self, is_part: impl Fn(u8) -> bool) -> &'a [u8] {
        let end = self.0.iter().position(|byte| !is_part(*byte)).unwrap_or(self.0.len());
        let (taken, rest) = self.0.split_at(end);
        self.0 = rest;
        taken
    }

    /// RFC 9110 section 5.6.2.
    fn token(&mut self) -> &'a str {
        let taken = self.take(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte));
        std::str::from_utf8(taken).unwrap_or_default()
    }

    /// RFC 9110 section 11.2: `token68`, which ends where its list's element ends.
    fn skip_token68(&mut self) {
        let mut ahead = Rest(self.0);
        let some = ahead.take(|byte| byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte));
        ahead.skip(b"=");
        ahead.skip(b" \t");
        if !some.is_empty() && (ahead.0.is_empty() || ahead.starts_with(b',')) {
            *self = ahead;
        }
    }

    /// A token, or a quoted string (RFC 9110 section 5.6.4); nothing when it has no end.
    fn value(&mut self) -> Option<String> {
        if !self.starts_with(b'"') {
            return Some(self.token().to_owned()).filter(|token| !token.is_empty());
        }
        self.skip_one();
        let mut text = Vec::new();
        loop {
            let (byte, rest) = self.0.split_first()?;
            self.0 = rest;
            match byte {
                b'"' => return Some(String::from_utf8_lossy(&text).into_owned()),
                b'\\' => {
                    let (escaped, rest) = self.0.split_first()?;
                    self.0 = rest;
                    text.push(*escaped);
                }
                byte => text.push(*byte),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    fn scopes(values: &[&str]) -> Option<Vec<String>> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(WWW_AUTHENTICATE, HeaderValue::from_str(value).unwrap());
        }
        insufficient_scope(&headers)
    }

    fn named(value: &str) -> Vec<String> {
        scopes(&[value]).unwrap_or_else(|| panic!("{value}"))
    }

    #[test]
    fn ref_12_a_missing_scope_is_told_in_any_scheme_and_order() {
        assert_eq!(named(r#"Bearer realm="x", error="insufficient_scope", scope="a b:c""#), ["a", "b:c"]);
        assert_eq!(named(r#"bearer ERROR=insufficient_scope,Scope="a""#), ["a"]);
        assert_eq!(named(r#"DPoP algs="ES256", Bearer scope="a", error = "insufficient_scope""#), ["a"]);
        assert_eq!(named(r#"Negotiate YII/+==, Acme-token error="insufficient_scope""#), [""; 0]);
        assert_eq!(named(r#", ,Bearer error="insufficient\_scope""#), [""; 0]);
        assert_eq!(scopes(&["Basic realm=x", "Bearer error=insufficient_scope, scope=a"]).unwrap(), ["a"]);
    }

    #[test]
    fn cr_09_other_challenges_are_none_of_that() {
        for value in [
            "",
            "Bearer",
            r#"Bearer error="invalid_token""#,
            r#"Bearer realm="error=\"insufficient_scope\"""#,
            r#"Bearer realm="x" scope="a""#,
            r#"error="insufficient_scope""#,
            "insufficient_scope",
            // Which of the two is meant?
            r#"Bearer error="invalid_token", error="insufficient_scope""#,
            r#"Bearer error="insufficient_scope", scope=a, scope=b"#,
            // The parameters of one challenge are not those of another.
            r#"Bearer error="invalid_token", Basic insufficient_scope"#,
        ] {
            assert_eq!(scopes(&[value]), None, "{value}");
        }
    }

    #[test]
    fn cr_19_a_challenge_says_which_login_it_wants() {
        let asked = |value: &str| {
            let headers = HeaderMap::from_iter([(WWW_AUTHENTICATE, HeaderValue::from_str(value).unwrap())]);
            step_up(&headers).map(|step_up| (step_up.acr_values, step_up.max_age))
        };
        let told = "Bearer error=\"insufficient_user_authentication\"";
        assert_eq!(asked(told), Some((Vec::new(), None)));
        let (classes, age) = asked(&format!("{told}, acr_values=\"gold  silver\", max_age=\"300\"")).unwrap();
        assert_eq!((classes.join(","), age), ("gold,silver".to_owned(), Some(300)));
        assert_eq!(asked(&format!("{told}, max_age=0")), Some((Vec::new(), Some(0))));
        for odd in ["-1", "\"\"", "x", "99999999999999999999999", "1.5"] {
            assert_eq!(asked(&format!("{told}, max_age={odd}")), Some((Vec::new(), None)), "{odd}");
        }
        assert_eq!(asked(&format!("{told}, acr_values=a, acr_values=b")), None);
        assert_eq!(asked("Bearer error=\"insufficient_scope\", acr_values=a"), None);
        let many = format!("{told}, acr_values=\"{}\"", "a ".repeat(1_000));
        assert_eq!(asked(&many).unwrap().0.len(), MOST_SCOPES);
    }

    #[test]
    fn cr_20_what_is_no_list_of_challenges_is_read_as_far_as_it_is_one() {
        for value in [r#"Bearer error="insufficient_scope"#, r#"Bearer realm="\"#, "Bearer error=,", "@@@", "Bearer ="]
        {
            assert_eq!(scopes(&[value]), None, "{value}");
        }
        assert_eq!(named(r#"Bearer error="insufficient_scope", scope="a \"b\" cä d", x="#), ["a", "d"]);
        assert_eq!(named("Bearer error=insufficient_scope @ Basic"), [""; 0]);
    }

    #[test]
    fn cr_20_no_more_than_eight_kibibytes_are_read() {
        let told = r#"Bearer error="insufficient_scope""#;
        let long = format!("Basic realm=\"{}\"", "x".repeat(MOST));
        assert_eq!(scopes(&[&long, told]), None);
        assert_eq!(scopes(&[told, &long]), Some(Vec::new()));
        let many = format!("Bearer error=insufficient_scope, scope=\"{}\"", "a ".repeat(1_000));
        assert_eq!(named(&many).len(), MOST_SCOPES);
        assert_eq!(scopes(&["x,".repeat(500_000).as_str()]), None);
    }

    proptest! {
        #[test]
        fn cr_20_no_bytes_are_too_odd(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = challenges(&bytes);
        }

        #[test]
        fn cr_20_a_challenge_is_found_behind_any_other(realm in "[ -~&&[^\"\\\\]]{0,40}", scheme in "[A-Za-z]{1,8}") {
            let value = format!("{scheme} realm=\"{realm}\", Bearer error=\"insufficient_scope\", scope=\"a b\"");
            prop_assert_eq!(scopes(&[value.as_str()]), Some(vec!["a".to_owned(), "b".to_owned()]));
        }
    }
}
