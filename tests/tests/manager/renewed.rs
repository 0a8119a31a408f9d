//! ID tokens that come with a refresh and cannot be accepted: what becomes of the refresh token beside them, of which the one
//! before it has been spent.

use std::sync::Arc;
use std::time::Duration;

use oauth_core::{Account, Client, ErrorKind, ExposeSecret as _, Reason, Status, TokenManager};
use oauth_tests::canned::json;
use oauth_tests::issuer::{CLIENT_ID, Issuer, SUBJECT, TOKEN};
use oauth_tests::keys::{Key, unsigned};
use oauth_tests::login::{SECRET, parameter};
use serde_json::{Value, json};

use crate::provider::Reply;
use crate::rig::{ALICE, World, rotating, secs};

/// An account that a manager keeps, and one that nobody keeps.
struct Both {
    issuer: Issuer,
    client: Client,
    manager: TokenManager,
    kept: Account,
    private: Account,
}

const FIRST: &str = "canary-refresh-token";
const SECOND: &str = "canary-refresh-token-2";

impl Both {
    async fn of(issuer: Issuer, client: Client) -> Self {
        let private = issuer.log_in(&client, |_| ()).await.account();
        let builder = TokenManager::in_memory_builder().clock(Arc::new(issuer.clock.clone()));
        let manager = builder.client(client.clone()).build().unwrap();
        let kept = manager.connect(&client, ALICE, &private).await.unwrap();
        Self { issuer, client, manager, kept, private }
    }

    async fn discovered() -> Self {
        let issuer = Issuer::start().await;
        issuer.metadata(|metadata| metadata["id_token_signing_alg_values_supported"] = json!(["RS256"]));
        let client = issuer.client().await;
        Self::of(issuer, client).await
    }

    /// The sound claims of the next ID token, changed.
    fn claims(&self, change: impl FnOnce(&mut Value)) -> Value {
        let mut claims = self.issuer.claims(&self.client, None);
        change(&mut claims);
        claims
    }

    /// From now on refreshes give the second tokens, with that ID token beside them.
    fn gives(&self, id_token: &str) {
        self.issuer.clock.advance(Duration::from_secs(60));
        let answer = json!({
            "access_token": "canary-access-token-2",
            "token_type": "Bearer",
            "expires_in": 3600,
            "refresh_token": SECOND,
            "id_token": id_token,
        });
        self.issuer.answer(TOKEN, json(&answer.to_string()));
    }

    /// The refresh tokens that were sent since there were so many requests.
    fn sent(&self, since: usize) -> Vec<String> {
        let requests = self.issuer.requests(TOKEN);
        requests[since..].iter().map(|request| parameter(&request.body, "refresh_token").unwrap()).collect()
    }

    async fn status(&self) -> Status {
        self.manager.status(&self.client, ALICE).await.unwrap()
    }

    fn accounts(&self) -> [&Account; 2] {
        [&self.kept, &self.private]
    }
}

fn refresh_token(account: &Account) -> String {
    account.tokens().refresh_token().unwrap().expose_secret().to_owned()
}

fn is_renewed(account: &Account) {
    let tokens = account.tokens();
    assert_eq!(tokens.access_token().expose_secret(), "canary-access-token-2");
    assert_eq!(refresh_token(account), SECOND);
    assert_eq!(tokens.identity().unwrap().subject(), SUBJECT);
}

