//! Authorization of MCP clients (Model Context Protocol, revision 2026-07-28): from a 401 to an account.

mod identity;
mod login;
mod registering;

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

pub use self::identity::ClientIdentity;
use crate::challenge::ResourceChallenge;
use crate::client::Client;
use crate::clock::Clock;
use crate::error::{Error, ErrorKind, Result, Step, clean};
use crate::http::{Guard, HttpClient, ReqwestClient, TransportErrorKind, transport_error};
use crate::openid::{Asked, Asker, Demands, Discovered, stranger, without_query};
use crate::protected_resource::{ProtectedResource, ResourceMetadata};
use crate::provider::Dynamic;
use crate::registration::{ClientStore, MemoryClients};
use crate::spec::{Api, Pkce, ProviderSpec, Template, template};

/// A login at an MCP server that was not known before.
///
/// ```no_run
/// # async fn run(www_authenticate: &str) -> oauth_core::Result<()> {
/// use oauth_core::{ClientMetadata, Mcp};
///
/// let me = ClientMetadata::document("https://app.example/oauth/client.json")?
///     .client_name("My app")
///     .redirect_uri("http://127.0.0.1:8765/callback");
/// let account = Mcp::server("https://mcp.example.com/mcp")?
///     .client(me)
///     .login(www_authenticate, |url| async move {
///         // Open the browser at `url`, and give the address that it comes back to.
///         # let _ = url;
///         std::io::Result::Ok("http://127.0.0.1:8765/callback?code=..&state=..".to_owned())
///     })
///     .await?;
/// # Ok(()) }
/// ```
///
/// It finds who issues tokens for the server (RFC 9728), reads what that issuer says of itself (RFC 8414, OpenID Connect
/// Discovery), becomes its client, and logs in with PKCE for this server alone (`resource`, RFC 8707). The account's token goes
/// to the server's origin and nowhere else.
///
/// **What the server says is not trusted.** Everything is fetched from public addresses only
/// ([`Guard`](crate::http::Guard)). Metadata of another resource or issuer is refused, and so is an issuer that does not list
/// `S256`, or that leads to another host than its own. A client's id and secret are of one issuer: a server that names another
/// one gets none of what the first gave.
#[derive(Clone)]
#[must_use = "nothing happens before `login` or `connect`"]
pub struct Mcp {
    server: String,
    identities: Vec<ClientIdentity>,
    redirect_uri: Option<String>,
    hosts: Vec<String>,
    offline_access: bool,
    clients: Arc<dyn ClientStore>,
    allow_loopback: bool,
    allow_unlisted: bool,
    asker: Asker,
}

impl Mcp {
    /// The MCP server at an address, written as its metadata has it, byte for byte. Nothing is sent yet.
    pub fn server(address: impl Into<String>) -> Result<Self> {
        let server = address.into();
        let _ = ProtectedResource::at(&server)?;
        Ok(Self {
            server,
            identities: Vec::new(),
            redirect_uri: None,
            hosts: Vec::new(),
            offline_access: false,
            clients: Arc::new(MemoryClients::new()),
            allow_loopback: false,
            allow_unlisted: false,
            asker: Asker::default(),
        })
    }

    /// Who you are: a [`RegisteredClient`](crate::RegisteredClient) of one issuer, or [`ClientMetadata`](crate::ClientMetadata)
    /// to host or to register. Give as many as you have. The order is MCP's: a client that is registered with the issuer,
    /// then a metadata document where the issuer takes it, then a registration. A client that is registered with an issuer
    /// belongs to servers that you chose: any server may name that issuer, and say which scopes the user is asked for.
    ///
    /// Either proves itself by a secret, a private key or a certificate, as far as the issuer takes it:
    ///
    /// ```
    /// # fn identity(pem: String) -> oauth_core::Result<oauth_core::Mcp> {
    /// use oauth_core::{ClientAuth, Mcp, RegisteredClient};
    ///
    /// let me = RegisteredClient::known("https://id.example.com", "my-client-id", ClientAuth::private_key(pem).kid("k1"));
    /// let mcp = Mcp::server("https://mcp.example.com/mcp")?.client(me);
    /// # Ok(mcp) }
    /// ```
    ///
    /// A certificate goes to the issuer that takes it, and to the server itself where tokens are bound to it (RFC 8705 section
    /// 3): to no other one.
    pub fn client(mut self, identity: impl Into<ClientIdentity>) -> Self {
        self.identities.push(identity.into());
        self
    }

    /// Where the browser comes back to; the first redirect URI of the client unless set.
    pub fn redirect_uri(mut self, uri: impl Into<String>) -> Self {
        self.redirect_uri = Some(uri.into());
        self
    }

