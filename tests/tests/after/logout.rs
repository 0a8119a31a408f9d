//! Logging out at the provider (OpenID Connect RP-Initiated Logout 1.0). The tests named `rp_init_logout..` are the modules
//! of the OpenID Foundation's suite of that name.

use oauth_core::{
    Client, Discovered, ErrorKind, ExposeSecret as _, LogoutRequest, PendingLogout, SecretString, Step, TokenSet,
};
use oauth_tests::canned::{Canned, json};
use oauth_tests::issuer::{Issuer, tells_nothing};
use oauth_tests::login::{SECRET, client, parameter};

const FILE: &str = "
id: plain
name: Plain
docs: https://plain.example/docs
checked: 2026-11-21
endpoints: {authorization: https://plain.example/a, token: https://plain.example/t, end_session: https://plain.example/end?realm=a}
";
const BYE: &str = "https://app.example/bye?from=plain";

fn tokens() -> TokenSet {
    TokenSet::new("canary-access-token")
}

async fn begin(client: &Client) -> (String, PendingLogout) {
    let attempt = client.log_out(&tokens()).post_logout_redirect_uri(BYE).begin().await;
    let (request, pending) = attempt.unwrap_or_else(|error| panic!("{}", error.explain())).into_parts();
    (request.url().expose_secret().to_owned(), pending)
}

#[tokio::test]
async fn rp_init_logout() {
    let client = client(FILE);
    let (url, pending) = begin(&client).await;
    let state = pending.state().expect("a state").expose_secret().to_owned();
    assert_eq!(state.len(), 22, "128 bits");
    let bye = "https%3A%2F%2Fapp.example%2Fbye%3Ffrom%3Dplain";
    assert_eq!(
        url,
        format!("https://plain.example/end?realm=a&client_id=my-client&post_logout_redirect_uri={bye}&state={state}")
    );
    client.logged_out(format!("{BYE}&state={state}"), &pending).unwrap();
    let kept = PendingLogout::from_state(pending.state().cloned());
    client.logged_out(format!("state={state}&from=plain"), &kept).unwrap();
    let (_, other) = begin(&client).await;
    assert_ne!(other.state().unwrap().expose_secret(), state, "each logout has its own");
}

#[tokio::test]
async fn rp_init_logout_no_state() {
    let client = client(FILE);
    let attempt = client.log_out(&tokens()).post_logout_redirect_uri(BYE).without_state().begin().await.unwrap();
    let (request, pending) = attempt.into_parts();
    assert_eq!(parameter(request.url().expose_secret(), "state"), None);
    assert!(pending.state().is_none());
    client.logged_out(BYE, &pending).unwrap();
    let error = client.logged_out("state=made-up", &pending).unwrap_err();
    assert_eq!((error.kind(), error.step()), (ErrorKind::StateMismatch, Step::Logout));
    // One that was sent and does not come back.
    let (_, pending) = begin(&client).await;
    for lost in [BYE, "", "state=", "state"] {
        assert_eq!(client.logged_out(lost, &pending).unwrap_err().kind(), ErrorKind::StateMissing, "{lost}");
    }
}

#[tokio::test]
async fn rp_init_logout_other_state() {
    let client = client(FILE);
    let (_, pending) = begin(&client).await;
    let state = pending.state().unwrap().expose_secret().to_owned();
    for other in ["state=other".to_owned(), format!("state={state}x"), format!("state={}", state.to_uppercase())] {
        let error = client.logged_out(&other, &pending).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::StateMismatch, "{other}");
        tells_nothing(&error, &[&state]);
    }
    for twice in [format!("state={state}&state={state}"), format!("state=a&state={state}")] {
        assert_eq!(client.logged_out(&twice, &pending).unwrap_err().kind(), ErrorKind::AmbiguousCallback);
    }
    let large = format!("state={state}&x={}", "y".repeat(40_000));
    assert_eq!(client.logged_out(&large, &pending).unwrap_err().kind(), ErrorKind::CallbackTooLarge);
}

#[tokio::test]
async fn without_a_way_back_there_is_no_state() {
    let attempt =
        client(FILE).log_out(&tokens()).logout_hint("ada@example.com").ui_locales("fr en").begin().await.unwrap();
    let url = attempt.request().url();
    let expected =
        "https://plain.example/end?realm=a&logout_hint=ada%40example.com&client_id=my-client&ui_locales=fr+en";
    assert_eq!(url.expose_secret(), expected);
    assert!(attempt.into_parts().1.state().is_none());
}

