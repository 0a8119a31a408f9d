//! Certificates of clients (RFC 8705), in a process of its own: it trusts the authority of this run, and nobody else.

use std::process::Stdio;

use oauth_core::http::ReqwestClient;
use oauth_core::{
    CanAuthorize, CanIntrospect, CanRefresh, CanRevoke, CanUseBackchannel, CanUseDevice, Client, ErrorKind,
    ExposeSecret as _, HasProfile, TokenSet,
};

use super::ciba::approved;
use super::device::finished;
use super::world::{REDIRECT, USER, World, get, get_over, log_in, log_in_with, login_kind};
use crate::providers::oidc_provider_alias::OidcProviderAlias;
use crate::providers::oidc_provider_bound::OidcProviderBound;
use crate::providers::oidc_provider_mtls::OidcProviderMtls;
use crate::table::{Checks, Result, Table};

/// The name of this part, as an argument of the program.
pub(crate) const PART: &str = "oidc-provider-mtls";

/// Starts the process and takes over its rows.
pub(super) async fn run(world: &World, table: &mut Table) -> Result<()> {
    let child = tokio::process::Command::new(std::env::current_exe()?)
        .arg(PART)
        .env("SSL_CERT_FILE", world.authority()?)
        .env_remove("SSL_CERT_DIR")
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let output = child.wait_with_output().await?;
    table.take_over(&String::from_utf8(output.stdout)?);
    if output.status.success() { Ok(()) } else { Err("the part with certificates failed".into()) }
}

/// What runs in it.
pub(crate) async fn part() -> Result<Table> {
    let world = World::of_this_run()?;
    let mut table = Table::default();
    let (issuer, tls) = (world.issuer.as_str(), world.tls.as_str());

    let mut checks = Checks::of("mTLS: tls_client_auth");
    let generated = OidcProviderMtls::client("interop-mtls", world.certificate("client")?, issuer, tls);
    drive(&world, &generated.clone().redirect_uri(REDIRECT), &mut checks).await?;
    let loaded = world.loaded("oidc-provider-mtls", "interop-mtls", world.certificate("client")?)?;
    drive(&world, &loaded, &mut checks).await?;
    let tokens = loaded.client_credentials().tokens().await?;
    bound(&loaded, &tokens, &mut checks).await?;
    let account = log_in_with(&loaded, loaded.authorize().pushed()).await?;
    bound(&loaded, &account.tokens(), &mut checks).await?;
    let other = OidcProviderMtls::client("interop-mtls", world.certificate("other")?, issuer, tls);
    let refused = login_kind(log_in(&other.redirect_uri(REDIRECT)).await);
    checks.require("another client's certificate is refused", refused == Some(ErrorKind::ClientRejected))?;
    let own = OidcProviderMtls::client("interop-mtls", world.certificate("own")?, issuer, tls);
    let refused = login_kind(log_in(&own.redirect_uri(REDIRECT)).await);
    checks.require("one of nobody's making is refused", refused == Some(ErrorKind::ClientRejected))?;
    table.row("mTLS: tls_client_auth", checks);

    polled(&world, &generated.redirect_uri(REDIRECT), &mut table).await?;
    polled(&world, &loaded, &mut table).await?;

    let mut checks = Checks::of("mTLS: self_signed_tls_client_auth");
    let generated = OidcProviderMtls::client("interop-self-signed", world.certificate("own")?, issuer, tls);
    drive(&world, &generated.redirect_uri(REDIRECT), &mut checks).await?;
    let loaded = world.loaded("oidc-provider-mtls", "interop-self-signed", world.certificate("own")?)?;
    drive(&world, &loaded, &mut checks).await?;
    let other = OidcProviderMtls::client("interop-self-signed", world.certificate("other")?, issuer, tls);
    let refused = login_kind(log_in(&other.redirect_uri(REDIRECT)).await);
    checks.require("a certificate that is not registered is refused", refused == Some(ErrorKind::ClientRejected))?;
    table.row("mTLS: self_signed_tls_client_auth", checks);

    let mut checks = Checks::of("mTLS: bound tokens beside a secret");
    let (chain, key) = world.certificate_pem("client")?;
    let both = || oauth_core::ClientAuth::secret(world.secret.clone()).with_certificate(chain.clone(), key.clone());
    let generated = OidcProviderBound::client("interop-bound", both(), issuer, tls).redirect_uri(REDIRECT);
    drive(&world, &generated, &mut checks).await?;
    drive(&world, &world.loaded("oidc-provider-bound", "interop-bound", both())?, &mut checks).await?;
    let without = OidcProviderBound::client("interop-bound", &world.secret, issuer, tls).redirect_uri(REDIRECT);
    let refused = login_kind(log_in(&without).await);
    checks.require("without a certificate nothing is asked for", refused == Some(ErrorKind::Config))?;
    table.row("mTLS: bound tokens beside a secret", checks);

    let mut checks = Checks::of("mTLS: aliases in the metadata");
    let generated = OidcProviderAlias::client("interop-mtls", world.certificate("client")?, issuer);
    aliases(&generated.redirect_uri(REDIRECT), &mut checks).await?;
    let loaded = world.loaded("oidc-provider-alias", "interop-mtls", world.certificate("client")?)?;
    aliases(&loaded, &mut checks).await?;
    table.row("mTLS: aliases in the metadata", checks);
    Ok(table)
}

