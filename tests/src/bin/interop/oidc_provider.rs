//! npm `oidc-provider`: code with PKCE, userinfo, refresh with rotation, a wrong verifier; with the generated client and
//! with the same file loaded at run time.

use oauth_core::{
    Account, Browser as Binding, CanAuthorize, CanRefresh, Client, Discovered, ErrorKind, ExposeSecret as _,
    HasProfile, PendingAttempt, ProviderSpec, SecretString,
};

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _};

use crate::browser::Browser;
use crate::providers::oidc_provider::{OidcProvider, Scope};
use crate::table::{Checks, Table};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/interop/providers/oidc-provider.yaml");
pub(crate) const REDIRECT: &str = "http://127.0.0.1:54321/callback";

/// Runs everything and gives the capabilities that were driven: one that fails ends the run.
pub(crate) async fn run() -> Result<Table> {
    let issuer = variable("INTEROP_ISSUER")?;
    let secret = SecretString::from(variable("INTEROP_CLIENT_SECRET")?);

    let generated = OidcProvider::client("interop-web", &secret, issuer.as_str()).redirect_uri(REDIRECT);
    let loaded = ProviderSpec::from_yaml_file(FILE)?
        .client("interop-web", &secret)
        .set("issuer", &issuer)?
        .redirect_uri(REDIRECT);
    let public = OidcProvider::public("interop-public", issuer.as_str()).redirect_uri(REDIRECT);

    let mut rows = suite("generated", &generated).await?;
    rows += suite("run time", &loaded).await?;
    rows += suite("public", &public).await?;

    rows += discovered(&issuer, &secret).await?;
    rows += quickstart(&issuer, &secret).await?;

    let account = log_in(&generated.clone().scopes([Scope::Openid])).await?;
    require("fewer scopes mean no refresh token", account.tokens().refresh_token().is_none())?;
    let wrong = OidcProvider::client("interop-web", "wrong", issuer.as_str()).redirect_uri(REDIRECT);
    let error = log_in(&wrong).await.err().ok_or("a wrong secret was taken")?;
    let error = error.downcast::<oauth_core::Error>()?;
    require("a wrong secret is told as such", error.kind() == ErrorKind::ClientRejected)?;
    println!("{} checks passed", rows + 2);
    let mut driven = vec!["code", "PKCE", "ID token", "UserInfo", "refresh", "public client", "discovery"];
    driven.extend(crate::after::run(&generated, REDIRECT).await?);
    crate::after::run(&loaded, REDIRECT).await?;
    let mut table = Table::default();
    for row in driven {
        let mut checks = Checks::of(row);
        checks.require("driven", true)?;
        table.row(row, checks);
    }
    Ok(table)
}

async fn suite<P: CanAuthorize + CanRefresh + HasProfile>(name: &str, client: &Client<P>) -> Result<usize> {
    println!("{name}:");
    let account = log_in(client).await?;
    let first = account.tokens();
    require(
        "code and PKCE give tokens",
        first.refresh_token().is_some() && first.id_token().is_some() && first.expires_at().is_some(),
    )?;
    require("all scopes are granted", first.scopes() == ["openid", "profile", "email", "offline_access"])?;

    let identity = first.identity().ok_or("the ID token was not verified")?;
    require(
        "the ID token is the issuer's, for this client and login",
        identity.subject() == "alice" && identity.issuer() == variable("INTEROP_ISSUER")?,
    )?;

    let me = account.profile().await?;
    let expected = ("alice", Some("Interop alice"), Some("alice@example.test"), Some(true));
    require(
        "userinfo is the user's",
        (me.subject.as_str(), me.name.as_deref(), me.email.as_deref(), me.email_verified) == expected,
    )?;

    let second = account.refresh().await?;
    let changed = |one: Option<&SecretString>, other: Option<&SecretString>| match (one, other) {
        (Some(one), Some(other)) => one.expose_secret() != other.expose_secret(),
        _ => false,
    };
    require("refresh rotates the refresh token", changed(first.refresh_token(), second.refresh_token()))?;
    require("refresh renews the access token", changed(Some(first.access_token()), Some(second.access_token())))?;
    require("the new token works", account.profile().await?.subject == "alice")?;

    let error = client.refresh(&first).await.err().ok_or("a used refresh token was taken")?;
    require("a used refresh token is refused", error.kind() == ErrorKind::GrantRejected && error.needs_reauth())?;

    let error = with_wrong_verifier(client).await?;
    require("a wrong verifier is refused", error.kind() == ErrorKind::GrantRejected)?;
    let identity = second.identity().ok_or("the renewed ID token was not verified")?;
    require("the renewed ID token says the same", identity.subject() == "alice")?;
    Ok(10)
}

