//! Endpoints by the issuer's metadata (RFC 8414 section 3, OpenID Connect Discovery section 4).

use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use super::Metadata;
use super::asking::Asking;
use super::documents::first;
use super::proving;
use super::well_known::{WellKnown, has_dot_segments};
use crate::client::{Client, Context, Inner, fill};
use crate::error::{Error, ErrorKind, Result, Step, clean};
use crate::origin::host_matches;
use crate::provider::Provider;
use crate::spec::{
    CIBA_GRANT, CLIENT_CREDENTIALS_GRANT, CibaGrant, DeviceGrant, GrantRequest, Introspect, JWT_BEARER_GRANT,
    JwtBearer, Logout, OpenId, Profile, ProviderSpec, Push, Revoke, SAML_BEARER_GRANT, SigningAlg,
    TOKEN_EXCHANGE_GRANT, Template,
};

/// How long metadata that cannot be renewed is still used.
const STALE: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// An issuer whose metadata could not be renewed is asked again after this time.
const COOLDOWN: Duration = Duration::from_secs(30);

/// What has been discovered for one client.
#[derive(Default)]
pub(crate) struct Discovery {
    /// What the issuer said: one for a client and all that are made of it by filling it, so that each has the newest.
    said: Arc<Said>,
    /// The client with what the metadata adds, and the metadata that it was made of.
    filled: RwLock<Option<(Arc<Metadata>, Arc<Inner>)>>,
    /// The metadata that this client itself was made of.
    of: Option<Arc<Metadata>>,
}

#[derive(Default)]
struct Said {
    known: RwLock<Option<Known>>,
    asking: Asking,
}

#[derive(Clone)]
struct Known {
    metadata: Arc<Metadata>,
    fresh_until: SystemTime,
    usable_until: SystemTime,
}

impl<P: Provider> Client<P> {
    /// The client with all endpoints that the issuer's metadata names, for a provider whose file says
    /// `endpoints.discovery`. Every step that sends something does this by itself; calling it first finds a wrong issuer
    /// early, and lets [`spec`](Self::spec) show the addresses. A client that is configured further afterwards has the
    /// provider's own facts again, and finds its endpoints anew.
    ///
    /// What this gives goes on asking as the client that it was made of does, and sends nothing to an address that the issuer
    /// gave up: [`spec`](Self::spec) alone shows what was true when it was made.
    pub async fn discover(&self) -> Result<Self> {
        Ok(Self::from_inner(self.inner().discovered().await?))
    }
}

impl Inner {
    /// This client, its endpoints and its secret known.
    pub(crate) async fn ready(self: &Arc<Self>) -> Result<Arc<Self>> {
        self.discovered().await?.with_secret().await
    }

    /// This client, its endpoints known.
    pub(crate) async fn discovered(self: &Arc<Self>) -> Result<Arc<Self>> {
        if !self.spec().endpoints.discovery {
            return Ok(Arc::clone(self));
        }
        if let Some(known) = self.discovery.known(|known| self.now() < known.fresh_until) {
            return self.filled(&known);
        }
        let mut turn = self.discovery.said.asking.turn().await;
        if let Some(known) = self.discovery.known(|known| self.now() < known.fresh_until) {
            return self.filled(&known);
        }
        let error = if let Some(Err(error)) = turn.answered() {
            error
        } else {
            let answer = ask(self).await.and_then(|(metadata, fresh_until)| self.adopt(metadata, fresh_until));
            turn.tell(&answer);
            match answer {
                Ok(known) => return Ok(known),
                Err(error) => error,
            }
        };
        // What an issuer has taken back it does not offer any more.
        if matches!(error.kind(), ErrorKind::PkceNotListed | ErrorKind::ResourceMismatch) {
            return Err(error);
        }
        // What was true an hour ago is better than nothing, for a while; a document that fails a check changes nothing.
        let known = {
            let mut known = self.discovery.said.known.write().unwrap_or_else(PoisonError::into_inner);
            let Some(known) = known.as_mut().filter(|known| self.now() < known.usable_until) else { return Err(error) };
            known.fresh_until = known.usable_until.min(self.now() + COOLDOWN);
            known.clone()
        };
        tracing::warn!(code = error.code(), "the issuer's metadata could not be renewed; the last is used");
        self.filled(&known)
    }