#[tokio::test]
async fn idt_32_another_identity_ends_the_login_and_its_spent_refresh_token_is_not_sent_again() {
    let others: [(fn(&mut Value), ErrorKind); 3] = [
        (|claims| claims["sub"] = "another".into(), ErrorKind::IdentityChanged),
        (|claims| claims["aud"] = json!([CLIENT_ID, "another"]), ErrorKind::IdentityChanged),
        (|claims| claims["iss"] = "https://evil.example".into(), ErrorKind::IdTokenIssuer),
    ];
    for (change, kind) in others {
        let both = Both::discovered().await;
        both.gives(&both.issuer.key.sign(&both.claims(change)));
        let before = both.issuer.asked(TOKEN);
        for account in both.accounts() {
            let error = account.refresh().await.unwrap_err();
            assert_eq!(error.kind(), kind, "{}", error.explain());
            oauth_tests::issuer::tells_nothing(&error, &[FIRST, SECOND, SECRET]);
            assert_eq!(refresh_token(account), FIRST, "what is another's is not kept");
        }
        assert_eq!(both.sent(before), [FIRST, FIRST]);
        assert_eq!(both.status().await, Status::NeedsReauth(Reason::IdentityChanged));
        // The access token is good to its end; nothing is ever sent again.
        both.issuer.tokens(None);
        for account in both.accounts() {
            account.token().await.unwrap();
        }
        both.issuer.clock.advance(Duration::from_secs(3 * 24 * 60 * 60));
        for account in both.accounts() {
            assert_eq!(account.token().await.unwrap_err().kind(), kind);
            assert_eq!(account.refresh().await.unwrap_err().kind(), kind);
        }
        assert_eq!(both.manager.worker().run_once().await.unwrap().refreshed, 0);
        assert_eq!(both.issuer.asked(TOKEN), before + 2);
    }
}

