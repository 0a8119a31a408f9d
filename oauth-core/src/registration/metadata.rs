use std::fmt;

use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Map, Value};

use super::answer::SERVERS_OWN;
use super::{proof, texts};
use crate::client::{Client, ClientAuth};
use crate::error::{Error, ErrorKind, Result, Step};
use crate::openid::{has_dot_segments, stranger};

/// What a client says of itself: in a registration (RFC 7591 section 2), or in a document that it hosts (OAuth Client ID
/// Metadata Document).
///
/// ```
/// use oauth_core::ClientMetadata;
///
/// # fn main() -> oauth_core::Result<()> {
/// // To register:
/// let app = ClientMetadata::named("My app").redirect_uri("https://app.example/callback");
/// // To host: the client's id is the address of the document.
/// let app = ClientMetadata::document("https://app.example/oauth/client.json")?
///     .client_name("My app")
///     .redirect_uri("https://app.example/callback");
/// println!("{}", app.to_document()?);
/// # Ok(()) }
/// ```
#[derive(Clone, Default)]
pub struct ClientMetadata {
    pub(super) members: Map<String, Value>,
    document: Option<String>,
    pub(super) initial_access_token: Option<SecretString>,
    pub(super) software_statement: Option<SecretString>,
    permitted: Vec<String>,
    /// The only issuer that it is for.
    issuer: Option<String>,
    /// The private key or the certificate.
    pub(super) credentials: Option<ClientAuth>,
    /// Which key that is (RFC 7638), where it is in `jwks`.
    pub(super) key_thumbprint: Option<String>,
}

/// RFC 9449 section 5.2.
pub(super) const BOUND: &str = "dpop_bound_access_tokens";

impl ClientMetadata {
    /// With nothing in it.
    pub fn new() -> Self {
        Self::default()
    }

    /// With the name that users are shown.
    pub fn named(client_name: impl Into<String>) -> Self {
        Self::new().client_name(client_name)
    }

    /// Of a client whose id is the address of its metadata document: https, with a path, without fragment, credentials and
    /// dot segments. The document that belongs there is [`to_document`](Self::to_document).
    pub fn document(url: impl Into<String>) -> Result<Self> {
        let url = url.into();
        check_document(&url)?;
        Ok(Self { document: Some(url), ..Self::default() })
    }

    /// The name that users are shown.
    pub fn client_name(self, name: impl Into<String>) -> Self {
        self.text("client_name", name)
    }

    /// One more redirect URI.
    pub fn redirect_uri(mut self, uri: impl Into<String>) -> Self {
        let uris = self.members.entry("redirect_uris").or_insert_with(|| Value::Array(Vec::new()));
        if let Value::Array(uris) = uris {
            uris.push(Value::String(uri.into()));
        }
        self
    }

    /// The redirect URIs, in the place of those before.
    pub fn redirect_uris<U: Into<String>>(self, uris: impl IntoIterator<Item = U>) -> Self {
        self.member("redirect_uris", texts(uris))
    }

    /// The grants that the client uses: `authorization_code` where it does not say.
    pub fn grant_types<G: Into<String>>(self, grants: impl IntoIterator<Item = G>) -> Self {
        self.member("grant_types", texts(grants))
    }

    /// The response types that the client uses: `code` where it does not say.
    pub fn response_types<R: Into<String>>(self, types: impl IntoIterator<Item = R>) -> Self {
        self.member("response_types", texts(types))
    }

    /// How the client authenticates: `none`, `client_secret_basic` (the default), `client_secret_post`, ...
    pub fn token_endpoint_auth_method(self, method: impl Into<String>) -> Self {
        self.text("token_endpoint_auth_method", method)
    }

