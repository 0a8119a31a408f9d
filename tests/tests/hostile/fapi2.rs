//! A client that does what FAPI 2.0 asks of it, all at once: pushed requests, a signed assertion, proofs of possession with
//! nonces, and the issuer in the callback.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use oauth_core::standards::Standard;
use oauth_core::{Account, Client, ClientAuth, ErrorKind, ExposeSecret as _};
use oauth_tests::canned::{Answer, Received, with};
use oauth_tests::issuer::{ACCESS_TOKEN, CLIENT_ID, Issuer, SUBJECT, TOKEN, USERINFO, tells_nothing};
use oauth_tests::keys::{Key, unsigned};
use oauth_tests::login::{parameter, spec};
use ring::signature::{ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde_json::{Value, json};

const PAR: &str = "/par";

/// A provider, the key that signs its ID tokens, and the key that its one client signs with.
struct World {
    issuer: Issuer,
    key: Key,
    pem: String,
    point: Vec<u8>,
}

impl World {
    async fn start() -> Self {
        let issuer = Issuer::start().await;
        let at = |path: &str| format!("{}{path}", issuer.origin());
        issuer.metadata(|metadata| {
            metadata["pushed_authorization_request_endpoint"] = at(PAR).into();
            metadata["require_pushed_authorization_requests"] = true.into();
            metadata["authorization_response_iss_parameter_supported"] = true.into();
            metadata["token_endpoint_auth_methods_supported"] = json!(["private_key_jwt"]);
        });
        let ((pem, point), key) = (key(), Key::es256("ec-1"));
        issuer.keys(&[&issuer.key, &key]);
        let world = Self { issuer, key, pem, point };
        world.pushes("urn:one");
        world
    }

    /// Answers pushed requests with this reference.
    fn pushes(&self, reference: &str) {
        let body = json!({"request_uri": reference, "expires_in": 60}).to_string();
        self.issuer.answer(PAR, answer(201, Some("par-nonce"), &body));
    }

    /// A client of a file that meets the standard, which the program demands.
    fn client(&self) -> Client {
        let yaml = format!(
            "id: bank\nname: Bank\ndocs: https://bank.example/docs\nchecked: 2026-11-21\n\
             endpoints: {{issuer: \"{0}\", discovery: true, iss_in_callback: true}}\nclient_auth: private_key_jwt\n\
             pkce: required\ndpop: required\nauthorize: {{push: required}}\n\
             openid: {{algs: [ES256, PS256]}}\nscopes: {{default: [openid, accounts]}}\n\
             profile: {{request: \"GET {0}/userinfo\", map: {{subject: /sub}}}}\n",
            self.issuer.origin()
        );
        let client = spec(&yaml).client(CLIENT_ID, ClientAuth::private_key(&*self.pem).kid("k1"));
        let client = client.redirect_uri("https://app.example/callback").clock(Arc::new(self.issuer.clock.clone()));
        client.demand(Standard::Fapi2).unwrap_or_else(|error| panic!("{}", error.explain()))
    }

    /// A login up to the callback: what the browser was sent away with, and what it brings back.
    async fn begin(&self, client: &Client) -> (oauth_core::PendingAttempt, oauth_core::Browser, Value) {
        let (url, pending, browser) = client.authorize().begin().await.unwrap().into_parts();
        assert!(
            url.as_str()
                .starts_with(&format!("{}/authorize?client_id={CLIENT_ID}&request_uri=urn", self.issuer.origin()))
        );
        let pushed = self.issuer.requests(PAR).pop().unwrap();
        let value = |name: &str| parameter(&pushed.body, name).map_or(Value::Null, Value::from);
        (pending, browser.into(), json!({"state": value("state"), "nonce": value("nonce"), "jkt": value("dpop_jkt")}))
    }

    /// The tokens of a login with that ID token, after an `accounts`-less answer: no `scope` is no fault.
    fn tokens(id_token: &str) -> Answer {
        let body = json!({"access_token": ACCESS_TOKEN, "token_type": "dpop", "expires_in": 300,
            "refresh_token": "canary-refresh-token", "id_token": id_token});
        answer(200, Some("as-2"), &body.to_string())
    }

    async fn log_in(&self, client: &Client) -> oauth_core::Result<Account> {
        self.log_in_with(client, |claims| self.key.sign(&claims)).await
    }

    /// A login whose ID token is made from its sound claims.
    async fn log_in_with(&self, client: &Client, sign: impl FnOnce(Value) -> String) -> oauth_core::Result<Account> {
        let (pending, browser, pushed) = self.begin(client).await;
        let ready = client.discover().await?;
        self.issuer.answer(TOKEN, Self::tokens(&sign(self.issuer.claims(&ready, pushed["nonce"].as_str()))));
        let state = pushed["state"].as_str().unwrap();
        client.callback(format!("code=canary-code&state={state}&iss={}", self.issuer.origin()), pending, browser).await
    }
}

fn answer(status: u16, nonce: Option<&str>, body: &str) -> Answer {
    let nonce = nonce.map(|nonce| ("dpop-nonce", nonce));
    let headers: Vec<_> = [("content-type", "application/json")].into_iter().chain(nonce).collect();
    with(status, &headers, body)
}

/// A private key as PEM, and its public half.
#[allow(clippy::disallowed_methods, reason = "ring's trait for random sources is sealed")]
fn key() -> (String, Vec<u8>) {
    let random = ring::rand::SystemRandom::new();
    let der = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der.as_ref(), &random).unwrap();
    let label = "PRIVATE KEY";
    let pem = format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", STANDARD.encode(der.as_ref()));
    (pem, pair.public_key().as_ref().to_vec())
}

