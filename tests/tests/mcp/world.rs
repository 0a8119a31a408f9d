//! An MCP server and its issuer, on loopback.

use std::sync::Arc;

use oauth_core::{Account, AuthorizationUrl, ClientMetadata, Error, Mcp, Result};
use oauth_tests::canned::{Answer, Received, json, json_status};
use oauth_tests::issuer::{Issuer, TOKEN};
use oauth_tests::login::parameter;
use serde_json::{Value, json};

/// Where the server's metadata is.
pub(crate) const RESOURCE: &str = "/.well-known/oauth-protected-resource/mcp";
/// Where the issuer's is.
pub(crate) const METADATA: &str = "/.well-known/oauth-authorization-server";
/// Where clients are registered.
pub(crate) const REGISTER: &str = "/register";
/// The redirect URI.
pub(crate) const REDIRECT: &str = "http://127.0.0.1:8765/callback";
/// The client's own document.
pub(crate) const DOCUMENT: &str = "https://app.example/oauth/client.json";
/// What an attacker may not see.
pub(crate) const SECRETS: [&str; 3] = ["canary-access-token", "canary-refresh-token", "canary-registered-secret"];

/// The server, and the issuer beside it, at one origin.
pub(crate) struct World {
    pub(crate) at: Issuer,
}

impl World {
    /// A sound pair.
    pub(crate) async fn start() -> Self {
        let world = Self { at: Issuer::start().await };
        world.at.forget(oauth_tests::issuer::METADATA);
        world.resource(|_| ());
        world.issuer(|_| ());
        world.tokens(None);
        world.registers("registered-1");
        world
    }

    /// The MCP server's address.
    pub(crate) fn server(&self) -> String {
        format!("{}/mcp", self.at.origin())
    }

    /// Publishes the server's metadata, changed.
    pub(crate) fn resource(&self, change: impl FnOnce(&mut Value)) {
        let mut document = json!({
            "resource": self.server(),
            "authorization_servers": [self.at.origin()],
            "scopes_supported": ["files:read", "files:list"],
            "bearer_methods_supported": ["header"],
        });
        change(&mut document);
        self.at.answer(RESOURCE, json(&document.to_string()));
    }

    /// Publishes the issuer's metadata, changed.
    pub(crate) fn issuer(&self, change: impl FnOnce(&mut Value)) {
        let at = |path: &str| format!("{}{path}", self.at.origin());
        let mut document = json!({
            "issuer": self.at.origin(),
            "authorization_endpoint": at("/authorize"),
            "token_endpoint": at(TOKEN),
            "registration_endpoint": at(REGISTER),
            "client_id_metadata_document_supported": true,
            "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": ["none", "client_secret_post"],
            "authorization_response_iss_parameter_supported": true,
        });
        change(&mut document);
        self.at.answer(METADATA, json(&document.to_string()));
    }

    /// Answers token requests, with these granted scopes.
    pub(crate) fn tokens(&self, scope: Option<&str>) {
        let mut tokens = json!({"access_token": SECRETS[0], "token_type": "Bearer", "expires_in": 3600,
            "refresh_token": SECRETS[1]});
        if let Some(scope) = scope {
            tokens["scope"] = scope.into();
        }
        self.at.answer(TOKEN, json(&tokens.to_string()));
    }

    /// Registers clients under that id.
    pub(crate) fn registers(&self, id: &str) {
        self.at.answer(REGISTER, self.registered(id, SECRETS[2]));
    }

    /// The answer to a registration.
    #[allow(clippy::unused_self, reason = "it stands beside the others")]
    pub(crate) fn registered(&self, id: &str, secret: &str) -> Answer {
        let answer = json!({"client_id": id, "client_secret": secret, "client_secret_expires_at": 0,
            "redirect_uris": [REDIRECT], "token_endpoint_auth_method": "client_secret_post"});
        json_status(201, &answer.to_string())
    }

    /// The header of a 401.
    pub(crate) fn challenge(&self) -> String {
        format!("Bearer resource_metadata=\"{}{RESOURCE}\", scope=\"files:read\"", self.at.origin())
    }

    /// Whoever has no identity yet.
    pub(crate) fn nobody(&self) -> Mcp {
        Mcp::server(self.server()).unwrap().dangerous_allow_loopback().clock(Arc::new(self.at.clock.clone()))
    }

    /// A client with a metadata document.
    pub(crate) fn documented(&self) -> Mcp {
        let me = ClientMetadata::document(DOCUMENT).unwrap().client_name("My app").redirect_uri(REDIRECT);
        self.nobody().client(me)
    }

    /// A client that registers.
    pub(crate) fn registering(&self) -> Mcp {
        self.nobody().client(ClientMetadata::named("My app").redirect_uri(REDIRECT))
    }

    /// A login that the user says yes to.
    pub(crate) async fn log_in(&self, mcp: &Mcp, challenge: &str) -> Result<Account> {
        mcp.login(challenge, |url| self.yes(url)).await
    }

    /// The user says yes.
    #[allow(clippy::unused_async, reason = "it stands where a browser would")]
    pub(crate) async fn yes(&self, url: AuthorizationUrl) -> std::io::Result<String> {
        let state = parameter(url.as_str(), "state").unwrap();
        Ok(format!("{REDIRECT}?code=canary-code&state={state}&iss={}", self.at.origin()))
    }

    /// The last request to the token endpoint.
    pub(crate) fn last_token_request(&self) -> Received {
        self.at.requests(TOKEN).pop().expect("a token request")
    }
}

/// A login that must end before the browser is opened.
pub(crate) async fn refused(mcp: &Mcp, challenge: &str) -> Error {
    let browse = |url: AuthorizationUrl| async move {
        panic!("the browser was sent to {url}");
        #[allow(unreachable_code, reason = "the type of what is never given")]
        std::io::Result::Ok(String::new())
    };
    mcp.login(challenge, browse).await.expect_err("a login that must be refused")
}
