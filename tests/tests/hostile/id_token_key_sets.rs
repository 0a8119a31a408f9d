//! Area IDT: the provider's keys, how often they are asked for and what may be among them (IDT-15, IDT-16).

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use oauth_core::crypto::default_backend;
use oauth_core::http::{Body, BoxFuture, HttpClient, ReqwestClient, TransportError};
use oauth_core::{Client, ErrorKind};
use oauth_tests::canned::{json, status, with};
use oauth_tests::issuer::{ACME_ID, Issuer, KEYS, Outcome};
use oauth_tests::keys::{Key, base64url, key_set};
use oauth_tests::login::start;
use serde_json::{Value, json};

/// A login whose ID token names this key.
async fn naming(issuer: &Issuer, client: &Client, kid: &str) -> Outcome {
    let header = json!({"alg": "RS256", "kid": kid});
    issuer.log_in_with(client, |claims| Some(issuer.key.sign_with(&header, &claims))).await
}

#[tokio::test]
async fn idt_15_a_flood_of_unknown_keys_asks_once_in_half_a_minute() {
    let issuer = Issuer::start().await;
    let client = issuer.client().await;
    for at in 0..5 {
        naming(&issuer, &client, &format!("random-{at}")).await.refused(ErrorKind::IdTokenKey);
    }
    assert_eq!(issuer.asked(KEYS), 2, "once for the keys, once because one was not there");
    // The good keys are still there, and nobody asks for them.
    issuer.log_in(&client, |_| ()).await.account();
    assert_eq!(issuer.asked(KEYS), 2);
    issuer.clock.advance(Duration::from_secs(29));
    naming(&issuer, &client, "random").await.refused(ErrorKind::IdTokenKey);
    assert_eq!(issuer.asked(KEYS), 2);
    issuer.clock.advance(Duration::from_secs(1));
    naming(&issuer, &client, "random").await.refused(ErrorKind::IdTokenKey);
    assert_eq!(issuer.asked(KEYS), 3);
    // A request that fails counts as well, and costs no good key.
    issuer.clock.advance(Duration::from_secs(30));
    issuer.answer(KEYS, status(500, ""));
    for _ in 0..3 {
        naming(&issuer, &client, "random").await.refused(ErrorKind::IdTokenKey);
    }
    assert_eq!(issuer.asked(KEYS), 4);
    issuer.log_in(&client, |_| ()).await.account();
    // Clones are one client.
    naming(&issuer, &client.clone(), "random").await.refused(ErrorKind::IdTokenKey);
    assert_eq!(issuer.asked(KEYS), 4);
}

#[tokio::test]
async fn idt_15_keys_that_may_not_be_kept_are_kept_for_half_a_minute() {
    let issuer = Issuer::start().await;
    let client = issuer.client().await;
    for cache in ["no-store", "max-age=0", "no-cache", "max-age=1"] {
        issuer.answer(KEYS, with(200, &[("cache-control", cache)], &key_set(&[&issuer.key])));
        issuer.clock.advance(Duration::from_secs(24 * 60 * 60));
        let before = issuer.asked(KEYS);
        for _ in 0..3 {
            issuer.log_in(&client, |_| ()).await.account();
        }
        assert_eq!(issuer.asked(KEYS), before + 1, "{cache}");
        issuer.clock.advance(Duration::from_secs(30));
        issuer.log_in(&client, |_| ()).await.account();
        assert_eq!(issuer.asked(KEYS), before + 2, "{cache}");
    }
}

#[tokio::test]
async fn idt_15_no_keys_are_not_asked_for_again_and_again() {
    let issuer = Issuer::start().await;
    let client = issuer.client().await;
    issuer.keys(&[]);
    for _ in 0..4 {
        issuer.log_in(&client, |_| ()).await.refused(ErrorKind::NoKeys);
    }
    assert_eq!(issuer.asked(KEYS), 1);
    issuer.keys(&[&issuer.key]);
    issuer.clock.advance(Duration::from_secs(30));
    issuer.log_in(&client, |_| ()).await.account();
    assert_eq!(issuer.asked(KEYS), 2);
    // An empty set never takes the place of good keys.
    issuer.keys(&[]);
    issuer.clock.advance(Duration::from_secs(2 * 60 * 60));
    for _ in 0..3 {
        issuer.log_in(&client, |_| ()).await.account();
    }
    assert_eq!(issuer.asked(KEYS), 3);
    // But nothing is good for ever.
    issuer.clock.advance(Duration::from_secs(23 * 60 * 60));
    issuer.log_in(&client, |_| ()).await.refused(ErrorKind::NoKeys);
}

/// Many logins at once, each with the same ID token.
async fn at_once(issuer: &Issuer, client: &Client, token: &str, logins: usize) -> Vec<ErrorKind> {
    let mut all = tokio::task::JoinSet::new();
    issuer.tokens(Some(token));
    for _ in 0..logins {
        let (client, login) = (client.clone(), start(client).await);
        all.spawn(async move {
            let query = format!("code=c&state={}", login.state);
            client.callback(query, login.pending, login.browser).await.map(|_| ()).unwrap_err().kind()
        });
    }
    all.join_all().await
}

