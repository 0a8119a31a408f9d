//! The operating system's keyring.

mod item;
mod lock;
mod system;

use std::fmt;
use std::future::{Future, poll_fn};
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use keyring_core::CredentialStore;
use oauth_core::crypto::{Hash, default_backend};
use oauth_core::http::BoxFuture;
use oauth_core::seal::{KeyProvider, SealingKey};
use oauth_core::store::{RecordKey, StoreError, StoreErrorKind, StoreResult};
use oauth_core::{Clock, OsRng, Rng, SystemClock};
use tokio::sync::{Mutex, oneshot};

use self::item::Item;

pub(crate) const NAME: &str = "keyring";
/// What stands between a person and the keyring's window.
const PATIENCE: Duration = Duration::from_secs(30);
const MAX_APP: usize = 64;

/// The sealing key of an application, in the keyring of the operating system: Secret Service on Linux and BSD (GNOME
/// Keyring, KDE Wallet), the login keychain on macOS, the credential manager on Windows.
///
/// The keyring holds the key only. What it seals is in another store, so that there may be much of it, and so that it is
/// changed atomically: a keyring can do neither.
///
/// It is the first place of a [`KeyChain`](oauth_core::seal::KeyChain), which says what comes after it:
///
/// | the keyring | what the chain does |
/// |---|---|
/// | has the key | uses it |
/// | has no key, or no collection to put one in | asks the other places, and makes a key here if none has one |
/// | is not there: no D-Bus, no Secret Service, no login session ([`StoreErrorKind::KeyringUnavailable`]) | asks the other places; makes a key file only if it was given one |
/// | is locked, asks its owner and gets no answer in 30 seconds ([`StoreErrorKind::Locked`]) | stops with this error |
/// | has something else under the name ([`StoreErrorKind::Foreign`]) | stops with this error, and leaves it alone |
///
/// A chain without a key file never writes a key to a disk. `FoundKey::source` says where the key was.
///
/// ```no_run
/// use oauth_core::seal::KeyChain;
/// use oauth_stores::KeyringKeys;
///
/// # async fn run() -> oauth_core::store::StoreResult<()> {
/// let folder = "/home/me/.local/share/my-app";
/// let keyring = KeyringKeys::new("com.example.my-app", folder)?;
/// let found = KeyChain::new().keyring(keyring).key_file(format!("{folder}/key")).find().await?;
/// println!("the key is from {}", found.source());
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct KeyringKeys {
    app: String,
    folder: PathBuf,
    item: Item,
    patience: Duration,
    clock: Arc<dyn Clock>,
    rng: Arc<dyn Rng>,
    given: Option<Arc<CredentialStore>>,
    /// One question at a time; here is the end of the one before.
    asking: Arc<Mutex<Option<oneshot::Receiver<()>>>>,
}

/// Whether whoever asked still waits.
type Waits<'a> = &'a dyn Fn() -> bool;

impl KeyringKeys {
    /// The key of that application: a name that is yours alone, as `com.example.my-app`, of 1 to 64 letters, digits, `.`,
    /// `-` and `_`.
    ///
    /// `folder` is a folder of the application, of which nobody else can write: in it a file is locked while a key is made,
    /// so that two processes do not make two. It is made if it is not there.
    pub fn new(app: impl Into<String>, folder: impl Into<PathBuf>) -> StoreResult<Self> {
        let app = app.into();
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
        if !(1..=MAX_APP).contains(&app.len()) || !app.bytes().all(is_plain) {
            return Err(config("the application's name is none: 1 to 64 letters, digits, '.', '-' and '_'"));
        }
        Ok(Self {
            folder: folder.into(),
            item: Item::new(&app, &short_id(&app, "")?),
            app,
            patience: PATIENCE,
            clock: Arc::new(SystemClock),
            rng: Arc::new(OsRng),
            given: None,
            asking: Arc::default(),
        })
    }

    /// One of several keys of the application: of a tenant, of a profile. The name may be of any length; the keyring sees
    /// a short digest of it.
    pub fn named(mut self, name: &str) -> StoreResult<Self> {
        self.item = Item::new(&self.app, &short_id(&self.app, name)?);
        Ok(self)
    }

    /// How long to wait for the keyring, which may wait for its owner; 30 seconds unless given.
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Another clock than the system's, by which to wait.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Another source of random bytes than the system's, for a new key.
    pub fn rng(mut self, rng: Arc<dyn Rng>) -> Self {
        self.rng = rng;
        self
    }

    /// Another keyring than the system's.
    pub fn keyring(mut self, keyring: Arc<CredentialStore>) -> Self {
        self.given = Some(keyring);
        self
    }

    /// Deletes the key; whether there was one. What it sealed cannot be opened after that.
    pub async fn delete(&self) -> StoreResult<bool> {
        let (item, given) = (self.item.clone(), self.given.clone());
        self.ask(move |_| {
            let entry = item.entry(given)?;
            match item.read(&entry) {
                Ok(None) => Ok(false),
                Ok(Some(_)) => item.delete(&entry),
                // Ours, and of no use to anybody.
                Err(error) if error.kind() == StoreErrorKind::Corrupt => item.delete(&entry),
                Err(error) => Err(error),
            }
        })
        .await
    }

