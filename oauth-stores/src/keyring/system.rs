//! The keyring of this operating system, and what its errors mean.

use std::collections::HashMap;
use std::sync::Arc;

use keyring_core::{CredentialStore, Error};
use oauth_core::store::{StoreError, StoreErrorKind, StoreResult};

use super::{NAME, locked};

pub(super) use self::native::{modifiers, open};

/// What an error of a keyring means. Only what is known to say that there is none is taken to say so: a chain of places
/// goes on to the next one then.
pub(super) fn fault(error: &Error) -> StoreError {
    match error {
        Error::NoStorageAccess(cause) | Error::PlatformFailure(cause) => {
            let kind = native::kind(error, &**cause);
            // The cause is the system's own; what is in the keyring is in none of them.
            said(kind).because(cause.to_string())
        }
        Error::TooLong(..) | Error::Invalid(..) | Error::NotSupportedByStore(_) => {
            StoreError::new(StoreErrorKind::Config, NAME, "the keyring does not take items as this one")
        }
        _ => said(StoreErrorKind::Unavailable),
    }
}

fn said(kind: StoreErrorKind) -> StoreError {
    match kind {
        StoreErrorKind::KeyringUnavailable => {
            StoreError::new(kind, NAME, "there is no keyring that this program can reach").fix(native::REMEDY)
        }
        StoreErrorKind::Locked => locked(),
        _ => StoreError::new(kind, NAME, "the keyring does not do what it is asked"),
    }
}

#[cfg(all(unix, not(any(target_os = "macos", target_os = "ios", target_os = "android"))))]
mod native {
    use std::error::Error as StdError;

    use secret_service::Error as ServiceError;
    use zbus_secret_service_keyring_store::Store;

    use super::{Arc, CredentialStore, Error, HashMap, StoreErrorKind, StoreResult, fault, said};

    pub(super) const REMEDY: &str = "log in to a desktop session, or start a Secret Service in this one (gnome-keyring, \
        KeePassXC, KDE Wallet) with its D-Bus; where there is none, as on a server, give the key chain another place: \
        KeyChain::env, KeyChain::file or KeyChain::key_file";

    pub(in super::super) fn open() -> StoreResult<Arc<CredentialStore>> {
        match Store::new() {
            Ok(store) => Ok(store),
            Err(error) => {
                let cause = fault(&error);
                // No session with a service: there is none, unless it is there and does not answer.
                let kind = if cause.kind() == StoreErrorKind::Unavailable && !is_late(&error) {
                    StoreErrorKind::KeyringUnavailable
                } else {
                    cause.kind()
                };
                Err(said(kind).because(error.to_string()))
            }
        }
    }

    pub(in super::super) fn modifiers(label: &str) -> HashMap<&str, &str> {
        HashMap::from([("label", label)])
    }

    pub(super) fn kind(_: &Error, cause: &(dyn StdError + 'static)) -> StoreErrorKind {
        match cause.downcast_ref::<ServiceError>() {
            Some(ServiceError::Locked | ServiceError::Prompt | ServiceError::PromptDisconnected) => {
                StoreErrorKind::Locked
            }
            // There is no collection to put it in.
            Some(ServiceError::NoResult | ServiceError::Unavailable) => StoreErrorKind::KeyringUnavailable,
            _ if names(cause, "org.freedesktop.Secret.Error.IsLocked") => StoreErrorKind::Locked,
            _ => StoreErrorKind::Unavailable,
        }
    }

    fn is_late(error: &Error) -> bool {
        let late = ["NoReply", "Timeout", "TimedOut"];
        late.iter().any(|word| names(error, &format!("org.freedesktop.DBus.Error.{word}")))
    }

    /// Whether an error of D-Bus has that name, somewhere below.
    fn names(error: &(dyn StdError + 'static), name: &str) -> bool {
        std::iter::successors(Some(error), |&cause| cause.source()).any(|cause| cause.to_string().contains(name))
    }
}

#[cfg(target_os = "macos")]
mod native {
    use apple_native_keyring_store::keychain::Store;

    use super::{Arc, CredentialStore, Error, HashMap, StoreErrorKind, StoreResult, fault};

    pub(super) const REMEDY: &str = "run the program in the session of a user who has a login keychain, or give the key \
        chain another place: KeyChain::env, KeyChain::file or KeyChain::key_file";

    pub(in super::super) fn open() -> StoreResult<Arc<CredentialStore>> {
        match Store::new() {
            Ok(store) => Ok(store),
            Err(error) => Err(fault(&error)),
        }
    }

    pub(in super::super) fn modifiers(_: &str) -> HashMap<&str, &str> {
        HashMap::new()
    }

    /// Without a keychain there is no access; with one it was refused, by its owner or because nobody could be asked.
    pub(super) fn kind(error: &Error, _: &(dyn std::error::Error + 'static)) -> StoreErrorKind {
        match error {
            Error::NoStorageAccess(_) => StoreErrorKind::KeyringUnavailable,
            _ => StoreErrorKind::Locked,
        }
    }
}

#[cfg(windows)]
mod native {
    use windows_native_keyring_store::Store;

    use super::{Arc, CredentialStore, Error, HashMap, StoreErrorKind, StoreResult, fault};

    pub(super) const REMEDY: &str = "run the program in the session of a user who has logged on, or give the key chain \
        another place: KeyChain::env, KeyChain::file or KeyChain::key_file";

    pub(in super::super) fn open() -> StoreResult<Arc<CredentialStore>> {
        match Store::new() {
            Ok(store) => Ok(store),
            Err(error) => Err(fault(&error)),
        }
    }

    pub(in super::super) fn modifiers(_: &str) -> HashMap<&str, &str> {
        HashMap::new()
    }

    /// Without a session of a user there is no access.
    pub(super) fn kind(error: &Error, _: &(dyn std::error::Error + 'static)) -> StoreErrorKind {
        match error {
            Error::NoStorageAccess(_) => StoreErrorKind::KeyringUnavailable,
            _ => StoreErrorKind::Unavailable,
        }
    }
}

#[cfg(any(target_os = "ios", target_os = "android", not(any(unix, windows))))]
mod native {
    use super::{Arc, CredentialStore, Error, HashMap, StoreErrorKind, StoreResult, said};

    pub(super) const REMEDY: &str = "give KeyringKeys the keyring of this system: KeyringKeys::keyring";

    pub(in super::super) fn open() -> StoreResult<Arc<CredentialStore>> {
        Err(said(StoreErrorKind::KeyringUnavailable))
    }

    pub(in super::super) fn modifiers(_: &str) -> HashMap<&str, &str> {
        HashMap::new()
    }

    pub(super) fn kind(_: &Error, _: &(dyn std::error::Error + 'static)) -> StoreErrorKind {
        StoreErrorKind::Unavailable
    }
}