    /// The private key or the certificate that the client will prove itself with. Unless it says otherwise it is registered
    /// with `private_key_jwt` or `self_signed_tls_client_auth`, and with the public half of it (`jwks`). A client whose
    /// certificate an authority vouches for says `tls_client_auth`, and who it is in a [`member`](Self::member) of RFC 8705
    /// section 2.1.2. What is secret is sent nowhere. A client secret is the server's to give, and an
    /// [error](ErrorKind::Config) here; so is a [source](ClientAuth::source), unless the metadata says `private_key_jwt`
    /// ([`token_endpoint_auth_method`](Self::token_endpoint_auth_method)): then it holds the private key.
    pub fn credentials(mut self, credentials: impl Into<ClientAuth>) -> Self {
        self.credentials = Some(credentials.into());
        self
    }

    /// Says that the client's tokens are always bound to a key (RFC 9449 section 5.2): a client of a [`Discovered`](crate::Discovered)
    /// issuer takes no others then.
    pub fn dpop_bound_access_tokens(self) -> Self {
        self.member(BOUND, Value::Bool(true))
    }

    /// The scopes that the client may ask for.
    pub fn scope<S: AsRef<str>>(self, scopes: impl IntoIterator<Item = S>) -> Self {
        let scopes: Vec<String> = scopes.into_iter().map(|scope| scope.as_ref().to_owned()).collect();
        self.text("scope", scopes.join(" "))
    }

    /// Whom to write to about the client: addresses of e-mail.
    pub fn contacts<C: Into<String>>(self, contacts: impl IntoIterator<Item = C>) -> Self {
        self.member("contacts", texts(contacts))
    }

    /// The client's home page.
    pub fn client_uri(self, uri: impl Into<String>) -> Self {
        self.text("client_uri", uri)
    }

    /// The client's logo.
    pub fn logo_uri(self, uri: impl Into<String>) -> Self {
        self.text("logo_uri", uri)
    }

    /// `native` or `web` (OpenID Connect Dynamic Client Registration section 2).
    pub fn application_type(self, kind: impl Into<String>) -> Self {
        self.text("application_type", kind)
    }

    /// The software that this client is an instance of; the same for all of them.
    pub fn software_id(self, id: impl Into<String>) -> Self {
        self.text("software_id", id)
    }

    /// The version of that software.
    pub fn software_version(self, version: impl Into<String>) -> Self {
        self.text("software_version", version)
    }

    /// The client's public keys, as a JSON Web Key Set (RFC 7517 section 5).
    pub fn jwks(self, keys: Value) -> Self {
        self.member("jwks", keys)
    }

    /// Where the client's public keys are.
    pub fn jwks_uri(self, uri: impl Into<String>) -> Self {
        self.text("jwks_uri", uri)
    }

    /// Any other member.
    pub fn member(mut self, name: impl Into<String>, value: Value) -> Self {
        self.members.insert(name.into(), value);
        self
    }

    /// Says that this is for one issuer, byte for byte: no other is told any of it. Where a server names the issuer
    /// ([`Mcp`](crate::Mcp)), an initial access token and a software statement are sent only by metadata that says this.
    pub fn for_issuer(mut self, issuer: impl Into<String>) -> Self {
        self.issuer = Some(issuer.into());
        self
    }

    /// What the registration endpoint is shown (RFC 7591 section 3). It is never in a document. Say whose it is with
    /// [`for_issuer`](Self::for_issuer).
    pub fn initial_access_token(mut self, token: impl Into<SecretString>) -> Self {
        self.initial_access_token = Some(token.into());
        self
    }

    /// What somebody vouches for of this software (RFC 7591 section 2.3). It is never in a document.
    pub fn software_statement(mut self, statement: impl Into<SecretString>) -> Self {
        self.software_statement = Some(statement.into());
        self
    }

    /// Allows the server to register another `redirect_uris` or `token_endpoint_auth_method` than it was asked to.
    pub fn permit_change(mut self, member: impl Into<String>) -> Self {
        self.permitted.push(member.into());
        self
    }

