//! W5.hit: a token that is fresh is asked for.

use std::hint::black_box;
use std::sync::{Arc, RwLock};
use std::time::{Duration, SystemTime};

use oauth_core::{TokenManager, TokenSet};
use tokio::runtime::Builder;

use crate::provider::{SCOPES, TOKEN, client, ready, token_text};
use crate::workload::{Target, Workload, case};
use crate::yup::{self, Keep};

/// The hit alone.
pub fn workloads() -> Vec<Workload> {
    vec![Workload {
        id: "W5.hit",
        what: "the token of an account, fresh",
        target: Target { instructions: Some(200.0), allocations: Some(0.0), ..Target::default() },
        repeat: 10,
        cases: vec![
            case("floor", "an RwLock and the clock", floor),
            case("ours", "a handle of a manager", ours),
            case("yup-oauth2", "", yup),
        ],
    }]
}

fn floor() -> Box<dyn FnMut()> {
    let ends = SystemTime::now() + Duration::from_secs(3600);
    let token: RwLock<(Arc<str>, SystemTime)> = RwLock::new((token_text(256).into(), ends));
    Box::new(move || {
        let token = token.read().expect("no panic while it is held");
        assert!(black_box(token.1) > SystemTime::now());
        black_box(Arc::clone(&token.0));
    })
}

fn ours() -> Box<dyn FnMut()> {
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    let manager =
        TokenManager::in_memory_builder().max_stale(Duration::from_secs(24 * 60 * 60)).build().expect("a manager");
    let ends = SystemTime::now() + Duration::from_secs(24 * 60 * 60);
    let tokens = TokenSet::new(token_text(256)).with_refresh_token(token_text(128)).with_expires_at(ends);
    let account = runtime.block_on(manager.import(&client(), "user-42", tokens)).expect("an account");
    Box::new(move || {
        black_box(ready(black_box(&account).token()).expect("a token"));
    })
}

fn yup() -> Box<dyn FnMut()> {
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    let path = std::env::temp_dir().join(format!("oauth-benches-{}.json", std::process::id()));
    let yup = runtime.block_on(yup::authenticator(yup::http(), TOKEN, &SCOPES, Keep::Fresh(path.clone())));
    let _ = std::fs::remove_file(path);
    Box::new(move || {
        black_box(ready(yup.token(black_box(&SCOPES))).expect("a token"));
    })
}
