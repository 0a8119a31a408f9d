//! How clients prove who they are, tokens of their own, and clients that register themselves.

use std::sync::Arc;

use oauth_core::{
    CanAuthorize, CanIntrospect, CanRefresh, CanRevoke, CanUseClientCredentials, Client, ClientAuth, ClientMetadata,
    Discovered, ErrorKind, ExposeSecret as _, HasApi, Scopes,
};
use serde_json::Value;

use super::Server;
use crate::oidc_provider::world::{REDIRECT, kind, log_in, login_kind, other_key};
use crate::providers::authlib::{Authlib, Scope};
use crate::providers::authlib_hmac::AuthlibHmac;
use crate::providers::authlib_key::AuthlibKey;
use crate::providers::authlib_post::AuthlibPost;
use crate::table::{Checks, Result, Table};
use crate::wire::{Wire, claims};

pub(super) async fn run(server: &Server, table: &mut Table) -> Result<()> {
    secrets(server, table).await?;
    assertions(server, table).await?;
    machines(server, table).await?;
    registration(server, table).await
}

async fn secrets(server: &Server, table: &mut Table) -> Result<()> {
    let issuer = server.issuer.as_str();
    let mut checks = Checks::of("client_secret_basic");
    whole(&server.client("interop-web"), &mut checks).await?;
    let wrong = Authlib::client("interop-web", "wrong", issuer).redirect_uri(REDIRECT);
    let refused = login_kind(log_in(&wrong).await);
    checks.require("a wrong secret is told as such", refused == Some(ErrorKind::ClientRejected))?;
    table.row("client_secret_basic", checks);

    let mut checks = Checks::of("client_secret_post");
    whole(&AuthlibPost::client("interop-post", &server.secret, issuer).redirect_uri(REDIRECT), &mut checks).await?;
    whole(&server.loaded("authlib-post", "interop-post", &server.secret)?, &mut checks).await?;
    let wrong = AuthlibPost::client("interop-post", "wrong", issuer).redirect_uri(REDIRECT);
    let refused = login_kind(log_in(&wrong).await);
    checks.require("a wrong secret is told as such", refused == Some(ErrorKind::ClientRejected))?;
    table.row("client_secret_post", checks);

    let mut checks = Checks::of("public client");
    whole(&Authlib::public("interop-public", issuer).redirect_uri(REDIRECT), &mut checks).await?;
    let refused = login_kind(log_in(&Authlib::public("interop-web", issuer).redirect_uri(REDIRECT)).await);
    let what = "a confidential client without its secret is told as such";
    checks.require(what, refused == Some(ErrorKind::ClientRejected))?;
    table.row("public client", checks);
    Ok(())
}

/// RFC 7523 section 2.2: a JWT in the place of a secret.
async fn assertions(server: &Server, table: &mut Table) -> Result<()> {
    let issuer = server.issuer.as_str();
    let mut checks = Checks::of("private_key_jwt");
    let key = || ClientAuth::private_key(server.key.clone());
    let generated = AuthlibKey::client("interop-jwt", key(), issuer).redirect_uri(REDIRECT);
    asserted(server, &generated, &mut checks).await?;
    asserted(server, &server.loaded("authlib-key", "interop-jwt", key())?, &mut checks).await?;
    let wrong = AuthlibKey::client("interop-jwt", ClientAuth::private_key(other_key()?), issuer);
    let refused = login_kind(log_in(&wrong.redirect_uri(REDIRECT)).await);
    checks.require("another key's is refused", refused == Some(ErrorKind::ClientRejected))?;
    table.row("private_key_jwt", checks);

    let mut checks = Checks::of("client_secret_jwt");
    let generated = AuthlibHmac::client("interop-hmac", &server.secret, issuer).redirect_uri(REDIRECT);
    asserted(server, &generated, &mut checks).await?;
    asserted(server, &server.loaded("authlib-hmac", "interop-hmac", &server.secret)?, &mut checks).await?;
    let wrong = AuthlibHmac::client("interop-hmac", "x".repeat(64), issuer).redirect_uri(REDIRECT);
    let refused = login_kind(log_in(&wrong).await);
    checks.require("another secret's is refused", refused == Some(ErrorKind::ClientRejected))?;
    table.row("client_secret_jwt", checks);
    Ok(())
}

