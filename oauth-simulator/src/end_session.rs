//! The end of a browser's session (OpenID Connect RP-Initiated Logout 1.0).

use http::{Method, StatusCode};
use url::Url;

use crate::facts::own_name;
use crate::minted::object;
use crate::pages;
use crate::params::Params;
use crate::reply::Reply;
use crate::request::Request;
use crate::server::Shared;

/// Ends the session of the request's browser, and sends it back where that was asked for. Section 2: servers "MUST support the
/// use of the HTTP GET and POST methods".
pub(crate) fn end(shared: &Shared, request: &Request) -> Reply {
    let params = match (&request.method, request.is_form()) {
        (&Method::GET, _) => request.query(),
        (&Method::POST, true) => Params::from_form(&request.body),
        _ => return Reply::method_not_allowed("GET, POST"),
    };
    match params.and_then(|params| back(shared, &params)) {
        Ok(back) => {
            if let Some(session) = request.cookie(&shared.cookie) {
                shared.state().sessions.remove(session);
            }
            match back {
                Some(back) => Reply::see_other(&back),
                None => Reply::html(
                    StatusCode::OK,
                    "<!doctype html><title>Logged out</title><p>You are logged out.".to_owned(),
                ),
            }
        }
        Err(problem) => pages::problem(&shared.facts.spec, StatusCode::BAD_REQUEST, &problem),
    }
}

/// Where the browser goes back to. Section 3: the address has to be one that was registered for that; here those are the ones
/// of the origins of the client's redirect URIs.
fn back(shared: &Shared, params: &Params) -> Result<Option<String>, String> {
    let facts = &shared.facts;
    let empty = Vec::new();
    let rename = facts.spec.logout.as_ref().map_or(&empty, |rules| &rules.rename);
    let param = |name: &'static str| params.get(own_name(rename, name));
    if let Some(name) = params.duplicate() {
        return Err(format!("the parameter {name} is there more than once"));
    }
    let hinted = param("id_token_hint").map(audience).transpose()?;
    // Section 2: with both, the server "MUST verify that the Client Identifier matches the one used when issuing the ID Token".
    if let (Some(id), Some(hinted)) = (param("client_id"), &hinted)
        && id != hinted
    {
        return Err("the ID token is another client's".to_owned());
    }
    let Some(uri) = param("post_logout_redirect_uri") else { return Ok(None) };
    let id = param("client_id").map(str::to_owned).or(hinted).ok_or("nobody says whose address that is")?;
    let (_, client) = facts.client(&id).ok_or("no client with this id is registered")?;
    let mut url = Url::parse(uri).map_err(|_| "the address is no address".to_owned())?;
    let known = client.redirect_uris().iter().filter_map(|own| Url::parse(own).ok());
    let is_open = client.redirect_uris().is_empty() && crate::address::is_loopback(&url);
    if !is_open && known.into_iter().all(|own| own.origin() != url.origin()) {
        return Err("the address is not registered for this client".to_owned());
    }
    if let Some(state) = param("state") {
        url.query_pairs_mut().append_pair(own_name(rename, "state"), state);
    }
    Ok(Some(url.into()))
}

/// Whose ID token it is: its signature is not looked at, because nobody gains by a forged one.
fn audience(token: &str) -> Result<String, String> {
    let payload = token.split('.').nth(1).ok_or("the hint is no ID token")?;
    let claims = object(payload).map_err(|_| "the hint is no ID token".to_owned())?;
    let audience = claims.get("aud").and_then(|aud| aud.as_str().or_else(|| aud.get(0)?.as_str()));
    audience.map(str::to_owned).ok_or_else(|| "the hint is no ID token".to_owned())
}
