//! What a protected resource says of itself (RFC 9728): who issues tokens for it, and with which scopes.

use std::sync::Arc;
use std::time::Duration;

use crate::challenge::ResourceChallenge;
use crate::client::{Client, ClientAuth, Inner};
use crate::clock::Clock;
use crate::error::{Error, ErrorKind, Result, Step, clean};
use crate::http::HttpClient;
use crate::openid::{self, Asker, Document, first, stranger, without_query};
use crate::scopes::is_scope_token;
use crate::spec::{ProviderSpec, template};

/// RFC 9728 section 3: the default well-known path.
const WELL_KNOWN: &str = "/.well-known/oauth-protected-resource";
/// More authorization servers than anybody chooses from.
const MOST_SERVERS: usize = 16;
/// More scopes than a request could name.
const MOST_SCOPES: usize = 256;

/// A protected resource, to be asked for its metadata (RFC 9728).
///
/// ```no_run
/// # async fn run() -> oauth_core::Result<()> {
/// use oauth_core::ProtectedResource;
///
/// let metadata = ProtectedResource::at("https://mcp.example.com/mcp")?.metadata().await?;
/// println!("{:?} issue tokens for it", metadata.authorization_servers);
/// # Ok(()) }
/// ```
///
/// Where somebody else names the resource, give it a transport that reaches public addresses only:
/// [`ReqwestClient::guarded`](crate::http::ReqwestClient::guarded).
#[derive(Clone)]
#[must_use = "nothing happens before `metadata`"]
pub struct ProtectedResource {
    spec: ProviderSpec,
    resource: String,
    named: Option<String>,
    or_root: bool,
    asker: Asker,
}

/// What a protected resource says of itself (RFC 9728 section 2), as far as it is needed here.
///
/// The `resource` in it is the one that was asked for, byte for byte. Who issues tokens is its word: a server that it names
/// for the first time gets none of what another server gave.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ResourceMetadata {
    /// The resource's identifier: what the `resource` parameter of requests says (RFC 8707).
    pub resource: String,
    /// The issuers whose tokens it takes, in its order; 16 at most.
    pub authorization_servers: Vec<String>,
    /// The scopes that it lists; none where it lists none.
    pub scopes_supported: Option<Vec<String>>,
    /// How it takes a token (RFC 6750 section 2): `header`, `body`, `query`.
    pub bearer_methods_supported: Vec<String>,
    /// Its name for people. It is outside text.
    pub resource_name: Option<String>,
    /// Whether it takes tokens with a proof of possession only (RFC 9449).
    pub dpop_bound_access_tokens_required: bool,
    /// The algorithms of such proofs that it lists.
    pub dpop_signing_alg_values_supported: Vec<String>,
    /// Whether its tokens are bound to a client certificate (RFC 8705 section 3).
    pub tls_client_certificate_bound_access_tokens: bool,
}

impl ProtectedResource {
    /// The resource at an address: https (plain http on loopback only), without credentials and fragment (RFC 9728 section
    /// 1.2). Write it as the resource does, byte for byte. Nothing is sent yet.
    pub fn at(resource: impl Into<String>) -> Result<Self> {
        let resource = resource.into();
        let spec = stranger(&resource);
        if !is_sound(&resource) {
            let what = "a protected resource is an https address without credentials and fragment";
            return Err(Error::new(ErrorKind::ResourceMismatch, Step::Configure, what)
                .fix("write it as its own documentation does, for example https://mcp.example.com/mcp")
                .of(&spec));
        }
        Ok(Self { spec, resource, named: None, or_root: false, asker: Asker::default() })
    }

    /// With what the resource said to a request without a token: where its metadata is. Without it the well-known address
    /// is asked.
    pub fn challenge(mut self, challenge: impl Into<ResourceChallenge>) -> Self {
        self.named = challenge.into().resource_metadata().map(str::to_owned);
        self
    }

    /// Where there is no metadata at the well-known address of the resource, that of its host is asked, as MCP (2026-07-28)
    /// has it. It has to be of this resource, or of the host as a whole.
    pub fn or_root(mut self) -> Self {
        self.or_root = true;
        self
    }

    /// With what it is asked.
    pub(crate) fn asked_by(mut self, asker: Asker) -> Self {
        self.asker = asker;
        self
    }

    /// The transport.
    pub fn http_client(mut self, http: Arc<dyn HttpClient>) -> Self {
        self.asker.http = Some(http);
        self
    }

