//! The golden transcripts of `tests/transcripts`, each played against the client and against the simulator: what a
//! vendor's documentation says goes over the wire, written by somebody who has not read the provider's file.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a panic is how a test fails")]

mod holes;
mod id_token;
mod model;
mod player;
mod refusals;
mod report;
mod run;
mod seen;
mod shape;
mod simulated;

use std::sync::Arc;

use oauth_core::{CatalogEntry, ProviderSpec};

use crate::model::Transcript;
use crate::report::{Side, settle};
use crate::run::Run;

macro_rules! transcripts {
    ($($id:ident)+) => {
        /// Every transcript that has a test.
        const ALL: &[&str] = &[$(stringify!($id)),+];

        $(
            mod $id {
                #[tokio::test]
                async fn client() {
                    super::client(stringify!($id)).await;
                }

                #[tokio::test]
                async fn simulator() {
                    super::simulator(stringify!($id)).await;
                }
            }
        )+
    };
}

transcripts! {
    apple atlassian discord facebook github gitlab google instagram linkedin mailchimp microsoft notion reddit
    salesforce shopify slack spotify strava tiktok twitch wechat weibo x zoho
}

#[test]
fn every_transcript_is_played_and_every_provider_has_one() {
    let files =
        std::fs::read_dir(model::folder()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut files: Vec<String> = files.filter_map(|name| name.strip_suffix(".yaml").map(str::to_owned)).collect();
    files.sort();
    assert_eq!(ALL, files);
    let ids: Vec<&str> = oauth_providers::catalog().iter().map(CatalogEntry::id).collect();
    assert_eq!(ALL, ids);
}

fn entry(id: &str) -> CatalogEntry {
    let found = oauth_providers::catalog().iter().find(|entry| entry.id() == id);
    *found.unwrap_or_else(|| panic!("the catalog has no `{id}`"))
}

/// The compiled provider plays the transcript, and the file loaded now does the very same.
async fn client(id: &str) {
    let transcript = Transcript::load(id);
    let compiled = entry(id).spec();
    let file = model::folder().join("../../providers").join(format!("{id}.yaml"));
    let loaded = Arc::new(ProviderSpec::from_yaml_file(file).unwrap_or_else(|faults| panic!("{faults}")));

    let mut one = Run::new(&transcript, compiled);
    one.all().await;
    let mut other = Run::new(&transcript, &loaded);
    other.all().await;
    let (differences, pairs, requests) = one.player.take();
    let (_, _, others) = other.player.take();
    assert_eq!(requests, others, "{id}: the compiled and the loaded file make other requests");
    assert_eq!(one.understood, other.understood, "{id}: the compiled and the loaded file understand something else");

    let mut found = one.differences;
    found.extend(differences);
    found.extend(refusals::all(&transcript, compiled).await);
    settle(&transcript, Side::Client, &found, &pairs);
}

/// The simulator of the provider answers as the transcript does.
async fn simulator(id: &str) {
    let transcript = Transcript::load(id);
    let found = simulated::all(&transcript, entry(id).spec()).await;
    settle(&transcript, Side::Simulator, &found, &[]);
}
