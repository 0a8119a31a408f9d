//! The whole life of a login, for every provider of the catalog, and each way in which it may fail.

use std::sync::Arc;

use oauth_core::seal::SealingKey;
use oauth_core::spec::{ExtraField, FieldKind, Pkce};
use oauth_core::store::MemoryStore;
use oauth_core::{
    Account, Browser, CallbackInput, CatalogEntry, Client, ClientAuth, Error, ExposeSecret as _, OsRng, PendingAttempt,
    PendingAttempts, ProviderSpec, Result, Scopes, SealedAttempts, StoredAttempts, TokenSet,
};
use oauth_simulator::{Answer, RegisteredClient, SimUser, Simulator};
use oauth_tests::fitting;

use crate::capture::{listen, must_have_heard};
use crate::texts::{Secrets, Texts};

const ID: &str = "my-client";
const REDIRECT: &str = "http://127.0.0.1:4001/callback";
const SECRET: &str = "canary-secret +/%=&\"7f1c";
/// Who logs in: personal data, which is for the program and not for its log.
const NAME: &str = "Canary Person-5b1f";
const EMAIL: &str = "canary.person-5b1f@example.com";
/// What ID tokens say of them that no profile has.
pub(crate) const CLAIM: &str = "canary-of-a-claim-41c7";

/// A simulator, a client, and all that must not be printed.
pub(crate) struct Rig {
    pub(crate) sim: Simulator,
    pub(crate) client: Client,
    pub(crate) secrets: Secrets,
    /// Whoever logs in, which a profile alone may show.
    personal: Secrets,
    pub(crate) texts: Texts,
    /// Texts of a profile.
    shown: Texts,
    /// Where in the log this begins: no secret of it was there before.
    start: usize,
}

/// Whether a login brings an ID token, when its scope is asked for.
pub(crate) fn with_id_token(spec: &ProviderSpec) -> bool {
    spec.openid.is_some()
}

/// Whether the profile is a request of its own, and not in what the login brought.
pub(crate) fn asks_for_profile(spec: &ProviderSpec) -> bool {
    spec.profile.as_ref().is_some_and(|profile| profile.request.is_some())
}

/// A token answer with tokens that the simulator does not know, and all that the file wants to see in it.
pub(crate) fn token_answer(spec: &ProviderSpec) -> String {
    let response = &spec.token.response;
    let mut body = serde_json::json!({
        "token_type": "Bearer", "expires_in": 3600, "bot_token": "canary-of-a-bot-77", "ok": true,
    });
    let tokens = [
        ("access_token", "canary-access-5d2e"),
        ("refresh_token", "canary-refresh-9c4b"),
        ("id_token", "canary.id.token-31aa"),
    ];
    for (name, value) in tokens {
        let own = response.rename.iter().find(|(standard, _)| standard == name).map_or(name, |(_, own)| own);
        body[own] = value.into();
    }
    with_extras(&mut body, &response.extras);
    body.to_string()
}

/// An answer to the lookup after it.
pub(crate) fn lookup_answer(spec: &ProviderSpec) -> String {
    let mut body = serde_json::json!({});
    with_extras(&mut body, spec.token.lookup.iter().flat_map(|lookup| &lookup.extras));
    body.to_string()
}

/// Puts a value where each extra is looked for, unless there is one.
fn with_extras<'a>(body: &mut serde_json::Value, extras: impl IntoIterator<Item = &'a ExtraField>) {
    for extra in extras {
        if body.pointer(&extra.at).is_some() {
            continue;
        }
        let value = match extra.kind.kind {
            FieldKind::Url => format!("https://{}", extra.hosts.first().map_or("example.com", String::as_str)).into(),
            FieldKind::U32 | FieldKind::U64 | FieldKind::I64 => 1.into(),
            FieldKind::Bool => true.into(),
            FieldKind::Json => serde_json::json!({}),
            _ => "sample".into(),
        };
        let mut place = &mut *body;
        for name in extra.at.split('/').skip(1) {
            place = &mut place[name];
        }
        *place = value;
    }
}

