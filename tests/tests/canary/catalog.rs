//! The whole life of a login, for every provider of the catalog, and each way in which it may fail.

use std::sync::Arc;

use oauth_core::{
    Account, Browser, CallbackInput, CatalogEntry, Client, ClientAuth, Error, ExposeSecret as _, PendingAttempt,
    PendingAttempts, Result, TokenSet,
};
use oauth_simulator::{Answer, RegisteredClient, SimUser, Simulator};

use crate::capture::{listen, must_have_heard};
use crate::texts::{Secrets, Texts};

pub(crate) const REDIRECT: &str = "http://127.0.0.1:4001/callback";
const SECRET: &str = "canary-secret +/%=&\"7f1c";

/// A simulator, a client, and all that must not be printed.
pub(crate) struct Rig {
    pub(crate) sim: Simulator,
    pub(crate) client: Client,
    pub(crate) secrets: Secrets,
    pub(crate) texts: Texts,
    /// Where in the log this begins: no secret of it was there before.
    start: usize,
}

/// A value for a setting without a default.
fn setting(setting: &oauth_core::spec::Setting) -> String {
    match setting.kind {
        oauth_core::spec::SettingKind::Enum => setting.values[0].0.clone(),
        oauth_core::spec::SettingKind::Host => "id.customer.example".to_owned(),
        oauth_core::spec::SettingKind::Port => "8443".to_owned(),
        oauth_core::spec::SettingKind::Url => "https://customer.example".to_owned(),
        _ => "customer".to_owned(),
    }
}

impl Rig {
    pub(crate) async fn new(entry: &CatalogEntry) -> Self {
        let start = listen().len();
        let registered = RegisteredClient::confidential("my-client", SECRET).redirect_uri(REDIRECT);
        let mut builder =
            Simulator::builder(Arc::clone(entry.spec())).client(registered.clone()).user(SimUser::new("7"));
        let mut client = entry.client("my-client", ClientAuth::secret(SECRET));
        for required in entry.spec().required_settings() {
            builder = builder.setting(&required.name, setting(required));
            client = client.set(&required.name, setting(required)).unwrap();
        }
        let mut texts = Texts::default();
        texts.debug("Builder", &builder);
        texts.debug("RegisteredClient", &registered);
        let sim = builder.start().await.unwrap();
        let client = client.redirect_uri(REDIRECT).clock(sim.clock()).dangerous_at(sim.origin());
        let mut secrets = Secrets::default();
        secrets.add("client secret", SECRET);
        texts.debug("Simulator", &sim);
        texts.debug("Client", &client);
        texts.debug("ClientAuth", &ClientAuth::secret(SECRET));
        texts.debug("CatalogEntry", entry);
        Self { sim, client, secrets, texts, start }
    }

    /// A login that the user agreed to, up to the callback.
    pub(crate) async fn begin(&mut self) -> (String, PendingAttempt, Browser) {
        let authorize = self.client.authorize();
        self.texts.debug("Authorize", &authorize);
        let attempt = authorize.begin().await.unwrap();
        self.texts.debug("Attempt", &attempt);
        self.texts.debug("AuthorizationUrl", attempt.url());
        let (url, pending, browser) = attempt.into_parts();
        let json: serde_json::Value = serde_json::from_str(pending.expose_json().expose_secret()).unwrap();
        for name in ["state", "verifier", "browser"] {
            if let Some(value) = json[name].as_str() {
                self.secrets.add(name, value);
            }
        }
        self.texts.debug("PendingAttempt", &pending);
        self.texts.debug("BrowserBinding", &browser);
        let user = self.sim.scripted_user();
        let callback = user.approve(url.as_str()).await.unwrap();
        let code_name = &self.sim.spec().callback.code;
        let code = oauth_tests::login::parameter(&callback, code_name).expect("a code");
        self.secrets.add("code", &code);
        self.texts.debug("ScriptedUser", &user);
        self.texts.debug("CallbackInput", &CallbackInput::from(&callback));
        let browser = Browser::from(browser);
        self.texts.debug("Browser", &browser);
        (callback, pending, browser)
    }

