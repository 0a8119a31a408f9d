use std::fmt::Write as _;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::Metadata;
use super::demands::Demands;
use super::discovery::ask;
use super::proving;
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
    http: Option<Arc<dyn HttpClient>>,
    clock: Option<Arc<dyn Clock>>,
    timeout: Option<Duration>,
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

/// What a provider is before its metadata is known: the standard, and nothing else.
const BLANK: &str = r#"{"id":"discovered","name":"discovered","module":"discovered","marker":"Discovered","docs":"https://openid.net/specs/openid-connect-discovery-1_0.html","checked":"2026-11-21","confidence":"own","endpoints":{},"client_auth":"basic","pkce":"supported","scopes":{"separator":" ","param":"scope"},"authorize":{},"callback":{"code":"code"},"token":{"request":{"method":"POST","format":"form"},"response":{"at":[""],"expiry":{"field":"expires_in","kind":"in","unit":"s"}},"placement":{"header":{"name":"Authorization","scheme":"Bearer"}}},"refresh":{"with":"refresh_token","method":"POST","format":"form","grant_type":"refresh_token","param":"refresh_token","client_auth":true}}"#;

impl Discovered {
    /// The provider at an issuer (an https address; plain http on loopback only). Nothing is sent yet.
    pub fn at(issuer: impl Into<String>) -> Result<Self> {
        let issuer = issuer.into();
        let mut spec = stranger(&issuer);
        let sound = url::Url::parse(&issuer).ok().filter(|url| {
            template::is_secure(url)
                && url.username().is_empty()
                && url.password().is_none()
                && url.query().is_none()
                && url.fragment().is_none()
                && !has_dot_segments(&issuer)
        });
        if sound.is_none() {
            let what = "an issuer is an https address without credentials, query, fragment and dot segments";
            return Err(Error::new(ErrorKind::MetadataIssuer, Step::Configure, what)
                .fix("write it as the provider does, for example https://accounts.example.com")
                .of(&spec));
        }
        spec.endpoints.issuer = Some(Template::literal(&issuer));
        spec.endpoints.discovery = true;
        spec.endpoints.hosts = vec!["*".to_owned()];
        Ok(Self {
            spec,
            http: None,
            clock: None,
            timeout: None,
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

    /// The transport; the client's later one as well. For an issuer that somebody else named it is a
    /// [guarded](crate::http::ReqwestClient::guarded) one.
    pub fn http_client(mut self, http: Arc<dyn HttpClient>) -> Self {
        self.http = Some(http);
        self
    }

    /// The clock; the client's later one as well.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = Some(clock);
        self
    }

    /// How long a request may take in all; 30 seconds unless set.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
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
    /// credentials, the error says what does. The scopes are `openid`, `profile` and `email`, as far as it lists them; ID
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
        let mut client = client.well_known(self.order).demanding(self.demands.clone());
        if let Some(http) = &self.http {
            client = client.http_client(Arc::clone(http));
        }
        if let Some(clock) = &self.clock {
            client = client.clock(Arc::clone(clock));
        }
        match self.timeout {
            Some(timeout) => client.timeout(timeout),
            None => client,
        }
    }

    /// What the metadata lets a client choose.
    fn described(&self, metadata: &Metadata) -> Result<ProviderSpec> {
        let mut spec = self.spec.clone();
        let signs = &metadata.id_token_signing_alg_values_supported;
        let is_openid = !signs.is_empty() || metadata.scopes_supported.iter().any(|scope| scope == "openid");
        if metadata.jwks_uri.is_some() && is_openid {
            // OpenID Connect Core section 2: the default algorithm is RS256.
            let mut algs = SigningAlg::asymmetric(signs);
            if algs.is_empty() && signs.is_empty() {
                algs.push(SigningAlg::RS256);
            }
            if algs.is_empty() {
                let what = "the issuer signs ID tokens with no algorithm that this client takes";
                return Err(Error::new(ErrorKind::IdTokenAlgorithm, Step::Discovery, what)
                    .fix("a secret-based algorithm needs a provider file with `openid.algs: [HS256]`")
                    .of(&spec));
            }
            spec.openid =
                Some(OpenId { issuer: None, also_issuers: Vec::new(), jwks: None, algs, nonce: true, required: false });
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

/// A server of which nothing but the address is known.
pub(crate) fn stranger(address: &str) -> ProviderSpec {
    let mut spec = blank();
    let url = url::Url::parse(address).ok().filter(|url| matches!(url.scheme(), "https" | "http"));
    if let Some(host) = url.as_ref().and_then(url::Url::host_str) {
        host.clone_into(&mut spec.name);
        spec.id = id(address);
        without_query(address).clone_into(&mut spec.docs);
    }
    spec
}

fn blank() -> ProviderSpec {
    // A test holds that this is what a file without deviations gives.
    ProviderSpec::from_json(BLANK).unwrap_or_else(|fault| unreachable!("the blank spec does not decode: {fault}"))
}

/// An address as it may be shown: some servers take keys in the query.
pub(crate) fn without_query(address: &str) -> &str {
    address.split('?').next().unwrap_or_default()
}

/// An issuer as an id, by which errors and stored records know the provider: `https://id.example.com` is `id-example-com`.
/// No two issuers have the same: what is no letter, digit or dot is written as `_` and two hexadecimal digits, and a scheme
/// that is not `https` stands behind two `_`. There is no limit to its length, because a cut id is another issuer's as well.
fn id(issuer: &str) -> String {
    let (scheme, rest) = issuer.split_once("://").unwrap_or(("", issuer));
    let (rest, query) = rest.split_once('?').map_or((rest, None), |(rest, query)| (rest, Some(query)));
    let mut id = String::with_capacity(issuer.len());
    push_escaped(&mut id, rest);
    if let Some(query) = query {
        let _ = write!(id, "__{:016x}", fingerprint(query));
    }
    if scheme != "https" {
        id.push_str("__");
        push_escaped(&mut id, scheme);
    }
    id
}

/// FNV-1a: tells the queries of one server apart, and shows none. Nothing is decided by it but which tokens are whose.
fn fingerprint(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

fn push_escaped(id: &mut String, text: &str) {
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'0'..=b'9' => id.push(char::from(byte)),
            b'.' => id.push('-'),
            _ => id.extend(['_', hex(byte >> 4), hex(byte & 15)]),
        }
    }
}

/// A digit below 16.
fn hex(digit: u8) -> char {
    char::from_digit(digit.into(), 16).unwrap_or('0')
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
    #[cfg(feature = "schema")]
    fn a_blank_provider_is_a_file_without_deviations() {
        let file = "id: discovered\nname: discovered\ndocs: https://openid.net/specs/openid-connect-discovery-1_0.html\nchecked: 2026-11-21\nendpoints: {token: \"https://x.example/t\"}\n";
        let mut spec = ProviderSpec::from_yaml(file).expect("a sound file");
        spec.endpoints.token = None;
        assert_eq!(blank().to_json(), spec.to_json());
    }

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
        ] {
            let error = Discovered::at(wrong).expect_err(wrong);
            assert_eq!(error.kind(), ErrorKind::MetadataIssuer, "{wrong}");
        }
        assert!(Discovered::at("https://id.example/tenant").is_ok());
        assert!(Discovered::at("http://127.0.0.1:4000").is_ok());
    }

    #[test]
    fn no_two_issuers_have_the_same_id() {
        assert_eq!(id("https://id.example.com"), "id-example-com");
        assert_eq!(id("http://127.0.0.1:4000"), "127-0-0-1_3a4000__http");
        let long = "x".repeat(70);
        let issuers = [
            "https://id.example.com".to_owned(),
            "https://id.example.com/".to_owned(),
            "https://id.example.com:8443".to_owned(),
            "https://id.example.com/8443".to_owned(),
            "https://id.example.com.8443".to_owned(),
            "https://id-example.com".to_owned(),
            "https://id_example.com".to_owned(),
            "https://id.example.com/realms/a".to_owned(),
            "https://id.example.com/realms/b".to_owned(),
            "https://id-example.com/realms/b".to_owned(),
            "https://id-example.com/realms/B".to_owned(),
            "https://id-example.com/realms-b".to_owned(),
            "https://id-example.com/realms_2fb".to_owned(),
            "https://http://127.0.0.1".to_owned(),
            "https://127.0.0.1__http".to_owned(),
            "https://127.0.0.1".to_owned(),
            "http://127.0.0.1".to_owned(),
            "https:127.0.0.1".to_owned(),
            format!("https://{long}.example"),
            format!("https://{long}.example/a"),
        ];
        let ids: std::collections::HashSet<String> = issuers.iter().map(|issuer| id(issuer)).collect();
        assert_eq!(ids.len(), issuers.len(), "{ids:?}");
        let is_known = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_".contains(&byte);
        assert!(ids.iter().all(|id| id.bytes().all(is_known)), "{ids:?}");
    }
}
