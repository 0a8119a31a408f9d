use std::borrow::Cow;

use serde_json::value::RawValue;

use super::stranger::is_plain;
use crate::client::Inner;
use crate::error::{ErrorKind, Result, Step};
use crate::json::{self, Members};
use crate::spec::template;

/// What an issuer says of itself (RFC 8414 section 2, OpenID Connect Discovery section 3), as far as it is needed here.
///
/// The issuer in it is the one that was asked, byte for byte; the addresses are https (or loopback).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[allow(clippy::struct_excessive_bools, reason = "what the document says, each by its own name")]
pub struct Metadata {
    /// The issuer.
    pub issuer: String,
    /// The authorization endpoint.
    pub authorization_endpoint: Option<String>,
    /// The token endpoint.
    pub token_endpoint: Option<String>,
    /// The revocation endpoint.
    pub revocation_endpoint: Option<String>,
    /// The `UserInfo` endpoint.
    pub userinfo_endpoint: Option<String>,
    /// The device authorization endpoint (RFC 8628 section 4).
    pub device_authorization_endpoint: Option<String>,
    /// The backchannel authentication endpoint (OpenID Connect Client-Initiated Backchannel Authentication section 4).
    pub backchannel_authentication_endpoint: Option<String>,
    /// How clients hear of an approval there: `poll`, `ping`, `push`.
    pub backchannel_token_delivery_modes_supported: Vec<String>,
    /// The introspection endpoint (RFC 8414 section 2).
    pub introspection_endpoint: Option<String>,
    /// The pushed authorization request endpoint (RFC 9126 section 5).
    pub pushed_authorization_request_endpoint: Option<String>,
    /// Whether authorization requests must be pushed (RFC 9126 section 5).
    pub require_pushed_authorization_requests: bool,
    /// The end session endpoint (OpenID Connect RP-Initiated Logout section 2.1).
    pub end_session_endpoint: Option<String>,
    /// The client registration endpoint (RFC 8414 section 2).
    pub registration_endpoint: Option<String>,
    /// Whether a client may be known by the address of its own metadata document.
    pub client_id_metadata_document_supported: bool,
    /// The grants that it lists (RFC 8414 section 2).
    pub grant_types_supported: Vec<String>,
    /// The algorithms of proofs of possession that it lists (RFC 9449 section 5.1).
    pub dpop_signing_alg_values_supported: Vec<String>,
    /// The algorithms of client assertions that it lists (RFC 8414 section 2).
    pub token_endpoint_auth_signing_alg_values_supported: Vec<String>,
    /// Whether it binds tokens to client certificates (RFC 8705 section 3.3).
    pub tls_client_certificate_bound_access_tokens: bool,
    /// Whether authorization requests must be signed (RFC 9101 section 10.5).
    pub require_signed_request_object: bool,
    /// The algorithms of signed authorization requests that it lists (OpenID Connect Discovery section 3).
    pub request_object_signing_alg_values_supported: Vec<String>,
    /// The endpoints for clients with a certificate, by the names of the others (RFC 8705 section 5).
    pub mtls_endpoint_aliases: Vec<(&'static str, String)>,
    /// Where the keys are.
    pub jwks_uri: Option<String>,
    /// The scopes it lists.
    pub scopes_supported: Vec<String>,
    /// How clients may authenticate at the token endpoint.
    pub token_endpoint_auth_methods_supported: Vec<String>,
    /// How it may sign ID tokens.
    pub id_token_signing_alg_values_supported: Vec<String>,
    /// The resources that it lists as those that it issues tokens for (RFC 9728 section 4).
    pub protected_resources: Option<Vec<String>>,
    /// The PKCE methods that it lists.
    pub code_challenge_methods_supported: Vec<String>,
    /// Whether callbacks name the issuer (RFC 9207 section 3).
    pub authorization_response_iss_parameter_supported: bool,
}

impl Metadata {
    /// Reads a metadata document. RFC 8414 section 3.3: the `issuer` in it "MUST be identical to the authorization server's
    /// issuer identifier value" that was asked; "if these values are not identical, the data contained in the response
    /// MUST NOT be used".
    pub(super) fn read(inner: &Inner, issuer: &str, document: &[u8]) -> Result<Self> {
        let fail = |kind, what: String| inner.error(kind, Step::Discovery, what);
        let document = Document::parse(inner, document, ("the issuer's metadata", issuer))?;
        let named = document.text("issuer")?.unwrap_or_default();
        if named != issuer {
            let what = format!("the metadata names the issuer `{}`, asked was `{issuer}`", crate::error::clean(&named));
            return Err(fail(ErrorKind::MetadataIssuer, what));
        }
        Ok(Self {
            issuer: issuer.to_owned(),
            authorization_endpoint: document.address("authorization_endpoint")?,
            token_endpoint: document.address("token_endpoint")?,
            revocation_endpoint: document.address("revocation_endpoint")?,
            userinfo_endpoint: document.address("userinfo_endpoint")?,
            device_authorization_endpoint: document.address("device_authorization_endpoint")?,
            backchannel_authentication_endpoint: document.address("backchannel_authentication_endpoint")?,
            backchannel_token_delivery_modes_supported: document.texts("backchannel_token_delivery_modes_supported")?,
            introspection_endpoint: document.address("introspection_endpoint")?,
            pushed_authorization_request_endpoint: document.address("pushed_authorization_request_endpoint")?,
            require_pushed_authorization_requests: document.flag("require_pushed_authorization_requests")?,
            end_session_endpoint: document.address("end_session_endpoint")?,
            registration_endpoint: document.address("registration_endpoint")?,
            client_id_metadata_document_supported: document.flag("client_id_metadata_document_supported")?,
            grant_types_supported: document.texts("grant_types_supported")?,
            dpop_signing_alg_values_supported: document.texts("dpop_signing_alg_values_supported")?,
            token_endpoint_auth_signing_alg_values_supported: document
                .texts("token_endpoint_auth_signing_alg_values_supported")?,
            tls_client_certificate_bound_access_tokens: document.flag("tls_client_certificate_bound_access_tokens")?,
            require_signed_request_object: document.flag("require_signed_request_object")?,
            request_object_signing_alg_values_supported: document
                .texts("request_object_signing_alg_values_supported")?,
            mtls_endpoint_aliases: document.aliases()?,
            jwks_uri: document.address("jwks_uri")?,
            scopes_supported: document.texts("scopes_supported")?,
            token_endpoint_auth_methods_supported: document.texts("token_endpoint_auth_methods_supported")?,
            id_token_signing_alg_values_supported: document.texts("id_token_signing_alg_values_supported")?,
            protected_resources: document.optional_texts("protected_resources")?,
            code_challenge_methods_supported: document.texts("code_challenge_methods_supported")?,
            authorization_response_iss_parameter_supported: document
                .flag("authorization_response_iss_parameter_supported")?,
        })
    }

