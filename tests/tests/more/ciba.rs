//! Logins that the client initiates (OpenID Connect Client-Initiated Backchannel Authentication 1.0, poll mode).

use std::time::Duration;

use oauth_core::{
    Account, BackchannelLogin, Client, Clock as _, DevicePoll, ErrorKind, Result, Step, TokenSet, UserHint,
};
use oauth_tests::canned::{self, Answer, json, json_status, status};
use oauth_tests::issuer::{ACCESS_TOKEN, Issuer, METADATA, SUBJECT, TOKEN, tells_nothing};
use oauth_tests::login::parameter;
use serde_json::{Value, json};

use super::acme;
use super::harbor::{Harbor, Scope};

const BC: &str = "/bc";
const ID: &str = "canary-auth.req_id-1c266114";
const CLAIM: &str = "urn:openid:params:jwt:claim:auth_req_id";

fn file() -> String {
    acme("  backchannel_authentication: https://id.acme.example/bc\n", "grants: {ciba: {}}")
}

fn taken(change: impl FnOnce(&mut Value)) -> Answer {
    let mut answer = json!({"auth_req_id": ID, "expires_in": 120, "interval": 2});
    change(&mut answer);
    json(&answer.to_string())
}

fn error(code: &str) -> Answer {
    json_status(400, &json!({"error": code, "error_description": format!("about {ID}")}).to_string())
}

fn ada() -> UserHint {
    UserHint::login("canary-ada@acme.example")
}

/// A provider that has taken a request, and the login.
async fn begun() -> (Issuer, Client, BackchannelLogin) {
    let issuer = Issuer::start().await;
    issuer.answer(BC, taken(|_| ()));
    let client = issuer.client_of(&file());
    let login = client.backchannel(ada()).begin().await.unwrap_or_else(|error| panic!("{}", error.explain()));
    (issuer, client, login)
}

/// The user approves: the next question gets an ID token with this change.
fn approved(issuer: &Issuer, client: &Client, change: impl FnOnce(&mut Value)) {
    let mut claims = issuer.claims(client, None);
    change(&mut claims);
    issuer.tokens(Some(&issuer.key.sign(&claims)));
}

/// Asks after the wait that is due, and gives how long that was and what came of it.
async fn asked(issuer: &Issuer, login: &mut BackchannelLogin) -> (u64, Result<Option<Account>>) {
    let mut waited = 0;
    if let DevicePoll::Wait(wait) = login.poll() {
        issuer.clock.advance(wait);
        waited = wait.as_secs();
    }
    (waited, login.ask().await)
}

#[tokio::test]
async fn a_user_approves_on_a_device_of_their_own() {
    let issuer = Issuer::start().await;
    issuer.answer(BC, taken(|_| ()));
    let client = issuer.client_of(&file());
    let login = client.backchannel(ada()).scopes(["read"]).binding_message("W4SCT").user_code("canary-pin");
    let login = login.requested_expiry(Duration::from_secs(60)).acr_values(["silver", "gold"]).param("lang", "de");
    assert!(!format!("{login:?}").contains("canary"));
    let login = login.begin().await.unwrap();
    assert!(!format!("{login:?}").contains("canary"));
    assert_eq!(login.expires_at(), issuer.clock.now() + Duration::from_secs(120));
    let request = issuer.requests(BC).pop().unwrap();
    assert_eq!(request.header("content-type"), Some("application/x-www-form-urlencoded"));
    assert!(request.header("authorization").unwrap().starts_with("Basic "));
    for (name, value) in [
        ("scope", "openid read"),
        ("login_hint", "canary-ada@acme.example"),
        ("binding_message", "W4SCT"),
        ("user_code", "canary-pin"),
        ("requested_expiry", "60"),
        ("acr_values", "silver gold"),
        ("lang", "de"),
    ] {
        assert_eq!(parameter(&request.body, name).as_deref(), Some(value), "{}", request.body);
    }
    assert_eq!(request.body.matches('=').count(), 7, "{}", request.body);

    issuer.answer(TOKEN, error("authorization_pending"));
    let waiting = tokio::spawn(login.account());
    while issuer.asked(TOKEN) < 2 {
        if issuer.clock.sleepers() > 0 {
            issuer.clock.advance(Duration::from_secs(2));
        }
        tokio::task::yield_now().await;
    }
    approved(&issuer, &client, |claims| claims[CLAIM] = ID.into());
    while !waiting.is_finished() {
        if issuer.clock.sleepers() > 0 {
            issuer.clock.advance(Duration::from_secs(2));
        }
        tokio::task::yield_now().await;
    }
    let account = waiting.await.unwrap().unwrap();
    assert_eq!(account.tokens().identity().unwrap().subject(), SUBJECT);
    assert_eq!(account.token().await.unwrap().expose_secret(), ACCESS_TOKEN);
    let request = issuer.requests(TOKEN).pop().unwrap();
    assert_eq!(parameter(&request.body, "grant_type").as_deref(), Some("urn:openid:params:grant-type:ciba"));
    assert_eq!(parameter(&request.body, "auth_req_id").as_deref(), Some(ID));
    assert_eq!(parameter(&request.body, "scope"), None);
}

