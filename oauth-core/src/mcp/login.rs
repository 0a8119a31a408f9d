//! The login itself, and one more where the token lacks a scope.

use std::error::Error as StdError;
use std::future::Future;

use super::Mcp;
use crate::account::Account;
use crate::authorize::AuthorizationUrl;
use crate::callback::CallbackInput;
use crate::challenge::ResourceChallenge;
use crate::client::Client;
use crate::error::{Error, ErrorKind, Result, Step};
use crate::provider::Dynamic;
use crate::scopes::is_scope_token;

impl Mcp {
    /// The whole login. `challenge` is the `WWW-Authenticate` header of the server's 401, or `""` without one. `browse` opens
    /// a browser at the URL and gives the address, or its query, that the browser came back to.
    ///
    /// Keep the account's tokens with a [`TokenManager`](crate::TokenManager), and what was registered with
    /// [`clients`](Self::clients).
    pub async fn login<B, F, C, E>(
        &self,
        challenge: impl Into<ResourceChallenge>,
        browse: B,
    ) -> Result<Account<Dynamic>>
    where
        B: FnOnce(AuthorizationUrl) -> F,
        F: Future<Output = Result<C, E>>,
        C: Into<CallbackInput>,
        E: Into<Box<dyn StdError + Send + Sync>>,
    {
        log_in(self.connect(challenge).await?, browse).await
    }

    /// A new login after a 403 that says `insufficient_scope`: for the scopes of before and those of the challenge. Make the
    /// request again with the account that it gives.
    ///
    /// It is done once: where the scopes that the server wants were asked for already, another login would not bring them, and
    /// the error is [`InsufficientScope`](ErrorKind::InsufficientScope). The account's tokens remember what was asked for and not
    /// granted, also in a store: a program that starts again does not ask again. Where the user has changed their mind, a new
    /// [`login`](Self::login) does.
    pub async fn step_up<B, F, C, E>(
        &self,
        account: &Account<Dynamic>,
        challenge: impl Into<ResourceChallenge>,
        browse: B,
    ) -> Result<Account<Dynamic>>
    where
        B: FnOnce(AuthorizationUrl) -> F,
        F: Future<Output = Result<C, E>>,
        C: Into<CallbackInput>,
        E: Into<Box<dyn StdError + Send + Sync>>,
    {
        let client = self.step_up_client(account, challenge).await?;
        log_in(client, browse).await
    }

    /// As [`step_up`](Self::step_up), all but the login itself: for web back ends.
    pub async fn step_up_client(
        &self,
        account: &Account<Dynamic>,
        challenge: impl Into<ResourceChallenge>,
    ) -> Result<Client<Dynamic>> {
        let challenge = challenge.into();
        let tokens = account.tokens();
        // MCP, Step-Up Authorization Flow: "the union of the client's previously requested scope set and the scopes from the
        // current challenge".
        let mut before = account.spec().scopes.default.clone();
        for scope in tokens.scopes().iter().chain(&tokens.withheld).filter(|scope| is_scope_token(scope)) {
            if !before.contains(scope) {
                before.push(scope.clone());
            }
        }
        if challenge.scopes().iter().all(|scope| before.contains(scope)) {
            let what = "the server wants scopes that the login has asked for already, or names none";
            let error = Error::new(ErrorKind::InsufficientScope, Step::Authorize, what);
            return Err(error.scopes(challenge.scopes().to_vec()).of(account.spec()));
        }
        Box::pin(self.prepare(&challenge, &before)).await
    }
}

async fn log_in<B, F, C, E>(client: Client<Dynamic>, browse: B) -> Result<Account<Dynamic>>
where
    B: FnOnce(AuthorizationUrl) -> F,
    F: Future<Output = Result<C, E>>,
    C: Into<CallbackInput>,
    E: Into<Box<dyn StdError + Send + Sync>>,
{
    let (url, pending, browser) = client.authorize().begin().await?.into_parts();
    let answer = browse(url).await.map_err(|error| {
        let what = "the browser brought no callback";
        Error::new(ErrorKind::MissingCode, Step::Callback, what).source(error).of(client.spec())
    })?;
    client.callback(answer, pending, browser).await
}
