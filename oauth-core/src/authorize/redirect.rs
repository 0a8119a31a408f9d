//! The redirect URI of an authorization request (RFC 6749 section 3.1.2).

use std::borrow::Cow;

use url::Url;

use crate::client::Inner;
use crate::encode::push_pair;
use crate::error::{Error, ErrorKind, Result, Step};
use crate::spec::{LoopbackRule, StatePlace, template};

/// RFC 6749 section 3.1.2: the redirect URI "MUST be an absolute URI" and "MUST NOT include a fragment component".
/// What the provider takes beyond that is in its file. Says whether it is plain http on this machine.
pub(crate) fn check(inner: &Inner, uri: &str) -> Result<bool> {
    let parsed = Url::parse(uri)
        .ok()
        .filter(|parsed| parsed.fragment().is_none() && !uri.chars().any(|c| c.is_control() || c == ' '));
    let Some(parsed) = parsed else {
        let what = "the redirect URI is not an absolute address without fragment";
        return Err(Error::new(ErrorKind::Config, Step::Authorize, what)
            .fix("write it in full, as https://app.example/callback")
            .of(inner.spec()));
    };
    let (is_plain, is_loopback) = (parsed.scheme() == "http", template::is_loopback(&parsed));
    // RFC 9700 section 2.6: "Authorization responses MUST NOT be transmitted over unencrypted network connections."
    if is_plain && !is_loopback && !inner.config.allow_plain_redirect {
        let what = "the redirect URI is plain http to another machine: whoever is between reads the code";
        return Err(Error::new(ErrorKind::InsecureUrl, Step::Authorize, what)
            .fix("use https; plain http is for loopback only, or `client.dangerous_allow_http_redirect()` for a test network")
            .of(inner.spec()));
    }
    let Some((what, fix)) = refused(inner, uri, &parsed) else { return Ok(is_plain && is_loopback) };
    let what = format!("this provider does not take the redirect URI: {what}");
    Err(Error::new(ErrorKind::Config, Step::Authorize, what).fix(fix).of(inner.spec()))
}

/// Why the provider would not take it, and what to do.
fn refused(inner: &Inner, uri: &str, parsed: &Url) -> Option<(String, &'static str)> {
    let limits = &inner.config.spec.redirect;
    if limits.is_unlimited() {
        return None;
    }
    let is_loopback = template::is_loopback(parsed);
    if limits.https && parsed.scheme() != "https" {
        let fix =
            "register and use an https address; for work on this machine, a tunnel or a local certificate gives one";
        return Some(("it is not https".to_owned(), fix));
    }
    match limits.loopback {
        LoopbackRule::Refused if is_loopback => {
            return Some(("it is on this machine".to_owned(), "use a public host name, such as that of a tunnel"));
        }
        LoopbackRule::Only if !is_loopback => {
            return Some(("it is not on the user's machine".to_owned(), "use http://127.0.0.1 with a port"));
        }
        _ => {}
    }
    if !limits.query && parsed.query().is_some() {
        return Some(("it has a query".to_owned(), "leave the query out; what must come back is yours to remember"));
    }
    let length = uri.chars().count() as u64;
    match limits.max_length {
        Some(most) if length > most => {
            Some((format!("it has {length} characters, {most} are allowed"), "use a shorter path"))
        }
        _ => None,
    }
}

/// The redirect URI as it is sent, here and in the code exchange: with the state in it, where it travels there.
pub(super) fn with_state<'a>(inner: &Inner, uri: &'a str, state: &str) -> Result<Cow<'a, str>> {
    if inner.config.spec.authorize.state.place == StatePlace::Param {
        return Ok(Cow::Borrowed(uri));
    }
    let mut with_state = String::with_capacity(uri.len() + state.len() + 7);
    with_state.push_str(uri);
    with_state.push(if uri.contains('?') { '&' } else { '?' });
    push_pair(&mut with_state, "state", state);
    check(inner, &with_state)?;
    Ok(Cow::Owned(with_state))
}
