//! Area TOK: faults of the token endpoint's answers.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use oauth_core::http::{Body, BodySource, BoxFuture, HttpClient, TransportError};
use oauth_core::{Clock as _, Error, ErrorKind, ExposeSecret as _, TokenSet};
use oauth_tests::canned::{Answer, Canned, json, json_status, raw, status, with};
use oauth_tests::login::{ACME, ManualClock, SECRET, TOKENS, account_with, log_in, log_in_with};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

async fn accepted(answer: Answer) -> TokenSet {
    let (_, account) = log_in([answer]).await;
    (*account.unwrap_or_else(|error| panic!("{}", error.explain())).tokens()).clone()
}

async fn refused(kind: ErrorKind, answer: Answer) -> Error {
    let (server, account) = log_in([answer, json(TOKENS)]).await;
    let error = account.expect_err("the answer must be refused");
    assert_eq!(error.kind(), kind, "{}", error.explain());
    assert_eq!(server.received().len(), 1, "a code is never sent twice");
    assert!(error.to_string().starts_with("exchanging the authorization code with Acme: "), "{error}");
    assert!(error.explain().contains("docs: https://acme.example/docs"));
    error
}

fn lifetime(tokens: &TokenSet) -> Option<u64> {
    tokens.expires_at().map(|at| at.duration_since(ManualClock::new().now()).unwrap_or_default().as_secs())
}

fn tokens_with(members: &str) -> Answer {
    json(&format!(r#"{{"access_token":"a","token_type":"Bearer"{members}}}"#))
}

#[tokio::test]
async fn tok_01_an_answer_without_end_is_cut() {
    let megabytes = "x".repeat(2 * 1024 * 1024);
    refused(ErrorKind::ResponseTooLarge, json(&megabytes)).await;
    refused(ErrorKind::ResponseTooLarge, raw(200, &[], Some(10_000_000_000), b"{")).await;
    let chunk = b"HTTP/1.1 200 OK\r\n\r\n".to_vec();
    refused(ErrorKind::ResponseTooLarge, Answer::Endless([chunk, vec![b' '; 64 * 1024]].concat())).await;

    // The connection ends, and no more than what is under way was taken from it.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = oauth_tests::login::client(ACME).dangerous_at(format!("http://{}", listener.local_addr().unwrap()));
    let written = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut read = vec![0; 16 * 1024];
        assert!(stream.read(&mut read).await.unwrap() > 0);
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n").await.unwrap();
        let mut written = 0;
        let piece = vec![b' '; 64 * 1024];
        while stream.write_all(&piece).await.is_ok() {
            written += piece.len();
        }
        written
    });
    let error = client.refresh(&TokenSet::new("old").with_refresh_token("r")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ResponseTooLarge);
    let written: usize = written.await.unwrap();
    assert!(written < 32 * 1024 * 1024, "{written} bytes, of which buffers took the most");
}

/// A server that sends the head of its answer and then one byte every five seconds, for ever.
struct SlowDrip;

impl HttpClient for SlowDrip {
    fn send(&self, _: http::Request<Bytes>) -> BoxFuture<'_, Result<http::Response<Body>, TransportError>> {
        Box::pin(async { Ok(http::Response::new(Body::new(Self))) })
    }
}

impl BodySource for SlowDrip {
    fn chunk(&mut self) -> BoxFuture<'_, Result<Option<Bytes>, TransportError>> {
        Box::pin(async {
            tokio::time::sleep(Duration::from_secs(5)).await;
            Ok(Some(Bytes::from_static(b" ")))
        })
    }
}

/// A server that takes the request and says nothing.
struct Silent;

impl HttpClient for Silent {
    fn send(&self, _: http::Request<Bytes>) -> BoxFuture<'_, Result<http::Response<Body>, TransportError>> {
        Box::pin(std::future::pending())
    }
}

