//! Which redirect URIs a provider takes.

use oauth_core::ProviderSpec;
use oauth_core::spec::{LoopbackRule, Redirect, StatePlace};
use url::Url;

use crate::RegisteredClient;
use crate::address::is_loopback;

/// The redirect URI that counts for a request, or why there is none.
pub(crate) fn admit(spec: &ProviderSpec, client: &RegisteredClient, asked: Option<&str>) -> Result<String, String> {
    let Some(asked) = asked else {
        return match client.redirect_uris() {
            // RFC 6749 section 3.1.2.3: it may be left out when exactly one is registered.
            [only] => Ok(only.clone()),
            _ if spec.authorize.omits("redirect_uri") => {
                Err("the request does not name it, so that the client must have registered exactly one".to_owned())
            }
            _ => Err("it is missing".to_owned()),
        };
    };
    if spec.authorize.omits("redirect_uri") {
        return Err("this provider does not take it in the request".to_owned());
    }
    let plain = match spec.authorize.state.place {
        StatePlace::RedirectUri => without_state(asked),
        _ => asked.to_owned(),
    };
    check_limits(&spec.redirect, &plain)?;
    match client.redirect_uris() {
        [] => unregistered(&spec.redirect, &plain)?,
        registered if registered.contains(&plain) => {}
        _ => return Err("it is not one that this client has registered, character for character".to_owned()),
    }
    Ok(asked.to_owned())
}

/// What was registered, where the state travels in the query of the redirect URI.
fn without_state(asked: &str) -> String {
    let Some((address, query)) = asked.split_once('?') else { return asked.to_owned() };
    let rest: Vec<&str> = query.split('&').filter(|pair| !pair.starts_with("state=")).collect();
    if rest.is_empty() { address.to_owned() } else { format!("{address}?{}", rest.join("&")) }
}

fn check_limits(limits: &Redirect, asked: &str) -> Result<(), String> {
    let url = Url::parse(asked).map_err(|_| "it is not an absolute address".to_owned())?;
    // RFC 6749 section 3.1.2: no fragment.
    if asked.contains('#') {
        return Err("it has a fragment".to_owned());
    }
    if limits.https && url.scheme() != "https" {
        return Err("this provider takes https only".to_owned());
    }
    match limits.loopback {
        LoopbackRule::Refused if is_loopback(&url) => {
            return Err("this provider takes no address on loopback".to_owned());
        }
        LoopbackRule::Only if !is_loopback(&url) => {
            return Err("this provider takes addresses on loopback only".to_owned());
        }
        _ => {}
    }
    if !limits.query && asked.contains('?') {
        return Err("this provider takes none with a query".to_owned());
    }
    match limits.max_length {
        Some(most) if u64::try_from(asked.chars().count()).is_ok_and(|length| length > most) => {
            Err(format!("it is longer than {most} characters"))
        }
        _ => Ok(()),
    }
}

/// A client that has registered none may go to this machine; to any https address where the provider refuses that.
fn unregistered(limits: &Redirect, asked: &str) -> Result<(), String> {
    let url = Url::parse(asked).map_err(|_| "it is not an absolute address".to_owned())?;
    if limits.loopback == LoopbackRule::Refused {
        return if url.scheme() == "https" { Ok(()) } else { Err("it is not https".to_owned()) };
    }
    if !matches!(url.scheme(), "http" | "https") || !is_loopback(&url) {
        return Err("this client has registered none, so only an address on loopback is good".to_owned());
    }
    Ok(())
}
