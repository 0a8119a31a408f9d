//! A login, a profile and a refresh of a client whose provider is a [`Player`].

use std::sync::Arc;

use oauth_core::{
    Account, Browser, CallbackInput, Client, Clock as _, Dynamic, ExposeSecret as _, ProviderSpec, TokenSet,
};
use oauth_tests::counter::Counter;
use oauth_tests::login::ManualClock;

use crate::holes::{Holes, pairs, query_of};
use crate::id_token;
use crate::model::{Exchange, Expected, Method, Token, Transcript};
use crate::player::Player;
use crate::seen::{Difference, NONE, compare_pairs};

/// A client and what it talks to.
pub(crate) struct Run<'a> {
    pub(crate) transcript: &'a Transcript,
    pub(crate) player: Arc<Player>,
    client: Client,
    clock: ManualClock,
    /// Of the login that was started last.
    pub(crate) state: Option<String>,
    pub(crate) differences: Vec<Difference>,
    /// What the client understood, to be compared with another client's.
    pub(crate) understood: Vec<String>,
}

impl<'a> Run<'a> {
    /// The client of the transcript: id, secret, redirect URI, settings.
    pub(crate) fn new(transcript: &'a Transcript, spec: &Arc<ProviderSpec>) -> Self {
        let clock = ManualClock::new();
        let player = Arc::new(Player::new(transcript, clock.clone()));
        let registered = &transcript.client;
        let mut client = Client::dynamic(Arc::clone(spec), &registered.id, registered.secret.as_str())
            .redirect_uri(&registered.redirect_uri)
            .http_client(Arc::clone(&player) as Arc<_>)
            .clock(Arc::new(clock.clone()))
            .rng(Counter::new(1));
        let mut differences = Vec::new();
        for (name, value) in registered.settings.iter().filter(|(name, _)| options(spec, name).is_none()) {
            client = client.clone().set(name, value).unwrap_or_else(|error| {
                differences.push(Difference::new(format!("client.settings.{name}"), value, error.to_string()));
                client
            });
        }
        Self { transcript, player, client, clock, state: None, differences, understood: Vec::new() }
    }

    fn differ(&mut self, at: impl Into<String>, expected: impl Into<String>, actual: impl Into<String>) {
        self.differences.push(Difference::new(at, expected, actual));
    }

    /// The whole login, its requests answered with these; `None` where the client gave up.
    pub(crate) async fn log_in(&mut self, exchanges: &[Exchange]) -> Option<Result<Account, oauth_core::Error>> {
        let transcript = self.transcript;
        let mut authorize = self.client.authorize();
        if !transcript.client.scopes.is_empty() {
            authorize = authorize.scopes(transcript.client.scopes.clone());
        }
        for (name, value) in &transcript.client.settings {
            for value in options(self.client.spec(), name).iter().flat_map(|separator| value.split(separator)) {
                authorize = authorize.option(name, value);
            }
        }
        let (url, pending, browser) = match authorize.begin().await {
            Ok(attempt) => attempt.into_parts(),
            Err(error) => {
                self.differ("authorize", "an authorization URL", error.explain());
                return None;
            }
        };
        let holes = Holes::of(&transcript.client, url.as_str());
        let holes = match &transcript.id_token {
            Some(claims) => {
                let signed = id_token::sign(claims, &holes, self.clock.now());
                holes.with_id_token(signed)
            }
            None => holes,
        };
        let holes = holes.with_hmac(&transcript.callback.params, &transcript.client.secret);
        self.compare_authorization(url.as_str(), &holes);
        self.state = Some(holes.state().to_owned());
        self.understood.push(url.to_string());
        self.player.set_holes(holes.clone());
        self.player.expect("exchange", exchanges);
        let account = self.client.callback(self.callback(&holes), pending, Browser::from(browser)).await;
        Some(account)
    }

    fn compare_authorization(&mut self, url: &str, holes: &Holes) {
        let expected = &self.transcript.authorize;
        let (address, fragment) = url.split_once('#').unwrap_or((url, ""));
        let address = address.split('?').next().unwrap_or_default();
        if address != expected.url {
            self.differ("authorize.url", &expected.url, address);
        }
        if fragment != expected.fragment {
            self.differ("authorize.fragment", &expected.fragment, fragment);
        }
        let query = pairs(query_of(url));
        self.differences.extend(compare_pairs("authorize.query", &expected.query, &query, holes));
        for name in expected.absent.iter().filter(|name| query.iter().any(|(known, _)| known == *name)) {
            self.differences.push(Difference::new(format!("authorize.absent.{name}"), NONE, url));
        }
    }

    /// The request of the browser to the redirect URI.
    fn callback(&self, holes: &Holes) -> CallbackInput {
        let callback = &self.transcript.callback;
        let mut text = url::form_urlencoded::Serializer::new(String::new());
        text.extend_pairs(callback.params.iter().map(|(name, value)| (name, holes.fill(value))));
        let text = text.finish();
        match callback.method {
            Method::Post => CallbackInput::from_query(&text),
            Method::Get => CallbackInput::from_url(&format!("{}?{text}", self.transcript.client.redirect_uri)),
        }
    }

    /// Everything that the transcript has.
    pub(crate) async fn all(&mut self) {
        let transcript = self.transcript;
        let account = match self.log_in(&transcript.exchange).await {
            None => return,
            Some(Err(error)) => {
                self.differ("exchange", "a login", error.explain());
                self.player.end_of_part();
                return;
            }
            Some(Ok(account)) => account,
        };
        self.player.end_of_part();
        self.compare_tokens("token", &transcript.token, &account);
        self.profile(&account).await;
        self.refresh(&account).await;
    }

