//! A JWT for a token (RFC 7523 section 2.1): an assertion from elsewhere, or one that the client signs itself.

use std::borrow::Cow;
use std::fmt;
use std::time::SystemTime;

use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Map, Value};
use tracing::Instrument as _;

use crate::account::Account;
use crate::client::{Client, Context, Inner, fill};
use crate::crypto::PrivateKey;
use crate::encode::base64url;
use crate::error::{Error, ErrorKind, Result, Step};
use crate::grant::{self, Extra, Terms};
use crate::jose::JwsSigner;
use crate::provider::{CanUseJwtBearer, Provider};
use crate::scopes::IntoScopes;
use crate::spec::{AssertionForm, Hole};
use crate::token::{self, TokenSet};

/// What stands in the error of a provider that has no such grant.
const KEY: (&str, &str) = ("jwt_bearer", "takes no JWT for a grant");

impl<P: Provider> Client<P> {
    /// Asks for tokens with an assertion that somebody else has signed (RFC 7523 section 2.1).
    ///
    /// ```no_run
    /// # async fn run(client: oauth_core::Client, assertion: &str) -> oauth_core::Result<()> {
    /// let account = client.jwt_bearer(assertion).scopes(["read"]).account().await?;
    /// # Ok(()) }
    /// ```
    pub fn jwt_bearer(&self, assertion: impl Into<SecretString>) -> JwtBearer<P>
    where
        P: CanUseJwtBearer,
    {
        JwtBearer { client: self.clone(), source: Source::Ready(assertion.into()), extra: Extra::default() }
    }

    /// Asks for tokens with an assertion that is signed for this request: with this private key (PEM, PKCS#8) and the
    /// claims of `grants.jwt_bearer.assertion` in the provider's file. Each has an id of its own (`jti`) and ends soon.
    ///
    /// ```no_run
    /// # async fn run(client: oauth_core::Client, pem: &str) -> oauth_core::Result<()> {
    /// let account = client.jwt_bearer_signed(pem).claim("sub", "someone@example.com").account().await?;
    /// # Ok(()) }
    /// ```
    pub fn jwt_bearer_signed(&self, pem: impl Into<SecretString>) -> JwtBearer<P>
    where
        P: CanUseJwtBearer,
    {
        let source = Source::Signed { pem: pem.into(), kid: None, claims: Map::new() };
        JwtBearer { client: self.clone(), source, extra: Extra::default() }
    }
}

/// Where the assertion comes from.
#[derive(Clone)]
enum Source {
    Ready(SecretString),
    Signed { pem: SecretString, kid: Option<String>, claims: Map<String, Value> },
}

/// A request with an assertion: what is particular to it, and then [`account`](Self::account).
#[must_use = "nothing is sent before `account` or `tokens`"]
pub struct JwtBearer<P: Provider> {
    client: Client<P>,
    source: Source,
    extra: Extra,
}

impl<P: Provider> JwtBearer<P> {
    /// What the token is for; without this the scopes of `grants.jwt_bearer` in the provider's file.
    pub fn scopes(mut self, scopes: impl IntoScopes<P>) -> Self {
        self.extra.scopes = scopes.into_scopes();
        self
    }

    /// A further parameter, for what the provider's file does not know. The protocol's own cannot be replaced.
    pub fn param(mut self, name: impl Into<String>, value: impl Into<SecretString>) -> Self {
        self.extra.push(name.into(), value.into());
        self
    }

    /// The key's id at the provider (`kid`), where the client signs.
    pub fn key_id(mut self, id: impl Into<String>) -> Self {
        if let Source::Signed { kid, .. } = &mut self.source {
            *kid = Some(id.into());
        }
        self
    }

    /// A further claim, or another value for one of the file's, where the client signs: `sub`. Those that say when the
    /// assertion was made and which it is are the client's own.
    pub fn claim(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        if let Source::Signed { claims, .. } = &mut self.source {
            claims.insert(name.into(), value.into());
        }
        self
    }

    /// Asks, and gives an account. Its token is renewed as long as there is a refresh token; without one, which RFC 7521
    /// section 4.1 advises, ask anew with a fresh assertion when it has ended.
    pub async fn account(self) -> Result<Account<P>> {
        let client = self.client.clone();
        Ok(client.account(self.tokens().await?))
    }