    /// The clock.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.asker.clock = Some(clock);
        self
    }

    /// How long the request may take in all; 30 seconds unless set.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.asker.timeout = Some(timeout);
        self
    }

    /// Asks the resource. Metadata of another resource is an [error](ErrorKind::ResourceMismatch), and so is an address of
    /// another origin that a challenge names.
    pub async fn metadata(&self) -> Result<ResourceMetadata> {
        let client = self.asker.equip(Client::dynamic(self.spec.clone(), "metadata", ClientAuth::none()));
        let inner = client.inner();
        let addresses = match &self.named {
            Some(named) => vec![self.checked(named)?],
            None => self.well_known(),
        };
        let says_none = |error: &Error| addresses.len() > 1 && error.kind() == ErrorKind::MetadataStatus;
        let found = first(inner, "the resource's metadata", &addresses, says_none, |at, document| {
            let origin = split(&self.resource).0;
            // RFC 9728 section 3.3: the resource is the one "into which the well-known URI path suffix was inserted", and at
            // the second address that is the host.
            let known = [&self.resource, origin, &format!("{origin}/")];
            ResourceMetadata::read(inner, if at == 0 { &known[..1] } else { &known }, &document.body)
        });
        found.await?.ok_or_else(|| self.none())
    }

    /// Where the metadata is, unless a challenge says so: at the resource's address, or at its host's.
    fn well_known(&self) -> Vec<String> {
        let (origin, rest) = split(&self.resource);
        let mut addresses = vec![format!("{origin}{WELL_KNOWN}{rest}")];
        if self.or_root && !rest.is_empty() {
            addresses.push(format!("{origin}{WELL_KNOWN}"));
        }
        addresses
    }

    /// RFC 9728 section 7.3 warns of metadata that somebody else wrote: where the resource says it is, is on the resource's
    /// own origin.
    fn checked(&self, named: &str) -> Result<String> {
        let origin = |address: &str| url::Url::parse(address).ok().map(|url| url.origin());
        if is_sound(named) && origin(named) == origin(&self.resource) {
            return Ok(named.to_owned());
        }
        let what =
            format!("the resource's answer leads to metadata at another origin: {}", clean(without_query(named)));
        Err(Error::new(ErrorKind::ResourceMismatch, Step::Discovery, what).of(&self.spec))
    }

    fn none(&self) -> Error {
        Error::new(ErrorKind::MetadataStatus, Step::Discovery, "the resource has no metadata (status 404)")
            .fix("compare the resource's address with its documentation, byte for byte")
            .of(&self.spec)
    }
}

impl ResourceMetadata {
    /// Reads a document that has to be of one of these resources. RFC 9728 section 3.3: the `resource` in it "MUST be
    /// identical"; "if these values are not identical, the data contained in the response MUST NOT be used".
    fn read(inner: &Inner, asked: &[&str], document: &[u8]) -> Result<Self> {
        let document = Document::parse(inner, document, ("the resource's metadata", asked[0]))?;
        let resource = document.text("resource")?.unwrap_or_default();
        if !asked.contains(&resource.as_str()) {
            let what = format!(
                "the metadata is of the resource `{}`, asked was `{}`",
                clean(without_query(&resource)),
                without_query(asked[0])
            );
            return Err(inner.error(ErrorKind::ResourceMismatch, Step::Discovery, what));
        }
        let mut servers = document.texts("authorization_servers")?;
        servers.truncate(MOST_SERVERS);
        let scopes = document.optional_texts("scopes_supported")?;
        let scopes = scopes.map(|scopes| scopes.into_iter().filter(|scope| is_scope_token(scope)).take(MOST_SCOPES));
        Ok(Self {
            resource,
            authorization_servers: servers,
            scopes_supported: scopes.map(Iterator::collect),
            bearer_methods_supported: document.texts("bearer_methods_supported")?,
            resource_name: document.text("resource_name")?.map(|name| clean(&name)),
            dpop_bound_access_tokens_required: document.flag("dpop_bound_access_tokens_required")?,
            dpop_signing_alg_values_supported: document.texts("dpop_signing_alg_values_supported")?,
            tls_client_certificate_bound_access_tokens: document.flag("tls_client_certificate_bound_access_tokens")?,
        })
    }
}

/// RFC 9728 section 1.2: the identifier is "a URL that uses the https scheme and has no fragment component".
fn is_sound(address: &str) -> bool {
    let parsed = url::Url::parse(address).is_ok_and(|url| template::is_endpoint(&url));
    parsed && !openid::has_dot_segments(address) && !address.chars().any(|c| c.is_control() || c == ' ' || c == '\\')
}

/// The address up to its host, and what the well-known path comes before. RFC 9728 section 3.1: "any terminating slash (/)
/// following the host component MUST be removed before inserting".
fn split(resource: &str) -> (&str, &str) {
    let start = resource.find("://").map_or(0, |at| at + 3);
    let end = resource[start..].find(['/', '?']).map_or(resource.len(), |at| start + at);
    let (origin, rest) = resource.split_at(end);
    let rest = if rest == "/" || rest.starts_with("/?") { &rest[1..] } else { rest };
    (origin, rest)
}

impl std::fmt::Debug for ProtectedResource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ProtectedResource").field("resource", &without_query(&self.resource)).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn disc_10_the_well_known_part_stands_behind_the_host() {
        assert_eq!(split("https://r.example"), ("https://r.example", ""));
        assert_eq!(split("https://r.example/"), ("https://r.example", ""));
        assert_eq!(split("https://r.example:8443/mcp/"), ("https://r.example:8443", "/mcp/"));
        assert_eq!(split("https://r.example/a/b?c=/d"), ("https://r.example", "/a/b?c=/d"));
        assert_eq!(split("https://r.example/?c"), ("https://r.example", "?c"));
    }

    #[test]
    fn disc_04_a_resource_is_a_whole_https_address() {
        for wrong in [
            "",
            "r.example",
            "http://r.example",
            "https://u:p@r.example",
            "https://r.example/#x",
            "javascript:1",
            "https://r.example\\@evil.example",
        ] {
            let error = ProtectedResource::at(wrong).expect_err(wrong);
            assert_eq!(error.kind(), ErrorKind::ResourceMismatch, "{wrong}");
        }
        assert!(ProtectedResource::at("https://r.example/mcp?tenant=a").is_ok());
        assert!(ProtectedResource::at("http://127.0.0.1:4000/mcp").is_ok());
    }
}
