//! What the server knows: families, their tokens, and who asked for what.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use oauth_core::Rng as _;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::behaviour::{Answers, Behaviour};
use crate::counter::Counter;

/// Tokens as the server gives them out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issued {
    /// For requests.
    pub access_token: String,
    /// For the next tokens.
    pub refresh_token: String,
}

/// One request for new tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked {
    /// When the server decided, from its start.
    pub at: Duration,
    /// Which refresh token of the family it came with, counted from 0.
    pub generation: usize,
    /// What it came to.
    pub outcome: Outcome,
}

/// What a request came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It got, or should have got, tokens.
    Granted,
    /// Its refresh token was used before, and the family ended.
    Reused,
    /// It was refused or put off by what the test wanted.
    Refused,
}

/// What the server knows of a family.
#[derive(Clone, Debug, Default)]
pub struct Family {
    /// Each request with one of its refresh tokens.
    pub asked: Vec<Asked>,
    /// The access tokens that are good for requests, oldest first. An old one ends with its time and not with a refresh.
    pub live: Vec<String>,
    /// Whether it is over.
    pub revoked: bool,
    generations: usize,
    queued: VecDeque<Behaviour>,
    usual: Option<Behaviour>,
}

impl Family {
    /// How many requests there were.
    pub fn requests(&self) -> usize {
        self.asked.len()
    }

    /// How many of them came to this.
    pub fn count(&self, outcome: Outcome) -> usize {
        self.asked.iter().filter(|asked| asked.outcome == outcome).count()
    }

    /// For other processes.
    pub(super) fn json(&self) -> Value {
        json!({
            "requests": self.requests(),
            "granted": self.count(Outcome::Granted),
            "live": self.live,
            "revoked": self.revoked,
            "reused": self.count(Outcome::Reused),
            "at_ms": self.asked.iter().map(|asked| asked.at.as_secs_f64() * 1e3).collect::<Vec<_>>(),
        })
    }
}

/// What a request is answered with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Decision {
    /// An access token, and a refresh token where the answer has one.
    Tokens(String, Option<String>),
    Lost,
    Unavailable(Option<u64>),
    InvalidClient,
    InvalidGrant,
}

pub(super) struct Ledger {
    pub(super) usual: Behaviour,
    pub(super) strangers: u64,
    started: Instant,
    random: std::sync::Arc<Counter>,
    families: HashMap<String, Family>,
    /// Refresh token to family and generation.
    refresh: HashMap<String, (String, usize)>,
    /// Access token to family.
    access: HashMap<String, String>,
}

pub(super) fn locked(ledger: &Mutex<Ledger>) -> MutexGuard<'_, Ledger> {
    ledger.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Ledger {
    pub(super) fn new() -> Self {
        Self {
            usual: Behaviour::default(),
            strangers: 0,
            started: Instant::now(),
            random: Counter::new(7),
            families: HashMap::new(),
            refresh: HashMap::new(),
            access: HashMap::new(),
        }
    }

    pub(super) fn open(&mut self, family: &str) -> Issued {
        let before = self.families.insert(family.to_owned(), Family::default());
        assert!(before.is_none(), "the family `{family}` is there already");
        Issued { access_token: self.text("ended"), refresh_token: self.new_refresh_token(family) }
    }

    pub(super) fn next(&mut self, family: &str, behaviour: Behaviour) {
        self.families.get_mut(family).expect("the family was opened").queued.push_back(behaviour);
    }

    pub(super) fn always(&mut self, family: &str, behaviour: Behaviour) {
        self.families.get_mut(family).expect("the family was opened").usual = Some(behaviour);
    }

    pub(super) fn family(&self, family: &str) -> Option<Family> {
        self.families.get(family).cloned()
    }

    /// The family of an access token that is good for requests.
    pub(super) fn whose(&self, access_token: &str) -> Option<&str> {
        let family = self.access.get(access_token)?;
        (!self.families.get(family)?.revoked).then_some(family)
    }

    /// What the next request with that refresh token is to get. Each call takes one from the queue.
    pub(super) fn behaviour(&mut self, refresh_token: &str) -> Behaviour {
        let usual = self.usual;
        let Some((family, _)) = self.refresh.get(refresh_token) else { return usual };
        let Some(family) = self.families.get_mut(family) else { return usual };
        family.queued.pop_front().or(family.usual).unwrap_or(usual)
    }

    /// Decides a refresh, once and for all.
    ///
    /// RFC 9700 section 4.14.2: "the authorization server cannot determine which party submitted the invalid refresh
    /// token, but it will revoke the active refresh token".
    pub(super) fn decide(&mut self, refresh_token: &str, answers: Answers) -> Decision {
        let Some((name, generation)) = self.refresh.get(refresh_token).cloned() else {
            self.strangers += 1;
            return Decision::InvalidGrant;
        };
        let at = self.started.elapsed();
        let Some(family) = self.families.get_mut(&name) else { return Decision::InvalidGrant };
        let old = generation + 1 < family.generations;
        let outcome = match answers {
            Answers::Unavailable(_) | Answers::InvalidClient => Outcome::Refused,
            _ if old => Outcome::Reused,
            _ if family.revoked || answers == Answers::InvalidGrant => Outcome::Refused,
            _ => Outcome::Granted,
        };
        family.asked.push(Asked { at, generation, outcome });
        match answers {
            Answers::Unavailable(retry_after) => return Decision::Unavailable(retry_after),
            Answers::InvalidClient => return Decision::InvalidClient,
            _ => {}
        }
        if outcome != Outcome::Granted {
            family.revoked = true;
            family.live.clear();
            return Decision::InvalidGrant;
        }
        self.grant(&name, refresh_token, answers)
    }

    fn grant(&mut self, name: &str, refresh_token: &str, answers: Answers) -> Decision {
        let access_token = self.text("access");
        self.access.insert(access_token.clone(), name.to_owned());
        if let Some(family) = self.families.get_mut(name) {
            family.live.push(access_token.clone());
        }
        match answers {
            Answers::SameRefreshToken => Decision::Tokens(access_token, Some(refresh_token.to_owned())),
            Answers::NoRefreshToken => Decision::Tokens(access_token, None),
            Answers::Lost => {
                self.new_refresh_token(name);
                Decision::Lost
            }
            _ => Decision::Tokens(access_token, Some(self.new_refresh_token(name))),
        }
    }

    fn new_refresh_token(&mut self, name: &str) -> String {
        let text = self.text("refresh");
        if let Some(family) = self.families.get_mut(name) {
            self.refresh.insert(text.clone(), (name.to_owned(), family.generations));
            family.generations += 1;
        }
        text
    }

    fn text(&self, kind: &str) -> String {
        let mut bytes = [0; 16];
        // A counter never runs out.
        let _ = self.random.fill(&mut bytes);
        format!("{kind}-{:032x}", u128::from_be_bytes(bytes))
    }
}
