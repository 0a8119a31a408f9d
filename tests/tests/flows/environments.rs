//! The same provider on other hosts.

use std::sync::Arc;

use oauth_core::{Browser, CanAuthorize, Client, ErrorKind, HasApi, Provider};
use oauth_tests::canned::{Canned, json};
use oauth_tests::issuer::{Issuer, METADATA};
use oauth_tests::login::{ManualClock, TOKENS, parameter};

use crate::request_form::nova::{Environment, Nova};
use crate::request_form::{dynamic_nova, signed};

const REDIRECT: &str = "https://app.example/callback";

fn ready<P: Provider>(client: Client<P>) -> Client<P> {
    client.redirect_uri(REDIRECT).clock(Arc::new(ManualClock::new()))
}

fn typed() -> Client<Nova> {
    ready(Nova::client("my-client", "s3cret"))
}

fn dynamic() -> Client {
    ready(dynamic_nova())
}

async fn begin<P: CanAuthorize>(client: &Client<P>) -> String {
    client.authorize().begin().await.unwrap_or_else(|error| panic!("{}", error.explain())).url().to_string()
}

#[tokio::test]
async fn a_login_goes_to_the_environments_hosts() {
    let sandbox = "https://id.sandbox.nova.example/authorize?";
    assert!(begin(&typed().environment(Environment::Sandbox)).await.starts_with(sandbox));
    assert!(begin(&dynamic().environment("sandbox").unwrap()).await.starts_with(sandbox));
    // A choice begins at the file, not at the choice before.
    let beta = "https://id.nova.example/authorize?";
    assert!(begin(&typed().environment(Environment::Sandbox).environment(Environment::Beta)).await.starts_with(beta));
    let twice = dynamic().environment("sandbox").unwrap().environment("beta-2").unwrap();
    assert!(begin(&twice).await.starts_with(beta));
    assert_eq!(twice.spec().api.as_ref().unwrap().base_url.as_str(), "https://beta.nova.example");
    assert!(begin(&typed()).await.starts_with(beta));
}

#[tokio::test]
async fn an_environment_that_the_file_does_not_name() {
    let error = dynamic().environment("staging").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Setting);
    assert!(error.to_string().contains("there is no environment `staging`; it has sandbox, beta-2"), "{error}");
    let error = dynamic().environment("sandbox").unwrap().environment("staging").unwrap_err();
    assert!(error.to_string().contains("it has sandbox, beta-2"), "{error}");
}

async fn whole_login<P: CanAuthorize + HasApi>(client: Client<P>) {
    let server = Canned::start([json(TOKENS), json("{}")]).await;
    let client = client.dangerous_at(server.origin());
    let (url, pending, browser) = client.authorize().begin().await.unwrap().into_parts();
    let state = parameter(url.as_str(), "state").unwrap();
    let query = signed("s3cret", &[("code", "c"), ("state", &state), ("iss", "https://id.sandbox.nova.example")]);
    let account = client.callback(query, pending, Browser::from(browser)).await.unwrap();
    account.get("/things").send().await.unwrap();
    account.get("https://api.nova.example/things").send().await.expect_err("the other host is another one");
    let targets: Vec<String> = server.received().into_iter().map(|request| request.target).collect();
    assert_eq!(targets, ["/id.sandbox.nova.example/token", "/api.sandbox.nova.example/things"]);
}

#[tokio::test]
async fn tokens_and_calls_go_there_as_well() {
    whole_login(typed().environment(Environment::Sandbox)).await;
    whole_login(dynamic().environment("sandbox").unwrap()).await;
}

#[tokio::test]
async fn an_attempt_of_one_environment_is_worth_nothing_in_another() {
    let (url, pending, browser) =
        typed().environment(Environment::Sandbox).authorize().begin().await.unwrap().into_parts();
    let state = parameter(url.as_str(), "state").unwrap();
    let query = signed("s3cret", &[("code", "c"), ("state", &state)]);
    let error = typed().verify_callback(query, pending, Browser::from(browser)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ProviderMismatch);
    assert!(error.explain().contains("console: https://nova.example/apps"), "{}", error.explain());
}

#[tokio::test]
async fn the_console_is_the_environments() {
    let error = typed().environment(Environment::Sandbox).redirect_uri("x").authorize().begin().await.unwrap_err();
    assert!(error.explain().contains("console: https://sandbox.nova.example/apps"), "{}", error.explain());
}

/// What the issuer of that host says.
fn says(issuer: &Issuer, host: &str) {
    issuer.metadata(|metadata| {
        for (name, path) in [
            ("issuer", ""),
            ("authorization_endpoint", "/authorize"),
            ("token_endpoint", "/token"),
            ("userinfo_endpoint", "/userinfo"),
            ("jwks_uri", "/keys"),
        ] {
            metadata[name] = format!("https://{host}{path}").into();
        }
    });
}

#[tokio::test]
async fn endpoints_that_were_discovered_before_are_not_the_environments() {
    let yaml = "id: acme\nname: Acme\ndocs: https://acme.example\nchecked: 2026-11-21\nenvironments: {sandbox: {hosts: {id.acme.example: id.sandbox.example}}}\nendpoints: {issuer: https://id.acme.example, discovery: true}\n";
    let issuer = Issuer::start().await;
    says(&issuer, "id.acme.example");
    let client = issuer.client_of(yaml);
    assert!(begin(&client).await.contains("/id.acme.example/authorize?"));
    let discovered = client.discover().await.unwrap();
    says(&issuer, "id.sandbox.example");
    for client in [client.clone(), discovered.clone(), discovered.timeout(std::time::Duration::from_secs(9))] {
        let asked = issuer.asked(METADATA);
        let sandbox = client.environment("sandbox").unwrap();
        let url = begin(&sandbox).await;
        assert!(url.contains("/id.sandbox.example/authorize?"), "{url}");
        assert!(begin(&sandbox.discover().await.unwrap()).await.contains("/id.sandbox.example/authorize?"));
        assert_eq!(issuer.asked(METADATA), asked + 1);
    }
    // The client itself stays where it is.
    assert!(begin(&client).await.contains("/id.acme.example/authorize?"));
    let error = client.environment("staging").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Setting);
}
