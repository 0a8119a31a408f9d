//! A login by code with PKCE, what its tokens are good for, and their renewal.

use oauth_core::{CanAuthorize, CanRefresh, Client, ErrorKind, ExposeSecret as _, HasApi, HasProfile, SecretString};

use crate::oidc_provider::login::pkce;
use crate::oidc_provider::world::{kind, log_in, variable};
use crate::table::{Checks, Result, Table};

/// Drives one client through it; each is another way to say who is asking.
pub(super) async fn run<P>(table: &mut Table, name: &str, client: &Client<P>) -> Result<()>
where
    P: CanAuthorize + CanRefresh + HasProfile + HasApi,
{
    let mut checks = Checks::of(&format!("{name}: code"));
    let account = log_in(client).await?;
    let first = account.tokens();
    checks.require("a code gives tokens", first.refresh_token().is_some() && first.expires_at().is_some())?;
    checks.require("all scopes are granted", first.scopes() == ["openid", "profile", "email", "read"])?;
    let answer = account.get("/read/").send().await?.error_for_status().await?;
    checks.require("an API takes the token", answer.json::<serde_json::Value>().await?["user"] == "alice")?;
    table.row("authorization code", checks);

    let mut checks = Checks::of(&format!("{name}: OpenID Connect"));
    let identity = first.identity().ok_or("the ID token was not verified")?;
    checks.require("the ID token is the issuer's", identity.issuer() == variable("INTEROP_ISSUER")?)?;
    checks
        .require("it has the claims of its scopes", identity.text("email").as_deref() == Some("alice@example.test"))?;
    table.row("ID token", checks);

    let mut checks = Checks::of(&format!("{name}: UserInfo"));
    let me = account.profile().await?;
    let told = (me.username.as_deref(), me.name.as_deref(), me.email.as_deref(), me.email_verified);
    let expected = (Some("alice"), Some("Interop Alice"), Some("alice@example.test"), Some(true));
    checks.require("it is the user's", told == expected && me.subject == identity.subject())?;
    table.row("UserInfo", checks);

    // Another login of the user: the toolkit writes its time into the ID tokens of the first one as well.
    let mut checks = Checks::of(&format!("{name}: PKCE"));
    pkce(client, &mut checks).await?;
    table.row("PKCE", checks);

    let mut checks = Checks::of(&format!("{name}: refresh"));
    let second = account.refresh().await?;
    checks.require("it rotates the refresh token", changed(first.refresh_token(), second.refresh_token()))?;
    checks.require("it renews the access token", changed(Some(first.access_token()), Some(second.access_token())))?;
    checks.require("the new token is taken", account.get("/read/").send().await?.status().is_success())?;
    let refused = kind(client.refresh(&first).await);
    checks.require("a used refresh token is refused", refused == Some(ErrorKind::GrantRejected))?;
    let refused = kind(client.refresh(&second).await);
    checks.require("its use has ended the newer one", refused == Some(ErrorKind::GrantRejected))?;
    table.row("refresh with rotation", checks);
    Ok(())
}

fn changed(one: Option<&SecretString>, other: Option<&SecretString>) -> bool {
    matches!((one, other), (Some(one), Some(other)) if one.expose_secret() != other.expose_secret())
}
