//! Bound tokens at the simulator, which checks each proof from the server's side.

use std::sync::Arc;

use oauth_core::{Account, Client, ErrorKind, ExposeSecret as _, PendingAttempt, TokenKind, TokenSet};
use oauth_simulator::{Endpoint, SimUser, Simulator};
use oauth_tests::login::{ManualClock, parameter, spec};

use crate::acme;

const DPOP: &str =
    "client_auth: body\ndpop: required\nprofile: {request: GET https://api.acme.example/me, map: {subject: /id}}\n";

async fn simulate(more: &str) -> (Simulator, Client, ManualClock) {
    let clock = ManualClock::new();
    let builder = Simulator::builder(Arc::new(spec(&acme(more)))).user(SimUser::new("7"));
    let sim = builder.clock(Arc::new(clock.clone())).start().await.unwrap_or_else(|error| panic!("{error}"));
    let client = sim.dynamic_client().unwrap().redirect_uri("http://127.0.0.1:1/callback");
    (sim, client.clock(Arc::new(clock.clone())), clock)
}

async fn log_in(sim: &Simulator, client: &Client) -> oauth_core::Result<Account> {
    let (url, pending, browser) = client.authorize().begin().await?.into_parts();
    let callback = sim.scripted_user().approve(url.as_str()).await.unwrap();
    client.callback(callback.as_str(), pending, browser).await
}

#[tokio::test]
async fn cr_07_a_login_with_bound_tokens_at_servers_that_want_their_nonces() {
    for push in ["required", "asked"] {
        let (sim, client, _) = simulate(&format!("{DPOP}authorize: {{push: {push}}}\n")).await;
        for _ in 0..2 {
            let account = log_in(&sim, &client).await.unwrap_or_else(|error| panic!("{}", error.explain()));
            assert!(account.tokens().is_bound());
            assert_eq!(account.profile().await.unwrap().subject, "7");
            assert_eq!(account.get("/things").send().await.unwrap().status(), 200);
            account.refresh().await.unwrap();
            sim.expire_access_tokens();
            assert_eq!(account.get("/things").send().await.unwrap().status(), 200);
            // The second time with nonces.
            sim.renew_dpop_nonces();
        }
    }
}

#[tokio::test]
async fn cr_07_every_way_to_tokens_finds_the_nonces_again() {
    let (sim, client, clock) = simulate(DPOP).await;
    let mut login = client.device().begin().await.unwrap();
    assert!(sim.approve_device(login.user_code()));
    if let oauth_core::DevicePoll::Wait(wait) = login.poll() {
        clock.advance(wait);
    }
    sim.renew_dpop_nonces();
    let account = login.ask().await.unwrap().expect("the user has approved");
    let app = client.client_credentials().account().await.unwrap();
    for account in [account, app] {
        sim.renew_dpop_nonces();
        assert!(account.tokens().is_bound());
        account.refresh().await.unwrap();
        assert_eq!(account.get("/things").send().await.unwrap().status(), 200);
    }
}

#[tokio::test]
async fn cr_08_what_is_stolen_without_its_key_is_worth_nothing() {
    let (sim, client, _) = simulate(DPOP).await;
    // A code with a key of the thief's own.
    let (url, pending, browser) = client.authorize().begin().await.unwrap().into_parts();
    let callback = sim.scripted_user().approve(url.as_str()).await.unwrap();
    let (_, other, _) = client.authorize().begin().await.unwrap().into_parts();
    let text = |attempt: &PendingAttempt| -> serde_json::Value {
        serde_json::from_str(attempt.expose_json().expose_secret()).unwrap()
    };
    let mut swapped = text(&pending);
    swapped["dpop_key"] = text(&other)["dpop_key"].clone();
    let pending = PendingAttempt::from_exposed_json(&swapped.to_string().into()).unwrap();
    let error = client.callback(callback.as_str(), pending, browser).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::GrantRejected);
    // A token without its key, and with another one.
    let account = log_in(&sim, &client).await.unwrap();
    let token = account.token().await.unwrap().expose_secret().to_owned();
    let plain = spec(&acme("client_auth: body\n")).client(sim.client_id(), "x").dangerous_at(sim.origin());
    let stolen = plain.account(TokenSet::new(token)).get("/things").send().await;
    assert!(stolen.map_or(true, |answer| answer.status() == 401));
    let tokens = |account: &Account| account.tokens().expose_json().expose_secret().to_owned();
    let key = |text: &str| {
        let at = text.find("ES256:").expect("a key");
        text[at..].split('"').next().unwrap().to_owned()
    };
    let (own, other) = (tokens(&account), tokens(&log_in(&sim, &client).await.unwrap()));
    let swapped = own.replace(&key(&own), &key(&other));
    let swapped = client.account(TokenSet::from_exposed_json(&swapped.into()).unwrap());
    assert!(swapped.get("/things").send().await.map_or(true, |answer| answer.status() == 401));
    let pushed = &sim.requests_to(Endpoint::PushedAuthorization)[0];
    assert!(pushed.param("dpop_jkt").is_some() && parameter(url.as_str(), "dpop_jkt").is_none());
}