    async fn find_key(&self) -> StoreResult<Option<SealingKey>> {
        let (item, given) = (self.item.clone(), self.given.clone());
        self.ask(move |_| item.read(&item.entry(given)?)).await
    }

    async fn create_key(&self) -> StoreResult<Option<SealingKey>> {
        let (item, given, rng) = (self.item.clone(), self.given.clone(), Arc::clone(&self.rng));
        let (folder, id) = (self.folder.clone(), short_id(&self.app, "")?);
        let made = self.ask(move |waits| {
            let entry = item.entry(given)?;
            // A keyring has no compare and set: the file lock is what makes one of two.
            let _locked = lock::lock(&folder, &format!("keyring-{id}.lock"))?;
            if let Some(key) = item.read(&entry)? {
                return Ok(Some(key));
            }
            if !waits() {
                // Whoever asked may have gone on with another key.
                return Ok(None);
            }
            Item::write(&entry, &SealingKey::generate(&*rng)?)?;
            // What is there now is the key, whoever wrote it.
            item.read(&entry)
        });
        match made.await {
            // A service without a place to keep something: there it cannot.
            Err(error) if error.kind() == StoreErrorKind::KeyringUnavailable => Ok(None),
            made => made,
        }
    }

    /// Asks in a thread of its own: the keyring may wait for a person, and nothing must wait for it, not even the end of
    /// the runtime.
    async fn ask<T: Send + 'static>(
        &self,
        step: impl FnOnce(Waits<'_>) -> StoreResult<T> + Send + 'static,
    ) -> StoreResult<T> {
        let mut patience = self.clock.sleep(self.patience);
        let mut asking = self.asking.lock().await;
        if let Some(ended) = asking.as_mut() {
            // The answer to this one nobody waits for any more.
            let _ended = await_or_give_up(ended, &mut patience).await.ok_or_else(locked)?;
        }
        let (answer, mut answered) = oneshot::channel();
        let (under_way, ended) = oneshot::channel();
        let thread = std::thread::Builder::new().name("oauth-keyring".to_owned()).spawn(move || {
            let result = step(&|| !answer.is_closed());
            drop::<oneshot::Sender<()>>(under_way);
            // Nobody may wait for it any more.
            let _ = answer.send(result);
        });
        thread.map_err(|error| internal("there is no thread in which to ask").because(error))?;
        *asking = Some(ended);
        let result = await_or_give_up(&mut answered, &mut patience).await.ok_or_else(locked)?;
        result.map_err(|_| internal("the thread that asked ended without an answer"))?
    }
}

/// What the future gives, or nothing when the patience is over.
async fn await_or_give_up<F: Future + Unpin>(mut future: F, patience: &mut BoxFuture<'_, ()>) -> Option<F::Output> {
    poll_fn(|cx| match Pin::new(&mut future).poll(cx) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending => patience.as_mut().poll(cx).map(|()| None),
    })
    .await
}

impl KeyProvider for KeyringKeys {
    fn find(&self) -> BoxFuture<'_, StoreResult<Option<SealingKey>>> {
        Box::pin(self.find_key())
    }

    fn create(&self) -> BoxFuture<'_, StoreResult<Option<SealingKey>>> {
        Box::pin(self.create_key())
    }
}

/// A digest of application and name, short enough for the attributes of every keyring.
fn short_id(app: &str, name: &str) -> StoreResult<String> {
    let crypto = default_backend()
        .ok_or_else(|| config("there is no cryptography").fix("turn on the feature `ring` or `aws-lc-rs`"))?;
    let mut text = Vec::with_capacity(8 + app.len() + name.len());
    text.extend_from_slice(&(app.len() as u64).to_be_bytes());
    text.extend_from_slice(app.as_bytes());
    text.extend_from_slice(name.as_bytes());
    let digest = crypto.digest(Hash::Sha256, &text);
    let digest = digest.as_ref().try_into().map_err(|_| internal("a digest has another length"))?;
    // In base32, of which 26 letters are 128 bits.
    Ok(RecordKey::from_digest(digest).as_str()[3..29].to_owned())
}

fn locked() -> StoreError {
    StoreError::new(StoreErrorKind::Locked, NAME, "the keyring is locked, or waits for its owner")
        .fix("unlock the keyring, for example by logging in to the desktop, and answer what it asks")
}

fn config(what: &'static str) -> StoreError {
    StoreError::new(StoreErrorKind::Config, NAME, what)
}

fn internal(what: &'static str) -> StoreError {
    StoreError::new(StoreErrorKind::Internal, NAME, what)
}

impl fmt::Debug for KeyringKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyringKeys").field("item", &self.item).field("folder", &self.folder).finish_non_exhaustive()
    }
}
