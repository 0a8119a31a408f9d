//! npm `oidc-provider`: every capability that it has, with the generated clients and with the same files loaded at run time.

mod after;
mod discovered;
pub(crate) mod login;
pub(crate) mod world;

use self::world::World;
use crate::table::{Result, Table};

/// Runs everything and gives the capabilities that were driven: one that fails ends the run.
pub(crate) async fn run() -> Result<Table> {
    let world = World::of_this_run()?;
    let mut table = Table::default();
    login::run(&world, &mut table).await?;
    discovered::run(&world, &mut table).await?;
    after::run(&world, &mut table).await?;
    Ok(table)
}