    /// A whole login.
    pub(crate) async fn log_in(&mut self) -> Account {
        let (callback, pending, browser) = self.begin().await;
        let code = self.client.verify_callback(callback, pending, browser).unwrap();
        self.texts.debug("VerifiedCode", &code);
        let tokens = self.client.exchange(code).await.unwrap_or_else(|error| panic!("{}", error.explain()));
        self.keep(&tokens);
        self.client.account(tokens)
    }

    pub(crate) fn keep(&mut self, tokens: &TokenSet) {
        self.secrets.add_tokens(tokens);
        self.texts.debug("TokenSet", tokens);
        self.texts.debug("SecretString", tokens.access_token());
    }

    /// A step that must fail, and all that it says.
    pub(crate) fn failed<T>(&mut self, what: &str, result: Result<T>) -> Error {
        let error = result.err().unwrap_or_else(|| panic!("{}: {what} must fail", self.sim.spec().id));
        self.texts.error(what, &error);
        error
    }

    /// Nothing secret in anything.
    pub(crate) fn check(mut self) {
        for request in self.sim.requests() {
            self.texts.debug("Recorded", &request);
        }
        self.secrets.add_seen(&self.sim);
        for name in ["client secret", "state", "browser", "code", "access token"] {
            assert!(self.secrets.has(name), "{}: no {name} was made", self.sim.spec().id);
        }
        assert!(self.texts.len() >= 20, "only {} texts were looked at", self.texts.len());
        self.texts.must_be_free_of(&self.secrets);
        let heard = listen().since(self.start);
        must_have_heard(&heard);
        self.secrets.must_not_be_in("the log", &heard);
    }
}

#[tokio::test]
async fn a_login_that_goes_well_prints_no_secret() {
    for entry in oauth_providers::catalog() {
        let mut rig = Rig::new(entry).await;
        let account = rig.log_in().await;
        rig.texts.debug("Account", &account);
        let spec = entry.spec();
        if spec.profile.is_some() {
            let profile = account.profile().await.unwrap();
            rig.texts.debug("Profile", &profile);
        }
        if spec.api.is_some() {
            let request = account.get("/any/thing").query("q", "x");
            rig.texts.debug("ApiRequest", &request);
            let response = request.send().await.unwrap();
            rig.texts.debug("ApiResponse", &response);
            response.bytes().await.unwrap();
        }
        rig.texts.debug("extras", &account.extras().unwrap());
        rig.texts.debug("callback extras", &account.callback_extras().unwrap());
        if spec.refresh.is_some() {
            let renewed = account.refresh().await.unwrap_or_else(|error| panic!("{}", error.explain()));
            rig.keep(&renewed);
            assert!(listen().since(rig.start).contains("token refreshed"), "{}", entry.id());
        }
        if spec.token.upgrade.is_some() {
            assert!(listen().since(rig.start).contains("token upgraded"), "{}", entry.id());
        }
        rig.texts.debug("Account after all", &account);
        let logins = PendingAttempts::new();
        let (_, pending, _) = rig.begin().await;
        logins.insert(pending);
        rig.texts.debug("PendingAttempts", &logins);
        rig.check();
    }
}

#[tokio::test]
async fn an_id_token_prints_nowhere() {
    for entry in oauth_providers::catalog() {
        let mut rig = Rig::new(entry).await;
        let (callback, pending, browser) = rig.begin().await;
        let body = serde_json::json!({
            "access_token": "canary-access-5d2e", "token_type": "Bearer", "expires_in": 3600,
            "refresh_token": "canary-refresh-9c4b", "id_token": "canary.id.token-31aa", "bot_token": "canary-of-a-bot-77"
        });
        rig.sim.next_token_answer(Answer::new(200).body(body.to_string()));
        if entry.spec().token.upgrade.is_some() {
            rig.sim.next_token_answer(Answer::new(200).body(body.to_string()));
        }
        let account =
            rig.client.callback(callback, pending, browser).await.unwrap_or_else(|error| panic!("{}", error.explain()));
        rig.keep(&account.tokens());
        assert!(rig.secrets.has("id token") && rig.secrets.has("refresh token"));
        rig.secrets.add("a token among the extras", "canary-of-a-bot-77");
        rig.texts.debug("Account", &account);
        rig.texts.debug("extras", &account.extras().unwrap());
        // The provider has never seen these tokens, and says so.
        if entry.spec().profile.is_some() {
            let result = account.profile().await;
            rig.failed("a profile with a token that nobody knows", result);
        }
        rig.check();
    }
}
