//! An account's token on a request of any HTTP stack, and what it means when the answer is a refusal.

use std::fmt;
use std::sync::Arc;

use http::request::Parts;
use http::{HeaderMap, StatusCode};
use secrecy::ExposeSecret as _;

use crate::account::Account;
use crate::apply;
use crate::challenge::{insufficient_scope, step_up};
use crate::client::Inner;
use crate::dpop;
use crate::error::{Error, ErrorKind, Result, Scrub, ServerError, Step, WantedLogin, clean};
use crate::provider::Provider;
use crate::token::TokenSet;

impl<P: Provider> Account<P> {
    /// Puts a fresh token and the provider's headers on a request of any HTTP stack (RFC 6750 section 2, or as the provider's
    /// file says), after checking that the address is the provider's. When that fails the request is as it was.
    ///
    /// The receipt says which token it was: show it, with the answer, to [`refused`](Self::refused). A redirect of the
    /// answer is not to be followed with this request, whose token is for that address.
    ///
    /// A provider that takes the token in the body, or whose requests a mechanism signs over their body, is an error here:
    /// [`Account::request`] makes whole requests, and [`Client::apply`](crate::Client::apply) takes one.
    ///
    /// ```
    /// # #[cfg(not(feature = "schema"))] fn main() {}
    /// # #[cfg(feature = "schema")]
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use oauth_core::{ProviderSpec, TokenSet};
    ///
    /// let acme = ProviderSpec::from_yaml(
    ///     "{id: acme, name: Acme, docs: 'https://acme.example', checked: '2026-11-21',
    ///       endpoints: {token: 'https://acme.example/token'}, api: {base_url: 'https://api.acme.example'}}",
    /// )?;
    /// let account = acme.client("my-client-id", "my-client-secret").account(TokenSet::new("an-access-token"));
    ///
    /// let (mut parts, body) = http::Request::get("https://api.acme.example/things").body(())?.into_parts();
    /// let applied = account.apply(&mut parts).await?;
    /// let request = http::Request::from_parts(parts, body);
    /// assert_eq!(request.headers()["authorization"], "Bearer an-access-token");
    ///
    /// // .. send it with the stack of your choice, then:
    /// let answer = http::Response::builder().status(404).body(())?;
    /// let again = account.refused(&applied, answer.status(), answer.headers()).await?;
    /// assert!(!again, "the token was taken: the answer is what it is");
    /// # Ok(()) }
    /// ```
    pub async fn apply(&self, request: &mut Parts) -> Result<Applied> {
        apply::check_placement_in_head(self.inner())?;
        let tokens = self.fresh().await?;
        let head = (&request.method, &request.uri, &request.headers);
        let address = tokens.is_bound().then(|| request.uri.to_string());
        let on_trial = address.as_deref().and_then(|address| dpop::nonce_on_trial(self.inner(), address));
        (request.uri, request.headers) = apply::to_head(self.inner(), &tokens, head)?;
        Ok(Applied { tokens, address, on_trial })
    }

    /// Whether to make the request again, with a token that [`apply`](Self::apply) puts on it anew. Show it every answer: what
    /// the API takes is worth knowing, too.
    ///
    /// For a 401 it sees to it that there is a newer token: one that was renewed since the request was made, or else one
    /// refresh that all who were refused share. It says no where there is nothing to renew the token with, and where this
    /// token itself has just taken a refused one's place and was refused like that: a second refresh would not help. A late
    /// 401 for an old token discards no newer one.
    ///
    /// An answer that says `insufficient_scope` (RFC 6750 section 3.1) is an [error](ErrorKind::InsufficientScope) that names
    /// the [scopes](Error::scopes): no refresh adds any. One that says `insufficient_user_authentication` (RFC 9470 section 3)
    /// is [another](ErrorKind::StepUpRequired), that says which login it takes. [`Authorize::step_up`](crate::Authorize::step_up)
    /// starts it; nothing starts it by itself. Every other answer is none of its business.
    ///
    /// A server that wants another nonce in the proof of a bound token (RFC 9449 section 9) gets it with the next request; one
    /// that refuses that as well is an [error](ErrorKind::NonceRefused).
    pub async fn refused(&self, applied: &Applied, status: StatusCode, headers: &HeaderMap) -> Result<bool> {
        if let Some(address) = &applied.address {
            let still = dpop::nonce_on_trial(self.inner(), address);
            if dpop::challenged(self.inner(), address, status, headers) {
                let looped = applied.on_trial.is_some() && applied.on_trial == still;
                return if looped { Err(dpop::nonce_loop(self.inner(), Step::Api)) } else { Ok(true) };
            }
        }
        match self.verdict(&applied.tokens, status, headers).await? {
            Verdict::Again(_) => Ok(true),
            Verdict::Stands => Ok(false),
            Verdict::Scope(error) => Err(error),
        }
    }

