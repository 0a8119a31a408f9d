//! Logins under way that the browser carries itself.

use std::collections::{HashSet, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use secrecy::{ExposeSecret as _, SecretString};

use super::PendingAttempt;
use super::into::{Admit, HeldPending, TakeError, TakeResult, private};
use super::seal::Seal;
use crate::browser::{BrowserBinding, without_separators};
use crate::crypto::Crypto;
use crate::encode::{base64url, base64url_strict, hex};
use crate::rng::Rng;
use crate::seal::KeyRing;
use crate::store::{StoreErrorKind, StoreResult};

/// How much of the digest of its state a cookie begins with: it tells another login's cookie from a damaged one.
const MARK: usize = 16;
/// RFC 6265 section 6.1: user agents keep "at least 4096 bytes per cookie (as measured by the sum of the length of the
/// cookie's name, value, and attributes)". The rest is for name and attributes.
const MAX_VALUE: usize = 4096 - 256;

/// Logins under way that nobody but the browser remembers: each is sealed into a cookie. For web back ends on any number
/// of machines that share a key and nothing else.
///
/// A callback must be used once. A cookie can be sent again, so the last states that were used are remembered (10,000
/// unless set), and a repeat on this instance is [`AlreadyUsed`](crate::ErrorKind::AlreadyUsed). Across instances, and
/// after a restart, it is the provider who refuses the second use of a code (RFC 6749 section 4.1.2); where that is too
/// late, use [`StoredAttempts`](super::StoredAttempts). It is cheap to clone, and clones share that memory.
///
/// The cookie does not replace the one that ties the login to its browser: both are set at the start and both come back
/// with the callback. When the callback has been answered, [`clear_cookie`](Self::clear_cookie) takes the cookie away.
///
/// ```
/// use oauth_core::seal::SealingKey;
/// use oauth_core::{Client, OsRng, SealedAttempts};
///
/// type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;
///
/// async fn login(client: &Client, logins: &SealedAttempts) -> Result<[String; 3]> {
///     let (url, pending, browser) = client.authorize().begin().await?.into_parts();
///     let sealed = logins.seal(pending)?;
///     Ok([url.into(), browser.set_cookie("browser", "/auth"), sealed.set_cookie("login", "/auth", &browser)])
/// }
///
/// async fn callback(client: &Client, logins: &SealedAttempts, query: &str, cookies: [Option<&str>; 2]) -> Result<()> {
///     let [browser, login] = cookies;
///     let account = client.callback(query, logins.cookie(login), browser).await?;
///     Ok(())
/// }
///
/// # fn main() -> oauth_core::store::StoreResult<()> {
/// let logins = SealedAttempts::new(SealingKey::generate(&OsRng)?); // in earnest: a key that all instances have
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct SealedAttempts {
    seal: Seal,
    used: Arc<Mutex<Used>>,
    capacity: usize,
}

/// The marks of the states that were used, in the order of their use.
#[derive(Default)]
struct Used {
    marks: HashSet<[u8; MARK]>,
    order: VecDeque<[u8; MARK]>,
}

/// A login sealed for a cookie.
#[derive(Clone)]
pub struct SealedAttempt(SecretString);

/// The cookie that came back with a callback; [`SealedAttempts::cookie`] makes it.
pub struct SealedCookie<'a> {
    attempts: &'a SealedAttempts,
    value: Option<&'a str>,
}

impl SealedAttempts {
    /// Sealed with the current key of the ring; those that an old key sealed open as well.
    pub fn new(keys: impl Into<KeyRing>) -> Self {
        Self { seal: Seal::new(keys.into(), "cookie"), used: Arc::default(), capacity: 10_000 }
    }

    /// With another number of used states to remember.
    pub fn capacity(mut self, capacity: usize) -> Self {
        self.capacity = capacity.max(1);
        self
    }

    /// With another cryptography backend than the compiled one.
    pub fn crypto(mut self, crypto: Arc<dyn Crypto>) -> Self {
        self.seal.crypto = Some(crypto);
        self
    }

    /// With another source of random bytes than the operating system's.
    pub fn rng(mut self, rng: Arc<dyn Rng>) -> Self {
        self.seal.rng = rng;
        self
    }

