//! How the first process of a round ends.

use std::time::Duration;

use oauth_core::Rng as _;
use oauth_tests::counter::Counter;
use oauth_tests::fleet::held::Point;

/// The end of the first process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Plan {
    /// It stands still at the point, and is killed there.
    Held(Point),
    /// It goes on at the point while the signal is on its way: the end is somewhere behind it.
    Passing(Point),
    /// Its `main` returns while the refresh stands still at the point.
    Return(Point),
    /// It is killed that long after it began.
    After(Duration),
}

/// How many kinds of plans there are.
pub(crate) const KINDS: usize = 3 * Point::ALL.len() + 4;
/// Without a common divisor with the number of kinds: a few rounds are spread over all of them.
const STRIDE: usize = 7;
/// A refresh takes some milliseconds; on a busy machine some more.
const LONGEST: f64 = 0.150;
const SHORTEST: f64 = 0.000_2;

impl Plan {
    /// The plan of a round.
    pub(crate) fn of(round: usize, seed: u64) -> Self {
        let random = random(seed, round);
        let kind = (usize::try_from(seed % KINDS as u64).unwrap_or_default() + round * STRIDE) % KINDS;
        let point = Point::ALL[kind % Point::ALL.len()];
        match kind / Point::ALL.len() {
            0 => Self::Held(point),
            1 => Self::Passing(point),
            2 => Self::Return(point),
            _ => Self::After(Duration::from_secs_f64(SHORTEST * (LONGEST / SHORTEST).powf(random))),
        }
    }

    /// Where the process stands still.
    pub(crate) fn hold(self) -> Option<Point> {
        match self {
            Self::Held(point) | Self::Return(point) => Some(point),
            Self::Passing(_) | Self::After(_) => None,
        }
    }

    /// Where the signal is sent.
    pub(crate) fn kill_at(self) -> Option<Point> {
        match self {
            Self::Held(point) | Self::Passing(point) => Some(point),
            Self::Return(_) | Self::After(_) => None,
        }
    }
}

/// A number from 0 to 1, the same for the same round and seed.
fn random(seed: u64, round: usize) -> f64 {
    let mut bytes = [0; 4];
    // A counter never runs out.
    let _ = Counter::new(seed.wrapping_add(round as u64)).fill(&mut bytes);
    f64::from(u32::from_le_bytes(bytes)) / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn so_many_rounds_have_all_kinds() {
        for seed in [0, 1, 12_345, u64::MAX] {
            let plans: Vec<Plan> = (0..KINDS).map(|round| Plan::of(round, seed)).collect();
            for point in Point::ALL {
                for plan in [Plan::Held(point), Plan::Passing(point), Plan::Return(point)] {
                    assert_eq!(plans.iter().filter(|known| **known == plan).count(), 1, "{plan:?}");
                }
            }
            assert_eq!(plans.iter().filter(|plan| matches!(plan, Plan::After(_))).count(), 4);
            let again: Vec<Plan> = (0..KINDS).map(|round| Plan::of(round, seed)).collect();
            assert_eq!(plans, again);
        }
    }

    #[test]
    fn times_are_spread_over_their_range() {
        let times: Vec<Duration> = (0..2000)
            .filter_map(|round| match Plan::of(round, 3) {
                Plan::After(time) => Some(time),
                _ => None,
            })
            .collect();
        assert_eq!(times.iter().collect::<HashSet<_>>().len(), times.len());
        let short = times.iter().filter(|time| **time < Duration::from_millis(5)).count();
        assert!(short > times.len() / 4 && short < times.len() * 3 / 4, "{short} of {}", times.len());
        assert!(times.iter().all(|time| (SHORTEST..LONGEST + 1e-6).contains(&time.as_secs_f64())));
    }

    #[test]
    fn a_plan_says_where() {
        assert_eq!(
            (Plan::Held(Point::Sent).hold(), Plan::Held(Point::Sent).kill_at()),
            (Some(Point::Sent), Some(Point::Sent))
        );
        assert_eq!(
            (Plan::Passing(Point::Lock).hold(), Plan::Passing(Point::Lock).kill_at()),
            (None, Some(Point::Lock))
        );
        assert_eq!(
            (Plan::Return(Point::Write).hold(), Plan::Return(Point::Write).kill_at()),
            (Some(Point::Write), None)
        );
    }
}
