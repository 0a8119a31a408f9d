//! Making tokens.

use std::time::{Duration, SystemTime};

use oauth_core::Clock as _;
use oauth_core::spec::RefreshWith;

use crate::rng::random_text;
use crate::server::Shared;
use crate::state::{AccessToken, RefreshToken, State};

/// How much longer than a plain token one lives that came of the upgrade.
const LONG_LIVED: u32 = 24 * 60;

/// What a token answer tells.
pub(crate) struct Issued {
    pub(crate) grant: usize,
    pub(crate) access_token: String,
    pub(crate) refresh_token: Option<String>,
    pub(crate) id_token: Option<String>,
    pub(crate) scopes: Vec<String>,
    /// When the access token ends, and how long that is from now.
    pub(crate) expires: Option<(SystemTime, Duration)>,
}

/// A new access token of the grant.
pub(crate) fn access_token(shared: &Shared, state: &mut State, grant: usize, long_lived: bool) -> Issued {
    let now = shared.clock.now();
    let lifetime = shared.lifetime.map(|plain| if long_lived { plain.saturating_mul(LONG_LIVED) } else { plain });
    let expires = lifetime.and_then(|lifetime| Some((now.checked_add(lifetime)?, lifetime)));
    let token = random_text(&*shared.rng, "sim_at_");
    state.access.insert(token.clone(), AccessToken { grant, expires: expires.map(|(at, _)| at), long_lived });
    let scopes = state.grants.get(grant).map(|grant| grant.scopes.clone()).unwrap_or_default();
    Issued { grant, access_token: token, refresh_token: None, id_token: None, scopes, expires }
}

/// A new refresh token of the grant, where the provider gives one.
pub(crate) fn refresh_token(shared: &Shared, state: &mut State, grant: usize) -> Option<String> {
    let refresh = shared.facts.spec.refresh.as_ref()?;
    let offline = state.grants.get(grant).is_some_and(|grant| grant.offline);
    if refresh.with != RefreshWith::RefreshToken || !offline {
        return None;
    }
    let token = random_text(&*shared.rng, "sim_rt_");
    state.refresh.insert(token.clone(), RefreshToken { grant, replaced: false });
    Some(token)
}