#[tokio::test]
async fn idt_15_those_who_come_at_once_ask_once() {
    let issuer = Issuer::start().await;
    let client = issuer.client().await;
    client.discover().await.unwrap();
    let unknown = issuer.key.sign_with(&json!({"alg": "RS256", "kid": "random"}), &issuer.claims(&client, None));
    let kinds = at_once(&issuer, &client, &unknown, 20).await;
    assert!(kinds.iter().all(|kind| *kind == ErrorKind::IdTokenKey), "{kinds:?}");
    assert_eq!(issuer.asked(KEYS), 2);
}

#[tokio::test]
async fn idt_15_those_who_wait_for_keys_that_cannot_be_had_do_not_ask_in_turn() {
    let issuer = Issuer::start().await;
    let client = issuer.client().await;
    client.discover().await.unwrap();
    issuer.answer(KEYS, status(503, ""));
    let sound = issuer.key.sign(&issuer.claims(&client, None));
    let kinds = at_once(&issuer, &client, &sound, 20).await;
    assert!(kinds.iter().all(|kind| *kind == ErrorKind::Unavailable), "{kinds:?}");
    // Who came after the answer may ask once more; twenty do not.
    assert!(issuer.asked(KEYS) < 10, "{}", issuer.asked(KEYS));
}

/// A set of these keys and then the sound one.
fn among(issuer: &Issuer, strange: impl IntoIterator<Item = Value>) {
    let keys: Vec<Value> = strange.into_iter().chain([issuer.key.jwk()]).collect();
    issuer.answer(KEYS, json(&json!({"keys": keys}).to_string()));
}

fn changed(mut jwk: Value, member: &str, value: impl Into<Value>) -> Value {
    jwk[member] = value.into();
    jwk
}

fn rsa(modulus: Vec<u8>, exponent: &[u8]) -> Value {
    json!({"kty": "RSA", "kid": "rsa-1", "n": base64url(modulus), "e": base64url(exponent)})
}

#[tokio::test]
async fn idt_16_strange_keys_are_left_out_and_the_others_used() {
    let issuer = Issuer::start().await;
    let (sound, point) = (Key::other_rsa("rsa-1").jwk(), Key::es256("rsa-1").jwk());
    let modulus = vec![0xc5; 256];
    let off_curve = changed(point.clone(), "y", base64url([1; 32]));
    let strange = [
        json!({"kty": "oct", "kid": "rsa-1", "k": base64url([7; 32]), "alg": "HS256"}),
        json!({"kty": "oct", "kid": "rsa-1", "k": "", "alg": "RS256"}),
        changed(sound.clone(), "d", "AQAB"),
        changed(sound.clone(), "kid", "k".repeat(64 * 1024)),
        changed(sound.clone(), "kid", 5),
        changed(sound.clone(), "alg", "HS256"),
        changed(sound.clone(), "alg", "none"),
        changed(sound.clone(), "alg", "ES256"),
        changed(sound.clone(), "use", "enc"),
        changed(sound.clone(), "key_ops", json!(["sign"])),
        changed(sound.clone(), "key_ops", json!([])),
        changed(sound.clone(), "n", "not base64url!"),
        changed(point.clone(), "crv", "P-384"),
        changed(point.clone(), "crv", "secp256k1"),
        changed(point.clone(), "x", base64url([0; 31])),
        changed(point.clone(), "x", base64url([0; 33])),
        off_curve,
        rsa(vec![0xc5; 64], &[1, 0, 1]),
        rsa(vec![0xc5; 8192], &[1, 0, 1]),
        rsa(modulus.clone(), &[1]),
        rsa(modulus.clone(), &[3]),
        rsa(modulus.clone(), &[1, 0, 0]),
        rsa(modulus, &[0; 300]),
        json!({"kty": "RSA", "kid": "rsa-1"}),
        json!({"kty": "AKP", "kid": "rsa-1", "pub": "AAAA"}),
        json!(null),
        json!("rsa-1"),
        json!([]),
    ];
    among(&issuer, strange.clone());
    let client = issuer.client().await;
    issuer.log_in(&client, |_| ()).await.account();
    // Alone, each of them is no key at all.
    for strange in strange.iter().filter(|key| **key != strange[16]) {
        issuer.answer(KEYS, json(&json!({"keys": [strange]}).to_string()));
        let client = issuer.client().await;
        issuer.log_in(&client, |_| ()).await.refused(ErrorKind::NoKeys);
    }
}

