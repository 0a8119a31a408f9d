use std::borrow::Cow;
use std::fmt;

use http::HeaderMap;

use super::header::header;
use super::{ClientFacts, MechanismError};
use crate::client::{Inner, renamed};
use crate::error::{ErrorKind, Result as StepResult, Scrub, Step};
use crate::spec::{MechanismKind, RefreshWith};

/// Proves the client at the token endpoint (RFC 6749 section 2.3) where the secret itself is not sent: a hash or a
/// signature is made of it, anew for each request.
///
/// The provider's file selects it with `client_auth: {method: mechanism, name: NAME}`. The engine then sends `client_id`
/// as a parameter, and nothing of the secret.
///
/// ```
/// use oauth_core::ExposeSecret as _;
/// use oauth_core::crypto::Hash;
/// use oauth_core::mechanism::{ClientProof, MechanismError, ProofRequest};
///
/// /// `hash` is the SHA-256 of secret, `|` and code in hex.
/// struct HashedSecret;
///
/// impl ClientProof for HashedSecret {
///     fn prove(&self, request: &mut ProofRequest<'_>) -> Result<(), MechanismError> {
///         let grant = request.param("code").or(request.param("refresh_token"));
///         let grant = grant.ok_or(MechanismError::new("there is neither a code nor a refresh token"))?;
///         let text = format!("{}|{grant}", request.client().secret()?.expose_secret());
///         let digest = request.client().crypto()?.digest(Hash::Sha256, text.as_bytes());
///         let hash: String = digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
///         request.set_param("hash", hash);
///         Ok(())
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not prove a client at the token endpoint",
    label = "implement `mechanism::ClientProof` for `{Self}`",
    note = "the provider's YAML file asks for one with `client_auth: {{method: mechanism, ..}}`"
)]
pub trait ClientProof: Send + Sync + 'static {
    /// Adds what the provider wants to the request.
    fn prove(&self, request: &mut ProofRequest<'_>) -> Result<(), MechanismError>;
}

/// A token request before it is written: its parameters, by their standard names, and what a proof may add.
pub struct ProofRequest<'a> {
    client: ClientFacts<'a>,
    params: Vec<(&'a str, Cow<'a, str>)>,
    headers: HeaderMap,
    made: Vec<String>,
}

impl<'a> ProofRequest<'a> {
    /// The client: its id, its secret, its clock.
    pub fn client(&self) -> ClientFacts<'a> {
        self.client
    }

    /// The value of a parameter, by the standard's name or by the provider's: `code`, `refresh_token`, `redirect_uri`.
    /// Codes and refresh tokens are as secret as the client's secret.
    pub fn param(&self, name: &str) -> Option<&str> {
        let own = self.own_name(name);
        self.params.iter().find(|(known, _)| *known == own || *known == name).map(|(_, value)| &**value)
    }

    /// Sets a parameter, in place of the one of that name if there is one. A standard name is sent as the provider's.
    pub fn set_param(&mut self, name: &'static str, value: impl Into<String>) {
        let own = self.own_name(name);
        let value = value.into();
        self.made.push(value.clone());
        self.params.retain(|(known, _)| *known != own);
        self.params.push((own, Cow::Owned(value)));
    }

    /// Sets a header, in place of the one of that name if there is one. Headers that say how a message is sent
    /// (`Host`, `Content-Length`) cannot be set.
    pub fn set_header(&mut self, name: &str, value: &str) -> Result<(), MechanismError> {
        let (name, written) = header(name, value)?;
        self.made.push(value.to_owned());
        self.headers.insert(name, written);
        Ok(())
    }

    fn own_name<'n>(&self, name: &'n str) -> &'n str
    where
        'a: 'n,
    {
        let spec = self.client.inner.spec();
        match &spec.refresh {
            Some(refresh) if name == "refresh_token" && refresh.with == RefreshWith::RefreshToken => &refresh.param,
            _ => renamed(&spec.token.request.rename, name),
        }
    }
}

/// Shows the names of the parameters only: values are secrets.
impl fmt::Debug for ProofRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let params: Vec<&str> = self.params.iter().map(|(name, _)| *name).collect();
        f.debug_struct("ProofRequest").field("client", &self.client).field("params", &params).finish_non_exhaustive()
    }
}

/// A request's parameters and headers with the proof in them, and what the proof is, which no error may repeat.
pub(crate) struct Proved<'a> {
    pub(crate) params: Vec<(&'a str, Cow<'a, str>)>,
    pub(crate) headers: HeaderMap,
    pub(crate) made: Vec<String>,
}

pub(crate) fn prove<'a>(
    inner: &'a Inner,
    proof: &dyn ClientProof,
    step: Step,
    params: Vec<(&'a str, Cow<'a, str>)>,
    scrub: impl FnOnce() -> Scrub,
) -> StepResult<Proved<'a>> {
    let client = ClientFacts { inner, step };
    let mut request = ProofRequest { client, params, headers: HeaderMap::new(), made: Vec::new() };
    let result = proof.prove(&mut request);
    let ProofRequest { params, headers, made, .. } = request;
    match result {
        Ok(()) => Ok(Proved { params, headers, made }),
        Err(error) => {
            let scrub = scrub().and(&inner.config, made.iter().map(String::as_str));
            Err(error.into_error(ErrorKind::Mechanism, (inner.spec(), step, MechanismKind::ClientProof), &scrub, &[]))
        }
    }
}