#[tokio::test]
async fn idt_32_a_refused_id_token_costs_no_rotated_refresh_token() {
    type Forged = fn(&Both) -> String;
    let forged: [(Forged, ErrorKind); 5] = [
        (|both| Key::other_rsa("rsa-1").sign(&both.claims(|_| ())), ErrorKind::IdTokenSignature),
        (|both| unsigned(r#"{"alg":"none"}"#, both.claims(|_| ()).to_string()) + ".", ErrorKind::IdTokenAlgorithm),
        (|both| unsigned(r#"{"alg":"HS256"}"#, both.claims(|_| ()).to_string()) + ".AAAA", ErrorKind::IdTokenAlgorithm),
        (|both| both.issuer.key.sign(&both.claims(|claims| claims["sub"] = "".into())), ErrorKind::IdTokenSubject),
        (
            |both| both.issuer.key.sign(&both.claims(|claims| claims["at_hash"] = "AAAAAAAAAAAAAAAAAAAAAA".into())),
            ErrorKind::IdTokenHash,
        ),
    ];
    for (id_token, kind) in forged {
        let both = Both::discovered().await;
        both.gives(&id_token(&both));
        let before = both.issuer.asked(TOKEN);
        for account in both.accounts() {
            let error = account.refresh().await.unwrap_err();
            assert_eq!(error.kind(), kind, "{}", error.explain());
            oauth_tests::issuer::tells_nothing(&error, &[FIRST, SECOND, SECRET]);
            let tokens = account.tokens();
            assert_eq!(tokens.access_token().expose_secret(), "canary-access-token", "the new one does not count");
            assert_eq!(refresh_token(account), SECOND, "and nothing is lost");
        }
        assert!(matches!(both.status().await, Status::Backoff { .. }), "{:?}", both.status().await);
        // Another handle, of what is stored.
        let again = both.manager.account(&both.client, ALICE).await.unwrap();
        assert_eq!(refresh_token(&again), SECOND);
        // Who has the set from before is told of the failure, not given the same access token for a new one.
        assert_eq!(again.refresh().await.unwrap_err().kind(), kind);
        both.issuer.clock.advance(Duration::from_secs(600));
        both.gives(&both.issuer.key.sign(&both.claims(|_| ())));
        for account in both.accounts() {
            account.refresh().await.unwrap_or_else(|error| panic!("{}", error.explain()));
            is_renewed(account);
        }
        assert_eq!(both.sent(before), [FIRST, FIRST, SECOND, SECOND]);
        assert_eq!(both.status().await, Status::Active);
    }
}

#[tokio::test]
async fn idt_32_an_id_token_that_cannot_be_read_costs_nothing() {
    let ec = Key::es256("ec-1");
    let unreadable: [&dyn Fn(&Both) -> String; 5] = [
        &|both| ec.sign(&both.claims(|_| ())),
        &|both| both.issuer.key.sign(&both.claims(|claims| claims["exp"] = "tomorrow".into())),
        &|both| both.issuer.key.sign(&both.claims(|claims| drop(claims.as_object_mut().map(|all| all.remove("exp"))))),
        &|_| "eyJhbGciOiJSU0EtT0FFUCJ9.a.b.c.d".to_owned(),
        &|_| "no token".to_owned(),
    ];
    for id_token in unreadable {
        let both = Both::discovered().await;
        both.issuer.keys(&[&both.issuer.key, &ec]);
        let first = both.private.tokens().id_token().unwrap().expose_secret().to_owned();
        both.gives(&id_token(&both));
        for account in both.accounts() {
            account.refresh().await.unwrap_or_else(|error| panic!("{}", error.explain()));
            is_renewed(account);
            assert_eq!(account.tokens().id_token().unwrap().expose_secret(), first, "it is not believed");
        }
        assert_eq!(both.status().await, Status::Active);
    }
}

#[tokio::test]
async fn disc_08_a_client_without_a_file_takes_the_algorithms_of_each_document() {
    let both = Both::discovered().await;
    let ec = Key::es256("ec-1");
    both.issuer.keys(&[&both.issuer.key, &ec]);
    let lists = |algs: Value| {
        both.issuer.clock.advance(Duration::from_secs(2 * 24 * 60 * 60));
        both.issuer.metadata(|metadata| metadata["id_token_signing_alg_values_supported"] = algs);
    };
    let algs = async || {
        let spec = both.client.discover().await.unwrap();
        let openid = spec.spec().openid.clone().unwrap();
        openid.algs.iter().map(|alg| alg.as_str()).collect::<Vec<_>>()
    };
    lists(json!(["none", "HS256", "ES256", "made-up", "RS256"]));
    both.gives(&ec.sign(&both.claims(|claims| claims["name"] = "Ada".into())));
    let renewed = both.client.refresh(&both.private.tokens()).await.unwrap();
    assert_eq!(renewed.identity().unwrap().text("name").as_deref(), Some("Ada"), "it is believed");
    let login = both.issuer.log_in_with(&both.client, |claims| Some(ec.sign(&claims))).await;
    login.account();
    assert_eq!(algs().await, ["RS256", "ES256"]);
    lists(json!(["ES256"]));
    assert_eq!(algs().await, ["ES256"]);
    both.issuer.log_in(&both.client, |_| ()).await.refused(ErrorKind::IdTokenAlgorithm);
    // None that can be verified is no reason to believe others: the last good document counts for a while.
    for none in [json!(["none"]), json!(["HS256", "none"]), json!(["made-up"])] {
        lists(none);
        assert_eq!(algs().await, ["ES256"]);
    }
}

/// A token of a kind that this client cannot use, or that says no kind: the refresh token beside it has taken the place of the
/// one that was sent, which `refresh.replay` decides over.
#[tokio::test]
async fn ref_04_an_answer_that_cannot_be_used_may_have_spent_the_refresh_token() {
    const MAC: &str = r#"{"access_token":"x","token_type":"mac","expires_in":3600,"refresh_token":"rotated"}"#;
    const NONE: &str = r#"{"access_token":"x","expires_in":3600,"refresh_token":"rotated"}"#;
    for (body, kind) in [(MAC, ErrorKind::TokenTypeUnsupported), (NONE, ErrorKind::TokenTypeMissing)] {
        for (yaml, times) in [(rotating(", replay: never"), 1), (rotating(""), 2)] {
            let world = World::new(&yaml);
            let process = world.process();
            process.connect(world.login(ALICE, -1)).await;
            world.provider.always(Reply::Refuse(200, body, None));
            for _ in 0..times {
                assert_eq!(world.pass(process.token()).await.unwrap_err().kind(), kind);
                assert!(matches!(process.status().await, Status::Backoff { .. }));
                world.clock.advance(secs(600));
            }
            for _ in 0..3 {
                assert_eq!(world.pass(process.token()).await.unwrap_err().kind(), ErrorKind::LostRotation);
                world.clock.advance(secs(600));
            }
            assert_eq!(process.status().await, Status::NeedsReauth(Reason::LostRotation));
            assert_eq!(world.provider.refreshes().len(), times, "{yaml}");
        }
        // One that goes on is as good as before.
        let world = World::steady();
        let process = world.process();
        process.connect(world.login(ALICE, -1)).await;
        for _ in 0..3 {
            world.provider.next(Reply::Refuse(200, body, None));
            assert_eq!(world.pass(process.token()).await.unwrap_err().kind(), kind);
            world.clock.advance(secs(600));
        }
        world.pass(process.token()).await.unwrap();
        assert_eq!(process.status().await, Status::Active);
    }
}
