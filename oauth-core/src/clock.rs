//! The clock, injected: this is the one place that reads the ambient one.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
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

/// What the future gives, unless the clock has gone on by `limit` before that.
pub(crate) async fn within<T>(clock: &dyn Clock, limit: Duration, future: impl Future<Output = T>) -> Option<T> {
    let (mut future, mut limit) = (pin!(future), clock.sleep(limit));
    poll_fn(|context| match future.as_mut().poll(context) {
        Poll::Ready(done) => Poll::Ready(Some(done)),
        Poll::Pending => limit.as_mut().poll(context).map(|()| None),
    })
    .await
}

/// Milliseconds since 1970, negative before; a time that no clock shows is the nearest that one does.
pub(crate) fn millis(at: SystemTime) -> i64 {
    match at.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(after) => i64::try_from(after.as_millis()).unwrap_or(i64::MAX),
        Err(before) => i64::try_from(before.duration().as_millis()).map_or(i64::MIN, |before| -before),
    }
}

/// The time that [`millis`] wrote.
pub(crate) fn time(millis: i64) -> SystemTime {
    let by = Duration::from_millis(millis.unsigned_abs());
    let at = if millis < 0 { SystemTime::UNIX_EPOCH.checked_sub(by) } else { SystemTime::UNIX_EPOCH.checked_add(by) };
    at.unwrap_or(SystemTime::UNIX_EPOCH)
}
