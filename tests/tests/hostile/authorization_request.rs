//! Area AZ: the authorization request and PKCE.

use std::sync::Arc;

use oauth_core::{ErrorKind, ExposeSecret as _, PendingAttempts, Rng, RngError, Scopes};
use oauth_tests::login::{self, ACME, client, parameter, spec, start};

struct NoRng;

impl Rng for NoRng {
    fn fill(&self, _: &mut [u8]) -> Result<(), RngError> {
        Err(RngError)
    }
}

#[tokio::test]
async fn az_01_verifier_and_state_are_new_long_and_random() {
    let client = client(ACME);
    let (one, other) = (start(&client).await, start(&client).await);
    for name in ["state", "code_challenge"] {
        let (one, other) = (parameter(&one.url, name).unwrap(), parameter(&other.url, name).unwrap());
        assert_ne!(one, other, "{name}");
        assert!(one.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)), "{one}");
    }
    // RFC 7636 section 4.2: 32 bytes of SHA-256 are 43 characters; 16 bytes of state are 22.
    assert_eq!(parameter(&one.url, "code_challenge").unwrap().len(), 43);
    assert_eq!(parameter(&one.url, "state").unwrap().len(), 22);
    assert_eq!(parameter(&one.url, "code_challenge_method").unwrap(), "S256");

    let error = login::client(ACME).rng(Arc::new(NoRng)).authorize().begin().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Random);
    assert!(error.to_string().contains("Acme"));
}

/// The octets of RFC 7636 appendix B come first, and nothing after them.
struct AppendixB;

impl Rng for AppendixB {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), RngError> {
        let octets = [
            116, 24, 223, 180, 151, 153, 224, 37, 79, 250, 96, 125, 216, 173, 187, 186, 22, 212, 37, 77, 105, 214, 191,
            240, 91, 88, 5, 88, 83, 132, 141, 121,
        ];
        bytes[..octets.len()].copy_from_slice(&octets);
        Ok(())
    }
}

#[tokio::test]
async fn rfc_7636_b_a_verifier_and_its_challenge() {
    let attempt = client(ACME).rng(Arc::new(AppendixB)).authorize().begin().await.unwrap();
    let (url, pending, _) = attempt.into_parts();
    let challenge = parameter(url.as_str(), "code_challenge").unwrap();
    assert_eq!(challenge, "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    let kept = pending.expose_json();
    assert!(kept.expose_secret().contains("\"dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk\""));
}

#[tokio::test]
async fn az_04_the_protocols_own_parameters_cannot_be_replaced() {
    for name in
        ["state", "redirect_uri", "code_challenge", "response_type", "client_id", "scope", "STATE", "request_uri"]
    {
        let error = client(ACME).authorize().param(name, "x").begin().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ReservedParameter, "{name}");
        assert!(error.explain().contains("Acme") && error.explain().contains("fix:"), "{}", error.explain());
    }
    let yaml = format!("{ACME}authorize: {{rename: {{client_id: client_key}}}}\n");
    let error = client(&yaml).authorize().param("client_key", "x").begin().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ReservedParameter);

    // No parameter comes twice, whatever is given twice.
    let url = client(ACME).authorize().param("hint", "a").param("hint", "b").begin().await.unwrap().url().to_string();
    assert_eq!(url.matches("hint=").count(), 1);
    assert_eq!(parameter(&url, "hint").unwrap(), "b");
}

#[tokio::test]
async fn az_05_an_endpoints_own_query_stays() {
    let yaml = ACME.replace("id.acme.example/authorize", "id.acme.example/authorize?tenant=x");
    let url = start(&client(&yaml)).await.url;
    assert!(
        url.starts_with("https://id.acme.example/authorize?tenant=x&response_type=code&client_id=my-client"),
        "{url}"
    );
    assert!(url.is_ascii() && !url.contains(['\r', '\n', ' ']));
    for bad in ["authorize#top", "authorize\\r\\nx: y", "auth orize"] {
        let yaml = ACME.replace("https://id.acme.example/authorize,", &format!("\"https://id.acme.example/{bad}\","));
        assert!(oauth_core::ProviderSpec::from_yaml(&yaml).is_err(), "{bad}");
    }
}

