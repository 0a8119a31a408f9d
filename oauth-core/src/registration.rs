//! Dynamic client registration (RFC 7591), and its management (RFC 7592).

mod answer;
mod management;
mod metadata;
mod proof;
mod record;
mod store;
mod stored;

use bytes::Bytes;
use http::Request;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use tracing::Instrument as _;

pub use self::management::Registration;
pub use self::metadata::ClientMetadata;
pub use self::record::RegisteredClient;
pub use self::store::{ClientStore, MemoryClients};
pub use self::stored::StoredClients;
use crate::client::{Client, ClientAuth, Context, Inner};
use crate::error::{Error, ErrorKind, Result, Scrub, Step, clean};
use crate::http::send_bounded;
use crate::openid::{Asked, Discovered, check_public, proved_by};
use crate::provider::{CanRegister, Dynamic, Provider};
use crate::spec::{ClientAuthMethod, ProviderSpec, Template};

impl<P: Provider> Client<P> {
    /// Registers a client at the provider (RFC 7591 section 3) and gives what it got; this client's own id and secret are not
    /// sent. [`registered`](Self::registered) makes a client of it. Keep it: it holds secrets, and the provider tells them
    /// once. Where the metadata does not say how the client will authenticate, it is as the provider's file says
    /// (`client_auth`).
    ///
    /// The errors: [`RegistrationRefused`](ErrorKind::RegistrationRefused), [`RegistrationChanged`](ErrorKind::RegistrationChanged)
    /// where the provider registered another redirect URI or way to authenticate than it was asked to.
    pub async fn register(&self, metadata: &ClientMetadata) -> Result<RegisteredClient>
    where
        P: CanRegister,
    {
        self.register_as(&metadata.or_declared(self.spec())).await
    }

    /// As [`register`](Self::register), with what the metadata says and nothing more.
    async fn register_as(&self, metadata: &ClientMetadata) -> Result<RegisteredClient> {
        let span = tracing::debug_span!("oauth.register", provider = %self.spec().id);
        async { register(&*self.inner().ready().await?, metadata).await }.instrument(span).await
    }

    /// This client as the registered one. A record of another issuer is an [error](ErrorKind::IssuerNotBound), and so is one
    /// whose [secret has ended](ErrorKind::ClientSecretExpired).
    ///
    /// It authenticates as the provider's file says. A record that was registered to do so in another way is an
    /// [error](ErrorKind::Unsupported), and so is one whose key or certificate is missing; another key than the registered one
    /// is an [error](ErrorKind::Config) too. Nothing is sent to the token endpoint in these cases. A record without a
    /// [method](RegisteredClient::token_endpoint_auth_method), as one of a client that was registered by hand, is of the file's.
    /// Where there is no file, [`Discovered::registered`] does as the record says.
    pub async fn registered(&self, record: &RegisteredClient) -> Result<Self>
    where
        P: CanRegister,
    {
        let inner = self.inner().ready().await?;
        record.check(&inner, &server(&inner)?)?;
        record.check_declared(&inner)?;
        let client = self.clone().identified(record.client_id().to_owned(), record.auth(), record.secret_expires_at());
        // What does not fit the file is told now, and not by the first request.
        client.inner().ready().await?.prepared()?;
        Ok(client)
    }
}

impl Discovered {
    /// Asks the issuer, and registers a client there (RFC 7591 section 3). [`registered`](Self::registered) makes a client of
    /// what it gives. Keep that: it holds secrets, and the issuer tells them once.
    ///
    /// ```no_run
    /// # async fn run() -> oauth_core::Result<()> {
    /// use oauth_core::{ClientMetadata, Discovered};
    ///
    /// let issuer = Discovered::at("https://id.example.com")?;
    /// let app = ClientMetadata::named("My app").redirect_uri("https://app.example/callback");
    /// let record = issuer.register(&app).await?;
    /// let client = issuer.registered(&record).await?;
    /// # Ok(()) }
    /// ```
    pub async fn register(&self, metadata: &ClientMetadata) -> Result<RegisteredClient> {
        let asked = self.ask().await?;
        // The spec of an asking client is filled by its own metadata, and the id that it has is not sent.
        let client = self.made(asked, "unregistered".to_owned(), ClientAuth::none(), |_| ())?;
        client.register_as(metadata).await
    }

    /// A client with what a registration at this issuer gave; its redirect URI is the first registered one. A record of
    /// another issuer is an [error](ErrorKind::IssuerNotBound) before anything is sent, and so is one whose
    /// [secret has ended](ErrorKind::ClientSecretExpired).
    pub async fn registered(&self, record: &RegisteredClient) -> Result<Client<Dynamic>> {
        record.check(self.asking().inner(), self.issuer())?;
        self.registered_as(self.ask().await?, record, |_| ())
    }

    /// A client that is known by the address of its own metadata document. It is an [error](ErrorKind::Unsupported) where the
    /// issuer's metadata does not have `client_id_metadata_document_supported`.
    pub async fn documented(&self, metadata: &ClientMetadata) -> Result<Client<Dynamic>> {
        let (id, redirect_uri) = metadata.as_document()?;
        let asked = self.ask().await?;
        if !asked.metadata.client_id_metadata_document_supported {
            let what = "the issuer knows no clients by their metadata documents";
            return Err(asked.error(ErrorKind::Unsupported, Step::Registration, what));
        }
        Ok(self.made_of_document(asked, id, metadata, |_| ())?.redirect_uri(redirect_uri))
    }

