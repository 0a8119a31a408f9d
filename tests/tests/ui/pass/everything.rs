//! A file that has one of everything compiles, and what it generates works: settings, scopes, options, extras of the
//! token response and of the callback, and operations.

use oauth_providers::{Account, Browser, Client, ExposeSecret as _, Scopes};
use oauth_simulator::{Endpoint, Simulator};

use self::acme::{Acme, AddRepo, ListRepos, LoginHint, Port, Prompt, Region, Repo, Scope};

oauth_providers::provider!("tests/ui/pass/acme.yaml");

async fn simulator() -> Simulator {
    let spec = <Acme as oauth_providers::Compiled>::spec().clone();
    let builder =
        Simulator::builder(spec).setting("region", "eu").setting("shop", "my-shop").callback_value("plan", "gold");
    builder.extra("team_id", 7).extra("tags", vec!["a", "b"]).start().await.expect("a simulator")
}

fn client(sim: &Simulator) -> Client<Acme> {
    Acme::client(sim.client_id(), sim.client_secret().expose_secret(), Region::Eu, "my-shop")
        .set(Port::from(443))
        .scopes([Scope::Read])
        .redirect_uri("http://127.0.0.1:4001/callback")
        .dangerous_at(sim.origin())
}

async fn log_in(sim: &Simulator, client: &Client<Acme>) -> Account<Acme> {
    let attempt = client
        .authorize()
        .scopes(Scopes::from([Scope::Read, Scope::WriteRepos]))
        .option(Prompt::Consent)
        .option(Prompt::SelectAccount)
        .option(LoginHint::from("ada"));
    let (url, pending, browser) = attempt.begin().await.expect("an attempt").into_parts();
    let sent: Vec<(String, String)> =
        url::Url::parse(url.as_ref()).expect("an address").query_pairs().into_owned().collect();
    for (name, value) in [("scope", "read repo:write"), ("prompt", "consent select_account"), ("login_hint", "ada")] {
        assert!(sent.contains(&(name.to_owned(), value.to_owned())), "{name}: {sent:?}");
    }
    let callback = sim.scripted_user().approve(url.as_ref()).await.expect("the user approves");
    client.callback(callback, pending, Browser::from(browser)).await.expect("a login")
}

#[tokio::test]
async fn everything_in_one_file() {
    let sim = simulator().await;
    let account = log_in(&sim, &client(&sim)).await;

    let extras = account.extras().expect("extras");
    assert_eq!((extras.team_id, extras.tags.as_slice()), (Some(7), ["a".to_owned(), "b".to_owned()].as_slice()));
    let kept = account.callback_extras().expect("extras of the callback");
    assert_eq!((kept.location.as_deref(), kept.plan.as_deref()), (Some("eu"), Some("gold")));
    assert!(!account.profile().await.expect("a profile").subject.is_empty());

    let repos: Vec<Repo> = account.call(ListRepos::new("ada").per_page(5).sort("name")).await.expect("a list");
    assert!(repos.iter().all(|repo| repo.id > 0 && !repo.name.is_empty()), "{repos:?}");
    account.call(AddRepo::new("engine").private(true)).await.expect("an answer");
    account.get("/anything").query("page", 1).send().await.expect("an answer");

    let before = account.tokens();
    let after = account.refresh().await.expect("a refresh");
    assert_ne!(before.access_token().expose_secret(), after.access_token().expose_secret());
    assert_eq!(sim.requests_to(Endpoint::Refresh).len(), 1);
    client(&sim).revoke(&after).await.expect("an end");
    assert_eq!(sim.requests_to(Endpoint::Revocation).len(), 2);
}

#[test]
fn values_know_what_they_are_sent_as() {
    assert_eq!(Scope::WriteRepos.as_str(), "repo:write");
    assert_eq!(Region::Com.as_str(), "com");
    assert_eq!(Prompt::SelectAccount.as_str(), "select_account");
}
