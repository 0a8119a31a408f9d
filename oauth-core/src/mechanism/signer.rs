use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, Method, Request};
use secrecy::SecretString;
use url::Url;

use super::header::header;
use super::{ClientFacts, MechanismError};
use crate::client::Inner;
use crate::encode::push_pair;
use crate::error::{Error, ErrorKind, Result as StepResult, Scrub, Step};
use crate::spec::{MechanismKind, Placement};
use crate::token::TokenSet;

/// Signs requests to the provider's API, or adds a proof that the token is the client's.
///
/// The provider's file selects it with `api.sign: NAME`. It is asked last, once the address has been found to be the
/// provider's and the token is in its place, for every request: described operations, `account.get(..)`, the profile
/// and [`Client::apply`](crate::Client::apply). It may add query parameters and headers, and nothing else.
///
/// ```
/// use oauth_core::ExposeSecret as _;
/// use oauth_core::crypto::{Hash, HmacKey};
/// use oauth_core::mechanism::{MechanismError, RequestSigner, SignRequest};
///
/// /// `proof` is the HMAC-SHA256 of the token under the client's secret, in hex.
/// struct TokenProof;
///
/// impl RequestSigner for TokenProof {
///     fn sign(&self, request: &mut SignRequest<'_>) -> Result<(), MechanismError> {
///         let key = HmacKey::new(request.client().secret()?.expose_secret())?;
///         let token = request.access_token().expose_secret().as_bytes();
///         let code = request.client().crypto()?.hmac(Hash::Sha256, &key, token);
///         let proof: String = code.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
///         request.add_query("proof", &proof)
///     }
///
///     fn needs_body(&self) -> bool {
///         false
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not sign API requests",
    label = "implement `mechanism::RequestSigner` for `{Self}`",
    note = "the provider's YAML file asks for one with `api.sign`"
)]
pub trait RequestSigner: Send + Sync + 'static {
    /// Adds the signature to the request.
    fn sign(&self, request: &mut SignRequest<'_>) -> Result<(), MechanismError>;

    /// Whether it looks at the body. One that does not can sign where there is only the head of a request:
    /// [`Account::apply`](crate::Account::apply), which shows it an empty body.
    fn needs_body(&self) -> bool {
        true
    }
}

/// A request to the API that is ready to be sent, and what a signature may add.
pub struct SignRequest<'a> {
    client: ClientFacts<'a>,
    tokens: &'a TokenSet,
    request: &'a Request<Bytes>,
    url: &'a Url,
    query: Vec<(String, String)>,
    headers: HeaderMap,
}

impl<'a> SignRequest<'a> {
    /// The client: its id, its secret, its clock.
    pub fn client(&self) -> ClientFacts<'a> {
        self.client
    }

    /// The method.
    pub fn method(&self) -> &'a Method {
        self.request.method()
    }

    /// The address at the provider, also where a test leads the request elsewhere. It has the token where the
    /// provider wants it in the query.
    pub fn url(&self) -> &'a Url {
        self.url
    }

    /// The headers, the token's among them where the provider wants it in one.
    pub fn headers(&self) -> &'a HeaderMap {
        self.request.headers()
    }

    /// The body.
    pub fn body(&self) -> &'a Bytes {
        self.request.body()
    }

    /// The access token.
    pub fn access_token(&self) -> &'a SecretString {
        &self.tokens.access_token
    }

    /// Adds a query parameter behind those that are there. One that is there already is an error.
    pub fn add_query(&mut self, name: &str, value: &str) -> Result<(), MechanismError> {
        let taken =
            self.url.query_pairs().any(|(known, _)| known == name) || self.query.iter().any(|(known, _)| known == name);
        if taken {
            return Err(MechanismError::new(format!("the address has the parameter `{name}` already")));
        }
        self.query.push((name.to_owned(), value.to_owned()));
        Ok(())
    }

    /// Sets a header. The token's own cannot be replaced, nor those that say how a message is sent (`Host`,
    /// `Content-Length`).
    pub fn set_header(&mut self, name: &str, value: &str) -> Result<(), MechanismError> {
        let (name, value) = header(name, value)?;
        if let Placement::Header { name: tokens, .. } = &self.client.provider().token.placement
            && name.as_str().eq_ignore_ascii_case(tokens)
        {
            return Err(MechanismError::new("it may not replace the header with the token"));
        }
        self.headers.insert(name, value);
        Ok(())
    }
}

/// Shows method and host only: the rest may hold the token.
impl fmt::Debug for SignRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignRequest")
            .field("client", &self.client)
            .field("method", self.method())
            .field("host", &self.url.host_str())
            .finish_non_exhaustive()
    }
}

/// What a signer added, in the request's extensions: no error may repeat it.
#[derive(Clone)]
pub(crate) struct Signed(Arc<[String]>);

impl Signed {
    pub(crate) fn texts(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

pub(crate) fn sign(
    inner: &Inner,
    signer: &dyn RequestSigner,
    tokens: &TokenSet,
    request: &mut Request<Bytes>,
) -> StepResult<()> {
    let malformed = || inner.error(ErrorKind::Config, Step::Api, "the signed request cannot be written as HTTP");
    let url = Url::parse(&request.uri().to_string()).map_err(|_| malformed())?;
    let client = ClientFacts { inner, step: Step::Api };
    let mut view =
        SignRequest { client, tokens, request: &*request, url: &url, query: Vec::new(), headers: HeaderMap::new() };
    let result = signer.sign(&mut view);
    let SignRequest { query, headers, .. } = view;
    let made: Vec<String> = query
        .iter()
        .map(|(_, value)| value.clone())
        .chain(headers.values().filter_map(|value| value.to_str().ok().map(str::to_owned)))
        .collect();
    result.map_err(|error| failed(inner, tokens, &made, error))?;
    if !query.is_empty() {
        let mut target = request.uri().path_and_query().map_or("/", |target| target.as_str()).to_owned();
        target.push(if target.contains('?') { '&' } else { '?' });
        for (name, value) in &query {
            push_pair(&mut target, name, value);
        }
        crate::apply::set_target(request, target).map_err(|_| malformed())?;
    }
    request.headers_mut().extend(headers);
    request.extensions_mut().insert(Signed(made.into()));
    Ok(())
}

fn failed(inner: &Inner, tokens: &TokenSet, made: &[String], error: MechanismError) -> Error {
    let scrub = Scrub::tokens(&inner.config, tokens, made.iter().map(String::as_str));
    error.into_error(ErrorKind::Mechanism, (inner.spec(), Step::Api, MechanismKind::RequestSigner), &scrub, &[])
}
