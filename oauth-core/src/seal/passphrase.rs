//! Keys from passphrases: Argon2id (RFC 9106).

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use argon2::{Algorithm, Argon2, Block, Params, Version};
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret as _, SecretString};

use super::key::invalid;
use super::{NAME, SealingKey};
use crate::encode::{base64url, base64url_strict};
use crate::rng::Rng;
use crate::store::{StoreError, StoreErrorKind, StoreResult};

/// How a key is made from a passphrase: salt and cost. They are no secret, and the key is another with any other: keep
/// them beside what is sealed, as text.
///
/// What is read back is bounded, so that a text that somebody else wrote can neither exhaust the memory nor make
/// the key cheap to guess.
///
/// ```
/// use oauth_core::OsRng;
/// use oauth_core::seal::PassphraseParams;
///
/// # fn main() -> oauth_core::store::StoreResult<()> {
/// let params = PassphraseParams::generate(&OsRng)?;
/// let text = params.to_string(); // argon2id$v=19$m=65536,t=3,p=4$..
/// assert_eq!(text.parse::<PassphraseParams>()?, params);
///
/// let hostile = text.replace("m=65536", "m=4294967295");
/// assert!(hostile.parse::<PassphraseParams>().is_err());
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PassphraseParams {
    salt: Vec<u8>,
    /// In KiB.
    memory: u32,
    passes: u32,
    lanes: u32,
}

const SALT: usize = 16;
/// RFC 9106 section 4, the second recommended option: 64 MiB, three passes, four lanes.
const USUAL: (u32, u32, u32) = (64 * 1024, 3, 4);
/// Less is guessed too quickly: 19 MiB in two passes is the usual floor.
const LEAST: (u32, u32) = (19 * 1024, 2);
/// A gigabyte, some seconds.
const MOST: (u32, u32, u32) = (1024 * 1024, 16, 16);
/// No such text is longer.
const MAX_TEXT: usize = 200;
/// Below that a passphrase is guessed whatever the cost.
const LEAST_LETTERS: usize = 12;
const LEAST_DIFFERENT: usize = 6;

impl PassphraseParams {
    /// A new salt, and the usual cost: 64 MiB and three passes (RFC 9106 section 4).
    pub fn generate(rng: &dyn Rng) -> StoreResult<Self> {
        let mut salt = vec![0; SALT];
        rng.fill(&mut salt).map_err(|error| {
            StoreError::new(StoreErrorKind::Internal, NAME, "the system gave no random bytes; there is no salt")
                .because(error)
        })?;
        let (memory, passes, lanes) = USUAL;
        Ok(Self { salt, memory, passes, lanes })
    }

    /// The same salt at another cost: 19 MiB and two passes at least, 1 GiB and 16 passes at most.
    pub fn with_cost(mut self, memory_kib: u32, passes: u32) -> StoreResult<Self> {
        (self.memory, self.passes) = (memory_kib, passes);
        self.checked()
    }

    /// The parameters in a file, which is made with new ones if it is not there.
    #[cfg(feature = "file")]
    pub fn in_file(path: impl AsRef<std::path::Path>) -> StoreResult<Self> {
        let rng = crate::rng::OsRng;
        let text = super::file::read_or_make(path.as_ref(), &rng, || {
            Ok(Zeroizing::new(format!("{}\n", Self::generate(&rng)?)))
        })?;
        text.trim().parse()
    }

    fn checked(self) -> StoreResult<Self> {
        let fail = |what: &'static str| Err(StoreError::new(StoreErrorKind::KeyInvalid, NAME, what));
        if self.memory < LEAST.0 || self.passes < LEAST.1 || self.lanes == 0 {
            return fail("the passphrase's parameters are weaker than 19 MiB and two passes");
        }
        if self.memory > MOST.0 || self.passes > MOST.1 || self.lanes > MOST.2 {
            return fail("the passphrase's parameters ask for more than 1 GiB, 16 passes or 16 lanes");
        }
        if !(SALT..=4 * SALT).contains(&self.salt.len()) {
            return fail("the passphrase's salt does not have 16 to 64 bytes");
        }
        Ok(self)
    }