#[tokio::test]
async fn az_06_scopes_are_checked_and_each_sent_once() {
    for bad in ["a b", "a\"b", "a\\b", "a\nb", "", "ä"] {
        let error = client(ACME).authorize().scopes([bad]).begin().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Scope, "{bad:?}");
        assert!(error.explain().contains("printable ASCII"));
    }
    let url = client(ACME).authorize().scopes(["b", "a", "b"]).begin().await.unwrap().url().to_string();
    assert_eq!(parameter(&url, "scope").unwrap(), "b a");
    let url = client(ACME).authorize().scopes(Scopes::new().raw("x:y")).begin().await.unwrap().url().to_string();
    assert_eq!(parameter(&url, "scope").unwrap(), "x:y");
}

#[tokio::test]
async fn az_06_a_scope_that_holds_the_separator_is_two_scopes_and_refused() {
    let yaml = format!("{ACME}scopes: {{separator: \",\"}}\n");
    let error = client(&yaml).authorize().scopes(["a,b"]).begin().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Scope);
    let url = client(&yaml).authorize().scopes(["a", "b"]).begin().await.unwrap().url().to_string();
    assert_eq!(parameter(&url, "scope").unwrap(), "a,b");
}

#[test]
fn az_07_no_file_reaches_another_response_type_or_grant() {
    for line in
        ["authorize: {params: {response_type: token}}", "authorize: {options: {response_type: {values: [token]}}}"]
    {
        let faults = oauth_core::ProviderSpec::from_yaml(&format!("{ACME}{line}\n")).unwrap_err().to_string();
        assert!(faults.contains("response_type"), "{faults}");
    }
    assert_eq!(spec(ACME).grants(), ["authorization_code", "refresh_token"]);
}

#[tokio::test]
async fn az_08_a_url_that_browsers_would_cut_is_refused_whole() {
    let scopes: Vec<String> = (0..800).map(|n| format!("scope-number-{n}")).collect();
    let error = client(ACME).authorize().scopes(scopes).begin().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UrlTooLong);
    assert!(error.explain().contains("fewer scopes"));
}

#[tokio::test]
async fn az_09_logins_under_way_are_bounded_and_the_oldest_goes_first() {
    let client = client(ACME);
    let attempts = PendingAttempts::new().capacity(100).clock(Arc::new(login::ManualClock::new()));
    let first = start(&client).await;
    attempts.insert(first.pending);
    for _ in 0..100 {
        attempts.insert(start(&client).await.pending);
    }
    assert_eq!(attempts.len(), 100);
    let error = client.callback(format!("code=c&state={}", first.state), &attempts, first.browser).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NoPendingAttempt);
}

#[tokio::test]
async fn a_login_without_client_id_secret_or_redirect_uri_says_what_is_missing() {
    let begin = |client: oauth_core::Client| async move { client.authorize().begin().await.unwrap_err() };
    let error = begin(spec(ACME).client("", "s").redirect_uri("https://app.example/cb")).await;
    assert_eq!((error.kind(), error.to_string().contains("client id is empty")), (ErrorKind::Config, true), "{error}");
    assert!(error.explain().contains("https://acme.example/console"));
    let error = begin(spec(ACME).client("id", "secret\n").redirect_uri("https://app.example/cb")).await;
    assert!(error.to_string().contains("line break") && !error.to_string().contains("secret\n"), "{error}");
    let error = begin(spec(ACME).client("id", "secret")).await;
    assert!(error.to_string().contains("no redirect URI"), "{error}");
    let error = begin(spec(ACME).client("id", "secret").redirect_uri("/callback")).await;
    assert!(error.to_string().contains("not an absolute address"), "{error}");
    let error = begin(
        spec(ACME).client("id", "secret").redirect_uri("https://app.example/cb").dangerous_at("https://acme.evil"),
    )
    .await;
    assert_eq!(error.kind(), ErrorKind::InsecureUrl);
}
