//! What is kept of an account, as it is before it is sealed.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::SystemTime;

use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::AccountId;
use super::trouble::{Trouble, TroubleAs, Until};
pub(crate) use crate::clock::{millis, time};
use crate::token::TokenSet;

/// The version of what is written. What a newer version has added is kept when this one writes the record again.
const SCHEMA: u32 = 1;

/// Everything that is known of an account.
#[derive(Clone)]
pub(crate) struct Record {
    /// The version in the store.
    pub(crate) version: u64,
    pub(crate) id: AccountId,
    /// Another one for each login: what a refresh of an earlier login brings is not written over a later one.
    pub(crate) login: String,
    /// Where the provider's file let the token go when the account was connected.
    pub(crate) origins: Vec<String>,
    pub(crate) tokens: Arc<TokenSet>,
    pub(crate) connected_at: SystemTime,
    pub(crate) refreshed_at: Option<SystemTime>,
    /// Whether a refresh has ever brought another refresh token.
    pub(crate) rotated: bool,
    /// How the renewal of the login's own token goes.
    pub(crate) own: Course,
    /// The same for further tokens, by name: one that is refused says nothing of the others.
    pub(crate) further: BTreeMap<String, Course>,
    /// Members that a newer version wrote.
    unknown: Members,
    unknown_of_tokens: Members,
}

/// Members of an object, as they stood.
type Members = BTreeMap<String, Box<RawValue>>;

/// How the renewal of one token goes.
#[derive(Clone, Default)]
pub(crate) struct Course {
    pub(crate) intent: Option<Intent>,
    pub(crate) trouble: Option<Trouble>,
}

/// A refresh under way, noted before each of its steps.
#[derive(Clone)]
pub(crate) struct Intent {
    pub(crate) mark: Mark,
    /// When the lease of whoever refreshes ends.
    pub(crate) until: SystemTime,
    /// Whether this is the second time for the same refresh token.
    pub(crate) replay: bool,
}

/// How far a refresh has come.
#[derive(Clone)]
pub(crate) enum Mark {
    /// Nothing has been sent.
    Prepared,
    /// The request may have been sent, and nothing is known of its answer.
    Sent,
    /// The answer is here, and has not been checked.
    Answered(Box<TokenSet>),
}

impl Record {
    /// The record of a login.
    pub(crate) fn new(
        id: AccountId,
        login: String,
        origins: Vec<String>,
        tokens: Arc<TokenSet>,
        now: SystemTime,
    ) -> Self {
        Self {
            version: 0,
            id,
            login,
            origins,
            tokens,
            connected_at: now,
            refreshed_at: None,
            rotated: false,
            own: Course::default(),
            further: BTreeMap::new(),
            unknown: Members::new(),
            unknown_of_tokens: Members::new(),
        }
    }

    /// The record as text, secrets in clear.
    pub(crate) fn expose_json(&self) -> Result<SecretString, serde_json::Error> {
        let further = self.further.iter().filter(|(_, course)| course.intent.is_some() || course.trouble.is_some());
        let kept = Kept {
            schema: SCHEMA,
            tenant: self.id.tenant.clone(),
            provider: self.id.provider.clone(),
            server: self.id.server.clone(),
            client_id: self.id.client_id.clone(),
            account: self.id.account.clone(),
            login: self.login.clone(),
            origins: self.origins.clone(),
            connected_ms: millis(self.connected_at),
            refreshed_ms: self.refreshed_at.map(millis),
            rotated: self.rotated,
            tokens: raw(&with(self.tokens.expose_json(), &self.unknown_of_tokens)?)?,
            own: self.own.stored(),
            further: further.map(|(name, course)| (name.clone(), course.stored())).collect(),
        };
        with(serde_json::to_string(&kept)?.into(), &self.unknown)
    }

