//! The whole login of any provider, offline: a simulator plays the provider, a script plays the user. With `--issuer` it
//! is a login at a real OpenID provider, whose endpoints and keys are discovered.
//!
//! ```text
//! cargo run --example quickstart                            # GitHub
//! cargo run --example quickstart -- --provider google       # any id of the catalog
//! cargo run --example quickstart -- --provider-file a.yaml  # a file of yours, loaded at run time
//! cargo run --example quickstart -- --browser               # you play the user
//! OAUTH_CLIENT_ID=.. OAUTH_CLIENT_SECRET=.. cargo run --example quickstart -- --issuer https://id.example.com
//! ```
//!
//! A client at a real issuer has a registered redirect URI: `--redirect-uri` (default `http://127.0.0.1:8765/callback`).

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "it talks to a person")]

use std::error::Error;
use std::sync::Arc;

use oauth_providers::spec::{Operation, Redirect};
use oauth_providers::{
    Account, Browser, Client, ClientAuth, Clock as _, Discovered, Dynamic, OperationCall, ProviderSpec, SystemClock,
};
use oauth_simulator::Simulator;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::process::ExitCode {
    match run().await {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(error) => {
            // An error of ours explains itself at length: what went wrong, why, and the way out.
            let long = error.downcast_ref::<oauth_providers::Error>().map(oauth_providers::Error::explain);
            eprintln!("error: {}", long.unwrap_or_else(|| error.to_string()));
            std::process::ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<()> {
    let options = Options::parse(std::env::args().skip(1))?;
    match &options.issuer {
        Some(issuer) => at_issuer(issuer, &options).await,
        None => simulated(&options).await,
    }
}

/// A login at a simulated provider.
async fn simulated(options: &Options) -> Result<()> {
    let mut spec = options.spec()?;
    // The browser comes back to this machine, whatever the real provider thinks of that.
    Arc::make_mut(&mut spec).redirect = Redirect::default();

    let simulator = Simulator::builder(Arc::clone(&spec)).sample_settings().start().await?;
    println!("1. A simulated {} listens on {}.", spec.name, simulator.origin());

    // The callback arrives here when a person clicks; the scripted user hands it over directly.
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let redirect_uri = format!("http://{}/callback", listener.local_addr()?);
    let mut scopes = spec.scopes.default.clone();
    scopes.extend(sample_call(&spec).iter().flat_map(|operation| operation.scopes.clone()));
    let client = simulator.dynamic_client()?.redirect_uri(redirect_uri).scopes(scopes);

    let (url, pending, browser) = client.authorize().begin().await?.into_parts();
    println!("2. The login starts: the browser goes to {}", url.as_str().split('?').next().unwrap_or_default());

    let callback = if options.browser {
        println!("   Opening your browser. If nothing happens, open this address yourself:\n   {url}");
        let _ = webbrowser::open(url.as_str());
        wait_for_callback(&listener).await?
    } else {
        simulator.scripted_user().approve(url.as_str()).await?
    };
    println!("3. The user logged in and agreed; the provider sent the browser back with a code.");

    let account = client.callback(callback, pending, Browser::from(browser)).await?;
    println!("4. State, browser and issuer are right; the code was exchanged for tokens.");
    report(&client, &account).await
}

/// A login at a real OpenID provider.
#[allow(clippy::disallowed_methods, reason = "a secret is no argument: other programs see those")]
async fn at_issuer(issuer: &str, options: &Options) -> Result<()> {
    let id = std::env::var("OAUTH_CLIENT_ID").map_err(|_| {
        format!("register a client at {issuer} with the redirect URI {}, then set OAUTH_CLIENT_ID and, unless it is public, OAUTH_CLIENT_SECRET", options.redirect_uri)
    })?;
    let secret = std::env::var("OAUTH_CLIENT_SECRET").map_or_else(|_| ClientAuth::none(), ClientAuth::secret);
    let client = Discovered::at(issuer)?.client(id, secret).await?.redirect_uri(&options.redirect_uri);
    println!("1. {issuer} said where its endpoints and keys are.");

    let redirect = options.redirect_uri.strip_prefix("http://").and_then(|rest| rest.split('/').next());
    let listener = TcpListener::bind(redirect.ok_or("--redirect-uri is an http address on loopback")?).await?;
    let (url, pending, browser) = client.authorize().begin().await?.into_parts();
    println!("2. The login starts. Open this address:\n{url}");
    if options.browser {
        let _ = webbrowser::open(url.as_str());
    }
    let callback = wait_for_callback(&listener).await?;
    println!("3. The provider sent the browser back with a code.");
    let account = client.callback(callback, pending, Browser::from(browser)).await?;
    println!("4. State, browser and issuer are right; the code was exchanged for tokens.");
    report(&client.discover().await?, &account).await
}

/// What an application does with an account.
async fn report(client: &Client<Dynamic>, account: &Account<Dynamic>) -> Result<()> {
    let spec = client.spec();
    if let Some(identity) = account.tokens().identity() {
        println!("5. The ID token is verified: {} says it is {}.", identity.issuer(), identity.subject());
    }
    println!("\nscopes:  {}", list(account.tokens().scopes()));
    println!("expires: {}", lifetime(account));

    if spec.profile.is_some() {
        let me = account.profile().await?;
        println!("profile: subject {}", me.subject);
        for (label, value) in
            [("username", me.username), ("name", me.name), ("email", me.email), ("avatar", me.avatar_url)]
        {
            if let Some(value) = value {
                println!("         {label} {value}");
            }
        }
    }
    if let Some(operation) = sample_call(spec) {
        let result = account.call(OperationCall::new(&operation.name)).await?;
        println!("{}: {}", operation.name, short(&result.to_string()));
    }
    if spec.refresh.is_none() {
        println!("refresh: {} has none", spec.name);
    } else {
        match account.refresh().await {
            Ok(_) => println!("refresh: a new token, {}", lifetime(account)),
            Err(error) if error.kind() == oauth_providers::ErrorKind::NoRefreshToken => {
                println!("refresh: no refresh token this time ({})", error.code());
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// The first call of the provider's file that needs no argument.
fn sample_call(spec: &ProviderSpec) -> Option<&Operation> {
    let mut operations = spec.api.iter().flat_map(|api| &api.operations);
    operations.find(|operation| operation.parameters.iter().all(|parameter| parameter.kind.optional))
}

struct Options {
    provider: String,
    file: Option<String>,
    browser: bool,
    issuer: Option<String>,
    redirect_uri: String,
}

impl Options {
    fn parse(mut args: impl Iterator<Item = String>) -> Result<Self> {
        let mut options = Self {
            provider: "github".to_owned(),
            file: None,
            browser: false,
            issuer: None,
            redirect_uri: "http://127.0.0.1:8765/callback".to_owned(),
        };
        while let Some(arg) = args.next() {
            let mut value = || args.next().ok_or(format!("{arg} needs a value"));
            match arg.as_str() {
                "--provider" => options.provider = value()?,
                "--provider-file" => options.file = Some(value()?),
                "--issuer" => options.issuer = Some(value()?),
                "--redirect-uri" => options.redirect_uri = value()?,
                "--browser" => options.browser = true,
                _ => {
                    return Err(format!(
                        "unknown argument {arg}; there are --provider ID, --provider-file FILE, --issuer URL, --redirect-uri URL and --browser"
                    )
                    .into());
                }
            }
        }
        Ok(options)
    }

    fn spec(&self) -> Result<Arc<ProviderSpec>> {
        if let Some(file) = &self.file {
            return Ok(Arc::new(ProviderSpec::from_yaml_file(file)?));
        }
        let known = oauth_providers::catalog();
        let entry = known.iter().find(|entry| entry.id() == self.provider).ok_or_else(|| {
            let ids: Vec<_> = known.iter().map(oauth_providers::CatalogEntry::id).collect();
            format!("there is no provider `{}`; there are {}", self.provider, ids.join(", "))
        })?;
        Ok(Arc::clone(entry.spec()))
    }
}

/// Answers the browser's request to the redirect URI and gives what the provider sent along: its query, or its form.
async fn wait_for_callback(listener: &TcpListener) -> Result<String> {
    loop {
        let (stream, _) = listener.accept().await?;
        let mut stream = BufReader::new(stream);
        let mut line = String::new();
        stream.read_line(&mut line).await?;
        let mut callback =
            line.strip_prefix("GET /callback?").and_then(|rest| rest.split(' ').next()).map(str::to_owned);
        if line.starts_with("POST /callback ") {
            callback = Some(form(&mut stream).await?);
        }
        let (status, text) =
            callback.as_ref().map_or(("404 Not Found", "Not here."), |_| ("200 OK", "Done. You can close this page."));
        let answer = format!(
            "HTTP/1.1 {status}\r\ncontent-type: text/plain\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{text}",
            text.len()
        );
        stream.write_all(answer.as_bytes()).await?;
        if let Some(callback) = callback {
            return Ok(callback);
        }
    }
}

/// The body of a POST, which is a short form: `code=..&state=..`.
async fn form(stream: &mut BufReader<TcpStream>) -> Result<String> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await?;
        match line.trim_end().split_once(':') {
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => length = value.trim().parse()?,
            Some(_) => {}
            None => break,
        }
    }
    let mut body = Vec::new();
    stream.take(std::cmp::min(length, 65536)).read_to_end(&mut body).await?;
    Ok(String::from_utf8(body)?)
}

fn lifetime(account: &Account<Dynamic>) -> String {
    match account.tokens().expires_at().map(|at| at.duration_since(SystemClock.now())) {
        Some(Ok(left)) => format!("in {} minutes", left.as_secs().div_ceil(60)),
        Some(Err(_)) => "now".to_owned(),
        None => "the provider does not say".to_owned(),
    }
}

fn list(scopes: &[String]) -> String {
    if scopes.is_empty() { "none were asked for".to_owned() } else { scopes.join(", ") }
}

fn short(text: &str) -> String {
    match text.char_indices().nth(160) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}
