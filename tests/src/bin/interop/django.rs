//! `PyPI`'s `django-oauth-toolkit`: logins of confidential and public clients, with the generated clients and with the same
//! files loaded at run time; login on another device, client credentials, introspection, revocation, logout, registration.

mod after;
mod login;
mod machines;
mod strangers;

use oauth_core::{Browser as Binding, CanAuthorize, Client, ErrorKind, ProviderSpec, SecretString};

use crate::browser::Browser;
use crate::oidc_provider::{REDIRECT, log_in, variable};
use crate::providers::django_oauth_toolkit::DjangoOAuthToolkit;
use crate::providers::django_oauth_toolkit_found::DjangoOAuthToolkitFound;
use crate::table::{Checks, Result, Table};

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/interop/providers/django-oauth-toolkit.yaml");

/// Where the server is, and the secret of its confidential clients.
struct Server {
    issuer: String,
    secret: SecretString,
}

impl Server {
    fn client(&self, id: &str, secret: &SecretString) -> Client<DjangoOAuthToolkit> {
        DjangoOAuthToolkit::client(id, secret, self.issuer.as_str()).redirect_uri(REDIRECT)
    }

    fn web(&self) -> Client<DjangoOAuthToolkit> {
        self.client("interop-web", &self.secret)
    }

    /// A client without a secret.
    fn public(&self, id: &str) -> Client<DjangoOAuthToolkit> {
        DjangoOAuthToolkit::public(id, self.issuer.as_str()).redirect_uri(REDIRECT)
    }

    /// The same file, loaded at run time.
    fn loaded(&self) -> Result<Client> {
        let spec = ProviderSpec::from_yaml_file(FILE)?;
        Ok(spec.client("interop-web", &self.secret).set("issuer", &self.issuer)?.redirect_uri(REDIRECT))
    }

    /// The client whose file has no addresses but the issuer's, and sends its secret in the body.
    fn found(&self) -> Client<DjangoOAuthToolkitFound> {
        let client = DjangoOAuthToolkitFound::client("interop-web", &self.secret, self.issuer.as_str());
        client.redirect_uri(REDIRECT)
    }
}

/// Runs everything and gives the capabilities that were driven: one that fails ends the run.
pub(crate) async fn run() -> Result<Table> {
    let server =
        Server { issuer: variable("INTEROP_ISSUER")?, secret: SecretString::from(variable("INTEROP_CLIENT_SECRET")?) };
    let mut table = Table::default();
    login::run(&mut table, "generated", &server.web()).await?;
    login::run(&mut table, "run time", &server.loaded()?).await?;
    login::run(&mut table, "public", &server.public("interop-public")).await?;
    login::run(&mut table, "found", &server.found()).await?;
    clients(&mut table, &server).await?;
    issuers(&mut table, &server.web()).await?;
    machines::run(&mut table, &server).await?;
    after::run(&mut table, "generated", &server.web(), &server.public("interop-public")).await?;
    after::run(&mut table, "run time", &server.loaded()?, &server.public("interop-public").erase()).await?;
    Box::pin(strangers::run(&mut table, &server)).await?;
    Ok(table)
}

/// How clients prove who they are.
async fn clients(table: &mut Table, server: &Server) -> Result<()> {
    let mut checks = Checks::of("client_secret_basic");
    let account = log_in(&server.web()).await?;
    checks.require("the secret is taken", account.tokens().refresh_token().is_some())?;
    let error = rejected(&server.client("interop-web", &"wrong".to_owned().into())).await?;
    checks.require("a wrong one is told as such", error == ErrorKind::ClientRejected)?;
    table.row("client_secret_basic", checks);

    let mut checks = Checks::of("client_secret_post");
    let account = log_in(&server.found()).await?;
    checks.require("the secret is taken", account.tokens().refresh_token().is_some())?;
    let wrong = DjangoOAuthToolkitFound::client("interop-web", "wrong", server.issuer.as_str()).redirect_uri(REDIRECT);
    checks.require("a wrong one is told as such", rejected(&wrong).await? == ErrorKind::ClientRejected)?;
    table.row("client_secret_post", checks);

    let mut checks = Checks::of("none");
    let account = log_in(&server.public("interop-public")).await?;
    checks.require("a public client needs none", account.tokens().refresh_token().is_some())?;
    let error = rejected(&server.public("interop-web")).await?;
    checks.require("a confidential client without its secret is told as such", error == ErrorKind::ClientRejected)?;
    table.row("public client", checks);
    Ok(())
}

/// What comes of a login by a client that the server does not know as such.
async fn rejected<P: CanAuthorize>(client: &Client<P>) -> Result<ErrorKind> {
    let error = log_in(client).await.err().ok_or("the client was taken for another")?;
    Ok(error.downcast::<oauth_core::Error>()?.kind())
}

/// RFC 9207: who answers says who it is.
async fn issuers(table: &mut Table, client: &Client<DjangoOAuthToolkit>) -> Result<()> {
    let mut checks = Checks::of("iss in the callback");
    for (what, iss, kind) in [
        ("a callback of another issuer is refused", Some("https://other.example"), ErrorKind::IssuerMismatch),
        ("so is one that does not say whose it is", None, ErrorKind::IssuerMissing),
    ] {
        let (url, pending, browser) = client.authorize().begin().await?.into_parts();
        let callback = Browser::new()?.log_in(url.as_str(), REDIRECT, "alice").await?;
        let mut callback = url::Url::parse(&callback)?;
        let own = callback.query_pairs().find(|(name, _)| name == "iss").map(|(_, iss)| iss.into_owned());
        checks.require("the server names itself", own == Some(variable("INTEROP_ISSUER")?))?;
        let others: Vec<(String, String)> =
            callback.query_pairs().into_owned().filter(|(name, _)| name != "iss").collect();
        callback.query_pairs_mut().clear().extend_pairs(others).extend_pairs(iss.map(|iss| ("iss", iss)));
        let error = client.callback(callback.as_str(), pending, Binding::from(browser)).await.err();
        checks.require(what, error.ok_or("a forged callback was taken")?.kind() == kind)?;
    }
    table.row("iss in the callback", checks);
    Ok(())
}