#[tokio::test]
async fn a_bound_token_is_asked_about_and_its_key_is_told() {
    let (sim, client, _) = simulate(DPOP).await;
    let account = log_in(&sim, &client).await.unwrap();
    let said = client.introspect(&account.tokens()).await.unwrap();
    assert!(said.is_active() && said.was_issued_to(sim.client_id()));
    assert_eq!((said.subject(), said.token_type()), (Some("7"), Some("DPoP")));
    let thumbprint = said.member("cnf").and_then(|cnf| cnf.get("jkt")).and_then(serde_json::Value::as_str);
    let pushed = &sim.requests_to(Endpoint::PushedAuthorization)[0];
    assert_eq!(thumbprint, pushed.param("dpop_jkt"));
    client.revoke(&account.tokens()).await.unwrap();
    assert!(!client.introspect(&account.tokens()).await.unwrap().is_active());
    let other = spec(&acme("client_auth: body\n")).client("nobody", "x").dangerous_at(sim.origin());
    assert_eq!(other.introspect(&account.tokens()).await.unwrap_err().kind(), ErrorKind::ClientRejected);
}

#[tokio::test]
async fn a_token_is_exchanged_for_one_that_may_do_less() {
    let (sim, client, _) = simulate(DPOP).await;
    let (url, pending, browser) = client.authorize().scopes(["a", "b"]).begin().await.unwrap().into_parts();
    let callback = sim.scripted_user().approve(url.as_str()).await.unwrap();
    let account = client.callback(callback.as_str(), pending, browser).await.unwrap();
    let users = account.token().await.unwrap().expose_secret().to_owned();
    let exchange = |kind| client.token_exchange(users.clone(), kind).audience("x").audience("y");
    let narrow = exchange(TokenKind::ACCESS_TOKEN).resource("https://b.example/").scopes(["a"]).send().await;
    let narrow = narrow.unwrap_or_else(|error| panic!("{}", error.explain()));
    assert_eq!(narrow.kind(), &TokenKind::ACCESS_TOKEN);
    let narrow = client.account(narrow.into_tokens().unwrap());
    assert!(narrow.tokens().is_bound());
    assert_eq!(narrow.get("/things").send().await.unwrap().status(), 200);
    let wider = exchange(TokenKind::ACCESS_TOKEN).scopes(["c"]).send().await.unwrap_err();
    assert_eq!(wider.kind(), ErrorKind::Scope);
    for refused in [exchange(TokenKind::JWT), exchange(TokenKind::ACCESS_TOKEN).requested(TokenKind::SAML2)] {
        assert_eq!(refused.send().await.unwrap_err().kind(), ErrorKind::ProviderRefused);
    }
    sim.revoke_all();
    assert!(exchange(TokenKind::ACCESS_TOKEN).send().await.is_err());
}

#[tokio::test]
async fn an_assertion_is_checked_and_taken_once() {
    let auth = "client_auth: {method: private_key_jwt, audience: token_endpoint}\n";
    let yaml = acme(&format!("{auth}{}", crate::client_auth::explained(auth))).replace(
        "jwt_bearer: {}",
        "jwt_bearer: {assertion: {alg: ES256, claims: {iss: \"{client_id}\", sub: \"7\", aud: \"https://id.acme.example\"}}}",
    );
    let clock = ManualClock::new();
    let builder = Simulator::builder(Arc::new(spec(&yaml))).user(SimUser::new("7"));
    let sim = builder.clock(Arc::new(clock.clone())).start().await.unwrap();
    let client = sim.dynamic_client().unwrap().clock(Arc::new(clock));
    // The client proves itself with the key that it signs the assertion with.
    let pem = sim.client_secret().expose_secret().to_owned();
    let account = client.jwt_bearer_signed(pem).scopes(["a"]).account().await;
    let account = account.unwrap_or_else(|error| panic!("{}", error.explain()));
    assert_eq!(client.introspect(&account.tokens()).await.unwrap().subject(), Some("7"));
    assert_eq!(account.get("/things").send().await.unwrap().status(), 200);
    let sent = sim.requests_to(Endpoint::Token)[0].param("assertion").unwrap().to_owned();
    let error = client.jwt_bearer(sent).account().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::GrantRejected, "it was used before");
    let other = client.jwt_bearer_signed(crate::jwt::key().0).account().await.unwrap_err();
    assert_eq!(other.kind(), ErrorKind::GrantRejected, "another key");
}

#[tokio::test]
async fn a_browser_is_logged_out_and_comes_back() {
    let yaml =
        acme("client_auth: body\n").replace("revocation:", "end_session: https://id.acme.example/bye, revocation:");
    let sim = Simulator::start(Arc::new(spec(&yaml))).await.unwrap();
    let client = sim.dynamic_client().unwrap();
    let tokens = TokenSet::new("a");
    let back = "http://127.0.0.1:1/bye";
    let (request, pending) = client.log_out(&tokens).post_logout_redirect_uri(back).begin().await.unwrap().into_parts();
    let url = url::Url::parse(request.url().expose_secret()).unwrap();
    let answer = raw(&sim, &format!("{}?{}", url.path(), url.query().unwrap())).await;
    let location = answer.lines().find_map(|line| line.strip_prefix("location: ")).expect("a redirect").to_owned();
    assert!(location.starts_with(back), "{location}");
    client.logged_out(location.as_str(), &pending).unwrap();
    let elsewhere = client.log_out(&tokens).post_logout_redirect_uri("https://evil.example/").begin().await.unwrap();
    let url = url::Url::parse(elsewhere.request().url().expose_secret()).unwrap();
    assert!(raw(&sim, &format!("{}?{}", url.path(), url.query().unwrap())).await.starts_with("HTTP/1.1 400"));
}

/// The answer to a GET, as it came.
async fn raw(sim: &Simulator, target: &str) -> String {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let address = sim.origin().strip_prefix("http://").unwrap();
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let request = format!("GET {target} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}
