//! A clock that is moved by hand: it may be behind the server's or ahead of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use oauth_core::{Clock, SystemClock};

pub(crate) struct ByHand {
    start: SystemTime,
    millis: AtomicU64,
}

impl ByHand {
    pub(crate) fn now() -> Arc<Self> {
        Arc::new(Self { start: SystemClock.now(), millis: AtomicU64::new(0) })
    }

    pub(crate) fn advance(&self, by: Duration) {
        self.millis.fetch_add(u64::try_from(by.as_millis()).unwrap_or_default(), Ordering::SeqCst);
    }
}

impl Clock for ByHand {
    fn now(&self) -> SystemTime {
        self.start + Duration::from_millis(self.millis.load(Ordering::SeqCst))
    }
}
