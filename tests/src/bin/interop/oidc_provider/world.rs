//! Where the server of this run is, and what it knows of its clients.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use oauth_core::http::{HttpClient as _, ReqwestClient};
use oauth_core::{Account, Authorize, CanAuthorize, Client, ClientAuth, Error, ErrorKind, ProviderSpec, SecretString};
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use serde_json::Value;

use crate::browser::Browser;
use crate::table::Result;

pub(crate) const REDIRECT: &str = "http://127.0.0.1:54321/callback";
pub(crate) const USER: &str = "alice";

const FILES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/interop/providers");

/// What the server said when it listened.
pub(super) struct World {
    ready: Value,
    pub(super) issuer: String,
    /// The same server at another origin.
    pub(super) api: String,
    /// The same server over TLS; it asks for a certificate.
    pub(super) tls: String,
    pub(super) secret: SecretString,
    /// The private key whose public half the server has of its clients.
    pub(super) key: SecretString,
}

impl World {
    pub(super) fn of_this_run() -> Result<Self> {
        let ready: Value = serde_json::from_str(&variable("INTEROP_READY")?)?;
        let text = |name: &str| text(&ready[name]);
        Ok(Self {
            issuer: text("issuer")?,
            api: text("api")?,
            tls: text("tls")?,
            secret: text("client_secret")?.into(),
            key: text("client_key")?.into(),
            ready,
        })
    }

    /// What the registration endpoint wants to see.
    pub(super) fn initial_access_token(&self) -> Result<String> {
        text(&self.ready["initial_access_token"])
    }

    /// A certificate of this run, with its key.
    pub(super) fn certificate(&self, name: &str) -> Result<ClientAuth> {
        let (certificate, key) = self.certificate_pem(name)?;
        Ok(ClientAuth::certificate(certificate, key))
    }

    /// The same as PEM.
    pub(super) fn certificate_pem(&self, name: &str) -> Result<(String, SecretString)> {
        let made = &self.ready["certificates"][name];
        Ok((text(&made["certificate"])?, text(&made["key"])?.into()))
    }

    /// The user's answer, `yes` or `no`, to the request with that binding message.
    pub(super) async fn answer(&self, answer: &str, message: &str) -> Result<()> {
        let phone = text(&self.ready["phone"])?;
        let status = get(&format!("{phone}/{answer}?message={message}"), "none").await?;
        if status == 200 { Ok(()) } else { Err(format!("the user was not asked: {message}").into()) }
    }

    /// Puts a document where the server finds it as one of `https://app.example.test`.
    pub(super) async fn publish(&self, path: &str, document: String) -> Result<()> {
        let phone = text(&self.ready["phone"])?;
        let request = http::Request::put(format!("{phone}{path}")).body(bytes::Bytes::from(document))?;
        let status = ReqwestClient::new()?.send(request).await?.status();
        if status.is_success() { Ok(()) } else { Err("the document was not taken".into()) }
    }

    /// The file with the certificate of the authority.
    pub(super) fn authority(&self) -> Result<String> {
        text(&self.ready["certificates"]["authority"]["file"])
    }

    /// A client of a provider's file that is loaded now.
    pub(super) fn loaded(&self, file: &str, id: &str, credentials: impl Into<ClientAuth>) -> Result<Client> {
        let spec = ProviderSpec::from_yaml_file(format!("{FILES}/{file}.yaml"))?;
        let has = |setting: &str| spec.settings.iter().any(|known| known.name == setting);
        let known = [("issuer", &self.issuer), ("api", &self.api), ("tls", &self.tls)];
        let settings: Vec<_> = known.into_iter().filter(|(name, _)| has(name)).collect();
        let mut client = spec.client(id, credentials).redirect_uri(REDIRECT);
        for (name, value) in settings {
            client = client.set(name, value)?;
        }
        Ok(client)
    }
}

fn text(value: &Value) -> Result<String> {
    Ok(value.as_str().ok_or("the server's line lacks something")?.to_owned())
}

/// A login by a browser that agrees to everything.
pub(crate) async fn log_in<P: CanAuthorize>(client: &Client<P>) -> Result<Account<P>> {
    log_in_with(client, client.authorize()).await
}

/// The same, asked for in a particular way.
pub(crate) async fn log_in_with<P: CanAuthorize>(client: &Client<P>, login: Authorize<P>) -> Result<Account<P>> {
    let (url, pending, browser) = login.begin().await?.into_parts();
    let callback = Browser::new()?.log_in(url.as_str(), REDIRECT, USER).await?;
    Ok(client.callback(callback, pending, browser).await?)
}

/// What the server says to a browser with this authorization request, which it refuses: the error of its redirect, or the
/// status of its page.
pub(super) async fn refusal(url: &str) -> Result<String> {
    match Browser::new()?.log_in(url, REDIRECT, USER).await {
        Ok(callback) if callback.contains("error=") => Ok(callback),
        Ok(_) => Err("the server took what it had to refuse".into()),
        Err(error) => Ok(error.to_string()),
    }
}

/// A private key that nobody has registered.
#[allow(clippy::disallowed_methods, reason = "a key of a test, which nobody trusts")]
pub(crate) fn other_key() -> Result<SecretString> {
    let random = ring::rand::SystemRandom::new();
    let key = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).map_err(|_| "no key")?;
    let text = STANDARD.encode(key.as_ref());
    Ok(format!("-----BEGIN PRIVATE KEY-----\n{text}\n-----END PRIVATE KEY-----\n").into())
}

/// The status of a GET with that `Authorization`.
pub(super) async fn get(address: &str, authorization: &str) -> Result<u16> {
    get_over(&ReqwestClient::new()?, address, authorization).await
}

/// The same over a transport of its own.
pub(super) async fn get_over(http: &ReqwestClient, address: &str, authorization: &str) -> Result<u16> {
    let request = http::Request::get(address).header(http::header::AUTHORIZATION, authorization);
    Ok(http.send(request.body(bytes::Bytes::new())?).await?.status().as_u16())
}

/// The kind of the error that this ended with.
pub(crate) fn kind<T>(result: std::result::Result<T, Error>) -> Option<ErrorKind> {
    result.err().map(|error| error.kind())
}

/// The server's own word for what it refused.
pub(crate) fn code<T>(result: std::result::Result<T, Error>) -> Option<String> {
    Some(result.err()?.server()?.code()?.to_owned())
}

/// The kind of the error that a whole login ended with.
pub(crate) fn login_kind<T>(result: Result<T>) -> Option<ErrorKind> {
    result.err()?.downcast::<Error>().ok().map(|error| error.kind())
}

#[allow(clippy::disallowed_methods, reason = "the script that starts the server tells its address this way")]
pub(crate) fn variable(name: &str) -> Result<String> {
    std::env::var(name).map_err(|_| format!("{name} is not set: start this through tests/interop/run").into())
}