    /// Reads what [`expose_json`](Self::expose_json) wrote, in this version or one before or after it.
    pub(crate) fn from_exposed_json(version: u64, text: &str) -> Result<Self, serde_json::Error> {
        let kept: Kept = serde_json::from_str(text)?;
        let tokens = TokenSet::from_exposed_json(&kept.tokens.get().into())?;
        let unknown_of_tokens = others(kept.tokens.get(), tokens.expose_json().expose_secret())?;
        let unknown = others(text, &serde_json::to_string(&kept)?)?;
        let further = kept.further.into_iter().map(|(name, course)| Ok((name, Course::restored(course)?)));
        Ok(Self {
            version,
            id: AccountId {
                tenant: kept.tenant,
                provider: kept.provider,
                server: kept.server,
                client_id: kept.client_id,
                account: kept.account,
            },
            login: kept.login,
            origins: kept.origins,
            tokens: Arc::new(tokens),
            connected_at: time(kept.connected_ms),
            refreshed_at: kept.refreshed_ms.map(time),
            rotated: kept.rotated,
            own: Course::restored(kept.own)?,
            further: further.collect::<Result<_, serde_json::Error>>()?,
            unknown,
            unknown_of_tokens,
        })
    }

    /// The tokens of that name: the login's own, or a further one with what it needs of the login's.
    pub(crate) fn tokens_of(&self, name: Option<&str>) -> Option<Arc<TokenSet>> {
        match name {
            None => Some(Arc::clone(&self.tokens)),
            Some(name) => self.tokens.also(name).map(|own| Arc::new(own.beside(&self.tokens))),
        }
    }

    /// Takes new tokens of that name in.
    pub(crate) fn renew(&mut self, name: Option<&str>, asked: &TokenSet, new: TokenSet, now: SystemTime) {
        let exposed = |tokens: &TokenSet| tokens.refresh_token().map(|token| token.expose_secret().to_owned());
        self.rotated |= exposed(asked).is_some() && exposed(asked) != exposed(&new);
        let before = Arc::clone(&self.tokens);
        self.tokens = Arc::new(match name {
            None => new.keeping_also(asked, &self.tokens),
            Some(name) => self.tokens.with_also(name, &new),
        });
        self.refreshed_at = Some(now);
        match name {
            None => self.own = Course::default(),
            Some(name) => drop(self.further.remove(name)),
        }
        // An answer may bring further tokens: what was said of those before goes for them no more.
        let tokens = &self.tokens;
        self.further.retain(|name, _| {
            let (new, old) = (tokens.also(name), before.also(name));
            new.zip(old).is_some_and(|(new, old)| !new.is_newer_than(old))
        });
    }

    /// Takes in a refresh token that came with an answer which is not used otherwise.
    pub(crate) fn rotate(&mut self, name: Option<&str>, asked: &TokenSet, kept: TokenSet) {
        let refreshed_at = self.refreshed_at;
        self.renew(name, asked, kept, self.connected_at);
        self.refreshed_at = refreshed_at;
    }

    /// The newest tokens: those of an answer that has not been checked, where there is one.
    pub(crate) fn newest(&self) -> Arc<TokenSet> {
        match &self.own.intent {
            Some(Intent { mark: Mark::Answered(answer), .. }) => Arc::new(self.tokens.renewed((**answer).clone())),
            _ => Arc::clone(&self.tokens),
        }
    }

    /// The refresh of that token that is under way, or was when its process ended.
    pub(crate) fn intent(&self, of: Option<&str>) -> Option<&Intent> {
        self.course(of)?.intent.as_ref()
    }

    /// What keeps that token from being renewed.
    pub(crate) fn trouble(&self, of: Option<&str>) -> Option<&Trouble> {
        let all = self.own.trouble.as_ref().filter(|trouble| trouble.until == Until::Revoked);
        all.or_else(|| self.course(of)?.trouble.as_ref())
    }

    /// Whether the account is being disconnected.
    pub(crate) fn is_revoked(&self) -> bool {
        self.own.trouble.as_ref().is_some_and(|trouble| trouble.until == Until::Revoked)
    }

    /// Whether a refresh of any of its tokens is noted.
    pub(crate) fn intents(&self) -> impl Iterator<Item = &Intent> {
        std::iter::once(&self.own).chain(self.further.values()).filter_map(|course| course.intent.as_ref())
    }

    fn course(&self, of: Option<&str>) -> Option<&Course> {
        of.map_or(Some(&self.own), |name| self.further.get(name))
    }

    pub(crate) fn course_mut(&mut self, of: Option<&str>) -> &mut Course {
        match of {
            None => &mut self.own,
            Some(name) => self.further.entry(name.to_owned()).or_default(),
        }
    }
}

