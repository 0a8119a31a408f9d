//! `PyPI`'s `django-oauth-toolkit`: logins of confidential and public clients, with the generated clients and with the
//! same files loaded at run time; login on another device, client credentials, introspection, revocation, logout,
//! registration.

mod after;
mod login;
mod machines;
mod strangers;

use oauth_core::{CanAuthorize, Client, ErrorKind, ProviderSpec, SecretString};

use crate::browser::Browser;
use crate::oidc_provider::login::issuer;
use crate::oidc_provider::world::{REDIRECT, USER, kind, log_in, login_kind, variable};
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
    refusals(&mut table, &server).await?;
    machines::run(&mut table, &server).await?;
    after::step_up(&mut table, &server.web()).await?;
    after::resource(&mut table, &server.web(), &server.issuer).await?;
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
    let refused = login_kind(log_in(&server.client("interop-web", &"wrong".to_owned().into())).await);
    checks.require("a wrong one is told as such", refused == Some(ErrorKind::ClientRejected))?;
    table.row("client_secret_basic", checks);

    let mut checks = Checks::of("client_secret_post");
    let account = log_in(&server.found()).await?;
    checks.require("the secret is taken", account.tokens().refresh_token().is_some())?;
    let wrong = DjangoOAuthToolkitFound::client("interop-web", "wrong", server.issuer.as_str()).redirect_uri(REDIRECT);
    let refused = login_kind(log_in(&wrong).await);
    checks.require("a wrong one is told as such", refused == Some(ErrorKind::ClientRejected))?;
    table.row("client_secret_post", checks);

    let mut checks = Checks::of("public client");
    let account = log_in(&server.public("interop-public")).await?;
    checks.require("a public client needs none", account.tokens().refresh_token().is_some())?;
    let refused = login_kind(log_in(&server.public("interop-web")).await);
    let rejected = refused == Some(ErrorKind::ClientRejected);
    checks.require("a confidential client without its secret is told as such", rejected)?;
    table.row("public client", checks);
    Ok(())
}

/// A user who says no. The server's metadata promises `iss` with every answer (RFC 9207 section 3), and it leaves it out
/// of this one: a client that was told so takes no answer without.
async fn refusals(table: &mut Table, server: &Server) -> Result<()> {
    let mut checks = Checks::of("iss in the callback");
    issuer(&server.found(), &mut checks).await?;
    let refused = refused(&server.found()).await?;
    checks.require("a refusal without it is refused itself", refused == Some(ErrorKind::IssuerMissing))?;
    table.row("iss in the callback", checks);

    let mut checks = Checks::of("authorization code: refused");
    let refused = self::refused(&server.web()).await?;
    checks.require("a user who says no is told as such", refused == Some(ErrorKind::AccessDenied))?;
    table.row("authorization code", checks);
    Ok(())
}

async fn refused<P: CanAuthorize>(client: &Client<P>) -> Result<Option<ErrorKind>> {
    let (url, pending, browser) = client.authorize().begin().await?.into_parts();
    let callback = Browser::new()?.refuse(url.as_str(), REDIRECT, USER).await?;
    Ok(kind(client.callback(callback, pending, browser).await))
}
