//! What the generated clients add: scopes, options, settings, calls and extras as types. They make the same requests as
//! a client of the same file loaded at run time.

use std::path::Path;
use std::sync::Arc;

use oauth_core::{
    Browser, CanAuthorize, CanRefresh, Client, Compiled, HasApi, HasProfile, NoExtras, OperationCall, ProviderSpec,
    Scopes,
};
use oauth_providers::facebook::{self, Facebook};
use oauth_providers::github::{self, GitHub};
use oauth_providers::google::{self, Google};
use oauth_providers::instagram::{self, Instagram};
use oauth_simulator::{Endpoint, Recorded, Simulator};
use oauth_tests::login::parameter;

use crate::rig::{self, REDIRECT, all_written, client_of, count, simulate, typed_client, walk, written};

oauth_providers::provider!("tests/flows/atlas.yaml");

/// The whole use of a compiled provider and of its file, request by request.
async fn same_requests<P: Compiled + CanAuthorize + CanRefresh + HasProfile + HasApi>(file: &str) {
    let typed = simulate(P::spec()).await;
    walk(&typed, &typed_client::<P>(&typed)).await.unwrap_or_else(|broken| panic!("{}: {broken}", P::ID));
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../providers").join(file);
    let loaded = Arc::new(ProviderSpec::from_yaml_file(path).unwrap_or_else(|faults| panic!("{faults}")));
    let dynamic = simulate(&loaded).await;
    walk(&dynamic, &client_of(&dynamic, &loaded)).await.unwrap_or_else(|broken| panic!("{}: {broken}", P::ID));
    let (typed, dynamic) = (all_written(&typed), all_written(&dynamic));
    assert_eq!(typed.len(), dynamic.len(), "{}", P::ID);
    for (one, other) in typed.iter().zip(&dynamic) {
        assert_eq!(one, other, "{}", P::ID);
    }
}

#[tokio::test]
async fn typed_and_dynamic_clients_make_the_same_requests() {
    same_requests::<GitHub>("github.yaml").await;
    same_requests::<Google>("google.yaml").await;
    same_requests::<Facebook>("facebook.yaml").await;
    same_requests::<Instagram>("instagram.yaml").await;
}

/// An account of a typed client, and the authorization URL that it was made with.
async fn log_in<P: Compiled + CanAuthorize>(
    sim: &Simulator,
    authorize: oauth_core::Authorize<P>,
    client: &Client<P>,
) -> (oauth_core::Account<P>, String) {
    let (url, pending, browser) =
        authorize.begin().await.unwrap_or_else(|error| panic!("{}", error.explain())).into_parts();
    let callback = sim.scripted_user().approve(url.as_str()).await.unwrap_or_else(|error| panic!("{error}"));
    let account = client.callback(callback, pending, Browser::from(browser)).await;
    (account.unwrap_or_else(|error| panic!("{}", error.explain())), url.into())
}

fn last(sim: &Simulator, endpoint: Endpoint) -> Recorded {
    sim.requests_to(endpoint).pop().expect("there was such a request")
}

#[tokio::test]
async fn github_scopes_options_and_calls() {
    let sim = simulate(GitHub::spec()).await;
    let client = typed_client::<GitHub>(&sim);
    let authorize = client.authorize().scopes([github::Scope::ReadUser, github::Scope::UserEmail, github::Scope::Repo]);
    let authorize = authorize.option(github::AllowSignup::False).option(github::Login::from("ada"));
    let (account, url) = log_in(&sim, authorize, &client).await;
    assert_eq!(parameter(&url, "scope").as_deref(), Some("read:user user:email repo"));
    assert_eq!(parameter(&url, "allow_signup").as_deref(), Some("false"));
    assert_eq!(parameter(&url, "login").as_deref(), Some("ada"));
    assert_eq!(account.tokens().scopes(), ["read:user", "user:email", "repo"], "the answer has commas between");
    assert_eq!(account.extras().unwrap().refresh_token_expires_in, Some(1));

    let repos: Vec<github::Repo> = account.call(github::ListRepos::new().per_page(5).sort("pushed")).await.unwrap();
    assert_eq!(repos.len(), 3);
    assert_eq!(
        (repos[0].id, repos[0].full_name.as_str(), repos[0].private, repos[1].private),
        (1, "sample-full-name-1", true, false)
    );
    assert_eq!(repos[2].html_url, "https://example.com/html-url/3");
    assert_eq!(repos[0].description.as_deref(), Some("sample-description-1"));
    let typed = written(&last(&sim, Endpoint::Api));
    assert!(typed.contains("GET https://api.github.com/user/repos?sort=pushed&per_page=5 -> 200"), "{typed}");
    assert!(
        typed.contains("x-github-api-version: 2022-11-28") && typed.contains("accept: application/vnd.github+json"),
        "{typed}"
    );

    // The parameters go out in the order of the file, whatever the order in which they are given.
    let again = OperationCall::new("list_repos").set("per_page", 5).set("sort", "pushed");
    account.clone().erase().call(again).await.unwrap();
    assert_eq!(written(&last(&sim, Endpoint::Api)), typed);

    let emails: Vec<github::Email> = account.call(github::ListEmails::new()).await.unwrap();
    assert_eq!((emails[0].email.as_str(), emails[0].primary, emails[1].verified), ("sample-email-1", true, false));
}

