//! Answers that the server signs: callbacks, `UserInfo`, what it says of a token.

use oauth_core::{CanAuthorize, CanIntrospect, Client, ErrorKind, HasProfile};

use super::world::{REDIRECT, USER, World, kind};
use crate::browser::Browser;
use crate::providers::oidc_provider_answers::OidcProviderAnswers;
use crate::table::{Checks, Result, Table};

const ID: &str = "interop-jwt-answers";

pub(super) async fn run(world: &World, table: &mut Table) -> Result<()> {
    let mut rows = [Checks::of("JARM"), Checks::of("signed UserInfo"), Checks::of("introspection as JWT")];
    let issuer = world.issuer.as_str();
    let generated = OidcProviderAnswers::client(ID, &world.secret, issuer).redirect_uri(REDIRECT);
    drive(&generated, &mut rows).await?;
    drive(&world.loaded("oidc-provider-answers", ID, &world.secret)?, &mut rows).await?;
    // The server signs profiles for the one client, and not for the other.
    let plain = OidcProviderAnswers::client("interop-web", &world.secret, issuer).redirect_uri(REDIRECT);
    let account = log_in(&plain, &mut rows[0]).await?;
    rows[1].require("a plain profile is refused", kind(account.profile().await) == Some(ErrorKind::AnswerUnsigned))?;
    let [callbacks, profiles, introspection] = rows;
    table.row("JARM", callbacks);
    table.row("signed UserInfo", profiles);
    table.row("introspection as JWT", introspection);
    Ok(())
}

async fn log_in<P: CanAuthorize>(client: &Client<P>, checks: &mut Checks) -> Result<oauth_core::Account<P>> {
    let (url, pending, browser) = client.authorize().begin().await?.into_parts();
    let callback = Browser::new()?.log_in(url.as_str(), REDIRECT, USER).await?;
    checks.require("the callback is a JWT", callback.contains("?response=ey") && !callback.contains("code="))?;
    Ok(client.callback(callback, pending, browser).await?)
}

async fn drive<P>(client: &Client<P>, [callbacks, profiles, introspection]: &mut [Checks; 3]) -> Result<()>
where
    P: CanAuthorize + CanIntrospect + HasProfile,
{
    let account = log_in(client, callbacks).await?;
    let me = account.profile().await?;
    profiles.require("the profile is signed for this client", me.subject == USER && me.raw["aud"] == ID)?;
    let said = client.introspect(&account.tokens()).await?;
    introspection.require("the answer is about the token", said.is_active() && said.subject() == Some(USER))?;
    let (url, pending, browser) = client.authorize().param("prompt", "none").begin().await?.into_parts();
    let callback = Browser::new()?.log_in(url.as_str(), REDIRECT, USER).await?;
    let error = client.callback(callback, pending, browser).await.err().ok_or("nobody was logged in")?;
    let told = error.server().and_then(|server| server.code()) == Some("login_required");
    callbacks.require("a refusal is signed as well", told)?;
    let (url, pending, browser) = client.authorize().begin().await?.into_parts();
    let callback = Browser::new()?.log_in(url.as_str(), REDIRECT, USER).await?;
    let other = client.authorize().begin().await?.into_parts();
    let refused = kind(client.callback(&*callback, other.1, other.2).await);
    callbacks.require("an answer to another login is refused", refused == Some(ErrorKind::StateMismatch))?;
    let forged = forged(&callback);
    let refused = kind(client.callback(forged, pending, browser).await);
    callbacks.require("an altered answer is refused", refused == Some(ErrorKind::IdTokenSignature))
}

/// Its signature begins with another character.
fn forged(callback: &str) -> String {
    let at = callback.rfind('.').map_or(callback.len(), |dot| dot + 1);
    let (before, signature) = callback.split_at(at);
    let other = if signature.starts_with('A') { "B" } else { "A" };
    format!("{before}{other}{}", signature.get(1..).unwrap_or_default())
}