#[tokio::test]
async fn each_request_has_exactly_one_hint() {
    let issuer = Issuer::start().await;
    issuer.answer(BC, taken(|_| ()));
    let client = issuer.client_of(&file());
    let tokens = issuer.log_in(&client, |_| ()).await.account().tokens();
    let id_token = tokens.id_token().unwrap().clone();
    let id_token = oauth_core::ExposeSecret::expose_secret(&id_token);
    for (hint, name, value) in [
        (ada(), "login_hint", "canary-ada@acme.example"),
        (UserHint::token("canary.hint.token"), "login_hint_token", "canary.hint.token"),
        (UserHint::of(&tokens), "id_token_hint", id_token),
    ] {
        assert_eq!(format!("{hint:?}"), format!("UserHint(\"{name}\")"));
        let _login = client.backchannel(hint).begin().await.unwrap();
        let body = issuer.requests(BC).pop().unwrap().body;
        assert_eq!(parameter(&body, name).as_deref(), Some(value));
        assert_eq!(body.matches("hint").count(), 1 + value.matches("hint").count(), "{body}");
    }
    let before = issuer.asked(BC);
    for own in ["login_hint", "id_token_hint", "scope", "auth_req_id", "client_notification_token", "request"] {
        let refused = client.backchannel(ada()).param(own, "x").begin().await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::ReservedParameter, "{own}");
    }
    let refused = client.backchannel(UserHint::of(&TokenSet::new("a"))).begin().await.unwrap_err();
    assert_eq!((refused.kind(), refused.step()), (ErrorKind::IdTokenMissing, Step::Backchannel));
    // Tokens of one issuer say nothing at another, and are not shown there.
    let other =
        issuer.client_of(&file().replace("  issuer: https://id.acme.example", "  issuer: https://other.example"));
    let refused = other.backchannel(UserHint::of(&tokens)).begin().await.unwrap_err();
    assert_eq!((refused.kind(), issuer.asked(BC)), (ErrorKind::IssuerChanged, before));
}

#[tokio::test]
async fn slow_down_for_ever_ends_with_the_request() {
    let (issuer, _, mut login) = begun().await;
    issuer.answer(TOKEN, error("slow_down"));
    let mut waits = Vec::new();
    let refused = loop {
        if login.poll() == DevicePoll::Over {
            break login.ask().await.unwrap_err();
        }
        let (waited, outcome) = asked(&issuer, &mut login).await;
        waits.push(waited);
        match outcome {
            Ok(account) => assert!(account.is_none()),
            Err(error) => break error,
        }
    };
    assert_eq!((refused.kind(), refused.step()), (ErrorKind::AttemptExpired, Step::Backchannel));
    assert_eq!(waits, [2, 7, 12, 17, 22, 27, 32, 1], "five seconds more each time, and no longer than there is time");
    assert_eq!(issuer.asked(TOKEN), 7);
}

