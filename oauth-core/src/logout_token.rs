//! Being told by the provider that a session has ended (OpenID Connect Back-Channel Logout 1.0): what makes a logout token
//! worth acting on.

use std::borrow::Cow;
use std::fmt;
use std::time::{Duration, SystemTime};

use tracing::Instrument as _;

use crate::client::{Client, Inner};
use crate::error::{Error, ErrorKind, Result, Step};
use crate::jose::{Claims, JoseError};
use crate::openid;
use crate::provider::{HasIdTokens, Provider};

/// The member of `events` that makes a token a logout token (section 2.4).
const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";
/// Section 2.4 wants two minutes at most; what counts for longer than a day is no such token.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// A verified logout token: a session, or all sessions of a user, has ended at the provider.
///
/// End every session of yours whose ID token had this [`issuer`](Self::issuer) and this [`session_id`](Self::session_id)
/// (`sid`), or where there is none, this [`subject`](Self::subject); then answer with status 200, and 400 to a token that is
/// refused, both with `Cache-Control: no-store` (section 2.8). The same token may come twice: a session that has ended
/// already is ended, and whoever wants to know remembers [`id`](Self::id) until [`expires_at`](Self::expires_at).
#[derive(Clone, PartialEq, Eq)]
pub struct LogoutToken {
    issuer: String,
    subject: Option<String>,
    session_id: Option<String>,
    id: String,
    issued_at: SystemTime,
    expires_at: SystemTime,
}

impl<P: Provider> Client<P> {
    /// Checks a logout token, the parameter `logout_token` of a POST that the provider makes (section 2.6). An error says
    /// that nobody is to be logged out, whatever else the token has.
    ///
    /// ```no_run
    /// # async fn run(client: oauth_core::Client, logout_token: &str) -> oauth_core::Result<()> {
    /// let ended = client.verify_logout_token(logout_token).await?;
    /// println!("{} has ended {:?} of {:?}", ended.issuer(), ended.session_id(), ended.subject());
    /// # Ok(()) }
    /// ```
    pub async fn verify_logout_token(&self, logout_token: &str) -> Result<LogoutToken>
    where
        P: HasIdTokens,
    {
        let inner = self.inner();
        let span = tracing::debug_span!("oauth.logout_token", provider = %inner.config.spec.id);
        async { verify(&*inner.ready().await?, logout_token).await }.instrument(span).await
    }
}

async fn verify(inner: &Inner, token: &str) -> Result<LogoutToken> {
    let (verified, openid) = openid::verify_signed(inner, token, Step::Logout).await?;
    let check = Check { inner };
    // Section 2.4: "explicit typing of the Logout Token" with `logout+jwt` is what newer servers do. A token that says that
    // it is another kind is one (RFC 8725 section 3.11).
    let typ = verified.typ().unwrap_or("JWT");
    let typ = typ
        .get(.."application/".len())
        .filter(|start| start.eq_ignore_ascii_case("application/"))
        .map_or(typ, |_| &typ["application/".len()..]);
    if !["logout+jwt", "JWT"].iter().any(|known| typ.eq_ignore_ascii_case(known)) {
        return Err(check.fail(ErrorKind::LogoutToken, "the token says that it is none (`typ`)"));
    }
    let claims = Claims::parse(verified.payload()).map_err(|error| check.claims(error))?;
    let token = LogoutToken::read(&check, &claims)?;
    openid::check_issuer_text(inner, openid, &token.issuer, Step::Logout)?;
    check.audience(&claims)?;
    check.times(&token)?;
    check.is_about_logout(&claims)?;
    // Section 2.4: "sub and sid"; "A Logout Token MUST contain either a sub or a sid Claim, and MAY contain both."
    if token.subject.is_none() && token.session_id.is_none() {
        return Err(
            check.fail(ErrorKind::LogoutToken, "the logout token says neither who (`sub`) nor which session (`sid`)")
        );
    }
    tracing::debug!("logout token verified");
    Ok(token)
}

struct Check<'a> {
    inner: &'a Inner,
}

