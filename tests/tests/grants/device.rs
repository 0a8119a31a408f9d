//! Login on another device (RFC 8628).

use std::time::Duration;

use oauth_core::{Client, Clock as _, DeviceLogin, DevicePoll, Dynamic, ErrorKind, Result, Step};
use oauth_tests::canned::{Answer, Canned, json, json_status, status, with};
use oauth_tests::login::ManualClock;

use super::grove::{Grove, Scope};
use super::{acme, at, sent, token};

const CODES: &str = r#"{"device_code":"canary-device-code","user_code":"WDJB-MJHT","verification_uri":"https://acme.example/device","verification_uri_complete":"https://acme.example/device?user_code=WDJB-MJHT","expires_in":1800,"interval":5}"#;

fn error(code: &str) -> Answer {
    json_status(400, &format!(r#"{{"error":"{code}"}}"#))
}

fn codes(change: (&str, &str)) -> Answer {
    let changed = CODES.replace(change.0, change.1);
    assert_ne!(changed, CODES);
    json(&changed)
}

async fn begun(answers: impl IntoIterator<Item = Answer>) -> (Canned, Result<DeviceLogin>, ManualClock) {
    let (server, client, clock) = at(&acme("device: {}"), answers).await;
    let login = client.device().begin().await;
    (server, login, clock)
}

/// Does what the login says, until it is asked or over; gives how long was waited.
fn waited(login: &DeviceLogin, clock: &ManualClock) -> u64 {
    match login.poll() {
        DevicePoll::Wait(wait) => {
            clock.advance(wait);
            wait.as_secs()
        }
        _ => 0,
    }
}

/// Asks after the wait that is due, and gives how long that was and what came of it.
async fn asked(login: &mut DeviceLogin, clock: &ManualClock) -> (u64, Result<bool>) {
    let waited = waited(login, clock);
    (waited, login.ask().await.map(|account| account.is_some()))
}

#[tokio::test]
async fn a_user_finishes_on_another_device() {
    let answers = [json(CODES), error("authorization_pending"), token("one")];
    let (server, client, clock) = at(&acme("device: {}"), answers).await;
    let login = client.device().scopes(["read", "write"]).param("lang", "de").begin().await.unwrap();
    assert_eq!((login.user_code(), login.verification_uri()), ("WDJB-MJHT", "https://acme.example/device"));
    assert_eq!(login.verification_uri_complete(), Some("https://acme.example/device?user_code=WDJB-MJHT"));
    assert_eq!(login.expires_at(), clock.now() + Duration::from_secs(1800));
    let waiting = tokio::spawn(login.account());
    let account = loop {
        if waiting.is_finished() {
            break waiting.await.unwrap().unwrap();
        }
        if clock.sleepers() > 0 {
            clock.advance(Duration::from_secs(5));
        }
        tokio::task::yield_now().await;
    };
    assert_eq!(account.token().await.unwrap().expose_secret(), "one");
    assert_eq!(account.tokens().scopes(), ["read", "write"]);
    let requests = server.received();
    assert_eq!(requests[0].target, "/id.acme.example/device");
    assert_eq!(sent(&requests[0], "scope").unwrap(), "read write");
    assert_eq!(sent(&requests[0], "client_id").unwrap(), "my-client");
    assert_eq!(sent(&requests[0], "lang").unwrap(), "de");
    for request in &requests[1..] {
        assert_eq!(request.target, "/id.acme.example/token");
        assert_eq!(sent(request, "grant_type").unwrap(), "urn:ietf:params:oauth:grant-type:device_code");
        assert_eq!(sent(request, "device_code").unwrap(), "canary-device-code");
        assert!(sent(request, "scope").is_none());
    }
}

#[tokio::test]
async fn typed_clients_have_it_where_the_file_does() {
    let server = Canned::start([json(CODES)]).await;
    let client: Client<Grove> = Grove::public("id").dangerous_at(server.origin());
    let login = client.device().scopes([Scope::Write]).begin().await.unwrap();
    assert_eq!(login.user_code(), "WDJB-MJHT");
    assert_eq!(server.received()[0].body, "scope=write&client_id=id");
    let without = oauth_tests::login::client(oauth_tests::login::ACME).dangerous_at(server.origin());
    let error = without.device().begin().await.unwrap_err();
    assert_eq!((error.kind(), error.step()), (ErrorKind::Unsupported, Step::Device));
    assert!(error.explain().contains("add `grants.device`"), "{}", error.explain());
}

#[tokio::test]
async fn dev_01_slow_down_adds_five_seconds_for_good() {
    let slow = || error("slow_down");
    let pending = || error("authorization_pending");
    let (_server, login, clock) = begun([json(CODES), slow(), pending(), slow(), slow(), token("one")]).await;
    let mut login = login.unwrap();
    let mut waits = Vec::new();
    loop {
        let (waited, outcome) = asked(&mut login, &clock).await;
        waits.push(waited);
        if outcome.unwrap() {
            break;
        }
    }
    assert_eq!(waits, [5, 10, 10, 15, 20]);
    assert_eq!(login.poll(), DevicePoll::Over);
}

#[tokio::test]
async fn dev_02_odd_intervals_are_five_seconds_or_a_minute() {
    for (interval, expected) in [
        ("0", 5.0),
        ("-1", 5.0),
        ("9223372036854775808", 60.0),
        ("1e400", 5.0),
        ("2.5", 2.5),
        ("\"7\"", 7.0),
        ("null", 5.0),
        ("\"soon\"", 5.0),
        ("{}", 5.0),
    ] {
        let (_server, login, _) = begun([codes(("\"interval\":5", &format!("\"interval\":{interval}")))]).await;
        assert_eq!(login.unwrap().poll(), DevicePoll::Wait(Duration::from_secs_f64(expected)), "{interval}");
    }
    let (_server, login, _) = begun([codes((",\"interval\":5", ""))]).await;
    assert_eq!(login.unwrap().poll(), DevicePoll::Wait(Duration::from_secs(5)));
}

#[tokio::test]
async fn dev_03_an_approval_is_not_lost_to_a_fault() {
    let answers = [
        json(CODES),
        status(503, ""),
        with(200, &[("content-type", "text/html")], "<html>a portal</html>"),
        with(502, &[("content-type", "text/html")], "<html>a gateway</html>"),
        with(429, &[("retry-after", "100")], ""),
        Answer::Bytes(Vec::new()),
        with(404, &[("content-type", "text/html")], "<html>a proxy</html>"),
        error("authorization_pending"),
        token("one"),
    ];
    let (server, login, clock) = begun(answers).await;
    let mut login = login.unwrap();
    let mut waits = Vec::new();
    loop {
        let (waited, outcome) = asked(&mut login, &clock).await;
        waits.push(waited);
        if outcome.unwrap() {
            break;
        }
    }
    assert_eq!(waits, [5, 10, 20, 40, 100, 60, 60, 5]);
    assert_eq!(server.received().len(), 9);
}

#[tokio::test]
async fn dev_04_a_last_word_is_the_last() {
    for (code, kind) in [
        ("expired_token", ErrorKind::AttemptExpired),
        ("access_denied", ErrorKind::AccessDenied),
        ("invalid_grant", ErrorKind::GrantRejected),
        ("invalid_client", ErrorKind::ClientRejected),
        ("something_else", ErrorKind::ProviderRefused),
    ] {
        let (server, login, clock) = begun([json(CODES), error(code), token("never")]).await;
        let mut login = login.unwrap();
        let (_, outcome) = asked(&mut login, &clock).await;
        let refused = outcome.unwrap_err();
        assert_eq!((refused.kind(), refused.step()), (kind, Step::Device), "{code}");
        assert_eq!(login.poll(), DevicePoll::Over);
        assert_eq!(login.ask().await.unwrap_err().kind(), ErrorKind::AttemptExpired);
        assert!(login.account().await.is_err());
        assert_eq!(server.received().len(), 2, "{code}: no further request");
    }
}

#[tokio::test]
async fn dev_05_codes_have_an_end() {
    for wrong in ["", "\"expires_in\":0,", "\"expires_in\":-5,", "\"expires_in\":\"x\",", "\"expires_in\":1e999,"] {
        let (_server, login, _) = begun([codes(("\"expires_in\":1800,", wrong))]).await;
        assert_eq!(login.unwrap_err().kind(), ErrorKind::BadResponse, "{wrong}");
    }
    let (server, login, clock) = begun([codes((":1800", ":99999999999999999999"))]).await;
    let login = login.unwrap();
    assert_eq!(login.expires_at(), clock.now() + Duration::from_secs(3600), "an hour at most");
    clock.advance(Duration::from_secs(3601));
    let error = login.account().await.unwrap_err();
    assert_eq!((error.kind(), error.step()), (ErrorKind::AttemptExpired, Step::Device));
    assert_eq!(server.received().len(), 1, "a machine that slept asks for nothing that has ended");
    let yaml = acme("device: {authorization: {lifetime: 900}}");
    let (_server, client, clock) = at(&yaml, [codes(("\"expires_in\":1800,", ""))]).await;
    let login = client.device().begin().await.unwrap();
    assert_eq!(login.expires_at(), clock.now() + Duration::from_secs(900));
}

#[tokio::test]
async fn dev_06_hostile_addresses_are_not_shown() {
    let long = format!("https://acme.example/{}", "x".repeat(5000));
    for uri in [
        "javascript:alert(1)",
        "http://acme.example/device",
        "file:///etc/passwd",
        "https://acme.example/\\u001b[2J",
        "https://acme.example\\u202e/device",
        "https://github.com@evil.example/",
        "https://аcme.example/",
        "https://acme.example/a b",
        "",
        &long,
    ] {
        let change = codes(("\"https://acme.example/device\"", &format!("\"{uri}\"")));
        let (_server, login, _) = begun([change]).await;
        let error = login.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::BadResponse, "{uri}");
        assert!(!error.explain().contains("evil"), "{}", error.explain());
    }
    for complete in ["https://evil.example/device?user_code=X", "http://acme.example/x", "javascript:x", "x y"] {
        let change = codes(("https://acme.example/device?user_code=WDJB-MJHT", complete));
        let (_server, login, _) = begun([change]).await;
        assert_eq!(login.unwrap().verification_uri_complete(), None, "{complete}");
    }
    let (_server, login, _) = begun([codes(("\"https://acme.example/device\"", "\"http://127.0.0.1:4000/d\""))]).await;
    assert_eq!(login.unwrap().verification_uri(), "http://127.0.0.1:4000/d");
}

#[tokio::test]
async fn dev_07_hostile_user_codes_are_not_shown() {
    let long = "X".repeat(10_000);
    for code in ["\\u001b[31mWDJB", "WD\\u202eJB", "", "ÄÖ", "A\\nB", &long] {
        let (_server, login, _) = begun([codes(("\"WDJB-MJHT\"", &format!("\"{code}\"")))]).await;
        assert_eq!(login.unwrap_err().kind(), ErrorKind::BadResponse, "{code}");
    }
}

#[tokio::test]
async fn dev_08_the_device_code_is_a_secret() {
    let refusal = json_status(400, r#"{"error":"invalid_request","error_description":"canary-device-code is odd"}"#);
    let (_server, login, clock) = begun([json(CODES), refusal]).await;
    let mut login = login.unwrap();
    assert!(!format!("{login:?}").contains("canary"));
    let (_, outcome) = asked(&mut login, &clock).await;
    let error = outcome.unwrap_err();
    assert!(!format!("{error:?}{}", error.explain()).contains("canary"), "{}", error.explain());
}

#[tokio::test]
async fn dev_10_a_dropped_login_asks_nothing_more() {
    let (server, login, clock) = begun([json(CODES), token("never")]).await;
    let waiting = tokio::spawn(login.unwrap().account());
    while clock.sleepers() == 0 {
        tokio::task::yield_now().await;
    }
    waiting.abort();
    assert!(waiting.await.unwrap_err().is_cancelled());
    clock.advance(Duration::from_secs(60));
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    assert_eq!((server.received().len(), clock.sleepers()), (1, 0));
}

#[tokio::test]
async fn dev_11_a_lost_answer_may_have_held_the_tokens() {
    let (server, login, clock) = begun([json(CODES), Answer::Bytes(Vec::new()), error("invalid_grant")]).await;
    let mut login = login.unwrap();
    assert!(!asked(&mut login, &clock).await.1.unwrap());
    let (_, outcome) = asked(&mut login, &clock).await;
    let error = outcome.unwrap_err();
    assert_eq!((error.kind(), error.step()), (ErrorKind::OutcomeUnknown, Step::Device));
    assert!(error.explain().contains("start the login again"), "{}", error.explain());
    assert_eq!((login.poll(), server.received().len()), (DevicePoll::Over, 3));
    let (_server, login, clock) = begun([json(CODES), Answer::Bytes(Vec::new()), token("again")]).await;
    let mut login = login.unwrap();
    assert!(!asked(&mut login, &clock).await.1.unwrap());
    assert!(asked(&mut login, &clock).await.1.unwrap(), "a server that answers again is believed");
}

#[tokio::test]
async fn dev_13_the_first_question_waits() {
    let (server, login, clock) = begun([json(CODES), error("slow_down"), token("one")]).await;
    let mut login = login.unwrap();
    assert_eq!(login.poll(), DevicePoll::Wait(Duration::from_secs(5)));
    assert_eq!(asked(&mut login, &clock).await.0, 5);
    assert_eq!(server.received().len(), 2);
    assert_eq!(asked(&mut login, &clock).await.0, 10);
}

#[tokio::test]
async fn dev_13_an_early_question_waits_for_the_interval() {
    let pending = || error("authorization_pending");
    let (server, login, clock) = begun([json(CODES), pending(), pending(), token("one")]).await;
    let mut login = login.unwrap();
    // A loop without a pause, and a clock that moves by a second whenever somebody waits for it.
    let asking = tokio::spawn(async move {
        let mut looks = 1;
        while login.ask().await.unwrap().is_none() {
            looks += 1;
        }
        looks
    });
    let mut seconds = Vec::new();
    for second in 0.. {
        while clock.sleepers() == 0 && !asking.is_finished() {
            tokio::task::yield_now().await;
        }
        let asked = server.received().len() - 1;
        seconds.extend((seconds.len()..asked).map(|_| second));
        if asking.is_finished() {
            break;
        }
        clock.advance(Duration::from_secs(1));
        tokio::task::yield_now().await;
    }
    assert_eq!((asking.await.unwrap(), seconds), (3, vec![5, 10, 15]));
}

#[tokio::test]
async fn dev_13_a_question_that_is_dropped_is_not_asked_again_at_once() {
    let (server, login, clock) = begun([json(CODES), Answer::Hang(Vec::new()), token("one")]).await;
    let mut login = login.unwrap();
    waited(&login, &clock);
    let dropped = async {
        while server.received().len() < 2 {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        _ = login.ask() => panic!("there is no answer"),
        () = dropped => {}
    }
    assert_eq!(login.poll(), DevicePoll::Wait(Duration::from_secs(5)));
    assert!(asked(&mut login, &clock).await.1.unwrap());
}

#[tokio::test]
async fn device_deviations() {
    let yaml = acme(
        "device: {grant_type: device_code, rename: {device_code: code}, authorization: {params: {response_type: device_code}, headers: {X-App: \"{client_id}\"}, client_auth: id, rename: {user_code: userCode}}}",
    ) + "token: {response: {error: {code: /sub_error, codes: {\"20411\": authorization_pending}}}}\n";
    let answer = CODES.replace("verification_uri\"", "verification_url\"").replace("user_code\"", "userCode\"");
    let pending = json_status(400, r#"{"sub_error":20411}"#);
    let (server, client, clock) = at(&yaml, [json(&answer), pending, token("one")]).await;
    let mut login: DeviceLogin<Dynamic> = client.device().begin().await.unwrap();
    assert_eq!((login.user_code(), login.verification_uri()), ("WDJB-MJHT", "https://acme.example/device"));
    assert!(!asked(&mut login, &clock).await.1.unwrap());
    assert!(asked(&mut login, &clock).await.1.unwrap());
    let requests = server.received();
    assert_eq!(requests[0].body, "response_type=device_code&client_id=my-client");
    assert_eq!(requests[0].header("x-app").unwrap(), "my-client");
    assert_eq!(sent(&requests[1], "grant_type").unwrap(), "device_code");
    assert_eq!(sent(&requests[1], "code").unwrap(), "canary-device-code");
}
