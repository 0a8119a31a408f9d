//! What happens to tokens after the login: introspection and revocation.

use oauth_core::{CanAuthorize, CanIntrospect, CanRefresh, CanRevoke, Client, ErrorKind};

use super::world::{REDIRECT, USER, World, kind, log_in};
use crate::providers::oidc_provider::OidcProvider;
use crate::table::{Checks, Result, Table};

pub(super) async fn run(world: &World, table: &mut Table) -> Result<()> {
    let generated = OidcProvider::client("interop-web", &world.secret, world.issuer.as_str()).redirect_uri(REDIRECT);
    let public = OidcProvider::public("interop-public", world.issuer.as_str()).redirect_uri(REDIRECT);
    drive(&generated, table).await?;
    drive(&world.loaded("oidc-provider", "interop-web", &world.secret)?, table).await?;
    drive(&public, table).await
}

async fn drive<P>(client: &Client<P>, table: &mut Table) -> Result<()>
where
    P: CanAuthorize + CanRefresh + CanIntrospect + CanRevoke,
{
    let mut checks = Checks::of("introspection");
    let tokens = log_in(client).await?.tokens();
    let said = client.introspect(&tokens).await?;
    checks.require("a token that counts is active", said.is_active() && said.was_issued_to(client.client_id()))?;
    checks.require("it says whose it is", said.subject() == Some(USER) && said.expires_at().is_some())?;
    let refresh = tokens.refresh_token().ok_or("a refresh token")?;
    checks.require("so is a refresh token", client.introspect_token(refresh).await?.is_active())?;
    let made_up = client.introspect_token(&"made-up".to_owned().into()).await?;
    checks.require("what is made up is not", !made_up.is_active())?;
    table.row("introspection", checks);

    let mut checks = Checks::of("revocation");
    client.revoke(&tokens).await?;
    checks.require("a revoked token is not active", !client.introspect(&tokens).await?.is_active())?;
    let refused = kind(client.refresh(&tokens).await);
    checks.require("a revoked refresh token renews nothing", refused == Some(ErrorKind::GrantRejected))?;
    checks.require("a token may be revoked twice", client.revoke(&tokens).await.is_ok())?;
    table.row("revocation", checks);
    Ok(())
}
