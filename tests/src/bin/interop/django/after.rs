//! After the login: a token that lacks a scope, introspection, revocation, logout.

use oauth_core::{CanAuthorize, CanIntrospect, CanLogOut, CanRefresh, CanRevoke, Client, ErrorKind, ExposeSecret as _};

use crate::browser::Browser;
use crate::oidc_provider::world::{REDIRECT, log_in, log_in_with};
use crate::providers::django_oauth_toolkit::{DjangoOAuthToolkit, Scope};
use crate::table::{Checks, Result, Table};

const BYE: &str = "http://127.0.0.1:54321/bye";

/// Drives all of it; `stranger` is a client that cannot prove who it is.
pub(super) async fn run<P>(table: &mut Table, name: &str, client: &Client<P>, stranger: &Client<P>) -> Result<()>
where
    P: CanAuthorize + CanRefresh + CanIntrospect + CanRevoke + CanLogOut,
{
    introspection(table, name, client, stranger).await?;
    revocation(table, name, client).await?;
    logout(table, name, client).await
}

/// A login for a scope that a token lacks. This API says that one is missing (RFC 6750 section 3.1), and not which.
pub(super) async fn step_up(table: &mut Table, client: &Client<DjangoOAuthToolkit>) -> Result<()> {
    let mut checks = Checks::of("step-up");
    let account = log_in(client).await?;
    let error = account.get("/write/").send().await?.error_for_status().await.err().ok_or("a scope too many")?;
    checks.require("the API says that a scope is missing", error.kind() == ErrorKind::InsufficientScope)?;
    let login = client.authorize().scopes([Scope::Write]).step_up(&error);
    let account = log_in_with(client, login).await?;
    let tokens = account.tokens();
    let has = |scope: &str| tokens.scopes().iter().any(|known| known == scope);
    checks.require("another login has the scopes of before and it", has("openid") && has("read") && has("write"))?;
    checks.require("the API takes its token", account.get("/write/").send().await?.status().is_success())?;
    table.row("step-up after insufficient_scope", checks);
    Ok(())
}

/// A token for one API alone (RFC 8707).
pub(super) async fn resource(table: &mut Table, client: &Client<DjangoOAuthToolkit>, issuer: &str) -> Result<()> {
    let mut checks = Checks::of("resource indicators");
    let here = format!("{issuer}/api");
    let account = log_in_with(client, client.authorize().resource(here.as_str())).await?;
    let said = client.introspect(&account.tokens()).await?;
    checks.require("the token is for the resource", said.is_meant_for(&here) && said.audiences().len() == 1)?;
    checks.require("which takes it", account.get("/read/").send().await?.status().is_success())?;
    let renewed = account.refresh().await?;
    checks.require("and what it is renewed by", client.introspect(&renewed).await?.is_meant_for(&here))?;
    let account = log_in_with(client, client.authorize().resource("https://other.example/api")).await?;
    let refused = account.get("/read/").send().await?.status();
    checks.require("it takes none that is for another", refused.is_client_error())?;
    table.row("resource indicators", checks);
    Ok(())
}

async fn introspection<P>(table: &mut Table, name: &str, client: &Client<P>, stranger: &Client<P>) -> Result<()>
where
    P: CanAuthorize + CanIntrospect,
{
    let mut checks = Checks::of(&format!("{name}: introspection"));
    let tokens = log_in(client).await?.tokens();
    let said = client.introspect(&tokens).await?;
    checks.require("a token that counts is active", said.is_active() && said.was_issued_to(client.client_id()))?;
    checks.require("it says whose it is and what for", said.username() == Some("alice") && said.scopes().len() == 4)?;
    let apart =
        |at: std::time::SystemTime| Some(at.duration_since(tokens.expires_at()?).unwrap_or_else(|e| e.duration()));
    let apart = said.expires_at().and_then(apart).ok_or("it has no end")?;
    checks.require("it ends as the login said", apart.as_secs() <= 2)?;
    let made_up = client.introspect_token(&"made-up".to_owned().into()).await?;
    checks.require("what is made up is not active", !made_up.is_active() && made_up.username().is_none())?;
    let refused = stranger.introspect(&tokens).await;
    checks.require("who proves nothing is told nothing", refused.is_err())?;
    table.row("introspection", checks);
    Ok(())
}

async fn revocation<P>(table: &mut Table, name: &str, client: &Client<P>) -> Result<()>
where
    P: CanAuthorize + CanRefresh + CanIntrospect + CanRevoke,
{
    let mut checks = Checks::of(&format!("{name}: revocation"));
    let account = log_in(client).await?;
    let tokens = account.tokens();
    client.revoke(&tokens).await?;
    checks.require("a revoked token is not active", !client.introspect(&tokens).await?.is_active())?;
    let error = client.refresh(&tokens).await.err().ok_or("a revoked refresh token was taken")?;
    checks.require("its refresh token renews nothing", error.kind() == ErrorKind::GrantRejected)?;
    client.revoke(&tokens).await?;
    checks.require("once more is no error", true)?;
    table.row("revocation", checks);
    Ok(())
}

async fn logout<P>(table: &mut Table, name: &str, client: &Client<P>) -> Result<()>
where
    P: CanAuthorize + CanIntrospect + CanLogOut,
{
    let mut checks = Checks::of(&format!("{name}: logout"));
    let mut browser = Browser::new()?;
    let (url, pending, binding) = client.authorize().begin().await?.into_parts();
    let callback = browser.log_in(url.as_str(), REDIRECT, "alice").await?;
    let tokens = client.callback(callback, pending, binding).await?.tokens();
    let (request, pending) = client.log_out(&tokens).post_logout_redirect_uri(BYE).begin().await?.into_parts();
    let back = browser.log_out(request.url().expose_secret(), BYE).await?;
    client.logged_out(back.as_str(), &pending)?;
    checks.require("the browser comes back with the state", back.starts_with(BYE))?;
    checks.require("the user's tokens have ended", !client.introspect(&tokens).await?.is_active())?;
    table.row("RP-initiated logout", checks);
    Ok(())
}
