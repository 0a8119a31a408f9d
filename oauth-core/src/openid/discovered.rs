use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::Metadata;
use super::asker::Asker;
use super::demands::Demands;
use super::discovery::ask;
use super::proving;
use super::stranger::{is_plain, stranger};
use super::well_known::{WellKnown, has_dot_segments};
use crate::client::{Client, ClientAuth, Inner};
use crate::clock::Clock;
use crate::error::{Error, ErrorKind, Result, Step};
use crate::http::HttpClient;
use crate::provider::Dynamic;
use crate::spec::{self, OpenId, ProviderSpec, SigningAlg, Template, TokenBound, template};

/// A provider without a file: everything that a client needs is in the metadata of its issuer (OpenID Connect Discovery,
/// RFC 8414).
///
/// ```no_run
/// # async fn run() -> oauth_core::Result<()> {
/// use oauth_core::Discovered;
///
/// let client = Discovered::at("https://id.example.com")?.client("my-client-id", "my-secret").await?;
/// let attempt = client.authorize().redirect_uri("https://app.example/callback").begin().await?;
/// # Ok(()) }
/// ```
///
/// The issuer is yours to choose and is trusted: it says where secrets and codes go. For an issuer that somebody else
/// names, allow its own host only: `Discovered::at(issuer)?.hosts([])`.
#[derive(Clone)]
#[must_use = "nothing happens before `client`"]
pub struct Discovered {
    spec: ProviderSpec,
    asker: Asker,
    order: WellKnown,
    demands: Demands,
    /// The algorithms of proofs of possession, where tokens are to be bound.
    bound: Option<Vec<String>>,
}

/// What an issuer said, and who asked.
#[derive(Clone)]
pub(crate) struct Asked {
    client: Client<Dynamic>,
    pub(crate) metadata: Metadata,
    fresh_until: SystemTime,
}

impl Asked {
    pub(crate) fn error(&self, kind: ErrorKind, step: Step, what: impl Into<String>) -> Error {
        self.inner().error(kind, step, what)
    }

    pub(crate) fn inner(&self) -> &Arc<Inner> {
        self.client.inner()
    }
}

impl Discovered {
    /// The provider at an issuer (an https address; plain http on loopback only). Nothing is sent yet.
    pub fn at(issuer: impl Into<String>) -> Result<Self> {
        let issuer = issuer.into();
        let mut spec = stranger(&issuer);
        let parsed = url::Url::parse(&issuer).is_ok_and(|url| template::is_endpoint(&url) && url.query().is_none());
        if !parsed || !is_plain(&issuer) || has_dot_segments(&issuer) {
            let what =
                "an issuer is an https address without credentials, query, fragment, dot segments and odd characters";
            return Err(Error::new(ErrorKind::MetadataIssuer, Step::Configure, what)
                .fix("write it as the provider does, for example https://accounts.example.com")
                .of(&spec));
        }
        spec.endpoints.issuer = Some(Template::literal(&issuer));
        spec.endpoints.discovery = true;
        spec.endpoints.hosts = vec!["*".to_owned()];
        Ok(Self {
            spec,
            asker: Asker::default(),
            order: WellKnown::default(),
            demands: Demands::default(),
            bound: None,
        })
    }

    /// The hosts that the metadata may lead to beside the issuer's own: names, or `*.example.com`. Without this it may
    /// lead to any, because you chose the issuer.
    pub fn hosts<H: Into<String>>(mut self, hosts: impl IntoIterator<Item = H>) -> Self {
        self.spec.endpoints.hosts = hosts.into_iter().map(Into::into).collect();
        self
    }

    /// Asks `oauth-authorization-server` before `openid-configuration`, the latter with the issuer's path behind it before
    /// the other form, and goes on to the next address whatever the refusal: as MCP (2026-07-28) orders them.
    pub fn oauth_first(mut self) -> Self {
        self.order = WellKnown::OAuthFirst;
        self
    }

    /// What the metadata has to say, now and later.
    pub(crate) fn demanding(mut self, demands: Demands) -> Self {
        self.demands = demands;
        self
    }

    /// With what it is asked, and the client's later requests are sent.
    pub(crate) fn asked_by(mut self, asker: Asker) -> Self {
        self.asker = asker;
        self
    }

    /// The transport; the client's later one as well. For an issuer that somebody else named it is a
    /// [guarded](crate::http::ReqwestClient::guarded) one.
    pub fn http_client(mut self, http: Arc<dyn HttpClient>) -> Self {
        self.asker.http = Some(http);
        self
    }

