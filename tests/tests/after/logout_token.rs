//! Logout tokens (OpenID Connect Back-Channel Logout 1.0 section 2.6). The tests named `rp_backchannel_logout_..` are the
//! modules of the OpenID Foundation's suite of that name; together they are WEB-12's as far as a client decides it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use oauth_core::{Client, Error, ErrorKind, LogoutToken, Step};
use oauth_tests::canned::status;
use oauth_tests::issuer::{CLIENT_ID, Issuer, KEYS, SUBJECT, tells_nothing};
use oauth_tests::keys::Key;
use oauth_tests::login::client as client_of;
use serde_json::{Value, json};

const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

struct Rig {
    issuer: Issuer,
    client: Client,
}

impl Rig {
    async fn start() -> Self {
        let issuer = Issuer::start().await;
        let client = issuer.client().await;
        Self { issuer, client }
    }

    fn claims(&self) -> Value {
        let now = self.issuer.now();
        json!({
            "iss": self.issuer.origin(), "aud": CLIENT_ID, "sub": SUBJECT, "sid": "session-1", "jti": "id-1", "iat": now,
            "exp": now + 120, "events": {EVENT: {}},
        })
    }

    fn sign(&self, claims: &Value) -> String {
        let mut header = self.issuer.key.header();
        header["typ"] = "logout+jwt".into();
        self.issuer.key.sign_with(&header, claims)
    }

    async fn verify(&self, change: impl FnOnce(&mut Value)) -> oauth_core::Result<LogoutToken> {
        let mut claims = self.claims();
        change(&mut claims);
        self.client.verify_logout_token(&self.sign(&claims)).await
    }

    async fn refused(&self, kind: ErrorKind, change: impl FnOnce(&mut Value)) -> Error {
        let error = self.verify(change).await.expect_err("nobody is logged out");
        assert_eq!((error.kind(), error.step()), (kind, Step::Logout), "{}", error.explain());
        tells_nothing(&error, &[SUBJECT, "session-1"]);
        error
    }
}

fn remove(claims: &mut Value, name: &str) {
    claims.as_object_mut().expect("an object").remove(name).expect("it was there");
}

#[tokio::test]
async fn rp_backchannel_logout() {
    let rig = Rig::start().await;
    let token = rig.verify(|_| ()).await.unwrap_or_else(|error| panic!("{}", error.explain()));
    assert_eq!(
        (token.issuer(), token.subject(), token.session_id()),
        (rig.issuer.origin(), Some(SUBJECT), Some("session-1"))
    );
    assert_eq!(token.id(), "id-1");
    assert!(token.issued_at() < token.expires_at());
    assert!(!format!("{token:?}").contains(SUBJECT));
    let by_sid = rig.verify(|claims| remove(claims, "sub")).await.unwrap();
    assert_eq!((by_sid.subject(), by_sid.session_id()), (None, Some("session-1")));
    let by_sub = rig.verify(|claims| remove(claims, "sid")).await.unwrap();
    assert_eq!((by_sub.subject(), by_sub.session_id()), (Some(SUBJECT), None));
    // What else an event or the set of events has is no fault.
    rig.verify(|claims| claims["events"] = json!({EVENT: {"x": 1}, "urn:other": {}})).await.unwrap();
    rig.verify(|claims| claims["aud"] = json!([CLIENT_ID])).await.unwrap();
}

#[tokio::test]
async fn rp_backchannel_logout_alg_none() {
    let rig = Rig::start().await;
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    for alg in ["none", "None", "NONE", "nOnE"] {
        for signature in ["", "AAAA"] {
            let header = part(&json!({"alg": alg, "typ": "logout+jwt"}));
            let token = format!("{header}.{}.{signature}", part(&rig.claims()));
            let error = rig.client.verify_logout_token(&token).await.expect_err(alg);
            assert!(matches!(error.kind(), ErrorKind::IdTokenAlgorithm | ErrorKind::IdTokenMalformed), "{error:?}");
            assert_eq!(error.step(), Step::Logout);
        }
    }
}

#[tokio::test]
async fn rp_backchannel_logout_wrong_alg() {
    let rig = Rig::start().await;
    // An algorithm that the issuer does not list, with the right key; a key that the issuer does not have.
    let other = Key::rsa_as("rsa-1", oauth_core::crypto::SignatureAlg::Rs512);
    let error = rig.client.verify_logout_token(&other.sign(&rig.claims())).await.expect_err("RS512");
    assert_eq!((error.kind(), error.step()), (ErrorKind::IdTokenAlgorithm, Step::Logout));
    let error =
        rig.client.verify_logout_token(&Key::other_rsa("rsa-1").sign(&rig.claims())).await.expect_err("another key");
    assert_eq!((error.kind(), error.step()), (ErrorKind::IdTokenSignature, Step::Logout));
    assert!(error.to_string().contains("the logout token is not believed"), "{error}");
    for garbage in ["", "a.b.c", "x", "....", "eyJhbGciOiJSUzI1NiJ9.e30"] {
        assert!(rig.client.verify_logout_token(garbage).await.is_err(), "{garbage}");
    }
}

#[tokio::test]
async fn rp_backchannel_logout_wrong_event() {
    let rig = Rig::start().await;
    for events in [
        json!({"http://schemas.openid.net/event/other": {}}),
        json!({}),
        json!([]),
        json!([EVENT]),
        json!(EVENT),
        json!(null),
        json!({EVENT: null}),
        json!({EVENT: true}),
        json!({EVENT: "x"}),
        json!({EVENT: []}),
        json!({"HTTP://schemas.openid.net/event/backchannel-logout": {}}),
    ] {
        let error = rig.refused(ErrorKind::LogoutToken, |claims| claims["events"] = events.clone()).await;
        assert!(error.to_string().contains("`events`"), "{events}: {error}");
    }
}

