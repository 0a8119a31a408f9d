//! Clients without a file: all that they know is the issuer.

use oauth_core::{Discovered, ErrorKind, ExposeSecret as _, SecretString};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _};

use super::world::{REDIRECT, USER, World, kind, log_in};
use crate::browser::Browser;
use crate::table::{Checks, Result, Table};

pub(super) async fn run(world: &World, table: &mut Table) -> Result<()> {
    let issuer = world.issuer.as_str();
    let mut checks = Checks::of("discovery");
    let client = Discovered::at(issuer)?.client("interop-web", &world.secret).await?.redirect_uri(REDIRECT);
    let account = log_in(&client).await?;
    let tokens = account.tokens();
    let identity = tokens.identity().ok_or("the ID token was not verified")?;
    checks.require("the ID token is verified", identity.subject() == USER && identity.issuer() == issuer)?;
    let me = account.profile().await?;
    checks.require("userinfo is where the metadata says", me.subject == USER && me.email_verified == Some(true))?;
    let refused = kind(Discovered::at(format!("{issuer}/"))?.client("interop-web", &world.secret).await);
    checks.require("an issuer is compared byte for byte", refused == Some(ErrorKind::MetadataIssuer))?;
    quickstart(issuer, &world.secret, &mut checks).await?;
    table.row("discovery", checks);
    Ok(())
}

/// The example as a newcomer starts it; the browser is ours.
async fn quickstart(issuer: &str, secret: &SecretString, checks: &mut Checks) -> Result<()> {
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
            let callback = Browser::new()?.log_in(&line, REDIRECT, USER).await?;
            visit(&callback).await?;
        }
        all.push(line);
    }
    let status = child.wait().await?;
    let said = |text: &str| all.iter().any(|line| line.contains(text));
    checks.require("the example `quickstart --issuer` ends well", status.success())?;
    let verified = said(&format!("The ID token is verified: {issuer} says it is alice"));
    checks.require("it has verified the ID token", verified)?;
    checks.require("it shows the profile", said("profile: subject alice"))
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
