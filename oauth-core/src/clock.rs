//! The clock, injected: this is the one place that reads the ambient one.

use std::time::{Duration, SystemTime};

use crate::http::BoxFuture;

/// What time it is.
///
/// ```
/// use std::time::{Duration, SystemTime};
///
/// struct Fixed(SystemTime);
/// impl oauth_core::Clock for Fixed {
///     fn now(&self) -> SystemTime {
///         self.0
///     }
/// }
/// # use oauth_core::Clock as _;
/// assert_eq!(Fixed(SystemTime::UNIX_EPOCH).now(), SystemTime::UNIX_EPOCH);
/// ```
pub trait Clock: Send + Sync + 'static {
    /// The time now.
    fn now(&self) -> SystemTime;

    /// Waits. A clock that a test moves ends the wait when it has been moved that far.
    fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()> {
        Box::pin(tokio::time::sleep(duration))
    }
}

/// The operating system's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[allow(clippy::disallowed_methods, reason = "the one place")]
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }
}
