//! Times as 64-bit integers: before 1970 they are negative, and what does not fit is the nearest that does.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The longest lease and the longest life of a login: what is asked for beyond it is cut. A year and a day.
pub(crate) const LONGEST: Duration = Duration::from_hours(366 * 24);

/// Seconds since 1970, rounded towards the future.
pub(crate) fn seconds_up(time: SystemTime) -> i64 {
    up(time, 1_000_000_000)
}

/// Seconds since 1970, rounded towards the past.
pub(crate) fn seconds_down(time: SystemTime) -> i64 {
    down(time, 1_000_000_000)
}

/// Milliseconds since 1970, rounded towards the future.
#[cfg(feature = "sqlite")]
pub(crate) fn millis_up(time: SystemTime) -> i64 {
    up(time, 1_000_000)
}

/// Milliseconds since 1970, rounded towards the past.
#[cfg(feature = "sqlite")]
pub(crate) fn millis_down(time: SystemTime) -> i64 {
    down(time, 1_000_000)
}

/// The time of that second, where the system's clock can say it.
pub(crate) fn at_second(seconds: i64) -> Option<SystemTime> {
    let distance = Duration::from_secs(seconds.unsigned_abs());
    if seconds < 0 { UNIX_EPOCH.checked_sub(distance) } else { UNIX_EPOCH.checked_add(distance) }
}

fn down(time: SystemTime, unit: i128) -> i64 {
    narrow(nanos(time).div_euclid(unit))
}

fn up(time: SystemTime, unit: i128) -> i64 {
    narrow(-(-nanos(time)).div_euclid(unit))
}

fn nanos(time: SystemTime) -> i128 {
    let nanos = |distance: Duration| i128::try_from(distance.as_nanos()).unwrap_or(i128::MAX);
    match time.duration_since(UNIX_EPOCH) {
        Ok(after) => nanos(after),
        Err(before) => -nanos(before.duration()),
    }
}

fn narrow(number: i128) -> i64 {
    i64::try_from(number).unwrap_or(if number < 0 { i64::MIN } else { i64::MAX })
}

#[cfg(all(test, feature = "sqlite"))]
mod tests {
    use super::*;

    #[test]
    fn time_04_both_sides_of_1970_round_the_same_way() {
        let after = UNIX_EPOCH + Duration::from_millis(1_500);
        let before = UNIX_EPOCH - Duration::from_millis(1_500);
        assert_eq!((seconds_down(after), seconds_up(after)), (1, 2));
        assert_eq!((seconds_down(before), seconds_up(before)), (-2, -1));
        assert_eq!((millis_down(before), millis_up(before)), (-1_500, -1_500));
        assert_eq!((seconds_down(UNIX_EPOCH), seconds_up(UNIX_EPOCH)), (0, 0));
    }

    #[test]
    fn time_04_beyond_2038_and_9999_nothing_is_lost() {
        for seconds in
            [i64::from(i32::MAX) + 1, 9_223_372_037, 253_402_300_800, -1, -2_208_988_800, i64::from(i32::MIN)]
        {
            let time = at_second(seconds).unwrap();
            assert_eq!((seconds_down(time), seconds_up(time)), (seconds, seconds));
        }
    }

    #[test]
    fn time_04_what_does_not_fit_is_cut_and_no_panic() {
        let last = at_second(i64::MAX).unwrap();
        assert_eq!((seconds_up(last), millis_up(last)), (i64::MAX, i64::MAX));
        let first = at_second(i64::MIN).unwrap();
        assert_eq!((seconds_down(first), millis_down(first)), (i64::MIN, i64::MIN));
    }
}