    /// What an answer to a request with these tokens means.
    pub(crate) async fn verdict(
        &self,
        sent: &Arc<TokenSet>,
        status: StatusCode,
        headers: &HeaderMap,
    ) -> Result<Verdict> {
        if status.is_success() {
            sent.standing.accept();
        }
        if let Some(lacking) = Lacking::told(self.inner(), sent, status, headers) {
            let server = ServerError::new(Some(lacking.code()), None, None).with_status(status.as_u16(), None);
            let error = Error::new(lacking.kind, Step::Api, lacking.what).wanted(lacking.login);
            return Ok(Verdict::Scope(error.scopes(lacking.scopes).server(server).of(self.spec())));
        }
        if status != StatusCode::UNAUTHORIZED {
            return Ok(Verdict::Stands);
        }
        Ok(self.newer_than(sent).await?.map_or(Verdict::Stands, Verdict::Again))
    }

    /// Tokens that take the place of refused ones, where there can be any.
    pub(crate) async fn newer_than(&self, refused: &Arc<TokenSet>) -> Result<Option<Arc<TokenSet>>> {
        let current = self.fresh().await?;
        if !is_same(&current, refused) {
            return Ok(Some(current));
        }
        let now = self.inner().now();
        if current.standing.is_on_trial(now) || refused.standing.is_on_trial(now) || !current.is_renewable(self.spec())
        {
            return Ok(None);
        }
        tracing::debug!("the token was refused and is renewed");
        let renewed = self.renew(&current).await?;
        // It may be the same token again, prolonged: RFC 6749 section 6 does not say that it is new.
        renewed.standing.put_on_trial(now);
        Ok(Some(renewed))
    }
}

/// What is to be done about an answer.
pub(crate) enum Verdict {
    /// Nothing: it is the caller's.
    Stands,
    /// The request may be made again with these.
    Again(Arc<TokenSet>),
    /// The token is good, but not for this.
    Scope(Error),
}

/// Which token [`Account::apply`] put on a request.
#[derive(Clone)]
pub struct Applied {
    tokens: Arc<TokenSet>,
    /// Where it went, where a proof went with it.
    address: Option<String>,
    /// The nonce of that proof, where it came with a refusal.
    on_trial: Option<String>,
}

impl fmt::Debug for Applied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Applied").field("expires_at", &self.tokens.expires_at).finish_non_exhaustive()
    }
}

fn is_same(one: &TokenSet, other: &TokenSet) -> bool {
    one.access_token.expose_secret() == other.access_token.expose_secret()
}

/// A refusal of a token that lacks a scope, or that no sufficient login is behind.
pub(crate) struct Lacking {
    /// Which of the two.
    pub(crate) kind: ErrorKind,
    /// What went wrong.
    pub(crate) what: String,
    /// The scopes that the server asks for.
    pub(crate) scopes: Vec<String>,
    /// What the next login is to be like.
    pub(crate) login: WantedLogin,
}

impl Lacking {
    /// The error's code.
    fn code(&self) -> &'static str {
        match self.kind {
            ErrorKind::StepUpRequired => "insufficient_user_authentication",
            _ => "insufficient_scope",
        }
    }

    /// What an answer to a request with these tokens says. RFC 6750 section 3.1 wants 403 with the error; some servers answer
    /// with 401.
    pub(crate) fn told(inner: &Inner, tokens: &TokenSet, status: StatusCode, headers: &HeaderMap) -> Option<Self> {
        let refused = matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN);
        if !refused {
            return None;
        }
        let mut login = wanted(tokens);
        let step_up = step_up(headers);
        let needed = match &step_up {
            Some(step_up) => step_up.scopes.clone(),
            None => insufficient_scope(headers)?,
        };
        // The server's own text, which may repeat secrets.
        let scrub = Scrub::tokens(&inner.config, tokens, std::iter::empty());
        let scopes: Vec<String> = needed.iter().map(|scope| clean(&scrub.text(scope))).collect();
        let what = match scopes.as_slice() {
            _ if step_up.is_some() => "the API wants the user to log in in another way, or again".to_owned(),
            [] => format!("the API wants another scope, the account has {}", granted(tokens)),
            scopes => format!("the API wants the scope {}, the account has {}", scopes.join(" and "), granted(tokens)),
        };
        let kind = if let Some(step_up) = step_up {
            login.acr_values = step_up.acr_values.iter().map(|class| clean(&scrub.text(class))).collect();
            login.max_age = step_up.max_age;
            ErrorKind::StepUpRequired
        } else {
            ErrorKind::InsufficientScope
        };
        Some(Self { kind, what, scopes, login })
    }
}

/// A login for no less than these tokens are for.
pub(crate) fn wanted(tokens: &TokenSet) -> WantedLogin {
    WantedLogin { granted: tokens.scopes().to_vec(), resources: tokens.resources().to_vec(), ..WantedLogin::default() }
}

/// The account's scopes, for a message.
pub(crate) fn granted(tokens: &TokenSet) -> String {
    match tokens.scopes() {
        [] => "none that it knows of".to_owned(),
        scopes => scopes.join(", "),
    }
}
