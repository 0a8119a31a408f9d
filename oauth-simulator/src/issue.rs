//! Making tokens.

use std::time::{Duration, SystemTime};

use oauth_core::Clock as _;
use oauth_core::spec::RefreshWith;

use crate::facts::{Facts, own_name, text_of};
use crate::pointer::member;
use crate::rng::random_text;
use crate::server::Shared;
use crate::state::{AccessToken, RefreshToken, State};

/// How much longer than a plain token one lives that came of the upgrade.
const LONG_LIVED: u32 = 24 * 60;

/// When a token ends, and how long that is from now.
pub(crate) type Ends = (SystemTime, Duration);

/// What a token answer tells.
pub(crate) struct Issued {
    pub(crate) grant: usize,
    pub(crate) access_token: String,
    pub(crate) refresh_token: Option<String>,
    pub(crate) id_token: Option<String>,
    pub(crate) scopes: Vec<String>,
    pub(crate) expires: Option<Ends>,
    pub(crate) refresh_expires: Option<Ends>,
    /// What it is, where the answer says so (RFC 8693 section 2.2.1).
    pub(crate) kind: Option<&'static str>,
    /// Whether it is bound to a key (RFC 9449).
    pub(crate) bound: bool,
    /// Further tokens, each with the place that it has in the answer.
    pub(crate) also: Vec<(String, Issued)>,
}

/// A new access token of the grant.
pub(crate) fn access_token(shared: &Shared, state: &mut State, grant: usize, long_lived: bool) -> Issued {
    let now = shared.clock.now();
    let lifetime = shared.lifetime.map(|plain| if long_lived { plain.saturating_mul(LONG_LIVED) } else { plain });
    let expires = lifetime.and_then(|lifetime| Some((now.checked_add(lifetime)?, lifetime)));
    let token = random_text(&*shared.rng, &format!("{}sim_at_", prefix(&shared.facts)));
    let known = AccessToken { grant, expires: expires.map(|(at, _)| at), long_lived, looked_up: false };
    state.access.insert(token.clone(), known);
    let scopes = state.grants.get(grant).map(|grant| grant.scopes.clone()).unwrap_or_default();
    Issued {
        grant,
        access_token: token,
        refresh_token: None,
        id_token: None,
        scopes,
        expires,
        refresh_expires: None,
        kind: None,
        bound: false,
        also: Vec::new(),
    }
}

/// What the access token begins with, where the file reads something from its beginning.
fn prefix(facts: &Facts) -> String {
    let response = &facts.spec.token.response;
    let token = member(own_name(&response.rename, "access_token"));
    let of_token = response.extras.iter().filter(|extra| member(&extra.at) == token);
    let prefixes = of_token.filter_map(|extra| {
        let before = extra.before.as_deref()?;
        let (_, value) = facts.extras.iter().find(|(name, _)| *name == extra.name)?;
        Some(format!("{}{before}", text_of(value)))
    });
    prefixes.collect()
}

/// A new refresh token of the grant and its end, where the provider gives one.
pub(crate) fn refresh_token(shared: &Shared, state: &mut State, grant: usize) -> Option<(String, Option<Ends>)> {
    let refresh = shared.facts.spec.refresh.as_ref()?;
    let offline = state.grants.get(grant).is_some_and(|grant| grant.offline);
    if refresh.with != RefreshWith::RefreshToken || !offline {
        return None;
    }
    let token = random_text(&*shared.rng, "sim_rt_");
    let now = shared.clock.now();
    let ends = shared.refresh_lifetime.and_then(|lifetime| Some((now.checked_add(lifetime)?, lifetime)));
    let expires = ends.map(|(at, _)| at);
    state.refresh.insert(token.clone(), RefreshToken { grant, replaced: false, expires, used: now });
    Some((token, ends))
}