    /// The clock; the client's later one as well.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.asker.clock = Some(clock);
        self
    }

    /// How long a request may take in all; 30 seconds unless set.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.asker.timeout = Some(timeout);
        self
    }

    /// Has the client's tokens bound to a key (RFC 9449): one that is not is discarded.
    pub fn dpop(mut self) -> Self {
        self.bound.get_or_insert_default();
        self
    }

    /// The same, by an algorithm of that list; an empty one has all.
    pub(crate) fn dpop_by(mut self, algs: &[String]) -> Self {
        self.bound = Some(algs.to_vec());
        self
    }

    /// Asks the issuer and makes a client of what it says.
    ///
    /// A secret is sent as `basic`, or `body`, or signs (`client_secret_jwt`); a private key signs (`private_key_jwt`), a
    /// certificate is shown (`tls_client_auth`): whichever the issuer lists. Where it lists nothing that goes with the
    /// credentials, the error says what does. Without credentials it is a public client where the issuer lists `none`; where it
    /// takes certificates and no client without one, a [transport](Self::http_client) of your own is taken to show it. The scopes are `openid`, `profile` and `email`, as far as it lists them; ID
    /// tokens are verified with its keys. Requests are pushed (RFC 9126) and signed (RFC 9101, with the private key or
    /// [`Client::request_key`]) where the issuer takes no others.
    pub async fn client(&self, id: impl Into<String>, credentials: impl Into<ClientAuth>) -> Result<Client<Dynamic>> {
        let (asked, credentials) = (self.ask().await?, credentials.into());
        proving::check_public(asked.inner(), &asked.metadata, &credentials)?;
        self.made(asked, id.into(), credentials, |_| ())
    }

    /// A public client: one that has no secret.
    pub async fn public(&self, id: impl Into<String>) -> Result<Client<Dynamic>> {
        self.client(id, ClientAuth::none()).await
    }

    /// Asks the issuer.
    pub async fn metadata(&self) -> Result<Metadata> {
        self.ask().await.map(|asked| asked.metadata)
    }

    /// The issuer.
    pub(crate) fn issuer(&self) -> &str {
        self.spec.endpoints.issuer.as_ref().map_or("", Template::as_str)
    }

    /// The client that asks for the metadata: nobody yet.
    pub(crate) fn asking(&self) -> Client<Dynamic> {
        self.configured(Client::dynamic(self.spec.clone(), "metadata", ClientAuth::none()))
    }

    /// Asks the issuer.
    pub(crate) async fn ask(&self) -> Result<Asked> {
        let client = self.asking();
        let (metadata, fresh_until) = ask(client.inner()).await?;
        Ok(Asked { client, metadata, fresh_until })
    }

    /// A client of what the issuer said, its facts adapted.
    pub(crate) fn made(
        &self,
        asked: Asked,
        id: String,
        credentials: ClientAuth,
        adapt: impl FnOnce(&mut ProviderSpec),
    ) -> Result<Client<Dynamic>> {
        let proof = proving::client_auth(asked.inner(), &asked.metadata, &credentials)?;
        self.made_by(asked, id, (credentials, proof), adapt)
    }

    /// The same for a client that proves itself in that way.
    pub(crate) fn made_by(
        &self,
        asked: Asked,
        id: String,
        (credentials, proof): (ClientAuth, spec::ClientAuth),
        adapt: impl FnOnce(&mut ProviderSpec),
    ) -> Result<Client<Dynamic>> {
        let mut spec = self.described(&asked.metadata)?;
        spec.client_auth = proof;
        // RFC 8705 section 3: such a token is used over a connection with the certificate.
        if asked.metadata.tls_client_certificate_bound_access_tokens && credentials.client_certificate().is_some() {
            spec.token.bound = Some(TokenBound::Mtls);
        }
        if let Some(algs) = &self.bound {
            spec.dpop = Some(proving::dpop(&spec, &[algs, &asked.metadata.dpop_signing_alg_values_supported])?);
        }
        adapt(&mut spec);
        // One transport for both: the connection to the issuer is open already.
        let http = asked.client.inner().shared_http()?;
        let client = self.configured(Client::dynamic(spec, id, credentials)).sharing(http);
        client.inner().adopt(asked.metadata, asked.fresh_until)?;
        Ok(client)
    }

    fn configured(&self, client: Client<Dynamic>) -> Client<Dynamic> {
        self.asker.equip(client.without_file().well_known(self.order).demanding(self.demands.clone()))
    }

    /// What the metadata lets a client choose.
    fn described(&self, metadata: &Metadata) -> Result<ProviderSpec> {
        let mut spec = self.spec.clone();
        let signs = &metadata.id_token_signing_alg_values_supported;
        let is_openid = !signs.is_empty() || metadata.scopes_supported.iter().any(|scope| scope == "openid");
        if metadata.jwks_uri.is_some() && is_openid {
            let algs = SigningAlg::proposed(metadata);
            if algs.is_empty() {
                let what = "the issuer signs ID tokens with no algorithm that this client takes";
                return Err(Error::new(ErrorKind::IdTokenAlgorithm, Step::Discovery, what)
                    .fix("a secret-based algorithm needs a provider file with `openid.algs: [HS256]`")
                    .of(&spec));
            }
            spec.openid = Some(OpenId {
                issuer: None,
                also_issuers: Vec::new(),
                jwks: None,
                algs,
                nonce: true,
                auth_time: true,
                required: false,
            });
            let listed = &metadata.scopes_supported;
            let usual = ["openid", "profile", "email"].into_iter();
            spec.scopes.default = usual
                .filter(|scope| *scope == "openid" || listed.is_empty() || listed.iter().any(|known| known == scope))
                .map(str::to_owned)
                .collect();
        }
        Ok(spec)
    }
}

impl std::fmt::Debug for Discovered {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Discovered").field("issuer", &self.spec.endpoints.issuer).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issuer_is_an_https_address() {
        for wrong in [
            "",
            "id.example",
            "http://id.example",
            "https://u:p@id.example",
            "https://id.example?x",
            "https://id.example/#x",
            "javascript:alert(1)",
            "https:id.example",
            "https://id.example/a\nb",
            "https://id.example/\u{202e}a",
            "https://id.example/\u{1b}[2J",
        ] {
            let error = Discovered::at(wrong).expect_err(wrong);
            assert_eq!(error.kind(), ErrorKind::MetadataIssuer, "{wrong}");
        }
        assert!(Discovered::at("https://id.example/tenant").is_ok());
        assert!(Discovered::at("http://127.0.0.1:4000").is_ok());
    }
}