    /// The document to host at the client's id, as JSON. It has to have a name and a redirect URI, and no way to authenticate
    /// that takes a shared secret: everybody can read it.
    pub fn to_document(&self) -> Result<String> {
        let (id, _) = self.as_document()?;
        let nobody = Client::dynamic(stranger(&id), "unregistered", ClientAuth::none());
        let mut members = self.proved(nobody.inner())?.members;
        members.insert("client_id".to_owned(), Value::String(id));
        // Without a word the method would be `client_secret_basic` (RFC 7591 section 2).
        members.entry("token_endpoint_auth_method").or_insert_with(|| Value::String("none".to_owned()));
        Ok(Value::Object(members).to_string())
    }

    /// The client's id and its first redirect URI, where this is a sound document.
    pub(crate) fn as_document(&self) -> Result<(String, String)> {
        let fail = |what: &str| Err(config(what, "see `ClientMetadata::document`"));
        let Some(id) = &self.document else { return fail("these are no facts of a client with a metadata document") };
        let method = self.text_of("token_endpoint_auth_method").unwrap_or("none");
        // OAuth Client ID Metadata Document section 4.1: no method "based around a shared symmetric secret".
        if method.starts_with("client_secret") || self.members.keys().any(|name| name.starts_with("client_secret")) {
            return fail("a metadata document is public: its client has no shared secret");
        }
        if self.text_of("client_name").is_none_or(str::is_empty) {
            return fail("a metadata document has a client_name");
        }
        match self.uris().next() {
            Some(uri) => Ok((id.clone(), uri.to_owned())),
            None => fail("a metadata document has redirect_uris"),
        }
    }

    /// The client's id, where it is known by its document.
    pub(crate) fn document_id(&self) -> Option<&str> {
        self.document.as_deref()
    }

    /// The issuer that it is for, where it is for one only.
    pub(crate) fn issuer(&self) -> Option<&str> {
        self.issuer.as_deref()
    }

    /// As an issuer may see it that somebody else named.
    pub(crate) fn for_strangers(mut self) -> Self {
        if self.issuer.is_none() {
            (self.initial_access_token, self.software_statement) = (None, None);
        }
        self
    }

    /// The body of a registration.
    pub(super) fn body(&self) -> String {
        let mut members = self.members.clone();
        if let Some(statement) = &self.software_statement {
            members.insert("software_statement".to_owned(), statement.expose_secret().into());
        }
        Value::Object(members).to_string()
    }

    /// Whether both register the same client, in the same way.
    pub(crate) fn is_as(&self, other: &Self) -> bool {
        let token = |of: &Self| of.initial_access_token.as_ref().map(|token| token.expose_secret().to_owned());
        let same_key = self.key_thumbprint == other.key_thumbprint;
        self.body() == other.body() && same_key && self.permitted == other.permitted && token(self) == token(other)
    }

    /// The body of a changed registration (RFC 7592 section 2.2).
    pub(super) fn update(&self, client_id: &str) -> String {
        let mut members = self.members.clone();
        members.retain(|name, _| !SERVERS_OWN.contains(&name.as_str()));
        members.insert("client_id".to_owned(), client_id.into());
        if let Some(statement) = &self.software_statement {
            members.insert("software_statement".to_owned(), statement.expose_secret().into());
        }
        Value::Object(members).to_string()
    }

    /// Says it where the client has not.
    pub(crate) fn or_member(mut self, name: &str, value: impl FnOnce(&Self) -> Value) -> Self {
        if !self.members.contains_key(name) {
            let value = value(&self);
            self.members.insert(name.to_owned(), value);
        }
        self
    }

    /// The redirect URIs.
    pub(crate) fn uris(&self) -> impl Iterator<Item = &str> {
        self.members.get("redirect_uris").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
    }

    pub(super) fn text_of(&self, name: &str) -> Option<&str> {
        self.members.get(name).and_then(Value::as_str)
    }

    /// Whether it is to have bound tokens only.
    pub(super) fn is_bound(&self) -> bool {
        self.members.get(BOUND).and_then(Value::as_bool).unwrap_or_default()
    }

