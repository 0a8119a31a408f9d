//! When the token endpoint is asked: a state machine that reads no clock and sends nothing (RFC 8628 section 3.5).

use std::time::{Duration, SystemTime};

/// RFC 8628 section 3.2: "If no value is provided, clients MUST use 5 as the default."
pub(super) const INTERVAL: Duration = Duration::from_secs(5);
/// Nobody waits longer than this between two looks, whatever a server says.
pub(super) const LONGEST_INTERVAL: Duration = Duration::from_secs(60);
/// RFC 8628 section 3.5: the interval "MUST be increased by 5 seconds for this and all subsequent requests".
const SLOWER: Duration = Duration::from_secs(5);

/// What a login on another device is to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DevicePoll {
    /// To wait so long, and then to look again.
    Wait(Duration),
    /// To ask the provider whether the user has finished.
    Ask,
    /// Nothing: the codes have ended, or the provider has given its last word.
    Over,
}

/// What came of asking, where it was not the last word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Told {
    /// The user has not finished yet.
    Pending,
    /// The same, and the client is to ask less often.
    SlowDown,
    /// No answer, or none that says anything; the server may have said how long to wait.
    Nothing(Option<Duration>),
}

/// When to ask.
#[derive(Clone, Debug)]
pub(super) struct Pace {
    started: SystemTime,
    lifetime: Duration,
    interval: Duration,
    /// How long to wait from the last answer on.
    gap: Duration,
    /// When the last answer came, or the codes.
    since: SystemTime,
    /// How often in a row nothing was heard.
    silent: u32,
    /// Whether the last question has had no answer yet.
    asking: bool,
    /// How long was waited in all, by a clock that may have been set back since.
    waited: Duration,
    over: bool,
}

impl Pace {
    /// The first question waits for one interval, too: nobody has typed a code by then.
    pub(super) fn new(now: SystemTime, lifetime: Duration, interval: Duration) -> Self {
        Self {
            started: now,
            lifetime,
            interval,
            gap: interval,
            since: now,
            silent: 0,
            asking: false,
            waited: Duration::ZERO,
            over: false,
        }
    }

    /// What to do now. The codes end after their lifetime, by the clock or by what was waited, whichever is first.
    pub(super) fn poll(&self, now: SystemTime) -> DevicePoll {
        let passed = now.duration_since(self.started).unwrap_or_default().max(self.waited);
        let Some(left) = self.lifetime.checked_sub(passed).filter(|left| !self.over && !left.is_zero()) else {
            return DevicePoll::Over;
        };
        // A clock that was set back makes no wait longer than it was.
        let since = now.duration_since(self.since).unwrap_or_default();
        match self.gap.checked_sub(since).filter(|wait| !wait.is_zero()) {
            Some(wait) => DevicePoll::Wait(wait.min(left)),
            None => DevicePoll::Ask,
        }
    }

    /// So long was waited.
    pub(super) fn slept(&mut self, now: SystemTime, wait: Duration) {
        self.waited = self.waited.saturating_add(wait);
        // Whatever the clock shows: this much of the gap has passed.
        if now.duration_since(self.since).is_ok_and(|since| since >= self.gap) {
            return;
        }
        self.gap = self.gap.saturating_sub(wait);
        self.since = now;
    }

    /// The provider is asked. Whoever drops the question before its answer has asked all the same: the next one waits, and
    /// this one is one of which nothing was heard.
    pub(super) fn asking(&mut self, now: SystemTime) {
        self.silent = self.silent.saturating_add(u32::from(self.asking));
        (self.asking, self.since, self.gap) = (true, now, self.interval);
    }

    /// The provider was asked, and this is what it said.
    pub(super) fn told(&mut self, told: Told, now: SystemTime) {
        (self.asking, self.since) = (false, now);
        self.gap = match told {
            Told::Pending => {
                self.silent = 0;
                self.interval
            }
            Told::SlowDown => {
                self.silent = 0;
                self.interval = self.interval.saturating_add(SLOWER);
                self.interval
            }
            // RFC 8628 section 3.5: "clients MUST unilaterally reduce their polling frequency before retrying. The use of
            // an exponential backoff algorithm to achieve this, such as doubling the polling interval [...], is
            // RECOMMENDED."
            Told::Nothing(wait) => {
                self.silent = self.silent.saturating_add(1);
                let doubled = self.interval.saturating_mul(2_u32.saturating_pow(self.silent.min(16)));
                doubled.min(LONGEST_INTERVAL).max(self.interval).max(wait.unwrap_or_default())
            }
        };
    }

