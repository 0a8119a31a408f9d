//! Tokens that are bound to a key (RFC 9449), with nonces of the authorization server and of the API, which is another
//! origin.

use std::sync::Arc;

use oauth_core::{
    Account, CanAuthorize, CanIntrospect, CanRefresh, CanRevoke, CanUseBackchannel, CanUseClientCredentials,
    CanUseDevice, Client, ClientAuth, ErrorKind, ExposeSecret as _, HasApi, HasProfile, TokenSet,
};

use serde_json::Value;

use super::ciba::approved;
use super::device::finished;
use super::world::{REDIRECT, USER, World, get, kind, log_in, login_kind};
use crate::providers::oidc_provider::OidcProvider;
use crate::providers::oidc_provider_dpop::OidcProviderDpop;
use crate::table::{Checks, Result, Table};
use crate::wire::{Exchange, Wire};

pub(super) async fn run(world: &World, table: &mut Table) -> Result<()> {
    let (issuer, api) = (world.issuer.as_str(), world.api.as_str());
    let mut checks = Checks::of("DPoP");
    let generated = OidcProviderDpop::client("interop-dpop", &world.secret, issuer, api).redirect_uri(REDIRECT);
    drive(world, &generated, &mut checks).await?;
    drive(world, &world.loaded("oidc-provider-dpop", "interop-dpop", &world.secret)?, &mut checks).await?;
    let public = world.loaded("oidc-provider-dpop", "interop-dpop-public", ClientAuth::none())?;
    drive(world, &public, &mut checks).await?;
    let plain = OidcProvider::client("interop-dpop", &world.secret, issuer).redirect_uri(REDIRECT);
    let refused = login_kind(log_in(&plain).await);
    checks.require("a client without proofs gets no token", refused == Some(ErrorKind::GrantRejected))?;
    let machine = OidcProviderDpop::client("interop-dpop-machine", &world.secret, issuer, api);
    own(&machine, &mut checks).await?;
    own(&world.loaded("oidc-provider-dpop", "interop-dpop-machine", &world.secret)?, &mut checks).await?;
    table.row("DPoP with nonces", checks);
    polled(world, &generated, table).await?;
    polled(world, &world.loaded("oidc-provider-dpop", "interop-dpop", &world.secret)?, table).await
}

async fn drive<P>(world: &World, client: &Client<P>, checks: &mut Checks) -> Result<()>
where
    P: CanAuthorize + CanRefresh + CanIntrospect + CanRevoke + HasProfile + HasApi,
{
    let wire = Wire::new()?;
    let client = client.clone().http_client(Arc::new(wire.clone()));
    let account = log_in(&client).await?;
    let first = account.tokens();
    checks.require("the token is bound", first.is_bound() && first.token_type() == Some("DPoP"))?;
    demanded(&to(&wire.take(), &world.issuer, "/token"), 400, checks)?;

    checks.require("the API takes it", account.profile().await?.subject == USER)?;
    demanded(&to(&wire.take(), &world.api, "/me"), 401, checks)?;
    checks.require("the nonce is used again", account.profile().await?.subject == USER)?;
    let seen = to(&wire.take(), &world.api, "/me");
    checks.require("and nothing is asked twice", seen.len() == 1 && seen[0].status == 200)?;

    let me = format!("{}/me", world.api);
    let token = first.access_token().expose_secret();
    let bare = get(&me, &format!("Bearer {token}")).await?;
    checks.require("as a Bearer token it is refused", bare == 401)?;
    let bare = get(&me, &format!("DPoP {token}")).await?;
    checks.require("without a proof it is refused", bare == 400)?;

    let said = client.introspect(&first).await?;
    let bound = said.token_type() == Some("DPoP") && said.member("cnf").is_some_and(|cnf| cnf["jkt"].is_string());
    checks.require("the server says which key it is bound to", bound)?;

    // Another login has another key: its account has this token, and not its key.
    let other = log_in(&client).await?.tokens();
    let json = |tokens: &TokenSet| serde_json::from_str::<Value>(tokens.expose_json().expose_secret());
    let mut stolen = json(&first)?;
    stolen["refresh_token"] = Value::Null;
    stolen["dpop_key"] = json(&other)?["dpop_key"].clone();
    let stolen = client.account(TokenSet::from_exposed_json(&stolen.to_string().into())?);
    let refused = kind(stolen.profile().await);
    checks.require("with another key it is refused", refused == Some(ErrorKind::Unauthorized))?;

    let second = account.refresh().await?;
    checks.require("a renewed token is bound to the same key", {
        let said = client.introspect(&second).await?;
        said.member("cnf") == client.introspect(&first).await?.member("cnf") || !said.is_active()
    })?;
    checks.require("the API takes it, too", account.profile().await?.subject == USER)?;
    client.revoke(&second).await?;
    checks.require("it is revoked as any other", !client.introspect(&second).await?.is_active())
}

