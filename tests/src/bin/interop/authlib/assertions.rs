//! A JWT for a token (RFC 7523 section 2.1).

use std::sync::Arc;

use oauth_core::{CanIntrospect, CanUseJwtBearer, Client, ErrorKind, ExposeSecret as _, HasApi, Scopes, SecretString};
use serde_json::Value;

use super::Server;
use crate::oidc_provider::world::{kind, other_key};
use crate::table::{Checks, Result, Table};
use crate::wire::{Wire, claims};

pub(super) async fn run(server: &Server, table: &mut Table) -> Result<()> {
    let mut checks = Checks::of("JWT bearer");
    let generated = server.client("interop-assertion");
    let loaded = server.loaded("authlib", "interop-assertion", &server.secret)?;
    from_elsewhere(server, &generated, &mut checks).await?;
    from_elsewhere(server, &loaded, &mut checks).await?;
    own(server, &generated, &mut checks).await?;
    own(server, &loaded, &mut checks).await?;
    let refused = kind(server.client("interop-jwt").jwt_bearer_signed(server.key.clone()).tokens().await);
    checks.require("a client that may not is told as such", refused == Some(ErrorKind::ClientRejected))?;
    table.row("JWT bearer", checks);
    Ok(())
}

/// What somebody else has signed.
async fn from_elsewhere<P>(server: &Server, client: &Client<P>, checks: &mut Checks) -> Result<()>
where
    P: CanUseJwtBearer + HasApi,
{
    let account = client.jwt_bearer(server.assertion("good")?).account().await?;
    let tokens = account.tokens();
    checks.require("it gives a token, and no refresh token", tokens.refresh_token().is_none())?;
    checks.require("for the scopes that were asked for", tokens.scopes() == ["read"])?;
    let answer = account.get("/read").send().await?.error_for_status().await?;
    checks.require("an API takes it for the user", answer.json::<Value>().await?["user"] == "alice")?;
    for (name, what, expected) in [
        ("ended", "one that has ended is refused", ErrorKind::GrantRejected),
        ("elsewhere", "one for another server is refused", ErrorKind::GrantRejected),
        ("forged", "one of another's making is refused", ErrorKind::GrantRejected),
        ("nobody", "one for nobody is refused", ErrorKind::GrantRejected),
        ("stranger", "one for a user who has not agreed is refused", ErrorKind::ClientRejected),
    ] {
        let refused = kind(client.jwt_bearer(server.assertion(name)?).tokens().await);
        checks.require(what, refused == Some(expected))?;
    }
    let refused = kind(client.jwt_bearer("no.jwt.at-all").tokens().await);
    checks.require("what is none is refused", refused == Some(ErrorKind::GrantRejected))?;
    let wide = client.jwt_bearer(server.assertion("good")?).scopes(Scopes::new().raw("everything"));
    let error = wide.tokens().await.err();
    let told = error.as_ref().and_then(|error| error.server()?.code());
    checks.require("a scope that nobody knows is told as such", told == Some("invalid_scope"))
}

/// What the client signs itself, anew for each request.
async fn own<P>(server: &Server, client: &Client<P>, checks: &mut Checks) -> Result<()>
where
    P: CanUseJwtBearer + CanIntrospect + HasApi,
{
    let wire = Wire::new()?;
    let client = client.clone().http_client(Arc::new(wire.clone()));
    let ask = |key: &SecretString| client.jwt_bearer_signed(key.clone()).key_id("interop-key").claim("sub", "bob");
    let account = ask(&server.key).account().await?;
    let answer = account.get("/read").send().await?.error_for_status().await?;
    checks.require("an API takes it for that user", answer.json::<Value>().await?["user"] == "bob")?;
    let second = ask(&server.key).tokens().await?;
    let token = claims(second.access_token().expose_secret()).ok_or("the token is no JWT")?;
    checks.require("the token is of the client", token["client_id"] == "interop-assertion")?;
    let mut ids = Vec::new();
    for seen in wire.take().iter().filter(|seen| !seen.sent("assertion").is_empty()) {
        let [assertion] = &seen.sent("assertion")[..] else { return Err("two assertions".into()) };
        let claims = claims(assertion).ok_or("an assertion that is none")?;
        checks.require("an assertion is for the server", claims["aud"] == format!("{}/token", server.issuer))?;
        checks.require("nothing else proves the client", !seen.has_authorization)?;
        ids.push(claims["jti"].clone());
    }
    checks.require("each request has one of its own", ids.len() == 2 && ids[0] != ids[1] && ids[0].is_string())?;
    let refused = kind(ask(&other_key()?).tokens().await);
    checks.require("another key's is refused", refused == Some(ErrorKind::GrantRejected))?;
    let elsewhere = ask(&server.key).claim("aud", "https://elsewhere.example");
    let refused = kind(elsewhere.tokens().await);
    checks.require("one for another server is refused", refused == Some(ErrorKind::GrantRejected))
}
