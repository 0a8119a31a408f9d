//! Clients that are found when they are needed: whose tokens go where.

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use oauth_core::http::BoxFuture;
use oauth_core::{
    Client, ClientQuery, ClientResolver, ErrorKind, EventKind, ExposeSecret as _, Result, Status, TokenManager,
    TokenSet,
};
use oauth_tests::issuer::{ACCESS_TOKEN, Issuer, TOKEN};
use oauth_tests::login::{ManualClock, SECRET, spec};

use crate::rig::{ALICE, secs};

/// A shop for each tenant, as it is set just now.
#[derive(Clone)]
struct Shops(Arc<Mutex<Client>>);

impl ClientResolver for Shops {
    fn resolve<'a>(&'a self, _: &'a ClientQuery<'a>) -> BoxFuture<'a, Result<Option<Client>>> {
        Box::pin(async { Ok(Some(self.0.lock().unwrap().clone())) })
    }
}

impl Shops {
    fn now(&self, client: &Client) {
        *self.0.lock().unwrap() = client.clone();
    }
}

const FILE: &str = r#"
id: acme
name: Acme
docs: https://acme.example/docs
checked: 2026-11-21
settings: {shop: {type: host}}
endpoints: {authorization: "https://{shop}/authorize", token: "https://{shop}/token"}
api: {base_url: "https://api.acme.example"}
"#;

const REFRESH: &str = "refresh-token-of-good";

fn client_at(server: &Issuer, file: &str, shop: &str, id: &str, clock: &ManualClock) -> Client {
    let client = spec(file).client(id, SECRET).set("shop", shop).unwrap();
    client.dangerous_at(server.origin()).clock(Arc::new(clock.clone()))
}

/// Tokens that end soon.
fn tokens(clock: &ManualClock) -> TokenSet {
    let now = oauth_core::Clock::now(clock);
    assert!(now > SystemTime::UNIX_EPOCH);
    TokenSet::new("old").with_refresh_token(REFRESH).with_expires_at(now + secs(10))
}

#[tokio::test]
async fn disc_02_a_worker_sends_a_refresh_token_to_no_server_and_for_no_client_but_its_own() {
    let clock = ManualClock::new();
    let (good, evil) = (Issuer::start().await, Issuer::start().await);
    good.tokens(None);
    evil.tokens(None);
    let own = client_at(&good, FILE, "good.example", "my-client", &clock);
    let shops = Shops(Arc::new(Mutex::new(own.clone())));
    let manager =
        TokenManager::in_memory_builder().clock(Arc::new(clock.clone())).resolver(shops.clone()).build().unwrap();
    manager.connect(&own, ALICE, tokens(&clock)).await.unwrap();
    let mut events = manager.events();

    // The tenant names another shop; the same shop by another client; a client of another provider is found.
    let other_provider = FILE.replace("id: acme", "id: other");
    let others = [
        (client_at(&evil, FILE, "evil.example", "my-client", &clock), "`https://evil.example/token`"),
        (client_at(&evil, FILE, "good.example", "another-client", &clock), "`another-client`"),
        (client_at(&evil, &other_provider, "good.example", "my-client", &clock), "`other`"),
        (evil.client().await, "found one of"),
    ];
    for (other, named) in others {
        shops.now(&other);
        clock.advance(Duration::from_secs(3600));
        let report = manager.worker().run_once().await.unwrap();
        assert_eq!((report.due, report.refreshed, report.failed), (1, 0, 1), "{named}");
        let failed = std::iter::from_fn(|| events.try_next()).find_map(|event| match event.kind {
            EventKind::WorkerFailed { error } => Some(error),
            _ => None,
        });
        let error = failed.expect("the event says why");
        assert_eq!(error.kind(), ErrorKind::Config, "{}", error.explain());
        assert!(error.explain().contains(named) && error.explain().contains("resolver"), "{}", error.explain());
        oauth_tests::issuer::tells_nothing(&error, &[REFRESH, SECRET]);
        assert_eq!((evil.asked(TOKEN), good.asked(TOKEN)), (0, 0), "{named}");
        // The record stays as it is.
        let account = manager.account(&own, ALICE).await.unwrap();
        assert_eq!(account.tokens().refresh_token().unwrap().expose_secret(), REFRESH);
        assert_eq!(manager.status(&own, ALICE).await.unwrap(), Status::Expiring);
    }
    // With its own client it goes on.
    shops.now(&own);
    clock.advance(Duration::from_secs(3600));
    assert_eq!(manager.worker().run_once().await.unwrap().refreshed, 1);
    let account = manager.resolve("acme", ALICE).await.unwrap();
    assert_eq!(account.tokens().access_token().expose_secret(), ACCESS_TOKEN);
    assert_eq!((evil.asked(TOKEN), good.asked(TOKEN)), (0, 1));
}

#[tokio::test]
async fn a_resolver_that_finds_a_client_of_another_provider_is_told_so() {
    let clock = ManualClock::new();
    let server = Issuer::start().await;
    let other = client_at(&server, &FILE.replace("id: acme", "id: other"), "good.example", "my-client", &clock);
    let shops = Shops(Arc::new(Mutex::new(other.clone())));
    let manager = TokenManager::in_memory_builder().clock(Arc::new(clock.clone())).resolver(shops).build().unwrap();
    manager.connect(&other, ALICE, tokens(&clock)).await.unwrap();
    let error = manager.resolve("acme", ALICE).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.explain().contains("`acme`") && error.explain().contains("`other`"), "{}", error.explain());
    manager.resolve("other", ALICE).await.unwrap();
}
