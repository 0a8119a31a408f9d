use std::collections::VecDeque;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The nonces that servers have given, each for its origin: what one server gave is worth nothing at another (RFC 9449
/// section 8). Clones of a client share them.
#[derive(Default)]
pub(crate) struct Nonces(Mutex<VecDeque<Given>>);

struct Given {
    origin: String,
    nonce: String,
    /// Whether it came with a refusal, and nothing was taken since.
    on_trial: bool,
}

/// A provider has a server for its tokens and a few for its API.
const MOST: usize = 32;
/// RFC 9449 section 8.1 asks for no length; a proof has to fit into a header.
const LONGEST: usize = 1024;

impl Nonces {
    /// The last one of that origin.
    pub(crate) fn of(&self, origin: &str) -> Option<String> {
        self.lock().iter().find(|given| given.origin == origin).map(|given| given.nonce.clone())
    }

    /// The last one of that origin, where it has yet to be taken.
    pub(super) fn on_trial(&self, origin: &str) -> Option<String> {
        self.lock().iter().find(|given| given.origin == origin && given.on_trial).map(|given| given.nonce.clone())
    }

    /// The origin took a proof.
    pub(super) fn settle(&self, origin: &str) {
        self.lock().iter_mut().filter(|given| given.origin == origin).for_each(|given| given.on_trial = false);
    }

    /// Remembers one, in the place of the origin's last, or of the origin's that was told longest ago. Says whether it is a
    /// nonce. RFC 9449 section 8.1: `nonce = 1*NQCHAR`.
    pub(super) fn keep(&self, origin: String, nonce: &str, on_trial: bool) -> bool {
        let is_nqchar = |byte: u8| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e);
        if nonce.is_empty() || nonce.len() > LONGEST || !nonce.bytes().all(is_nqchar) {
            return false;
        }
        let mut known = self.lock();
        known.retain(|given| given.origin != origin);
        if known.len() >= MOST {
            known.pop_front();
        }
        known.push_back(Given { origin, nonce: nonce.to_owned(), on_trial });
        true
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Given>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Nonces {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Nonces").field("origins", &self.lock().len()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cr_07_nonces_are_kept_by_origin_and_in_bounds() {
        let nonces = Nonces::default();
        assert!(nonces.keep("https://a.example".to_owned(), "one", false));
        assert!(nonces.keep("https://b.example".to_owned(), "two", false));
        assert!(nonces.keep("https://a.example".to_owned(), "three", true));
        assert_eq!(nonces.of("https://a.example").as_deref(), Some("three"));
        assert_eq!(nonces.of("https://b.example").as_deref(), Some("two"));
        assert_eq!(nonces.of("https://c.example"), None);
        assert_eq!(nonces.on_trial("https://a.example").as_deref(), Some("three"));
        nonces.settle("https://a.example");
        assert_eq!((nonces.on_trial("https://a.example"), nonces.on_trial("https://b.example")), (None, None));
        for bad in ["", "a b", "a\"b", "a\\b", "ä", &"x".repeat(LONGEST + 1)] {
            assert!(!nonces.keep("https://a.example".to_owned(), bad, false), "{bad}");
        }
        for more in 0..MOST {
            nonces.keep(format!("https://{more}.example"), "n", false);
        }
        assert_eq!(nonces.of("https://a.example"), None);
        assert_eq!(nonces.lock().len(), MOST);
    }
}
