//! Every provider of the catalog, by its id: nothing here knows which there are.

use std::path::PathBuf;
use std::sync::Arc;

use oauth_core::{Browser, CatalogEntry, ErrorKind, PendingAttempts, ProviderSpec};
use oauth_simulator::{Endpoint, Recorded};

use crate::rig::{
    all_written, catalog_client, client_of, count, expected_profile, is_over, operations, scopes, simulate, walk,
};

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../providers")
}

fn file(entry: &CatalogEntry) -> PathBuf {
    folder().join(format!("{}.yaml", entry.id()))
}

fn loaded(entry: &CatalogEntry) -> ProviderSpec {
    ProviderSpec::from_yaml_file(file(entry)).unwrap_or_else(|faults| panic!("{faults}"))
}

#[test]
fn the_catalog_is_the_folder() {
    let mut files: Vec<String> = std::fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter_map(|name| name.strip_suffix(".yaml").map(str::to_owned))
        .collect();
    files.sort();
    let ids: Vec<&str> = oauth_providers::catalog().iter().map(CatalogEntry::id).collect();
    assert_eq!(ids, files);
    assert!(!ids.is_empty());
}

#[test]
fn gen_09_a_file_gives_one_spec_however_it_is_loaded() {
    for entry in oauth_providers::catalog() {
        let loaded = loaded(entry);
        assert_eq!(**entry.spec(), loaded, "{}", entry.id());
        assert_eq!(entry.spec().to_json(), loaded.to_json(), "{}", entry.id());
        assert_eq!(ProviderSpec::from_json(&loaded.to_json()).unwrap(), loaded, "{}", entry.id());
    }
}

#[tokio::test]
async fn everything_that_a_file_describes_works_at_its_simulator() {
    for entry in oauth_providers::catalog() {
        let (id, spec) = (entry.id(), entry.spec());
        let sim = simulate(spec).await;
        let walked = walk(&sim, &catalog_client(&sim, *entry)).await.unwrap_or_else(|broken| panic!("{id}: {broken}"));
        assert_eq!(walked.granted, scopes(spec), "{id}");
        assert_eq!(walked.profile.is_some(), spec.profile.is_some(), "{id}");
        if let Some(profile) = &walked.profile {
            expected_profile(spec, profile);
        }
        assert_eq!(walked.operations.len(), operations(spec).count(), "{id}");
        for (operation, (name, result)) in operations(spec).zip(&walked.operations) {
            let items = result.as_array().map(Vec::len);
            match &operation.returns {
                Some(returns) if returns.list => assert_eq!(items, Some(3), "{id} {name}: {result}"),
                _ => assert!(result.is_object(), "{id} {name}: {result}"),
            }
        }
        assert_eq!(walked.refreshed, spec.refresh.is_some(), "{id}");
        assert_eq!(count(&sim, Endpoint::Authorization), 1, "{id}");
        assert_eq!(count(&sim, Endpoint::Token), 1, "{id}");
        assert_eq!(count(&sim, Endpoint::Upgrade), usize::from(spec.token.upgrade.is_some()), "{id}");
        assert_eq!(count(&sim, Endpoint::Refresh), usize::from(spec.refresh.is_some()), "{id}");
        assert_eq!(count(&sim, Endpoint::Unknown), 0, "{id}");
        // A token that had ended with the one before it is refused, where the file says so.
        let gone = |request: &Recorded| {
            request.endpoint() == Endpoint::Revocation && spec.revoke.iter().any(|rules| !rules.gone.is_empty())
        };
        let refused = sim.requests().into_iter().filter(|request| request.status() >= 400 && !gone(request));
        let refused: Vec<_> = refused.collect();
        assert!(refused.is_empty(), "{id}: {refused:?}");
    }
}

#[tokio::test]
async fn a_login_that_was_revoked_is_over() {
    let mut revoked = 0;
    for entry in oauth_providers::catalog().iter().filter(|entry| entry.spec().revoke.is_some()) {
        let sim = simulate(entry.spec()).await;
        let client = catalog_client(&sim, *entry);
        let walked = walk(&sim, &client).await.unwrap_or_else(|broken| panic!("{}: {broken}", entry.id()));
        assert!(count(&sim, Endpoint::Revocation) > 0, "{}", entry.id());
        let tokens = walked.account.tokens();
        is_over(&client, &tokens).await.unwrap_or_else(|broken| panic!("{}: {broken}", entry.id()));
        revoked += 1;
    }
    assert!(revoked >= 15, "{revoked}");
}

#[tokio::test]
async fn a_compiled_spec_and_its_file_make_the_same_requests() {
    for entry in oauth_providers::catalog() {
        let id = entry.id();
        let by_catalog = simulate(entry.spec()).await;
        walk(&by_catalog, &catalog_client(&by_catalog, *entry)).await.unwrap_or_else(|broken| panic!("{id}: {broken}"));
        let by_file = simulate(&Arc::new(loaded(entry))).await;
        walk(&by_file, &client_of(&by_file, &loaded(entry))).await.unwrap_or_else(|broken| panic!("{id}: {broken}"));
        let (one, other) = (all_written(&by_catalog), all_written(&by_file));
        assert!(one.len() >= 2, "{id}: an authorization and a token request at least");
        assert_eq!(one.len(), other.len(), "{id}");
        for (one, other) in one.iter().zip(&other) {
            assert_eq!(one, other, "{id}");
        }
    }
}

#[tokio::test]
async fn a_denied_login_is_told_as_such() {
    for entry in oauth_providers::catalog() {
        let sim = simulate(entry.spec()).await;
        let client = catalog_client(&sim, *entry);
        let (url, pending, browser) = client.authorize().begin().await.unwrap().into_parts();
        let callback = sim.scripted_user().deny(url.as_str()).await.unwrap();
        let error = client.callback(callback, pending, Browser::from(browser)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AccessDenied, "{}: {}", entry.id(), error.explain());
        assert!(!error.is_retryable() && !error.needs_reauth(), "{}", entry.id());
        assert!(error.to_string().contains(&entry.spec().name), "{error}");
        assert_eq!(count(&sim, Endpoint::Token), 0, "{}: nothing is exchanged", entry.id());
    }
}

#[tokio::test]
async fn a_second_browser_is_refused_and_the_first_goes_on() {
    for entry in oauth_providers::catalog() {
        let id = entry.id();
        let sim = simulate(entry.spec()).await;
        let client = catalog_client(&sim, *entry);
        let logins = PendingAttempts::new().clock(sim.clock());
        let (url, pending, first) = client.authorize().begin().await.unwrap().into_parts();
        logins.insert(pending);
        let (_, pending, second) = client.authorize().begin().await.unwrap().into_parts();
        logins.insert(pending);
        assert_ne!(first.expose(), second.expose(), "{id}");

        let callback = sim.scripted_user().approve(url.as_str()).await.unwrap();
        let error = client.callback(&callback, &logins, second).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::BrowserMismatch, "{id}");
        let error = client.callback(&callback, &logins, Browser::unknown()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::BrowserMissing, "{id}");
        assert_eq!(count(&sim, Endpoint::Token), 0, "{id}");

        client
            .callback(&callback, &logins, first.clone())
            .await
            .unwrap_or_else(|error| panic!("{id}: {}", error.explain()));
        let error = client.callback(&callback, &logins, first).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AlreadyUsed, "{id}");
        assert_eq!(count(&sim, Endpoint::Token), 1, "{id}");
    }
}