    /// Where registrations are kept, by issuer; in the memory of this value and its clones unless set. A login is finished with
    /// the client that it was started with, so that a program which makes this value anew for each request gives it the same
    /// store each time. Logins that share one and start at once register one client: in a process one of them asks, and of
    /// several processes each uses what the first has kept.
    pub fn clients(mut self, clients: Arc<dyn ClientStore>) -> Self {
        self.clients = clients;
        self
    }

    /// The hosts that an issuer's metadata may lead to beside its own: names, or `*.example.com`. None unless set.
    pub fn hosts<H: Into<String>>(mut self, hosts: impl IntoIterator<Item = H>) -> Self {
        self.hosts = hosts.into_iter().map(Into::into).collect();
        self
    }

    /// Asks for `offline_access` as well, where the issuer lists it: some give a refresh token only then.
    pub fn offline_access(mut self) -> Self {
        self.offline_access = true;
        self
    }

    /// Allows servers on this machine: for development and tests. Whoever writes the server's metadata can then make this
    /// client ask what listens here.
    pub fn dangerous_allow_loopback(mut self) -> Self {
        self.allow_loopback = true;
        self
    }

    /// Allows issuers whose list of resources (RFC 9728 section 4) lacks the server. An issuer may leave some out; but a server
    /// that names an issuer which knows nothing of it may be after tokens that work elsewhere.
    pub fn dangerous_allow_unlisted(mut self) -> Self {
        self.allow_unlisted = true;
        self
    }

    /// Forgets what was registered with an issuer, so that the next login registers anew: where the issuer does not know the
    /// client any more ([`ClientRejected`](ErrorKind::ClientRejected)).
    pub async fn forget(&self, issuer: &str) -> Result<()> {
        match self.clients.load(issuer).await? {
            Some(kept) => Ok(self.clients.remove(&kept).await?),
            None => Ok(()),
        }
    }

    /// A transport of your own, in the place of the guarded one: it then answers for which addresses may be reached.
    pub fn http_client(mut self, http: Arc<dyn HttpClient>) -> Self {
        self.asker.http = Some(http);
        self
    }

