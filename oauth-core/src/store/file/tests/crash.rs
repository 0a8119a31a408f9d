//! Writers that are killed.

use super::processes::{Process, whole};
use super::*;

/// Kills a process when it has said something so many times; gives what it said last.
fn kill_after(rig: &Rig, job: &str, times: u64) -> u64 {
    let mut process = Process::start(rig, job);
    let mut last = 0;
    for _ in 0..times {
        last = process.says().unwrap().parse().unwrap();
    }
    // A moment into the next step, another one each time.
    for _ in 0..times * 40_000 {
        std::hint::spin_loop();
    }
    process.kill();
    while let Some(said) = process.says() {
        last = said.parse().unwrap();
    }
    last
}

#[test]
fn fi_02_a_writer_that_is_killed_leaves_a_whole_record() {
    let rig = Rig::new();
    for round in 1..=12 {
        let confirmed = kill_after(&rig, "write", round);
        let found = rig.store.load_now(&key(1)).unwrap().unwrap();
        assert_eq!(found, whole(found.version), "a record is not whole");
        // What was confirmed is there; the write after it may be.
        let lost = found.version < confirmed || found.version > confirmed + 1;
        assert!(!lost, "version {confirmed} was confirmed and version {} is there", found.version);
        // Nobody has to clean up before going on.
        rig.store.put_record(&key(1), Some(found.version), &whole(found.version + 1)).unwrap();
        let left = rig.names(Part::Records).iter().filter(|name| name.starts_with(".unfinished-")).count() as u64;
        assert!(left <= round, "{left} unfinished files of {round} writers");
    }
}

#[test]
fn fi_02_a_taker_that_is_killed_takes_once() {
    let rig = Rig::new();
    for number in 0..200 {
        rig.store
            .put_now(&format!("id {number}"), b"attempt".to_vec(), std::time::Duration::from_secs(u32::MAX.into()))
            .unwrap();
    }
    let confirmed = kill_after(&rig, "take", 20);
    for number in 0..=confirmed {
        assert_eq!(rig.store.take_now(&format!("id {number}")).unwrap(), TakenAttempt::Taken, "{number}");
    }
    let next = rig.store.take_now(&format!("id {}", confirmed + 2)).unwrap();
    assert_eq!(next, TakenAttempt::Waiting(b"attempt".to_vec()));
}
