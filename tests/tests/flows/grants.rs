//! The grants that the files of the catalog declare, each at its simulator: nothing here knows which providers there are.

use std::sync::Arc;
use std::time::Duration;

use oauth_core::{CatalogEntry, DevicePoll};
use oauth_simulator::{Endpoint, Simulator};
use oauth_tests::login::ManualClock;

use crate::rig::{builder, catalog_client, simulate};

fn with_grant(grant: &str) -> Vec<CatalogEntry> {
    let entries = oauth_providers::catalog().iter().filter(|entry| entry.spec().grants().contains(&grant)).copied();
    let entries: Vec<CatalogEntry> = entries.collect();
    assert!(entries.len() > 3, "{grant}");
    entries
}

fn grant_types(sim: &Simulator) -> Vec<String> {
    sim.requests_to(Endpoint::Token).iter().filter_map(|r| r.param("grant_type").map(str::to_owned)).collect()
}

#[tokio::test]
async fn clients_of_the_catalog_get_tokens_of_their_own() {
    for entry in with_grant("client_credentials") {
        let sim = simulate(entry.spec()).await;
        let client = catalog_client(&sim, entry);
        let tokens = client.client_credentials().tokens().await;
        let tokens = tokens.unwrap_or_else(|error| panic!("{}: {}", entry.id(), error.explain()));
        assert!(tokens.refresh_token().is_none(), "{}", entry.id());
        assert_eq!(grant_types(&sim), ["client_credentials"], "{}", entry.id());
    }
}

#[tokio::test]
async fn devices_of_the_catalog_log_in() {
    for entry in with_grant("device") {
        let clock = ManualClock::new();
        let sim = builder(entry.spec()).clock(Arc::new(clock.clone())).start().await.unwrap();
        let client = catalog_client(&sim, entry);
        let fail = |error: oauth_core::Error| -> ! { panic!("{}: {}", entry.id(), error.explain()) };
        let mut login = client.device().begin().await.unwrap_or_else(|error| fail(error));
        assert!(sim.approve_device(login.user_code()), "{}", entry.id());
        let DevicePoll::Wait(wait) = login.poll() else { panic!("{}: nothing to wait for", entry.id()) };
        assert!(wait >= Duration::from_secs(5), "{}", entry.id());
        clock.advance(wait);
        let account = login.ask().await.unwrap_or_else(|error| fail(error));
        assert!(account.is_some(), "{}", entry.id());
        let asked = sim.requests_to(Endpoint::Device);
        assert_eq!(asked.len(), 1, "{}", entry.id());
        let request = &entry.spec().grants.device.as_ref().unwrap().request;
        assert_eq!(grant_types(&sim), [request.grant_type.as_str()], "{}", entry.id());
    }
}
