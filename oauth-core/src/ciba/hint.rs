use std::fmt;

use secrecy::SecretString;

use crate::client::Inner;
use crate::error::{Error, ErrorKind, Result, Step};
use crate::openid;
use crate::token::TokenSet;

/// Who the user is that shall be asked for their approval (OpenID Connect Client-Initiated Backchannel Authentication 1.0
/// section 7.1): there is exactly one hint in a request.
#[derive(Clone)]
pub struct UserHint {
    source: Source,
}

#[derive(Clone)]
enum Source {
    /// A parameter and its value.
    Text(&'static str, SecretString),
    Tokens(Box<TokenSet>),
}

impl UserHint {
    /// What the provider knows the user by: an e-mail address, a telephone number, an account's name (`login_hint`).
    pub fn login(hint: impl Into<SecretString>) -> Self {
        Self { source: Source::Text("login_hint", hint.into()) }
    }

    /// A token that says who it is, of a form that the provider has agreed to (`login_hint_token`).
    pub fn token(token: impl Into<SecretString>) -> Self {
        Self { source: Source::Text("login_hint_token", token.into()) }
    }

    /// The user who logged in before, by the ID token of that login (`id_token_hint`). Tokens of another issuer are an
    /// [error](ErrorKind::IssuerChanged) before anything is sent.
    pub fn of(tokens: &TokenSet) -> Self {
        Self { source: Source::Tokens(Box::new(tokens.clone())) }
    }

    /// The parameter and its value.
    pub(super) fn checked(&self, inner: &Inner) -> Result<(&'static str, &SecretString)> {
        let tokens = match &self.source {
            Source::Text(name, value) => return Ok((name, value)),
            Source::Tokens(tokens) => tokens,
        };
        openid::check_same_issuer(inner, tokens, Step::Backchannel)?;
        let id_token = tokens.id_token.as_ref().filter(|_| tokens.identity().is_some());
        id_token.map(|token| ("id_token_hint", token)).ok_or_else(|| {
            let what = "these tokens have no verified ID token, which would say who the user is";
            let error = Error::new(ErrorKind::IdTokenMissing, Step::Backchannel, what);
            error.fix("name the user by `UserHint::login`, or log in with the scope `openid`").of(inner.spec())
        })
    }
}

/// Shows the kind of hint: whom it is about is personal data.
impl fmt::Debug for UserHint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match &self.source {
            Source::Text(name, _) => name,
            Source::Tokens(_) => "id_token_hint",
        };
        f.debug_tuple("UserHint").field(&name).finish()
    }
}
