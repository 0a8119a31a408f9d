use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

/// For how long a token that took the place of a refused one is not replaced again when it is refused as well.
const TRIAL: Duration = Duration::from_secs(60);

/// What resource servers make of an access token that a refusal brought.
///
/// A server that refuses whatever it is shown would otherwise cost a refresh for each request. The first success ends the
/// trial, and so does time. It is about this token in this process: no store keeps it.
#[derive(Default)]
pub(crate) struct Standing {
    /// Since when the token is on trial, in seconds; 0 when it is not.
    since: AtomicU64,
}

impl Standing {
    /// The token took the place of one that was refused.
    pub(crate) fn put_on_trial(&self, now: SystemTime) {
        self.since.store(seconds(now).max(1), Ordering::Relaxed);
    }

    /// A server took the token.
    pub(crate) fn accept(&self) {
        if self.since.load(Ordering::Relaxed) != 0 {
            self.since.store(0, Ordering::Relaxed);
        }
    }

    /// Whether a refusal says more of the server than of the token.
    pub(crate) fn is_on_trial(&self, now: SystemTime) -> bool {
        let since = self.since.load(Ordering::Relaxed);
        since != 0 && seconds(now).saturating_sub(since) < TRIAL.as_secs()
    }
}

impl Clone for Standing {
    fn clone(&self) -> Self {
        Self { since: AtomicU64::new(self.since.load(Ordering::Relaxed)) }
    }
}

fn seconds(at: SystemTime) -> u64 {
    at.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trial_ends_with_the_first_success_or_with_time() {
        let at = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        let standing = Standing::default();
        assert!(!standing.is_on_trial(at(100)));
        standing.put_on_trial(at(100));
        assert!(
            standing.is_on_trial(at(100)) && standing.is_on_trial(at(159)) && standing.clone().is_on_trial(at(159))
        );
        assert!(!standing.is_on_trial(at(160)));
        standing.accept();
        assert!(!standing.is_on_trial(at(100)));
    }
}
