//! How the provider tells when a token ends.

use std::time::UNIX_EPOCH;

use oauth_core::spec::{Expiry, ExpiryKind, ExpiryUnit, ZeroExpiry};
use serde_json::Value;

use crate::issue::Ends;

/// The member's value, for a token that ends then, that long from now; nothing where the provider says nothing.
pub(crate) fn told(rules: &Expiry, ends: Option<Ends>, as_text: bool) -> Option<Value> {
    let Some((at, lifetime)) = ends else {
        return (rules.zero == ZeroExpiry::Never).then(|| Value::from(0));
    };
    // A lifetime that the file knows by heart is one that the provider does not tell.
    if rules.default == Some(lifetime.as_secs()) {
        return None;
    }
    let since_epoch = at.duration_since(UNIX_EPOCH).unwrap_or_default();
    let span = match rules.kind {
        ExpiryKind::At if as_text => return Some(Value::from(rfc3339(since_epoch.as_secs()))),
        ExpiryKind::At => since_epoch,
        _ => lifetime,
    };
    let number = match rules.unit {
        ExpiryUnit::Milliseconds => u64::try_from(span.as_millis()).ok()?,
        _ => span.as_secs(),
    };
    Some(if as_text { Value::from(number.to_string()) } else { Value::from(number) })
}

/// RFC 3339 section 5.6, in UTC: the days since 1970 in the proleptic Gregorian calendar.
fn rfc3339(seconds: u64) -> String {
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    // Years begin in March, so that a leap day is a year's last; 400 years always have as many days.
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    let (hour, minute, second) = (rest / 3_600, rest / 60 % 60, rest % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_those_of_the_calendar() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_868_800, "2000-03-01T00:00:00Z"),
            (1_709_210_096, "2024-02-29T12:34:56Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
        ] {
            assert_eq!(rfc3339(seconds), text);
        }
    }
}