    fn read(text: &str) -> Option<Self> {
        let rest = text.strip_prefix("argon2id$v=19$m=")?;
        let (memory, rest) = rest.split_once(",t=")?;
        let (passes, rest) = rest.split_once(",p=")?;
        let (lanes, salt) = rest.split_once('$')?;
        // `parse` also takes a plus sign.
        let number = |digits: &str| digits.parse().ok().filter(|_| digits.bytes().all(|byte| byte.is_ascii_digit()));
        let (memory, passes, lanes) = (number(memory)?, number(passes)?, number(lanes)?);
        Some(Self { salt: base64url_strict(salt)?, memory, passes, lanes })
    }
}

impl fmt::Display for PassphraseParams {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { salt, memory, passes, lanes } = self;
        write!(f, "argon2id$v=19$m={memory},t={passes},p={lanes}${}", base64url(salt))
    }
}

impl FromStr for PassphraseParams {
    type Err = StoreError;

    fn from_str(text: &str) -> StoreResult<Self> {
        Some(text).filter(|text| text.len() <= MAX_TEXT).and_then(Self::read).map_or_else(
            || Err(StoreError::new(StoreErrorKind::KeyInvalid, NAME, "this text has no parameters of a passphrase")),
            Self::checked,
        )
    }
}

impl SealingKey {
    /// The key that Argon2id makes of a passphrase. It takes the memory and the time that the parameters say, on a thread
    /// where that blocks nobody.
    ///
    /// The passphrase has twelve letters or more; it counts letter by letter as it was typed, spaces included.
    ///
    /// ```no_run
    /// use oauth_core::seal::{PassphraseParams, SealingKey};
    ///
    /// # async fn run(stored: &str) -> oauth_core::store::StoreResult<()> {
    /// let params: PassphraseParams = stored.parse()?;
    /// let key = SealingKey::from_passphrase(&"correct horse battery staple".into(), &params).await?;
    /// # Ok(()) }
    /// ```
    pub async fn from_passphrase(passphrase: &SecretString, params: &PassphraseParams) -> StoreResult<Self> {
        if let Some(why) = guessable(passphrase.expose_secret()) {
            return Err(
                StoreError::new(StoreErrorKind::KeyInvalid, NAME, why).fix("use five words that nobody would guess")
            );
        }
        let (passphrase, params) = (passphrase.clone(), params.clone());
        let work = move || derive(passphrase.expose_secret().as_bytes(), &params);
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return work() };
        runtime.spawn_blocking(work).await.unwrap_or_else(|error| {
            let what = "the task that makes the key of the passphrase ended without a result";
            Err(StoreError::new(StoreErrorKind::Internal, NAME, what).because(error))
        })
    }
}

fn derive(passphrase: &[u8], params: &PassphraseParams) -> StoreResult<SealingKey> {
    let mut key = Zeroizing::new([0; SealingKey::SIZE]);
    argon2id(passphrase, params, &mut key)?;
    SealingKey::of(&key).map_err(|why| invalid("the key of the passphrase", &why))
}

fn argon2id(passphrase: &[u8], params: &PassphraseParams, key: &mut [u8; SealingKey::SIZE]) -> StoreResult<()> {
    let failed = |error: argon2::Error| {
        StoreError::new(StoreErrorKind::Internal, NAME, "no key could be made of the passphrase").because(error)
    };
    let cost = Params::new(params.memory, params.passes, params.lanes, Some(key.len())).map_err(failed)?;
    let mut blocks = Zeroizing::new(Vec::new());
    blocks.try_reserve_exact(cost.block_count()).map_err(|error| {
        StoreError::new(StoreErrorKind::Internal, NAME, "there is not enough memory for the passphrase's parameters")
            .because(error)
    })?;
    blocks.resize(cost.block_count(), Block::new());
    Argon2::new(Algorithm::Argon2id, Version::V0x13, cost)
        .hash_password_into_with_memory(passphrase, &params.salt, key, &mut blocks[..])
        .map_err(failed)
}