/// The ID token says who it is; a form keeps it out of histories and logs.
#[tokio::test]
async fn the_id_token_goes_along_and_is_never_shown() {
    let issuer = Issuer::start().await;
    issuer.metadata(|metadata| metadata["end_session_endpoint"] = format!("{}/end", issuer.origin()).into());
    let client = issuer.client().await;
    let account = issuer.log_in(&client, |_| ()).await.account();
    let tokens = account.tokens();
    let id_token = tokens.id_token().unwrap().expose_secret();
    let attempt = client.log_out(&tokens).post_logout_redirect_uri(BYE).begin().await.unwrap();
    let shown = format!("{attempt:?} {:?}", client.log_out(&tokens));
    for secret in [id_token, attempt.request().fields()[2].1.expose_secret()] {
        assert!(!shown.contains(secret), "{shown}");
    }
    let request = attempt.request();
    assert_eq!(parameter(request.url().expose_secret(), "id_token_hint").as_deref(), Some(id_token));
    assert_eq!(request.action(), format!("{}/end", issuer.origin()));
    let names: Vec<&str> = LogoutRequest::fields(request).iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["id_token_hint", "client_id", "post_logout_redirect_uri", "state"]);

    // Tokens of another issuer name their user to nobody else.
    let other = Issuer::start().await;
    other.metadata(|metadata| metadata["end_session_endpoint"] = format!("{}/end", other.origin()).into());
    let error = other.client().await.log_out(&tokens).begin().await.unwrap_err();
    assert_eq!((error.kind(), error.step()), (ErrorKind::IssuerChanged, Step::Logout));
}

/// What nobody has verified may be another provider's, and would name the user to this one.
#[tokio::test]
async fn an_id_token_that_was_not_verified_is_no_hint() {
    let id_token = "eyJhbGciOiJub25lIn0.canary-claims.";
    let text = format!(r#"{{"access_token":"canary-access-token","id_token":"{id_token}"}}"#);
    let unverified = TokenSet::from_exposed_json(&text.clone().into()).unwrap();
    assert!(unverified.id_token().is_some() && unverified.identity().is_none());
    let plain = client(FILE);
    let attempt = plain.log_out(&unverified).logout_hint("ada").post_logout_redirect_uri(BYE).begin().await.unwrap();
    let url = attempt.request().url();
    assert_eq!(parameter(url.expose_secret(), "id_token_hint"), None);
    assert!(!url.expose_secret().contains("canary"), "{}", url.expose_secret());
    for (name, value) in [("client_id", "my-client"), ("logout_hint", "ada"), ("post_logout_redirect_uri", BYE)] {
        assert_eq!(parameter(url.expose_secret(), name).as_deref(), Some(value));
    }
    // Neither where the provider issues some itself: this one was not its own, as far as anybody knows.
    let issuer = Issuer::start().await;
    issuer.metadata(|metadata| metadata["end_session_endpoint"] = format!("{}/end", issuer.origin()).into());
    let attempt = issuer.client().await.log_out(&unverified).begin().await.unwrap();
    assert_eq!(parameter(attempt.request().url().expose_secret(), "id_token_hint"), None);
}

#[tokio::test]
async fn a_file_has_ways_of_its_own() {
    let odd = format!(
        "{FILE}logout: {{rename: {{post_logout_redirect_uri: logout_uri}}, omit: [id_token_hint, state], params: {{federated: \"1\"}}}}\n"
    );
    let (url, pending) = begin(&client(&odd)).await;
    let bye = "https%3A%2F%2Fapp.example%2Fbye%3Ffrom%3Dplain";
    assert_eq!(url, format!("https://plain.example/end?realm=a&client_id=my-client&logout_uri={bye}&federated=1"));
    assert!(pending.state().is_none());
}

#[tokio::test]
async fn what_cannot_be_is_refused() {
    for wrong in ["/bye", "https://app.example/bye#top", "https://app.example/a b", "app.example", ""] {
        let error = client(FILE).log_out(&tokens()).post_logout_redirect_uri(wrong).begin().await.unwrap_err();
        assert_eq!((error.kind(), error.step()), (ErrorKind::Config, Step::Logout), "{wrong}");
    }
    let without = FILE.replace(", end_session: https://plain.example/end?realm=a", "");
    let error = client(&without).log_out(&tokens()).begin().await.unwrap_err();
    assert_eq!((error.kind(), error.step()), (ErrorKind::Unsupported, Step::Logout));
    assert!(error.explain().contains("`endpoints.end_session`"), "{}", error.explain());
    let server = Canned::start([]).await;
    let origin = server.origin().to_owned();
    server.answer(json(&format!(
        r#"{{"issuer":"{origin}","authorization_endpoint":"{origin}/a","token_endpoint":"{origin}/t"}}"#
    )));
    let client = Discovered::at(&origin).unwrap().client("my-client", SecretString::from(SECRET)).await.unwrap();
    assert_eq!(client.log_out(&tokens()).begin().await.unwrap_err().kind(), ErrorKind::Unsupported);
}
