//! Clients that prove themselves by assertions: signed with their secret, or with a private key.

use std::sync::Arc;

use oauth_core::{
    CanAuthorize, CanIntrospect, CanRefresh, CanRevoke, Client, ClientAuth, ErrorKind, ExposeSecret as _, HasProfile,
};

use super::login::whole;
use super::world::{REDIRECT, World, log_in, login_kind, other_key};
use crate::providers::oidc_provider_hmac::OidcProviderHmac;
use crate::providers::oidc_provider_key::OidcProviderKey;
use crate::table::{Checks, Result, Table};
use crate::wire::{Wire, claims};

pub(super) async fn run(world: &World, table: &mut Table) -> Result<()> {
    let issuer = world.issuer.as_str();
    let mut checks = Checks::of("client_secret_jwt");
    let generated = OidcProviderHmac::client("interop-hmac", &world.secret, issuer).redirect_uri(REDIRECT);
    drive(world, &generated, &mut checks, table).await?;
    let loaded = world.loaded("oidc-provider-hmac", "interop-hmac", &world.secret)?;
    drive(world, &loaded, &mut checks, table).await?;
    let wrong = OidcProviderHmac::client("interop-hmac", "x".repeat(64), issuer).redirect_uri(REDIRECT);
    let refused = login_kind(log_in(&wrong).await);
    checks.require("another secret's is refused", refused == Some(ErrorKind::ClientRejected))?;
    table.row("client_secret_jwt", checks);

    let mut checks = Checks::of("private_key_jwt");
    let key = || ClientAuth::private_key(world.key.clone());
    let generated = OidcProviderKey::client("interop-jwt", key(), issuer).redirect_uri(REDIRECT);
    drive(world, &generated, &mut checks, table).await?;
    drive(world, &world.loaded("oidc-provider-key", "interop-jwt", key())?, &mut checks, table).await?;
    let wrong = OidcProviderKey::client("interop-jwt", ClientAuth::private_key(other_key()?), issuer);
    let refused = login_kind(log_in(&wrong.redirect_uri(REDIRECT)).await);
    checks.require("another key's is refused", refused == Some(ErrorKind::ClientRejected))?;
    table.row("private_key_jwt", checks);
    Ok(())
}

/// Each request has an assertion of its own, and nothing else that proves the client.
async fn drive<P>(world: &World, client: &Client<P>, checks: &mut Checks, table: &mut Table) -> Result<()>
where
    P: CanAuthorize + CanRefresh + CanIntrospect + CanRevoke + HasProfile,
{
    whole(client, checks, table).await?;
    let wire = Wire::new()?;
    let client = client.clone().http_client(Arc::new(wire.clone()));
    let tokens = log_in(&client).await?.tokens();
    let tokens = client.refresh(&tokens).await?;
    checks.require("it may introspect", client.introspect(&tokens).await?.is_active())?;
    client.revoke(&tokens).await?;
    checks.require("it may revoke", !client.introspect(&tokens).await?.is_active())?;
    let mut ids = Vec::new();
    let seen = wire.take();
    for exchange in seen.iter().filter(|seen| !seen.sent("client_assertion").is_empty()) {
        let [assertion] = &exchange.sent("client_assertion")[..] else { return Err("two assertions".into()) };
        let claims = claims(assertion).ok_or("an assertion that is none")?;
        ids.push(claims["jti"].as_str().ok_or("an assertion without `jti`")?.to_owned());
        checks.require("an assertion is for the issuer", claims["aud"] == world.issuer.as_str())?;
        let bare = exchange.sent("client_secret").is_empty() && !exchange.has_authorization;
        checks.require("no other proof goes with it", bare)?;
    }
    let count = ids.len();
    ids.sort_unstable();
    ids.dedup();
    checks.require("each request has one of its own", count >= 6 && ids.len() == count)?;
    let canary = world.secret.expose_secret();
    checks.require("no request holds the secret", !seen.iter().any(|exchange| exchange.holds(canary)))
}
