use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use oauth_core::Clock;

/// The system's clock, and what it was put forward.
#[derive(Default)]
pub struct Shifted(AtomicU64);

impl Shifted {
    /// Puts it forward, to the second.
    pub fn advance(&self, by: Duration) {
        self.0.fetch_add(by.as_secs(), Ordering::Relaxed);
    }
}

impl Clock for Shifted {
    fn now(&self) -> SystemTime {
        SystemTime::now() + Duration::from_secs(self.0.load(Ordering::Relaxed))
    }
}
