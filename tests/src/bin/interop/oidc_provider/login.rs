//! The authorization code, and what comes with it: PKCE, the ID token, `UserInfo`, refresh, the issuer in the callback.

use oauth_core::{
    Browser as Binding, CanAuthorize, CanRefresh, Client, ErrorKind, ExposeSecret as _, HasProfile, PendingAttempt,
    SecretString,
};

use super::world::{REDIRECT, USER, World, kind, log_in, login_kind};
use crate::browser::Browser;
use crate::providers::oidc_provider::{OidcProvider, Scope};
use crate::providers::oidc_provider_post::OidcProviderPost;
use crate::table::{Checks, Result, Table};

pub(super) async fn run(world: &World, table: &mut Table) -> Result<()> {
    let issuer = world.issuer.as_str();
    let generated = OidcProvider::client("interop-web", &world.secret, issuer).redirect_uri(REDIRECT);
    let loaded = world.loaded("oidc-provider", "interop-web", &world.secret)?;
    let public = OidcProvider::public("interop-public", issuer).redirect_uri(REDIRECT);
    let post = OidcProviderPost::client("interop-post", &world.secret, issuer).redirect_uri(REDIRECT);

    for (row, way) in [("authorization code", Way::Code), ("PKCE", Way::Pkce), ("callback with `iss`", Way::Issuer)] {
        let mut checks = Checks::of(row);
        way.drive(&generated, &mut checks).await?;
        way.drive(&loaded, &mut checks).await?;
        table.row(row, checks);
    }
    let mut checks = Checks::of("client_secret_basic");
    let wrong = OidcProvider::client("interop-web", "wrong", issuer).redirect_uri(REDIRECT);
    let refused = login_kind(log_in(&wrong).await) == Some(ErrorKind::ClientRejected);
    checks.require("a wrong secret is told as such", refused)?;
    whole(&generated, &mut checks, table).await?;
    whole(&loaded, &mut checks, table).await?;
    table.row("client_secret_basic", checks);

    let mut checks = Checks::of("client_secret_post");
    let wrong = OidcProviderPost::client("interop-post", "wrong", issuer).redirect_uri(REDIRECT);
    let refused = login_kind(log_in(&wrong).await) == Some(ErrorKind::ClientRejected);
    checks.require("a wrong secret is told as such", refused)?;
    whole(&post, &mut checks, table).await?;
    whole(&world.loaded("oidc-provider-post", "interop-post", &world.secret)?, &mut checks, table).await?;
    table.row("client_secret_post", checks);

    let mut checks = Checks::of("public client");
    whole(&public, &mut checks, table).await?;
    table.row("public client", checks);

    let mut checks = Checks::of("scopes");
    let account = log_in(&generated.clone().scopes([Scope::Openid])).await?;
    checks.require("fewer scopes mean no refresh token", account.tokens().refresh_token().is_none())?;
    let account = log_in(&generated).await?;
    let all = ["openid", "profile", "email", "offline_access"];
    checks.require("all scopes are granted", account.tokens().scopes() == all)?;
    table.row("scopes", checks);
    Ok(())
}

/// A login, the user's facts, and two refreshes, by whatever the client proves itself with.
pub(super) async fn whole<P: CanAuthorize + CanRefresh + HasProfile>(
    client: &Client<P>,
    checks: &mut Checks,
    table: &mut Table,
) -> Result<()> {
    let account = log_in(client).await?;
    let first = account.tokens();
    checks.require("the code gives tokens", first.refresh_token().is_some() && first.expires_at().is_some())?;

    let mut own = Checks::of("ID token");
    let identity = first.identity().ok_or("the ID token was not verified")?;
    own.require("it is of the issuer, for this user", identity.subject() == USER)?;
    let second = account.refresh().await?;
    let renewed = second.identity().ok_or("the renewed ID token was not verified")?;
    own.require("the renewed one says the same", renewed.subject() == USER && renewed.issuer() == identity.issuer())?;
    table.row("ID token", own);

    let mut own = Checks::of("UserInfo");
    own.require("it is the user's, with the new token", account.profile().await?.subject == USER)?;
    table.row("UserInfo", own);

    let mut own = Checks::of("refresh with rotation");
    let changed = |one: Option<&SecretString>, other: Option<&SecretString>| match (one, other) {
        (Some(one), Some(other)) => one.expose_secret() != other.expose_secret(),
        _ => false,
    };
    own.require("the refresh token is another", changed(first.refresh_token(), second.refresh_token()))?;
    own.require("the access token is another", changed(Some(first.access_token()), Some(second.access_token())))?;
    let error = client.refresh(&first).await.err().ok_or("a used refresh token was taken")?;
    own.require("a used one is refused", error.kind() == ErrorKind::GrantRejected && error.needs_reauth())?;
    table.row("refresh with rotation", own);
    Ok(())
}

