//! One token for another (RFC 8693).

use std::time::Duration;

use oauth_core::{
    CanAuthorize, CanExchangeTokens, CanIntrospect, CanRefresh, Client, ErrorKind, ExchangedToken, ExposeSecret as _,
    HasProfile, Scopes, TokenKind, TokenSet,
};

use super::Server;
use crate::oidc_provider::world::{REDIRECT, code, kind, log_in};
use crate::providers::idpyoidc::Idpyoidc;
use crate::table::{Checks, Result, Table};

const PAYMENTS: &str = "https://payments.example.test";

pub(super) async fn run(server: &Server, table: &mut Table) -> Result<()> {
    let mut checks = Checks::of("token exchange");
    let (web, service) = (server.client("interop-web"), server.client("interop-service"));
    exchanged(&web, &mut checks).await?;
    refused(&web, &mut checks).await?;
    delegated(&web, &service, &mut checks).await?;
    let (web, service) = (server.loaded("interop-web")?, server.loaded("interop-service")?);
    exchanged(&web, &mut checks).await?;
    refused(&web, &mut checks).await?;
    delegated(&web, &service, &mut checks).await?;

    let other = server.client("interop-session");
    let tokens = log_in(&other).await?.tokens();
    let told = code(other.token_exchange(tokens.access_token().clone(), TokenKind::ACCESS_TOKEN).send().await);
    checks.require("a client that may not is refused", told.as_deref() == Some("invalid_request"))?;
    let wrong = Idpyoidc::client("interop-web", "wrong", server.issuer.as_str()).redirect_uri(REDIRECT);
    let refused = kind(wrong.token_exchange("token".to_owned(), TokenKind::ACCESS_TOKEN).send().await);
    checks.require("a wrong secret is told as such", refused == Some(ErrorKind::ClientRejected))?;
    table.row("token exchange", checks);
    Ok(())
}

async fn exchanged<P>(client: &Client<P>, checks: &mut Checks) -> Result<()>
where
    P: CanAuthorize + CanRefresh + CanExchangeTokens + CanIntrospect + HasProfile,
{
    let account = log_in(client).await?;
    let tokens = account.tokens();
    let ask = || client.token_exchange(tokens.access_token().clone(), TokenKind::ACCESS_TOKEN);
    let narrow = ask().scopes(Scopes::new().raw("openid")).send().await?;
    checks.require("another token comes", narrow.token().expose_secret() != tokens.access_token().expose_secret())?;
    checks.require("of the kind that there is", *narrow.kind() == TokenKind::ACCESS_TOKEN)?;
    let said = client.introspect_token(narrow.token()).await?;
    checks.require("for fewer scopes", narrow.scopes() == ["openid"] && said.scopes() == ["openid"])?;
    checks.require("of the same user", said.subject() == client.introspect(&tokens).await?.subject())?;
    let (end, first) = (narrow.expires_at().ok_or("an end")?, tokens.expires_at().ok_or("an end")?);
    checks.require("it ends with the first", end <= first + Duration::from_secs(2))?;
    let own = client.account(narrow.into_tokens()?);
    checks.require("it is used as any other", own.profile().await?.subject == account.profile().await?.subject)?;

    let theirs = ask().audience(PAYMENTS).requested(TokenKind::ACCESS_TOKEN).send().await?;
    let said = client.introspect_token(theirs.token()).await?;
    checks.require("one for a service names it", said.is_meant_for(PAYMENTS))?;
    let renewing = ask().requested(TokenKind::REFRESH_TOKEN).send().await?;
    checks.require("a refresh token is told as such", *renewing.kind() == TokenKind::REFRESH_TOKEN)?;
    let unfit = kind(renewing.into_tokens());
    checks.require("and goes on no request", unfit == Some(ErrorKind::TokenTypeUnsupported))?;
    let refresh = tokens.refresh_token().ok_or("a refresh token")?.clone();
    let access = client.token_exchange(refresh, TokenKind::REFRESH_TOKEN).requested(TokenKind::ACCESS_TOKEN);
    checks.require("a refresh token is exchanged, too", *access.send().await?.kind() == TokenKind::ACCESS_TOKEN)
}

async fn refused<P>(client: &Client<P>, checks: &mut Checks) -> Result<()>
where
    P: CanAuthorize + CanExchangeTokens,
{
    let tokens = log_in(client).await?.tokens();
    let ask = || client.token_exchange(tokens.access_token().clone(), TokenKind::ACCESS_TOKEN);
    let told = code(ask().audience("https://elsewhere.example").send().await);
    checks.require("an unknown service is told as such", told.as_deref() == Some("invalid_target"))?;
    let told = code(ask().resource("https://elsewhere.example/").send().await);
    checks.require("so is an unknown resource", told.as_deref() == Some("invalid_target"))?;
    let told = code(ask().requested(TokenKind::SAML2).send().await);
    checks.require("a kind that there is not is refused", told.as_deref() == Some("invalid_request"))?;
    let actor = tokens.id_token().ok_or("an ID token")?.clone();
    let told = code(ask().actor(actor, TokenKind::ID_TOKEN).send().await);
    checks.require("so is an actor, of whom the server knows nothing", told.as_deref() == Some("invalid_request"))?;
    let told = code(client.token_exchange("made-up".to_owned(), TokenKind::ACCESS_TOKEN).send().await);
    checks.require("so is a token that is none", told.as_deref() == Some("invalid_request"))?;
    let wrong = client.token_exchange(tokens.access_token().clone(), TokenKind::REFRESH_TOKEN);
    checks.require("so is one of another kind", wrong.send().await.is_err()) // by a status alone
}

/// A service that was called with the user's token asks for one of its own.
async fn delegated<P>(web: &Client<P>, service: &Client<P>, checks: &mut Checks) -> Result<()>
where
    P: CanAuthorize + CanExchangeTokens + CanIntrospect,
{
    let tokens = log_in(web).await?.tokens();
    let exchange = service.token_exchange(tokens.access_token().clone(), TokenKind::ACCESS_TOKEN);
    let own: ExchangedToken = exchange.audience(PAYMENTS).send().await?;
    let own: TokenSet = own.into_tokens()?;
    let said = service.introspect(&own).await?;
    checks.require("a service gets a token of its own", said.is_active() && said.was_issued_to("interop-service"))?;
    checks.require("for the next service", said.is_meant_for(PAYMENTS))
}
