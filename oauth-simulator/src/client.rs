//! Clients of the simulator, ready to use.

use oauth_core::{Client, ClientAuth, Compiled, Dynamic, ProviderSpec};

use crate::{Error, Simulator};

impl Simulator {
    /// A client of the (first) registered client's id and secret, all of whose requests come here. It shares the
    /// simulator's [`clock`](Self::clock).
    ///
    /// Where the simulator was started with other settings than the defaults, give the client the same ones with
    /// `.set(..)`.
    ///
    /// ```
    /// # async fn login<P: oauth_core::Compiled>() -> Result<(), oauth_simulator::Error> {
    /// let sim = oauth_simulator::Simulator::start(P::spec().clone()).await?;
    /// let client = sim.client::<P>().redirect_uri("http://127.0.0.1:4001/callback");
    /// # let _ = client;
    /// # Ok(())
    /// # }
    /// ```
    pub fn client<P: Compiled>(&self) -> Client<P> {
        Client::new(self.client_id(), self.credentials()).clock(self.clock()).dangerous_at(self.origin())
    }

    /// [`client`](Self::client) for a provider that is known only at run time, with the simulator's settings.
    pub fn dynamic_client(&self) -> Result<Client<Dynamic>, Error> {
        self.dynamic_client_of(ProviderSpec::clone(self.spec()))
    }

    /// [`dynamic_client`](Self::dynamic_client) with another idea of the provider than the simulator has: to see that a
    /// wrong line in a provider file is found out.
    pub fn dynamic_client_of(&self, spec: ProviderSpec) -> Result<Client<Dynamic>, Error> {
        let mut client = Client::dynamic(spec, self.client_id(), self.credentials());
        for setting in &self.facts().settings {
            let set = client.set(&setting.name, setting.value.as_str());
            client = set.map_err(|fault| Error::setup(self.spec(), fault.to_string()))?;
        }
        Ok(client.clock(self.clock()).dangerous_at(self.origin()))
    }

    fn credentials(&self) -> ClientAuth {
        match self.facts().clients.first() {
            Some(client) if client.secret().is_none() => ClientAuth::none(),
            _ => ClientAuth::secret(self.client_secret().clone()),
        }
    }
}