impl Check<'_> {
    fn fail(&self, kind: ErrorKind, what: impl Into<String>) -> Error {
        self.inner.error(kind, Step::Logout, what)
    }

    fn claims(&self, source: JoseError) -> Error {
        let what = "the logout token lacks what every logout token has, or has it in another form";
        Error::new(ErrorKind::LogoutToken, Step::Logout, what).source(source).of(self.inner.spec())
    }

    /// OpenID Connect Core section 3.1.3.7 (3), which section 2.6 (3) refers to: the audience is this client, and nobody else
    /// whom it does not trust.
    fn audience(&self, claims: &Claims<'_>) -> Result<()> {
        let config = &self.inner.config;
        let audiences = claims.texts("aud").map_err(|error| self.claims(error))?.unwrap_or_default();
        if !audiences.iter().any(|audience| **audience == *config.client_id) {
            return Err(self.fail(ErrorKind::IdTokenAudience, "the logout token is for another client (`aud`)"));
        }
        let trusted = |audience: &Cow<'_, str>| {
            **audience == *config.client_id || config.audiences.iter().any(|known| *known == **audience)
        };
        if audiences.iter().all(trusted) {
            return Ok(());
        }
        Err(self
            .fail(ErrorKind::IdTokenAudience, "the logout token is for others as well (`aud`), who are not trusted"))
    }

    fn times(&self, token: &LogoutToken) -> Result<()> {
        let (now, leeway) = (self.inner.now(), self.inner.config.leeway);
        if now >= token.expires_at + leeway {
            return Err(self.fail(ErrorKind::IdTokenExpired, "the logout token has expired"));
        }
        if token.issued_at > now + leeway {
            return Err(
                self.fail(ErrorKind::IdTokenNotYetValid, "the logout token is from the future; a clock is wrong")
            );
        }
        if token.issued_at + LONGEST + leeway < now {
            return Err(self.fail(ErrorKind::IdTokenTooOld, "the logout token was issued more than a day ago"));
        }
        Ok(())
    }

    /// Section 2.6 (5) and (6): an `events` claim "whose value is JSON object containing the member name" of the event, whose
    /// own value is an object; and no `nonce`, so that no ID token passes for a logout token.
    fn is_about_logout(&self, claims: &Claims<'_>) -> Result<()> {
        let events = claims.json("events").and_then(|events| Claims::parse(events.as_bytes()).ok());
        let event = events.as_ref().and_then(|events| events.json(EVENT));
        if event.is_none_or(|event| Claims::parse(event.as_bytes()).is_err()) {
            return Err(self.fail(ErrorKind::LogoutToken, "the token is not about a logout (`events`)"));
        }
        if claims.has("nonce") {
            return Err(self.fail(ErrorKind::LogoutToken, "the logout token has a `nonce`, as an ID token has"));
        }
        Ok(())
    }
}

impl LogoutToken {
    /// Reads a verified claims set, strictly (section 2.4).
    fn read(check: &Check<'_>, claims: &Claims<'_>) -> Result<Self> {
        let missing = |name: &str| check.claims(JoseError::MissingClaim(name.to_owned()));
        let text = |name: &str| match claims.text(name) {
            Ok(text) => Ok(text.filter(|text| !text.is_empty()).map(Cow::into_owned)),
            Err(error) => Err(check.claims(error)),
        };
        let date = |name: &str| {
            let date = claims.date(name).map_err(|error| check.claims(error))?;
            date.ok_or_else(|| missing(name))
        };
        Ok(Self {
            issuer: text("iss")?.ok_or_else(|| missing("iss"))?,
            subject: text("sub")?,
            session_id: text("sid")?,
            id: text("jti")?.ok_or_else(|| missing("jti"))?,
            issued_at: date("iat")?,
            expires_at: date("exp")?,
        })
    }

    /// Who says so (`iss`): the provider's issuer.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Whose sessions have ended (`sub`), byte for byte.
    pub fn subject(&self) -> Option<&str> {
        self.subject.as_deref()
    }

    /// Which session has ended: the claim `sid` of its ID token.
    pub fn session_id(&self) -> Option<&str> {
        self.session_id.as_deref()
    }

    /// The token's own id (`jti`).
    pub fn id(&self) -> &str {
        &self.id
    }

    /// When it was issued (`iat`). A login after that is not meant.
    pub fn issued_at(&self) -> SystemTime {
        self.issued_at
    }

    /// When it stops to count (`exp`).
    pub fn expires_at(&self) -> SystemTime {
        self.expires_at
    }
}

/// Shows who says so; whom it is about is personal data.
impl fmt::Debug for LogoutToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LogoutToken")
            .field("issuer", &self.issuer)
            .field("issued_at", &self.issued_at)
            .finish_non_exhaustive()
    }
}
