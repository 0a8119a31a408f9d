//! Where keys are read from.

use std::env::VarError;
use std::fs::{self, Permissions};
use std::os::unix::ffi::OsStringExt as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::Path;

use secrecy::ExposeSecret as _;

use crate::http::BoxFuture;
use crate::rng::OsRng;
use crate::seal::{KeyChain, KeyProvider, KeySource, SealingKey};
use crate::store::{StoreError, StoreErrorKind, StoreResult};

fn key() -> SealingKey {
    SealingKey::generate(&OsRng).unwrap()
}

fn text(key: &SealingKey) -> String {
    key.expose_base64().expose_secret().to_owned()
}

fn write(path: &Path, content: impl AsRef<[u8]>, mode: u32) {
    fs::write(path, content).unwrap();
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().mode() & 0o7777
}

/// Why there is no key, of a text that tells nothing of what was read.
fn refused(result: StoreResult<SealingKey>) -> StoreErrorKind {
    let error = result.unwrap_err();
    let text = format!("{error} {error:?} {:?}", error.remedy());
    assert!(!text.contains("canary") && error.remedy().is_some(), "{text}");
    error.kind()
}

#[test]
fn en_05_a_variable_has_a_key_or_is_refused_without_its_value() {
    let read = |value| SealingKey::from_variable("OAUTH_KEY", value);
    let key = key();
    assert_eq!(read(Ok(text(&key))).unwrap().unwrap(), key);
    assert_eq!(read(Err(VarError::NotPresent)).unwrap(), None);
    let bytes = std::ffi::OsString::from_vec(b"canary\xff".to_vec());
    let zeros = "A".repeat(43) + "=";
    for value in [Ok(""), Ok(" "), Ok("canary"), Ok(&*zeros)].map(|value| value.map(ToOwned::to_owned)) {
        let error = read(value).unwrap_err();
        assert!(error.to_string().contains("OAUTH_KEY"), "{error}");
        assert_eq!(refused(Err(error)), StoreErrorKind::KeyInvalid);
    }
    let error = read(Err(VarError::NotUnicode(bytes))).unwrap_err();
    assert_eq!(refused(Err(error)), StoreErrorKind::KeyInvalid);
    // A variable that cargo sets for tests.
    let error = SealingKey::from_env("CARGO_PKG_NAME").unwrap_err();
    assert!(error.to_string().contains("CARGO_PKG_NAME") && !format!("{error:?}").contains("oauth-core"), "{error:?}");
}

#[test]
fn en_05_a_key_in_a_file_of_ones_own_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    let key = key();
    for (content, mode) in [(text(&key), 0o600), (text(&key) + "\n", 0o400), (text(&key).replace('+', "-"), 0o700)] {
        let content = if content.contains('-') { content.replace('/', "_") } else { content };
        write(&path, content, mode);
        assert_eq!(SealingKey::from_file(&path).unwrap(), key);
        assert_eq!(SealingKey::in_file(&path).unwrap(), key);
        fs::remove_file(&path).unwrap();
    }
}

#[test]
fn en_05_a_file_that_others_can_read_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    for mode in [0o604, 0o640, 0o602, 0o620, 0o644, 0o610, 0o666, 0o777] {
        write(&path, text(&key()), mode);
        for result in [SealingKey::from_file(&path), SealingKey::in_file(&path)] {
            assert_eq!(refused(result), StoreErrorKind::InsecurePermissions, "{mode:o}");
        }
        assert_eq!(self::mode(&path), mode, "left as it is");
    }
    // Only root can give a file away.
    if rustix::process::geteuid().is_root() {
        write(&path, text(&key()), 0o600);
        std::os::unix::fs::chown(&path, Some(12_345), None).unwrap();
        assert_eq!(refused(SealingKey::from_file(&path)), StoreErrorKind::InsecurePermissions);
    }
}

#[test]
fn en_05_only_a_regular_file_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let [target, link, dangling, pipe] = ["target", "link", "dangling", "pipe"].map(|name| folder.path().join(name));
    write(&target, text(&key()), 0o600);
    symlink(&target, &link).unwrap();
    symlink(folder.path().join("nowhere"), &dangling).unwrap();
    // With nobody at its other end: whoever waited for that would hang here.
    assert!(std::process::Command::new("mkfifo").args(["-m", "600"]).arg(&pipe).status().unwrap().success());
    for path in [&link, &dangling, &pipe, &folder.path().to_owned()] {
        for result in [SealingKey::from_file(path), SealingKey::in_file(path)] {
            assert_eq!(refused(result), StoreErrorKind::NotAFile, "{}", path.display());
        }
    }
    assert!(!folder.path().join("nowhere").exists(), "nothing is made behind a link");
}

