//! Programs without a browser: login on another device, and tokens of the client's own.

use oauth_core::ErrorKind;

use super::Server;
use crate::browser::Browser;
use crate::providers::django_oauth_toolkit::Scope;
use crate::table::{Checks, Result, Table};

pub(super) async fn run(table: &mut Table, server: &Server) -> Result<()> {
    device(table, server).await?;
    client_credentials(table, server).await
}

async fn device(table: &mut Table, server: &Server) -> Result<()> {
    let mut checks = Checks::of("device");
    let client = server.public("interop-device");
    let mut login = client.device().begin().await?;
    checks.require("there is a code for the user", !login.user_code().is_empty())?;
    checks.require("and an address for the code", login.verification_uri() == format!("{}/device/", server.issuer))?;
    checks.require("nobody has agreed yet", login.ask().await?.is_none())?;
    let address = login.verification_uri_complete().ok_or("an address with the code")?;
    let page = Browser::new()?.finish(address, "alice").await?;
    checks.require("the user is told so", page.contains("Device Authorized"))?;
    let account = login.account().await?;
    checks.require("the login is finished", account.tokens().scopes() == ["read"])?;
    let answer = account.get("/read/").send().await?.error_for_status().await?;
    checks.require("an API takes the token", answer.json::<serde_json::Value>().await?["user"] == "alice")?;

    let login = client.device().begin().await?;
    let page = Browser::new()?.refuse(login.verification_uri_complete().ok_or("an address")?, "-", "alice").await?;
    checks.require("a user may say no", page.contains("Device Denied"))?;
    let error = login.account().await.err().ok_or("a login that was refused")?;
    checks.require("which the program is told", error.kind() == ErrorKind::AccessDenied)?;
    table.row("device grant", checks);
    Ok(())
}

async fn client_credentials(table: &mut Table, server: &Server) -> Result<()> {
    let mut checks = Checks::of("client credentials");
    let client = server.client("interop-machine", &server.secret);
    let account = client.client_credentials().account().await?;
    let first = account.tokens();
    checks.require("a token of the client's own", first.scopes() == ["read"] && first.refresh_token().is_none())?;
    let answer = account.get("/read/").send().await?.error_for_status().await?;
    checks.require("an API takes it as nobody's", answer.json::<serde_json::Value>().await?["user"].is_null())?;
    let error = account.get("/write/").send().await?.error_for_status().await.err().ok_or("a scope too many")?;
    checks.require("and for nothing else", error.kind() == ErrorKind::InsufficientScope)?;
    let second = account.refresh().await?;
    checks.require("it is renewed by asking again", second.expires_at() >= first.expires_at())?;
    let wider = client.client_credentials().scopes([Scope::Read, Scope::Write]).account().await?;
    checks.require("other scopes are asked for by name", wider.tokens().scopes() == ["read", "write"])?;
    checks.require("and count", wider.get("/write/").send().await?.status().is_success())?;
    let wrong = server.client("interop-machine", &"wrong".to_owned().into());
    let error = wrong.client_credentials().tokens().await.err().ok_or("a wrong secret was taken")?;
    checks.require("a wrong secret is told as such", error.kind() == ErrorKind::ClientRejected)?;
    let error = server.web().client_credentials().tokens().await.err().ok_or("a client without the grant")?;
    checks.require("so is a client that may not", error.kind() == ErrorKind::ClientRejected)?;
    table.row("client credentials", checks);
    Ok(())
}