impl Rig {
    pub(crate) async fn new(entry: &CatalogEntry) -> Self {
        let start = listen().len();
        let spec = entry.spec();
        let redirect = fitting::redirect_uri(spec, REDIRECT);
        let secret = fitting::secret(spec, SECRET);
        let registered = RegisteredClient::confidential(ID, &secret).redirect_uri(&redirect);
        let user = SimUser::new("7").name(NAME).email(EMAIL, true);
        let mut builder = Simulator::builder(Arc::clone(spec)).client(registered.clone()).user(user);
        let mut client = entry.client(ID, ClientAuth::secret(secret.clone()));
        for (name, value) in fitting::settings(spec) {
            builder = builder.setting(&name, &value);
            client = client.set(&name, value).unwrap();
        }
        if with_id_token(spec) {
            let wanted = spec.scopes.default.iter().map(String::as_str).filter(|scope| *scope != "openid");
            let openid = spec.scopes.known.iter().map(|known| known.value.as_str()).find(|scope| *scope == "openid");
            client = client.scopes(wanted.chain(openid).fold(Scopes::new(), Scopes::raw));
        }
        let mut texts = Texts::default();
        texts.debug("Builder", &builder);
        texts.debug("RegisteredClient", &registered);
        let sim = builder.start().await.unwrap();
        sim.id_token_claims(|claims| {
            claims.insert("canary".to_owned(), CLAIM.into());
        });
        let client = client.redirect_uri(redirect).clock(sim.clock()).dangerous_at(sim.origin());
        let mut secrets = Secrets::default();
        secrets.add("client secret", &secret);
        // A key has several lines, each of which is enough to be ashamed of.
        for line in secret.lines().filter(|line| secret.lines().count() > 1 && !line.starts_with('-')) {
            secrets.add("line of the private key", line);
        }
        let mut personal = Secrets::default();
        for (name, value) in [("name", NAME), ("e-mail address", EMAIL), ("claim", CLAIM)] {
            personal.add(name, value);
        }
        texts.debug("Simulator", &sim);
        texts.debug("Client", &client);
        texts.debug("ClientAuth", &ClientAuth::secret(secret));
        texts.debug("CatalogEntry", entry);
        Self { sim, client, secrets, personal, texts, shown: Texts::default(), start }
    }