#[test]
fn en_05_what_is_no_key_stays_in_its_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    let long = "canary".repeat(10_000);
    let cases: [(&[u8], _); 5] = [
        (b"", StoreErrorKind::KeyInvalid),
        (b"canary", StoreErrorKind::KeyInvalid),
        (b"canary\xff\xfe", StoreErrorKind::KeyInvalid),
        (b"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", StoreErrorKind::KeyInvalid),
        (long.as_bytes(), StoreErrorKind::TooLarge),
    ];
    for (content, kind) in cases {
        write(&path, content, 0o600);
        for make in [false, true] {
            let result = if make { SealingKey::in_file(&path) } else { SealingKey::from_file(&path) };
            let error = result.unwrap_err();
            assert_eq!(error.kind(), kind);
            assert!(!format!("{error} {error:?}").contains("canary"), "{error:?}");
            assert_eq!(fs::read(&path).unwrap(), content, "never overwritten");
        }
    }
}

#[test]
fn en_06_a_lost_key_file_is_told_and_not_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    let error = SealingKey::from_file(&path).unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::KeyUnknown);
    assert!(error.remedy().unwrap().contains("copy"), "{error:?}");
    assert!(!path.exists());
}

#[test]
fn a_key_file_is_made_once_and_for_its_owner_only() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a/b/key");
    let made = SealingKey::in_file(&path).unwrap();
    assert_eq!((mode(&path), mode(path.parent().unwrap()), mode(&folder.path().join("a"))), (0o600, 0o700, 0o700));
    assert_eq!(SealingKey::in_file(&path).unwrap(), made);
    assert_eq!(SealingKey::from_file(&path).unwrap(), made);
    assert_ne!(SealingKey::in_file(folder.path().join("other")).unwrap(), made);
    let left: Vec<_> = fs::read_dir(path.parent().unwrap()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["key"], "no draft is left behind");

    // A folder that is none, and no name at all.
    assert_eq!(SealingKey::in_file(path.join("key")).unwrap_err().kind(), StoreErrorKind::Config);
    assert_eq!(SealingKey::in_file(folder.path().join("..")).unwrap_err().kind(), StoreErrorKind::NotAFile);
}