    /// How the client will authenticate, where it says so or has a key or a certificate.
    pub(crate) fn method(&self) -> Option<&str> {
        self.text_of("token_endpoint_auth_method").or_else(|| proof::method(self.credentials.as_ref()?))
    }

    pub(super) fn permits(&self, member: &str) -> bool {
        self.permitted.iter().any(|permitted| permitted == member)
    }

    fn text(self, name: &str, value: impl Into<String>) -> Self {
        self.member(name, Value::String(value.into()))
    }
}

/// OAuth Client ID Metadata Document section 3: the address "MUST have an "https" scheme, MUST contain a path component, MUST
/// NOT contain single-dot or double-dot path segments, MUST NOT contain a fragment component and MUST NOT contain a username
/// or password".
fn check_document(text: &str) -> Result<()> {
    let url = url::Url::parse(text).ok();
    let authority = text.strip_prefix("https://").map(|rest| rest.split(['/', '?', '#']).next().unwrap_or_default());
    let path = text.get(8 + authority.map_or(0, str::len)..).unwrap_or_default();
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let sound = url.is_some_and(|url| url.as_str() == text && url.host_str().is_some())
        && authority.is_some_and(|authority| !authority.contains('@'))
        && path.len() > 1
        && !has_dot_segments(path)
        && !text.contains('#');
    if sound {
        return Ok(());
    }
    let what = "the address of a client's metadata document is https, with a path, without fragment, credentials and dot segments";
    Err(config(what, "write it as https://app.example/oauth/client.json, in the normal form of addresses"))
}

fn config(what: &str, fix: &str) -> Error {
    Error::new(ErrorKind::Config, Step::Registration, what).fix(fix).general()
}

/// Without the initial access token and the software statement.
impl fmt::Debug for ClientMetadata {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientMetadata")
            .field("document", &self.document)
            .field("members", &self.members.keys().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_has_an_address_that_everybody_reads_alike() {
        for wrong in [
            "",
            "client",
            "http://app.example/c.json",
            "http://127.0.0.1/c.json",
            "https://app.example",
            "https://app.example/",
            "https://app.example?x",
            "https://app.example/c#f",
            "https://app.example/c#",
            "https://u@app.example/c",
            "https://u:p@app.example/c",
            "https://@app.example/c",
            "https://app.example/a/../c",
            "https://app.example/./c",
            "https://app.example/%2e%2E/c",
            "https://APP.example/c",
            "https://app.example:443/c",
            "https://app.example/c d",
            "https:app.example/c",
            "https:///app.example/c",
            "javascript:alert(1)",
        ] {
            let error = ClientMetadata::document(wrong).expect_err(wrong);
            assert_eq!((error.kind(), error.step()), (ErrorKind::Config, Step::Registration), "{wrong}");
        }
        for right in ["https://app.example/c.json", "https://app.example:8443/a/b", "https://app.example/c?v=1"] {
            ClientMetadata::document(right).expect(right);
        }
    }

    #[test]
    fn a_document_says_who_the_client_is_and_no_secret() {
        let app = ClientMetadata::document("https://app.example/c.json").unwrap().client_name("My app");
        assert!(app.to_document().is_err(), "no redirect URI");
        let app =
            app.redirect_uri("https://app.example/cb").initial_access_token("canary").software_statement("canary");
        let text = app.to_document().unwrap();
        let document: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(document["client_id"], "https://app.example/c.json");
        assert_eq!(document["token_endpoint_auth_method"], "none");
        assert_eq!(document["redirect_uris"], serde_json::json!(["https://app.example/cb"]));
        assert!(!text.contains("canary") && !format!("{app:?}").contains("canary"));
        assert!(app.clone().token_endpoint_auth_method("client_secret_post").to_document().is_err());
        assert!(app.member("client_secret", "x".into()).to_document().is_err());
        assert!(ClientMetadata::named("x").redirect_uri("https://app.example/cb").to_document().is_err());
    }
}