/// Header and claims of a JWT that the owner of that point has signed.
fn opened(jwt: &str, point: &[u8]) -> (Value, Value) {
    let (signed, signature) = jwt.rsplit_once('.').unwrap();
    let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).unwrap();
    let key = ring::signature::UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point);
    key.verify(signed.as_bytes(), &decode(signature)).expect("the signature of that key");
    let (header, claims) = signed.split_once('.').unwrap();
    (serde_json::from_slice(&decode(header)).unwrap(), serde_json::from_slice(&decode(claims)).unwrap())
}

/// Header and claims of a request's proof, which the key in it has signed.
fn proof(request: &Received) -> (Value, Value) {
    let jwt = request.header("dpop").unwrap_or_else(|| panic!("no proof: {request:?}"));
    let header: Value =
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(jwt.split('.').next().unwrap()).unwrap()).unwrap();
    let half = |name: &str| URL_SAFE_NO_PAD.decode(header["jwk"][name].as_str().unwrap()).unwrap();
    opened(jwt, &[vec![4], half("x"), half("y")].concat())
}

#[tokio::test]
async fn fapi2_happy_path() {
    let world = World::start().await;
    let client = world.client();
    let account = world.log_in(&client).await.unwrap_or_else(|error| panic!("{}", error.explain()));
    assert!(account.tokens().is_bound());
    assert_eq!(account.tokens().identity().unwrap().subject(), SUBJECT);
    assert_eq!(
        account.tokens().scopes(),
        ["openid", "accounts"],
        "an answer without `scope` granted what was asked for"
    );
    assert_eq!(account.profile().await.unwrap().subject, SUBJECT);
    world.issuer.answer(TOKEN, answer(200, None, &json!({"access_token": "second", "token_type": "DPoP"}).to_string()));
    account.refresh().await.unwrap();

    let (pushed, exchange) = (world.issuer.requests(PAR).pop().unwrap(), world.issuer.requests(TOKEN).remove(0));
    let refresh = world.issuer.requests(TOKEN).remove(1);
    let mut ids = HashSet::new();
    for request in [&pushed, &exchange, &refresh] {
        let (header, claims) = opened(&parameter(&request.body, "client_assertion").unwrap(), &world.point);
        assert_eq!(
            (&header["typ"], &claims["aud"]),
            (&"client-authentication+jwt".into(), &world.issuer.origin().into())
        );
        assert!(ids.insert(claims["jti"].to_string()), "an assertion is used once");
        assert!(parameter(&request.body, "client_secret").is_none() && request.header("authorization").is_none());
    }
    assert_eq!(parameter(&pushed.body, "code_challenge_method").as_deref(), Some("S256"));
    assert_eq!(parameter(&pushed.body, "response_type").as_deref(), Some("code"));
    // One key of the login's own proves every request, and the pushed request has announced it.
    let jkt = parameter(&pushed.body, "dpop_jkt").unwrap();
    let userinfo = world.issuer.requests(USERINFO).remove(0);
    assert_eq!(userinfo.header("authorization"), Some(&*format!("DPoP {ACCESS_TOKEN}")));
    for request in [&exchange, &userinfo, &refresh] {
        let (header, claims) = proof(request);
        let key = &header["jwk"];
        let text = format!(r#"{{"crv":{},"kty":{},"x":{},"y":{}}}"#, key["crv"], key["kty"], key["x"], key["y"]);
        assert_eq!(URL_SAFE_NO_PAD.encode(ring::digest::digest(&ring::digest::SHA256, text.as_bytes())), jkt);
        assert!(ids.insert(claims["jti"].to_string()), "a proof is used once");
    }
    // Every answer of a server brings the nonce of the next request to it.
    assert_eq!((&proof(&exchange).1["nonce"], &proof(&refresh).1["nonce"]), (&"par-nonce".into(), &"as-2".into()));
    let second = world.log_in(&client).await.unwrap();
    assert_ne!(parameter(&world.issuer.requests(PAR).pop().unwrap().body, "dpop_jkt"), Some(jkt));
    assert_eq!(second.tokens().access_token().expose_secret(), ACCESS_TOKEN);
}

/// Each login has a reference, a state, a nonce, a verifier and a key of its own.
#[tokio::test]
async fn fapi2_par_fresh_request_uris() {
    let world = World::start().await;
    let client = world.client();
    let first = world.begin(&client).await.2;
    world.pushes("urn:two");
    world.issuer.clock.advance(Duration::from_secs(61));
    let attempt = client.authorize().begin().await.unwrap();
    assert_eq!(parameter(attempt.url().as_str(), "request_uri").as_deref(), Some("urn:two"));
    let pushed = world.issuer.requests(PAR);
    assert_eq!(pushed.len(), 2);
    for name in ["state", "nonce", "code_challenge", "dpop_jkt", "client_assertion"] {
        assert_ne!(parameter(&pushed[0].body, name), parameter(&pushed[1].body, name), "{name}");
    }
    assert!(first["state"].is_string());
}

/// A challenge is answered once, with the nonce, and with an assertion of its own: the first one is used up (RFC 7523
/// section 3).
#[tokio::test]
async fn cr_02_the_answer_to_a_challenge_has_an_assertion_of_its_own() {
    let world = World::start().await;
    let client = world.client();
    let (pending, browser, pushed) = world.begin(&client).await;
    world.issuer.answer(TOKEN, answer(400, Some("as-1"), r#"{"error":"use_dpop_nonce"}"#));
    let state = pushed["state"].as_str().unwrap();
    let callback = format!("code=canary-code&state={state}&iss={}", world.issuer.origin());
    let error = client.callback(callback, pending, browser).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NonceRefused, "{}", error.explain());
    let requests = world.issuer.requests(TOKEN);
    assert_eq!(requests.len(), 2);
    let assertions: Vec<String> =
        requests.iter().map(|request| parameter(&request.body, "client_assertion").unwrap()).collect();
    tells_nothing(&error, &[&assertions[0], &assertions[1], "canary-code"]);
    let ids: HashSet<String> = assertions.iter().map(|jwt| opened(jwt, &world.point).1["jti"].to_string()).collect();
    assert_eq!(ids.len(), 2, "each attempt has an assertion of its own");
    assert_eq!(proof(&requests[1]).1["nonce"], "as-1");
}

/// The other ways out of FAPI 2.0's login: no issuer, another's, a bearer token; none of them leaves a token behind.
#[tokio::test]
async fn fapi2_nothing_weaker_is_taken() {
    let world = World::start().await;
    let client = world.client();
    for (iss, kind) in [("", ErrorKind::IssuerMissing), ("&iss=https://evil.example", ErrorKind::IssuerMismatch)] {
        let (pending, browser, pushed) = world.begin(&client).await;
        let callback = format!("code=canary-code&state={}{iss}", pushed["state"].as_str().unwrap());
        assert_eq!(client.callback(callback, pending, browser).await.unwrap_err().kind(), kind);
        assert_eq!(world.issuer.asked(TOKEN), 0);
    }
    let (pending, browser, pushed) = world.begin(&client).await;
    let other = format!("{}x", pushed["state"].as_str().unwrap());
    let callback = format!("code=canary-code&state={other}&iss={}", world.issuer.origin());
    assert_eq!(client.callback(callback, pending, browser).await.unwrap_err().kind(), ErrorKind::StateMismatch);
    assert_eq!(world.issuer.asked(TOKEN), 0);
    let (pending, browser, pushed) = world.begin(&client).await;
    world
        .issuer
        .answer(TOKEN, answer(200, None, &json!({"access_token": ACCESS_TOKEN, "token_type": "Bearer"}).to_string()));
    let callback =
        format!("code=canary-code&state={}&iss={}", pushed["state"].as_str().unwrap(), world.issuer.origin());
    let error = client.callback(callback, pending, browser).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TokenDowngraded, "{}", error.explain());
    tells_nothing(&error, &[ACCESS_TOKEN, "canary-code"]);
}

/// Each fault of an ID token ends a login of this kind as well: one exchange, no account, no second request.
#[tokio::test]
async fn fapi2_an_id_token_with_a_fault_ends_the_login() {
    type Change = fn(&mut Value);
    let world = World::start().await;
    let client = world.client();
    let refused = async |kind: ErrorKind, sign: &dyn Fn(Value) -> String| {
        let before = (world.issuer.asked(TOKEN), world.issuer.asked(USERINFO));
        let error = world.log_in_with(&client, sign).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{}", error.explain());
        assert_eq!((world.issuer.asked(TOKEN), world.issuer.asked(USERINFO)), (before.0 + 1, before.1));
        tells_nothing(&error, &[ACCESS_TOKEN, "canary-refresh-token", "canary-code"]);
    };
    let changes: [(Change, ErrorKind); 9] = [
        (
            |claims| {
                claims["iat"] = (claims["iat"].as_u64().unwrap() - 600).into();
                claims["exp"] = (claims["exp"].as_u64().unwrap() - 600).into();
            },
            ErrorKind::IdTokenExpired,
        ),
        (|claims| drop(claims.as_object_mut().unwrap().remove("aud")), ErrorKind::IdTokenClaim),
        (|claims| claims["aud"] = "another-client".into(), ErrorKind::IdTokenAudience),
        (|claims| claims["aud"] = json!([CLIENT_ID, "another-client"]), ErrorKind::IdTokenAudience),
        (
            |claims| {
                claims["aud"] = json!([CLIENT_ID, "another-client"]);
                claims["azp"] = CLIENT_ID.into();
            },
            ErrorKind::IdTokenAudience,
        ),
        (|claims| claims["nonce"] = "another-login".into(), ErrorKind::IdTokenNonce),
        (|claims| drop(claims.as_object_mut().unwrap().remove("nonce")), ErrorKind::IdTokenNonce),
        (|claims| claims["iss"] = "https://other.example".into(), ErrorKind::IdTokenIssuer),
        (|claims| claims["iss"] = format!("{}/", claims["iss"].as_str().unwrap()).into(), ErrorKind::IdTokenIssuer),
    ];
    for (change, kind) in changes {
        let sign = |mut claims: Value| {
            change(&mut claims);
            world.key.sign(&claims)
        };
        refused(kind, &sign).await;
    }
    // Another algorithm, of a key that the issuer publishes; no algorithm; and the name of none.
    refused(ErrorKind::IdTokenAlgorithm, &|claims| world.issuer.key.sign(&claims)).await;
    for (header, kind) in [
        (r#"{"alg":null,"kid":"ec-1"}"#, ErrorKind::IdTokenMalformed),
        (r#"{"kid":"ec-1"}"#, ErrorKind::IdTokenAlgorithm),
        (r#"{"alg":"none","kid":"ec-1"}"#, ErrorKind::IdTokenAlgorithm),
        (r#"{"alg":"none"}"#, ErrorKind::IdTokenAlgorithm),
    ] {
        refused(kind, &|claims| unsigned(header, claims.to_string()) + ".").await;
        refused(kind, &|claims| world.key.sign_bytes(header, claims.to_string())).await;
    }
    world.log_in(&client).await.unwrap_or_else(|error| panic!("{}", error.explain()));
}