#[test]
fn a_key_file_that_many_make_at_once_has_one_key() {
    for _ in 0..20 {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        let together = std::sync::Barrier::new(8);
        let keys: Vec<SealingKey> = std::thread::scope(|scope| {
            let make = || {
                together.wait();
                SealingKey::in_file(&path).unwrap()
            };
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(make)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(keys.iter().all(|key| *key == keys[0]));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}

/// A path is in messages, and does nothing there.
#[test]
fn a_path_is_shown_on_one_line() {
    let error = SealingKey::from_file("/nowhere/\x1b[31m\nkey").unwrap_err();
    assert_eq!(error.to_string(), "the key store: there is no file `/nowhere/\\u{1b}[31m\\nkey`");
}

/// A keyring with or without a key.
struct Keyring {
    found: fn() -> StoreResult<Option<SealingKey>>,
    created: Option<SealingKey>,
}

impl KeyProvider for Keyring {
    fn find(&self) -> BoxFuture<'_, StoreResult<Option<SealingKey>>> {
        Box::pin(async { (self.found)() })
    }

    fn create(&self) -> BoxFuture<'_, StoreResult<Option<SealingKey>>> {
        Box::pin(async { Ok(self.created.clone()) })
    }
}

const NOBODY: &str = "OAUTH_KEY_OF_NOBODY";

fn failing<T>(kind: StoreErrorKind) -> StoreResult<T> {
    Err(StoreError::new(kind, "keyring", "it is not there"))
}

#[tokio::test]
async fn the_first_place_with_a_key_counts() {
    let folder = tempfile::tempdir().unwrap();
    let [given, kept] = ["given", "kept"].map(|name| folder.path().join(name));
    let file = key();
    write(&given, text(&file), 0o600);

    let keyring = Keyring { found: || Ok(Some(key())), created: None };
    let found = KeyChain::new().key_file(&kept).file(&given).env(NOBODY).keyring(keyring).find().await.unwrap();
    assert_eq!(found.source(), KeySource::Keyring);

    // No keyring at all, or one without a key: whatever the user has given comes first.
    for found in [|| Ok(None), || failing(StoreErrorKind::KeyringUnavailable)] {
        let keyring = Keyring { found, created: Some(key()) };
        let found = KeyChain::new().key_file(&kept).file(&given).env(NOBODY).keyring(keyring).find().await.unwrap();
        assert_eq!((found.key(), found.source()), (&file, KeySource::File));
    }
    assert!(!kept.exists());

    // Nobody has one: the keyring makes it, or, where there is none, the key file.
    let made = key();
    let keyring = Keyring { found: || Ok(None), created: Some(made.clone()) };
    let found = KeyChain::new().key_file(&kept).env(NOBODY).keyring(keyring).find().await.unwrap();
    assert_eq!((found.key(), found.source()), (&made, KeySource::Keyring));
    assert!(!kept.exists());
    let keyring = Keyring { found: || failing(StoreErrorKind::KeyringUnavailable), created: Some(made) };
    let found = KeyChain::new().key_file(&kept).env(NOBODY).keyring(keyring).find().await.unwrap();
    assert_eq!((found.key(), found.source()), (&SealingKey::from_file(&kept).unwrap(), KeySource::KeyFile));
    assert!(found.source().to_string().contains("protected by file permissions only"));

    // A keyring that comes later makes no second key: what is sealed would open with neither of both alone.
    let keyring = Keyring { found: || Ok(None), created: Some(key()) };
    let later = KeyChain::new().key_file(&kept).env(NOBODY).keyring(keyring).find().await.unwrap();
    assert_eq!((later.key(), later.source()), (found.key(), KeySource::KeyFile));
}

#[tokio::test]
async fn a_place_that_fails_is_no_reason_to_go_on() {
    let folder = tempfile::tempdir().unwrap();
    let [given, kept] = ["given", "kept"].map(|name| folder.path().join(name));
    let locked = Keyring { found: || failing(StoreErrorKind::Locked), created: None };
    let cases = [
        (KeyChain::new().keyring(locked), StoreErrorKind::Locked),
        (KeyChain::new().env("CARGO_PKG_NAME"), StoreErrorKind::KeyInvalid),
        (KeyChain::new().file(&given), StoreErrorKind::KeyUnknown),
    ];
    for (chain, kind) in cases {
        assert_eq!(chain.key_file(&kept).find().await.unwrap_err().kind(), kind);
        assert!(!kept.exists(), "no other key is made instead");
    }
    for chain in [KeyChain::new(), KeyChain::new().env(NOBODY)] {
        let error = chain.find().await.unwrap_err();
        assert!(error.kind() == StoreErrorKind::Config && error.remedy().is_some(), "{error:?}");
    }
}

/// The variable is that of a second run of this very test.
#[tokio::test]
async fn the_environment_counts_before_files() {
    const NAME: &str = "OAUTH_KEY_OF_THE_SECOND_RUN";
    const TEST: &str = "seal::tests::sources::the_environment_counts_before_files";
    if let Some(key) = SealingKey::from_env(NAME).unwrap() {
        let found = KeyChain::new().env(NAME).file("/nowhere/key").find().await.unwrap();
        assert_eq!((found.key(), found.source()), (&key, KeySource::Environment));
        return;
    }
    let test = std::env::current_exe().unwrap();
    let output = std::process::Command::new(test).args(["--exact", TEST]).env(NAME, text(&key())).output().unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && told.contains("1 passed"), "{told}");
}

#[cfg(feature = "passphrase")]
#[tokio::test]
async fn a_passphrase_counts_before_the_key_file() {
    use crate::seal::PassphraseParams;

    let folder = tempfile::tempdir().unwrap();
    let [stored, kept] = ["parameters", "kept"].map(|name| folder.path().join(name));
    let params = PassphraseParams::in_file(&stored).unwrap();
    assert_eq!(PassphraseParams::in_file(&stored).unwrap(), params);
    assert_eq!(mode(&stored), 0o600);
    let params = params.with_cost(19 * 1024, 2).unwrap();
    let passphrase = || "correct horse battery staple".into();
    let chain = KeyChain::new().env(NOBODY).passphrase(passphrase(), params.clone()).key_file(&kept);
    let shown = format!("{chain:?}");
    assert!(shown.contains("kept") && !shown.contains("horse"), "{shown}");
    let found = chain.find().await.unwrap();
    let expected = SealingKey::from_passphrase(&passphrase(), &params).await.unwrap();
    assert_eq!((found.key(), found.source()), (&expected, KeySource::Passphrase));
    assert!(!kept.exists());

    fs::write(&stored, "argon2id$v=19$m=4294967295,t=3,p=4$AAECAwQFBgcICQoLDA0ODw\n").unwrap();
    assert_eq!(PassphraseParams::in_file(&stored).unwrap_err().kind(), StoreErrorKind::KeyInvalid);
}
