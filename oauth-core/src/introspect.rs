//! Asking the provider about a token (RFC 7662): whether it still counts, for whom, and for what.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use tracing::Instrument as _;

use crate::client::{Client, Inner};
use crate::error::{Error, ErrorKind, Result, Step};
use crate::jose::{Claims, JoseError};
use crate::openid;
use crate::provider::{CanIntrospect, Provider};
use crate::spec::{Introspect, ProviderSpec, Template};
use crate::token::{self, TokenCall, TokenSet};

/// RFC 9701 section 4: what is asked for by `Accept`, and what the answer is then.
pub(crate) const SIGNED_TYPE: &str = "application/token-introspection+jwt";
/// RFC 9701 section 5.
const SAID: &str = "token_introspection";

/// What the provider says of a token (RFC 7662 section 2.2). Of one that is not active it says nothing else.
///
/// Whoever takes a token from somebody else as a proof of who that is asks [`was_issued_to`](Self::was_issued_to) or
/// [`is_meant_for`](Self::is_meant_for) as well: a token of another client is active, too.
#[derive(Clone, PartialEq)]
pub struct Introspection {
    active: bool,
    scopes: Vec<String>,
    client_id: Option<String>,
    username: Option<String>,
    token_type: Option<String>,
    subject: Option<String>,
    issuer: Option<String>,
    id: Option<String>,
    audiences: Vec<String>,
    expires_at: Option<SystemTime>,
    issued_at: Option<SystemTime>,
    not_before: Option<SystemTime>,
    members: Option<Value>,
}

impl<P: Provider> Client<P> {
    /// Asks the provider about the access token of a set (RFC 7662).
    ///
    /// Each call is a request: nothing is remembered, so that a token which was revoked a moment ago is not active. A
    /// refusal, or an answer that is none, is an error and says nothing of the token.
    ///
    /// ```no_run
    /// # async fn run(account: oauth_core::Account) -> oauth_core::Result<()> {
    /// let said = account.client().introspect(&account.tokens()).await?;
    /// println!("active: {}, ends: {:?}", said.is_active(), said.expires_at());
    /// # Ok(()) }
    /// ```
    pub async fn introspect(&self, tokens: &TokenSet) -> Result<Introspection>
    where
        P: CanIntrospect,
    {
        introspect(self.inner(), Asked::Access(tokens)).await
    }

    /// Asks the provider about any token: one that a caller of yours has shown, or a refresh token.
    pub async fn introspect_token(&self, token: &SecretString) -> Result<Introspection>
    where
        P: CanIntrospect,
    {
        introspect(self.inner(), Asked::Any(token)).await
    }
}

/// What is asked about.
#[derive(Clone, Copy)]
enum Asked<'a> {
    Access(&'a TokenSet),
    /// Of whatever kind.
    Any(&'a SecretString),
}

async fn introspect(inner: &Arc<Inner>, asked: Asked<'_>) -> Result<Introspection> {
    let span = tracing::debug_span!("oauth.introspect", provider = %inner.config.spec.id);
    async { ask(&*inner.ready().await?, asked).await }.instrument(span).await
}

/// RFC 7662 section 2.1: `token`, `token_type_hint`, and the client's credentials.
async fn ask(inner: &Inner, asked: Asked<'_>) -> Result<Introspection> {
    let (rule, url) = endpoint(inner)?;
    let mut params = Vec::new();
    let context = match asked {
        Asked::Access(tokens) => {
            openid::check_same_issuer(inner, tokens, Step::Introspect)?;
            params.push((rule.param.as_str(), Cow::Borrowed(tokens.access_token.expose_secret())));
            if rule.hint {
                params.push(("token_type_hint", Cow::Borrowed("access_token")));
            }
            token::context(tokens)
        }
        Asked::Any(token) => {
            params.push((rule.param.as_str(), Cow::Borrowed(token.expose_secret())));
            crate::client::Context::default()
        }
    };
    let call = TokenCall {
        step: Step::Introspect,
        url,
        method: rule.method,
        format: rule.format,
        params,
        extra: &rule.params,
        query: &[],
        headers: &rule.headers,
        client_auth: rule.client_auth,
        context,
        progress: None,
    };
    let answer = if rule.signed { signed(inner, call).await? } else { token::ask(inner, call, None).await? };
    let said = Introspection::read(inner.spec(), answer.expose_secret()).map_err(|what| {
        let what = format!("the answer's {what}");
        Error::new(ErrorKind::BadResponse, Step::Introspect, what).of(inner.spec())
    })?;
    tracing::debug!(active = said.active, "token introspected");
    Ok(said)
}

/// RFC 9701 section 5: what is said of the token is the claim `token_introspection`, a JSON object with the members of RFC 7662
/// section 2.2. What stands beside it is about the answer, not about the token.
async fn signed<'a>(inner: &'a Inner, call: TokenCall<'a>) -> Result<SecretString> {
    let Some(jwt) = token::ask_signed(inner, call, SIGNED_TYPE).await? else {
        let what = "the answer is not signed, although the provider's file says that it is";
        return Err(openid::SIGNED_INTROSPECTION.unsigned(inner, what));
    };
    let verified = openid::SIGNED_INTROSPECTION.verify(inner, jwt.expose_secret()).await?;
    let said = verified.claims().map(|claims| claims.json(SAID).map(|json| json.to_owned().into()));
    let missing = || JoseError::MissingClaim(SAID.to_owned());
    said.and_then(|said| said.ok_or_else(missing)).map_err(|error| openid::SIGNED_INTROSPECTION.malformed(inner, error))
}