    /// The addresses, with their names.
    pub(super) fn addresses(&self) -> impl Iterator<Item = (&'static str, &str)> {
        [
            ("authorization_endpoint", &self.authorization_endpoint),
            ("token_endpoint", &self.token_endpoint),
            ("revocation_endpoint", &self.revocation_endpoint),
            ("userinfo_endpoint", &self.userinfo_endpoint),
            ("device_authorization_endpoint", &self.device_authorization_endpoint),
            ("backchannel_authentication_endpoint", &self.backchannel_authentication_endpoint),
            ("introspection_endpoint", &self.introspection_endpoint),
            ("pushed_authorization_request_endpoint", &self.pushed_authorization_request_endpoint),
            ("end_session_endpoint", &self.end_session_endpoint),
            ("registration_endpoint", &self.registration_endpoint),
            ("jwks_uri", &self.jwks_uri),
        ]
        .into_iter()
        .filter_map(|(name, address)| Some((name, address.as_deref()?)))
        .chain(self.mtls_endpoint_aliases.iter().map(|(name, address)| (*name, address.as_str())))
    }

    /// What a client with a certificate reads. RFC 8705 section 5: it "MUST use the endpoint URL of the same name within the
    /// `mtls_endpoint_aliases` in preference to the endpoint URL of the same name at the top level of metadata".
    pub(super) fn with_aliases(&self) -> Self {
        let mut metadata = self.clone();
        for (name, address) in &self.mtls_endpoint_aliases {
            let slot = match *name {
                "token_endpoint" => &mut metadata.token_endpoint,
                "revocation_endpoint" => &mut metadata.revocation_endpoint,
                "introspection_endpoint" => &mut metadata.introspection_endpoint,
                "backchannel_authentication_endpoint" => &mut metadata.backchannel_authentication_endpoint,
                "device_authorization_endpoint" => &mut metadata.device_authorization_endpoint,
                "pushed_authorization_request_endpoint" => &mut metadata.pushed_authorization_request_endpoint,
                "userinfo_endpoint" => &mut metadata.userinfo_endpoint,
                _ => continue,
            };
            *slot = Some(address.clone());
        }
        metadata
    }
}

/// The endpoints that clients prove themselves at, or that bound tokens go to.
const ALIASED: [&str; 7] = [
    "token_endpoint",
    "revocation_endpoint",
    "introspection_endpoint",
    "device_authorization_endpoint",
    "backchannel_authentication_endpoint",
    "pushed_authorization_request_endpoint",
    "userinfo_endpoint",
];

/// A document of metadata, member by member.
pub(crate) struct Document<'a> {
    inner: &'a Inner,
    root: Members<'a>,
    /// Whether who wrote it is asked over plain http, on loopback.
    plain: bool,
}