    /// As [`ready`](Self::ready), from what is known already.
    pub(crate) fn ready_now(self: &Arc<Self>) -> Result<Arc<Self>> {
        if !self.spec().endpoints.discovery {
            return Ok(Arc::clone(self));
        }
        match self.discovery.known(|known| self.now() < known.usable_until) {
            Some(known) => self.filled(&known),
            None => Err(Error::new(
                ErrorKind::Config,
                Step::Discovery,
                "the issuer has not been asked for its metadata yet",
            )
            .fix("call `client.discover().await` first")
            .of(self.spec())),
        }
    }

    pub(super) fn adopt(self: &Arc<Self>, metadata: Metadata, fresh_until: SystemTime) -> Result<Arc<Self>> {
        // A document that says the same again makes no other client.
        let same = self.discovery.known(|known| *known.metadata == metadata).map(|known| known.metadata);
        let metadata = same.unwrap_or_else(|| Arc::new(metadata));
        let known = Known { metadata, fresh_until, usable_until: self.now() + STALE };
        // Metadata that this client cannot work with is not kept.
        let inner = self.filled(&known)?;
        *self.discovery.said.known.write().unwrap_or_else(PoisonError::into_inner) = Some(known);
        Ok(inner)
    }

    /// This client with what the metadata adds: made once for each document.
    fn filled(self: &Arc<Self>, known: &Known) -> Result<Arc<Self>> {
        if self.discovery.of.as_ref().is_some_and(|of| Arc::ptr_eq(of, &known.metadata)) {
            return Ok(Arc::clone(self));
        }
        let slot = &self.discovery.filled;
        if let Some((of, inner)) = &*slot.read().unwrap_or_else(PoisonError::into_inner)
            && Arc::ptr_eq(of, &known.metadata)
        {
            return Ok(Arc::clone(inner));
        }
        let mut config = self.config.clone();
        config.spec = Arc::new(filled(self, &known.metadata)?);
        let mut inner = Self::new(config);
        inner.raw = Some(Arc::clone(self.unfilled()));
        inner.discovery = Discovery { of: Some(Arc::clone(&known.metadata)), ..self.discovery.shared() };
        let inner = Arc::new(inner);
        *slot.write().unwrap_or_else(PoisonError::into_inner) = Some((Arc::clone(&known.metadata), Arc::clone(&inner)));
        Ok(inner)
    }
}

impl Discovery {
    /// The metadata, where it is still good.
    fn known(&self, is_good: impl FnOnce(&Known) -> bool) -> Option<Known> {
        let known = self.said.known.read().unwrap_or_else(PoisonError::into_inner);
        known.as_ref().filter(|known| is_good(known)).cloned()
    }

    fn of(known: Known) -> Self {
        let said = Said { known: RwLock::new(Some(known)), ..Said::default() };
        Self { said: Arc::new(said), ..Self::default() }
    }

    /// For a client that is the same one, with what it could not say before: both ask once, and both know it.
    pub(crate) fn shared(&self) -> Self {
        Self { said: Arc::clone(&self.said), filled: RwLock::default(), of: self.of.clone() }
    }

    /// For a client of the same issuer that is configured in another way: what the issuer said stays true.
    pub(crate) fn kept(&self) -> Self {
        self.known(|_| true).map_or_else(Self::default, Self::of)
    }
}

/// Asks the issuer. The well-known addresses are those that the specifications derive from an issuer; whichever answers
/// has to name that very issuer.
pub(super) async fn ask(inner: &Inner) -> Result<(Metadata, SystemTime)> {
    let issuer = issuer(inner)?;
    let order = inner.config.well_known;
    let addresses = order.addresses(&issuer);
    // Some servers answer an address that they do not know with another refusal than 404, with a page, or with a redirect to
    // one. MCP, Authorization Server Metadata Discovery: each is tried.
    let says_none = |error: &Error| order == WellKnown::OAuthFirst && is_none(error);
    let found = first(inner, "its metadata", &addresses, says_none, |_, document| {
        Ok((Metadata::read(inner, &issuer, &document.body)?, document.fresh_until))
    });
    if let Some((metadata, fresh_until)) = found.await? {
        admit_hosts(inner, &metadata)?;
        inner.config.demands.check(inner, &metadata)?;
        tracing::debug!("metadata read");
        return Ok((metadata, fresh_until));
    }
    Err(Error::new(ErrorKind::MetadataStatus, Step::Discovery, "the issuer has no metadata (status 404)")
        .fix("compare the issuer with the provider's documentation, byte for byte: scheme, host, path, final slash")
        .of(inner.spec()))
}