/// The token is worth nothing without the certificate.
async fn drive<P>(world: &World, client: &Client<P>, checks: &mut Checks) -> Result<()>
where
    P: CanAuthorize + CanRefresh + CanIntrospect + CanRevoke + HasProfile,
{
    let account = log_in(client).await?;
    checks.require("the token is the user's", account.profile().await?.subject == USER)?;
    bound(client, &account.tokens(), checks).await?;
    let renewed = account.refresh().await?;
    bound(client, &renewed, checks).await?;
    checks.require("so is a renewed one", account.profile().await?.subject == USER)?;

    let me = format!("{}/me", world.tls);
    let bearer = format!("Bearer {}", renewed.access_token().expose_secret());
    checks.require("without the certificate it is refused", get(&me, &bearer).await? == 401)?;
    let plain = get(&format!("{}/me", world.issuer), &bearer).await?;
    checks.require("so it is where nobody asks for one", plain == 401)?;
    let (chain, key) = world.certificate_pem("other")?;
    let other = ReqwestClient::with_identity(&chain, &key, |builder| builder)?;
    checks.require("so it is with another", get_over(&other, &me, &bearer).await? == 401)?;

    client.revoke(&renewed).await?;
    checks.require("it is revoked as any other", !client.introspect(&renewed).await?.is_active())
}

/// The certificate proves the client at each request of a login that is asked for, and its tokens are bound to it.
async fn polled<P>(world: &World, client: &Client<P>, table: &mut Table) -> Result<()>
where
    P: CanUseDevice + CanUseBackchannel + CanRefresh + CanIntrospect + HasProfile,
{
    let device = finished(client).await?;
    let ciba = approved(world, client, "MTLS-1").await?;
    for (row, account) in [("device with mTLS", device), ("CIBA with mTLS", ciba)] {
        let mut checks = Checks::of(row);
        bound(client, &account.tokens(), &mut checks).await?;
        let renewed = account.refresh().await?;
        bound(client, &renewed, &mut checks).await?;
        checks.require("the API takes it", account.profile().await?.subject == USER)?;
        let bearer = format!("Bearer {}", renewed.access_token().expose_secret());
        let status = get(&format!("{}/me", world.tls), &bearer).await?;
        checks.require("without the certificate it is refused", status == 401)?;
        table.row(row, checks);
    }
    Ok(())
}

async fn bound<P: CanIntrospect>(client: &Client<P>, tokens: &TokenSet, checks: &mut Checks) -> Result<()> {
    let said = client.introspect(tokens).await?;
    let print = said.member("cnf").is_some_and(|cnf| cnf["x5t#S256"].is_string());
    checks.require("the server says which certificate it is bound to", said.is_active() && print)
}

/// RFC 8705 section 5: the issuer's own endpoints ask for no certificate, so that a token comes from the aliases alone.
async fn aliases<P>(client: &Client<P>, checks: &mut Checks) -> Result<()>
where
    P: CanAuthorize + CanRefresh + CanIntrospect + CanRevoke,
{
    let account = log_in(client).await?;
    bound(client, &account.tokens(), checks).await?;
    let renewed = account.refresh().await?;
    bound(client, &renewed, checks).await?;
    client.revoke(&renewed).await?;
    checks.require("it is revoked there", !client.introspect(&renewed).await?.is_active())
}
