//! Clients that register themselves.

use oauth_core::{
    CanAuthorize, CanRegister, Client, ClientMetadata, Discovered, ErrorKind, ExposeSecret as _, HasProfile,
    RegisteredClient,
};
use serde_json::json;

use super::world::{REDIRECT, USER, World, kind, log_in, login_kind};
use crate::providers::oidc_provider::OidcProvider;
use crate::table::{Checks, Result, Table};

pub(super) async fn run(world: &World, table: &mut Table) -> Result<()> {
    let mut checks = Checks::of("dynamic registration");
    let generated = OidcProvider::public("unregistered", world.issuer.as_str()).redirect_uri(REDIRECT);
    drive(world, &generated, &mut checks).await?;
    let loaded = world.loaded("oidc-provider", "unregistered", oauth_core::ClientAuth::none())?;
    drive(world, &loaded, &mut checks).await?;
    discovered(world, &mut checks).await?;
    table.row("dynamic registration", checks);

    let mut checks = Checks::of("registration management");
    managed(world, &generated, &mut checks).await?;
    managed(world, &loaded, &mut checks).await?;
    table.row("registration management", checks);
    Ok(())
}

/// RFC 7592: the server gives a new token with each answer.
async fn managed<P: CanAuthorize + CanRegister>(world: &World, client: &Client<P>, checks: &mut Checks) -> Result<()> {
    let first = client.register(&app(world)?).await?;
    let token =
        |record: &RegisteredClient| record.registration_access_token().map(|token| token.expose_secret().to_owned());
    let mut registration = client.registration(first.clone());
    let known = registration.read().await?;
    let changed = known.redirect_uri("http://127.0.0.1/second");
    registration.update(&changed).await?;
    let record = registration.record().clone();
    checks.require("it is read and changed", record.redirect_uris().len() == 2)?;
    checks.require("its token is a new one", token(&record).is_some() && token(&record) != token(&first))?;
    let own = client.registered(&record).await?;
    let refused = kind(client.registration(first).read().await);
    checks.require("the old token is refused", refused == Some(ErrorKind::RegistrationUnknown))?;
    registration.delete().await?;
    checks.require("a client that has ended logs nobody in", log_in(&own).await.is_err())
}

/// What the suite's clients say of themselves.
pub(super) fn app(world: &World) -> Result<ClientMetadata> {
    Ok(ClientMetadata::named("Interop")
        .application_type("native")
        .redirect_uri("http://127.0.0.1/callback")
        .grant_types(["authorization_code", "refresh_token"])
        .initial_access_token(world.initial_access_token()?))
}

async fn drive<P>(world: &World, client: &Client<P>, checks: &mut Checks) -> Result<()>
where
    P: CanAuthorize + CanRegister + HasProfile,
{
    let refused = kind(client.register(&app(world)?.initial_access_token("wrong")).await);
    let what = "without the initial access token it is refused";
    checks.require(what, refused == Some(ErrorKind::RegistrationRefused))?;
    let refused = kind(client.register(&app(world)?.redirect_uris(["http://elsewhere.example/x"])).await);
    checks.require("a redirect URI that is none is refused", refused == Some(ErrorKind::RegistrationRefused))?;

    let record = client.register(&app(world)?).await?;
    checks.require("it gives an id and a secret", record.issuer() == world.issuer && record.secret().is_some())?;
    let managed = record.registration_client_uri().is_some() && record.registration_access_token().is_some();
    checks.require("and what manages them", managed)?;
    // As a program finds it when it starts again.
    let record = RegisteredClient::from_exposed_json(&record.expose_json())?;
    let own = client.registered(&record).await?;
    let account = log_in(&own).await?;
    checks.require("the registered client logs in", account.profile().await?.subject == USER)?;
    checks.require("with its own id", own.client_id() == record.client_id())?;
    let forged = RegisteredClient::known(&*world.issuer, record.client_id(), "wrong");
    let refused = login_kind(log_in(&client.registered(&forged).await?).await);
    checks.require("and with no other secret", refused == Some(ErrorKind::ClientRejected))
}

/// All that is known is the issuer; the client has no secret.
async fn discovered(world: &World, checks: &mut Checks) -> Result<()> {
    let issuer = Discovered::at(&*world.issuer)?;
    let record = issuer.register(&app(world)?.token_endpoint_auth_method("none")).await?;
    checks.require("a public client gets no secret", record.secret().is_none())?;
    let client = issuer.registered(&record).await?.redirect_uri(REDIRECT);
    checks.require("it logs in", log_in(&client).await?.profile().await?.subject == USER)?;
    let changed = app(world)?.member("token_endpoint_auth_method", json!("made_up"));
    let refused = kind(issuer.register(&changed).await);
    checks.require("a way to authenticate that is none is refused", refused == Some(ErrorKind::RegistrationRefused))
}
