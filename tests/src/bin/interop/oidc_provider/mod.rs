//! npm `oidc-provider`: every capability that it has, with the generated clients and with the same files loaded at run time.

mod after;
mod answers;
mod authorize_more;
mod ciba;
mod client_auth;
mod client_credentials;
mod device;
mod discovered;
mod document;
pub(crate) mod login;
mod logout;
mod mtls;
mod proofs;
mod registration;
mod resource;
mod sessions;
pub(crate) mod world;

pub(crate) use self::mtls::{PART, part};
use self::world::World;
use crate::table::{Result, Table};

/// Runs everything and gives the capabilities that were driven: one that fails ends the run.
pub(crate) async fn run() -> Result<Table> {
    let world = World::of_this_run()?;
    let mut table = Table::default();
    login::run(&world, &mut table).await?;
    Box::pin(discovered::run(&world, &mut table)).await?;
    client_auth::run(&world, &mut table).await?;
    client_credentials::run(&world, &mut table).await?;
    device::run(&world, &mut table).await?;
    ciba::run(&world, &mut table).await?;
    authorize_more::run(&world, &mut table).await?;
    answers::run(&world, &mut table).await?;
    sessions::run(&world, &mut table).await?;
    resource::run(&world, &mut table).await?;
    proofs::run(&world, &mut table).await?;
    mtls::run(&world, &mut table).await?;
    after::run(&world, &mut table).await?;
    registration::run(&world, &mut table).await?;
    Box::pin(document::run(&world, &mut table)).await?;
    logout::run(&world, &mut table).await?;
    Ok(table)
}
