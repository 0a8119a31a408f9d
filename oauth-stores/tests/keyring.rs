//! The key in a keyring that the tests have made, and on a machine without one.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::any::Any;
use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, SystemTime};

use keyring_core::api::{Credential, CredentialApi, CredentialStoreApi};
use keyring_core::{CredentialStore, Entry, Error};
use oauth_core::http::BoxFuture;
use oauth_core::seal::{KeyChain, KeyProvider as _, KeySource, SealingKey};
use oauth_core::store::StoreErrorKind;
use oauth_core::{Clock, ExposeSecret as _, OsRng};
use oauth_stores::KeyringKeys;

const APP: &str = "com.example.my-app";
const MARK: &str = "oauth-providers sealing key v1 ";

/// A keyring in memory that is as slow, as stubborn or as absent as a test wants it.
#[derive(Debug, Default)]
struct Fake {
    items: Mutex<HashMap<(String, String), Vec<u8>>>,
    writes: AtomicUsize,
    /// Whether it waits for its owner, as one that is locked.
    waits: Mutex<bool>,
    unlocked: Condvar,
    /// What it says to everything: the name of an error.
    refuses: Mutex<Option<&'static str>>,
}

impl Fake {
    fn wait(&self, waits: bool) {
        *self.waits.lock().unwrap() = waits;
        self.unlocked.notify_all();
    }

    fn refuse(&self, with: &'static str) {
        *self.refuses.lock().unwrap() = Some(with);
    }

    fn answers(&self) -> keyring_core::Result<()> {
        drop(self.unlocked.wait_while(self.waits.lock().unwrap(), |waits| *waits).unwrap());
        match *self.refuses.lock().unwrap() {
            None => Ok(()),
            Some("ambiguous") => Err(Error::Ambiguous(Vec::new())),
            Some("panic") => panic!("the keyring's library has a fault"),
            #[cfg(target_os = "linux")]
            Some(of_the_service) => Err(Error::NoStorageAccess(Box::new(match of_the_service {
                "locked" => secret_service::Error::Locked,
                "dismissed" => secret_service::Error::Prompt,
                "no collection" => secret_service::Error::NoResult,
                _ => secret_service::Error::Crypto("something else"),
            }))),
            #[cfg(not(target_os = "linux"))]
            Some(other) => Err(Error::BadStoreFormat(other.to_owned())),
        }
    }

    /// The names of everything that is in it.
    fn names(&self) -> Vec<(String, String)> {
        self.items.lock().unwrap().keys().cloned().collect()
    }

    fn contents(&self) -> Vec<Vec<u8>> {
        self.items.lock().unwrap().values().cloned().collect()
    }
}

#[derive(Debug)]
struct Handle(Arc<Fake>);

#[derive(Debug)]
struct Place(Arc<Fake>, (String, String));

impl CredentialStoreApi for Handle {
    fn vendor(&self) -> String {
        "a test".to_owned()
    }

    fn id(&self) -> String {
        "fake".to_owned()
    }

