//! A login that the user finishes elsewhere: the token endpoint is asked until they have (RFC 8628 sections 3.4 and 3.5, OpenID
//! Connect Client-Initiated Backchannel Authentication 1.0 section 10.1). When it is asked, with what, and what the answers mean.

mod answer;
mod pace;

use std::borrow::Cow;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use secrecy::{ExposeSecret as _, SecretString};

pub(crate) use self::answer::Answer;
pub use self::pace::DevicePoll;
use self::pace::{Pace, Told};
use crate::client::{Context, Inner, renamed};
use crate::dpop::ProofKey;
use crate::error::{Error, ErrorKind, Result, Step};
use crate::grant::{self, Aim, Asked};
use crate::spec::GrantRequest;
use crate::token::{self, TokenCall, TokenSet};

/// A login that is asked for.
pub(crate) struct Polling {
    inner: Arc<Inner>,
    step: Step,
    aim: Aim,
    /// The key that the tokens will be bound to (RFC 9449): one for all looks.
    key: Option<ProofKey>,
    pace: Pace,
}

impl Polling {
    /// The login has started now, and the first question waits for an interval.
    pub(crate) fn new(
        (inner, step): (Arc<Inner>, Step),
        aim: Aim,
        (lifetime, interval): (Duration, Duration),
    ) -> Result<Self> {
        let pace = Pace::new(inner.now(), lifetime, interval);
        let key = ProofKey::wanted(&inner, step)?;
        Ok(Self { inner, step, aim, key, pace })
    }

    pub(crate) fn inner(&self) -> &Arc<Inner> {
        &self.inner
    }

    /// When there is nothing more to ask for.
    pub(crate) fn expires_at(&self) -> SystemTime {
        self.pace.expires_at()
    }

    /// What to do now, by the client's clock.
    pub(crate) fn poll(&self) -> DevicePoll {
        self.pace.poll(self.inner.now())
    }

    /// Waits until it is time to ask. RFC 8628 section 3.5: "Before each new request, the client MUST wait at least the number
    /// of seconds specified by the "interval" parameter".
    pub(crate) async fn due(&mut self) -> Result<()> {
        loop {
            match self.poll() {
                DevicePoll::Wait(wait) => {
                    let clock = Arc::clone(&self.inner.config.clock);
                    clock.sleep(wait).await;
                    self.pace.slept(self.inner.now(), wait);
                }
                DevicePoll::Ask => return Ok(()),
                DevicePoll::Over => return Err(self.expired()),
            }
        }
    }

    /// Asks for the tokens with the code that the provider gave, under the name of its parameter; an error is the last word.
    pub(crate) async fn look(
        &mut self,
        rule: &GrantRequest,
        code: (&'static str, &SecretString),
    ) -> Result<Option<TokenSet>> {
        self.pace.asking(self.inner.now());
        let answer = self.redeem(rule, code).await;
        self.heard(answer)
    }

    /// RFC 8628 section 3.4, and section 10.1 of the other: the token request.
    async fn redeem(&self, rule: &GrantRequest, (name, code): (&'static str, &SecretString)) -> Result<TokenSet> {
        let (inner, aim) = (&*self.inner, &self.aim);
        let mut params = vec![(name, Cow::Borrowed(code.expose_secret()))];
        params.extend(aim.named());
        let asked = Asked { step: self.step, rule, params, scopes: &[], extra: &[], progress: None };
        // The scopes are no parameter of this request; a file that wants them has the hole.
        let call = TokenCall { context: Context { scopes: &aim.scopes, ..Context::default() }, ..asked.call(inner)? };
        Ok(token::send(inner, call.bound_to(self.key.as_ref()), &aim.scopes).await?.tokens)
    }

    /// What belongs to the user's tokens; they may have to have an ID token, whatever the scopes were.
    pub(crate) async fn settle(&self, tokens: TokenSet, has_identity: bool) -> Result<TokenSet> {
        let asked_identity = has_identity || self.aim.asks_identity();
        grant::settle(&self.inner, tokens, (asked_identity, self.aim.resources.clone())).await
    }

    /// The tokens, where they are in the answer; an error is the last word.
    fn heard(&mut self, answer: Result<TokenSet>) -> Result<Option<TokenSet>> {
        let error = match answer {
            Ok(tokens) => {
                self.pace.end();
                return Ok(Some(tokens));
            }
            Err(error) => error,
        };
        if let Some(told) = verdict(&self.inner, &error) {
            self.pace.told(told, self.inner.now());
            return Ok(None);
        }
        self.pace.end();
        Err(self.last_word(error))
    }

    /// The error that ends the login.
    fn last_word(&self, error: Error) -> Error {
        match standard_code(&self.inner, &error) {
            Some("expired_token") => self.expired(),
            // A code is taken once (RFC 8628 section 3.5 by RFC 6749 section 5.2): what came before may have been the tokens.
            Some("invalid_grant") if self.pace.is_silent() => {
                let what = "the provider may have issued the tokens in an answer that never arrived";
                self.inner.error(ErrorKind::OutcomeUnknown, self.step, what)
            }
            _ => error,
        }
    }

    fn expired(&self) -> Error {
        let what = match self.step {
            Step::Device => "the code ended before the user had finished",
            _ => "the request ended before the user had approved it",
        };
        self.inner.error(ErrorKind::AttemptExpired, self.step, what)
    }
}

/// The error's code in the standard's words.
fn standard_code<'a>(inner: &'a Inner, error: &'a Error) -> Option<&'a str> {
    let code = error.server()?.code()?;
    let codes = inner.spec().token.response.error.as_ref().map(|fields| &fields.codes);
    Some(codes.map_or(code, |codes| renamed(codes, code)))
}

/// What an error says of the login; none where it is the last word (RFC 8628 section 3.5).
fn verdict(inner: &Inner, error: &Error) -> Option<Told> {
    match standard_code(inner, error) {
        Some("authorization_pending") => return Some(Told::Pending),
        Some("slow_down") => return Some(Told::SlowDown),
        _ => {}
    }
    // What is no answer of the token endpoint is no last word either: the user's approval is not lost to a gateway.
    let is_page =
        error.server().is_some_and(|server| server.code().is_none()) && error.kind() == ErrorKind::ProviderRefused;
    let is_silence = error.is_retryable() || is_page || error.kind() == ErrorKind::BadResponse;
    is_silence.then(|| Told::Nothing(error.retry_after()))
}
