//! The way back: what the browser brings to the client's redirect URI (RFC 6749 section 4.1.2).

use http::StatusCode;
use secrecy::ExposeSecret as _;

use crate::openid::signed_answer;
use crate::openid::signing::{hex, hmac_sha256};
use crate::pages;
use crate::params::Params;
use crate::reply::Reply;
use crate::server::Shared;
use crate::state::Return;

/// Sends the browser back with an error (RFC 6749 section 4.1.2.1).
pub(crate) fn refuse(shared: &Shared, back: &Return, code: &str, description: &str) -> Reply {
    let rules = &shared.facts.spec.callback;
    let own = rules.errors.iter().find(|(_, standard)| standard == code).map_or(code, |(own, _)| own);
    let error = rules.error.first().map_or("error", String::as_str);
    let error_description = rules.error_description.first().map_or("error_description", String::as_str);
    let mut pairs = vec![(error.to_owned(), own.to_owned())];
    // Some have one name for both.
    if error_description != error {
        pairs.push((error_description.to_owned(), description.to_owned()));
    }
    send(shared, back, pairs)
}

/// Sends the browser to the client's redirect URI.
pub(crate) fn send(shared: &Shared, back: &Return, mut pairs: Vec<(String, String)>) -> Reply {
    // RFC 6749 section 4.1.2: "the exact value received from the client".
    pairs.extend(back.state.as_ref().map(|state| ("state".to_owned(), state.clone())));
    // RFC 9207 section 2: errors carry it, too.
    pairs.extend(shared.callback_issuer.as_ref().map(|issuer| ("iss".to_owned(), issuer.clone())));
    pairs.extend(signature(shared, back, &pairs));
    if shared.facts.spec.authorize.is_answer_signed() {
        let claims = pairs.into_iter().map(|(name, value)| (name, value.into())).collect();
        pairs = match signed_answer(shared, back.client, claims) {
            Ok(jwt) => vec![("response".to_owned(), jwt)],
            Err(problem) => {
                return pages::problem(&shared.facts.spec, StatusCode::INTERNAL_SERVER_ERROR, &problem);
            }
        };
    }
    if shared.facts.spec.authorize.is_form_post() {
        return pages::form_post(&shared.facts.spec, &back.redirect_uri, &pairs);
    }
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(pairs);
    let join = match back.redirect_uri.chars().last() {
        Some('?' | '&') => "",
        _ if back.redirect_uri.contains('?') => "&",
        _ => "?",
    };
    Reply::see_other(&format!("{}{join}{}", back.redirect_uri, query.finish()))
}

/// The signature over everything else in the query, where the file has one.
fn signature(shared: &Shared, back: &Return, pairs: &[(String, String)]) -> Option<(String, String)> {
    let rule = shared.facts.spec.callback.verify.as_ref()?;
    let secret = shared.facts.clients.get(back.client)?.secret()?;
    let own = back.redirect_uri.split_once('?').map_or("", |(_, query)| query);
    let own = Params::from_query(own).unwrap_or_default();
    let mut signed: Vec<(&str, &str)> = own.iter().collect();
    signed.extend(pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    signed.sort_unstable();
    let value = |text: &str| text.replace('%', "%25").replace('&', "%26");
    let name = |text: &str| value(text).replace('=', "%3D");
    let lines: Vec<String> = signed.iter().map(|pair| format!("{}={}", name(pair.0), value(pair.1))).collect();
    let mac = hmac_sha256(secret.expose_secret().as_bytes(), lines.join("&").as_bytes());
    Some((rule.param.clone(), hex(&mac)))
}
