//! One token for another (RFC 8693): narrower, for another service, or on somebody's behalf.

use std::borrow::Cow;
use std::fmt;
use std::time::SystemTime;

use secrecy::{ExposeSecret as _, SecretString};
use tracing::Instrument as _;

use crate::client::{Client, Inner};
use crate::error::{Error, ErrorKind, Result, Step};
use crate::grant::{self, Extra, Terms};
use crate::json::{self, Members};
use crate::provider::{CanExchangeTokens, Provider};
use crate::scopes::IntoScopes;
use crate::spec::{BodyFormat, GrantRequest, IssuedTokenType, Placement, TokenTypeRule};
use crate::token::{self, TokenSet};

/// What stands in the error of a provider that has no such grant.
const KEY: (&str, &str) = ("token_exchange", "exchanges no tokens");
/// The parameters of the grant beside `scope` (RFC 8693 section 2.1).
const OWN: [&str; 7] = [
    "subject_token",
    "subject_token_type",
    "actor_token",
    "actor_token_type",
    "requested_token_type",
    "audience",
    "resource",
];

/// What a token is, as an identifier (RFC 8693 section 3).
///
/// ```
/// use oauth_core::TokenKind;
///
/// assert_eq!(TokenKind::JWT.as_str(), "urn:ietf:params:oauth:token-type:jwt");
/// assert_eq!(TokenKind::other("urn:acme:ticket").as_str(), "urn:acme:ticket");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TokenKind(Cow<'static, str>);

impl TokenKind {
    /// An access token of this provider.
    pub const ACCESS_TOKEN: Self = Self(Cow::Borrowed("urn:ietf:params:oauth:token-type:access_token"));
    /// A refresh token of this provider.
    pub const REFRESH_TOKEN: Self = Self(Cow::Borrowed("urn:ietf:params:oauth:token-type:refresh_token"));
    /// An ID token (OpenID Connect Core section 2).
    pub const ID_TOKEN: Self = Self(Cow::Borrowed("urn:ietf:params:oauth:token-type:id_token"));
    /// A JWT (RFC 7519), whatever it is for.
    pub const JWT: Self = Self(Cow::Borrowed("urn:ietf:params:oauth:token-type:jwt"));
    /// A SAML 1.1 assertion, base64url-encoded.
    pub const SAML1: Self = Self(Cow::Borrowed("urn:ietf:params:oauth:token-type:saml1"));
    /// A SAML 2.0 assertion, base64url-encoded.
    pub const SAML2: Self = Self(Cow::Borrowed("urn:ietf:params:oauth:token-type:saml2"));

    /// A kind of the provider's own: an absolute URI.
    pub fn other(uri: impl Into<String>) -> Self {
        Self(Cow::Owned(uri.into()))
    }

    /// The identifier.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<P: Provider> Client<P> {
    /// Exchanges a token for another one (RFC 8693). Each call asks: nothing is cached.
    ///
    /// ```no_run
    /// # use oauth_core::{Client, Result, TokenKind};
    /// # async fn run(client: Client, users: &str) -> Result<()> {
    /// let narrow = client.token_exchange(users, TokenKind::ACCESS_TOKEN).audience("billing").send().await?;
    /// let billing = client.account(narrow.into_tokens()?);
    /// # Ok(()) }
    /// ```
    pub fn token_exchange(&self, subject: impl Into<SecretString>, kind: TokenKind) -> TokenExchange<P>
    where
        P: CanExchangeTokens,
    {
        TokenExchange {
            client: self.clone(),
            subject: (subject.into(), kind),
            actor: None,
            requested: None,
            audience: Vec::new(),
            resource: Vec::new(),
            extra: Extra::default(),
        }
    }
}

/// An exchange before it is sent: whose token, and what is wanted for it.
#[must_use = "nothing is sent before `send`"]
pub struct TokenExchange<P: Provider> {
    client: Client<P>,
    subject: (SecretString, TokenKind),
    actor: Option<(SecretString, TokenKind)>,
    requested: Option<TokenKind>,
    audience: Vec<String>,
    resource: Vec<String>,
    extra: Extra,
}

impl<P: Provider> TokenExchange<P> {
    /// Who acts on the subject's behalf (RFC 8693 section 1.1, delegation).
    pub fn actor(mut self, token: impl Into<SecretString>, kind: TokenKind) -> Self {
        self.actor = Some((token.into(), kind));
        self
    }

    /// What is wanted; an answer with anything else is an error.
    pub fn requested(mut self, kind: TokenKind) -> Self {
        self.requested = Some(kind);
        self
    }