#[tokio::test(start_paused = true)]
async fn tok_03_a_server_that_is_slow_or_silent_is_given_up() {
    for http in [Arc::new(SlowDrip) as Arc<dyn HttpClient>, Arc::new(Silent)] {
        let clock = ManualClock::new();
        let client = oauth_tests::login::client(ACME).clock(Arc::new(clock.clone())).http_client(http);
        let started = oauth_tests::login::start(&client).await;
        let before = tokio::time::Instant::now();
        let error = client
            .callback(format!("code=c&state={}", started.state), started.pending, started.browser)
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Timeout);
        assert!(error.is_retryable());
        assert_eq!(before.elapsed().as_secs(), 30, "of the paused clock");

        // The next refresh waits for nothing that the one before has left behind.
        let account = client.account(TokenSet::new("old").with_refresh_token("old-refresh"));
        for round in 1..=2 {
            let before = tokio::time::Instant::now();
            assert_eq!(account.refresh().await.unwrap_err().kind(), ErrorKind::Timeout, "{round}");
            assert_eq!(before.elapsed().as_secs(), 30, "{round}");
            // A server that has just failed is left in peace for a moment.
            clock.advance(Duration::from_secs(10 * 60));
        }
        assert_eq!(account.tokens().refresh_token().unwrap().expose_secret(), "old-refresh");
    }
}

