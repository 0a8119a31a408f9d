//! Files that are not what they should be, and what becomes of them.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::time::Duration;

use super::*;
use crate::store::MAX_RECORD;
use crate::store::file::private::again;

const LONG: Duration = Duration::from_secs(600);

/// What the file of a record is turned into, and what the store must call it.
fn damages(sound: &[u8]) -> Vec<(&'static str, Vec<u8>, StoreErrorKind)> {
    use StoreErrorKind::{Corrupt, NewerSchema, TooLarge};
    let text = |text: &str| text.as_bytes().to_vec();
    vec![
        ("empty", Vec::new(), Corrupt),
        ("cut in the line", sound[..10].to_vec(), Corrupt),
        ("cut in the content", sound[..sound.len() - 1].to_vec(), Corrupt),
        ("appended to", [sound, b"x"].concat(), Corrupt),
        ("zeroes", vec![0; sound.len()], Corrupt),
        ("another program's", text("{\"access_token\": \"canary-token\"}"), Corrupt),
        ("another kind of ours", text("oauth-lease 1 1 1 1 00000000000000000000000000000000\n"), Corrupt),
        ("a word too many", text("oauth-record 1 1 - 0 0\n"), Corrupt),
        ("a number that is none", text("oauth-record 1 +1 - 0\n"), Corrupt),
        ("a version that is too large", text("oauth-record 1 99999999999999999999 - 0\n"), Corrupt),
        ("a time that is too large", text("oauth-record 1 1 18446744073709551615 0\n"), Corrupt),
        ("a length that is too large", text("oauth-record 1 1 - 18446744073709551615\n"), Corrupt),
        ("no format", text("oauth-record x 1 - 0\n"), Corrupt),
        ("an older format", text("oauth-record 0 1 - 0\n"), Corrupt),
        ("a newer format", text("oauth-record 2 what we do not know\n"), NewerSchema),
        ("a much newer format", text("oauth-record 4294967295 {}"), NewerSchema),
        ("too large", vec![b'x'; MAX_RECORD + 300], TooLarge),
    ]
}

#[test]
fn st_02_a_damaged_record_is_told_and_never_overwritten() {
    let rig = Rig::new();
    let path = rig.record_file(&key(1));
    rig.store.put_record(&key(1), None, &record(1, b"sealed")).unwrap();
    let sound = fs::read(&path).unwrap();
    for (what, bytes, wanted) in damages(&sound) {
        fs::write(&path, &bytes).unwrap();
        let load = rig.store.load_now(&key(1)).unwrap_err();
        assert_eq!(load.kind(), wanted, "{what}");
        let text = format!("{load} {load:?} {:?}", load.remedy());
        assert!(load.remedy().is_some() || wanted == StoreErrorKind::TooLarge, "{what}: {text}");
        assert!(!text.contains("canary-token"), "{what}: {text}");
        for expected in [None, Some(0), Some(1)] {
            assert_eq!(kind(rig.store.put_record(&key(1), expected, &record(2, b"new"))), Some(wanted), "{what}");
        }
        assert_eq!(kind(rig.store.delete_now(&key(1), Some(1))), Some(wanted), "{what}");
        assert_eq!(fs::read(&path).unwrap(), bytes, "{what} was changed");
        // It is not overlooked, and keeps nobody else away.
        rig.store.put_record(&key(2), None, &record(7, b"other")).unwrap();
        let listed: Vec<u64> = rig.store.list_now(None, 9).unwrap().iter().map(|listed| listed.version).collect();
        assert!(listed == [0, 7] || listed == [7, 0], "{what}: {listed:?}");
        rig.store.claim_due_now(std::time::SystemTime::UNIX_EPOCH, LONG, 9).unwrap();
        assert_eq!(rig.store.look_around().unwrap().len(), 1, "{what}");
        rig.store.delete_now(&key(2), None).unwrap();
    }
}

#[test]
fn st_02_a_damaged_record_makes_place_and_is_kept() {
    for (what, bytes, wanted) in damages(b"oauth-record 1 1 - 6\nsealed") {
        let rig = Rig::new();
        rig.store.put_record(&key(1), None, &record(1, b"sealed")).unwrap();
        fs::write(rig.record_file(&key(1)), &bytes).unwrap();
        if wanted == StoreErrorKind::TooLarge {
            assert_eq!(kind(rig.store.delete_now(&key(1), None)), Some(wanted));
            continue;
        }
        assert!(rig.store.delete_now(&key(1), None).unwrap(), "{what}");
        assert_eq!(rig.store.load_now(&key(1)).unwrap(), None, "{what}");
        rig.store.put_record(&key(1), None, &record(1, b"anew")).unwrap();
        let names = rig.names(Part::Records);
        let kept = names.iter().find(|name| name.contains(".kept-")).unwrap();
        assert_eq!(fs::read(rig.file(Part::Records, kept)).unwrap(), bytes, "{what}");
        assert_eq!(rig.store.list_now(None, 9).unwrap().len(), 1, "{what}");
        assert!(rig.store.look_around().unwrap()[0].contains("1 damaged record"), "{what}");
    }
}