/// How and where tokens are asked about, for a provider that answers.
fn endpoint(inner: &Inner) -> Result<(&Introspect, &Template)> {
    let spec = inner.spec();
    if let (Some(rule), Some(url)) = (&spec.introspect, &spec.endpoints.introspection) {
        return Ok((rule, url));
    }
    let what = format!("provider `{}` cannot be asked about tokens", spec.id);
    let error = Error::new(ErrorKind::Unsupported, Step::Introspect, what);
    Err(error.fix("add `endpoints.introspection` to the provider's YAML file if it has one").of(spec))
}

/// The tokens with the end of the access token, where the file says that the token response has none and it is asked for
/// here. Without an answer they go on as they are: a token whose end is not known is one that can be used.
pub(crate) async fn with_expiry(inner: &Inner, mut tokens: TokenSet) -> TokenSet {
    if !is_due(inner, &tokens) {
        return tokens;
    }
    match Box::pin(ask(inner, Asked::Access(&tokens))).await {
        Ok(said) if said.active => tokens.expires_at = said.expires_at,
        Ok(_) => tracing::warn!("the provider calls a token that it has just given not active"),
        Err(error) => tracing::warn!(code = error.code(), "nobody says when the token ends"),
    }
    tokens
}

fn is_due(inner: &Inner, tokens: &TokenSet) -> bool {
    tokens.expires_at.is_none() && inner.spec().introspect.as_ref().is_some_and(|rule| rule.expiry)
}

