//! What is new for each attempt.

use secrecy::zeroize::Zeroize as _;

use crate::client::Inner;
use crate::encode::{base64url, hex};
use crate::error::{Error, ErrorKind, Result, Step};
use crate::spec::{StateAlphabet, StateRules};

/// State, verifier and the rest, from one call to the source of random bytes.
pub(super) struct Secrets {
    pub(super) state: String,
    pub(super) verifier: String,
    pub(super) browser: String,
    /// One for each `{random}` of the file, and then the nonce.
    pub(super) fresh: Vec<String>,
}

/// RFC 7636 section 4.1: 32 octets make a verifier of 43 characters.
const VERIFIER: usize = 32;
/// RFC 6749 section 10.10: what must not be guessed has 128 bits.
const BITS_128: usize = 16;
/// The usual request: verifier, state and browser, and a nonce where an ID token will come.
const USUAL: usize = VERIFIER + 3 * BITS_128;

impl Secrets {
    pub(super) fn draw(inner: &Inner, fresh: usize) -> Result<Self> {
        let rules = &inner.config.spec.authorize.state;
        let state = state_bytes(rules);
        let length = VERIFIER + state + BITS_128 * (1 + fresh);
        let (mut usual, mut longer) = ([0; USUAL], Vec::new());
        let bytes = if length <= USUAL {
            &mut usual[..length]
        } else {
            longer.resize(length, 0);
            &mut longer[..]
        };
        inner.config.rng.fill(bytes).map_err(|error| {
            Error::new(ErrorKind::Random, Step::Authorize, "the system gave no random bytes; no login was started")
                .source(error)
                .of(inner.spec())
        })?;
        let (verifier, rest) = bytes.split_at(VERIFIER);
        let (state, rest) = rest.split_at(state);
        let (browser, rest) = rest.split_at(BITS_128);
        let secrets = Self {
            verifier: base64url(verifier),
            state: written(rules, state),
            browser: base64url(browser),
            fresh: rest.chunks(BITS_128).map(base64url).collect(),
        };
        bytes.zeroize();
        Ok(secrets)
    }
}

/// How many bytes a state of that length is made of.
fn state_bytes(rules: &StateRules) -> usize {
    let length = usize::try_from(rules.length).unwrap_or(BITS_128);
    match rules.alphabet {
        StateAlphabet::Hex => length.div_ceil(2),
        // No bytes make a base64url text of 4n + 1 characters: one of 4n + 2 is cut.
        _ if length % 4 == 1 => length * 3 / 4 + 1,
        _ => length * 3 / 4,
    }
}

fn written(rules: &StateRules, bytes: &[u8]) -> String {
    let mut text = match rules.alphabet {
        StateAlphabet::Hex => hex(bytes),
        StateAlphabet::UrlSafe => base64url(bytes),
    };
    text.truncate(usize::try_from(rules.length).unwrap_or(usize::MAX));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_has_the_length_that_the_file_says() {
        for length in 22..=128 {
            for alphabet in [StateAlphabet::UrlSafe, StateAlphabet::Hex] {
                let mut rules = StateRules::default();
                (rules.length, rules.alphabet) = (length, alphabet);
                let bytes = vec![0xa5; state_bytes(&rules)];
                assert_eq!(written(&rules, &bytes).len() as u64, length, "{alphabet:?}");
            }
        }
        assert_eq!(state_bytes(&StateRules::default()), BITS_128);
    }
}