#[tokio::test]
async fn tok_05_a_form_that_may_be_cut_off_is_not_believed() {
    let form = b"access_token=abcdef&token_type=bearer";
    let kind = [("content-type", "application/x-www-form-urlencoded")];
    refused(ErrorKind::ResponseTruncated, raw(200, &kind, None, &form[..16])).await;
    let tokens = accepted(raw(200, &kind, Some(form.len()), form)).await;
    assert_eq!(tokens.access_token().expose_secret(), "abcdef");
    refused(ErrorKind::Network, raw(200, &kind, Some(form.len()), &form[..16])).await;
    refused(ErrorKind::BadResponse, raw(200, &[], None, br#"{"access_token":"abc"#)).await;
}

#[tokio::test]
async fn tok_07_an_error_with_status_200_is_an_error() {
    let error = refused(
        ErrorKind::ProviderRefused,
        json(r#"{"error":"bad_verification_code","error_description":"The code is wrong."}"#),
    )
    .await;
    assert_eq!(error.server().unwrap().code(), Some("bad_verification_code"));
    assert!(!error.to_string().contains("missing"), "{error}");
    // As a form, which is what some of them answer with.
    let kind = [("content-type", "application/x-www-form-urlencoded")];
    let form = "error=bad_verification_code&error_description=The+code+is+wrong.";
    let error = refused(ErrorKind::ProviderRefused, with(200, &kind, form)).await;
    assert_eq!(error.server().unwrap().code(), Some("bad_verification_code"));
    refused(ErrorKind::AmbiguousResponse, tokens_with(r#","error":"x""#)).await;
    refused(ErrorKind::AmbiguousResponse, with(200, &kind, "access_token=a&token_type=bearer&error=x")).await;
    accepted(tokens_with(r#","error":null"#)).await;

    let yaml = format!(
        "{ACME}token: {{response: {{fails_when: {{at: /ok, equals: false}}, error: {{code: /reason, codes: {{bad_code: invalid_grant}}}}}}}}\n"
    );
    let (_, account) = log_in_with(&yaml, [json(r#"{"ok":false,"reason":"bad_code"}"#)]).await;
    assert_eq!(account.unwrap_err().kind(), ErrorKind::GrantRejected);
}

#[tokio::test]
async fn tok_08_a_failure_without_a_code_is_judged_by_its_status() {
    for code in [500, 502, 503, 408] {
        let error = refused(ErrorKind::Unavailable, status(code, "<html>down</html>")).await;
        assert!(error.is_retryable() && !error.needs_reauth());
    }
    for code in [400, 403, 404] {
        let error = refused(ErrorKind::ProviderRefused, status(code, "")).await;
        assert!(!error.is_retryable(), "{code}");
    }
    refused(ErrorKind::ProviderRefused, json_status(400, r#"{"message":"no"}"#)).await;
}

#[tokio::test]
async fn tok_09_retry_after_is_passed_on() {
    for (value, seconds) in [("7", Some(7)), ("99999999999999", Some(86_400)), ("-1", None), ("x", None)] {
        let error = refused(ErrorKind::RateLimited, with(429, &[("retry-after", value)], "")).await;
        assert_eq!(error.retry_after().map(|wait| wait.as_secs()), seconds, "{value}");
    }
}

#[tokio::test]
async fn tok_10_bytes_that_no_token_has_are_refused() {
    refused(ErrorKind::BadResponse, raw(200, &[], Some(2), &[0xff, 0xfe])).await;
    refused(ErrorKind::BadResponse, json(&format!("\u{feff}{TOKENS}"))).await;
    for token in [r"a\u0000b", r"a\r\nX: y", "ä", r"\ud800"] {
        refused(ErrorKind::BadResponse, json(&format!(r#"{{"access_token":"{token}","token_type":"Bearer"}}"#))).await;
        for name in ["refresh_token", "id_token"] {
            let error = refused(ErrorKind::BadResponse, tokens_with(&format!(r#","{name}":"{token}""#))).await;
            assert!(token == r"\ud800" || error.to_string().contains(name), "{error}");
        }
    }
    let utf_16: Vec<u8> = format!("\u{feff}{TOKENS}").encode_utf16().flat_map(u16::to_le_bytes).collect();
    refused(ErrorKind::BadResponse, raw(200, &[], Some(utf_16.len()), &utf_16)).await;
    let kind = [("content-type", "application/x-www-form-urlencoded")];
    refused(ErrorKind::BadResponse, with(200, &kind, "access_token=a%0D%0AX:+y&token_type=bearer")).await;
}

#[tokio::test]
async fn tok_12_a_lifetime_is_understood_in_every_form_it_comes_in() {
    for (value, seconds) in [("\"3600\"", Some(3600)), ("3599.0", Some(3599)), ("3600", Some(3600)), ("null", None)] {
        assert_eq!(lifetime(&accepted(tokens_with(&format!(r#","expires_in":{value}"#))).await), seconds, "{value}");
    }
    for value in ["\"\"", "true", "\"soon\"", "\"inf\"", "\"nan\"", "[]", "3599.5", "\"3599.5\""] {
        let error = refused(ErrorKind::BadResponse, tokens_with(&format!(r#","expires_in":{value}"#))).await;
        assert!(error.to_string().contains("`expires_in`"), "{error}");
    }
}

#[tokio::test]
async fn tok_13_no_lifetime_overflows() {
    const TEN_YEARS: u64 = 10 * 365 * 24 * 60 * 60;
    for (value, seconds) in [
        ("0", 0),
        ("-1", 0),
        ("9223372036854775808", TEN_YEARS),
        ("18446744073709551615", TEN_YEARS),
        ("18446744073709551616", TEN_YEARS),
        ("\"1e400\"", TEN_YEARS),
        ("1e400", TEN_YEARS),
        ("-1e400", 0),
    ] {
        assert_eq!(
            lifetime(&accepted(tokens_with(&format!(r#","expires_in":{value}"#))).await),
            Some(seconds),
            "{value}"
        );
    }
    // A token that has always ended already is used all the same, and is renewed no more often than others.
    let ended = || tokens_with(r#","expires_in":0,"refresh_token":"r""#);
    let (server, account) = log_in([ended()]).await;
    let account = account.unwrap();
    (0..9).for_each(|_| server.answer(ended()));
    for _ in 0..5 {
        assert_eq!(account.token().await.unwrap().expose_secret(), "a");
    }
    assert!(server.received().len() <= 2, "{} requests", server.received().len());
}

#[tokio::test]
async fn tok_14_no_lifetime_is_no_promise() {
    let tokens = accepted(tokens_with("")).await;
    assert_eq!(tokens.expires_at(), None);
    assert!(!tokens.expires_within(Duration::from_secs(60), ManualClock::new().now()));

    // It is used for as long as it is taken, and renewed once it is not.
    let clock = ManualClock::new();
    let server = Canned::start([tokens_with(r#","refresh_token":"r""#)]).await;
    let client = oauth_tests::login::client(ACME).clock(Arc::new(clock.clone())).dangerous_at(server.origin());
    let started = oauth_tests::login::start(&client).await;
    let query = format!("code=canary-code&state={}", started.state);
    let account = client.callback(query, started.pending, started.browser).await.unwrap();
    clock.advance(Duration::from_secs(365 * 24 * 60 * 60));
    assert_eq!(account.token().await.unwrap().expose_secret(), "a");
    assert_eq!(server.received().len(), 1, "nothing was asked for");
    for answer in [status(401, ""), json(TOKENS), json("{}")] {
        server.answer(answer);
    }
    assert_eq!(account.get("/x").send().await.unwrap().status(), 200);
    let used: Vec<_> = server.received().iter().filter_map(|r| r.header("authorization").map(str::to_owned)).collect();
    assert_eq!(used, ["Bearer a", "Bearer canary-access-token"]);
    assert_eq!(server.received().len(), 4, "one refresh");
}

#[tokio::test]
async fn tok_15_a_missing_type_is_an_error_unless_the_file_says_otherwise() {
    let error = refused(ErrorKind::TokenTypeMissing, json(r#"{"access_token":"a"}"#)).await;
    assert!(error.explain().contains("assume_bearer"));
    let yaml = format!(
        "{ACME}token: {{response: {{token_type: assume_bearer}}}}\nquirks: [{{field: token.response.token_type, because: it is not there, source: https://acme.example/docs}}]\n"
    );
    log_in_with(&yaml, [json(r#"{"access_token":"a"}"#)]).await.1.unwrap();
}

#[tokio::test]
async fn tok_16_types_are_compared_without_case_and_unknown_ones_refused() {
    for known in ["bearer", "bEARER", "BEARER"] {
        accepted(json(&format!(r#"{{"access_token":"a","token_type":"{known}"}}"#))).await;
    }
    for unknown in ["mac", "N_A", "DPoP", "Bearer2"] {
        refused(ErrorKind::TokenTypeUnsupported, json(&format!(r#"{{"access_token":"a","token_type":"{unknown}"}}"#)))
            .await;
    }
}

#[tokio::test]
async fn tok_18_an_access_token_is_text() {
    for token in ["\"\"", "\" \"", "5", "[]", "{}", "null", "true"] {
        refused(ErrorKind::BadResponse, json(&format!(r#"{{"access_token":{token},"token_type":"Bearer"}}"#))).await;
    }
}

#[tokio::test]
async fn tok_19_a_large_token_is_kept_whole() {
    let token = "t".repeat(512 * 1024);
    let tokens = accepted(json(&format!(r#"{{"access_token":"{token}","token_type":"Bearer"}}"#))).await;
    assert_eq!(tokens.access_token().expose_secret().len(), token.len());
}

#[tokio::test]
async fn tok_20_granted_scopes_in_every_form_they_come_in() {
    let yaml = format!("{ACME}scopes: {{default: [a, b], response_separator: \",\"}}\n");
    for (member, granted) in [
        ("", vec!["a", "b"]),
        (r#","scope":"a""#, vec!["a"]),
        (r#","scope":"a,c""#, vec!["a", "c"]),
        (r#","scope":["a","d"]"#, vec!["a", "d"]),
        (r#","scope":null"#, vec!["a", "b"]),
        (r#","scope":"""#, vec![]),
    ] {
        let (_, account) = log_in_with(&yaml, [tokens_with(member)]).await;
        assert_eq!(account.unwrap().tokens().scopes(), granted, "{member}");
    }
    refused(ErrorKind::BadResponse, tokens_with(r#","scope":5"#)).await;
}

#[tokio::test]
async fn tok_21_deep_and_wide_members_that_nobody_asked_for_do_no_harm() {
    let deep = format!(r#","x":{}{}"#, "[".repeat(100_000), "]".repeat(100_000));
    let (_, account) = log_in([tokens_with(&deep)]).await;
    if let Err(error) = account {
        assert_eq!(error.kind(), ErrorKind::BadResponse);
    }
    let wide: Vec<String> = (0..50_000).map(|n| format!(r#","k{n}":1"#)).collect();
    accepted(tokens_with(&wide.concat())).await;
}

#[tokio::test]
async fn tok_22_json_with_something_behind_or_before_it_is_no_json() {
    for body in [
        format!("{TOKENS}x"),
        format!("{TOKENS}{TOKENS}"),
        format!(")]}}'\n{TOKENS}"),
        TOKENS.replace('}', ",\"access_token\":\"b\"}"),
    ] {
        refused(ErrorKind::BadResponse, json(&body)).await;
    }
}

#[tokio::test]
async fn tok_24_what_the_server_echoes_of_the_request_is_blotted_out() {
    let body = format!(
        r#"{{"error":"invalid_request","error_description":"secret {SECRET} and code canary-code are wrong"}}"#
    );
    let error = refused(ErrorKind::ProviderRefused, json_status(400, &body)).await;
    let text = format!("{} {error:?}", error.explain());
    assert!(!text.contains(SECRET) && !text.contains("canary-code"), "{text}");
    assert!(text.contains("secret [redacted] and code [redacted]"), "{text}");

    // Wherever it stands, and whatever the grant.
    let echoed = format!("canary-refresh {SECRET}");
    for body in [
        format!(r#"{{"error":"{echoed}"}}"#),
        format!(r#"{{"error":"invalid_grant","error_description":"{echoed}"}}"#),
        format!(r#"{{"error":{{"code":"invalid_grant","message":"{echoed}"}}}}"#),
        format!(r#"{{"error":"x","error_uri":"https://id.acme.example/?t=canary-refresh&s={SECRET}"}}"#),
        echoed.clone(),
    ] {
        let old = TokenSet::new("canary-access").with_refresh_token("canary-refresh");
        let (_server, account) = account_with(ACME, old, [json_status(400, &body)]).await;
        let error = account.refresh().await.unwrap_err();
        oauth_tests::issuer::tells_nothing(&error, &[SECRET, "canary-refresh", "canary-access"]);
        let server = format!("{:?}", error.server().map(|server| (server.code(), server.description(), server.uri())));
        assert!(!server.contains("canary"), "{server}");
    }
}

#[tokio::test]
async fn tok_25_a_code_that_may_have_arrived_is_not_sent_again() {
    // `refused` counts the requests; here the connection breaks after the request was read.
    refused(ErrorKind::Network, Answer::Bytes(Vec::new())).await;
    refused(ErrorKind::Unavailable, status(503, "")).await;
}

#[tokio::test]
async fn tok_26_a_refused_client_is_no_reason_to_log_in_again() {
    for code in ["invalid_client", "unauthorized_client"] {
        let error = refused(ErrorKind::ClientRejected, json_status(401, &format!(r#"{{"error":"{code}"}}"#))).await;
        assert!(!error.is_retryable() && !error.needs_reauth());
        // RFC 6749 section 5.2: the one is about the credentials, the other about what the client may do with them.
        let (shown, allowed) = ("the id ends in `ient`", "allow this kind of login or grant");
        let (said, silent) = if code == "invalid_client" { (shown, allowed) } else { (allowed, shown) };
        let told = error.explain();
        assert!(told.contains(said) && !told.contains(silent), "{told}");
        assert_eq!(told.contains("client_auth: body"), code == "invalid_client", "{told}");
        assert!(!error.explain().contains(SECRET));
    }
    refused(ErrorKind::ProviderRefused, json_status(400, r#"{"error":"unsupported_grant_type"}"#)).await;
    refused(ErrorKind::Scope, json_status(400, r#"{"error":"invalid_scope"}"#)).await;

    for (code, kind) in [
        ("invalid_client", ErrorKind::ClientRejected),
        ("unauthorized_client", ErrorKind::ClientRejected),
        ("unsupported_grant_type", ErrorKind::ProviderRefused),
        ("invalid_scope", ErrorKind::Scope),
    ] {
        let old = TokenSet::new("old-access").with_refresh_token("old-refresh");
        let refusal = json_status(400, &format!(r#"{{"error":"{code}"}}"#));
        let (server, account) = account_with(ACME, old, [refusal, json(TOKENS)]).await;
        let error = account.refresh().await.unwrap_err();
        assert_eq!(error.kind(), kind);
        assert!(!error.is_retryable() && !error.needs_reauth(), "{code}: {}", error.explain());
        assert_eq!(account.tokens().access_token().expose_secret(), "old-access");
        assert_eq!(account.tokens().refresh_token().unwrap().expose_secret(), "old-refresh");
        assert_eq!(server.received().len(), 1, "{code}");
    }
}

#[tokio::test]
async fn tok_27_members_of_the_wrong_type_are_told() {
    for (member, name) in [
        ("\"id_token\":5", "id_token"),
        ("\"refresh_token\":[]", "refresh_token"),
        ("\"refresh_token\":{}", "refresh_token"),
    ] {
        let error = refused(ErrorKind::BadResponse, tokens_with(&format!(",{member}"))).await;
        assert!(error.to_string().contains(name), "{error}");
    }
    for absent in ["\"refresh_token\":null", "\"refresh_token\":\"\"", "\"id_token\":null"] {
        let tokens = accepted(tokens_with(&format!(",{absent}"))).await;
        assert!(tokens.refresh_token().is_none() && tokens.id_token().is_none());
    }
    let old = TokenSet::new("old-access").with_refresh_token("old-refresh");
    let (_server, account) = account_with(ACME, old, [tokens_with(r#","refresh_token":"""#)]).await;
    let tokens = account.refresh().await.unwrap();
    assert_eq!(tokens.refresh_token().unwrap().expose_secret(), "old-refresh");
}

#[tokio::test]
async fn an_html_answer_is_described_and_not_repeated() {
    let error = refused(
        ErrorKind::BadResponse,
        with(200, &[("content-type", "text/html")], "<html>sign in to the hotel's wifi</html>"),
    )
    .await;
    assert!(error.to_string().contains("text/html") && !error.to_string().contains("hotel"), "{error}");
    assert!(error.explain().contains("captive portal"));
}
