//! Clients whose id is the address of a document that says who they are (OAuth Client ID Metadata Document).

use std::sync::Arc;

use oauth_core::{ClientAuth, ClientMetadata, Discovered, Dynamic, ErrorKind};

use super::world::{REDIRECT, USER, World, log_in, login_kind, other_key, refusal};
use crate::table::{Checks, Result, Table};
use crate::wire::Wire;

const APP: &str = "https://app.example.test";

pub(super) async fn run(world: &World, table: &mut Table) -> Result<()> {
    let mut checks = Checks::of("client ID metadata document");
    let me = document("/public.json")?;
    world.publish("/public.json", me.to_document()?).await?;
    drive(world, &me, &mut checks).await?;
    let key = document("/key.json")?.credentials(ClientAuth::private_key(world.key.clone()).kid("interop-key"));
    world.publish("/key.json", key.to_document()?).await?;
    let wire = drive(world, &key, &mut checks).await?;
    let asserted = wire.take().iter().any(|seen| !seen.sent("client_assertion").is_empty());
    checks.require("its key proves it", asserted)?;

    // The document of somebody else, found at this address.
    world.publish("/other.json", me.to_document()?).await?;
    refused(world, &document("/other.json")?, "a document of another address is refused", &mut checks).await?;
    refused(world, &document("/nowhere.json")?, "so is one that is not there", &mut checks).await?;
    world.publish("/moved.json", document("/moved.json")?.redirect_uris(["http://127.0.0.1/x"]).to_document()?).await?;
    refused(world, &document("/moved.json")?, "so is a redirect URI that it does not have", &mut checks).await?;
    let stranger = document("/key.json")?.credentials(ClientAuth::private_key(other_key()?));
    let client = Discovered::at(&*world.issuer)?.documented(&stranger).await?;
    let rejected = login_kind(log_in(&client).await) == Some(ErrorKind::ClientRejected);
    checks.require("another key than the document's proves nothing", rejected)?;
    table.row("client ID metadata document", checks);
    Ok(())
}

fn document(path: &str) -> Result<ClientMetadata> {
    Ok(ClientMetadata::document(format!("{APP}{path}"))?
        .client_name("Interop")
        .application_type("native")
        .grant_types(["authorization_code", "refresh_token"])
        .redirect_uri(REDIRECT))
}

async fn drive(world: &World, me: &ClientMetadata, checks: &mut Checks) -> Result<Wire> {
    let wire = Wire::new()?;
    let client: oauth_core::Client<Dynamic> = Discovered::at(&*world.issuer)?.documented(me).await?;
    let client = client.http_client(Arc::new(wire.clone()));
    checks.require("the client's id is the address", client.client_id().starts_with(APP))?;
    let account = log_in(&client).await?;
    let tokens = account.tokens();
    let identity = tokens.identity().ok_or("the ID token was not verified")?;
    checks.require("a client that nobody registered logs in", identity.subject() == USER)?;
    checks
        .require("the token is of that client", client.introspect(&tokens).await?.was_issued_to(client.client_id()))?;
    checks.require("the profile is the user's", account.profile().await?.subject == USER)?;
    Ok(wire)
}

async fn refused(world: &World, me: &ClientMetadata, what: &str, checks: &mut Checks) -> Result<()> {
    let client = Discovered::at(&*world.issuer)?.documented(me).await?;
    checks.require(what, refusal(client.authorize().begin().await?.url().as_str()).await.is_ok())
}