/// The key is that of the login, however often it is asked for.
async fn polled<P>(world: &World, client: &Client<P>, table: &mut Table) -> Result<()>
where
    P: CanUseDevice + CanUseBackchannel + CanRefresh + CanIntrospect + HasProfile,
{
    let mut checks = Checks::of("device with DPoP");
    tied(client, &finished(client).await?, &mut checks).await?;
    table.row("device with DPoP", checks);
    let mut checks = Checks::of("CIBA with DPoP");
    tied(client, &approved(world, client, "DPOP-1").await?, &mut checks).await?;
    table.row("CIBA with DPoP", checks);
    Ok(())
}

async fn tied<P>(client: &Client<P>, account: &Account<P>, checks: &mut Checks) -> Result<()>
where
    P: CanIntrospect + CanRefresh + HasProfile,
{
    let key = async |tokens: &TokenSet| -> Result<Option<Value>> {
        let said = client.introspect(tokens).await?;
        Ok(said.member("cnf").filter(|_| said.is_active()).map(|cnf| cnf["jkt"].clone()))
    };
    let tokens = account.tokens();
    let first = key(&tokens).await?;
    checks.require("the token is bound", tokens.is_bound() && first.as_ref().is_some_and(Value::is_string))?;
    checks.require("the API takes it", account.profile().await?.subject == USER)?;
    let renewed = account.refresh().await?;
    checks.require("a renewed one is bound to the same key", renewed.is_bound() && key(&renewed).await? == first)?;
    checks.require("the API takes it, too", account.profile().await?.subject == USER)
}

/// The client's own token.
async fn own<P: CanUseClientCredentials + CanIntrospect>(client: &Client<P>, checks: &mut Checks) -> Result<()> {
    let tokens = client.client_credentials().tokens().await?;
    let said = client.introspect(&tokens).await?;
    checks.require("a token of the client's own is bound", tokens.is_bound() && said.token_type() == Some("DPoP"))
}

/// The requests to one endpoint.
fn to(seen: &[Exchange], origin: &str, path: &str) -> Vec<Exchange> {
    let address = format!("{origin}{path}");
    seen.iter().filter(|exchange| exchange.address == address).cloned().collect()
}

/// The server refused the first proof, because it had none of its nonces, and took one that had the one it gave.
fn demanded(seen: &[Exchange], status: u16, checks: &mut Checks) -> Result<()> {
    let [first, second] = seen else { return Err(format!("{} requests in the place of two", seen.len()).into()) };
    let demands = first.status == status && first.given_nonce.is_some() && first.used_nonce().is_none();
    let demands = demands && (status != 401 || first.challenge.contains("use_dpop_nonce"));
    checks.require("the server demanded its nonce", demands)?;
    let taken = second.status == 200 && second.used_nonce() == first.given_nonce.as_deref();
    checks.require("a proof with it was taken", taken)?;
    let id = |exchange: &Exchange| exchange.proof.as_ref().map(|proof| proof["jti"].clone());
    checks.require("that proof was another one", id(first) != id(second))
}
