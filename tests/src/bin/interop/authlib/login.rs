//! A login by code with PKCE, and what its tokens are good for.

use oauth_core::{CanAuthorize, CanIntrospect, CanRefresh, CanRevoke, Client, ErrorKind, ExposeSecret as _, HasApi};
use serde_json::Value;

use super::Server;
use crate::browser::Browser;
use crate::oidc_provider::login::{issuer, pkce};
use crate::oidc_provider::world::{REDIRECT, USER, kind, log_in};
use crate::table::{Checks, Result, Table};
use crate::wire::claims;

pub(super) async fn run(server: &Server, table: &mut Table) -> Result<()> {
    drive(server, &server.client("interop-web"), table).await?;
    drive(server, &server.loaded("authlib", "interop-web", &server.secret)?, table).await
}

async fn drive<P>(server: &Server, client: &Client<P>, table: &mut Table) -> Result<()>
where
    P: CanAuthorize + CanRefresh + CanIntrospect + CanRevoke + HasApi,
{
    let mut checks = Checks::of("authorization code");
    let account = log_in(client).await?;
    let first = account.tokens();
    checks.require("a code gives tokens", first.refresh_token().is_some() && first.expires_at().is_some())?;
    let answer = account.get("/read").send().await?.error_for_status().await?;
    checks.require("an API takes the token", answer.json::<Value>().await?["user"] == USER)?;
    let (url, pending, binding) = client.authorize().begin().await?.into_parts();
    let callback = Browser::new()?.refuse(url.as_str(), REDIRECT, USER).await?;
    checks.require("a refusal names the issuer, too", callback.contains("iss="))?;
    let refused = kind(client.callback(callback, pending, binding).await);
    checks.require("a user who says no is told as such", refused == Some(ErrorKind::AccessDenied))?;
    table.row("authorization code", checks);

    let mut checks = Checks::of("JWT access tokens");
    let token = claims(first.access_token().expose_secret()).ok_or("the token is no JWT")?;
    let own = token["iss"] == server.issuer.as_str() && token["sub"] == USER && token["scope"] == "read";
    checks.require("the token says whose it is", own && token["client_id"] == client.client_id())?;
    table.row("JWT access tokens", checks);

    let mut checks = Checks::of("PKCE");
    pkce(client, &mut checks).await?;
    table.row("PKCE", checks);
    let mut checks = Checks::of("callback with `iss`");
    issuer(client, &mut checks).await?;
    table.row("callback with `iss`", checks);

    let mut checks = Checks::of("refresh with rotation");
    let second = account.refresh().await?;
    let changed = first.access_token().expose_secret() != second.access_token().expose_secret();
    checks.require("the access token is another", changed)?;
    let (old, new) = (first.refresh_token().ok_or("one")?, second.refresh_token().ok_or("another")?);
    checks.require("the refresh token is another", old.expose_secret() != new.expose_secret())?;
    let refused = kind(client.refresh(&first).await);
    checks.require("a used one is refused", refused == Some(ErrorKind::GrantRejected))?;
    checks.require("the new token is taken", account.get("/read").send().await?.status().is_success())?;
    table.row("refresh with rotation", checks);

    let mut checks = Checks::of("introspection");
    let said = client.introspect(&second).await?;
    checks.require("a token that counts is active", said.is_active() && said.subject() == Some(USER))?;
    checks.require("it says what for", said.scopes() == ["read"] && said.was_issued_to(client.client_id()))?;
    checks.require("a used one is not", !client.introspect(&first).await?.is_active())?;
    let made_up = client.introspect_token(&"made-up".to_owned().into()).await?;
    checks.require("nor is what is made up", !made_up.is_active())?;
    table.row("introspection", checks);

    let mut checks = Checks::of("revocation");
    client.revoke(&second).await?;
    checks.require("a revoked token is not active", !client.introspect(&second).await?.is_active())?;
    let refused = kind(client.refresh(&second).await);
    checks.require("a revoked refresh token renews nothing", refused == Some(ErrorKind::GrantRejected))?;
    checks.require("a token may be revoked twice", client.revoke(&second).await.is_ok())?;
    table.row("revocation", checks);
    Ok(())
}