    /// Seals a login for a cookie. One that is too large for a cookie, with very many scopes, is
    /// [`StoreErrorKind::TooLarge`].
    #[allow(clippy::needless_pass_by_value, reason = "whoever seals it needs it no more")]
    pub fn seal(&self, attempt: PendingAttempt) -> StoreResult<SealedAttempt> {
        let (mark, key) = self.place(attempt.state_str())?;
        let mut bytes = mark.to_vec();
        bytes.extend(self.seal.seal(&key, &attempt)?);
        let value = base64url(&bytes);
        if value.len() > MAX_VALUE {
            return Err(self
                .seal
                .error(StoreErrorKind::TooLarge, "the login is larger than a browser keeps in a cookie")
                .fix("ask for fewer scopes at once, or remember logins in `PendingAttempts` or `StoredAttempts`"));
        }
        Ok(SealedAttempt(value.into()))
    }

    /// The login of a callback, from the cookie that came with it, where one came: for
    /// [`Client::callback`](crate::Client::callback).
    pub fn cookie<'a>(&'a self, value: impl Into<Option<&'a str>>) -> SealedCookie<'a> {
        SealedCookie { attempts: self, value: value.into() }
    }

    /// The whole value of the `Set-Cookie` header that takes the cookie of that name and path away again.
    ///
    /// ```
    /// use oauth_core::SealedAttempts;
    ///
    /// let header = SealedAttempts::clear_cookie("login", "/auth");
    /// assert_eq!(header, "login=; Path=/auth; HttpOnly; SameSite=Lax; Max-Age=0");
    /// ```
    pub fn clear_cookie(name: &str, path: &str) -> String {
        let (name, path) = (without_separators(name), without_separators(path));
        // A browser looks at no cookie of such a name without Secure, not even at one that ends.
        let secure = if name.starts_with("__") { "; Secure" } else { "" };
        format!("{name}=; Path={path}; HttpOnly{secure}; SameSite=Lax; Max-Age=0")
    }

    /// What the cookie of a state begins with, and the name that it is sealed under.
    fn place(&self, state: &str) -> StoreResult<([u8; MARK], String)> {
        let digest = self.seal.digest(state)?;
        let mark = digest.as_ref().first_chunk().copied();
        Ok((
            mark.ok_or_else(|| self.seal.error(StoreErrorKind::Internal, "the digest is too short"))?,
            hex(digest.as_ref()),
        ))
    }

    /// Whether this is the first use of a state, as far as is remembered.
    fn is_first_use(&self, mark: [u8; MARK]) -> bool {
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        if !used.marks.insert(mark) {
            return false;
        }
        used.order.push_back(mark);
        while used.order.len() > self.capacity {
            if let Some(oldest) = used.order.pop_front() {
                used.marks.remove(&oldest);
            }
        }
        true
    }
}

impl HeldPending for SealedCookie<'_> {
    fn take_now(self, state: &str, admit: Admit<'_>) -> TakeResult {
        let Some(value) = self.value.filter(|value| !value.is_empty()) else { return Ok(None) };
        let seal = &self.attempts.seal;
        let damaged = || TakeError::Unreadable(seal.error(StoreErrorKind::Corrupt, "this is no cookie of a login"));
        let bytes = Some(value).filter(|value| value.len() <= MAX_VALUE).and_then(base64url_strict);
        let bytes = bytes.ok_or_else(damaged)?;
        let (found, sealed) = bytes.split_first_chunk().ok_or_else(damaged)?;
        let (mark, key) = self.attempts.place(state).map_err(TakeError::Store)?;
        if *found != mark {
            return Err(TakeError::OtherState);
        }
        let attempt = seal.open(&key, sealed).map_err(|error| match error.kind() {
            StoreErrorKind::Corrupt | StoreErrorKind::KeyUnknown | StoreErrorKind::NewerSchema => {
                TakeError::Unreadable(error)
            }
            _ => TakeError::Store(error),
        })?;
        admit(&attempt).map_err(TakeError::Refused)?;
        if !self.attempts.is_first_use(mark) {
            return Err(TakeError::AlreadyUsed);
        }
        Ok(Some(attempt))
    }
}

impl private::Sealed for SealedCookie<'_> {}

impl SealedAttempt {
    /// The cookie's value.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// The whole value of the `Set-Cookie` header, with the attributes that the cookie of this login's browser has
    /// ([`BrowserBinding::set_cookie`]); the two need different names.
    pub fn set_cookie(&self, name: &str, path: &str, browser: &BrowserBinding) -> String {
        browser.cookie_of(name, path, self.expose())
    }
}

impl fmt::Debug for SealedAttempts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SealedAttempts").field("keys", &self.seal).finish_non_exhaustive()
    }
}

impl fmt::Debug for SealedAttempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealedAttempt([redacted])")
    }
}

impl fmt::Debug for SealedCookie<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.value.is_some() { "SealedCookie([redacted])" } else { "SealedCookie(none)" })
    }
}
