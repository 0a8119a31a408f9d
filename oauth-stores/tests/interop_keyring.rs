//! The key in a real keyring, in the sessions that tests/interop/stores starts: each module in the one of its name.

#![cfg(target_os = "linux")]
#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a panic is how a test fails")]
#![allow(clippy::disallowed_methods, reason = "tests are told by the environment where they are")]

use std::collections::HashMap;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use keyring_core::{CredentialStore, Entry};
use oauth_core::seal::{FoundKey, KeyChain, KeyProvider as _, KeySource};
use oauth_core::store::{StoreErrorKind, StoreResult};
use oauth_stores::KeyringKeys;

const APP: &str = "com.example.my-app";
/// The folder of a test that has started itself as another process.
const CHILD: &str = "OAUTH_TEST_KEYRING_CHILD";

/// Fails in a session that is not the one for the test.
fn session(is: &str) {
    let session = std::env::var("OAUTH_TEST_KEYRING");
    let session = session.unwrap_or_else(|_| panic!("OAUTH_TEST_KEYRING is not set: run tests/interop/stores keyring"));
    assert_eq!(session, is);
}

fn keys(folder: &Path) -> KeyringKeys {
    KeyringKeys::new(APP, folder).unwrap()
}

async fn chain(folder: &Path, keys: KeyringKeys) -> StoreResult<FoundKey> {
    KeyChain::new().keyring(keys).key_file(folder.join("key")).find().await
}

/// What another program sees in the keyring, looked at in a thread, as it blocks.
fn another_program<T: Send + 'static>(looks: impl FnOnce(Arc<CredentialStore>) -> T + Send + 'static) -> T {
    std::thread::spawn(|| looks(zbus_secret_service_keyring_store::Store::new().unwrap())).join().unwrap()
}

fn entries(keyring: &Arc<CredentialStore>) -> Vec<Entry> {
    keyring.search(&HashMap::from([("service", "oauth-providers/v1/com.example.my-app")])).unwrap()
}

mod unlocked {
    use super::*;

    #[tokio::test]
    async fn kr_04_many_processes_make_one_key() {
        session("unlocked");
        if let Ok(folder) = std::env::var(CHILD) {
            let found = chain(folder.as_ref(), keys(folder.as_ref())).await.unwrap();
            println!("\nfound {} in {}", found.key().id(), found.source());
            return;
        }
        let folder = tempfile::tempdir().unwrap();
        let processes: Vec<_> = (0..12)
            .map(|_| {
                let mut process = Command::new(std::env::current_exe().unwrap());
                process.args(["--nocapture", "--exact", "unlocked::kr_04_many_processes_make_one_key"]);
                process.env(CHILD, folder.path()).stdout(Stdio::piped()).spawn().unwrap()
            })
            .collect();
        let mut found = Vec::new();
        for process in processes {
            let output = process.wait_with_output().unwrap();
            let text = String::from_utf8(output.stdout).unwrap();
            assert!(output.status.success(), "{text}");
            found.push(text.lines().find(|line| line.starts_with("found ")).unwrap().to_owned());
        }
        assert!(found.iter().all(|line| line == &found[0]), "{found:?}");
        let key = keys(folder.path()).find().await.unwrap().unwrap();
        assert_eq!(found[0], format!("found {} in {}", key.id(), KeySource::Keyring));
        assert!(!folder.path().join("key").exists());
        assert_eq!(another_program(|keyring| entries(&keyring).len()), 1);
        assert!(keys(folder.path()).delete().await.unwrap());
    }

    #[tokio::test]
    async fn kr_05_the_item_of_another_program_is_left_alone() {
        session("unlocked");
        let folder = tempfile::tempdir().unwrap();
        keys(folder.path()).create().await.unwrap().unwrap();
        another_program(|keyring| entries(&keyring)[0].set_secret(b"hunter2").unwrap());
        for error in [
            keys(folder.path()).find().await.unwrap_err(),
            keys(folder.path()).create().await.unwrap_err(),
            keys(folder.path()).delete().await.unwrap_err(),
            chain(folder.path(), keys(folder.path())).await.unwrap_err(),
        ] {
            assert_eq!(error.kind(), StoreErrorKind::Foreign, "{error}");
            assert!(!format!("{error:?}").contains("hunter2"));
        }
        assert!(!folder.path().join("key").exists());
        let kept = another_program(|keyring| {
            let entry = &entries(&keyring)[0];
            let kept = entry.get_secret().unwrap();
            entry.delete_credential().unwrap();
            kept
        });
        assert_eq!(kept, b"hunter2");
    }

    #[tokio::test]
    async fn kr_06_the_attributes_are_short() {
        session("unlocked");
        let folder = tempfile::tempdir().unwrap();
        let keys = keys(folder.path()).named(&"https://login.example/".repeat(500)).unwrap();
        let key = keys.create().await.unwrap().unwrap();
        assert_eq!(keys.find().await.unwrap().unwrap(), key);
        let attributes = another_program(|keyring| entries(&keyring)[0].get_attributes().unwrap());
        assert!(attributes.contains_key("service") && attributes.contains_key("username"));
        assert!(attributes.values().all(|value| value.len() < 128), "{attributes:?}");
        assert!(keys.delete().await.unwrap());
    }
}

mod shut {
    use super::*;

    #[tokio::test]
    async fn kr_03_a_locked_keyring_is_told_from_none() {
        session("unlocked");
        let folder = tempfile::tempdir().unwrap();
        let made = chain(folder.path(), keys(folder.path())).await.unwrap();
        assert_eq!(made.source(), KeySource::Keyring);
        let mut lock = Command::new("dbus-send");
        lock.args(["--session", "--print-reply", "--dest=org.freedesktop.secrets", "/org/freedesktop/secrets"]);
        lock.args(["org.freedesktop.Secret.Service.Lock", "array:objpath:/org/freedesktop/secrets/aliases/default"]);
        assert!(lock.stdout(Stdio::null()).status().unwrap().success());

        // Nobody is there to be asked for the password.
        let patient = || keys(folder.path()).patience(Duration::from_secs(3));
        for error in [
            patient().find().await.unwrap_err(),
            patient().create().await.unwrap_err(),
            chain(folder.path(), patient()).await.unwrap_err(),
        ] {
            assert_eq!(error.kind(), StoreErrorKind::Locked, "{error:?}");
        }
        assert!(!folder.path().join("key").exists());
    }
}

mod empty {
    use super::*;

    #[tokio::test]
    async fn a_service_without_a_collection_leaves_it_to_the_next_place() {
        session("empty");
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(keys(folder.path()).find().await.unwrap(), None);
        assert_eq!(keys(folder.path()).create().await.unwrap(), None);
        let found = chain(folder.path(), keys(folder.path())).await.unwrap();
        assert_eq!(found.source(), KeySource::KeyFile);
    }
}

mod nobody {
    use super::*;

    #[tokio::test]
    async fn kr_02_a_session_without_a_keyring_is_said_to_have_none() {
        session("nobody");
        let folder = tempfile::tempdir().unwrap();
        let error = keys(folder.path()).find().await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::KeyringUnavailable, "{error:?}");
        assert!(error.remedy().unwrap().contains("Secret Service"), "{error:?}");
        let alone = KeyChain::new().keyring(keys(folder.path())).find().await.unwrap_err();
        assert_eq!(alone.kind(), StoreErrorKind::Config);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "nothing is written unasked");
        let found = chain(folder.path(), keys(folder.path())).await.unwrap();
        assert_eq!(found.source(), KeySource::KeyFile);
    }
}