    /// Asks, and gives the tokens.
    pub async fn tokens(self) -> Result<TokenSet> {
        let span = tracing::debug_span!("oauth.jwt_bearer", provider = %self.client.spec().id);
        async { ask(&*self.client.inner().ready().await?, &self.source, &self.extra).await }.instrument(span).await
    }
}

impl<P: Provider> fmt::Debug for JwtBearer<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JwtBearer").field("scopes", &self.extra.scopes).finish_non_exhaustive()
    }
}

/// RFC 7523 section 2.1: the `assertion` parameter "MUST contain a single JWT".
async fn ask(inner: &Inner, source: &Source, extra: &Extra) -> Result<TokenSet> {
    let rule = grant::declared(inner, Step::Grant, KEY, |grants| grants.jwt_bearer.as_ref())?;
    let terms = Terms::new((inner, Step::Grant), &rule.request, &["assertion"], extra)?;
    let form = rule.assertion.as_ref();
    let (assertion, has_scope) = match source {
        Source::Ready(assertion) => (assertion.clone(), false),
        Source::Signed { pem, kid, claims } => {
            let Some(form) = form else {
                let what = format!("the file of provider `{}` does not say what an assertion claims", inner.spec().id);
                let error = Error::new(ErrorKind::Unsupported, Step::Grant, what);
                let fix = "add `grants.jwt_bearer.assertion` to the provider's YAML file";
                return Err(error.fix(fix).of(inner.spec()));
            };
            let holds = |(_, value): &(_, crate::spec::Template)| value.holes().any(|hole| *hole == Hole::Scope);
            (sign(inner, form, (pem, kid.as_deref(), claims), &terms.scopes)?, form.claims.iter().any(holds))
        }
    };
    // What the assertion says already is not said again.
    let scopes = if has_scope { &[][..] } else { &terms.scopes };
    terms.redeem(vec![("assertion", Cow::Borrowed(assertion.expose_secret()))], scopes).await
}

/// An assertion for one request. RFC 7523 section 3: it has `iss`, `sub`, `aud`, an end, and an id that a server takes
/// once.
fn sign(
    inner: &Inner,
    form: &AssertionForm,
    (pem, kid, own): (&SecretString, Option<&str>, &Map<String, Value>),
    scopes: &[String],
) -> Result<SecretString> {
    let refused = |source: Box<dyn std::error::Error + Send + Sync>| {
        Error::new(ErrorKind::Config, Step::Grant, "the private key cannot be used")
            .fix("give the whole text of the key's file (PEM, PKCS#8), of the kind that `alg` in the file names")
            .source(source)
            .of(inner.spec())
    };
    let key = PrivateKey::from_pem(pem.expose_secret()).map_err(|error| refused(Box::new(error)))?;
    let crypto = inner.crypto(Step::Grant)?;
    let signer = JwsSigner::new(&**crypto, token::signing_alg(form.alg), &key);
    let mut signer = signer.map_err(|error| refused(Box::new(error)))?;
    if let Some(kid) = kid {
        signer = signer.kid(kid);
    }
    let mut claims = Map::new();
    let context = Context { scopes, ..Context::default() };
    for (name, value) in &form.claims {
        claims.insert(name.clone(), fill(&inner.config, Step::Grant, value, context)?.into());
    }
    claims.extend(own.iter().map(|(name, value)| (name.clone(), value.clone())));
    let mut id = [0; 16];
    inner.config.rng.fill(&mut id).map_err(|error| {
        let what = "the operating system gave no random bytes";
        Error::new(ErrorKind::Random, Step::Grant, what).source(error).of(inner.spec())
    })?;
    let now = inner.now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
    claims.insert("iat".to_owned(), now.into());
    claims.insert("exp".to_owned(), now.saturating_add(form.lifetime).into());
    claims.insert("jti".to_owned(), base64url(&id).into());
    signer.sign(&claims).map_err(|error| {
        Error::new(ErrorKind::Config, Step::Grant, "the assertion could not be signed").source(error).of(inner.spec())
    })
}