    /// A service that the token is for, by its name at the provider. Several calls add several.
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.audience.push(audience.into());
        self
    }

    /// A service that the token is for, by its address: an absolute URI without fragment. Several calls add several.
    pub fn resource(mut self, resource: impl Into<String>) -> Self {
        self.resource.push(resource.into());
        self
    }

    /// What the token is for; without this the scopes of `grants.token_exchange` in the provider's file.
    pub fn scopes(mut self, scopes: impl IntoScopes<P>) -> Self {
        self.extra.scopes = scopes.into_scopes();
        self
    }

    /// A further parameter, for what the provider's file does not know. The protocol's own cannot be replaced.
    pub fn param(mut self, name: impl Into<String>, value: impl Into<SecretString>) -> Self {
        self.extra.push(name.into(), value.into());
        self
    }

    /// Sends it.
    ///
    /// # Errors
    ///
    /// [`IssuedTokenType`](ErrorKind::IssuedTokenType) where the answer does not say what was issued, or says another kind
    /// than the requested one.
    pub async fn send(self) -> Result<ExchangedToken> {
        let span = tracing::debug_span!("oauth.token_exchange", provider = %self.client.spec().id);
        async {
            let inner = self.client.inner().ready().await?;
            exchange(&inner, &self).await
        }
        .instrument(span)
        .await
    }

    fn params(&self) -> Vec<(&str, Cow<'_, str>)> {
        let secret = |token: &'_ SecretString| Cow::Owned(token.expose_secret().to_owned());
        let mut params = vec![
            ("subject_token", secret(&self.subject.0)),
            ("subject_token_type", Cow::Borrowed(self.subject.1.as_str())),
        ];
        // RFC 8693 section 2.1: `actor_token_type` "MUST NOT be included otherwise".
        if let Some((token, kind)) = &self.actor {
            params.push(("actor_token", secret(token)));
            params.push(("actor_token_type", Cow::Borrowed(kind.as_str())));
        }
        params.extend(self.requested.iter().map(|kind| ("requested_token_type", Cow::Borrowed(kind.as_str()))));
        params.extend(self.audience.iter().map(|audience| ("audience", Cow::Borrowed(audience.as_str()))));
        params.extend(self.resource.iter().map(|resource| ("resource", Cow::Borrowed(resource.as_str()))));
        params
    }
}

/// What an exchange gave. It is a secret, and `Debug` shows nothing of it.
#[derive(Clone)]
pub struct ExchangedToken {
    tokens: TokenSet,
    kind: TokenKind,
    /// Why it may not be put on a request, where it may not.
    unfit: Option<Error>,
}

impl ExchangedToken {
    /// The token itself.
    pub fn token(&self) -> &SecretString {
        self.tokens.access_token()
    }

    /// What was issued (`issued_token_type`, RFC 8693 section 2.2.1).
    pub fn kind(&self) -> &TokenKind {
        &self.kind
    }

    /// When it ends; `None` where the server does not say.
    pub fn expires_at(&self) -> Option<SystemTime> {
        self.tokens.expires_at()
    }

    /// What it is good for.
    pub fn scopes(&self) -> &[String] {
        self.tokens.scopes()
    }

    /// The tokens of an account: `client.account(exchanged.into_tokens()?)`.
    ///
    /// # Errors
    ///
    /// [`TokenTypeUnsupported`](ErrorKind::TokenTypeUnsupported) where what was issued is no access token: RFC 8693 section
    /// 2.2.1 has `N_A` for a token that goes on no request.
    pub fn into_tokens(self) -> Result<TokenSet> {
        match self.unfit {
            Some(error) => Err(error),
            None => Ok(self.tokens),
        }
    }
}

impl fmt::Debug for ExchangedToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExchangedToken").field("kind", &self.kind).finish_non_exhaustive()
    }
}

impl<P: Provider> fmt::Debug for TokenExchange<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenExchange").field("audience", &self.audience).finish_non_exhaustive()
    }
}