/// Why a passphrase is guessed sooner than any cost makes up for.
fn guessable(passphrase: &str) -> Option<&'static str> {
    if passphrase.chars().count() < LEAST_LETTERS {
        return Some("the passphrase has less than 12 letters");
    }
    let different: BTreeSet<char> = passphrase.chars().collect();
    (different.len() < LEAST_DIFFERENT).then_some("the passphrase has less than 6 different letters")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::OsRng;

    /// The values of the reference implementation's tests (phc-winner-argon2, test.c, version 0x13, Argon2id).
    #[test]
    fn the_reference_implementation_agrees() {
        let cases = [
            (256, 2, 1, &b"password"[..], "9dfeb910e80bad0311fee20f9c0e2b12c17987b4cac90c2ef54d5b3021c68bfe"),
            (256, 2, 2, b"password", "6d093c501fd5999645e0ea3bf620d7b8be7fd2db59c20d9fff9539da2bf57037"),
        ];
        for (memory, passes, lanes, passphrase, expected) in cases {
            let params = PassphraseParams { salt: b"somesalt".to_vec(), memory, passes, lanes };
            let mut key = [0; 32];
            argon2id(passphrase, &params, &mut key).unwrap();
            assert_eq!(crate::encode::hex(&key), expected);
        }
    }

    #[tokio::test]
    async fn en_05_a_passphrase_and_its_parameters_make_one_key() {
        let least = || PassphraseParams::generate(&OsRng).unwrap().with_cost(LEAST.0, LEAST.1).unwrap();
        let params = least();
        let stored: PassphraseParams = params.to_string().parse().unwrap();
        let key = async |passphrase: &str, params: &PassphraseParams| {
            SealingKey::from_passphrase(&passphrase.into(), params).await.unwrap()
        };
        let one = key("correct horse battery staple", &params).await;
        assert_eq!(key("correct horse battery staple", &stored).await, one);
        assert_ne!(key("correct horse battery stapler", &params).await, one);
        assert_ne!(key("correct horse battery staple", &least()).await, one);
    }

    #[test]
    fn en_05_without_a_runtime_the_key_is_made_where_it_is_asked_for() {
        use std::task::{Context, Poll, Waker};
        let params = PassphraseParams::generate(&OsRng).unwrap().with_cost(LEAST.0, LEAST.1).unwrap();
        let passphrase = "correct horse battery staple".into();
        let mut made = Box::pin(SealingKey::from_passphrase(&passphrase, &params));
        assert!(matches!(made.as_mut().poll(&mut Context::from_waker(Waker::noop())), Poll::Ready(Ok(_))));
    }

    #[tokio::test]
    async fn en_05_what_is_guessed_at_once_is_refused() {
        let params = PassphraseParams::generate(&OsRng).unwrap();
        for passphrase in ["", "canary", "canary-1234", "aaaaaaaaaaaaaaaaaaaa", "ababcabcabcdabcde"] {
            let error = SealingKey::from_passphrase(&passphrase.into(), &params).await.unwrap_err();
            assert_eq!(error.kind(), StoreErrorKind::KeyInvalid, "{passphrase}");
            assert!(!format!("{error:?}").contains("canary"));
        }
    }

    #[test]
    fn en_05_parameters_are_bounded() {
        let sound = "argon2id$v=19$m=65536,t=3,p=4$AAECAwQFBgcICQoLDA0ODw";
        assert_eq!(sound.parse::<PassphraseParams>().unwrap().to_string(), sound);
        let changed = [
            ("m=65536", "m=4294967295"),
            ("m=65536", "m=1048577"),
            ("m=65536", "m=8"),
            ("m=65536", "m=19455"),
            ("m=65536", "m=99999999999"),
            ("m=65536", "m=+65536"),
            ("m=65536", "m=-1"),
            ("t=3", "t=1"),
            ("t=3", "t=17"),
            ("t=3", "t=4294967295"),
            ("p=4", "p=0"),
            ("p=4", "p=17"),
            ("argon2id", "argon2i"),
            ("v=19", "v=16"),
            ("AAECAwQFBgcICQoLDA0ODw", "AAECAwQFBgcICQoLDA0O"),
            ("AAECAwQFBgcICQoLDA0ODw", ""),
            ("DA0ODw", "DA0ODw=="),
            ("DA0ODw", "DA0ODw\n"),
        ];
        for (from, to) in changed {
            let text = sound.replace(from, to);
            assert_ne!(text, sound);
            assert_eq!(text.parse::<PassphraseParams>().unwrap_err().kind(), StoreErrorKind::KeyInvalid, "{text}");
        }
        let long = sound.replace("AAEC", &"AAEC".repeat(100_000));
        for text in ["", "argon2id", &sound[1..], &sound[..40], &long] {
            assert_eq!(text.parse::<PassphraseParams>().unwrap_err().kind(), StoreErrorKind::KeyInvalid);
        }
        for (memory, passes) in [(LEAST.0 - 1, 3), (MOST.0 + 1, 3), (65536, 1), (65536, 17)] {
            let params = PassphraseParams::generate(&OsRng).unwrap();
            assert_eq!(params.with_cost(memory, passes).unwrap_err().kind(), StoreErrorKind::KeyInvalid);
        }
    }
}
