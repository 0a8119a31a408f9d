//! Login on another device, at a server that says when it is asked too often.

use std::sync::Arc;
use std::time::Duration;

use oauth_core::{CanRefresh, CanUseDevice, Client, ClientAuth, DevicePoll, ErrorKind, HasApi};
use serde_json::Value;

use super::Server;
use crate::browser::Browser;
use crate::clock::ByHand;
use crate::oidc_provider::world::kind;
use crate::providers::authlib::Authlib;
use crate::table::{Checks, Result, Table};
use crate::wire::Wire;

/// As `device.py` has them.
const PAUSE: Duration = Duration::from_secs(2);
const LIFETIME: Duration = Duration::from_secs(12);
/// RFC 8628 section 3.5.
const MORE: Duration = Duration::from_secs(5);

pub(super) async fn run(server: &Server, table: &mut Table) -> Result<()> {
    let generated = Authlib::public("interop-device", server.issuer.as_str());
    let loaded = server.loaded("authlib", "interop-device", ClientAuth::none())?;
    let mut checks = Checks::of("device grant");
    finished(&generated, &mut checks).await?;
    finished(&loaded, &mut checks).await?;
    table.row("device grant", checks);

    let mut checks = Checks::of("device grant: slow_down");
    hasty(&generated, &mut checks).await?;
    hasty(&loaded, &mut checks).await?;
    table.row("device grant: slow_down", checks);

    let (one, other) = tokio::join!(ended(&generated), ended(&loaded));
    table.row("device grant: expired_token", one?);
    table.row("device grant: expired_token", other?);
    Ok(())
}

async fn finished<P: CanUseDevice + CanRefresh + HasApi>(client: &Client<P>, checks: &mut Checks) -> Result<()> {
    let mut login = client.device().begin().await?;
    checks.require("nothing comes before the user has agreed", login.ask().await?.is_none())?;
    let address = login.verification_uri_complete().ok_or("an address with the code")?.to_owned();
    Browser::new()?.finish(&address, "alice").await?;
    let account = login.ask().await?.ok_or("the user has agreed")?;
    let answer = account.get("/read").send().await?.error_for_status().await?;
    checks.require("then an API takes the token", answer.json::<Value>().await?["user"] == "alice")?;
    checks.require("it is renewed as any other", account.refresh().await?.refresh_token().is_some())?;

    let mut login = client.device().begin().await?;
    let address = login.verification_uri_complete().ok_or("an address with the code")?.to_owned();
    Browser::new()?.refuse(&address, "nowhere:", "alice").await?;
    let refused = kind(login.ask().await);
    checks.require("a user who says no is told as such", refused == Some(ErrorKind::AccessDenied))
}

/// RFC 8628 section 3.5: `slow_down` adds five seconds, to all that comes.
///
/// This client asks too soon because its clock is ahead: by its own it never does.
async fn hasty<P: CanUseDevice>(client: &Client<P>, checks: &mut Checks) -> Result<()> {
    let clock = ByHand::now();
    let mut login = client.clone().clock(clock.clone()).device().begin().await?;
    let waits = |poll: DevicePoll| if let DevicePoll::Wait(wait) = poll { wait } else { Duration::ZERO };
    checks.require("the server's interval is kept", waits(login.poll()) <= PAUSE)?;
    clock.advance(PAUSE);
    checks.require("nothing has come", login.ask().await?.is_none() && waits(login.poll()) <= PAUSE)?;
    clock.advance(PAUSE);
    checks.require("nor when it is asked too soon", login.ask().await?.is_none())?;
    let wait = waits(login.poll());
    checks.require("the client then waits five seconds longer", wait > PAUSE && wait <= PAUSE + MORE)
}

/// By a clock that is behind it is the server that says when the codes have ended.
async fn ended<P: CanUseDevice>(client: &Client<P>) -> Result<Checks> {
    let mut checks = Checks::of("device grant: expired_token");
    let wire = Wire::new()?;
    let clock = ByHand::now();
    let behind = client.clone().http_client(Arc::new(wire.clone())).clock(clock.clone());
    let (own, mut servers) = (client.device().begin().await?, behind.device().begin().await?);
    tokio::time::sleep(LIFETIME + Duration::from_secs(1)).await;
    clock.advance(PAUSE);
    checks.require("codes that have ended are not asked for", own.poll() == DevicePoll::Over)?;
    let told = kind(servers.ask().await);
    let is_said = wire.take().last().is_some_and(|seen| seen.address.ends_with("/token") && seen.status == 400);
    checks.require("the server says so, too", is_said && told == Some(ErrorKind::AttemptExpired))?;
    Ok(checks)
}
