//! What a round came to, judged by what the server knows.

use oauth_tests::fleet::held::Point;
use oauth_tests::rotating::{Family, Outcome};
use serde_json::{Value, json};

use crate::plan::Plan;

/// More requests than this for one account are a loop: the one that was interrupted, the one after it, one to spare.
const MOST_REQUESTS: usize = 3;

/// What the process that was stopped did, as far as its parent heard.
#[derive(Clone, Debug, Default)]
pub(crate) struct First {
    pub(crate) passed: Vec<Point>,
    /// What it got, where it lived to see it.
    pub(crate) asked: Option<String>,
}

/// What the process after it says.
#[derive(Clone, Debug, Default)]
pub(crate) struct Second {
    /// What asking for a token gave, each time: the token or the error's code.
    pub(crate) asked: Vec<Result<String, String>>,
    /// Whether the account's status is that the rotation was lost.
    pub(crate) says_lost: bool,
    /// Whether it used a refresh token for the second time.
    pub(crate) replayed: bool,
    /// How many requests it sent.
    pub(crate) requests: usize,
}

/// What became of the account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Survived,
    Replayed,
    LostRotationReported,
    /// No token that works, and nobody was told why.
    SilentLoss(String),
    Loop(String),
    DoubleFamily(String),
    /// The account is well, or its loss was told, but not as it should have been.
    Other(String),
}

/// Judges a round: `family` is the server's view before the last check, `renewed` whether the account could be refreshed
/// once more after it.
pub(crate) fn judge(plan: Plan, first: &First, second: &Second, family: &Family, renewed: bool) -> Verdict {
    let seen = || format!("{plan:?} {first:?} {second:?} {family:?} renewed: {renewed}");
    if family.requests().max(second.requests) > MOST_REQUESTS {
        return Verdict::Loop(seen());
    }
    if family.live.len() > 1 {
        return Verdict::DoubleFamily(seen());
    }
    let all_the_same = second.asked.windows(2).all(|pair| pair[0] == pair[1]);
    match second.asked.last() {
        Some(Ok(token)) if !family.live.contains(token) => Verdict::SilentLoss(seen()),
        Some(Ok(_)) if !all_the_same || family.revoked => Verdict::Other(seen()),
        // The access token works, and what it is to be renewed with is gone.
        Some(Ok(_)) if !renewed => Verdict::SilentLoss(seen()),
        // Nothing was sent before: there was nothing to send again.
        Some(Ok(_)) if second.replayed && !was_sent(first) => Verdict::Other(seen()),
        Some(Ok(_)) if second.replayed => Verdict::Replayed,
        Some(Ok(_)) => Verdict::Survived,
        Some(Err(_)) if !second.says_lost => Verdict::SilentLoss(seen()),
        Some(Err(_)) if !all_the_same || !was_rotated(first, family) => Verdict::Other(seen()),
        Some(Err(_)) => Verdict::LostRotationReported,
        None => Verdict::SilentLoss(seen()),
    }
}

/// Whether the first process had come so far that the store may know that it sends.
fn was_sent(first: &First) -> bool {
    first.passed.contains(&Point::Intent)
}

/// Whether the rotation can have been lost: the first process was answered, and the next one asked in vain, once.
fn was_rotated(first: &First, family: &Family) -> bool {
    was_sent(first)
        && family.revoked
        && (family.count(Outcome::Granted), family.count(Outcome::Reused), family.requests()) == (1, 1, 2)
}

/// How often each verdict was given.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    survived: usize,
    replayed: usize,
    lost: usize,
    silent: usize,
    loops: usize,
    double: usize,
    other: usize,
}

impl Tally {
    /// Counts a verdict, and gives what is to be told of it.
    pub(crate) fn count(&mut self, verdict: Verdict) -> Option<String> {
        let (counter, told) = match verdict {
            Verdict::Survived => (&mut self.survived, None),
            Verdict::Replayed => (&mut self.replayed, None),
            Verdict::LostRotationReported => (&mut self.lost, None),
            Verdict::SilentLoss(seen) => (&mut self.silent, Some(format!("silent loss: {seen}"))),
            Verdict::Loop(seen) => (&mut self.loops, Some(format!("loop: {seen}"))),
            Verdict::DoubleFamily(seen) => (&mut self.double, Some(format!("double family: {seen}"))),
            Verdict::Other(seen) => (&mut self.other, Some(format!("not as it should be: {seen}"))),
        };
        *counter += 1;
        told
    }

    /// For the reader of standard output.
    pub(crate) fn json(&self) -> Value {
        json!({
            "survived": self.survived,
            "replayed": self.replayed,
            "lost_rotation_reported": self.lost,
            "silent_loss": self.silent,
            "loops": self.loops,
            "double_families": self.double,
        })
    }

