//! `PyPI`'s `Authlib` as a server: assertions as grants and as proofs of clients, tokens that APIs read themselves, with the
//! generated clients and with the same files loaded at run time.

mod assertions;
mod clients;
mod device;
mod login;

use oauth_core::{Client, ClientAuth, ProviderSpec, SecretString};
use serde_json::Value;

use crate::oidc_provider::world::{REDIRECT, variable};
use crate::providers::authlib::Authlib;
use crate::table::{Result, Table};

const FILES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/interop/providers");

/// What the server said when it listened.
struct Server {
    ready: Value,
    issuer: String,
    secret: SecretString,
    /// The private key whose public half the server has of its clients.
    key: SecretString,
}

impl Server {
    fn text(ready: &Value, name: &str) -> Result<String> {
        Ok(ready[name].as_str().ok_or("the server's line lacks something")?.to_owned())
    }

    /// The client with a secret.
    fn client(&self, id: &str) -> Client<Authlib> {
        Authlib::client(id, &self.secret, self.issuer.as_str()).redirect_uri(REDIRECT)
    }

    /// A client of a file that is loaded now.
    fn loaded(&self, file: &str, id: &str, credentials: impl Into<ClientAuth>) -> Result<Client> {
        let spec = ProviderSpec::from_yaml_file(format!("{FILES}/{file}.yaml"))?;
        Ok(spec.client(id, credentials).set("issuer", &self.issuer)?.redirect_uri(REDIRECT))
    }

    /// What a partner of the server has signed.
    fn assertion(&self, name: &str) -> Result<SecretString> {
        Ok(Self::text(&self.ready["assertions"], name)?.into())
    }
}

/// Runs everything and gives the capabilities that were driven: one that fails ends the run.
pub(crate) async fn run() -> Result<Table> {
    let ready: Value = serde_json::from_str(&variable("INTEROP_READY")?)?;
    let server = Server {
        issuer: Server::text(&ready, "issuer")?,
        secret: Server::text(&ready, "client_secret")?.into(),
        key: Server::text(&ready, "client_key")?.into(),
        ready,
    };
    let mut table = Table::default();
    login::run(&server, &mut table).await?;
    clients::run(&server, &mut table).await?;
    assertions::run(&server, &mut table).await?;
    device::run(&server, &mut table).await?;
    Ok(table)
}
