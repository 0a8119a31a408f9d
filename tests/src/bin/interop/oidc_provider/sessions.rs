//! What the server remembers of the user: logins that ask nothing (`prompt=none`), and those that an API wants anew
//! (RFC 9470).

use std::time::{Duration, SystemTime};

use http::header::{HeaderMap, HeaderValue, WWW_AUTHENTICATE};
use oauth_core::{Account, Authorize, CanAuthorize, Client, Error, ErrorKind, HasProfile, IdToken};

use super::world::{REDIRECT, USER, World};
use crate::browser::Browser;
use crate::providers::oidc_provider::OidcProvider;
use crate::table::{Checks, Result, Table};

const APP: &str = "https://app.example.test/callback";
const AWHILE: Duration = Duration::from_secs(2);

pub(super) async fn run(world: &World, table: &mut Table) -> Result<()> {
    let issuer = world.issuer.as_str();
    let generated = OidcProvider::client("interop-web", &world.secret, issuer).redirect_uri(REDIRECT);
    let loaded = world.loaded("oidc-provider", "interop-web", &world.secret)?;
    let mut checks = Checks::of("prompt=none");
    silent(&generated, &mut checks).await?;
    silent(&loaded, &mut checks).await?;
    // The server asks users of native apps each time (RFC 8252 section 8.6), and those of others once.
    remembered(&OidcProvider::client("interop-web-app", &world.secret, issuer).redirect_uri(APP), &mut checks).await?;
    remembered(&world.loaded("oidc-provider", "interop-web-app", &world.secret)?.redirect_uri(APP), &mut checks)
        .await?;
    table.row("prompt=none", checks);

    let mut checks = Checks::of("step-up");
    step_up(world, &generated, &mut checks).await?;
    step_up(world, &loaded, &mut checks).await?;
    table.row("step-up", checks);
    Ok(())
}

/// A login in this browser.
async fn log_in<P: CanAuthorize>(client: &Client<P>, login: Authorize<P>, browser: &mut Browser) -> Result<Account<P>> {
    let (url, pending, binding) = login.begin().await?.into_parts();
    let until = if client.client_id() == "interop-web-app" { APP } else { REDIRECT };
    let callback = browser.log_in(url.as_str(), until, USER).await?;
    Ok(client.callback(callback, pending, binding).await?)
}

/// What the provider refused a login with, in its own word.
fn refusal<T>(result: Result<T>) -> Option<String> {
    let error = result.err()?.downcast::<Error>().ok()?;
    let told = error.server().and_then(|server| server.code()).map(str::to_owned);
    told.filter(|_| error.kind() == ErrorKind::AuthorizationRefused)
}

async fn silent<P: CanAuthorize>(client: &Client<P>, checks: &mut Checks) -> Result<()> {
    let mut browser = Browser::new()?;
    let none = || client.authorize().param("prompt", "none");
    let told = refusal(log_in(client, none(), &mut browser).await);
    checks.require("nobody is logged in: login_required", told.as_deref() == Some("login_required"))?;
    log_in(client, client.authorize(), &mut browser).await?;
    let told = refusal(log_in(client, none(), &mut browser).await);
    checks.require("the user has to be asked: interaction_required", told.as_deref() == Some("interaction_required"))
}

async fn remembered<P: CanAuthorize + HasProfile>(client: &Client<P>, checks: &mut Checks) -> Result<()> {
    let mut browser = Browser::new()?;
    let none = || client.authorize().param("prompt", "none");
    let told = refusal(log_in(client, none(), &mut browser).await);
    checks.require("nobody is logged in: login_required", told.as_deref() == Some("login_required"))?;
    log_in(client, client.authorize(), &mut browser).await?;
    let account = log_in(client, none(), &mut browser).await?;
    checks.require("who has agreed before is logged in without a page", account.profile().await?.subject == USER)?;
    tokio::time::sleep(AWHILE).await;
    let told = refusal(log_in(client, none().param("max_age", "1"), &mut browser).await);
    checks.require("a login that is too old is none", told.as_deref() == Some("login_required"))
}

/// The API's challenge is ours; the login that it leads to is the server's.
async fn step_up<P: CanAuthorize>(world: &World, client: &Client<P>, checks: &mut Checks) -> Result<()> {
    let mut browser = Browser::new()?;
    let recent = || client.authorize().param("max_age", "3600");
    let account = log_in(client, recent(), &mut browser).await?;
    let first = time(&account)?;
    tokio::time::sleep(AWHILE).await;
    let again = log_in(client, recent(), &mut browser).await?;
    checks.require("a session's login has its own time", time(&again)? == first)?;

    let (mut request, ()) = http::Request::get(format!("{}/me", world.issuer)).body(())?.into_parts();
    let applied = account.apply(&mut request).await?;
    let challenge = r#"Bearer error="insufficient_user_authentication", acr_values="urn:interop:key", max_age="1""#;
    let headers = HeaderMap::from_iter([(WWW_AUTHENTICATE, HeaderValue::from_static(challenge))]);
    let error = account.refused(&applied, http::StatusCode::UNAUTHORIZED, &headers).await.err();
    let error = error.ok_or("the challenge was not read")?;
    checks.require("an API wants another login", error.kind() == ErrorKind::StepUpRequired)?;
    let silent = client.authorize().step_up(&error).param("prompt", "none");
    let told = refusal(log_in(client, silent, &mut browser).await);
    checks.require("which the session is not", told.as_deref() == Some("login_required"))?;
    let stronger = log_in(client, client.authorize().step_up(&error), &mut browser).await?;
    checks.require("the user logs in anew", time(&stronger)? >= first + AWHILE)?;
    let tokens = stronger.tokens();
    let class = tokens.identity().and_then(|identity| identity.acr());
    checks.require("in the way that was wanted", class == Some("urn:interop:key"))?;

    let held = log_in(client, client.authorize().require_acr(["urn:interop:key"]), &mut browser).await?;
    checks.require("which the session is from now on", held.tokens().identity().is_some())?;
    let other = log_in(client, client.authorize().require_acr(["urn:interop:unknown"]), &mut browser).await;
    let refused = other.err().and_then(|error| error.downcast::<Error>().ok()).map(|error| error.kind());
    checks.require("a way that the server does not have is refused", refused == Some(ErrorKind::IdTokenAcr))
}

/// When the user logged in.
fn time<P: CanAuthorize>(account: &Account<P>) -> Result<SystemTime> {
    let tokens = account.tokens();
    Ok(tokens.identity().and_then(IdToken::auth_time).ok_or("the ID token has no `auth_time`")?)
}
