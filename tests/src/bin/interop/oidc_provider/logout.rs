//! The end of a session: by the client (RP-initiated), and told to the client (back-channel).

use std::time::Duration;

use oauth_core::{
    Account, CanAuthorize, CanLogOut, Client, ErrorKind, ExposeSecret as _, HasIdTokens, LogoutToken, SecretString,
};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::registration::app;
use super::world::{REDIRECT, USER, World, kind};
use crate::browser::Browser;
use crate::providers::oidc_provider::OidcProvider;
use crate::table::{Checks, Result, Table};

const PATIENCE: Duration = Duration::from_secs(20);
const BYE: &str = "http://127.0.0.1:54321/bye";

pub(super) async fn run(world: &World, table: &mut Table) -> Result<()> {
    let generated = OidcProvider::client("interop-web", &world.secret, world.issuer.as_str()).redirect_uri(REDIRECT);
    let loaded = world.loaded("oidc-provider", "interop-web", &world.secret)?;

    let mut checks = Checks::of("RP-initiated logout");
    initiated(&generated, &mut checks).await?;
    initiated(&loaded, &mut checks).await?;
    table.row("RP-initiated logout", checks);

    let mut checks = Checks::of("back-channel logout");
    told(world, &generated, &mut checks).await?;
    told(world, &loaded, &mut checks).await?;
    table.row("back-channel logout", checks);
    Ok(())
}

/// A login in this browser.
async fn log_in<P: CanAuthorize>(client: &Client<P>, browser: &mut Browser) -> Result<Account<P>> {
    let (url, pending, binding) = client.authorize().begin().await?.into_parts();
    let callback = browser.log_in(url.as_str(), REDIRECT, USER).await?;
    Ok(client.callback(callback, pending, binding).await?)
}

async fn initiated<P: CanAuthorize + CanLogOut>(client: &Client<P>, checks: &mut Checks) -> Result<()> {
    let mut browser = Browser::new()?;
    let account = log_in(client, &mut browser).await?;
    checks.require("the browser has a session", knows_user(client, &mut browser).await?)?;
    let logout = client.log_out(&account.tokens()).post_logout_redirect_uri(BYE).begin().await?;
    let (request, pending) = logout.into_parts();
    let back = browser.log_out(request.url().expose_secret(), BYE).await?;
    client.logged_out(back.as_str(), &pending)?;
    checks.require("the browser comes back with the state", back.starts_with(BYE))?;
    let other = client.log_out(&account.tokens()).post_logout_redirect_uri(BYE).begin().await?.into_parts().1;
    checks.require("the state of another logout is refused", client.logged_out(back.as_str(), &other).is_err())?;
    checks.require("the session has ended", !knows_user(client, &mut browser).await?)?;

    let elsewhere = "http://127.0.0.1:54321/elsewhere";
    let logout = client.log_out(&account.tokens()).post_logout_redirect_uri(elsewhere).begin().await?;
    let refused = browser.log_out(logout.into_parts().0.url().expose_secret(), elsewhere).await;
    checks.require("nobody is sent to where nobody registered", refused.is_err())
}

/// Whether a login that may ask nothing fails for another reason than that somebody would have to log in: native clients
/// are asked for consent each time (RFC 8252 section 8.6).
async fn knows_user<P: CanAuthorize>(client: &Client<P>, browser: &mut Browser) -> Result<bool> {
    let (url, ..) = client.authorize().param("prompt", "none").begin().await?.into_parts();
    let callback = url::Url::parse(&browser.log_in(url.as_str(), REDIRECT, USER).await?)?;
    Ok(!callback.query_pairs().any(|pair| pair == ("error".into(), "login_required".into())))
}

/// OpenID Connect Back-Channel Logout: a client that registered a listener of its own is told of the session's end.
async fn told<P>(world: &World, client: &Client<P>, checks: &mut Checks) -> Result<()>
where
    P: CanAuthorize + CanLogOut + HasIdTokens + oauth_core::CanRegister,
{
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = format!("http://{}/ended", listener.local_addr()?);
    let metadata = app(world)?
        .member("backchannel_logout_uri", address.into())
        .member("backchannel_logout_session_required", true.into())
        .member("post_logout_redirect_uris", json!([BYE]));
    let own = client.registered(&client.register(&metadata).await?).await?;
    let mut browser = Browser::new()?;
    let account = log_in(&own, &mut browser).await?;
    let tokens = account.tokens();
    let identity = tokens.identity().ok_or("the ID token was not verified")?;

    let logout = own.log_out(&tokens).post_logout_redirect_uri(BYE).begin().await?;
    let (request, _) = logout.into_parts();
    let url = request.url();
    let both = async { tokio::join!(browser.log_out(url.expose_secret(), BYE), received(&listener)) };
    let (back, posted) = tokio::time::timeout(PATIENCE, both).await.map_err(|_| "nobody was told of the logout")?;
    let (token, _) = (posted?, back?);
    let ended: LogoutToken = own.verify_logout_token(token.expose_secret()).await?;
    checks.require("the token is of the issuer", ended.issuer() == world.issuer)?;
    checks.require("it names the user", ended.subject() == Some(identity.subject()))?;
    let session = identity.text("sid");
    checks.require("it names the session", session.is_some() && ended.session_id() == session.as_deref())?;
    let refused = kind(client.verify_logout_token(token.expose_secret()).await);
    checks.require("it is for no other client", refused == Some(ErrorKind::IdTokenAudience))?;
    let (signed, _) = token.expose_secret().rsplit_once('.').ok_or("no JWT")?;
    let id_token = tokens.id_token().ok_or("an ID token")?.expose_secret();
    let (_, other) = id_token.rsplit_once('.').ok_or("no JWT")?;
    let refused = kind(own.verify_logout_token(&format!("{signed}.{other}")).await);
    checks.require("another signature is refused", refused == Some(ErrorKind::IdTokenSignature))?;
    let refused = kind(own.verify_logout_token(id_token).await);
    checks.require("an ID token is no logout token", refused == Some(ErrorKind::LogoutToken))
}

/// The logout token of the one request that comes, which is answered as it should be (section 2.8).
async fn received(listener: &TcpListener) -> Result<SecretString> {
    let (mut stream, _) = listener.accept().await?;
    let mut text = Vec::new();
    let mut piece = [0; 4096];
    let body = loop {
        let count = stream.read(&mut piece).await?;
        text.extend_from_slice(&piece[..count]);
        let so_far = std::str::from_utf8(&text)?;
        let Some((head, body)) = so_far.split_once("\r\n\r\n") else { continue };
        let length = head
            .lines()
            .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length:")?.trim().parse().ok());
        if count == 0 || length.is_none_or(|length: usize| body.len() >= length) {
            break body.to_owned();
        }
    };
    stream
        .write_all(b"HTTP/1.1 200 OK\r\ncache-control: no-store\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
        .await?;
    let mut pairs = url::form_urlencoded::parse(body.as_bytes());
    let token = pairs.find(|(name, _)| name == "logout_token").ok_or("no logout token came")?.1;
    Ok(token.into_owned().into())
}
