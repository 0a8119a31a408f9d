//! Tokens of the client's own.

use oauth_core::{
    CanIntrospect, CanRefresh, CanRevoke, CanUseClientCredentials, Client, ClientAuth, ErrorKind, ExposeSecret as _,
    Scopes,
};
use serde_json::{Value, json};

use super::world::{World, kind};
use crate::providers::oidc_provider_key::OidcProviderKey;
use crate::providers::oidc_provider_machine::OidcProviderMachine;
use crate::table::{Checks, Result, Table};

pub(super) async fn run(world: &World, table: &mut Table) -> Result<()> {
    let issuer = world.issuer.as_str();
    let mut checks = Checks::of("client credentials");
    drive(&OidcProviderMachine::client("interop-machine", &world.secret, issuer), &mut checks).await?;
    let loaded = world.loaded("oidc-provider-machine", "interop-machine", &world.secret)?;
    drive(&loaded, &mut checks).await?;
    details(&OidcProviderMachine::client("interop-machine", &world.secret, issuer), &mut checks).await?;
    details(&loaded, &mut checks).await?;
    let wrong = OidcProviderMachine::client("interop-machine", "wrong", issuer);
    let refused = kind(wrong.client_credentials().tokens().await);
    checks.require("a wrong secret is told as such", refused == Some(ErrorKind::ClientRejected))?;

    let keyed = OidcProviderKey::client("interop-key-machine", ClientAuth::private_key(world.key.clone()), issuer);
    drive(&keyed, &mut checks).await?;
    table.row("client credentials", checks);
    Ok(())
}

async fn drive<P>(client: &Client<P>, checks: &mut Checks) -> Result<()>
where
    P: CanUseClientCredentials + CanRefresh + CanIntrospect + CanRevoke,
{
    let account = client.client_credentials().account().await?;
    let first = account.tokens();
    checks.require("a token comes, and ends", first.expires_at().is_some() && first.refresh_token().is_none())?;
    let said = client.introspect(&first).await?;
    checks.require("it is the client's", said.was_issued_to(client.client_id()) && said.subject().is_none())?;
    let second = account.refresh().await?;
    let changed = first.access_token().expose_secret() != second.access_token().expose_secret();
    checks.require("to renew it is to ask again", changed && client.introspect(&second).await?.is_active())?;
    client.revoke(&second).await?;
    checks.require("a revoked one is not active", !client.introspect(&second).await?.is_active())?;

    let api = "https://api.example.test/opaque";
    let asked = client.client_credentials().scopes(Scopes::new().raw("api:read")).param("resource", api);
    let tokens = asked.tokens().await?;
    let said = client.introspect(&tokens).await?;
    checks.require("it is for the scope and the resource", said.is_meant_for(api) && said.scopes() == ["api:read"])
}

/// RFC 9396 section 7: what the client may do, in detail.
async fn details<P: CanUseClientCredentials + CanIntrospect>(client: &Client<P>, checks: &mut Checks) -> Result<()> {
    let asked = json!([{"type": "payment", "amount": "12.00"}]);
    let ask = |details: &Value| {
        let asked = client.client_credentials().param("authorization_details", details.to_string());
        asked.param("resource", "https://api.example.test/opaque")
    };
    let tokens = ask(&asked).tokens().await?;
    checks.require("the answer says what was granted", tokens.authorization_details().as_ref() == Some(&asked))?;
    let said = client.introspect(&tokens).await?;
    checks.require("so does introspection", said.member("authorization_details") == Some(&asked))?;
    let error = ask(&json!([{"type": "payment", "amount": "1000.00"}])).tokens().await.err();
    let told = error.as_ref().and_then(|error| error.server()?.code());
    checks.require("what nobody may ask for is refused", told == Some("invalid_authorization_details"))
}