#[tokio::test]
async fn google_options_that_come_twice_are_joined_or_replaced_as_its_file_says() {
    let sim = simulate(Google::spec()).await;
    let client = typed_client::<Google>(&sim);
    let authorize = client.authorize().option(google::Prompt::Consent).option(google::Prompt::SelectAccount);
    let authorize = authorize.option(google::Hl::from("de")).option(google::Hl::from("fr"));
    let (account, url) = log_in(&sim, authorize, &client).await;
    assert_eq!(parameter(&url, "prompt").as_deref(), Some("consent select_account"));
    assert_eq!(parameter(&url, "hl").as_deref(), Some("fr"), "without `join` the later one counts");
    assert_eq!(parameter(&url, "access_type").as_deref(), Some("offline"));
    assert_eq!(parameter(&url, "scope").as_deref(), Some("openid email profile"), "the defaults");
    let me = account.profile().await.unwrap();
    assert_eq!((me.subject.as_str(), me.email_verified), ("20071", Some(true)));
    assert!(account.tokens().refresh_token().is_some());

    // What the file always sends is replaced by the option of that name, not sent twice.
    let (online, url) = log_in(&sim, client.authorize().option(google::AccessType::Online), &client).await;
    assert_eq!(url.matches("access_type=").count(), 1, "{url}");
    assert_eq!(parameter(&url, "access_type").as_deref(), Some("online"));
    assert!(online.tokens().refresh_token().is_none(), "no refresh token without offline access");

    let authorize = client.authorize().scopes(Scopes::from([google::Scope::CalendarReadonly]).raw("openid"));
    let (account, _) = log_in(&sim, authorize, &client).await;
    let calendars: Vec<google::Calendar> = account.call(google::ListCalendars::new().max_results(3)).await.unwrap();
    assert_eq!((calendars.len(), calendars[0].time_zone.as_deref()), (3, Some("sample-time-zone-1")));
    assert_eq!(last(&sim, Endpoint::Api).param("maxResults"), Some("3"));
    let error = account.call(google::ListFiles::new()).await.unwrap_err();
    assert_eq!(error.kind(), oauth_core::ErrorKind::InsufficientScope, "{}", error.explain());
    assert!(error.to_string().contains("https://www.googleapis.com/auth/drive.readonly"), "{error}");
}

#[tokio::test]
async fn facebook_takes_the_token_in_the_query_and_extends_it_by_itself() {
    let sim = simulate(Facebook::spec()).await;
    let client = typed_client::<Facebook>(&sim);
    let authorize = client.authorize().scopes([facebook::Scope::PublicProfile, facebook::Scope::PagesShowList]);
    let authorize = authorize.option(facebook::AuthType::Rerequest).option(facebook::AuthType::Reauthenticate);
    let (account, url) = log_in(&sim, authorize, &client).await;
    assert_eq!(parameter(&url, "scope").as_deref(), Some("public_profile,pages_show_list"));
    assert_eq!(parameter(&url, "auth_type").as_deref(), Some("rerequest,reauthenticate"));
    assert_eq!(parameter(&url, "code_challenge"), None);
    let NoExtras = account.extras().unwrap();

    let pages: Vec<facebook::Page> = account.call(facebook::ListPages::new().limit(2)).await.unwrap();
    assert_eq!((pages.len(), pages[0].tasks.as_ref().map(Vec::len)), (3, Some(2)));
    let request = last(&sim, Endpoint::Api);
    assert!(request.header("authorization").is_none() && request.param("access_token").is_some());
    let permissions: Vec<facebook::Permission> = account.call(facebook::ListPermissions::new()).await.unwrap();
    assert_eq!(permissions[0].status, "sample-status-1");

    assert!(account.tokens().refresh_token().is_none());
    account.refresh().await.unwrap();
    let refresh = last(&sim, Endpoint::Refresh);
    assert_eq!((refresh.method(), refresh.param("grant_type")), ("GET", Some("fb_exchange_token")));
    account.profile().await.unwrap();
}