    async fn profile(&mut self, account: &Account) {
        let expected = &self.transcript.profile;
        self.player.expect("profile.exchanges", &expected.exchanges);
        let profile = account.profile().await;
        self.player.end_of_part();
        // `Debug` keeps what is personal to itself.
        self.understood.push(match &profile {
            Ok(me) => format!(
                "{me:?} {:?}",
                (&me.username, &me.name, &me.email, me.email_verified, &me.avatar_url, &me.url, &me.raw)
            ),
            Err(error) => error.explain(),
        });
        match (profile, &expected.none) {
            (Err(error), None) => self.differ("profile", "a profile", error.explain()),
            (Ok(profile), Some(why)) => self.differ("profile.none", why, format!("{profile:?}")),
            (Ok(profile), None) => self.differences.extend(compare_profile(&expected.expect, &profile)),
            (Err(_), Some(_)) => {}
        }
    }

    async fn refresh(&mut self, account: &Account) {
        let expected = &self.transcript.refresh;
        self.player.expect("refresh.exchanges", &expected.exchanges);
        let refreshed = account.refresh().await;
        self.player.end_of_part();
        match (refreshed, &expected.none, &expected.token) {
            (Err(error), None, _) => self.differ("refresh", "new tokens", error.explain()),
            (Ok(_), Some(why), _) => self.differ("refresh.none", why, "the client has a refresh"),
            (Ok(_), None, Some(token)) => self.compare_tokens("refresh.token", token, account),
            _ => {}
        }
    }

    fn compare_tokens(&mut self, at: &str, expected: &Token, account: &Account) {
        let tokens = account.tokens();
        self.understood.push(tokens.expose_json().expose_secret().to_owned());
        let mut texts = vec![
            (
                "access_token",
                Some(expected.access_token.clone()),
                Some(tokens.access_token().expose_secret().to_owned()),
            ),
            (
                "refresh_token",
                expected.refresh_token.clone(),
                tokens.refresh_token().map(|token| token.expose_secret().to_owned()),
            ),
            ("expires_in", expected.expires_in.map(|span| span.to_string()), self.lifetime(&tokens)),
        ];
        if let Some(scopes) = &expected.scopes {
            texts.push(("scopes", Some(set(scopes)), Some(set(tokens.scopes()))));
        }
        for (name, value) in &expected.extras {
            let value = serde_json::to_string(value).unwrap();
            let actual = extra(account, name).map(|value| value.to_string());
            self.compare_text(&format!("{at}.extras.{name}"), Some(value), actual);
        }
        for (name, expected, actual) in texts {
            self.compare_text(&format!("{at}.{name}"), expected, actual);
        }
    }

    fn compare_text(&mut self, at: &str, expected: Option<String>, actual: Option<String>) {
        if expected != actual {
            let text = |value: Option<String>| value.unwrap_or_else(|| NONE.to_owned());
            self.differ(at, text(expected), text(actual));
        }
    }

    /// The seconds from now to the end of the token.
    fn lifetime(&self, tokens: &TokenSet) -> Option<String> {
        let span = tokens.expires_at()?.duration_since(self.clock.now()).unwrap_or_default();
        Some(span.as_secs().to_string())
    }
}

/// A declared extra, another member of the token response, or a value that the callback brought.
fn extra(account: &Account<Dynamic>, name: &str) -> Option<serde_json::Value> {
    let of_name = format!("/{}", name.replace('~', "~0").replace('/', "~1"));
    let declared = account.spec().token.kept_extras().find(|(extra, _)| extra.name == name);
    let pointer = declared.map_or_else(|| of_name.clone(), |(_, pointer)| pointer.into_owned());
    let of_answer = account.extras().ok()?.pointer(&pointer).cloned();
    of_answer.or_else(|| account.callback_extras().ok()?.pointer(&of_name).cloned())
}

fn compare_profile(expected: &Expected, profile: &oauth_core::Profile) -> Vec<Difference> {
    let texts = [
        ("subject", &expected.subject, Some(&profile.subject)),
        ("username", &expected.username, profile.username.as_ref()),
        ("name", &expected.name, profile.name.as_ref()),
        ("email", &expected.email, profile.email.as_ref()),
        ("avatar_url", &expected.avatar_url, profile.avatar_url.as_ref()),
        ("url", &expected.url, profile.url.as_ref()),
    ];
    let mut found = Vec::new();
    let mut differ = |name: &str, expected: &str, actual: Option<String>| {
        if actual.as_deref() != Some(expected) {
            let actual = actual.unwrap_or_else(|| NONE.to_owned());
            found.push(Difference::new(format!("profile.expect.{name}"), expected, actual));
        }
    };
    for (name, expected, actual) in texts {
        if let Some(expected) = expected {
            differ(name, expected, actual.cloned());
        }
    }
    if let Some(verified) = expected.email_verified {
        differ("email_verified", &verified.to_string(), profile.email_verified.map(|is| is.to_string()));
    }
    found
}

fn set(scopes: &[String]) -> String {
    let mut scopes = scopes.to_vec();
    scopes.sort();
    scopes.dedup();
    scopes.join(" ")
}

/// What separates the values of an option of that name; nothing where the file has none, and the name is a setting.
pub(crate) fn options(spec: &ProviderSpec, name: &str) -> Option<String> {
    let second = spec.scopes.second.as_ref().filter(|second| second.param == name);
    let option = || spec.authorize.options.iter().find(|option| option.name == name);
    second.map(|second| second.separator.clone()).or_else(|| option()?.join.clone())
}