    /// Whether every round came to a good end.
    pub(crate) fn is_good(&self, rounds: usize) -> bool {
        (self.silent, self.loops, self.double, self.other) == (0, 0, 0, 0)
            && self.survived + self.replayed + self.lost == rounds
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use Outcome::{Granted, Reused};
    use oauth_tests::rotating::Asked;

    use super::*;

    fn first(last: Point) -> First {
        First { passed: Point::ALL.into_iter().filter(|point| *point <= last).collect(), asked: None }
    }

    fn second(asked: &[Result<&str, &str>], says_lost: bool, requests: usize) -> Second {
        let asked = asked.iter().map(|one| one.map(str::to_owned).map_err(str::to_owned)).collect();
        Second { asked, says_lost, replayed: false, requests }
    }

    fn family(outcomes: &[Outcome], live: &[&str]) -> Family {
        let asked = |outcome: &Outcome| Asked { at: Duration::ZERO, generation: 0, outcome: *outcome };
        let mut family = Family::default();
        family.asked = outcomes.iter().map(asked).collect();
        family.live = live.iter().map(|token| (*token).to_owned()).collect();
        family.revoked = outcomes.contains(&Reused);
        family
    }

    fn judge(first: &First, second: &Second, family: &Family, renewed: bool) -> Verdict {
        super::judge(Plan::Held(Point::Lock), first, second, family, renewed)
    }

    const T: Result<&str, &str> = Ok("t");
    const E: Result<&str, &str> = Err("e");

    #[test]
    fn good_ends_are_told_apart() {
        let granted = family(&[Granted], &["t"]);
        for point in [Point::Lock, Point::Intent] {
            assert_eq!(judge(&first(point), &second(&[T, T], false, 1), &granted, true), Verdict::Survived);
        }
        assert_eq!(judge(&first(Point::Release), &second(&[T, T], false, 0), &granted, true), Verdict::Survived);
        let again = Second { replayed: true, ..second(&[T, T], false, 1) };
        assert_eq!(judge(&first(Point::Sent), &again, &granted, true), Verdict::Replayed);
        assert!(matches!(judge(&first(Point::Lock), &again, &granted, true), Verdict::Other(_)));
        let reused = family(&[Granted, Reused], &[]);
        let lost = judge(&first(Point::Answer), &second(&[E, E], true, 1), &reused, false);
        assert_eq!(lost, Verdict::LostRotationReported);
    }

    #[test]
    fn a_loss_is_seen_whatever_the_process_says() {
        let is_silent = |verdict| assert!(matches!(verdict, Verdict::SilentLoss(_)), "{verdict:?}");
        let granted = family(&[Granted], &["t"]);
        is_silent(judge(&first(Point::Lock), &second(&[], false, 0), &granted, false));
        is_silent(judge(&first(Point::Lock), &second(&[Ok("old"), Ok("old")], false, 0), &granted, true));
        is_silent(judge(&first(Point::Lock), &second(&[T, T], false, 1), &granted, false));
        is_silent(judge(&first(Point::Lock), &second(&[E, E], false, 1), &granted, false));
    }

    #[test]
    fn a_loss_that_is_none_is_not_reported_well() {
        let is_other = |verdict| assert!(matches!(verdict, Verdict::Other(_)), "{verdict:?}");
        is_other(judge(&first(Point::Lock), &second(&[E, E], true, 1), &family(&[Granted, Reused], &[]), false));
        is_other(judge(&first(Point::Sent), &second(&[E, E], true, 1), &family(&[Granted], &["t"]), false));
        is_other(judge(&first(Point::Sent), &second(&[T, E], true, 1), &family(&[Granted, Reused], &[]), false));
    }

    #[test]
    fn loops_and_double_families_are_seen_before_all_else() {
        let many = family(&[Granted, Reused, Reused, Reused], &[]);
        assert!(matches!(judge(&first(Point::Sent), &second(&[E, E], true, 1), &many, false), Verdict::Loop(_)));
        let two = family(&[Granted, Granted], &["s", "t"]);
        assert!(matches!(judge(&first(Point::Lock), &second(&[T, T], false, 1), &two, true), Verdict::DoubleFamily(_)));
    }

    #[test]
    fn the_tally_is_good_when_all_rounds_are() {
        let mut tally = Tally::default();
        for verdict in [Verdict::Survived, Verdict::Replayed, Verdict::LostRotationReported] {
            assert_eq!(tally.count(verdict), None);
        }
        assert!(tally.is_good(3) && !tally.is_good(4));
        for bad in [Verdict::SilentLoss, Verdict::Loop, Verdict::DoubleFamily, Verdict::Other] {
            let mut tally = Tally::default();
            assert!(tally.count(bad(String::new())).is_some());
            assert!(!tally.is_good(0) && !tally.is_good(1));
        }
        let printed = tally.json().to_string();
        assert_eq!(
            printed,
            r#"{"double_families":0,"loops":0,"lost_rotation_reported":1,"replayed":1,"silent_loss":0,"survived":1}"#
        );
    }
}