#[test]
fn st_02_a_damaged_lease_is_told() {
    let rig = Rig::new();
    let lease = rig.store.granted(&key(1), LONG).unwrap();
    let path = rig.file(Part::Leases, key(1).as_str());
    for (text, wanted) in [
        ("", StoreErrorKind::Corrupt),
        ("oauth-lease 1 1 1 1 ../../../../../../../../../etc/pass\n", StoreErrorKind::Corrupt),
        ("oauth-lease 1 1 1 1\n", StoreErrorKind::Corrupt),
        ("oauth-lease 2 and more\n", StoreErrorKind::NewerSchema),
    ] {
        fs::write(&path, text).unwrap();
        assert_eq!(kind(rig.store.lease_now(&key(1), LONG)), Some(wanted), "{text}");
        assert_eq!(kind(rig.store.release_now(&key(1), &lease)), Some(wanted), "{text}");
        let write = Write { expected: None, record: &record(1, b""), lease: Some(&lease) };
        assert_eq!(kind(rig.store.save_now(&key(1), write)), Some(wanted), "{text}");
    }
}

#[test]
fn damaged_claims_are_none() {
    let rig = Rig::new();
    let now = std::time::SystemTime::UNIX_EPOCH + LONG;
    let due = StoredRecord { version: 1, due: Some(now), payload: Vec::new() };
    rig.store.put_record(&key(1), None, &due).unwrap();
    assert_eq!(rig.store.claim_due_now(now, LONG, 9).unwrap(), [key(1)]);
    let path = rig.file(Part::Leases, "claims");
    for text in ["", "garbage", "oauth-claims 1 1\nnot a claim\n", "oauth-claims 2 1\n"] {
        fs::write(&path, text).unwrap();
        assert_eq!(rig.store.claim_due_now(now, LONG, 9).unwrap(), [key(1)], "{text}");
        assert!(rig.store.claim_due_now(now, LONG, 9).unwrap().is_empty(), "{text}");
    }
}

#[test]
fn a_damaged_attempt_is_told_and_makes_room() {
    let rig = Rig::new();
    rig.store.put_now("id", b"attempt".to_vec(), LONG).unwrap();
    let name = rig.names(Part::Attempts).remove(0);
    for text in ["", "oauth-attempt 1 1 1 lost 0\n", "oauth-attempt 1 1 1 taken 5\n"] {
        rig.store.put_now("id", b"attempt".to_vec(), LONG).unwrap();
        fs::write(rig.file(Part::Attempts, &name), text).unwrap();
        assert_eq!(kind(rig.store.take_now("id")), Some(StoreErrorKind::Corrupt), "{text}");
        assert_eq!(kind(rig.store.peek_now("id")), Some(StoreErrorKind::Corrupt), "{text}");
        rig.store.put_now("another", b"attempt".to_vec(), LONG).unwrap();
        assert_eq!(rig.store.take_now("id").unwrap(), TakenAttempt::Unknown, "{text}");
    }
}

#[test]
fn st_03_a_folder_that_is_gone_is_no_empty_store() {
    let rig = Rig::new();
    rig.store.put_record(&key(1), None, &record(1, b"sealed")).unwrap();
    rig.store.put_now("id", b"attempt".to_vec(), LONG).unwrap();
    let old = rig.store.granted(&key(1), LONG).unwrap();
    rig.store.release_now(&key(1), &old).unwrap();
    let new = rig.store.granted(&key(1), LONG).unwrap();
    let elsewhere = rig.scratch.path().join("elsewhere");
    for part in [rig.store.path().to_owned(), rig.store.folder.part(Part::Records)] {
        fs::rename(&part, &elsewhere).unwrap();
        assert_eq!(kind(rig.store.put_record(&key(1), Some(1), &record(2, b""))), Some(StoreErrorKind::Unavailable));
        assert_eq!(kind(rig.store.load_now(&key(1))), Some(StoreErrorKind::Unavailable));
        assert_eq!(kind(rig.store.list_now(None, 9)), Some(StoreErrorKind::Unavailable));
        assert_eq!(kind(rig.store.claim_due_now(rig.clock_now(), LONG, 9)), Some(StoreErrorKind::Unavailable));
        assert_eq!(kind(rig.store.put_record(&key(2), None, &record(1, b""))), Some(StoreErrorKind::Unavailable));
        assert_eq!(kind(rig.store.delete_now(&key(1), None)), Some(StoreErrorKind::Unavailable));
        fs::rename(&elsewhere, &part).unwrap();
        assert!(rig.store.load_now(&key(1)).unwrap().is_some());
    }
    // Nor has anybody lost a lease, or a login, because its folder is gone for a moment.
    let (leases, attempts) = (rig.store.folder.part(Part::Leases), rig.store.folder.part(Part::Attempts));
    fs::rename(&leases, &elsewhere).unwrap();
    assert_eq!(kind(rig.store.lease_now(&key(1), LONG)), Some(StoreErrorKind::Unavailable));
    assert_eq!(kind(rig.store.release_now(&key(1), &new)), Some(StoreErrorKind::Unavailable));
    let late = Write { expected: Some(1), record: &record(2, b"late"), lease: Some(&old) };
    assert_eq!(kind(rig.store.save_now(&key(1), late)), Some(StoreErrorKind::Unavailable));
    fs::rename(&elsewhere, &leases).unwrap();
    assert_eq!(kind(rig.store.save_now(&key(1), late)), Some(StoreErrorKind::Fenced));
    fs::rename(&attempts, &elsewhere).unwrap();
    assert_eq!(kind(rig.store.take_now("id")), Some(StoreErrorKind::Unavailable));
    assert_eq!(kind(rig.store.peek_now("id")), Some(StoreErrorKind::Unavailable));
    fs::rename(&elsewhere, &attempts).unwrap();
    assert_eq!(rig.store.take_now("id").unwrap(), TakenAttempt::Waiting(b"attempt".to_vec()));
}

