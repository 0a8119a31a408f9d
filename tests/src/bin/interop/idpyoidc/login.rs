//! A login by code with PKCE, what its tokens are good for, and their renewal.

use oauth_core::{CanAuthorize, CanIntrospect, CanRefresh, Client, ErrorKind, ExposeSecret as _, HasProfile};

use super::Server;
use crate::oidc_provider::login::{issuer, pkce};
use crate::oidc_provider::world::{REDIRECT, code, log_in, login_kind};
use crate::providers::idpyoidc::Idpyoidc;
use crate::table::{Checks, Result, Table};

pub(super) async fn run(server: &Server, table: &mut Table) -> Result<()> {
    drive(server, &server.client("interop-web"), table).await?;
    drive(server, &server.loaded("interop-web")?, table).await
}

async fn drive<P>(server: &Server, client: &Client<P>, table: &mut Table) -> Result<()>
where
    P: CanAuthorize + CanRefresh + CanIntrospect + HasProfile,
{
    let mut checks = Checks::of("authorization code");
    let account = log_in(client).await?;
    let first = account.tokens();
    checks.require("a code gives tokens", first.refresh_token().is_some() && first.expires_at().is_some())?;
    table.row("authorization code", checks);

    let mut checks = Checks::of("ID token");
    let identity = first.identity().ok_or("the ID token was not verified")?;
    checks.require("it is of the issuer", identity.issuer() == server.issuer)?;
    checks.require(
        "it says when and how the user logged in",
        identity.auth_time().is_some() && identity.acr().is_some(),
    )?;
    table.row("ID token", checks);

    let mut checks = Checks::of("UserInfo");
    let me = account.profile().await?;
    let told = (me.subject.as_str(), me.name.as_deref(), me.email.as_deref());
    let expected = (identity.subject(), Some("Interop alice"), Some("alice@example.test"));
    checks.require("it is the user's", told == expected)?;
    table.row("UserInfo", checks);

    let mut checks = Checks::of("PKCE");
    pkce(client, &mut checks).await?;
    table.row("PKCE", checks);
    let mut checks = Checks::of("callback with `iss`");
    issuer(client, &mut checks).await?;
    table.row("callback with `iss`", checks);

    let mut checks = Checks::of("refresh with rotation");
    let second = account.refresh().await?;
    let (old, new) = (first.refresh_token().ok_or("one")?, second.refresh_token().ok_or("another")?);
    checks.require("the refresh token is another", old.expose_secret() != new.expose_secret())?;
    checks.require("the new token is the user's", account.profile().await?.subject == identity.subject())?;
    // The server's word for it is not the standard's.
    checks
        .require("a used one is refused", code(client.refresh(&first).await).as_deref() == Some("invalid_request"))?;
    table.row("refresh with rotation", checks);

    let mut checks = Checks::of("introspection");
    let said = client.introspect(&second).await?;
    checks.require("a token that counts is active", said.is_active() && said.was_issued_to(client.client_id()))?;
    let made_up = client.introspect_token(&"made-up".to_owned().into()).await?;
    checks.require("what is made up is not", !made_up.is_active())?;
    table.row("introspection", checks);

    let mut checks = Checks::of("client_secret_basic");
    let wrong = Idpyoidc::client("interop-web", "wrong", server.issuer.as_str()).redirect_uri(REDIRECT);
    let refused = login_kind(log_in(&wrong).await);
    checks.require("a wrong secret is told as such", refused == Some(ErrorKind::ClientRejected))?;
    table.row("client_secret_basic", checks);
    Ok(())
}