#[tokio::test]
async fn idt_16_keys_that_verify_nothing_verify_nothing() {
    let issuer = Issuer::start().await;
    let key = Key::es256("ec-1");
    let jwk = key.jwk();
    for (name, off) in [("y", base64url([1; 32])), ("x", base64url([0; 32])), ("x", base64url([0xff; 32]))] {
        issuer.answer(KEYS, json(&json!({"keys": [changed(jwk.clone(), name, off)]}).to_string()));
        let client = issuer.client().await;
        let outcome = issuer.log_in_with(&client, |claims| Some(key.sign(&claims))).await;
        assert!(outcome.account.is_err(), "a point off its curve");
    }
    // The weak key's own signature is worth nothing: its holder may be anybody.
    let weak = changed(issuer.key.jwk(), "e", base64url([3]));
    issuer.answer(KEYS, json(&json!({"keys": [weak]}).to_string()));
    issuer.log_in(&issuer.client().await, |_| ()).await.refused(ErrorKind::NoKeys);
}

#[tokio::test]
async fn idt_16_two_keys_of_one_name_are_both_tried() {
    let issuer = Issuer::start().await;
    issuer.keys(&[&Key::other_rsa("rsa-1"), &Key::es256("rsa-1"), &issuer.key]);
    issuer.log_in(&issuer.client().await, |_| ()).await.account();
}

#[tokio::test]
async fn idt_16_a_set_larger_than_any_real_one_is_none() {
    let issuer = Issuer::start().await;
    let refused = async |body: String, kind| {
        issuer.answer(KEYS, json(&body));
        let error = issuer.log_in(&issuer.client().await, |_| ()).await.refused(kind);
        assert!(!error.to_string().contains("kty"), "{error}");
    };
    among(&issuer, (0..99).map(|_| json!({})));
    issuer.log_in(&issuer.client().await, |_| ()).await.account();
    let many: Vec<Value> = std::iter::repeat_n(issuer.key.jwk(), 101).collect();
    refused(json!({"keys": many}).to_string(), ErrorKind::MetadataFormat).await;
    refused(json!({"keys": vec![json!({}); 10_000]}).to_string(), ErrorKind::MetadataFormat).await;
    refused(format!(r#"{{"keys":[],"x":"{}"}}"#, "x".repeat(1024 * 1024)), ErrorKind::ResponseTooLarge).await;
    for none in ["", "null", "[]", "{}", r#"{"keys":null}"#, r#"{"keys":{}}"#, r#"{"keys":[],"keys":[]}"#, "<html>"] {
        refused(none.to_owned(), ErrorKind::MetadataFormat).await;
    }
}

/// Two clients, the second one a clone of the first that finds its keys in another way: each believes its own keys only,
/// whoever logs in first.
async fn each_has_its_own(original: &Issuer, client: &Client, other: &Issuer, clone: &Client) {
    let forged = async |at: &Issuer, client: &Client, by: &Issuer| {
        let outcome = at.log_in_with(client, |claims| Some(by.key.sign(&claims))).await;
        outcome.refused(ErrorKind::IdTokenSignature);
    };
    other.log_in(clone, |_| ()).await.account();
    forged(original, client, other).await;
    original.log_in(client, |_| ()).await.account();
    forged(other, clone, original).await;
}

fn with_other_keys(mut issuer: Issuer) -> Issuer {
    issuer.key = Key::other_rsa("rsa-1");
    issuer.keys(&[&issuer.key]);
    issuer
}

#[tokio::test]
async fn idt_15_the_keys_of_a_stand_in_server_are_no_keys_of_the_provider() {
    let (original, other) = (Issuer::start().await, with_other_keys(Issuer::start().await));
    let client = original.client_of(ACME_ID);
    let clone = client.clone().dangerous_at(other.origin());
    each_has_its_own(&original, &client, &other, &clone).await;
}

/// A transport of which every request ends at another server.
struct Diverted {
    to: String,
    http: ReqwestClient,
}

impl HttpClient for Diverted {
    fn send(&self, mut request: http::Request<Bytes>) -> BoxFuture<'_, Result<http::Response<Body>, TransportError>> {
        *request.uri_mut() = format!("{}{}", self.to, request.uri().path()).try_into().unwrap();
        self.http.send(request)
    }
}

#[tokio::test]
async fn idt_15_the_keys_of_one_transport_are_not_those_of_another() {
    let (original, other) = (Issuer::start().await, with_other_keys(Issuer::start().await));
    let client = original.client_of(ACME_ID);
    let http = Diverted { to: other.origin().to_owned(), http: ReqwestClient::new().unwrap() };
    let clone = client.clone().http_client(Arc::new(http));
    each_has_its_own(&original, &client, &other, &clone).await;
}

#[tokio::test]
async fn idt_15_keys_that_another_backend_read_are_read_again() {
    let issuer = Issuer::start().await;
    let client = issuer.client_of(ACME_ID);
    let clone = client.clone().crypto(default_backend().unwrap());
    for client in [&client, &clone, &client.clone().timeout(Duration::from_secs(9))] {
        issuer.log_in(client, |_| ()).await.account();
    }
    assert_eq!(issuer.asked(KEYS), 2, "one for each backend, and none for a clone with the same one");
}