impl Course {
    /// Nothing is under way any more. That a refresh token may have been used before is not forgotten.
    pub(crate) fn put_off(&mut self) {
        let lost = self.intent.take().filter(|intent| intent.replay);
        self.intent = lost.map(|intent| Intent { mark: Mark::Prepared, ..intent });
    }

    fn stored(&self) -> CourseAs {
        let intent = self.intent.as_ref().map(|intent| IntentAs {
            mark: match intent.mark {
                Mark::Prepared => "prepared",
                Mark::Sent => "sent",
                Mark::Answered(_) => "answered",
            }
            .to_owned(),
            answer: match &intent.mark {
                Mark::Answered(answer) => raw(&answer.expose_json()).ok(),
                Mark::Prepared | Mark::Sent => None,
            },
            until_ms: millis(intent.until),
            replay: intent.replay,
        });
        CourseAs { intent, trouble: self.trouble.as_ref().map(Trouble::stored) }
    }

    fn restored(stored: CourseAs) -> Result<Self, serde_json::Error> {
        let intent = stored.intent.map(|intent| {
            let mark = match (intent.mark.as_str(), &intent.answer) {
                ("prepared", _) => Mark::Prepared,
                ("answered", Some(answer)) => {
                    Mark::Answered(Box::new(TokenSet::from_exposed_json(&answer.get().into())?))
                }
                // A mark that this version does not know came after something was sent.
                _ => Mark::Sent,
            };
            Ok::<_, serde_json::Error>(Intent { mark, until: time(intent.until_ms), replay: intent.replay })
        });
        Ok(Self { intent: intent.transpose()?, trouble: stored.trouble.map(Trouble::restored) })
    }
}

#[derive(Serialize, Deserialize)]
struct Kept {
    schema: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tenant: Option<String>,
    provider: String,
    server: String,
    client_id: String,
    account: String,
    login: String,
    origins: Vec<String>,
    connected_ms: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    refreshed_ms: Option<i64>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    rotated: bool,
    tokens: Box<RawValue>,
    #[serde(default, skip_serializing_if = "CourseAs::is_none")]
    own: CourseAs,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    further: BTreeMap<String, CourseAs>,
}

#[derive(Default, Serialize, Deserialize)]
struct CourseAs {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    intent: Option<IntentAs>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    trouble: Option<TroubleAs>,
}

impl CourseAs {
    fn is_none(&self) -> bool {
        self.intent.is_none() && self.trouble.is_none()
    }
}

#[derive(Serialize, Deserialize)]
struct IntentAs {
    mark: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    answer: Option<Box<RawValue>>,
    until_ms: i64,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    replay: bool,
}

/// A schema that this version cannot read; what it can read says so of itself.
pub(crate) fn schema_of(text: &str) -> Option<u32> {
    #[derive(Deserialize)]
    struct Schema {
        schema: u32,
    }
    serde_json::from_str::<Schema>(text).ok().map(|kept| kept.schema)
}

/// The newest schema that this version reads: additions keep the number, so that a higher one is another format.
pub(crate) const NEWEST: u32 = SCHEMA;

/// The members of an object that another has not.
fn others(all: &str, known: &str) -> Result<Members, serde_json::Error> {
    type Borrowed<'a> = BTreeMap<Cow<'a, str>, &'a RawValue>;
    let (all, known): (Borrowed<'_>, Borrowed<'_>) = (serde_json::from_str(all)?, serde_json::from_str(known)?);
    let others = all.into_iter().filter(|(name, value)| !known.contains_key(name) && value.get() != "null");
    Ok(others.map(|(name, value)| (name.into_owned(), value.to_owned())).collect())
}

/// An object with further members.
fn with(object: SecretString, members: &Members) -> Result<SecretString, serde_json::Error> {
    if members.is_empty() {
        return Ok(object);
    }
    let mut all: Members = serde_json::from_str(object.expose_secret())?;
    for (name, value) in members {
        all.entry(name.clone()).or_insert_with(|| value.clone());
    }
    serde_json::to_string(&all).map(Into::into)
}

fn raw(text: &SecretString) -> Result<Box<RawValue>, serde_json::Error> {
    RawValue::from_string(text.expose_secret().to_owned())
}