/// Whether it says no more than that there is no metadata here.
fn is_none(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::MetadataStatus | ErrorKind::MetadataFormat | ErrorKind::RedirectRefused)
}

fn issuer(inner: &Inner) -> Result<String> {
    let Some(issuer) = &inner.spec().endpoints.issuer else {
        return Err(inner.error(ErrorKind::Config, Step::Discovery, "there is no issuer to ask"));
    };
    let issuer = fill(&inner.config, Step::Discovery, issuer, Context::default())?;
    if has_dot_segments(&issuer) {
        let what = "the issuer has dot segments, so its metadata would be another's";
        return Err(inner.error(ErrorKind::MetadataIssuer, Step::Discovery, what));
    }
    Ok(issuer)
}

/// RFC 9700 section 4.4.2: an issuer may lead anywhere. Here it leads to its own host and to those that the file names;
/// everything secret goes there.
fn admit_hosts(inner: &Inner, metadata: &Metadata) -> Result<()> {
    let hosts = &inner.spec().endpoints.hosts;
    let origin = |address: &str| url::Url::parse(address).ok().map(|url| url.origin());
    let own = origin(&metadata.issuer);
    for (name, address) in metadata.addresses() {
        let host = host_of(address);
        // Another port of the same host may be somebody else's.
        if origin(address) != own && !hosts.iter().any(|known| known == "*" || host_matches(known, &host)) {
            let place = origin(address).map(|origin| origin.ascii_serialization()).unwrap_or_default();
            let what = format!("the metadata's `{name}` is at {}, which is not the issuer's place", clean(&place));
            return Err(Error::new(ErrorKind::MetadataForeign, Step::Discovery, what)
                .fix("if that is right, list the host under `endpoints.hosts` in the provider's file, or give it to `Discovered::hosts`")
                .of(inner.spec()));
        }
    }
    Ok(())
}

fn host_of(address: &str) -> String {
    url::Url::parse(address).ok().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default()
}

/// The provider's facts with what the metadata adds. It never takes anything away that the file says, and it adds no
/// algorithm that the file does not list (RFC 8725 section 3.1); where there is no file it lists them itself.
fn filled(inner: &Inner, metadata: &Metadata) -> Result<ProviderSpec> {
    let own = &**inner.unfilled();
    let mut spec = own.clone();
    let aliased = spec.knows_certificates().then(|| metadata.with_aliases());
    let metadata = aliased.as_ref().unwrap_or(metadata);
    let missing =
        |name: &str| inner.error(ErrorKind::MetadataEndpoint, Step::Discovery, format!("the metadata has no `{name}`"));
    let token = metadata.token_endpoint.as_deref().ok_or_else(|| missing("token_endpoint"))?;
    spec.endpoints.authorization = metadata.authorization_endpoint.as_deref().map(Template::literal);
    spec.endpoints.token = Some(Template::literal(token));
    let endpoints = &mut spec.endpoints;
    for (own, told) in [
        (&mut endpoints.revocation, &metadata.revocation_endpoint),
        (&mut endpoints.device_authorization, &metadata.device_authorization_endpoint),
        (&mut endpoints.backchannel_authentication, &metadata.backchannel_authentication_endpoint),
        (&mut endpoints.introspection, &metadata.introspection_endpoint),
        (&mut endpoints.pushed_authorization, &metadata.pushed_authorization_request_endpoint),
        (&mut endpoints.end_session, &metadata.end_session_endpoint),
        (&mut endpoints.registration, &metadata.registration_endpoint),
    ] {
        if let (None, Some(told)) = (&own, told) {
            *own = Some(Template::literal(told));
        }
    }
    // RFC 9126 section 5: whether the server "accepts authorization request data only via PAR".
    if metadata.require_pushed_authorization_requests {
        if spec.endpoints.pushed_authorization.is_none() {
            return Err(missing("pushed_authorization_request_endpoint"));
        }
        spec.authorize.push = Push::Required;
    } else if own.endpoints.pushed_authorization.is_none() && spec.authorize.push == Push::Supported {
        spec.authorize.push = Push::Asked;
    }
    if metadata.require_signed_request_object && spec.authorize.request_object.is_none() {
        spec.authorize.request_object = Some(proving::request_object(inner, metadata)?);
    }
    if spec.endpoints.revocation.is_some() {
        spec.revoke.get_or_insert_with(Revoke::standard);
    }
    grants(&mut spec, metadata);
    if spec.endpoints.introspection.is_some() {
        spec.introspect.get_or_insert_with(Introspect::standard);
    }
    if spec.endpoints.end_session.is_some() {
        spec.logout.get_or_insert_with(Logout::default);
    }
    spec.endpoints.iss_in_callback |= metadata.authorization_response_iss_parameter_supported;
    if let Some(openid) = &mut spec.openid {
        if openid.jwks.is_none() {
            let jwks = metadata.jwks_uri.as_deref().ok_or_else(|| missing("jwks_uri"))?;
            openid.jwks = Some(Template::literal(jwks));
        }
        signatures(inner, openid, metadata)?;
    }
    if spec.profile.is_none() {
        let userinfo =
            metadata.userinfo_endpoint.as_deref().map(|userinfo| Profile::userinfo(Template::literal(userinfo)));
        spec.profile = userinfo.or_else(|| spec.openid.as_ref().map(|_| Profile::id_token()));
    }
    Ok(spec)
}

