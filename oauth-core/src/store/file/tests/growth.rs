//! What is swept up, and what never grows.

use std::fs::File;
use std::path::Path;
use std::time::{Duration, SystemTime};

use super::*;
use crate::clock::Clock;

const LONG: Duration = Duration::from_secs(600);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

impl Rig {
    pub(super) fn clock_now(&self) -> SystemTime {
        self.clock.now()
    }

    /// Opens the store as it is after that time, by the clock of the file system.
    fn after(&self, time: Duration) -> FileStore {
        self.everything().iter().filter(|path| path.is_file()).for_each(|path| make_older(path, time));
        self.another()
    }
}

fn make_older(path: &Path, by: Duration) {
    let file = File::options().append(true).open(path).unwrap();
    file.set_modified(file.metadata().unwrap().modified().unwrap() - by).unwrap();
}

#[test]
fn st_07_what_killed_writers_leave_behind_is_swept_up() {
    let rig = Rig::new();
    rig.store.put_record(&key(1), None, &record(1, b"sealed")).unwrap();
    for part in Part::ALL {
        fs::write(rig.file(part, ".unfinished-0123"), b"half a rec").unwrap();
    }
    let unfinished = || rig.everything().iter().filter(|path| path.to_string_lossy().contains(".unfinished-")).count();
    drop(rig.another());
    assert_eq!(unfinished(), 5, "a write that may be under way was swept up");
    drop(rig.after(DAY * 2));
    assert_eq!(unfinished(), 0);
    assert_eq!(rig.store.load_now(&key(1)).unwrap(), Some(record(1, b"sealed")));
}

#[test]
fn st_07_a_store_is_swept_once_a_day() {
    let rig = Rig::new();
    drop(rig.after(DAY * 2));
    fs::write(rig.file(Part::Records, ".unfinished-0123"), b"").unwrap();
    drop(rig.after(DAY / 2));
    assert_eq!(rig.names(Part::Records).len(), 1, "the whole store was looked through twice in a day");
}

#[test]
fn st_07_signs_of_life_of_the_dead_are_swept_up() {
    let rig = Rig::new();
    let held = rig.store.granted(&key(1), DAY * 30).unwrap();
    let other = rig.another();
    other.granted(&key(2), DAY * 30).unwrap();
    drop(other);
    assert_eq!(rig.names(Part::Holders).len(), 2);
    drop(rig.after(DAY * 2));
    assert_eq!(rig.names(Part::Holders), [held.token], "only the living one is left");
}

#[test]
fn st_07_leases_of_deleted_accounts_are_forgotten_and_their_fences_are_not() {
    let rig = Rig::new();
    let write = |store: &FileStore, number, lease: &Lease| {
        store.save_now(&key(number), Write { expected: None, record: &record(1, b""), lease: Some(lease) })
    };
    // The first has no record any more, the second has one.
    let leases: Vec<Lease> = (0..5)
        .map(|_| {
            let lease = rig.store.granted(&key(1), LONG).unwrap();
            rig.store.release_now(&key(1), &lease).unwrap();
            lease
        })
        .collect();
    let kept = rig.store.granted(&key(2), LONG).unwrap();
    write(&rig.store, 2, &kept).unwrap();
    let store = rig.after(DAY * 8);
    let names = rig.names(Part::Leases);
    assert!(!names.contains(&key(1).to_string()) && names.contains(&key(2).to_string()), "{names:?}");
    assert_eq!(kind(write(&store, 1, &leases[3])), Some(StoreErrorKind::Fenced));
    let next = store.granted(&key(1), LONG).unwrap();
    assert!(next.fence > leases[4].fence, "fence {} follows fence {}", next.fence, leases[4].fence);
    assert_eq!(kind(write(&store, 1, &leases[4])), Some(StoreErrorKind::Fenced));
    write(&store, 1, &next).unwrap();
    // Also where neighbours share a file, and their fences were lower.
    store.release_now(&key(1), &next).unwrap();
    store.delete_now(&key(1), None).unwrap();
    let low = store.granted(&neighbour(), LONG).unwrap();
    store.release_now(&neighbour(), &low).unwrap();
    let store = rig.after(DAY * 8);
    assert!(store.granted(&key(1), LONG).unwrap().fence > next.fence);
    assert!(store.granted(&neighbour(), LONG).unwrap().fence > low.fence);
}

/// A key with the same lock file as `key(1)`.
fn neighbour() -> RecordKey {
    let mut digest = [1; 32];
    digest[31] = 9;
    RecordKey::from_digest(digest)
}

#[test]
fn st_07_attempts_are_bounded_and_end() {
    let rig = Rig::new();
    let store = rig.another().max_attempts(10);
    for number in 0..40 {
        store.put_now(&format!("id {number}"), b"attempt".to_vec(), LONG).unwrap();
    }
    assert_eq!(rig.names(Part::Attempts).len(), 10);
    assert_eq!(store.peek_now("id 29").unwrap(), TakenAttempt::Unknown);
    assert_eq!(store.peek_now("id 30").unwrap(), TakenAttempt::Waiting(b"attempt".to_vec()));
    rig.clock.advance(LONG);
    store.put_now("next", b"attempt".to_vec(), LONG).unwrap();
    assert_eq!(rig.names(Part::Attempts).len(), 1, "attempts that have ended are still there");
}

#[test]
fn fi_04_lock_files_do_not_grow_in_number() {
    let rig = Rig::new();
    for number in 0..=255 {
        rig.store.put_record(&key(number), None, &record(1, b"")).unwrap();
        rig.store.delete_now(&key(number), None).unwrap();
    }
    // One for each letter of a key, one for the claims.
    let names = rig.names(Part::Locks);
    assert!(names.len() <= 33, "{names:?}");
    assert!(rig.names(Part::Records).is_empty());
}

#[test]
fn a_clock_that_is_set_back_does_not_lengthen_a_lease() {
    let rig = Rig::new();
    rig.clock.advance(DAY * 365);
    let held = rig.store.granted(&key(1), LONG).unwrap();
    let back = rig.another().clock(Arc::new(ManualClock::new()));
    assert_eq!(back.lease_now(&key(1), LONG).unwrap(), LeaseAnswer::Held { remaining: LONG });
    rig.store.release_now(&key(1), &held).unwrap();
    assert!(back.granted(&key(1), LONG).is_some());
}

#[test]
fn a_lease_is_not_kept_by_who_is_gone() {
    let rig = Rig::new();
    let other = rig.another();
    let first = other.granted(&key(1), LONG).unwrap();
    assert_eq!(rig.store.granted(&key(1), LONG), None);
    drop(other);
    let second = rig.store.granted(&key(1), LONG).unwrap();
    assert!(second.fence > first.fence);
    assert_eq!(rig.names(Part::Holders), [second.token]);
}
