//! What happens to tokens and sessions after the login: introspection, revocation, logout.

use oauth_core::{
    Account, CanAuthorize, CanIntrospect, CanLogOut, CanRefresh, CanRevoke, Client, ErrorKind, ExposeSecret as _,
};

use crate::browser::Browser;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

const BYE: &str = "http://127.0.0.1:54321/bye";

/// Drives all three, and gives the capabilities that were driven.
pub(crate) async fn run<P>(client: &Client<P>, redirect_uri: &str) -> Result<&'static [&'static str]>
where
    P: CanAuthorize + CanRefresh + CanIntrospect + CanRevoke + CanLogOut,
{
    println!("after the login:");
    let mut browser = Browser::new()?;
    let (url, pending, binding) = client.authorize().begin().await?.into_parts();
    let callback = browser.log_in(url.as_str(), redirect_uri, "alice").await?;
    let account: Account<P> = client.callback(callback, pending, binding).await?;
    let tokens = account.tokens();

    let said = client.introspect(&tokens).await?;
    require("a token that counts is active", said.is_active() && said.was_issued_to(client.client_id()))?;
    require("it says whose it is and when it ends", said.subject() == Some("alice") && said.expires_at().is_some())?;
    let refresh = tokens.refresh_token().ok_or("a refresh token")?;
    require("so is a refresh token", client.introspect_token(refresh).await?.is_active())?;
    require("what is made up is not", !client.introspect_token(&"made-up".to_owned().into()).await?.is_active())?;

    client.revoke(&tokens).await?;
    require("a revoked token is not active", !client.introspect(&tokens).await?.is_active())?;
    let error = client.refresh(&tokens).await.err().ok_or("a revoked refresh token was taken")?;
    require("a revoked refresh token renews nothing", error.kind() == ErrorKind::GrantRejected)?;
    client.revoke(&tokens).await?;

    let logout = client.log_out(&tokens).post_logout_redirect_uri(BYE).begin().await?;
    let (request, pending) = logout.into_parts();
    let back = browser.log_out(request.url().expose_secret(), BYE).await?;
    client.logged_out(back.as_str(), &pending)?;
    require("the browser comes back with the state", back.starts_with(BYE))?;
    Ok(&["introspection", "revocation", "RP-initiated logout"])
}

fn require(row: &str, holds: bool) -> Result<()> {
    println!("  {} {row}", if holds { "ok  " } else { "FAIL" });
    if holds { Ok(()) } else { Err(row.into()) }
}
