//! One small file per deviation: the flow works with it, and the request on the wire has it.

use std::sync::Arc;

use base64::Engine as _;
use oauth_core::{Browser, ErrorKind, ProviderSpec};
use oauth_simulator::{Answer, Endpoint, Recorded, RegisteredClient, Simulator};

use crate::rig::{self, ID, REDIRECT, SECRET, Walked, client_of, simulate, spec, walk};

const PLAIN: &str = "
id: plain
name: Plain
docs: https://plain.example/docs
checked: 2026-11-21
endpoints: {authorization: https://plain.example/authorize, token: https://plain.example/token}
scopes: {default: [read], known: {read: Read}}
profile: {request: GET https://api.plain.example/me, map: {subject: /id}}
api: {base_url: https://api.plain.example}
";

fn plain(deviation: &str) -> Arc<ProviderSpec> {
    spec(&format!("{PLAIN}{deviation}\n"))
}

async fn walked(spec: &Arc<ProviderSpec>) -> (Simulator, Walked<oauth_core::Dynamic>) {
    let sim = simulate(spec).await;
    let walked = walk(&sim, &client_of(&sim, spec)).await.unwrap_or_else(|broken| panic!("{broken}"));
    (sim, walked)
}

fn only(sim: &Simulator, endpoint: Endpoint) -> Recorded {
    let mut requests = sim.requests_to(endpoint);
    assert_eq!(requests.len(), 1, "{requests:?}");
    requests.remove(0)
}

fn names(request: &Recorded) -> Vec<&str> {
    let mut names: Vec<&str> = request.params().map(|(name, _)| name).collect();
    names.sort_unstable();
    names
}

#[tokio::test]
async fn without_any_deviation_the_client_authenticates_with_basic() {
    let (sim, _) = walked(&plain("")).await;
    let expected = base64::engine::general_purpose::STANDARD.encode("my+client%3A1:s3cret+%2B%2F%25%3D%26%3A%22%C3%A4");
    for endpoint in [Endpoint::Token, Endpoint::Refresh] {
        let request = only(&sim, endpoint);
        assert_eq!(request.header("authorization"), Some(format!("Basic {expected}").as_str()));
        assert_eq!(request.header("content-type"), Some("application/x-www-form-urlencoded"));
        assert!(request.param("client_secret").is_none() && request.param("client_id").is_none());
    }
    assert_eq!(names(&only(&sim, Endpoint::Token)), ["code", "code_verifier", "grant_type", "redirect_uri"]);
    assert_eq!(names(&only(&sim, Endpoint::Refresh)), ["grant_type", "refresh_token"]);
}

#[tokio::test]
async fn a_token_request_as_json() {
    let (sim, _) = walked(&plain("client_auth: body\ntoken: {request: {format: json}}")).await;
    for endpoint in [Endpoint::Token, Endpoint::Refresh] {
        let request = only(&sim, endpoint);
        assert_eq!(request.header("content-type"), Some("application/json"));
        assert_eq!((request.param("client_id"), request.param("client_secret")), (Some(ID), Some(SECRET)));
        assert_eq!(request.query_params().count(), 0);
    }
}

#[tokio::test]
async fn a_token_request_as_a_query() {
    let (sim, _) = walked(&plain("client_auth: body\ntoken: {request: {method: GET}}")).await;
    let request = only(&sim, Endpoint::Token);
    assert_eq!((request.method(), request.body_params().count()), ("GET", 0));
    assert_eq!(request.param("client_secret"), Some(SECRET));
}

#[tokio::test]
async fn a_public_client_shows_no_secret_and_has_a_verifier() {
    let file = plain("client_auth: none");
    let (sim, _) = walked(&file).await;
    let (token, refresh) = (only(&sim, Endpoint::Token), only(&sim, Endpoint::Refresh));
    assert_eq!(names(&token), ["client_id", "code", "code_verifier", "grant_type", "redirect_uri"]);
    assert_eq!(names(&refresh), ["client_id", "grant_type", "refresh_token"]);

    // The same of a provider whose other clients have secrets.
    let basic = plain("");
    let sim = Simulator::builder(Arc::clone(&basic)).client(RegisteredClient::public("cli")).start().await.unwrap();
    let client =
        ProviderSpec::clone(&basic).public("cli").redirect_uri(REDIRECT).clock(sim.clock()).dangerous_at(sim.origin());
    walk(&sim, &client).await.unwrap_or_else(|broken| panic!("{broken}"));
    let request = only(&sim, Endpoint::Token);
    assert!(request.header("authorization").is_none());
    assert_eq!(request.param("client_id"), Some("cli"));
    assert_eq!(request.param("code_verifier").map(str::len), Some(43));
}

#[tokio::test]
async fn a_nested_answer_with_its_own_names_and_times() {
    let file = plain(
        "token: {response: {at: [/result/0, \"\"], rename: {access_token: token, refresh_token: renewal, scope: rights}, \
         expiry: {field: valid_until, kind: at, unit: ms}, extras: {team: {type: string, at: /owner/team}}}}",
    );
    let (sim, walked) = walked(&file).await;
    let tokens = walked.account.tokens();
    assert_eq!(walked.granted, ["read"]);
    assert!(tokens.refresh_token().is_some());
    let left = tokens.expires_at().unwrap().duration_since(sim.clock().now()).unwrap().as_secs();
    assert!((3590..=3600).contains(&left), "{left}");
    assert_eq!(walked.account.extras().unwrap().pointer("/owner/team"), Some(&serde_json::json!("sample-team-1")));
}

#[tokio::test]
async fn an_answer_that_fails_with_status_200() {
    let file = plain(
        "token: {response: {fails_when: {at: /ok, equals: false}, error: {code: /reason, description: /words, codes: {stale: invalid_grant}}}}",
    );
    let (sim, walked) = walked(&file).await;
    sim.revoke_all();
    let error = walked.account.refresh().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::GrantRejected, "{}", error.explain());
    assert_eq!(error.server().and_then(|server| server.code()), Some("stale"));
    assert_eq!(only_last_status(&sim), 200);
}

fn only_last_status(sim: &Simulator) -> u16 {
    sim.requests_to(Endpoint::Refresh).last().expect("a refresh").status()
}

#[tokio::test]
async fn renamed_and_omitted_parameters() {
    let deviations = "client_auth: body\npkce: required\nauthorize: {rename: {client_id: app_key, redirect_uri: back}, params: {view: full}}\n\
         scopes: {param: rights, separator: \",\", default: [read, write], known: {read: Read, write: Write}}\n\
         token: {request: {rename: {client_id: app_key, client_secret: app_secret, code: ticket}, omit: [redirect_uri], params: {tenant: main}, headers: {X-App: \"{client_id}\"}}}";
    let file =
        spec(&format!("{}{deviations}\n", PLAIN.replace("scopes: {default: [read], known: {read: Read}}\n", "")));
    let (sim, walked) = walked(&file).await;
    assert_eq!(walked.granted, ["read", "write"]);
    let request = only(&sim, Endpoint::Authorization);
    assert_eq!(
        names(&request),
        ["app_key", "back", "code_challenge", "code_challenge_method", "response_type", "rights", "state", "view"]
    );
    assert_eq!((request.param("rights"), request.param("back")), (Some("read,write"), Some(REDIRECT)));
    let request = only(&sim, Endpoint::Token);
    assert_eq!(names(&request), ["app_key", "app_secret", "code_verifier", "grant_type", "tenant", "ticket"]);
    assert_eq!(request.header("x-app"), Some(ID));
}

#[tokio::test]
async fn a_callback_with_its_own_names() {
    let file = plain("callback: {code: ticket, errors: {user_said_no: access_denied}}");
    let (sim, _) = walked(&file).await;
    let client = client_of(&sim, &file);
    let (url, pending, browser) = client.authorize().begin().await.unwrap().into_parts();
    let callback = sim.scripted_user().deny(url.as_str()).await.unwrap();
    assert!(callback.contains("error=user_said_no"), "the simulator speaks the provider's language");
    let error = client.callback(callback, pending, Browser::from(browser)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AccessDenied);
    assert_eq!(error.server().and_then(|server| server.code()), Some("user_said_no"));
}

const REASON: &str = "because: the vendor says so, source: https://plain.example/docs";

#[tokio::test]
async fn a_token_in_every_place() {
    for (placement, header, param) in [
        ("{scheme: OAuth}", Some(("authorization", "OAuth sim_at_")), None),
        ("{header: X-Token}", Some(("x-token", "sim_at_")), None),
        ("{query: key}", None, Some("key")),
        ("{body: key}", None, Some("key")),
        ("{body: key, json: true}", None, Some("key")),
    ] {
        let quirk =
            if param.is_some() { format!("quirks: [{{field: token.placement, {REASON}}}]") } else { String::new() };
        // A token in the body needs a method that has one.
        let method = if placement.contains("body") { "POST" } else { "GET" };
        let text = format!("{PLAIN}token: {{placement: {placement}}}\n{quirk}\n")
            .replace("GET https", &format!("{method} https"));
        let file = spec(&text);
        let sim = simulate(&file).await;
        let account = rig::log_in(&sim, &client_of(&sim, &file)).await.unwrap_or_else(|broken| panic!("{broken}"));
        account.profile().await.unwrap_or_else(|error| panic!("{placement}: {}", error.explain()));
        let request = only(&sim, Endpoint::Profile);
        if let Some((name, start)) = header {
            assert!(request.header(name).is_some_and(|value| value.starts_with(start)), "{placement}");
            assert_eq!(request.params().count(), 0, "{placement}");
        }
        if let Some(name) = param {
            assert!(request.param(name).is_some_and(|value| value.starts_with("sim_at_")), "{placement}");
            assert!(request.header("authorization").is_none(), "{placement}");
        }
    }
}

#[tokio::test]
async fn a_refresh_that_needs_a_scope_comes_with_it_only() {
    let file = plain("refresh: {needs: {scope: offline}, note: Ask for the scope offline.}");
    let (_, walked) = walked(&file).await;
    assert_eq!(walked.granted, ["read", "offline"]);

    let sim = simulate(&file).await;
    let client = client_of(&sim, &file);
    let (url, pending, browser) = client.authorize().scopes(["read"]).begin().await.unwrap().into_parts();
    let callback = sim.scripted_user().approve(url.as_str()).await.unwrap();
    let account = client.callback(callback, pending, Browser::from(browser)).await.unwrap();
    let error = account.refresh().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NoRefreshToken);
    assert!(error.explain().contains("Ask for the scope offline."), "{}", error.explain());
}

#[tokio::test]
async fn a_server_without_a_deviation_that_answers_in_a_form() {
    let file = plain("");
    let sim = simulate(&file).await;
    let form = Answer::new(200).header("content-type", "application/x-www-form-urlencoded");
    sim.next_token_answer(form.body("access_token=abc%2Bdef&token_type=bearer&scope=read"));
    let account = rig::log_in(&sim, &client_of(&sim, &file)).await.unwrap_or_else(|broken| panic!("{broken}"));
    assert_eq!(account.tokens().scopes(), ["read"]);
    assert_eq!(oauth_core::ExposeSecret::expose_secret(account.tokens().access_token()), "abc+def");
}