#[tokio::test]
async fn rp_backchannel_logout_no_event() {
    let rig = Rig::start().await;
    rig.refused(ErrorKind::LogoutToken, |claims| remove(claims, "events")).await;
}

#[tokio::test]
async fn rp_backchannel_logout_wrong_aud() {
    let rig = Rig::start().await;
    for aud in
        [json!("other"), json!([]), json!(["other"]), json!(["other", CLIENT_ID]), json!(format!("{CLIENT_ID} "))]
    {
        rig.refused(ErrorKind::IdTokenAudience, |claims| claims["aud"] = aud).await;
    }
    rig.refused(ErrorKind::IdTokenAudience, |claims| remove(claims, "aud")).await;
    rig.refused(ErrorKind::LogoutToken, |claims| claims["aud"] = json!(5)).await;
    let trusting = rig.client.clone().trusted_audiences(["other"]);
    let mut claims = rig.claims();
    claims["aud"] = json!(["other", CLIENT_ID]);
    trusting.verify_logout_token(&rig.sign(&claims)).await.unwrap();
}

#[tokio::test]
async fn rp_backchannel_logout_wrong_iss() {
    let rig = Rig::start().await;
    let origin = rig.issuer.origin();
    for iss in ["https://evil.example".to_owned(), format!("{origin}/"), origin.to_uppercase()] {
        rig.refused(ErrorKind::IdTokenIssuer, |claims| claims["iss"] = iss.into()).await;
    }
    rig.refused(ErrorKind::LogoutToken, |claims| remove(claims, "iss")).await;
}

#[tokio::test]
async fn rp_backchannel_logout_with_nonce() {
    let rig = Rig::start().await;
    for nonce in [json!("n"), json!(""), json!(null), json!(1)] {
        let error = rig.refused(ErrorKind::LogoutToken, |claims| claims["nonce"] = nonce).await;
        assert!(error.to_string().contains("`nonce`"), "{error}");
    }
}

#[tokio::test]
async fn rp_backchannel_logout_no_sub_and_sid() {
    let rig = Rig::start().await;
    let gone = |claims: &mut Value| {
        remove(claims, "sub");
        remove(claims, "sid");
    };
    rig.refused(ErrorKind::LogoutToken, gone).await;
    rig.refused(ErrorKind::LogoutToken, |claims| {
        claims["sub"] = "".into();
        claims["sid"] = "".into();
    })
    .await;
    rig.refused(ErrorKind::LogoutToken, |claims| claims["sub"] = json!(42)).await;
    rig.refused(ErrorKind::LogoutToken, |claims| claims["sid"] = json!(["session-1"])).await;
}

/// RFC 8725 section 3.11: one kind of token never passes for another.
#[tokio::test]
async fn a_token_of_another_type_is_none() {
    let rig = Rig::start().await;
    let typed = |typ: Value| {
        let mut header = rig.issuer.key.header();
        header["typ"] = typ;
        rig.issuer.key.sign_with(&header, &rig.claims())
    };
    for typ in ["logout+jwt", "LOGOUT+JWT", "application/logout+jwt", "JWT", "jwt"] {
        rig.client.verify_logout_token(&typed(typ.into())).await.unwrap_or_else(|error| panic!("{typ}: {error}"));
    }
    for typ in ["at+jwt", "dpop+jwt", "token-introspection+jwt", "", "logout", "application/", "application/at+jwt"] {
        let error = rig.client.verify_logout_token(&typed(typ.into())).await.expect_err(typ);
        assert_eq!(error.kind(), ErrorKind::LogoutToken, "{typ}");
    }
    // An ID token of a login has neither the event nor an end that is soon.
    let id_token = rig.issuer.key.sign(&rig.issuer.claims(&rig.client, Some("n")));
    assert!(rig.client.verify_logout_token(&id_token).await.is_err());
}

#[tokio::test]
async fn times_are_those_of_a_token_that_was_just_made() {
    let rig = Rig::start().await;
    let now = rig.issuer.now();
    rig.refused(ErrorKind::IdTokenExpired, |claims| claims["exp"] = (now - 120).into()).await;
    rig.refused(ErrorKind::IdTokenNotYetValid, |claims| claims["iat"] = (now + 120).into()).await;
    rig.refused(ErrorKind::IdTokenTooOld, |claims| claims["iat"] = (now - 2 * 86_400).into()).await;
    for name in ["exp", "iat", "jti"] {
        rig.refused(ErrorKind::LogoutToken, |claims| remove(claims, name)).await;
    }
    rig.refused(ErrorKind::LogoutToken, |claims| claims["exp"] = "soon".into()).await;
}

/// Keys that cannot be had are no reason to end a session, and the same token may be shown again.
#[tokio::test]
async fn without_keys_nothing_is_believed() {
    let rig = Rig::start().await;
    rig.issuer.answer(KEYS, status(503, "busy"));
    let error = rig.refused(ErrorKind::Unavailable, |_| ()).await;
    assert!(error.is_retryable());
    let bare = "id: plain\nname: Plain\ndocs: https://plain.example/docs\nchecked: 2026-11-21\nendpoints: {authorization: https://plain.example/a, token: https://plain.example/t}\n";
    let error = client_of(bare).verify_logout_token("x").await.unwrap_err();
    assert_eq!((error.kind(), error.step()), (ErrorKind::Unsupported, Step::Logout));
    assert!(error.explain().contains("`openid`"), "{}", error.explain());
}
