//! Hosts that are not fixed: from settings, from the callback, from the token response. Each goes where its file allows
//! and nowhere else.

use std::sync::Arc;

use oauth_core::{Account, Browser, Client, ErrorKind, ProviderSpec};
use oauth_simulator::{Builder, Endpoint, Simulator};

use crate::rig::{builder, client_of, count, log_in, spec, walk};

const REGIONAL: &str = "
id: regional
name: Regional
docs: https://regional.example/docs
checked: 2026-11-21
settings:
  region: {type: enum, values: {us: regional.example, eu: regional-eu.example}, default: us}
  shop: {type: label, doc: The name of the shop}
  audience: {type: text, default: \"a b&c=d\"}
endpoints: {authorization: \"https://{shop}.{region}/authorize\", token: \"https://accounts.{region}/{shop}/token\", issuer: \"https://{shop}.{region}\", iss_in_callback: true}
authorize: {params: {audience: \"{audience}\"}}
profile: {request: \"GET https://{shop}.{region}/me\", map: {subject: /id}}
api: {base_url: \"https://{shop}.{region}/api\"}
";

const BY_CALLBACK: &str = "
id: bycallback
name: Bycallback
docs: https://bycallback.example/docs
checked: 2026-11-21
endpoints: {authorization: https://accounts.bycallback.example/authorize, token: \"https://{callback.location}/token\"}
callback: {keep: {location: {values: {us: us.bycallback.example, eu: eu.bycallback.example}}, account: {doc: Any text}}}
profile: {request: \"GET https://{callback.location}/me\", map: {subject: /id}}
api: {base_url: \"https://{callback.location}/v1\"}
";

const BY_TOKEN: &str = "
id: bytoken
name: Bytoken
docs: https://bytoken.example/docs
checked: 2026-11-21
endpoints: {authorization: https://bytoken.example/authorize, token: https://bytoken.example/token}
token: {response: {extras: {api_domain: {type: url, hosts: [bytokenapis.example, bytokenapis.eu.example]}}}}
api: {base_url: \"{token.api_domain}/v2\"}
";

fn hosts(sim: &Simulator, endpoint: Endpoint) -> Vec<String> {
    sim.requests_to(endpoint).iter().map(|request| request.host().to_owned()).collect()
}

async fn started(builder: Builder) -> Simulator {
    builder.start().await.unwrap_or_else(|error| panic!("{error}"))
}

async fn account(sim: &Simulator, client: &Client) -> Account {
    log_in(sim, client).await.unwrap_or_else(|broken| panic!("{broken}"))
}

#[tokio::test]
async fn settings_stand_in_every_address() {
    let file = spec(REGIONAL);
    let sim = started(builder(&file).setting("region", "eu")).await;
    let client = client_of(&sim, &file);
    walk(&sim, &client).await.unwrap_or_else(|broken| panic!("{broken}"));
    assert_eq!(hosts(&sim, Endpoint::Authorization), ["customer.regional-eu.example"]);
    assert_eq!(hosts(&sim, Endpoint::Token), ["accounts.regional-eu.example"]);
    assert_eq!(sim.requests_to(Endpoint::Token)[0].path(), "/customer/token");
    assert_eq!(hosts(&sim, Endpoint::Refresh), ["accounts.regional-eu.example"]);
    assert_eq!(hosts(&sim, Endpoint::Api), ["customer.regional-eu.example"]);
    assert_eq!(sim.requests_to(Endpoint::Authorization)[0].param("audience"), Some("a b&c=d"));

    // A client of another region or shop is not at home here.
    for (setting, value) in [("region", "us"), ("shop", "other")] {
        let elsewhere = client.clone().set(setting, value).unwrap();
        log_in(&sim, &elsewhere).await.err().unwrap_or_else(|| panic!("{setting}: {value} must be refused"));
    }
    for value in ["", "a.b", "a/b", "a@b", "a:1", "evil.example#", "-a", "x\n", &"a".repeat(64)] {
        let error = client.clone().set("shop", value).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Setting, "{value:?}");
    }
    assert_eq!(client.clone().set("region", "regional.example").unwrap_err().kind(), ErrorKind::Setting);
    assert_eq!(client.clone().set("planet", "x").unwrap_err().kind(), ErrorKind::Setting);
    let bare = ProviderSpec::clone(&file).client("id", "secret").redirect_uri("https://app.example/callback");
    let error = bare.authorize().begin().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Setting);
    assert!(
        error.to_string().contains("`shop`") && error.explain().contains("The name of the shop"),
        "{}",
        error.explain()
    );
}

#[tokio::test]
async fn the_callback_chooses_among_the_hosts_of_a_closed_list() {
    let file = spec(BY_CALLBACK);
    for (value, host) in [("us", "us.bycallback.example"), ("eu", "eu.bycallback.example")] {
        let sim = started(builder(&file).callback_value("location", value).callback_value("account", "a/b?c")).await;
        let walked = walk(&sim, &client_of(&sim, &file)).await.unwrap_or_else(|broken| panic!("{broken}"));
        for endpoint in [Endpoint::Token, Endpoint::Refresh, Endpoint::Api] {
            assert_eq!(hosts(&sim, endpoint), [host], "{endpoint:?}");
        }
        let extras = walked.account.callback_extras().unwrap();
        assert_eq!(
            (extras.str("location"), extras.str("account")),
            (Some(value), Some("a/b?c")),
            "kept through the refresh"
        );
    }
}

#[tokio::test]
async fn a_callback_value_outside_its_list_goes_nowhere() {
    let file = spec(BY_CALLBACK);
    let sim = started(builder(&file)).await;
    let client = client_of(&sim, &file);
    for value in ["evil.example", "us.bycallback.example", "US", "us&location=eu", "", "us%00", "us%2F..%2Feu"] {
        let (url, pending, browser) = client.authorize().begin().await.unwrap().into_parts();
        let callback = sim.scripted_user().approve(url.as_str()).await.unwrap();
        let forged = callback.replace("location=us", &format!("location={value}"));
        assert_ne!(forged, callback);
        let error = client.callback(forged, pending, Browser::from(browser)).await.unwrap_err();
        // Absent is as bad as wrong where an address hangs on it.
        assert!(matches!(error.kind(), ErrorKind::CallbackValue | ErrorKind::Setting), "{value}: {}", error.explain());
        assert_eq!(count(&sim, Endpoint::Token) + count(&sim, Endpoint::Unknown), 0, "{value}: nothing is sent");
    }
}

#[tokio::test]
async fn the_token_response_names_the_api_among_the_declared_hosts() {
    let file = spec(BY_TOKEN);
    for (api, host) in [
        ("https://bytokenapis.example", "bytokenapis.example"),
        ("https://www.bytokenapis.example/", "www.bytokenapis.example"),
        ("https://x.y.bytokenapis.eu.example", "x.y.bytokenapis.eu.example"),
    ] {
        let sim = started(builder(&file).extra("api_domain", api)).await;
        walk(&sim, &client_of(&sim, &file)).await.unwrap_or_else(|broken| panic!("{api}: {broken}"));
        assert_eq!(hosts(&sim, Endpoint::Api), [host]);
        assert_eq!(sim.requests_to(Endpoint::Api)[0].path(), "/v2/anything");
    }
}

#[tokio::test]
async fn an_api_outside_the_declared_hosts_gets_not_a_byte() {
    let file = spec(BY_TOKEN);
    for api in [
        "https://evil.example",
        "https://evilbytokenapis.example",
        "https://bytokenapis.example.evil.example",
        "https://bytokenapis.example@evil.example",
        "https://evil.example/bytokenapis.example",
        "http://bytokenapis.example",
        "https://bytokenapis.example:8443",
        "https://bytokenapis.example?x=1",
        "https://bytokenapis.example#x",
        "//bytokenapis.example",
        "bytokenapis.example",
        "",
    ] {
        let sim = simulator_with(&file, api).await;
        let account = account(&sim, &client_of(&sim, &file)).await;
        sim.forget_requests();
        let error = account.get("/anything").send().await.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Setting | ErrorKind::OriginRefused), "{api}: {}", error.explain());
        assert!(!error.explain().contains("sim_at_"));
        // Nor does the whole address help.
        let error = account.get(format!("{}/v2/anything", api.trim_end_matches('/'))).send().await.unwrap_err();
        assert!(
            matches!(
                error.kind(),
                ErrorKind::Setting | ErrorKind::OriginRefused | ErrorKind::Config | ErrorKind::Parameter
            ),
            "{api}: {}",
            error.explain()
        );
        assert_eq!(sim.requests().len(), 0, "{api}: {:?}", sim.requests());
    }
}

/// The simulator itself must be able to start, so the answer is scripted.
async fn simulator_with(file: &Arc<ProviderSpec>, api: &str) -> Simulator {
    let sim = started(builder(file)).await;
    let answer = serde_json::json!({"access_token": "sim_at_x", "token_type": "Bearer", "api_domain": api});
    sim.next_token_answer(oauth_simulator::Answer::new(200).body(answer.to_string()));
    sim
}
