use std::sync::{Arc, MutexGuard};
use std::time::Duration;

use oauth_core::{Clock, ProviderSpec};
use secrecy::SecretString;
use tokio::task::JoinHandle;
use url::Url;

use crate::builder::secret_of;
use crate::facts::Facts;
use crate::openid::Signing;
use crate::server::Shared;
use crate::state::State;
use crate::{Answer, Builder, Endpoint, Error, Recorded, RegisteredClient, ScriptedUser, address};

/// A running provider on `127.0.0.1`. It stops when it is dropped.
pub struct Simulator {
    shared: Arc<Shared>,
    secret: SecretString,
    task: JoinHandle<()>,
}

impl Simulator {
    /// Starts a provider with one client, one user, and the defaults of all settings.
    pub async fn start(spec: Arc<ProviderSpec>) -> Result<Self, Error> {
        Self::builder(spec).start().await
    }

    /// Says what the provider shall be like before it starts.
    pub fn builder(spec: Arc<ProviderSpec>) -> Builder {
        Builder::new(spec)
    }

    pub(crate) fn new(shared: Arc<Shared>, spare_secret: String, task: JoinHandle<()>) -> Self {
        let secret = shared.facts.clients.first().map(|client| secret_of(client, &spare_secret));
        Self { shared, secret: secret.unwrap_or_else(|| SecretString::from(spare_secret)), task }
    }

    /// Where it listens: `http://127.0.0.1:PORT`.
    pub fn origin(&self) -> &str {
        &self.shared.origin
    }

    /// The provider that it plays.
    pub fn spec(&self) -> &Arc<ProviderSpec> {
        &self.facts().spec
    }

    /// The id of the (first) registered client.
    pub fn client_id(&self) -> &str {
        self.facts().clients.first().map_or("", RegisteredClient::id)
    }

    /// The secret of that client, random for each start unless a client was registered with another one.
    pub fn client_secret(&self) -> &SecretString {
        &self.secret
    }

    /// The simulator's address for an address of the real provider: `https://HOST/path` is `{origin}/HOST/path`.
    pub fn address(&self, of_provider: &str) -> Result<String, Error> {
        let mapped = Url::parse(of_provider).ok().and_then(|url| address::map(self.origin(), &url));
        mapped.ok_or_else(|| {
            let address = of_provider.split(['?', '#']).next().unwrap_or_default().to_owned();
            Error::Address { address, problem: "it is not an absolute address with a host".to_owned() }
        })
    }

    /// A person who clicks through the login and consent pages as a browser would.
    pub fn scripted_user(&self) -> ScriptedUser {
        let subject = self.facts().users.first().map(|user| user.subject.clone());
        ScriptedUser::at(self.origin().to_owned(), subject.unwrap_or_default())
    }

    /// What the provider saw so far, in the order of the answers: everything but the pages' own forms.
    pub fn requests(&self) -> Vec<Recorded> {
        self.shared.state().recorded.iter().cloned().collect()
    }

    /// [`requests`](Self::requests) to one endpoint.
    pub fn requests_to(&self, endpoint: Endpoint) -> Vec<Recorded> {
        self.shared.state().recorded.iter().filter(|request| request.endpoint == endpoint).cloned().collect()
    }

    /// Forgets what the provider saw so far.
    pub fn forget_requests(&self) {
        self.shared.state().recorded.clear();
    }

    /// Ends every grant, as when users disconnect the app: all tokens are refused from now on.
    pub fn revoke_all(&self) {
        self.shared.state().grants.iter_mut().for_each(|grant| grant.revoked = true);
    }

    /// Ends every access token, though not the refresh tokens.
    pub fn expire_access_tokens(&self) {
        let now = self.shared.clock.now();
        self.shared.state().access.values_mut().for_each(|token| token.expires = Some(now));
    }

    /// Puts the provider's clock forward.
    pub fn advance(&self, by: Duration) {
        self.shared.clock.advance(by);
    }

    /// The provider's clock. A client that has it, too, lives in the same time whatever [`advance`](Self::advance)
    /// does.
    pub fn clock(&self) -> Arc<dyn Clock> {
        Arc::clone(&self.shared.clock) as Arc<dyn Clock>
    }

    /// Gives that answer to the next request for tokens: a code exchange, a refresh or an upgrade. Several wait in
    /// line.
    pub fn next_token_answer(&self, answer: Answer) {
        self.shared.state().token_answers.push_back(answer);
    }

    /// Gives that answer to the next request to the API, the profile included. Several wait in line.
    pub fn next_api_answer(&self, answer: Answer) {
        self.shared.state().api_answers.push_back(answer);
    }

    /// Gives that answer to the next request that revokes a token. Several wait in line.
    pub fn next_revocation_answer(&self, answer: Answer) {
        self.shared.state().revocation_answers.push_back(answer);
    }

    /// Gives that answer to the next lookup, the request right after the exchange. Several wait in line.
    pub fn next_lookup_answer(&self, answer: Answer) {
        self.shared.state().lookup_answers.push_back(answer);
    }

    pub(crate) fn facts(&self) -> &Facts {
        &self.shared.facts
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.shared.state()
    }

    pub(crate) fn signing(&self) -> &Signing {
        &self.shared.signing
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl std::fmt::Debug for Simulator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Simulator")
            .field("provider", &self.spec().id)
            .field("origin", &self.origin())
            .finish_non_exhaustive()
    }
}
