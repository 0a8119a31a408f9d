//! Logins that the client initiates and the user approves on a device of their own (OpenID Connect CIBA, by polling).

use std::sync::Arc;
use std::time::Duration;

use oauth_core::{
    Account, CanIntrospect, CanRefresh, CanUseBackchannel, Client, ClientAuth, Clock as _, DevicePoll, ErrorKind,
    HasProfile, SystemClock, TokenSet, UserHint,
};

use super::world::{USER, World, code, kind};
use crate::clock::ByHand;
use crate::providers::oidc_provider_ciba::OidcProviderCiba;
use crate::table::{Checks, Result, Table};
use crate::wire::Wire;

pub(super) async fn run(world: &World, table: &mut Table) -> Result<()> {
    let issuer = world.issuer.as_str();
    let mut checks = Checks::of("CIBA");
    let generated = OidcProviderCiba::client("interop-ciba", &world.secret, issuer);
    drive(world, &generated, &mut checks).await?;
    drive(world, &world.loaded("oidc-provider-ciba", "interop-ciba", &world.secret)?, &mut checks).await?;
    checks.require("who waits gets it, too", {
        let login = generated.backchannel(UserHint::login(USER)).binding_message("WAIT-1").begin().await?;
        let (account, _) = tokio::join!(login.account(), world.answer("yes", "WAIT-1"));
        account?.profile().await?.subject == USER
    })?;
    let wrong = OidcProviderCiba::client("interop-ciba", "wrong", issuer);
    let refused = kind(wrong.backchannel(UserHint::login(USER)).begin().await);
    checks.require("a wrong secret is told as such", refused == Some(ErrorKind::ClientRejected))?;
    let other = OidcProviderCiba::client("interop-web", &world.secret, issuer);
    let told = code(other.backchannel(UserHint::login(USER)).begin().await);
    checks.require("a client that may not is refused", told.as_deref() == Some("invalid_request"))?;
    let keyed =
        world.loaded("oidc-provider-ciba-key", "interop-ciba-jwt", ClientAuth::private_key(world.key.clone()))?;
    drive(world, &keyed, &mut checks).await?;
    table.row("CIBA", checks);
    Ok(())
}

/// A user who says yes.
pub(super) async fn approved<P: CanUseBackchannel>(
    world: &World,
    client: &Client<P>,
    message: &str,
) -> Result<Account<P>> {
    let mut login = client.backchannel(UserHint::login(USER)).binding_message(message).begin().await?;
    world.answer("yes", message).await?;
    Ok(login.ask().await?.ok_or("the user has agreed")?)
}

async fn drive<P>(world: &World, client: &Client<P>, checks: &mut Checks) -> Result<()>
where
    P: CanUseBackchannel + CanRefresh + CanIntrospect + HasProfile,
{
    let tokens = yes(world, client, checks).await?;
    refusals(world, client, &tokens, checks).await?;
    hints(world, client, &tokens, checks).await?;
    ended(client, checks).await
}

/// From the request to tokens, and what they are good for.
async fn yes<P>(world: &World, client: &Client<P>, checks: &mut Checks) -> Result<TokenSet>
where
    P: CanUseBackchannel + CanRefresh + CanIntrospect + HasProfile,
{
    let before = SystemClock.now() - Duration::from_secs(2);
    let request = client.backchannel(UserHint::login(USER)).binding_message("W4SCT");
    let mut login = request.acr_values(["urn:interop:key", "urn:interop:password"]).begin().await?;
    // The server names no interval: it is five seconds (section 7.3), which nobody has to wait for.
    checks.require("the client waits at first", matches!(login.poll(), DevicePoll::Wait(_)))?;
    checks.require("nothing comes before the user has agreed", login.ask().await?.is_none())?;
    world.answer("yes", "W4SCT").await?;
    let account = login.ask().await?.ok_or("the user has agreed")?;
    let tokens = account.tokens();
    let identity = tokens.identity().ok_or("the ID token was not verified")?;
    checks.require("then it is the user's login", identity.subject() == USER && identity.issuer() == world.issuer)?;
    checks.require("of the way that was wished for", identity.acr() == Some("urn:interop:key"))?;
    checks.require("at that time", identity.auth_time().is_some_and(|time| time >= before))?;
    let again = kind(login.ask().await);
    checks.require("after the answer nothing is asked", again == Some(ErrorKind::AttemptExpired))?;
    let said = client.introspect(&tokens).await?;
    checks
        .require("the token is active, for this client", said.is_active() && said.was_issued_to(client.client_id()))?;
    let renewed = account.refresh().await?;
    let identity = renewed.identity().ok_or("the renewed ID token was not verified")?;
    checks.require("it is renewed as any other", renewed.refresh_token().is_some() && identity.subject() == USER)?;
    checks.require("the profile is the user's", account.profile().await?.subject == USER)?;
    Ok(TokenSet::clone(&tokens))
}

