//! Revoking the tokens of a login: as RFC 7009 has it, and as providers have it, for typed and dynamic clients alike.

use std::sync::Arc;
use std::time::Duration;

use oauth_core::{Account, CanRevoke, Client, Clock as _, Discovered, ErrorKind, Provider, Result, Step, TokenSet};
use oauth_simulator::{Answer, Endpoint, Recorded, RegisteredClient, Simulator};
use oauth_tests::canned::{self, Canned, Received, json, json_status, status, with};
use oauth_tests::login::{ManualClock, spec as file};

use self::lapse::Lapse;
use crate::rig::{ID, REDIRECT, SECRET, client_of, log_in, simulate, spec};

oauth_providers::provider!("tests/flows/lapse.yaml");

const PLAIN: &str = "
id: plain
name: Plain
docs: https://plain.example/docs
checked: 2026-11-21
endpoints: {authorization: https://plain.example/authorize, token: https://plain.example/token, revocation: https://plain.example/revoke}
scopes: {default: [read], known: {read: Read}}
api: {base_url: https://api.plain.example}
";

fn tokens() -> TokenSet {
    TokenSet::new("canary-access").with_refresh_token("canary-refresh")
}

/// What comes of revoking [`tokens`] at a server that answers like this, and what it was sent.
async fn outcome(deviation: &str, answers: impl IntoIterator<Item = canned::Answer>) -> (Result<()>, Vec<Received>) {
    let server = Canned::start(answers).await;
    let client = file(&format!("{PLAIN}{deviation}\n")).client(ID, SECRET).dangerous_at(server.origin());
    let outcome = client.clock(Arc::new(ManualClock::new())).revoke(&tokens()).await;
    (outcome, server.received())
}

fn bodies(requests: &[Received]) -> Vec<&str> {
    requests.iter().map(|request| request.body.as_str()).collect()
}

const REFRESH: &str = "token=canary-refresh&token_type_hint=refresh_token";
const ACCESS: &str = "token=canary-access&token_type_hint=access_token";

#[tokio::test]
async fn a_login_is_revoked_refresh_token_first() {
    let (outcome, requests) = outcome("", [status(200, ""), status(200, "")]).await;
    outcome.unwrap();
    assert_eq!(bodies(&requests), [REFRESH, ACCESS]);
    for request in &requests {
        assert_eq!((request.method.as_str(), request.target.as_str()), ("POST", "/plain.example/revoke"));
        assert_eq!(request.header("content-type"), Some("application/x-www-form-urlencoded"));
        assert!(request.header("authorization").is_some_and(|value| value.starts_with("Basic ")));
    }
}

#[tokio::test]
async fn a_login_is_over_once_it_is_revoked() {
    let spec = spec(PLAIN);
    let sim = simulate(&spec).await;
    let client = client_of(&sim, &spec);
    let account = log_in(&sim, &client).await.unwrap();
    client.revoke(&account.tokens()).await.unwrap();
    let statuses: Vec<u16> = sim.requests_to(Endpoint::Revocation).iter().map(Recorded::status).collect();
    assert_eq!(statuses, [200, 200], "the access token that ended with the refresh token is no error");
    let error = account.get("/me").send().await.unwrap_err();
    assert_eq!((error.kind(), error.step()), (ErrorKind::GrantRejected, Step::Refresh));
    client.revoke(&account.tokens()).await.unwrap();
}

#[tokio::test]
async fn cr_15_an_overloaded_endpoint_is_asked_again_later() {
    let busy = with(503, &[("retry-after", "120")], "");
    let (outcome, requests) = outcome("", [busy]).await;
    let error = outcome.unwrap_err();
    assert_eq!((error.kind(), error.step()), (ErrorKind::Unavailable, Step::Revoke));
    assert!(error.is_retryable() && !error.needs_reauth());
    assert_eq!(error.retry_after(), Some(Duration::from_secs(120)));
    assert_eq!(bodies(&requests), [REFRESH], "the second token waits for the same server");
    let sim = simulate(&spec(PLAIN)).await;
    sim.next_revocation_answer(Answer::lost());
    let error = client_of(&sim, &spec(PLAIN)).revoke(&tokens()).await.unwrap_err();
    assert!(error.is_retryable(), "{}", error.explain());
}

#[tokio::test]
async fn cr_15_access_tokens_that_are_not_revoked_are_no_failure_beside_a_refresh_token_that_is() {
    let unsupported = || json_status(400, r#"{"error":"unsupported_token_type"}"#);
    let (both, requests) = outcome("", [status(200, ""), unsupported()]).await;
    both.unwrap();
    assert_eq!(requests.len(), 2);
    for answers in [[unsupported(), status(200, "")], [unsupported(), unsupported()]] {
        let (refresh_token_lives_on, _) = outcome("", answers).await;
        assert_eq!(refresh_token_lives_on.unwrap_err().kind(), ErrorKind::Unsupported);
    }
    let (alone, _) = outcome("revoke: {tokens: [access]}", [unsupported()]).await;
    assert_eq!(alone.unwrap_err().kind(), ErrorKind::Unsupported);
}

#[tokio::test]
async fn a_refusal_is_told_and_holds_no_token() {
    let refusal = r#"{"error":"invalid_request","error_description":"canary-refresh is not canary-access"}"#;
    let (refused, requests) = outcome("", [json_status(400, refusal), status(200, "")]).await;
    let error = refused.unwrap_err();
    assert_eq!((error.kind(), error.step()), (ErrorKind::ProviderRefused, Step::Revoke));
    assert!(!error.is_retryable());
    assert_eq!(bodies(&requests), [REFRESH, ACCESS], "what one token meets does not save the other");
    let text = format!("{} {error:?}", error.explain());
    assert!(!text.contains("canary-refresh"), "{text}");
    assert!(text.contains("revoking the tokens with Plain"), "{text}");
    for (answer, kind) in [
        (json_status(401, r#"{"error":"invalid_client"}"#), ErrorKind::ClientRejected),
        (json_status(400, r#"{"error":"invalid_grant"}"#), ErrorKind::GrantRejected),
        (with(302, &[("location", "https://evil.example/")], ""), ErrorKind::RedirectRefused),
        (json(r#"{"error":"invalid_request"}"#), ErrorKind::ProviderRefused),
    ] {
        let (refused, _) = outcome("", [answer, status(200, "")]).await;
        let error = refused.unwrap_err();
        assert_eq!(error.kind(), kind);
        assert!(!error.needs_reauth(), "{}", error.explain());
    }
}

#[tokio::test]
async fn one_request_is_enough_where_it_ends_the_grant() {
    let (all, requests) = outcome("revoke: {ends: grant}", [status(200, "")]).await;
    all.unwrap();
    assert_eq!(bodies(&requests), [REFRESH]);
    let (next, requests) = outcome("revoke: {ends: grant}", [status(400, ""), status(200, "")]).await;
    next.unwrap();
    assert_eq!(bodies(&requests), [REFRESH, ACCESS], "the second token ends the grant that the first one did not");
}

#[tokio::test]
async fn a_grant_whose_first_token_had_ended_is_asked_for_the_second() {
    let deviation = "revoke: {ends: grant, gone: [token_over]}";
    let over = || json_status(400, r#"{"error":"token_over"}"#);
    let (all, requests) = outcome(deviation, [over(), status(200, "")]).await;
    all.unwrap();
    assert_eq!(bodies(&requests), [REFRESH, ACCESS], "a refresh token that has ended ends no access token");
    outcome(deviation, [over(), over()]).await.0.unwrap();
}

#[tokio::test]
async fn an_access_token_that_has_ended_is_not_all_there_is() {
    for (tokens_taken, sent) in [("[access]", 0), ("[refresh, access]", 2)] {
        let server = Canned::start((0..3).map(|_| status(200, ""))).await;
        let client = file(&format!("{PLAIN}revoke: {{tokens: {tokens_taken}}}\n")).client(ID, SECRET);
        let clock = ManualClock::new();
        let ended = tokens().with_expires_at(clock.now() - Duration::from_secs(1));
        let client = client.clock(Arc::new(clock)).dangerous_at(server.origin());
        let outcome = client.revoke(&ended).await;
        assert_eq!(server.received().len(), sent);
        // Whoever takes the refusal of the access token for success leaves the refresh token alive.
        assert_eq!(outcome.err().map(|error| error.kind()), (sent == 0).then_some(ErrorKind::TokenEnded));
        let alone = TokenSet::new("canary-access").with_expires_at(ended.expires_at().unwrap());
        client.revoke(&alone).await.unwrap_or_else(|error| panic!("{}", error.explain()));
    }
}

#[tokio::test]
async fn a_token_that_had_ended_counts_as_revoked_in_the_providers_own_words() {
    let deviation = "revoke: {tokens: [access], gone: [token_over, \"404\"]}";
    for answer in [json_status(400, r#"{"error":"token_over"}"#), status(404, "nothing here")] {
        outcome(deviation, [answer]).await.0.unwrap();
    }
    for answer in [json_status(400, r#"{"error":"other"}"#), status(410, "")] {
        outcome(deviation, [answer]).await.0.unwrap_err();
    }
    let deviation = "revoke: {tokens: [access], fails_when: {at: /ok, equals: false}, gone: [token_over]}";
    outcome(deviation, [json(r#"{"ok":true}"#)]).await.0.unwrap();
    outcome(deviation, [json(r#"{"ok":false,"error":"token_over"}"#)]).await.0.unwrap();
    let error = outcome(deviation, [json(r#"{"ok":false,"error":"other"}"#)]).await.0.unwrap_err();
    assert_eq!(error.server().and_then(|server| server.code()), Some("other"));
    let error = outcome(deviation, [status(200, "<html>a portal</html>")]).await.0.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BadResponse, "success is told by the body here");
}

#[tokio::test]
async fn a_token_is_sent_where_api_requests_have_it() {
    let deviation = "revoke: {in: api}";
    let (sent, requests) = outcome(deviation, [status(200, "")]).await;
    sent.unwrap();
    assert_eq!((requests.len(), requests[0].body.as_str()), (1, ""));
    assert_eq!(requests[0].header("authorization"), Some("Bearer canary-access"));
    assert_eq!(requests[0].header("content-type"), None);
    let deviation = "token: {placement: {header: X-Token}}\nrevoke: {in: api, method: DELETE, client_auth: true}";
    let (sent, requests) = outcome(deviation, [status(200, "")]).await;
    sent.unwrap();
    assert_eq!((requests[0].method.as_str(), requests[0].header("x-token")), ("DELETE", Some("canary-access")));
    assert!(requests[0].header("authorization").is_some_and(|value| value.starts_with("Basic ")));
    let deviation = "token: {placement: {query: key}}\nrevoke: {in: api}\nquirks: [{field: token.placement, because: x, source: \"https://plain.example\"}]";
    let (sent, requests) = outcome(deviation, [status(200, "")]).await;
    sent.unwrap();
    assert_eq!(requests[0].target, "/plain.example/revoke?key=canary-access");
}

#[tokio::test]
async fn without_a_token_of_the_kind_there_is_nothing_to_revoke() {
    let client = file(&format!("{PLAIN}revoke: {{tokens: [refresh]}}\n")).client(ID, SECRET);
    let error = client.revoke(&TokenSet::new("canary-access")).await.unwrap_err();
    assert_eq!((error.kind(), error.step()), (ErrorKind::Unsupported, Step::Revoke));
}

#[tokio::test]
async fn a_provider_without_the_endpoint_says_what_its_file_lacks() {
    let without = file(&PLAIN.replace(", revocation: https://plain.example/revoke", ""));
    let error = without.client(ID, SECRET).revoke(&tokens()).await.unwrap_err();
    assert_eq!((error.kind(), error.step()), (ErrorKind::Unsupported, Step::Revoke));
    assert!(error.explain().contains("provider `plain` cannot revoke tokens"), "{}", error.explain());
    assert!(error.explain().contains("`endpoints.revocation`"), "{}", error.explain());
}

#[tokio::test]
async fn a_client_without_a_secret_names_itself() {
    let server = Canned::start([status(200, ""), status(200, "")]).await;
    file(PLAIN).public("my-app").dangerous_at(server.origin()).revoke(&tokens()).await.unwrap();
    let requests = server.received();
    assert_eq!(bodies(&requests), [format!("{REFRESH}&client_id=my-app"), format!("{ACCESS}&client_id=my-app")]);
    let public = file(&format!("{PLAIN}revoke: {{client_auth: basic}}\n")).public("my-app");
    let error = public.dangerous_at(server.origin()).revoke(&tokens()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config, "{}", error.explain());
    assert_eq!(server.received().len(), 2);
}

/// A login at the provider of `lapse.yaml`, revoked: what the provider saw of that.
async fn lapsed<P: CanRevoke>(sim: &Simulator, client: Client<P>) -> Vec<Recorded> {
    let account: Account<P> = client.account(tokens_of(sim, &client).await);
    client.revoke(&account.tokens()).await.unwrap_or_else(|error| panic!("{}", error.explain()));
    client.revoke(&account.tokens()).await.unwrap_or_else(|error| panic!("{}", error.explain()));
    sim.requests_to(Endpoint::Revocation)
}

async fn tokens_of<P: Provider>(sim: &Simulator, client: &Client<P>) -> TokenSet {
    let account = log_in(sim, &client.clone().erase()).await.unwrap_or_else(|broken| panic!("{broken}"));
    (*account.tokens()).clone()
}

#[tokio::test]
async fn typed_and_dynamic_clients_revoke_as_the_file_says() {
    let lapse = spec(include_str!("lapse.yaml"));
    for typed in [true, false] {
        let registered = RegisteredClient::confidential(ID, SECRET).redirect_uri(REDIRECT);
        let sim = Simulator::builder(Arc::clone(&lapse)).setting("shop", "corner").client(registered).start().await;
        let sim = sim.unwrap();
        let requests = if typed {
            let client = Lapse::client(ID, SECRET, "corner").redirect_uri(REDIRECT).dangerous_at(sim.origin());
            lapsed(&sim, client).await
        } else {
            let client = (*lapse).clone().client(ID, SECRET).set("shop", "corner").unwrap();
            lapsed(&sim, client.redirect_uri(REDIRECT).dangerous_at(sim.origin())).await
        };
        let statuses: Vec<u16> = requests.iter().map(Recorded::status).collect();
        assert_eq!(statuses, [200, 200, 404, 404], "the further token is one of the login's");
        for request in &requests {
            assert_eq!(request.method(), "DELETE");
            assert_eq!((request.host(), request.path()), ("corner.lapse.example", "/apps/my%20client%3A1/grant"));
            assert_eq!(request.header("x-version"), Some("3"));
            assert!(request.header("authorization").is_some_and(|value| value.starts_with("Basic ")));
            let names: Vec<&str> = request.body_params().map(|(name, _)| name).collect();
            assert_eq!(names, ["access_token", "reason"]);
        }
        assert_ne!(requests[0].param("access_token"), requests[1].param("access_token"));
    }
}

#[tokio::test]
async fn the_endpoint_is_the_metadatas_where_the_file_has_none() {
    let metadata = |origin: &str, endpoint: &str| {
        format!(
            r#"{{"issuer":"{origin}","authorization_endpoint":"{origin}/a","token_endpoint":"{origin}/t"{endpoint}}}"#
        )
    };
    let server = Canned::start([]).await;
    let endpoint = format!(r#","revocation_endpoint":"{}/gone""#, server.origin());
    server.answer(json(&metadata(server.origin(), &endpoint)));
    server.answer(status(200, ""));
    server.answer(status(200, ""));
    let client = Discovered::at(server.origin()).unwrap().client(ID, SECRET).await.unwrap();
    client.revoke(&tokens()).await.unwrap_or_else(|error| panic!("{}", error.explain()));
    let requests = server.received();
    assert_eq!((requests[1].target.as_str(), requests.len()), ("/gone", 3));

    let server = Canned::start([]).await;
    server.answer(json(&metadata(server.origin(), "")));
    let client = Discovered::at(server.origin()).unwrap().client(ID, SECRET).await.unwrap();
    assert_eq!(client.revoke(&tokens()).await.unwrap_err().kind(), ErrorKind::Unsupported);
}
