//! The end of a session, in the browser: by the client, and told to others (OpenID Connect Front-Channel Logout 1.0).

use oauth_core::{
    Account, CanAuthorize, CanLogOut, Client, ErrorKind, ExposeSecret as _, HasIdTokens, Scopes, TokenSet,
};

use super::Server;
use crate::browser::Browser;
use crate::oidc_provider::world::{REDIRECT, kind};
use crate::table::{Checks, Result, Table};

const BYE: &str = "http://127.0.0.1:54321/bye";

pub(super) async fn run(server: &Server, table: &mut Table) -> Result<()> {
    // The server tells an app of the first session that the user has with it: each user has one.
    drive(&server.client("interop-web"), &server.client("interop-session"), "bob", table).await?;
    drive(&server.loaded("interop-web")?, &server.loaded("interop-session")?, "carol", table).await
}

async fn log_in<P: CanAuthorize>(client: &Client<P>, user: &str, browser: &mut Browser) -> Result<Account<P>> {
    let (url, pending, binding) = client.authorize().begin().await?.into_parts();
    let callback = browser.log_in(url.as_str(), REDIRECT, user).await?;
    Ok(client.callback(callback, pending, binding).await?)
}

/// Two apps in one browser; the user logs out in the second. The first wants to know of it without particulars, the second
/// with them.
async fn drive<P>(plain: &Client<P>, particular: &Client<P>, user: &str, table: &mut Table) -> Result<()>
where
    P: CanAuthorize + CanLogOut + HasIdTokens,
{
    let mut browser = Browser::new()?;
    let first = log_in(plain, user, &mut browser).await?.tokens();
    let second = log_in(particular, user, &mut browser).await?.tokens();

    let mut checks = Checks::of("RP-initiated logout");
    let logout = particular.log_out(&second).post_logout_redirect_uri(BYE).begin().await?;
    let (request, leaving) = logout.into_parts();
    let page = browser.finish(request.url().expose_secret(), user).await?;
    let back = attributes(&page, "href").into_iter().next().ok_or("no way back")?;
    checks.require("the browser comes back", back.starts_with(BYE))?;
    particular.logged_out(back.as_str(), &leaving)?;
    let silent = particular.authorize().scopes(Scopes::new().raw("openid")).param("prompt", "none");
    let (url, pending, binding) = silent.begin().await?.into_parts();
    let callback = browser.log_in(url.as_str(), REDIRECT, user).await?;
    checks.require("nobody is logged in any more", callback.contains("error=login_required"))?;
    table.row("RP-initiated logout", checks);

    // Its answers name the issuer (RFC 9207), and its refusals do not: they are no answers of its.
    let mut checks = Checks::of("callback with `iss`");
    let refused = kind(particular.callback(callback, pending, binding).await);
    checks.require("a refusal without it is refused itself", refused == Some(ErrorKind::IssuerMissing))?;
    table.row("callback with `iss`", checks);

    let mut checks = Checks::of("front-channel logout");
    let elsewhere = log_in(particular, user, &mut Browser::new()?).await?.tokens();
    let frames = attributes(&page, "src");
    let one = frames.iter().find(|frame| frame.contains("app=1")).ok_or("the second app is not told")?;
    let told = particular.front_channel_logout(one.as_str())?;
    checks.require("it names issuer and session", told.issuer().is_some() && told.session_id().is_some())?;
    checks.require("the session of this login ends", told.ends(own(&second)?))?;
    checks.require("that of another browser does not", !told.ends(own(&elsewhere)?))?;
    checks.require("nor that of the other app", !told.ends(own(&first)?))?;
    let forged = one.replace("iss=http", "iss=https");
    let refused = kind(particular.front_channel_logout(forged.as_str()));
    checks.require("another issuer is refused", refused == Some(ErrorKind::IdTokenIssuer))?;

    let other = frames.iter().find(|frame| !frame.contains("app=1")).ok_or("the first app is not told")?;
    let told = plain.front_channel_logout(other.as_str())?;
    checks.require("without particulars it names no session", told.session_id().is_none())?;
    checks.require("and ends this browser's with the provider", told.ends(own(&first)?))?;
    table.row("front-channel logout", checks);
    Ok(())
}

fn own(tokens: &TokenSet) -> Result<&oauth_core::IdToken> {
    Ok(tokens.identity().ok_or("the ID token was not verified")?)
}

/// The values of all attributes of that name in a page.
fn attributes(page: &str, name: &str) -> Vec<String> {
    let start = format!("{name}=\"");
    let values = page.split(&start).skip(1).filter_map(|rest| rest.split('"').next());
    values.map(|value| value.replace("&amp;", "&")).collect()
}
