//! yup-oauth2's way to a token that is kept fresh.

use std::path::PathBuf;
use std::sync::Mutex;

use async_trait::async_trait;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::json;
use yup_oauth2::authenticator::Authenticator;
use yup_oauth2::storage::{TokenInfo, TokenStorage, TokenStorageError};
use yup_oauth2::{ApplicationSecret, CustomHyperClientBuilder, InstalledFlowAuthenticator, InstalledFlowReturnMethod};

use crate::provider::{AUTHORIZATION, CLIENT_ID, CLIENT_SECRET, REDIRECT_URI, token_text};

/// What keeps tokens fresh there.
pub type Yup = Authenticator<HttpConnector>;

/// An HTTP client that keeps its connections. Its own default opens one for each request.
pub type Http = Client<HttpConnector, String>;

/// An HTTP client for it.
pub fn http() -> Http {
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    Client::builder(TokioExecutor::new()).build(connector)
}

/// A store in memory that begins with a token: the built-in one can only begin empty.
struct InMemory(Mutex<TokenInfo>);

#[async_trait]
impl TokenStorage for InMemory {
    async fn set(&self, _: &[&str], token: TokenInfo) -> Result<(), TokenStorageError> {
        *self.0.lock().expect("no panic while it is held") = token;
        Ok(())
    }

    async fn get(&self, _: &[&str]) -> Option<TokenInfo> {
        Some(self.0.lock().expect("no panic while it is held").clone())
    }
}

/// Where the authenticator has its tokens.
pub enum Keep {
    /// In memory, an access token that ended in 2020 among them.
    Ended,
    /// In its own store, which reads this file once and has the tokens in memory from then on; the access token ends
    /// in 2035.
    Fresh(PathBuf),
}

/// An authenticator with an access token and a refresh token.
pub async fn authenticator(http: Http, token_uri: &str, scopes: &[&str], keep: Keep) -> Yup {
    let secret = ApplicationSecret {
        client_id: CLIENT_ID.to_owned(),
        client_secret: CLIENT_SECRET.to_owned(),
        token_uri: token_uri.to_owned(),
        auth_uri: AUTHORIZATION.to_owned(),
        redirect_uris: vec![REDIRECT_URI.to_owned()],
        ..ApplicationSecret::default()
    };
    let http = CustomHyperClientBuilder::from(http);
    let builder = InstalledFlowAuthenticator::with_client(secret, InstalledFlowReturnMethod::Interactive, http);
    let builder = match keep {
        Keep::Ended => builder.with_storage(Box::new(InMemory(Mutex::new(token(2020))))),
        Keep::Fresh(path) => {
            let stored = json!([{"scopes": scopes, "token": token(2035)}]);
            std::fs::write(&path, stored.to_string()).expect("a file that can be written");
            builder.persist_tokens_to_disk(path)
        }
    };
    builder.build().await.expect("an authenticator")
}

/// A token that ends with that year's first day.
fn token(year: u16) -> TokenInfo {
    // As the time crate writes a moment: year, day of it, time, offset.
    let expires_at = json!([year, 1, 0, 0, 0, 0, 0, 0, 0]);
    let token = json!({"access_token": token_text(256), "refresh_token": token_text(128), "expires_at": expires_at});
    serde_json::from_value(token).expect("a token of theirs")
}