impl<'a> Document<'a> {
    /// Parses what `address` says of itself.
    pub(crate) fn parse(inner: &'a Inner, document: &'a [u8], (what, address): (&str, &str)) -> Result<Self> {
        let root = std::str::from_utf8(document).ok().and_then(|text| Members::parse(text).ok());
        let root = root.ok_or_else(|| {
            let what = format!("{what} is not a JSON object ({} bytes)", document.len());
            inner.error(ErrorKind::MetadataFormat, Step::Discovery, what)
        })?;
        Ok(Self { inner, root, plain: address.starts_with("http://") })
    }

    fn member(&self, name: &str) -> Option<&RawValue> {
        self.root.get(name).filter(|value| !json::is_null(value))
    }

    fn aliases(&self) -> Result<Vec<(&'static str, String)>> {
        const NAME: &str = "mtls_endpoint_aliases";
        let Some(value) = self.member(NAME) else { return Ok(Vec::new()) };
        let Ok(root) = Members::parse(value.get()) else { return self.wrong(NAME, "an object") };
        let aliases = Document { inner: self.inner, root, plain: self.plain };
        let read = |name| Ok(aliases.address(name)?.map(|address| (name, address)));
        ALIASED.into_iter().filter_map(|name| read(name).transpose()).collect()
    }

    fn wrong<T>(&self, name: &str, wanted: &str) -> Result<T> {
        let what = format!("the metadata's `{name}` is not {wanted}");
        Err(self.inner.error(ErrorKind::MetadataFormat, Step::Discovery, what))
    }

    pub(crate) fn text(&self, name: &str) -> Result<Option<String>> {
        let Some(value) = self.member(name) else { return Ok(None) };
        match json::text(value) {
            Some(text) => Ok(Some(Cow::into_owned(text))),
            None => self.wrong(name, "text"),
        }
    }

    pub(crate) fn texts(&self, name: &str) -> Result<Vec<String>> {
        let Some(value) = self.member(name) else { return Ok(Vec::new()) };
        serde_json::from_str(value.get()).or_else(|_| self.wrong(name, "a list of texts"))
    }

    /// As [`texts`](Self::texts), told from a list that is not there.
    pub(crate) fn optional_texts(&self, name: &str) -> Result<Option<Vec<String>>> {
        self.member(name).map(|_| self.texts(name)).transpose()
    }

    pub(crate) fn flag(&self, name: &str) -> Result<bool> {
        match self.member(name).map(RawValue::get) {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(_) => self.wrong(name, "true or false"),
        }
    }

    /// RFC 8414 section 2: each endpoint is a URL "using the "https" scheme". Only an issuer on this machine may lead to
    /// plain http on this machine.
    fn address(&self, name: &str) -> Result<Option<String>> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        let sound = url::Url::parse(&text)
            .is_ok_and(|url| template::is_endpoint(&url) && (url.scheme() == "https" || self.plain));
        if sound && is_plain(&text) {
            return Ok(Some(text));
        }
        let what = format!("the metadata's `{name}` is not a whole https address without credentials and fragment");
        Err(self.inner.error(ErrorKind::MetadataEndpoint, Step::Discovery, what))
    }
}
