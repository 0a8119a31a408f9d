//! Login on another device.

use oauth_core::{Account, CanIntrospect, CanRefresh, CanUseDevice, Client, DevicePoll, ErrorKind, HasProfile};

use super::world::{USER, World, kind};
use crate::browser::Browser;
use crate::providers::oidc_provider_device::OidcProviderDevice;
use crate::table::{Checks, Result, Table};

pub(super) async fn run(world: &World, table: &mut Table) -> Result<()> {
    let mut checks = Checks::of("device");
    drive(&OidcProviderDevice::public("interop-device", world.issuer.as_str()), &mut checks).await?;
    let loaded = world.loaded("oidc-provider-device", "interop-device", oauth_core::ClientAuth::none())?;
    drive(&loaded, &mut checks).await?;
    table.row("device", checks);
    Ok(())
}

/// A user who finishes it.
pub(super) async fn finished<P: CanUseDevice>(client: &Client<P>) -> Result<Account<P>> {
    let mut login = client.device().begin().await?;
    let complete = login.verification_uri_complete().ok_or("no address with the code in it")?.to_owned();
    Browser::new()?.finish(&complete, USER).await?;
    Ok(login.ask().await?.ok_or("the user has agreed")?)
}

async fn drive<P>(client: &Client<P>, checks: &mut Checks) -> Result<()>
where
    P: CanUseDevice + CanRefresh + CanIntrospect + HasProfile,
{
    let mut login = client.device().begin().await?;
    let complete = login.verification_uri_complete().ok_or("no address with the code in it")?.to_owned();
    let holds = complete.starts_with(login.verification_uri()) && complete.contains(login.user_code());
    checks.require("there is an address with the code in it", holds)?;
    // The server names no interval: it is five seconds (RFC 8628 section 3.2), which every question waits for.
    checks.require("the client waits at first", matches!(login.poll(), DevicePoll::Wait(_)))?;
    checks.require("nothing comes before the user has agreed", login.ask().await?.is_none())?;
    Browser::new()?.finish(&complete, USER).await?;
    let account = login.account().await?;
    let tokens = account.tokens();
    let identity = tokens.identity().ok_or("the ID token was not verified")?;
    checks.require("then it is the user's login", identity.subject() == USER)?;
    checks.require("the token is active", client.introspect(&tokens).await?.is_active())?;
    let renewed = account.refresh().await?;
    checks.require("it is renewed as any other", renewed.refresh_token().is_some())?;
    checks.require("the profile is the user's", account.profile().await?.subject == USER)?;

    let login = client.device().begin().await?;
    let complete = login.verification_uri_complete().ok_or("no address with the code in it")?.to_owned();
    Browser::new()?.refuse(&complete, "nowhere:", USER).await?;
    let refused = kind(login.account().await);
    checks.require("a user who says no is told as such", refused == Some(ErrorKind::AccessDenied))
}
