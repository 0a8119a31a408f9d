use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use oauth_core::Clock;

/// A clock that a test can put forward: the simulator's, and that of the clients it hands out.
pub(crate) struct Advanced {
    base: Arc<dyn Clock>,
    ahead: Mutex<Duration>,
}

impl Advanced {
    pub(crate) fn new(base: Arc<dyn Clock>) -> Self {
        Self { base, ahead: Mutex::new(Duration::ZERO) }
    }

    pub(crate) fn advance(&self, by: Duration) {
        let mut ahead = self.ahead.lock().unwrap_or_else(PoisonError::into_inner);
        *ahead = ahead.saturating_add(by);
    }
}

impl Clock for Advanced {
    fn now(&self) -> SystemTime {
        let now = self.base.now();
        let ahead = *self.ahead.lock().unwrap_or_else(PoisonError::into_inner);
        now.checked_add(ahead).unwrap_or(now)
    }
}
