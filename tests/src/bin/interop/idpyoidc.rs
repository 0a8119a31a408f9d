//! `PyPI`'s `idpyoidc` as a server: token exchange and logout through the browser, with the generated clients and with the
//! same file loaded at run time.

mod exchange;
mod login;
mod logout;

use oauth_core::{Client, ProviderSpec, SecretString};

use crate::oidc_provider::world::{REDIRECT, variable};
use crate::providers::idpyoidc::Idpyoidc;
use crate::table::{Result, Table};

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/interop/providers/idpyoidc.yaml");

/// Where the server is, and the secret of its clients.
struct Server {
    issuer: String,
    secret: SecretString,
}

impl Server {
    fn client(&self, id: &str) -> Client<Idpyoidc> {
        Idpyoidc::client(id, &self.secret, self.issuer.as_str()).redirect_uri(REDIRECT)
    }

    /// The same file, loaded at run time.
    fn loaded(&self, id: &str) -> Result<Client> {
        let spec = ProviderSpec::from_yaml_file(FILE)?;
        Ok(spec.client(id, &self.secret).set("issuer", &self.issuer)?.redirect_uri(REDIRECT))
    }
}

/// Runs everything and gives the capabilities that were driven: one that fails ends the run.
pub(crate) async fn run() -> Result<Table> {
    let server =
        Server { issuer: variable("INTEROP_ISSUER")?, secret: SecretString::from(variable("INTEROP_CLIENT_SECRET")?) };
    let mut table = Table::default();
    login::run(&server, &mut table).await?;
    exchange::run(&server, &mut table).await?;
    logout::run(&server, &mut table).await?;
    Ok(table)
}