#[tokio::test]
async fn a_last_word_is_the_last() {
    for (code, kind) in [
        ("expired_token", ErrorKind::AttemptExpired),
        ("access_denied", ErrorKind::AccessDenied),
        ("invalid_grant", ErrorKind::GrantRejected),
        ("unauthorized_client", ErrorKind::ClientRejected),
        ("transaction_failed", ErrorKind::ProviderRefused),
    ] {
        let (issuer, _, mut login) = begun().await;
        issuer.answer(TOKEN, error(code));
        let refused = asked(&issuer, &mut login).await.1.unwrap_err();
        assert_eq!((refused.kind(), refused.step()), (kind, Step::Backchannel), "{code}");
        tells_nothing(&refused, &["canary"]);
        assert_eq!(login.poll(), DevicePoll::Over);
        assert_eq!(login.ask().await.unwrap_err().kind(), ErrorKind::AttemptExpired);
        assert!(login.account().await.is_err());
        assert_eq!(issuer.asked(TOKEN), 1, "{code}: no further request");
    }
}

#[tokio::test]
async fn an_approval_is_not_lost_to_a_fault() {
    let (issuer, client, mut login) = begun().await;
    for (fault, waited) in [
        (status(503, ""), 2),
        (canned::with(200, &[("content-type", "text/html")], "<html>a portal</html>"), 4),
        (json("[1,2"), 8),
        (Answer::Bytes(Vec::new()), 16),
    ] {
        issuer.answer(TOKEN, fault);
        let (so_long, outcome) = asked(&issuer, &mut login).await;
        assert!(outcome.unwrap().is_none());
        assert_eq!(so_long, waited);
    }
    approved(&issuer, &client, |_| ());
    assert!(asked(&issuer, &mut login).await.1.unwrap().is_some());
    // The answer that was lost may have held the tokens.
    let (issuer, _, mut login) = begun().await;
    issuer.answer(TOKEN, Answer::Bytes(Vec::new()));
    assert!(asked(&issuer, &mut login).await.1.unwrap().is_none());
    issuer.answer(TOKEN, error("invalid_grant"));
    assert_eq!(asked(&issuer, &mut login).await.1.unwrap_err().kind(), ErrorKind::OutcomeUnknown);
}

#[tokio::test]
async fn the_id_token_is_verified_and_belongs_to_the_request() {
    for (name, value, kind) in [
        ("iss", json!("https://evil.example"), ErrorKind::IdTokenIssuer),
        ("aud", json!("another"), ErrorKind::IdTokenAudience),
        ("exp", json!(1), ErrorKind::IdTokenExpired),
        ("nonce", json!("of another login"), ErrorKind::IdTokenNonce),
        (CLAIM, json!("another request"), ErrorKind::IdTokenHash),
        (CLAIM, json!([ID]), ErrorKind::IdTokenHash),
        (CLAIM, Value::Null, ErrorKind::IdTokenHash),
    ] {
        let (issuer, client, mut login) = begun().await;
        approved(&issuer, &client, |claims| claims[name] = value.clone());
        let refused = asked(&issuer, &mut login).await.1.unwrap_err();
        assert_eq!(refused.kind(), kind, "{name} {value}");
        tells_nothing(&refused, &[ID, ACCESS_TOKEN]);
        assert_eq!(login.poll(), DevicePoll::Over);
    }
    let (issuer, _, mut login) = begun().await;
    issuer.tokens(None);
    assert_eq!(asked(&issuer, &mut login).await.1.unwrap_err().kind(), ErrorKind::IdTokenMissing);
}