/// What is seen at the callback.
enum Way {
    Code,
    Pkce,
    Issuer,
}

impl Way {
    async fn drive<P: CanAuthorize + HasProfile>(&self, client: &Client<P>, checks: &mut Checks) -> Result<()> {
        match self {
            Self::Code => code(client, checks).await,
            Self::Pkce => pkce(client, checks).await,
            Self::Issuer => issuer(client, checks).await,
        }
    }
}

async fn code<P: CanAuthorize + HasProfile>(client: &Client<P>, checks: &mut Checks) -> Result<()> {
    let me = log_in(client).await?.profile().await?;
    let seen = (me.subject.as_str(), me.name.as_deref(), me.email.as_deref(), me.email_verified);
    let expected = (USER, Some("Interop alice"), Some("alice@example.test"), Some(true));
    checks.require("a login gives the user's profile", seen == expected)?;
    let (url, pending, browser) = client.authorize().begin().await?.into_parts();
    let callback = Browser::new()?.refuse(url.as_str(), REDIRECT, USER).await?;
    let refused = kind(client.callback(callback, pending, browser).await);
    checks.require("a user who says no is told as such", refused == Some(ErrorKind::AccessDenied))
}

/// A code that is redeemed with the verifier of another attempt, as a thief of codes would have to.
pub(crate) async fn pkce<P: CanAuthorize>(client: &Client<P>, checks: &mut Checks) -> Result<()> {
    let (url, pending, browser) = client.authorize().begin().await?.into_parts();
    let (_, other, _) = client.authorize().begin().await?.into_parts();
    let callback = Browser::new()?.log_in(url.as_str(), REDIRECT, USER).await?;
    let forged = pending.expose_json().expose_secret().replace(&verifier(&pending)?, &verifier(&other)?);
    let forged = PendingAttempt::from_exposed_json(&forged.into())?;
    let refused = kind(client.callback(callback, forged, Binding::from(browser)).await);
    checks.require("a wrong verifier is refused", refused == Some(ErrorKind::GrantRejected))
}

fn verifier(attempt: &PendingAttempt) -> Result<String> {
    let json: serde_json::Value = serde_json::from_str(attempt.expose_json().expose_secret())?;
    Ok(json["verifier"].as_str().ok_or("PKCE is always on here")?.to_owned())
}

/// RFC 9207: the callback names the issuer, and one that names none or another is not of this login.
pub(crate) async fn issuer<P: CanAuthorize>(client: &Client<P>, checks: &mut Checks) -> Result<()> {
    for (what, other, expected) in [
        ("a callback without it is refused", None, ErrorKind::IssuerMissing),
        ("a callback of another issuer is refused", Some("http://127.0.0.1:1"), ErrorKind::IssuerMismatch),
    ] {
        let (url, pending, browser) = client.authorize().begin().await?.into_parts();
        let callback = url::Url::parse(&Browser::new()?.log_in(url.as_str(), REDIRECT, USER).await?)?;
        let mut forged = callback.clone();
        let kept = callback.query_pairs().filter(|(name, _)| name != "iss");
        forged.query_pairs_mut().clear().extend_pairs(kept).extend_pairs(other.map(|other| ("iss", other)));
        let refused = kind(client.callback(forged.as_str(), pending, browser).await);
        checks.require(what, forged != callback && refused == Some(expected))?;
    }
    Ok(())
}