#[tokio::test]
async fn instagram_is_upgraded_at_login_and_renews_itself() {
    let sim = simulate(Instagram::spec()).await;
    let client = typed_client::<Instagram>(&sim);
    let authorize = client.authorize().scopes([instagram::Scope::ContentPublish]).option(instagram::ForceReauth::True);
    let (account, url) = log_in(&sim, authorize, &client).await;
    let wanted = "instagram_business_content_publish,instagram_business_basic";
    assert_eq!(parameter(&url, "scope").as_deref(), Some(wanted), "the required scope is added");
    assert_eq!(account.tokens().scopes(), ["instagram_business_content_publish", "instagram_business_basic"]);
    assert_eq!(account.extras().unwrap().user_id.as_deref(), Some("sample-user-id-1"), "kept through the upgrade");
    assert_eq!(count(&sim, Endpoint::Upgrade), 1);

    let media: Vec<instagram::Media> =
        account.call(instagram::ListMedia::new().limit(1).fields("id,caption")).await.unwrap();
    assert_eq!((media.len(), media[0].id.as_str()), (3, "sample-id-1"));
    account.refresh().await.unwrap();
    let refresh = last(&sim, Endpoint::Refresh);
    assert_eq!(refresh.path(), "/refresh_access_token");
    assert!(refresh.param("client_secret").is_none() && refresh.param("client_id").is_none());
    assert_eq!(account.profile().await.unwrap().username.as_deref(), Some("ada"));
    assert_eq!(account.extras().unwrap().user_id.as_deref(), Some("sample-user-id-1"), "kept through the refresh");
}

#[tokio::test]
async fn settings_callback_extras_and_every_place_of_a_parameter_as_types() {
    let sim = rig::builder(atlas::Atlas::spec())
        .setting("region", "eu")
        .callback_value("location", "eu")
        .extra("team_id", 77);
    let sim = sim.extra("files_url", "https://files.atlas-eu.example/f/").start().await.unwrap();
    let client = sim.client::<atlas::Atlas>().set(atlas::Region::Eu).set(atlas::Shop::from("customer"));
    let client = client.redirect_uri(REDIRECT).rng(rig::Counter::new(1));
    let authorize = client.authorize().scopes([atlas::Scope::Read, atlas::Scope::WriteAll]);
    let authorize =
        authorize.option(atlas::Prompt::Login).option(atlas::Prompt::Consent).option(atlas::Hint::from("a b"));
    let (account, url) = log_in(&sim, authorize, &client).await;
    assert!(url.contains("/customer.atlas.example/authorize?"), "{url}");
    assert_eq!(parameter(&url, "prompt").as_deref(), Some("login,consent"));
    assert_eq!(last(&sim, Endpoint::Token).host(), "accounts.atlas-eu.example");

    assert_eq!(account.callback_extras().unwrap().location.as_deref(), Some("eu"));
    let extras = account.extras().unwrap();
    assert_eq!(extras.team_id, Some(77));
    assert_eq!(extras.files_url.as_deref(), Some("https://files.atlas-eu.example/f/"));

    let item: atlas::Item = account.call(atlas::GetItem::new("a/b ?#", 9).depth(2)).await.unwrap();
    assert_eq!((item.id, item.title.as_str(), item.tags.map(|tags| tags.len())), (1, "sample-title-1", Some(2)));
    let request = last(&sim, Endpoint::Api);
    assert_eq!(request.url(), "https://api.atlas-eu.example/v1/lists/a%2Fb%20%3F%23/items/9?depth=2");
    let added: atlas::Added = account.call(atlas::AddItem::new("a \"title\"").done(true)).await.unwrap();
    assert_eq!(added.id, 1);
    let request = last(&sim, Endpoint::Api);
    assert_eq!((request.method(), request.header("content-type")), ("POST", Some("application/json")));
    assert_eq!((request.param("title"), request.param("done")), (Some("a \"title\""), Some("true")));
    assert_eq!(request.body_params().count(), 2);

    // The same through the file at run time.
    let typed = all_written(&sim);
    let loaded = Arc::new(ProviderSpec::clone(atlas::Atlas::spec()));
    let again = rig::builder(&loaded).setting("region", "eu").callback_value("location", "eu").extra("team_id", 77);
    let again = again.extra("files_url", "https://files.atlas-eu.example/f/").start().await.unwrap();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/flows/atlas.yaml");
    let client = client_of(&again, &ProviderSpec::from_yaml_file(path).unwrap_or_else(|faults| panic!("{faults}")));
    let authorize = client.authorize().scopes(["read", "write:all"]);
    let authorize = authorize.option("prompt", "login").option("prompt", "consent").option("hint", "a b");
    let (url, pending, browser) = authorize.begin().await.unwrap().into_parts();
    let callback = again.scripted_user().approve(url.as_str()).await.unwrap();
    let account = client.callback(callback, pending, Browser::from(browser)).await.unwrap();
    assert_eq!(account.callback_extras().unwrap().str("location"), Some("eu"));
    assert_eq!(account.extras().unwrap().pointer("/team/id"), Some(&serde_json::json!(77)));
    account.call(OperationCall::new("get_item").set("list", "a/b ?#").set("item", 9).set("depth", 2)).await.unwrap();
    account.call(OperationCall::new("add_item").set("title", "a \"title\"").set("done", true)).await.unwrap();
    assert_eq!(all_written(&again), typed);
}
