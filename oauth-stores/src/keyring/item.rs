//! What is in the keyring, and under which name.

use std::collections::HashMap;
use std::sync::Arc;

use keyring_core::{CredentialStore, Entry};
use oauth_core::seal::SealingKey;
use oauth_core::store::{StoreError, StoreErrorKind, StoreResult};
use oauth_core::{ExposeSecret as _, SecretString};

use super::{NAME, system};

/// What the text in the keyring begins with; the version of its format and the key follow.
const MARK: &str = "oauth-providers sealing key ";
const VERSION: &str = "v1";

/// A place in a keyring.
#[derive(Clone, Debug)]
pub(super) struct Item {
    /// Names the library, the format and the application.
    service: String,
    user: String,
    label: String,
}

impl Item {
    pub(super) fn new(app: &str, id: &str) -> Self {
        Self {
            service: format!("oauth-providers/{VERSION}/{app}"),
            user: format!("key-{id}"),
            label: format!("{app}: key of the stored logins"),
        }
    }

    pub(super) fn entry(&self, given: Option<Arc<CredentialStore>>) -> StoreResult<Entry> {
        let (keyring, modifiers) = match given {
            Some(keyring) => (keyring, HashMap::new()),
            None => (system::open()?, system::modifiers(&self.label)),
        };
        keyring.build(&self.service, &self.user, Some(&modifiers)).map_err(|error| system::fault(&error))
    }

    /// The key; none where there is nothing.
    pub(super) fn read(&self, entry: &Entry) -> StoreResult<Option<SealingKey>> {
        match entry.get_secret() {
            Ok(bytes) => self.parse(bytes).map(Some),
            Err(keyring_core::Error::NoEntry) => Ok(None),
            Err(keyring_core::Error::Ambiguous(_)) => Err(self.foreign("several items")),
            Err(error) => Err(system::fault(&error)),
        }
    }

    pub(super) fn write(entry: &Entry, key: &SealingKey) -> StoreResult<()> {
        let text = SecretString::from(format!("{MARK}{VERSION} {}", key.expose_base64().expose_secret()));
        entry.set_secret(text.expose_secret().as_bytes()).map_err(|error| system::fault(&error))
    }

    pub(super) fn delete(&self, entry: &Entry) -> StoreResult<bool> {
        match entry.delete_credential() {
            Ok(()) => Ok(true),
            Err(keyring_core::Error::NoEntry) => Ok(false),
            Err(keyring_core::Error::Ambiguous(_)) => Err(self.foreign("several items")),
            Err(error) => Err(system::fault(&error)),
        }
    }

    fn parse(&self, bytes: Vec<u8>) -> StoreResult<SealingKey> {
        let text: SecretString = String::from_utf8(bytes).map_err(|_| self.foreign("something"))?.into();
        let rest = text.expose_secret().strip_prefix(MARK).and_then(|rest| rest.split_once(' '));
        match rest {
            Some((VERSION, key)) => SealingKey::from_base64(&key.into()).map_err(|error| {
                StoreError::new(StoreErrorKind::Corrupt, NAME, format!("the key under {} is damaged", self.shown()))
                    .fix("put it back from where you keep a copy; if there is none, delete it and log in again")
                    .because(error)
            }),
            Some((version, _)) if is_version(version) => {
                Err(StoreError::new(StoreErrorKind::NewerSchema, NAME, "a newer version of this library made the key")
                    .fix("upgrade this program"))
            }
            _ => Err(self.foreign("something")),
        }
    }

    fn foreign(&self, what: &str) -> StoreError {
        let under = self.shown();
        StoreError::new(StoreErrorKind::Foreign, NAME, format!("under {under} there is {what} of another program"))
            .fix("see in the keyring what it is; give this program another name, or delete it there")
    }

    fn shown(&self) -> String {
        format!("{} {}", self.service, self.user)
    }
}

fn is_version(word: &str) -> bool {
    word.strip_prefix('v').is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()))
}