impl Introspection {
    /// Reads the answer. RFC 7662 section 2.2: `active` is "REQUIRED. Boolean indicator"; a text, a number or nothing is
    /// none, and nobody is let in by it.
    fn read(spec: &ProviderSpec, json: &str) -> Result<Self, &'static str> {
        let claims = Claims::parse(json.as_bytes()).map_err(|_| "text is no JSON object with each member once")?;
        let active = claims.flag("active").ok().flatten().ok_or("`active` is neither true nor false")?;
        if !active {
            // RFC 7662 section 2.2: for an inactive token the server "SHOULD NOT include any additional information".
            return Ok(Self::inactive());
        }
        let text = |name: &str| member(&claims, name, |name| claims.text(name)).map(|text| text.map(Cow::into_owned));
        let date = |name: &str| member(&claims, name, |name| claims.date(name));
        let texts = |name: &str| {
            let texts = member(&claims, name, |name| claims.texts(name))?.unwrap_or_default();
            Ok::<Vec<String>, JoseError>(texts.into_iter().map(Cow::into_owned).collect())
        };
        // RFC 7662 section 2.2: "A JSON string containing a space-separated list of scopes"; some send a list.
        let scopes = match text("scope") {
            Ok(Some(scope)) => spec.scopes.split_response(&scope).map(str::to_owned).collect(),
            Ok(None) => Vec::new(),
            Err(_) => texts("scope").map_err(|_| "`scope` is neither text nor a list of texts")?,
        };
        Ok(Self {
            active,
            scopes,
            client_id: text("client_id").map_err(|_| "`client_id` is not text")?,
            username: text("username").map_err(|_| "`username` is not text")?,
            token_type: text("token_type").map_err(|_| "`token_type` is not text")?,
            subject: text("sub").map_err(|_| "`sub` is not text")?,
            issuer: text("iss").map_err(|_| "`iss` is not text")?,
            id: text("jti").map_err(|_| "`jti` is not text")?,
            audiences: texts("aud").map_err(|_| "`aud` is neither text nor a list of texts")?,
            expires_at: date("exp").map_err(|_| "`exp` is no date in seconds since 1970")?,
            issued_at: date("iat").map_err(|_| "`iat` is no date in seconds since 1970")?,
            not_before: date("nbf").map_err(|_| "`nbf` is no date in seconds since 1970")?,
            members: serde_json::from_str(json).ok(),
        })
    }

    fn inactive() -> Self {
        Self {
            active: false,
            scopes: Vec::new(),
            client_id: None,
            username: None,
            token_type: None,
            subject: None,
            issuer: None,
            id: None,
            audiences: Vec::new(),
            expires_at: None,
            issued_at: None,
            not_before: None,
            members: None,
        }
    }

    /// Whether the token counts now: it was issued here, has not ended, and was not revoked.
    pub fn is_active(&self) -> bool {
        self.active
    }

    /// Whether it is active and was issued to the client with that id (`client_id`). `false` where the provider does not
    /// say.
    pub fn was_issued_to(&self, client_id: &str) -> bool {
        self.active && self.client_id.as_deref() == Some(client_id)
    }

    /// Whether it is active and meant for that audience (`aud`). `false` where the provider does not say.
    pub fn is_meant_for(&self, audience: &str) -> bool {
        self.active && self.audiences.iter().any(|known| known == audience)
    }

    /// The scopes that it has.
    pub fn scopes(&self) -> &[String] {
        &self.scopes
    }

    /// The id of the client that it was issued to.
    pub fn client_id(&self) -> Option<&str> {
        self.client_id.as_deref()
    }

    /// A name for people of the user who agreed to it. It may change hands: [`subject`](Self::subject) does not.
    pub fn username(&self) -> Option<&str> {
        self.username.as_deref()
    }

    /// The type of the token: `Bearer`, `DPoP`.
    pub fn token_type(&self) -> Option<&str> {
        self.token_type.as_deref()
    }

    /// The user's id at the issuer (`sub`).
    pub fn subject(&self) -> Option<&str> {
        self.subject.as_deref()
    }

    /// Whom it is meant for (`aud`).
    pub fn audiences(&self) -> &[String] {
        &self.audiences
    }

    /// Who issued it (`iss`).
    pub fn issuer(&self) -> Option<&str> {
        self.issuer.as_deref()
    }

    /// The token's own id (`jti`).
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// When it ends (`exp`).
    pub fn expires_at(&self) -> Option<SystemTime> {
        self.expires_at
    }

    /// When it was issued (`iat`).
    pub fn issued_at(&self) -> Option<SystemTime> {
        self.issued_at
    }

    /// Before when it does not count (`nbf`).
    pub fn not_before(&self) -> Option<SystemTime> {
        self.not_before
    }

    /// Any member of the answer, by name: `cnf`, or one of the provider's own.
    pub fn member(&self, name: &str) -> Option<&Value> {
        self.members.as_ref()?.get(name)
    }
}

/// A member that may be null, which is as good as absent.
fn member<T>(
    claims: &Claims<'_>,
    name: &str,
    read: impl FnOnce(&str) -> Result<Option<T>, JoseError>,
) -> Result<Option<T>, JoseError> {
    if claims.json(name) == Some("null") { Ok(None) } else { read(name) }
}

/// Shows what the token may do, not whose it is: the rest is personal data.
impl fmt::Debug for Introspection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Introspection")
            .field("active", &self.active)
            .field("scopes", &self.scopes)
            .field("client_id", &self.client_id)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}