#[test]
fn fi_02_a_reader_sees_the_old_record_or_the_new() {
    let rig = Rig::new();
    let whole = |version: u64| record(version, &version.to_le_bytes().repeat(8_000));
    rig.store.put_record(&key(1), None, &whole(1)).unwrap();
    let reader = rig.another();
    let reading = std::thread::spawn(move || {
        let mut newest = 0;
        while newest < 60 {
            let seen = reader.load_now(&key(1)).unwrap().unwrap();
            assert_eq!(seen, whole(seen.version));
            assert!(seen.version >= newest);
            newest = seen.version;
        }
    });
    (1..60).for_each(|version| rig.store.put_record(&key(1), Some(version), &whole(version + 1)).unwrap());
    reading.join().unwrap();
}

#[test]
fn fi_02_a_write_that_fails_leaves_nothing_behind() {
    let rig = Rig::new();
    rig.store.put_record(&key(1), None, &record(1, b"sealed")).unwrap();
    // The place of the record is taken by what no file can replace, behind the back of who has looked.
    let blocked = rig.file(Part::Records, "blocked");
    fs::create_dir(&blocked).unwrap();
    let failed = crate::store::file::write::replace(&blocked, &[b"content"], &*rig.store.rng);
    assert!(failed.is_err());
    assert_eq!(rig.names(Part::Records), ["blocked", key(1).as_str()]);
    assert_eq!(rig.store.load_now(&key(1)).unwrap(), Some(record(1, b"sealed")));
}

#[test]
fn fi_05_a_file_that_is_in_use_is_tried_for_a_second() {
    let busy = || std::io::Error::from(std::io::ErrorKind::ResourceBusy);
    let is_busy = |error: &std::io::Error| error.kind() == std::io::ErrorKind::ResourceBusy;
    let (mut calls, mut waited) = (0, Duration::ZERO);
    let call = || {
        calls += 1;
        if calls < 10 { Err(busy()) } else { Ok(calls) }
    };
    assert_eq!(again(is_busy, call, |pause| waited += pause).unwrap(), 10);
    let mut waited = Duration::ZERO;
    let failed = again(is_busy, || Err::<(), _>(busy()), |pause| waited += pause);
    assert!(is_busy(&failed.unwrap_err()));
    assert!(waited > Duration::from_millis(500) && waited <= Duration::from_secs(1), "{waited:?}");
    let mut calls = 0;
    let other = || {
        calls += 1;
        Err::<(), _>(std::io::Error::from(std::io::ErrorKind::NotFound))
    };
    again(is_busy, other, |_| panic!("waits for what does not go by")).unwrap_err();
    assert_eq!(calls, 1);
}

#[test]
fn st_08_a_record_is_not_in_any_debug_text() {
    let rig = Rig::new();
    let sealed = record(1, b"canary");
    rig.store.put_record(&key(1), None, &sealed).unwrap();
    let lease = rig.store.granted(&key(1), LONG).unwrap();
    let text = format!("{:?} {sealed:?} {:?} {lease:?}", rig.store, rig.store.list_now(None, 9).unwrap());
    assert!(!text.contains("canary") && !text.contains(&lease.token), "{text}");
    // Nor does the log of a file system say more than the key, a digest.
    let names = rig.everything().into_iter().map(|path| path.display().to_string()).collect::<String>();
    assert!(!names.contains("canary"), "{names}");
}

#[test]
fn records_that_grow_in_place_are_none_of_ours() {
    let rig = Rig::new();
    rig.store.put_record(&key(1), None, &record(1, b"sealed")).unwrap();
    let mut file = OpenOptions::new().append(true).open(rig.record_file(&key(1))).unwrap();
    file.write_all(b"\n").unwrap();
    assert_eq!(kind(rig.store.load_now(&key(1))), Some(StoreErrorKind::Corrupt));
}
