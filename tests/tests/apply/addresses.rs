//! What an address of a request is made of: the file's base URL, values of others, the caller's path.

use super::*;

async fn asked(account: &Account, server: &Canned, path: &str) -> String {
    account.get(path).send().await.unwrap_or_else(|error| panic!("{path}: {}", error.explain()));
    server.received().last().unwrap().target.clone()
}

#[tokio::test]
async fn an_address_inside_of_a_path_is_part_of_it() {
    let rig = Rig::new([json("{}"), json("{}"), json("{}")]).await;
    for (path, target) in [
        ("/oembed?url=https://video.example/1", "/api.acme.example/oembed?url=https://video.example/1"),
        ("page/https://video.example/1", "/api.acme.example/page/https://video.example/1"),
        (THINGS, "/api.acme.example/things"),
    ] {
        assert_eq!(asked(&rig.account, &rig.server, path).await, target);
    }
    for foreign in ["https://evil.example/x", "HTTPS://evil.example/x", "http://evil.example"] {
        let error = rig.account.get(foreign).send().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::OriginRefused, "{error}");
    }
    assert_eq!(rig.server.received().len(), 3);
}

/// An account whose login came with a company, which is a segment of the API's addresses.
fn of_company(company: &str, origin: &str) -> Account {
    let yaml = ACME.replace(
        "api: {base_url: https://api.acme.example}",
        "api: {base_url: 'https://api.acme.example/company/{callback.realmId}'}\ncallback: {keep: {realmId: {}}}",
    );
    assert_ne!(yaml, ACME);
    let kept = serde_json::json!({"access_token": "old-access", "callback": [["realmId", company]]});
    let tokens = TokenSet::from_exposed_json(&kept.to_string().into()).unwrap();
    client(&yaml).dangerous_at(origin).account(tokens)
}

#[tokio::test]
async fn what_a_callback_brought_is_one_segment_of_an_address() {
    for (company, segment) in
        [("4620816", "4620816"), ("1/../../admin?all=1&x=", "1%2F..%2F..%2Fadmin%3Fall%3D1%26x%3D")]
    {
        let server = Canned::start([json("{}")]).await;
        let account = of_company(company, server.origin());
        let target = asked(&account, &server, "/invoices").await;
        assert_eq!(target, format!("/api.acme.example/company/{segment}/invoices"));
    }
    for company in ["", ".", ".."] {
        let server = Canned::start([]).await;
        let error = of_company(company, server.origin()).get("/invoices").send().await.unwrap_err();
        assert!(error.to_string().contains("the callback brought no usable `realmId`"), "{error}");
        assert!(server.received().is_empty());
    }
}

#[tokio::test]
async fn a_bound_token_without_its_key_goes_nowhere() {
    let kept = r#"{"access_token":"canary-bound","token_type":"DPoP"}"#.to_owned();
    let server = Canned::start([]).await;
    let account =
        client(ACME).dangerous_at(server.origin()).account(TokenSet::from_exposed_json(&kept.into()).unwrap());
    let error = account.get("/things").send().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TokenDowngraded);
    assert!(error.explain().contains("expose_json") && !error.explain().contains("canary"), "{}", error.explain());
    let error = account.apply(&mut parts(THINGS)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TokenDowngraded);
    assert!(server.received().is_empty());
}

/// Another task renews between a request and the reading of its answer, which repeats the token that was sent.
#[tokio::test]
async fn an_api_that_repeats_a_token_is_not_repeated_after_a_renewal() {
    let echo = r#"{"error":"denied","error_description":"canary-old-access may not, nor canary-new-access"}"#;
    let clock = ManualClock::new();
    let server = Canned::start([json_status(403, echo), fresh("canary-new-access")]).await;
    let client = client(ACME).clock(Arc::new(clock)).dangerous_at(server.origin());
    let account = client.account(TokenSet::new("canary-old-access").with_refresh_token("canary-refresh"));
    let answer = account.get("/things").send().await.unwrap();
    account.refresh().await.unwrap();
    assert_eq!(account.tokens().access_token().expose_secret(), "canary-new-access");
    let error = answer.error_for_status().await.unwrap_err();
    let told = format!("{error} {error:?} {}", error.explain());
    assert!(told.contains("may not") && !told.contains("canary"), "{told}");
}

#[tokio::test]
async fn a_profile_in_a_log_says_nothing_personal() {
    let me = r#"{"id": 7, "name": "Ada Lovelace", "email": "ada@example.com", "phone": "canary-phone"}"#;
    let rig = Rig::new([json(me)]).await;
    let profile = rig.account.profile().await.unwrap();
    assert_eq!((profile.name.as_deref(), profile.email.as_deref()), (Some("Ada Lovelace"), Some("ada@example.com")));
    let shown = format!("{profile:?}");
    assert!(shown.contains("acme") && shown.contains("\"7\""), "{shown}");
    assert!(!shown.contains("Ada") && !shown.contains('@') && !shown.contains("canary"), "{shown}");
}