    /// Whether the last question may have been answered without its answer having arrived.
    pub(super) fn is_silent(&self) -> bool {
        self.silent > 0
    }

    /// There is nothing more to ask.
    pub(super) fn end(&mut self) {
        self.over = true;
    }

    /// When the codes end.
    pub(super) fn expires_at(&self) -> SystemTime {
        self.started.checked_add(self.lifetime).unwrap_or(self.started)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: SystemTime = SystemTime::UNIX_EPOCH;

    fn secs(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn pace() -> Pace {
        Pace::new(START, secs(600), INTERVAL)
    }

    #[test]
    fn dev_13_the_first_question_waits_for_an_interval() {
        let pace = pace();
        assert_eq!(pace.poll(START), DevicePoll::Wait(secs(5)));
        assert_eq!(pace.poll(START + secs(4)), DevicePoll::Wait(secs(1)));
        assert_eq!(pace.poll(START + secs(5)), DevicePoll::Ask);
    }

    #[test]
    fn dev_01_each_slow_down_adds_five_seconds_for_good() {
        let mut pace = pace();
        for (told, expected) in [
            (Told::Pending, 5),
            (Told::SlowDown, 10),
            (Told::Pending, 10),
            (Told::SlowDown, 15),
            (Told::SlowDown, 20),
            (Told::Pending, 20),
        ] {
            pace.told(told, START);
            assert_eq!(pace.poll(START), DevicePoll::Wait(secs(expected)), "{told:?}");
        }
    }

    #[test]
    fn dev_03_silence_backs_off_and_an_answer_ends_that() {
        let mut pace = pace();
        for expected in [10, 20, 40, 60, 60] {
            pace.told(Told::Nothing(None), START);
            assert_eq!(pace.poll(START), DevicePoll::Wait(secs(expected)));
            assert!(pace.is_silent());
        }
        pace.told(Told::Nothing(Some(secs(90))), START);
        assert_eq!(pace.poll(START), DevicePoll::Wait(secs(90)), "as the server asks");
        pace.told(Told::Pending, START);
        assert_eq!(pace.poll(START), DevicePoll::Wait(secs(5)));
        for _ in 0..100 {
            pace.told(Told::Nothing(None), START);
        }
        assert_eq!(pace.poll(START), DevicePoll::Wait(secs(60)), "nothing overflows");
    }

    #[test]
    fn dev_05_it_ends_with_the_codes_however_the_clock_goes() {
        let mut pace = pace();
        assert_eq!(pace.poll(START + secs(599)), DevicePoll::Ask);
        assert_eq!(pace.poll(START + secs(600)), DevicePoll::Over);
        pace.told(Told::Pending, START + secs(597));
        assert_eq!(pace.poll(START + secs(597)), DevicePoll::Wait(secs(3)), "no longer than there is time");
        // The clock stands still, or goes back, while waits pass.
        let mut pace = Pace::new(START + secs(1000), secs(600), INTERVAL);
        for _ in 0..120 {
            assert_eq!(pace.poll(START), DevicePoll::Wait(secs(5)));
            pace.slept(START, secs(5));
            if pace.poll(START) != DevicePoll::Over {
                assert_eq!(pace.poll(START), DevicePoll::Ask);
                pace.told(Told::Pending, START);
            }
        }
        assert_eq!(pace.poll(START), DevicePoll::Over);
    }

    #[test]
    fn dev_13_a_question_that_was_dropped_was_asked() {
        let mut pace = pace();
        pace.asking(START + secs(5));
        assert_eq!(pace.poll(START + secs(5)), DevicePoll::Wait(secs(5)));
        assert!(!pace.is_silent(), "its answer may come");
        pace.asking(START + secs(10));
        assert!(pace.is_silent(), "the one before had none");
        pace.told(Told::Pending, START + secs(10));
        pace.asking(START + secs(15));
        assert!(!pace.is_silent());
    }

    #[test]
    fn dev_04_after_the_last_word_nothing_is_asked() {
        let mut pace = pace();
        pace.end();
        assert_eq!(pace.poll(START + secs(5)), DevicePoll::Over);
    }
}