    /// A login that the user agreed to, up to the callback.
    pub(crate) async fn begin(&mut self) -> (String, PendingAttempt, Browser) {
        let mut authorize = self.client.authorize();
        // A further token with scopes of its own comes when they are asked for.
        let second = self.sim.spec().scopes.second.clone();
        if let Some((param, scope)) = second.and_then(|second| Some((second.param, second.known.into_iter().next()?))) {
            authorize = authorize.option(&param, scope.value);
        }
        self.texts.debug("Authorize", &authorize);
        let attempt = authorize.begin().await.unwrap();
        self.texts.debug("Attempt", &attempt);
        self.texts.debug("AuthorizationUrl", attempt.url());
        let (url, pending, browser) = attempt.into_parts();
        let json: serde_json::Value = serde_json::from_str(pending.expose_json().expose_secret()).unwrap();
        for name in ["state", "verifier", "browser", "nonce"] {
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
        // What the callback tells of the user, at the first login only.
        let told = self.sim.spec().callback.profile.as_ref();
        if let Some(told) = told.and_then(|told| oauth_tests::login::parameter(&callback, &told.param)) {
            self.secrets.add("profile in the callback", &told);
        }
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
        let account = self.client.account(tokens);
        for also in &self.sim.spec().clone().token.response.also {
            let other = account.also(&also.name).unwrap();
            self.texts.debug("Account of a further token", &other);
            self.secrets.add("further token", other.token().await.unwrap().expose_secret());
            self.keep(&other.tokens());
        }
        account
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
        let spec = self.sim.spec();
        let known = [
            ("nonce", spec.openid.as_ref().is_some_and(|openid| openid.nonce)),
            ("client_secret", spec.client_auth.minted.is_some()),
            ("signature of the client_secret", spec.client_auth.minted.is_some()),
            ("line of the private key", spec.client_auth.minted.is_some()),
            ("profile in the callback", spec.callback.profile.is_some()),
            ("verifier", spec.pkce != Pkce::Unsupported),
        ];
        let always = ["client secret", "state", "browser", "code", "access token"].map(|name| (name, true));
        for (name, _) in always.iter().chain(&known).filter(|(_, made)| *made) {
            assert!(self.secrets.has(name), "{}: no {name} was made", spec.id);
        }
        assert!(self.texts.len() >= 20, "only {} texts were looked at", self.texts.len());
        self.texts.must_be_free_of(&self.secrets);
        self.texts.must_be_free_of(&self.personal);
        self.shown.must_be_free_of(&self.secrets);
        let heard = listen().since(self.start);
        must_have_heard(&heard);
        self.secrets.must_not_be_in("the log", &heard);
        self.personal.must_not_be_in("the log", &heard);
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
            let mut profile = account.profile().await.unwrap();
            // The claims of an ID token are all there, for the program to look at.
            if let Some(claims) = profile.raw.as_object_mut() {
                claims.remove("nonce");
            }
            rig.shown.debug("Profile", &profile);
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
        let key = SealingKey::generate(&OsRng).unwrap();
        rig.secrets.add("sealing key", key.expose_base64().expose_secret());
        rig.texts.debug("SealingKey", &key);
        let (sealed, stored) = (SealedAttempts::new(key.clone()), StoredAttempts::new(MemoryStore::new(), key));
        let (_, pending, _) = rig.begin().await;
        let cookie = sealed.seal(pending).unwrap();
        rig.secrets.add("sealed attempt", cookie.expose());
        rig.texts.debug("SealedAttempt", &cookie);
        rig.texts.debug("SealedAttempts", &(&sealed, sealed.cookie(cookie.expose())));
        let (_, pending, _) = rig.begin().await;
        stored.insert(pending).await.unwrap();
        rig.texts.debug("StoredAttempts", &stored);
        rig.check();
    }
}

#[tokio::test]
async fn an_id_token_prints_nowhere() {
    let mut seen = 0;
    for entry in oauth_providers::catalog().iter().filter(|entry| with_id_token(entry.spec())) {
        let mut rig = Rig::new(entry).await;
        let account = rig.log_in().await;
        for part in ["id token", "claims of the id token", "signature of the id token"] {
            assert!(rig.secrets.has(part), "{}: no {part}", entry.id());
        }
        let tokens = account.tokens();
        let identity = tokens.identity().unwrap_or_else(|| panic!("{}: nobody was identified", entry.id()));
        assert_eq!(identity.text("canary").as_deref(), Some(CLAIM), "{}", entry.id());
        rig.texts.debug("IdToken", identity);
        rig.texts.debug("Account", &account);
        rig.check();
        seen += 1;
    }
    assert!(seen >= 5, "only {seen} providers gave an ID token");
}

#[tokio::test]
async fn an_id_token_that_was_not_asked_for_prints_nowhere() {
    for entry in oauth_providers::catalog().iter().filter(|entry| entry.spec().openid.is_none()) {
        let spec = entry.spec();
        let mut rig = Rig::new(entry).await;
        let (callback, pending, browser) = rig.begin().await;
        let body = token_answer(spec);
        rig.sim.next_token_answer(Answer::new(200).body(body.clone()));
        if spec.token.upgrade.is_some() {
            rig.sim.next_token_answer(Answer::new(200).body(body));
        }
        if spec.token.lookup.is_some() {
            rig.sim.next_lookup_answer(Answer::new(200).body(lookup_answer(spec)));
        }
        let account = rig
            .client
            .callback(callback, pending, browser)
            .await
            .unwrap_or_else(|error| panic!("{}: {}", entry.id(), error.explain()));
        rig.keep(&account.tokens());
        assert!(rig.secrets.has("id token") && rig.secrets.has("refresh token"));
        rig.secrets.add("a token among the extras", "canary-of-a-bot-77");
        rig.texts.debug("Account", &account);
        rig.texts.debug("extras", &account.extras().unwrap());
        // The provider has never seen these tokens, and says so.
        if asks_for_profile(spec) {
            let result = account.profile().await;
            rig.failed("a profile with a token that nobody knows", result);
        }
        rig.check();
    }
}
