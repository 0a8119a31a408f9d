//! Front-channel logout (OpenID Connect Front-Channel Logout 1.0).

use oauth_core::{Client, ErrorKind, Step};
use oauth_tests::issuer::{ACME_ID, Issuer};
use oauth_tests::login;

use super::harbor::Harbor;

const ISS: &str = "iss=https%3A%2F%2Fid.acme.example";

fn client() -> Client {
    login::client(ACME_ID)
}

#[tokio::test]
async fn a_request_ends_the_sessions_that_it_names() {
    let issuer = Issuer::start().await;
    let client = issuer.client_of(ACME_ID);
    let id_token = async |sid: Option<&str>| {
        let account = issuer.log_in(&client, |claims| {
            if let Some(sid) = sid {
                claims["sid"] = sid.into();
            }
        });
        account.await.account().tokens().identity().unwrap().clone()
    };
    let (one, two, none) = (id_token(Some("s-1")).await, id_token(Some("s-2")).await, id_token(None).await);
    let asked = issuer.paths().len();
    for input in
        [format!("{ISS}&sid=s-1"), format!("?sid=s-1&{ISS}"), format!("https://app.example/out?{ISS}&sid=s-1&more=x")]
    {
        let ended = client.front_channel_logout(input).unwrap();
        assert_eq!((ended.issuer(), ended.session_id()), (Some("https://id.acme.example"), Some("s-1")));
        assert_eq!([&one, &two, &none].map(|token| ended.ends(token)), [true, false, false]);
        assert_eq!(format!("{ended:?}"), "FrontChannelLogout { issuer: Some(\"https://id.acme.example\"), .. }");
    }
    // Without a session every one of this provider's.
    let ended = client.front_channel_logout("").unwrap();
    assert_eq!((ended.issuer(), ended.session_id()), (None, None));
    assert_eq!([&one, &two, &none].map(|token| ended.ends(token)), [true, true, true]);
    assert_eq!(issuer.paths().len(), asked, "nothing was sent");
    let other: Client<Harbor> = Harbor::client("id", "secret-of-harbor");
    assert!(!other.front_channel_logout("").unwrap().ends(&one), "of another provider");
    let ended = other.front_channel_logout("iss=https%3A%2F%2Fid.harbor.example&sid=s-1").unwrap();
    assert!(!ended.ends(&one), "a session's id is one of its issuer's");
}

#[test]
fn a_request_names_both_or_neither_and_each_once() {
    let long = format!("{ISS}&sid={}", "x".repeat(2_000));
    let huge = format!("{ISS}&sid={}", "x".repeat(1 << 20));
    for (query, kind) in [
        (ISS, ErrorKind::LogoutRequest),
        ("sid=s-1", ErrorKind::LogoutRequest),
        ("iss=&sid=s-1", ErrorKind::LogoutRequest),
        (&format!("{ISS}&sid="), ErrorKind::LogoutRequest),
        (&long, ErrorKind::LogoutRequest),
        (&huge, ErrorKind::CallbackTooLarge),
        (&format!("{ISS}&sid=s-1&sid=s-2"), ErrorKind::AmbiguousCallback),
        (&format!("{ISS}&{ISS}&sid=s-1"), ErrorKind::AmbiguousCallback),
        ("iss=https%3A%2F%2Fevil.example&sid=s-1", ErrorKind::IdTokenIssuer),
        ("iss=https%3A%2F%2Fid.acme.example%2F&sid=s-1", ErrorKind::IdTokenIssuer),
        ("iss=HTTPS%3A%2F%2Fid.acme.example&sid=s-1", ErrorKind::IdTokenIssuer),
        ("iss=id.acme.example&sid=s-1", ErrorKind::IdTokenIssuer),
    ] {
        let error = client().front_channel_logout(query).unwrap_err();
        assert_eq!((error.kind(), error.step()), (kind, Step::Logout), "{}", &query[..query.len().min(80)]);
        assert!(!error.explain().contains("s-1"), "{}", error.explain());
    }
    let error = login::client(login::ACME).front_channel_logout("").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.explain().contains("add `openid`"), "{}", error.explain());
}