async fn exchange<P: Provider>(inner: &Inner, of: &TokenExchange<P>) -> Result<ExchangedToken> {
    let rule = grant::declared(inner, Step::TokenExchange, KEY, |grants| grants.token_exchange.as_ref())?;
    let terms = Terms::new((inner, Step::TokenExchange), rule, &OWN, &of.extra)?;
    let actor = of.actor.as_ref().map(|(token, kind)| (token, kind));
    check(inner, rule, (&of.subject.0, actor), (&of.audience, &of.resource))?;
    let call = terms.asked(of.params(), &terms.scopes).call(inner)?;
    // Whether the token's type is one for requests is asked when it becomes one for requests.
    let mut tokens = token::send_typed(inner, call, &terms.scopes, TokenTypeRule::Ignored).await?.tokens;
    tokens.resources = match (&of.resource[..], &of.audience[..]) {
        ([], []) => grant::default_resources(inner)?,
        (named, _) => named.to_vec(),
    };
    tracing::debug!("token exchanged");
    read(inner, tokens, of.requested.as_ref(), rule.issued_token_type)
}

/// What cannot be meant is not sent.
fn check(
    inner: &Inner,
    rule: &GrantRequest,
    (subject, actor): (&SecretString, Option<(&SecretString, &TokenKind)>),
    (audience, resource): (&[String], &[String]),
) -> Result<()> {
    let fail = |what: &str| Err(inner.error(ErrorKind::Parameter, Step::TokenExchange, what));
    if actor.is_some_and(|(actor, _)| actor.expose_secret() == subject.expose_secret()) {
        return fail("the subject and the actor are one token: nobody acts on their own behalf");
    }
    if rule.format == BodyFormat::Json && (audience.len() > 1 || resource.len() > 1) {
        return fail("a request in JSON names one audience and one resource");
    }
    // RFC 8693 section 2.1: a resource "MUST be an absolute URI" and "MUST NOT include a fragment component".
    if resource.iter().any(|uri| url::Url::parse(uri).map_or(true, |uri| uri.fragment().is_some())) {
        return fail("a resource is an absolute URI without fragment");
    }
    Ok(())
}

/// RFC 8693 section 2.2.1.
fn read(
    inner: &Inner,
    mut tokens: TokenSet,
    requested: Option<&TokenKind>,
    rule: IssuedTokenType,
) -> Result<ExchangedToken> {
    let issued = tokens.extras.as_ref().and_then(|extras| {
        let members = Members::parse(extras.expose_secret()).ok()?;
        json::text(members.get("issued_token_type")?).map(Cow::into_owned)
    });
    let fail = |what: &str| Err(inner.error(ErrorKind::IssuedTokenType, Step::TokenExchange, what));
    let assumed = || {
        let requested = requested.cloned().unwrap_or(TokenKind::ACCESS_TOKEN);
        (rule == IssuedTokenType::AssumeRequested).then_some(requested)
    };
    let Some(kind) = issued.filter(|issued| !issued.is_empty()).map(TokenKind::other).or_else(assumed) else {
        return fail("the answer does not say what was issued (`issued_token_type`)");
    };
    if requested.is_some_and(|requested| *requested != kind) {
        return fail("the provider issued another kind of token than the requested one");
    }
    // Nobody has verified one.
    tokens.id_token = None;
    let rule = inner.spec().token.response.token_type;
    let Some(token_type) = tokens.token_type.as_deref().or((rule != TokenTypeRule::Required).then_some("Bearer"))
    else {
        return Err(inner.error(ErrorKind::TokenTypeMissing, Step::TokenExchange, "the answer has no `token_type`"));
    };
    let unfit = unfit(inner, (token_type, tokens.is_bound()), &kind, rule);
    Ok(ExchangedToken { tokens, kind, unfit })
}

/// Why the token may not be put on a request. Section 2.2.1: `N_A` says that the token "is not an access token or usable
/// as an access token".
fn unfit(inner: &Inner, (token_type, is_bound): (&str, bool), kind: &TokenKind, rule: TokenTypeRule) -> Option<Error> {
    let scheme = match &inner.spec().token.placement {
        Placement::Header { scheme: Some(scheme), .. } => scheme.as_str(),
        _ => "Bearer",
    };
    let known = is_bound || token_type.eq_ignore_ascii_case("bearer") || token_type.eq_ignore_ascii_case(scheme);
    let is_none = token_type.eq_ignore_ascii_case("N_A");
    let is_other = [TokenKind::REFRESH_TOKEN, TokenKind::ID_TOKEN, TokenKind::SAML1, TokenKind::SAML2].contains(kind);
    let fits = !is_none && !is_other && (known || rule == TokenTypeRule::Ignored);
    (!fits).then(|| {
        let what = "what was issued is no access token, and goes on no request";
        Error::new(ErrorKind::TokenTypeUnsupported, Step::TokenExchange, what)
            .fix("pass it on where it is wanted, with `ExchangedToken::token`")
            .of(inner.spec())
    })
}