/// A client without a file: all that it knows is the issuer.
async fn discovered(issuer: &str, secret: &SecretString) -> Result<usize> {
    println!("discovered:");
    let client = Discovered::at(issuer)?.client("interop-web", secret).await?.redirect_uri(REDIRECT);
    let account = log_in(&client).await?;
    let tokens = account.tokens();
    let identity = tokens.identity().ok_or("the ID token was not verified")?;
    require("the ID token is verified", identity.subject() == "alice" && identity.issuer() == issuer)?;
    let me = account.profile().await?;
    require("userinfo is where the metadata says", me.subject == "alice" && me.email_verified == Some(true))?;
    let error = Discovered::at(format!("{issuer}/"))?.client("interop-web", secret).await.err();
    let error = error.ok_or("another spelling of the issuer was taken")?;
    require("an issuer is compared byte for byte", error.kind() == ErrorKind::MetadataIssuer)?;
    Ok(3)
}

/// The example as a newcomer starts it; the browser is ours.
async fn quickstart(issuer: &str, secret: &SecretString) -> Result<usize> {
    println!("quickstart --issuer:");
    let mut child = tokio::process::Command::new("cargo")
        .args(["run", "-q", "-p", "oauth-providers", "--example", "quickstart", "--"])
        .args(["--issuer", issuer, "--redirect-uri", REDIRECT])
        .env("OAUTH_CLIENT_ID", "interop-web")
        .env("OAUTH_CLIENT_SECRET", secret.expose_secret())
        .stdout(std::process::Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let output = child.stdout.take().ok_or("no output")?;
    let mut lines = tokio::io::BufReader::new(output).lines();
    let mut all = Vec::new();
    while let Some(line) = lines.next_line().await? {
        if line.starts_with(&format!("{issuer}/auth?")) {
            let callback = Browser::new()?.log_in(&line, REDIRECT, "alice").await?;
            visit(&callback).await?;
        }
        all.push(line);
    }
    let status = child.wait().await?;
    let said = |text: &str| all.iter().any(|line| line.contains(text));
    require("it ends well", status.success())?;
    require("it has verified the ID token", said(&format!("The ID token is verified: {issuer} says it is alice")))?;
    require("it shows the profile", said("profile: subject alice"))?;
    Ok(3)
}

/// What a browser does with the last redirect.
async fn visit(address: &str) -> Result<()> {
    let address = url::Url::parse(address)?;
    let target = &address[url::Position::BeforePath..];
    let mut stream = tokio::net::TcpStream::connect(address.socket_addrs(|| None)?.as_slice()).await?;
    stream
        .write_all(format!("GET {target} HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n").as_bytes())
        .await?;
    stream.read_to_end(&mut Vec::new()).await?;
    Ok(())
}

pub(crate) async fn log_in<P: CanAuthorize>(client: &Client<P>) -> Result<Account<P>> {
    let (url, pending, browser) = client.authorize().begin().await?.into_parts();
    let callback = Browser::new()?.log_in(url.as_str(), REDIRECT, "alice").await?;
    Ok(client.callback(callback, pending, browser).await?)
}

/// The answer to a code that is redeemed with the verifier of another attempt, as a thief of codes would have to.
pub(crate) async fn with_wrong_verifier<P: CanAuthorize>(client: &Client<P>) -> Result<oauth_core::Error> {
    let (url, pending, browser) = client.authorize().begin().await?.into_parts();
    let (_, other, _) = client.authorize().begin().await?.into_parts();
    let callback = Browser::new()?.log_in(url.as_str(), REDIRECT, "alice").await?;
    let forged = pending.expose_json().expose_secret().replace(&verifier(&pending)?, &verifier(&other)?);
    let forged = PendingAttempt::from_exposed_json(&forged.into())?;
    client
        .callback(callback, forged, Binding::from(browser))
        .await
        .err()
        .ok_or_else(|| "a wrong verifier was taken".into())
}

fn verifier(attempt: &PendingAttempt) -> Result<String> {
    let json: serde_json::Value = serde_json::from_str(attempt.expose_json().expose_secret())?;
    Ok(json["verifier"].as_str().ok_or("PKCE is always on here")?.to_owned())
}

fn require(row: &str, holds: bool) -> Result<()> {
    println!("  {} {row}", if holds { "ok  " } else { "FAIL" });
    if holds { Ok(()) } else { Err(row.into()) }
}

#[allow(clippy::disallowed_methods, reason = "the script that starts the server tells its address this way")]
pub(crate) fn variable(name: &str) -> Result<String> {
    std::env::var(name).map_err(|_| format!("{name} is not set: start this through tests/interop/run").into())
}