/// The server takes each assertion once: a client that sent one twice would fail here.
async fn asserted<P>(server: &Server, client: &Client<P>, checks: &mut Checks) -> Result<()>
where
    P: CanAuthorize + CanRefresh + CanIntrospect + CanRevoke,
{
    let wire = Wire::new()?;
    let client = client.clone().http_client(Arc::new(wire.clone()));
    whole(&client, checks).await?;
    let seen = wire.take();
    let sent = seen.iter().filter_map(|seen| claims(seen.sent("client_assertion").first()?)).collect::<Vec<_>>();
    checks.require("each request has an assertion for the issuer", {
        sent.len() >= 5 && sent.iter().all(|claims| claims["aud"] == server.issuer.as_str())
    })?;
    let canary = server.secret.expose_secret();
    let bare = !seen.iter().any(|seen| seen.holds(canary) || seen.has_authorization);
    checks.require("and no other proof", bare)
}

/// Each endpoint that wants to know who asks.
async fn whole<P>(client: &Client<P>, checks: &mut Checks) -> Result<()>
where
    P: CanAuthorize + CanRefresh + CanIntrospect + CanRevoke,
{
    let tokens = log_in(client).await?.tokens();
    let tokens = client.refresh(&tokens).await?;
    checks.require("it gets tokens and renews them", tokens.refresh_token().is_some())?;
    checks.require("it may introspect", client.introspect(&tokens).await?.is_active())?;
    client.revoke(&tokens).await?;
    checks.require("it may revoke", !client.introspect(&tokens).await?.is_active())
}

async fn machines(server: &Server, table: &mut Table) -> Result<()> {
    let mut checks = Checks::of("client credentials");
    machine(&server.client("interop-machine"), &mut checks).await?;
    machine(&server.loaded("authlib", "interop-machine", &server.secret)?, &mut checks).await?;
    let key = ClientAuth::private_key(server.key.clone());
    machine(&AuthlibKey::client("interop-key-machine", key, server.issuer.as_str()), &mut checks).await?;
    let refused = kind(server.client("interop-web").client_credentials().tokens().await);
    checks.require("a client that may not is told as such", refused == Some(ErrorKind::ClientRejected))?;
    table.row("client credentials", checks);
    Ok(())
}

async fn machine<P>(client: &Client<P>, checks: &mut Checks) -> Result<()>
where
    P: CanUseClientCredentials + CanRefresh + CanIntrospect + HasApi,
{
    let account = client.client_credentials().account().await?;
    let first = account.tokens();
    checks.require("a token of the client's own", first.scopes() == ["read"] && first.refresh_token().is_none())?;
    let answer = account.get("/read").send().await?.error_for_status().await?;
    checks.require("an API takes it as nobody's", answer.json::<Value>().await?["user"].is_null())?;
    let second = account.refresh().await?;
    let changed = first.access_token().expose_secret() != second.access_token().expose_secret();
    checks.require("it is renewed by asking again", changed && client.introspect(&second).await?.is_active())?;
    let narrow = client.client_credentials().scopes(Scopes::new().raw("write")).account().await?;
    // The library's refusal has its error in the body, and no challenge.
    let refused = narrow.get("/read").send().await?.status();
    checks.require("another scope does not suffice", refused == http::StatusCode::FORBIDDEN)
}

async fn registration(server: &Server, table: &mut Table) -> Result<()> {
    let mut checks = Checks::of("dynamic registration");
    let token = Server::text(&server.ready, "initial_access_token")?;
    let app = ClientMetadata::named("Interop").redirect_uri(REDIRECT).initial_access_token(token);
    let loaded = server.loaded("authlib", "interop-web", &server.secret)?;
    let records = [server.client("interop-web").register(&app).await?, loaded.register(&app).await?];
    for record in &records {
        checks.require("it gives an id and a secret", record.secret().is_some() && record.issuer() == server.issuer)?;
        let client = server.client("interop-web").registered(record).await?.scopes([Scope::Read]);
        let account = log_in(&client).await?;
        checks.require("the registered client logs in", account.get("/read").send().await?.status().is_success())?;
    }
    let refused = kind(loaded.register(&app.clone().initial_access_token("wrong")).await);
    checks.require("without the token it is refused", refused == Some(ErrorKind::RegistrationRefused))?;
    let refused = kind(loaded.register(&app.grant_types(["urn:example:unknown"])).await);
    checks.require("what the server does not offer is refused", refused == Some(ErrorKind::RegistrationRefused))?;
    table.row("dynamic registration", checks);

    let mut checks = Checks::of("authorization server metadata");
    let found = Discovered::at(&server.issuer)?.oauth_first().client("interop-web", &server.secret).await?;
    let tokens = log_in(&found.redirect_uri(REDIRECT).scopes(["read"])).await?.tokens();
    let said = server.client("interop-web").introspect(&tokens).await?;
    checks
        .require("a client that knows the issuer alone logs in", said.is_active() && said.subject() == Some("alice"))?;
    table.row("authorization server metadata", checks);
    Ok(())
}
