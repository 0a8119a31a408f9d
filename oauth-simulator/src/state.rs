//! What changes while the simulator runs.

use std::collections::{HashMap, HashSet, VecDeque};
use std::ops::Range;
use std::time::SystemTime;

use crate::device::Waiting;
use crate::params::Params;
use crate::pushed::Pushed;
use crate::{Answer, Recorded};

/// More recorded requests than a test looks at; the oldest go first.
const MOST_RECORDED: usize = 50_000;
/// More open login pages than a person has; the oldest go first.
const MOST_PENDING: usize = 1_000;

#[derive(Default)]
pub(crate) struct State {
    pending: HashMap<String, Pending>,
    pending_order: VecDeque<String>,
    /// Requests that were pushed, by their reference.
    pub(crate) pushed: HashMap<String, Pushed>,
    /// By session cookie.
    pub(crate) sessions: HashMap<String, Session>,
    pub(crate) codes: HashMap<String, Code>,
    pub(crate) grants: Vec<Grant>,
    /// Clients and the users who have been there before.
    pub(crate) met: HashSet<(usize, usize)>,
    pub(crate) access: HashMap<String, AccessToken>,
    pub(crate) refresh: HashMap<String, RefreshToken>,
    /// Logins on other devices, by device code.
    pub(crate) devices: HashMap<String, Waiting>,
    pub(crate) token_answers: VecDeque<Answer>,
    pub(crate) api_answers: VecDeque<Answer>,
    pub(crate) revocation_answers: VecDeque<Answer>,
    pub(crate) metadata_answers: VecDeque<Answer>,
    pub(crate) keys_answers: VecDeque<Answer>,
    pub(crate) lookup_answers: VecDeque<Answer>,
    /// The ids of the client assertions that were used.
    pub(crate) assertions: HashSet<String>,
    /// The ids of the proofs of possession that were used.
    pub(crate) proofs: HashSet<String>,
    /// How often the nonces of proofs were renewed; none are asked for before the first time.
    pub(crate) nonces: usize,
    pub(crate) recorded: VecDeque<Recorded>,
}

/// A browser in which somebody is logged in.
#[derive(Clone, Copy)]
pub(crate) struct Session {
    pub(crate) user: usize,
    /// When the password was given, so to say.
    pub(crate) since: SystemTime,
}

/// Where the browser goes when the user has decided.
#[derive(Clone)]
pub(crate) struct Return {
    pub(crate) client: usize,
    pub(crate) redirect_uri: String,
    pub(crate) state: Option<String>,
}

impl Return {
    /// The state, wherever it travels.
    pub(crate) fn state(&self) -> Option<String> {
        let in_uri = || {
            let (_, query) = self.redirect_uri.split_once('?')?;
            Params::from_query(query).ok()?.get("state").map(str::to_owned)
        };
        self.state.clone().or_else(in_uri)
    }
}

/// What a sound authorization request asks for.
#[derive(Clone)]
pub(crate) struct Demand {
    pub(crate) back: Return,
    /// Whether the request named the redirect URI, so that the token request must, too (RFC 6749 section 4.1.3).
    pub(crate) redirect_uri_sent: bool,
    pub(crate) scopes: Vec<String>,
    /// Those of the second set.
    pub(crate) second: Vec<String>,
    /// The PKCE challenge (RFC 7636 section 4.2).
    pub(crate) challenge: Option<String>,
    /// Whether the request has what the provider wants to see before it gives a refresh token.
    pub(crate) offline: bool,
    /// What the ID token repeats (OpenID Connect Core section 3.1.2.1).
    pub(crate) nonce: Option<String>,
    /// How old a login may be at most, in seconds (OpenID Connect Core section 3.1.2.1).
    pub(crate) max_age: Option<u64>,
    /// The thumbprint of the key that the code is bound to (RFC 9449 section 10).
    pub(crate) key: Option<String>,
}

/// A demand that waits for the user.
#[derive(Clone)]
pub(crate) struct Pending {
    pub(crate) demand: Demand,
    /// The session that may decide; none before the login.
    pub(crate) session: Option<String>,
    pub(crate) expires: SystemTime,
}

/// An authorization code (RFC 6749 section 4.1.2).
pub(crate) struct Code {
    pub(crate) demand: Demand,
    pub(crate) user: usize,
    /// When the user logged in.
    pub(crate) login: SystemTime,
    pub(crate) expires: SystemTime,
    /// The grants that came of it, once it was used.
    pub(crate) used: Option<Range<usize>>,
}

/// One consent: all tokens that come of it live and die together.
#[derive(Clone)]
pub(crate) struct Grant {
    pub(crate) client: usize,
    pub(crate) user: usize,
    pub(crate) scopes: Vec<String>,
    pub(crate) redirect_uri: String,
    pub(crate) offline: bool,
    pub(crate) nonce: Option<String>,
    /// When the user logged in, where the client wants to know.
    pub(crate) auth_time: Option<SystemTime>,
    /// The thumbprint of the key that its tokens are bound to (RFC 9449 section 6).
    pub(crate) key: Option<String>,
    pub(crate) revoked: bool,
}

#[derive(Clone, Copy)]
pub(crate) struct AccessToken {
    pub(crate) grant: usize,
    pub(crate) expires: Option<SystemTime>,
    /// Whether it came of the upgrade.
    pub(crate) long_lived: bool,
    /// Whether its lookup was made.
    pub(crate) looked_up: bool,
}

#[derive(Clone, Copy)]
pub(crate) struct RefreshToken {
    pub(crate) grant: usize,
    /// Whether a rotation has put another one in its place.
    pub(crate) replaced: bool,
    pub(crate) expires: Option<SystemTime>,
    /// When it was given or last of use.
    pub(crate) used: SystemTime,
}

impl State {
    pub(crate) fn keep_pending(&mut self, id: String, pending: Pending) {
        if self.pending_order.len() >= MOST_PENDING
            && let Some(oldest) = self.pending_order.pop_front()
        {
            self.pending.remove(&oldest);
        }
        self.pending_order.push_back(id.clone());
        self.pending.insert(id, pending);
    }

    pub(crate) fn pending(&mut self, id: &str, now: SystemTime) -> Option<&mut Pending> {
        self.pending.get_mut(id).filter(|pending| pending.expires > now)
    }

    pub(crate) fn forget_pending(&mut self, id: &str) {
        self.pending.remove(id);
        self.pending_order.retain(|known| known != id);
    }

    /// The access token and its grant, while both are good.
    pub(crate) fn live_access(&self, token: &str, now: SystemTime) -> Option<(AccessToken, &Grant)> {
        let access = *self.access.get(token)?;
        let grant = self.grants.get(access.grant).filter(|grant| !grant.revoked)?;
        access.expires.is_none_or(|expires| expires > now).then_some((access, grant))
    }

    pub(crate) fn revoke(&mut self, grant: usize) {
        if let Some(grant) = self.grants.get_mut(grant) {
            grant.revoked = true;
        }
    }

    /// Ends one token, and no other of its grant.
    pub(crate) fn forget(&mut self, token: &str) {
        self.access.remove(token);
        self.refresh.remove(token);
    }

    pub(crate) fn record(&mut self, request: Recorded) {
        if self.recorded.len() >= MOST_RECORDED {
            self.recorded.pop_front();
        }
        self.recorded.push_back(request);
    }
}