/// How ID tokens may be signed.
fn signatures(inner: &Inner, openid: &mut OpenId, metadata: &Metadata) -> Result<()> {
    let offered = &metadata.id_token_signing_alg_values_supported;
    if inner.config.without_file {
        // Each document says anew how the issuer signs.
        openid.algs = SigningAlg::proposed(metadata);
    } else {
        openid.algs.retain(|alg| offered.is_empty() || offered.iter().any(|name| name == alg.as_str()));
    }
    if !openid.algs.is_empty() {
        return Ok(());
    }
    let what = "the issuer signs ID tokens with no algorithm that is allowed here";
    Err(Error::new(ErrorKind::IdTokenAlgorithm, Step::Discovery, what)
        .fix("list one that the issuer offers under `openid.algs`; `none` is never one")
        .of(inner.spec()))
}

/// RFC 8414 section 2: what `grant_types_supported` leaves out the server does not have; without it, it has none of these.
/// Passwords are for a file to allow.
fn grants(spec: &mut ProviderSpec, metadata: &Metadata) {
    let lists = |grant: &str| metadata.grant_types_supported.iter().any(|known| known == grant);
    let request = |grant: &str| lists(grant).then(|| GrantRequest::standard(grant));
    let grants = &mut spec.grants;
    let own = &mut grants.client_credentials;
    *own = own.take().or_else(|| request(CLIENT_CREDENTIALS_GRANT));
    let own = &mut grants.token_exchange;
    *own = own.take().or_else(|| request(TOKEN_EXCHANGE_GRANT));
    if grants.jwt_bearer.is_none() {
        grants.jwt_bearer = request(JWT_BEARER_GRANT).map(JwtBearer::of);
    }
    let own = &mut grants.saml_bearer;
    *own = own.take().or_else(|| request(SAML_BEARER_GRANT));
    // OpenID Connect Client-Initiated Backchannel Authentication 1.0 section 4. This client polls; a server that lists its ways
    // and does not have that one is of no use here.
    let modes = &metadata.backchannel_token_delivery_modes_supported;
    let polls = modes.is_empty() || modes.iter().any(|mode| mode == "poll");
    let has_endpoint = spec.endpoints.backchannel_authentication.is_some() && spec.openid.is_some();
    if lists(CIBA_GRANT) && polls && has_endpoint {
        grants.ciba.get_or_insert_with(CibaGrant::standard);
    }
    // RFC 8628 section 4: whoever names the endpoint has the grant.
    if spec.endpoints.device_authorization.is_some() {
        grants.device.get_or_insert_with(DeviceGrant::standard);
    }
}

impl SigningAlg {
    /// Those of key pairs.
    pub(super) const SIGNATURES: [Self; 10] = [
        Self::RS256,
        Self::ES256,
        Self::EdDSA,
        Self::PS256,
        Self::RS384,
        Self::RS512,
        Self::PS384,
        Self::PS512,
        Self::ES384,
        Self::ES512,
    ];

    /// Those by which ID tokens are verified where no file says so: what the metadata lists, as far as it is a signature.
    /// Shared secrets are for a file to allow. OpenID Connect Core section 2: the default algorithm is RS256.
    pub(super) fn proposed(metadata: &Metadata) -> Vec<Self> {
        let names = &metadata.id_token_signing_alg_values_supported;
        if names.is_empty() {
            return vec![Self::RS256];
        }
        Self::SIGNATURES.into_iter().filter(|alg| names.iter().any(|name| name == alg.as_str())).collect()
    }
}