#[tokio::test]
async fn odd_answers_of_the_endpoint() {
    let issuer = Issuer::start().await;
    let client = issuer.client_of(&file());
    let begin = async |answer: Answer| {
        issuer.answer(BC, answer);
        client.backchannel(ada()).begin().await
    };
    for (interval, expected) in [
        ("0", 5.0),
        ("-1", 5.0),
        ("1e300", 60.0),
        ("1e400", 5.0),
        ("2.5", 2.5),
        ("\"7\"", 7.0),
        ("null", 5.0),
        ("{}", 5.0),
    ] {
        let answer = format!(r#"{{"auth_req_id":"{ID}","expires_in":120,"interval":{interval}}}"#);
        let login = begin(json(&answer)).await.unwrap();
        assert_eq!(login.poll(), DevicePoll::Wait(Duration::from_secs_f64(expected)), "{interval}");
    }
    let login = begin(taken(|answer| drop(answer.as_object_mut().unwrap().remove("interval")))).await.unwrap();
    assert_eq!(login.poll(), DevicePoll::Wait(Duration::from_secs(5)));
    let login = begin(taken(|answer| answer["expires_in"] = json!(9e300))).await.unwrap();
    assert_eq!(login.expires_at(), issuer.clock.now() + Duration::from_secs(24 * 3600), "a day at most");
    for (member, wrong) in [
        ("expires_in", json!(0)),
        ("expires_in", json!(-5)),
        ("expires_in", json!("soon")),
        ("expires_in", json!([120])),
        ("expires_in", Value::Null),
        ("auth_req_id", Value::Null),
        ("auth_req_id", json!("")),
        ("auth_req_id", json!(7)),
        ("auth_req_id", json!("a b")),
        ("auth_req_id", json!("a\u{0}b")),
        ("auth_req_id", json!("x".repeat(100_000))),
    ] {
        let refused = begin(taken(|answer| answer[member] = wrong.clone())).await.unwrap_err();
        assert_eq!((refused.kind(), refused.step()), (ErrorKind::BadResponse, Step::Backchannel), "{member}");
        assert!(refused.to_string().contains(member), "{refused}");
    }
    for answer in [json("[]"), json("\"x\""), json(""), json(r#"{"auth_req_id":"a","auth_req_id":"b","expires_in":9}"#)]
    {
        assert_eq!(begin(answer).await.unwrap_err().kind(), ErrorKind::BadResponse);
    }
    let echo = json!({"error": "unknown_user_id", "error_description": "no canary-ada@acme.example"}).to_string();
    let refused = begin(json_status(400, &echo)).await.unwrap_err();
    assert_eq!(
        refused.server().and_then(|server| server.code().map(str::to_owned)).as_deref(),
        Some("unknown_user_id")
    );
    tells_nothing(&refused, &["canary-ada"]);
    assert_eq!(begin(error("access_denied")).await.unwrap_err().kind(), ErrorKind::AccessDenied);
    assert_eq!(begin(status(503, "")).await.unwrap_err().kind(), ErrorKind::Unavailable);
    assert_eq!(issuer.asked(TOKEN), 0);
}

#[tokio::test]
async fn typed_clients_have_it_where_the_file_does_and_others_by_metadata() {
    let issuer = Issuer::start().await;
    issuer.answer(BC, taken(|_| ()));
    let client: Client<Harbor> = Harbor::client("id", "secret-of-harbor").dangerous_at(issuer.origin());
    let _login = client.backchannel(ada()).scopes([Scope::Read]).begin().await.unwrap();
    assert_eq!(parameter(&issuer.requests(BC)[0].body, "scope").as_deref(), Some("openid read"));

    let without = issuer.client_of(oauth_tests::issuer::ACME_ID);
    let refused = without.backchannel(ada()).begin().await.unwrap_err();
    assert_eq!((refused.kind(), refused.step()), (ErrorKind::Unsupported, Step::Backchannel));
    assert!(refused.explain().contains("add `grants.ciba`"), "{}", refused.explain());

    for (modes, grants, has) in [
        (json!(["poll", "ping"]), json!(["urn:openid:params:grant-type:ciba"]), true),
        (Value::Null, json!(["urn:openid:params:grant-type:ciba"]), true),
        (json!(["push"]), json!(["urn:openid:params:grant-type:ciba"]), false),
        (json!(["poll"]), json!(["authorization_code"]), false),
    ] {
        let issuer = Issuer::start().await;
        issuer.answer(BC, taken(|_| ()));
        issuer.metadata(|metadata| {
            metadata["backchannel_authentication_endpoint"] = format!("{}{BC}", issuer.origin()).into();
            metadata["backchannel_token_delivery_modes_supported"] = modes.clone();
            metadata["grant_types_supported"] = grants.clone();
        });
        let login = issuer.client().await.backchannel(ada()).begin().await;
        assert_eq!(login.is_ok(), has, "{modes} {grants}");
        assert_eq!(issuer.asked(METADATA), 1);
    }
}
