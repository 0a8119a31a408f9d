//! Tokens for resources (RFC 8707), and for what was asked for in detail (RFC 9396).

use std::sync::Arc;

use oauth_core::{CanAuthorize, CanIntrospect, CanRefresh, Client, ErrorKind, ExposeSecret as _, HasProfile, Scopes};
use serde_json::json;

use super::world::{REDIRECT, World, kind, log_in_with, login_kind};
use crate::providers::oidc_provider_details::OidcProviderDetails;
use crate::table::{Checks, Result, Table};
use crate::wire::{Wire, claims};

const READABLE: &str = "https://api.example.test/things";
const OPAQUE: &str = "https://api.example.test/opaque";

pub(super) async fn run(world: &World, table: &mut Table) -> Result<()> {
    let issuer = world.issuer.as_str();
    let generated = OidcProviderDetails::client("interop-details", &world.secret, issuer).redirect_uri(REDIRECT);
    let loaded = world.loaded("oidc-provider-details", "interop-details", &world.secret)?;

    let mut checks = Checks::of("resource indicators");
    resources(&generated, &mut checks).await?;
    resources(&loaded, &mut checks).await?;
    table.row("resource indicators", checks);

    let mut checks = Checks::of("RAR");
    details(&generated, &mut checks).await?;
    details(&loaded, &mut checks).await?;
    table.row("RAR", checks);
    Ok(())
}

async fn resources<P>(client: &Client<P>, checks: &mut Checks) -> Result<()>
where
    P: CanAuthorize + CanRefresh + CanIntrospect + HasProfile,
{
    let wire = Wire::new()?;
    let client = client.clone().http_client(Arc::new(wire.clone()));
    let scopes = || Scopes::new().raw("openid").raw("offline_access").raw("api:read");
    let account = log_in_with(&client, client.authorize().scopes(scopes()).resource(READABLE)).await?;
    let first = account.tokens();
    let read = |token: &str| claims(token).ok_or("the token for the resource is no JWT");
    let token = read(first.access_token().expose_secret())?;
    checks.require("the token is for the resource", token["aud"] == READABLE && token["scope"] == "api:read")?;
    let second = account.refresh().await?;
    let token = read(second.access_token().expose_secret())?;
    checks.require("the renewed one, too", token["aud"] == READABLE && second.resources() == [READABLE])?;
    let named = wire
        .take()
        .iter()
        .filter(|seen| seen.address.ends_with("/token"))
        .all(|seen| seen.sent("resource") == [READABLE]);
    checks.require("each token request names it", named)?;
    let refused = kind(account.profile().await);
    checks.require("another resource refuses it", refused == Some(ErrorKind::Unauthorized))?;

    let account = log_in_with(&client, client.authorize().scopes(scopes()).resource(OPAQUE).pushed()).await?;
    let said = client.introspect(&account.tokens()).await?;
    checks.require("so it is where the request was pushed", said.is_meant_for(OPAQUE) && said.scopes() == ["api:read"])
}

async fn details<P: CanAuthorize + CanRefresh + CanIntrospect>(client: &Client<P>, checks: &mut Checks) -> Result<()> {
    let asked = json!([{"type": "payment", "amount": "12.00"}]);
    for pushed in [false, true] {
        let login = client.authorize().resource(OPAQUE).authorization_details(asked.clone());
        let login = if pushed { login.pushed() } else { login };
        let account = log_in_with(client, login).await?;
        let tokens = account.tokens();
        checks.require("the answer says what was granted", tokens.authorization_details().as_ref() == Some(&asked))?;
        let said = client.introspect(&tokens).await?;
        checks.require("so does introspection", said.member("authorization_details") == Some(&asked))?;
        let renewed = account.refresh().await?;
        let said = client.introspect(&renewed).await?;
        checks.require("a renewed token is for the same", said.member("authorization_details") == Some(&asked))?;
    }
    let too_much = json!([{"type": "payment", "amount": "1000.00"}]);
    let refused = log_in_with(client, client.authorize().resource(OPAQUE).authorization_details(too_much)).await;
    let refused = login_kind(refused) == Some(ErrorKind::AuthorizationRefused);
    checks.require("what nobody may ask for is refused", refused)
}