    fn build(&self, service: &str, user: &str, _: Option<&HashMap<&str, &str>>) -> keyring_core::Result<Entry> {
        let name = (service.to_owned(), user.to_owned());
        Ok(Entry::new_with_credential(Arc::new(Place(Arc::clone(&self.0), name))))
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl CredentialApi for Place {
    fn set_secret(&self, secret: &[u8]) -> keyring_core::Result<()> {
        self.0.answers()?;
        // Long enough for another one to come in between, if it can.
        (0..2_000).for_each(|_| std::thread::yield_now());
        self.0.writes.fetch_add(1, Ordering::SeqCst);
        self.0.items.lock().unwrap().insert(self.1.clone(), secret.to_vec());
        Ok(())
    }

    fn get_secret(&self) -> keyring_core::Result<Vec<u8>> {
        self.0.answers()?;
        self.0.items.lock().unwrap().get(&self.1).cloned().ok_or(Error::NoEntry)
    }

    fn delete_credential(&self) -> keyring_core::Result<()> {
        self.0.answers()?;
        self.0.items.lock().unwrap().remove(&self.1).map(drop).ok_or(Error::NoEntry)
    }

    fn get_credential(&self) -> keyring_core::Result<Option<Arc<Credential>>> {
        Ok(None)
    }

    fn get_specifiers(&self) -> Option<(String, String)> {
        Some(self.1.clone())
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

struct Rig {
    fake: Arc<Fake>,
    folder: tempfile::TempDir,
}

impl Rig {
    fn new() -> Self {
        Self { fake: Arc::default(), folder: tempfile::tempdir().unwrap() }
    }

    fn keys(&self) -> KeyringKeys {
        let keyring: Arc<CredentialStore> = Arc::new(Handle(Arc::clone(&self.fake)));
        KeyringKeys::new(APP, self.folder.path()).unwrap().keyring(keyring)
    }

    /// With something in the keyring under the key's name.
    async fn holding(content: &[u8]) -> Self {
        let rig = Self::new();
        rig.keys().create().await.unwrap().unwrap();
        rig.fake.items.lock().unwrap().values_mut().for_each(|item| *item = content.to_vec());
        rig
    }
}

/// A clock whose waits are over at once.
struct Impatient;

impl Clock for Impatient {
    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH
    }

    fn sleep(&self, _: Duration) -> BoxFuture<'_, ()> {
        Box::pin(async {})
    }
}

#[tokio::test]
async fn a_key_is_made_once_and_found_again() {
    let rig = Rig::new();
    assert_eq!(rig.keys().find().await.unwrap(), None);
    let made = rig.keys().create().await.unwrap().unwrap();
    assert_eq!(rig.keys().create().await.unwrap().unwrap(), made);
    assert_eq!(rig.keys().find().await.unwrap().unwrap(), made);
    assert_eq!(rig.fake.writes.load(Ordering::SeqCst), 1);
    // As text, which every keyring can hold.
    let text = String::from_utf8(rig.fake.contents().remove(0)).unwrap();
    assert_eq!(text, format!("{MARK}{}", made.expose_base64().expose_secret()));
    assert!(!format!("{:?}", rig.keys()).contains(made.expose_base64().expose_secret()));

    assert!(rig.keys().delete().await.unwrap());
    assert!(!rig.keys().delete().await.unwrap());
    assert_eq!(rig.keys().find().await.unwrap(), None);
}

#[tokio::test]
async fn a_chain_says_that_the_key_is_from_the_keyring() {
    let rig = Rig::new();
    let key_file = rig.folder.path().join("key");
    let chain = || KeyChain::new().keyring(rig.keys()).key_file(&key_file);
    let made = chain().find().await.unwrap();
    let found = chain().find().await.unwrap();
    assert_eq!((made.source(), found.source()), (KeySource::Keyring, KeySource::Keyring));
    assert_eq!(made.key(), found.key());
    assert!(!key_file.exists(), "no key is written to a disk");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_service_without_a_collection_can_keep_no_key() {
    let rig = Rig::new();
    rig.fake.refuse("no collection");
    assert_eq!(rig.keys().find().await.unwrap_err().kind(), StoreErrorKind::KeyringUnavailable);
    assert_eq!(rig.keys().create().await.unwrap(), None);
    let found = KeyChain::new().keyring(rig.keys()).key_file(rig.folder.path().join("key")).find().await.unwrap();
    assert_eq!(found.source(), KeySource::KeyFile);
}

#[test]
fn kr_03_a_keyring_that_does_not_answer_is_locked_and_keeps_nothing_waiting() {
    let rig = Rig::new();
    rig.fake.wait(true);
    let keys = rig.keys().clock(Arc::new(Impatient));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let error = runtime.block_on(keys.find()).unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Locked, "{error}");
    assert!(error.is_transient() && error.remedy().unwrap().contains("unlock"));
    // Nor is it asked over and over: one thread waits, not one for each call.
    for _ in 0..3 {
        assert_eq!(runtime.block_on(keys.create()).unwrap_err().kind(), StoreErrorKind::Locked);
    }
    // The end of the runtime does not wait for it.
    drop(runtime);

    rig.fake.wait(false);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    assert_eq!(runtime.block_on(keys.clone().clock(Arc::new(oauth_core::SystemClock)).find()).unwrap(), None);
    assert_eq!(rig.fake.writes.load(Ordering::SeqCst), 0);
}

#[test]
fn kr_03_no_key_is_made_for_who_has_gone() {
    let rig = Rig::new();
    rig.fake.wait(true);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let keys = rig.keys().clock(Arc::new(Impatient));
    assert_eq!(runtime.block_on(keys.create()).unwrap_err().kind(), StoreErrorKind::Locked);
    rig.fake.wait(false);
    // The one that was given up has ended when the next one is answered.
    let found = runtime.block_on(keys.clock(Arc::new(oauth_core::SystemClock)).find()).unwrap();
    assert_eq!((found, rig.fake.writes.load(Ordering::SeqCst)), (None, 0));
}

#[tokio::test]
async fn kr_03_a_chain_stops_at_a_locked_keyring() {
    let rig = Rig::new();
    rig.fake.wait(true);
    let key_file = rig.folder.path().join("key");
    let chain = KeyChain::new().keyring(rig.keys().clock(Arc::new(Impatient))).key_file(&key_file);
    assert_eq!(chain.find().await.unwrap_err().kind(), StoreErrorKind::Locked);
    assert!(!key_file.exists());
    rig.fake.wait(false);
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn kr_03_a_dismissed_prompt_is_locked() {
    for (says, kind) in [
        ("locked", StoreErrorKind::Locked),
        ("dismissed", StoreErrorKind::Locked),
        ("else", StoreErrorKind::Unavailable),
    ] {
        let rig = Rig::new();
        rig.fake.refuse(says);
        assert_eq!(rig.keys().find().await.unwrap_err().kind(), kind, "{says}");
        assert_eq!(rig.keys().create().await.unwrap_err().kind(), kind, "{says}");
    }
}

#[tokio::test]
async fn a_fault_of_the_keyrings_library_is_an_error() {
    let rig = Rig::new();
    rig.fake.refuse("panic");
    assert_eq!(rig.keys().find().await.unwrap_err().kind(), StoreErrorKind::Internal);
    *rig.fake.refuses.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = None;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn kr_04_of_many_that_make_a_key_all_get_the_same() {
    for _ in 0..5 {
        let rig = Rig::new();
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..12 {
            // Each as a process of its own: nothing but the folder and the keyring is shared.
            let keys = rig.keys();
            tasks.spawn(async move { keys.create().await.unwrap().unwrap() });
        }
        let keys = tasks.join_all().await;
        assert!(keys.iter().all(|key| key == &keys[0]), "{keys:?}");
        assert_eq!(rig.fake.writes.load(Ordering::SeqCst), 1);
    }
}

#[tokio::test]
async fn kr_05_what_is_not_ours_is_left_alone() {
    let key = SealingKey::generate(&OsRng).unwrap().expose_base64();
    let newer = format!("oauth-providers sealing key v2 {}", key.expose_secret());
    let damaged = format!("{MARK}{}", &key.expose_secret()[4..]);
    for (content, kind) in [
        (&b"hunter2"[..], StoreErrorKind::Foreign),
        (b"", StoreErrorKind::Foreign),
        (b"hunter2\xff", StoreErrorKind::Foreign),
        (b"oauth-providers sealing key hunter2", StoreErrorKind::Foreign),
        (b"oauth-providers sealing key vx hunter2", StoreErrorKind::Foreign),
        (key.expose_secret().as_bytes(), StoreErrorKind::Foreign),
        (newer.as_bytes(), StoreErrorKind::NewerSchema),
        (damaged.as_bytes(), StoreErrorKind::Corrupt),
    ] {
        let rig = Rig::holding(content).await;
        let shown = String::from_utf8_lossy(content);
        for error in [rig.keys().find().await.unwrap_err(), rig.keys().create().await.unwrap_err()] {
            assert_eq!(error.kind(), kind, "{shown}: {error}");
            let text = format!("{error} {error:?}");
            assert!(!text.contains("hunter2") && !text.contains(&key.expose_secret()[4..]), "{text}");
        }
        // Only what is ours, and damaged, may be deleted.
        let deleted = rig.keys().delete().await;
        assert_eq!(deleted.is_ok(), kind == StoreErrorKind::Corrupt, "{shown}");
        let kept = rig.fake.contents();
        assert_eq!(kept, if deleted.is_ok() { vec![] } else { vec![content.to_vec()] }, "{shown}");
    }
}

#[tokio::test]
async fn kr_05_two_items_of_one_name_are_nobodys() {
    let rig = Rig::new();
    rig.fake.refuse("ambiguous");
    assert_eq!(rig.keys().find().await.unwrap_err().kind(), StoreErrorKind::Foreign);
}

#[tokio::test]
async fn kr_05_the_name_is_the_applications_and_the_formats() {
    let rig = Rig::new();
    rig.keys().create().await.unwrap();
    let [(service, _)] = rig.fake.names().try_into().unwrap();
    assert_eq!(service, "oauth-providers/v1/com.example.my-app");
}

#[tokio::test]
async fn kr_06_names_in_the_keyring_are_short_however_long_ours_are() {
    let rig = Rig::new();
    let longest = "a".repeat(64);
    let long = "https://login.example/".repeat(500);
    let other = format!("{long}x");
    for (app, name) in [(APP, ""), (APP, "a"), (APP, &long), (APP, &other), (&longest, &long), (APP, "ä*:\0\n")] {
        let keyring: Arc<CredentialStore> = Arc::new(Handle(Arc::clone(&rig.fake)));
        let keys = KeyringKeys::new(app, rig.folder.path()).unwrap().named(name).unwrap().keyring(keyring);
        keys.create().await.unwrap().unwrap();
    }
    let names = rig.fake.names();
    assert_eq!(names.len(), 6, "each has a place of its own");
    for (service, user) in &names {
        assert!(service.len() <= 100 && user.len() == 30 && user.is_ascii(), "{service} {user}");
    }
    let different: BTreeSet<_> = rig.fake.contents().into_iter().collect();
    assert_eq!(different.len(), 6, "and a key of its own");
    for app in ["", "a b", "a/b", "ä", &"a".repeat(65)] {
        assert_eq!(KeyringKeys::new(app, "/tmp").unwrap_err().kind(), StoreErrorKind::Config, "{app}");
    }
}

/// Machines without a session bus, each in a process of its own, since it is in the environment that there is none.
#[cfg(target_os = "linux")]
#[allow(clippy::disallowed_methods, reason = "a child process is told by the environment what it is to do")]
#[tokio::test]
async fn kr_02_without_a_session_bus_there_is_no_keyring() {
    const CHILD: &str = "OAUTH_TEST_KEYRING_CHILD";
    if let Ok(folder) = std::env::var(CHILD) {
        return ask_the_systems_keyring(folder.as_ref()).await;
    }
    let scratch = tempfile::tempdir().unwrap();
    let refused = scratch.path().join("refused");
    drop(std::os::unix::net::UnixListener::bind(&refused).unwrap());
    let nowhere = format!("unix:path={}", scratch.path().join("nowhere").display());
    let refused = format!("unix:path={}", refused.display());
    for address in
        [None, Some(""), Some(nowhere.as_str()), Some(&refused), Some("no address"), Some("tcp:host=127.0.0.1,port=1")]
    {
        let folder = tempfile::tempdir().unwrap();
        let mut child = std::process::Command::new(std::env::current_exe().unwrap());
        child.args(["--exact", "kr_02_without_a_session_bus_there_is_no_keyring"]);
        child.env(CHILD, folder.path()).env("XDG_RUNTIME_DIR", scratch.path()).env_remove("DBUS_SESSION_BUS_ADDRESS");
        // An address that it can be started at is none either.
        child.env_remove("DISPLAY").env("PATH", "/nonexistent");
        if let Some(address) = address {
            child.env("DBUS_SESSION_BUS_ADDRESS", address);
        }
        let output = child.output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && text.contains("1 passed"), "{address:?}: {text}");
    }
}

#[cfg(target_os = "linux")]
async fn ask_the_systems_keyring(folder: &std::path::Path) {
    let keys = || KeyringKeys::new(APP, folder.join("app")).unwrap();
    let error = keys().find().await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::KeyringUnavailable, "{error:?}");
    assert!(error.remedy().unwrap().contains("KeyChain::key_file"), "{error:?}");
    assert!(!error.is_transient());
    assert_eq!(keys().create().await.unwrap(), None);
    // Without another place there is an error, and nothing on the disk.
    assert_eq!(KeyChain::new().keyring(keys()).find().await.unwrap_err().kind(), StoreErrorKind::Config);
    assert!(!folder.join("app").exists());
    // With one that was named it is there, and it is said.
    let found = KeyChain::new().keyring(keys()).key_file(folder.join("key")).find().await.unwrap();
    assert_eq!(found.source(), KeySource::KeyFile);
    assert!(found.source().to_string().contains("file permissions only"));
}