    /// The clock.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.asker.clock = Some(clock);
        self
    }

    /// How long a request may take in all; 30 seconds unless set.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.asker.timeout = Some(timeout);
        self
    }

    /// A client of the server's issuer, its scopes and redirect URI set: all but the login itself. A web back end starts with
    /// `client.authorize().begin()` and ends with `client.callback(..)`, as with any provider.
    ///
    /// `challenge` is the `WWW-Authenticate` header of the server's 401, or `""` without one.
    pub async fn connect(&self, challenge: impl Into<ResourceChallenge>) -> Result<Client<Dynamic>> {
        // Many requests, one after another: whoever waits for them need not carry what they need.
        Box::pin(self.prepare(&challenge.into(), &[])).await
    }

    /// As [`connect`](Self::connect), with the scopes of before.
    async fn prepare(&self, challenge: &ResourceChallenge, before: &[String]) -> Result<Client<Dynamic>> {
        let by = self.asker()?;
        let resource = ProtectedResource::at(&self.server)?.challenge(challenge.clone()).or_root();
        let metadata = resource.asked_by(by.clone()).metadata().await?;
        let mut refused = None;
        for issuer in self.choices(&metadata)? {
            match self.at_issuer(issuer, &metadata, (challenge, before), by.clone()).await {
                // RFC 9728 section 7.6: which of them to use is the client's choice: one that it can be a client of.
                Err(error) if is_unfit(error.kind()) => refused = refused.or(Some(error)),
                made => return made,
            }
        }
        Err(refused.unwrap_or_else(|| self.nobody()))
    }

    /// A client of that issuer.
    async fn at_issuer(
        &self,
        issuer: &str,
        metadata: &ResourceMetadata,
        (challenge, before): (&ResourceChallenge, &[String]),
        by: Asker,
    ) -> Result<Client<Dynamic>> {
        let listed = (!self.allow_unlisted).then(|| metadata.resource.clone());
        let mut discovered = Discovered::at(issuer)?
            .hosts(self.hosts.clone())
            .oauth_first()
            .demanding(Demands { pkce: true, resource: listed })
            .asked_by(by);
        // RFC 9728 section 2: whether the resource "always requires the use of DPoP-bound access tokens".
        if metadata.dpop_bound_access_tokens_required {
            discovered = discovered.dpop_by(&metadata.dpop_signing_alg_values_supported);
        }
        let asked = discovered.ask().await?;
        let scopes = self.scopes(challenge, metadata, &asked, before);
        let adapt = |spec: &mut ProviderSpec| adapt(spec, &self.server, &metadata.resource, scopes.clone());
        let client = self.identified(&discovered, asked, &adapt).await?;
        tracing::debug!("MCP server's issuer found");
        Ok(client)
    }

    /// What the server and its issuers are asked with: the caller's own transport, or a guarded one.
    fn asker(&self) -> Result<Asker> {
        let mut asker = self.asker.clone();
        if asker.http.is_none() {
            asker.guarded = Some((self.guard(), self.transport()?));
        }
        Ok(asker)
    }

    fn transport(&self) -> Result<Arc<dyn HttpClient>> {
        match ReqwestClient::guarded_with(self.guard(), |builder| builder) {
            Ok(client) => Ok(Arc::new(client)),
            Err(error) if error.kind() == TransportErrorKind::NoBackend => {
                let what = "there is no transport: no cryptography backend is compiled in";
                Err(self.error(ErrorKind::Config, Step::Configure, what))
            }
            Err(error) => Err(transport_error(Step::Configure, "the server", error).of(&stranger(&self.server))),
        }
    }

    fn guard(&self) -> Guard {
        if self.allow_loopback { Guard::new().dangerous_allow_loopback() } else { Guard::new() }
    }

    /// RFC 9728 section 7.6: which server to use is the client's choice. First come those that the client is registered with,
    /// then the others in their order.
    fn choices<'m>(&self, metadata: &'m ResourceMetadata) -> Result<Vec<&'m str>> {
        let is_known = |issuer: &&str| self.identities.iter().any(|identity| identity.is_of(issuer));
        let servers = metadata.authorization_servers.iter().map(String::as_str);
        let (known, others): (Vec<_>, Vec<_>) = servers.partition(is_known);
        let choices: Vec<&str> = known.into_iter().chain(others).take(MOST_ISSUERS).collect();
        // An issuer on this machine is for whoever has said so.
        let is_local = |issuer: &str| url::Url::parse(issuer).is_ok_and(|url| template::is_loopback(&url));
        let local = choices.first().filter(|issuer| is_local(issuer));
        if let Some(issuer) = local.filter(|_| !self.allow_loopback && self.asker.http.is_none()) {
            let what = format!("the server names an issuer on this machine: {}", clean(without_query(issuer)));
            return Err(self.error(ErrorKind::AddressBlocked, Step::Discovery, what));
        }
        Ok(choices)
    }

    fn nobody(&self) -> Error {
        let what = "the server's metadata names nobody who issues tokens for it (`authorization_servers`)";
        self.error(ErrorKind::MetadataEndpoint, Step::Discovery, what)
    }

    /// The scopes of the challenge, "authoritative for the current operation", else "all scopes defined in
    /// `scopes_supported`" of the server (MCP, Scope Selection Strategy), and those of before.
    fn scopes(
        &self,
        challenge: &ResourceChallenge,
        metadata: &ResourceMetadata,
        asked: &Asked,
        before: &[String],
    ) -> Vec<String> {
        let wanted = match challenge.scopes() {
            [] => metadata.scopes_supported.as_deref().unwrap_or_default(),
            named => named,
        };
        let offline = "offline_access".to_owned();
        let offline =
            Some(&offline).filter(|offline| self.offline_access && asked.metadata.scopes_supported.contains(offline));
        let mut seen = BTreeSet::new();
        let all = before.iter().chain(wanted).chain(offline);
        all.filter(|scope| seen.insert(scope.as_str())).cloned().collect()
    }

    fn error(&self, kind: ErrorKind, step: Step, what: impl Into<String>) -> Error {
        Error::new(kind, step, what).of(&stranger(&self.server))
    }
}

/// More issuers than a login tries.
const MOST_ISSUERS: usize = 4;

/// Whether an issuer is none for this client, and another might be.
fn is_unfit(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::PkceNotListed
            | ErrorKind::MetadataStatus
            | ErrorKind::MetadataFormat
            | ErrorKind::Unsupported
            | ErrorKind::IssuerNotBound
    )
}

/// What the client is a client of: tokens for this resource, applied at this server. RFC 8707 section 2, and MCP: the
/// parameter "MUST be included in both authorization requests and token requests".
fn adapt(spec: &mut ProviderSpec, server: &str, resource: &str, scopes: Vec<String>) {
    let own = stranger(server);
    (spec.id, spec.name) = (own.id, own.name);
    spec.pkce = Pkce::Required;
    spec.scopes.default = scopes;
    spec.authorize.resource = vec![Template::literal(resource)];
    let base = server.split('?').next().unwrap_or_default();
    spec.api = Some(Api {
        base_url: Template::literal(base.trim_end_matches('/')),
        headers: Vec::new(),
        hosts: Vec::new(),
        fails_when: None,
        operations: Vec::new(),
    });
}

impl fmt::Debug for Mcp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mcp")
            .field("server", &without_query(&self.server))
            .field("identities", &self.identities)
            .finish_non_exhaustive()
    }
}