/// What users and the server say no to, in the standard's words (sections 11 and 13).
async fn refusals<P>(world: &World, client: &Client<P>, tokens: &TokenSet, checks: &mut Checks) -> Result<()>
where
    P: CanUseBackchannel,
{
    let mut login = client.backchannel(UserHint::login(USER)).binding_message("NO-1").begin().await?;
    world.answer("no", "NO-1").await?;
    let refused = kind(login.ask().await);
    checks.require("a user who says no is told as such", refused == Some(ErrorKind::AccessDenied))?;
    let again = kind(login.ask().await);
    checks.require("which is the last word", again == Some(ErrorKind::AttemptExpired))?;

    let told = code(client.backchannel(UserHint::login("nobody")).begin().await);
    checks.require("a user that nobody knows is told as such", told.as_deref() == Some("unknown_user_id"))?;
    let long = client.backchannel(UserHint::login(USER)).binding_message("a message that is far too long");
    let told = code(long.begin().await);
    checks.require("so is a message that no device shows", told.as_deref() == Some("invalid_binding_message"))?;
    let told = code(client.backchannel(UserHint::login("careful")).begin().await);
    checks.require("so is a missing code of the user's", told.as_deref() == Some("missing_user_code"))?;
    let told = code(client.backchannel(UserHint::login("careful")).user_code("0815").begin().await);
    checks.require("and a wrong one", told.as_deref() == Some("invalid_user_code"))?;
    let right = client.backchannel(UserHint::login("careful")).user_code("4711").begin().await;
    checks.require("and the right one is taken", right.is_ok())?;
    let scope = client.backchannel(UserHint::login(USER)).param("scope", "openid").begin().await;
    checks.require("nothing replaces the protocol's own", kind(scope) == Some(ErrorKind::ReservedParameter))?;
    checks.require("there is an ID token to hint with", tokens.id_token().is_some())
}

/// Who the user is can be said in three ways, one at a time (section 7.1).
async fn hints<P>(world: &World, client: &Client<P>, tokens: &TokenSet, checks: &mut Checks) -> Result<()>
where
    P: CanUseBackchannel,
{
    let ways = [("HINT-1", UserHint::of(tokens), USER), ("HINT-2", UserHint::token("user:bob"), "bob")];
    for (message, hint, user) in ways {
        let wire = Wire::new()?;
        let own = client.clone().http_client(Arc::new(wire.clone()));
        let mut login = own.backchannel(hint).binding_message(message).begin().await?;
        let sent = wire.take();
        let names = ["login_hint", "login_hint_token", "id_token_hint"];
        let hints = sent.iter().map(|seen| names.iter().map(|name| seen.sent(name).len()).sum::<usize>());
        checks.require("a request has one hint", hints.sum::<usize>() == 1)?;
        world.answer("yes", message).await?;
        let account = login.ask().await?.ok_or("the user has agreed")?;
        let tokens = account.tokens();
        let identity = tokens.identity().ok_or("the ID token was not verified")?;
        checks.require("and leads to that user", identity.subject() == user)?;
    }
    Ok(())
}

/// By a clock that is behind it is the server that says when a request has ended.
async fn ended<P: CanUseBackchannel>(client: &Client<P>, checks: &mut Checks) -> Result<()> {
    // Longer than the interval, before whose end nothing is asked.
    let life = Duration::from_secs(7);
    let (wire, clock) = (Wire::new()?, ByHand::now());
    let now = clock.now();
    let behind = client.clone().http_client(Arc::new(wire.clone())).clock(clock.clone());
    let request = |client: &Client<P>| client.backchannel(UserHint::login(USER)).requested_expiry(life);
    let mut own = request(client).binding_message("END-1").begin().await?;
    let mut servers = request(&behind).binding_message("END-2").begin().await?;
    checks.require("the server grants the lifetime that was asked for", servers.expires_at() == now + life)?;
    tokio::time::sleep(life + Duration::from_secs(1)).await;
    clock.advance(Duration::from_secs(6));
    checks.require("a request that has ended is not asked for", own.poll() == DevicePoll::Over)?;
    checks.require("which is told as such", kind(own.ask().await) == Some(ErrorKind::AttemptExpired))?;
    wire.take();
    checks.require("by the other clock it goes on", servers.poll() != DevicePoll::Over)?;
    let told = kind(servers.ask().await);
    let [seen] = &wire.take()[..] else { return Err("one request in the place of others".into()) };
    checks.require("until the server says so", seen.status == 400 && told == Some(ErrorKind::AttemptExpired))
}
