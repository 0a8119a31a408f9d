use std::time::Duration;

use serde_json::json;

use super::specs::{plain, plain_with};
use super::*;
use crate::SimUser;
use crate::html_form::first_form;

/// A browser's POST of a form.
async fn post(sim: &Simulator, path: &str, cookie: &str, pairs: &[(&str, &str)]) -> Received {
    let url = format!("{}{path}", sim.origin());
    let headers = vec![("content-type", "application/x-www-form-urlencoded"), ("cookie", cookie)];
    send(Call { method: Method::POST, url: &url, headers, body: form(pairs).into_bytes() }).await.unwrap()
}

async fn open(url: &str, cookie: &str) -> Received {
    send(Call { method: Method::GET, url, headers: vec![("cookie", cookie)], body: Vec::new() }).await.unwrap()
}

fn transaction(page: &Received) -> String {
    first_form(&page.text()).unwrap().fields[0].1.clone()
}

/// Through the login page: the session cookie.
async fn sign_in(sim: &Simulator, transaction: &str) -> String {
    let received = post(sim, "/-/login", "", &[("transaction", transaction), ("account", "20071")]).await;
    assert_eq!(received.status, 303);
    let cookie = received.headers["set-cookie"].to_str().unwrap();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"), "{cookie}");
    cookie.split(';').next().unwrap().to_owned()
}

#[tokio::test]
async fn pages_are_closed_and_escaped() {
    let spec = plain_with(&json!({"scopes": {"known": [{"value": "<b>", "rust": "B", "doc": "</p><script>"}]}}));
    let sim = builder(spec).user(SimUser::new("20071").name("<i>&'\"")).start().await.unwrap();
    let url = authorize_url(&sim, VERIFIER, &[("scope", "<b>"), ("state", "\"><script>alert(1)</script>")]);
    let login = open(&url, "").await;
    let cookie = sign_in(&sim, &transaction(&login)).await;
    let consent = open(&url, &cookie).await;
    for page in [&login, &consent] {
        let policy = page.headers["content-security-policy"].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"), "{policy}");
        assert_eq!(page.headers["referrer-policy"], "no-referrer");
        assert_eq!(page.headers["x-frame-options"], "DENY");
        assert_eq!(page.headers["cache-control"], "no-store");
        for raw in ["<script", "<b>", "<i>", "Plain <&"] {
            assert!(!page.text().contains(raw), "{raw}");
        }
        assert!(page.text().contains("lang=\"en\""));
    }
    assert!(consent.text().contains("&lt;/p&gt;&lt;script&gt;"));
    assert!(consent.text().contains("Plain &lt;&amp; &quot;Co&quot;&gt;"));
}

#[tokio::test]
async fn another_browser_cannot_decide() {
    let sim = start(plain()).await;
    let url = authorize_url(&sim, VERIFIER, &[]);
    let id = transaction(&open(&url, "").await);
    let decision = [("transaction", id.as_str()), ("decision", "approve")];
    assert_eq!(post(&sim, "/-/consent", "", &decision).await.status, 400);
    let cookie = sign_in(&sim, &id).await;
    let other = sign_in(&sim, &transaction(&open(&url, "").await)).await;
    for wrong in ["", other.as_str()] {
        assert_eq!(post(&sim, "/-/consent", wrong, &decision).await.status, 400);
    }
    assert_eq!(post(&sim, "/-/consent", &cookie, &[decision[0], ("decision", "perhaps")]).await.status, 400);
    assert_eq!(post(&sim, "/-/consent", &cookie, &decision).await.status, 303);
    assert_eq!(post(&sim, "/-/consent", &cookie, &decision).await.status, 400);
}

#[tokio::test]
async fn a_session_skips_the_login_and_can_be_changed() {
    let sim = builder(plain()).user(SimUser::new("20071")).user(SimUser::new("2")).start().await.unwrap();
    let url = authorize_url(&sim, VERIFIER, &[]);
    let cookie = sign_in(&sim, &transaction(&open(&url, "").await)).await;
    let consent = open(&url, &cookie).await;
    assert_eq!(first_form(&consent.text()).unwrap().action, "/-/consent");
    let id = transaction(&consent);
    let switched = post(&sim, "/-/consent", &cookie, &[("transaction", &id), ("decision", "switch")]).await;
    assert_eq!(first_form(&switched.text()).unwrap().action, "/-/login");
    let again = post(&sim, "/-/login", &cookie, &[("transaction", &id), ("account", "2")]).await;
    assert_eq!(again.status, 303);
}

#[tokio::test]
async fn a_page_goes_stale() {
    let sim = start(plain()).await;
    let id = transaction(&open(&authorize_url(&sim, VERIFIER, &[]), "").await);
    sim.advance(Duration::from_secs(601));
    assert_eq!(post(&sim, "/-/login", "", &[("transaction", &id), ("account", "20071")]).await.status, 400);
}

#[tokio::test]
async fn the_root_says_what_this_is() {
    let sim = start(plain()).await;
    let root = open(sim.origin(), "").await;
    assert!(root.text().contains("Simulator of Plain"));
    assert!(sim.requests().is_empty());
}

#[tokio::test]
async fn a_form_from_another_site_brings_no_lax_cookie() {
    let sim = start(plain()).await;
    let url = authorize_url(&sim, VERIFIER, &[]);
    let user = sim.scripted_user();
    user.approve(&url).await.unwrap();
    let page = user.open(&url).await.unwrap();
    let id = first_form(page.text()).unwrap().fields[0].1.clone();
    let body = form(&[("transaction", &id), ("decision", "approve")]);
    let answered = user.post(&format!("{}/-/consent", sim.origin()), &body).await.unwrap();
    assert_eq!(answered.status(), 400);
    assert!(answered.text().contains("another browser"));
}