    /// The client of a metadata document, which says how it authenticates.
    pub(crate) fn made_of_document(
        &self,
        asked: Asked,
        id: String,
        metadata: &ClientMetadata,
        adapt: impl FnOnce(&mut ProviderSpec),
    ) -> Result<Client<Dynamic>> {
        let metadata = metadata.proved(asked.inner())?;
        let discovered = if metadata.is_bound() { self.clone().dpop() } else { self.clone() };
        let proves = metadata.method().is_some_and(|method| method != "none");
        let auth = metadata.held().filter(|_| proves).unwrap_or_else(ClientAuth::none);
        check_public(asked.inner(), &asked.metadata, &auth)?;
        if auth.secret_source().is_some() {
            // It holds a key, as the metadata says: nothing of it is shown, whatever the issuer lists.
            let proof = proved_by(asked.inner(), &asked.metadata, &auth, ClientAuthMethod::PrivateKeyJwt)?;
            return discovered.made_by(asked, id, (auth, proof), adapt);
        }
        discovered.made(asked, id, auth, adapt)
    }

    /// As [`registered`](Self::registered), the issuer asked already and its facts adapted.
    pub(crate) fn registered_as(
        &self,
        asked: Asked,
        record: &RegisteredClient,
        adapt: impl FnOnce(&mut ProviderSpec),
    ) -> Result<Client<Dynamic>> {
        record.check(asked.inner(), &asked.metadata.issuer)?;
        let discovered = if record.has_bound_tokens() { self.clone().dpop() } else { self.clone() };
        let (id, auth, expires_at) = (record.client_id().to_owned(), record.auth(), record.secret_expires_at());
        let client = match record.method(asked.inner())? {
            // The issuer has said that this one is public.
            Some(ClientAuthMethod::None) => discovered.made(asked, id, auth, adapt)?,
            None => {
                check_public(asked.inner(), &asked.metadata, &auth)?;
                discovered.made(asked, id, auth, adapt)?
            }
            Some(method) => {
                let proof = proved_by(asked.inner(), &asked.metadata, &auth, method)?;
                discovered.made_by(asked, id, (auth, proof), adapt)?
            }
        };
        let client = client.identified(record.client_id().to_owned(), record.auth(), expires_at);
        Ok(match record.redirect_uris().first() {
            Some(redirect_uri) => client.redirect_uri(redirect_uri),
            None => client,
        })
    }
}

impl Inner {
    /// RFC 7591 section 3.2.1: `client_secret_expires_at` is the "time at which the client secret will expire". It is not sent
    /// then.
    pub(crate) fn check_secret(&self, step: Step) -> Result<()> {
        match self.config.secret_expires_at.filter(|end| *end <= self.now()) {
            Some(_) => Err(expired(self, step)),
            None => Ok(()),
        }
    }
}

fn expired(inner: &Inner, step: Step) -> Error {
    inner.error(ErrorKind::ClientSecretExpired, step, "the client's secret has ended")
}

/// Whom a record is bound to: the issuer, or the token endpoint of a provider whose file names none.
fn server(inner: &Inner) -> Result<String> {
    let prepared = inner.prepared()?;
    Ok(prepared.issuer.clone().unwrap_or_else(|| prepared.server.clone()))
}

/// Where clients are registered, at a provider that registers some.
fn endpoint(inner: &Inner) -> Result<&Template> {
    let spec = inner.spec();
    spec.endpoints.registration.as_ref().ok_or_else(|| {
        let what = format!("provider `{}` registers no clients", spec.id);
        let error = Error::new(ErrorKind::Unsupported, Step::Registration, what);
        error.fix("add `endpoints.registration` to the provider's YAML file if it has one").of(spec)
    })
}

/// RFC 7591 section 3.1: "the client or developer sends an HTTP POST to the client registration endpoint with a content type
/// of application/json".
async fn register(inner: &Inner, metadata: &ClientMetadata) -> Result<RegisteredClient> {
    let (spec, metadata) = (inner.spec(), &metadata.proved(inner)?);
    let url = endpoint(inner)?;
    let issuer = server(inner)?;
    if metadata.issuer().is_some_and(|own| own != issuer) {
        let what = format!("the client's metadata is for another issuer than {}", clean(&issuer));
        return Err(inner.error(ErrorKind::IssuerNotBound, Step::Registration, what));
    }
    let url = inner.prepared()?.address(&inner.config, Step::Registration, url, Context::default())?;
    let malformed = |error: http::Error| {
        let what = "the registration cannot be written as HTTP";
        Error::new(ErrorKind::Config, Step::Registration, what).source(error).of(spec)
    };
    let mut request = Request::post(url)
        .header(CONTENT_TYPE, "application/json")
        .header(ACCEPT, "application/json")
        .body(Bytes::from(metadata.body()))
        .map_err(malformed)?;
    // RFC 7591 section 3: a protected endpoint takes "an initial access token" as RFC 6750 has it.
    if let Some(token) = &metadata.initial_access_token {
        let value = HeaderValue::try_from(format!("Bearer {}", token.expose_secret()));
        let mut value = value.map_err(|_| {
            inner.error(ErrorKind::Config, Step::Registration, "the initial access token cannot stand in a header")
        })?;
        value.set_sensitive(true);
        request.headers_mut().insert(AUTHORIZATION, value);
    }
    let answer = send_bounded(inner.http()?, spec, Step::Registration, inner.config.timeout, request).await?;
    let held = [&metadata.initial_access_token, &metadata.software_statement];
    let scrub = Scrub::new(&inner.config, held.into_iter().flatten().map(SecretString::expose_secret));
    let record = answer::read(inner, metadata, &answer, (&scrub, issuer))?;
    tracing::debug!("client registered");
    Ok(record)
}

/// A member that is a list of texts.
fn texts<T: Into<String>>(items: impl IntoIterator<Item = T>) -> Value {
    Value::Array(items.into_iter().map(|item| Value::String(item.into())).collect())
}
