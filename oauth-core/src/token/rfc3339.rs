//! Points in time as text (RFC 3339), read strictly: what is nearly one is none.

use std::time::{Duration, SystemTime};

/// Seconds of a day.
const DAY: i64 = 86_400;

/// The point in time of `2026-11-21T06:30:00.5+01:00`; `None` when the text is none, or lies before 1970.
pub(super) fn parse(text: &str) -> Option<SystemTime> {
    let bytes = text.as_bytes();
    let number = |from: usize, length: usize| {
        let digits = bytes.get(from..from + length)?;
        digits.iter().try_fold(0_i64, |sum, byte| byte.is_ascii_digit().then(|| sum * 10 + i64::from(byte - b'0')))
    };
    let mark = |at: usize, marks: &[u8]| bytes.get(at).is_some_and(|byte| marks.contains(byte));
    // RFC 3339 section 5.6: `full-date "T" full-time`; "applications [...] may choose" a space for the T.
    let marked = [(4, &b"-"[..]), (7, b"-"), (10, b"Tt "), (13, b":"), (16, b":")];
    if !marked.into_iter().all(|(at, marks)| mark(at, marks)) {
        return None;
    }
    let (year, month, day) = (number(0, 4)?, number(5, 2)?, number(8, 2)?);
    let (hour, minute, second) = (number(11, 2)?, number(14, 2)?, number(17, 2)?);
    // RFC 3339 section 5.7: a second of 60 is a leap second, which the second after it stands for here.
    if !(1..=days_of(year, month)?).contains(&day) || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let fraction = fraction(&text[19..])?;
    let offset = offset(&text[19 + fraction.length..])?;
    let seconds = days_since_1970(year, month, day) * DAY + hour * 3600 + minute * 60 + second - offset;
    SystemTime::UNIX_EPOCH.checked_add(Duration::new(u64::try_from(seconds).ok()?, fraction.nanos))
}

struct Fraction {
    /// How many bytes of the text it takes.
    length: usize,
    nanos: u32,
}

/// `.5`, or nothing. Digits beyond a nanosecond do not count.
fn fraction(text: &str) -> Option<Fraction> {
    let Some(rest) = text.strip_prefix('.') else { return Some(Fraction { length: 0, nanos: 0 }) };
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let nanos = rest[..digits].bytes().chain(std::iter::repeat(b'0')).take(9);
    let nanos = nanos.fold(0, |sum, byte| sum * 10 + u32::from(byte - b'0'));
    (digits > 0).then_some(Fraction { length: 1 + digits, nanos })
}

/// `Z`, or hours and minutes ahead of it: seconds.
fn offset(text: &str) -> Option<i64> {
    if matches!(text, "Z" | "z") {
        return Some(0);
    }
    let (sign, rest) = text.split_at_checked(1)?;
    let sign = match sign {
        "+" => 1,
        "-" => -1,
        _ => return None,
    };
    let (hours, minutes) = rest.split_once(':')?;
    let two = |text: &str| {
        let digits = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
        digits.then(|| text.parse::<i64>().ok()).flatten()
    };
    let (hours, minutes) = (two(hours)?, two(minutes)?);
    (hours <= 23 && minutes <= 59).then_some(sign * (hours * 3600 + minutes * 60))
}

fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn days_of(year: i64, month: i64) -> Option<i64> {
    Some(match month {
        2 => 28 + i64::from(is_leap(year)),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    })
}

/// Days from 1970-01-01 to a day of the Gregorian calendar, years counted from March so that a leap day is the last.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let years = if month <= 2 { year - 1 } else { year };
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    years * 365 + years.div_euclid(4) - years.div_euclid(100) + years.div_euclid(400) + of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(text: &str) -> Option<f64> {
        parse(text).map(|at| at.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs_f64())
    }

    #[test]
    fn points_in_time_are_read() {
        for (text, expected) in [
            ("1970-01-01T00:00:00Z", 0.0),
            ("2026-11-21T06:30:00Z", 1_795_242_600.0),
            ("2026-11-21t07:30:00.250+01:00", 1_795_242_600.25),
            ("2026-11-21 01:00:00-05:30", 1_795_242_600.0),
            ("2024-02-29T23:59:59z", 1_709_251_199.0),
            ("2016-12-31T23:59:60Z", 1_483_228_800.0),
            ("2000-03-01T00:00:00.123456789123Z", 951_868_800.123_456_8),
        ] {
            let read = seconds(text).unwrap_or_else(|| panic!("{text}"));
            assert!((read - expected).abs() < 1e-6, "{text}: {read}");
        }
    }

    #[test]
    fn what_is_nearly_one_is_none() {
        for text in [
            "",
            "2026-11-21",
            "2026-11-21T06:30:00",
            "2026-11-21T06:30Z",
            "2026-02-29T00:00:00Z",
            "2026-13-01T00:00:00Z",
            "2026-00-01T00:00:00Z",
            "2026-11-00T00:00:00Z",
            "2026-11-21T24:00:00Z",
            "2026-11-21T06:60:00Z",
            "2026-11-21T06:30:61Z",
            "2026-11-21T06:30:00.Z",
            "2026-11-21T06:30:00+0100",
            "2026-11-21T06:30:00+24:00",
            "2026-11-21T06:30:00+1:00",
            "2026-11-21T06:30:00 Z",
            "2026-11-21T06:30:00Z ",
            "2026-11-21T06:30:00ä",
            "+026-11-21T06:30:00Z",
            "1969-12-31T23:59:59Z",
            "２026-11-21T06:30:00Z",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
