//! Other processes: this test program once more, told by its environment what to do.

use std::io::{BufRead, BufReader, Lines};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use super::*;
use crate::store::file::lock::Of;

const LONG: Duration = Duration::from_secs(3600);
const JOB: &str = "OAUTH_FILE_STORE_JOB";
const FOLDER: &str = "OAUTH_FILE_STORE_FOLDER";

/// A process of ours that is killed with the test.
pub(super) struct Process {
    child: Child,
    says: Lines<BufReader<ChildStdout>>,
}

impl Process {
    pub(super) fn start(rig: &Rig, job: &str) -> Self {
        Self::run(Command::new(std::env::current_exe().unwrap()), rig, job)
    }

    /// With files that cannot be larger than so many blocks of half a KiB.
    fn start_with_file_limit(rig: &Rig, job: &str, blocks: u32) -> Self {
        let mut shell = Command::new("sh");
        // The signal that would end the process is ignored, so that it sees the error.
        shell.arg("-c").arg(format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\""));
        shell.arg(std::env::current_exe().unwrap());
        Self::run(shell, rig, job)
    }

    fn run(mut command: Command, rig: &Rig, job: &str) -> Self {
        command.args(["--exact", "store::file::tests::processes::job", "--nocapture", "--test-threads=1"]);
        command.env(JOB, job).env(FOLDER, rig.store.path()).stdout(Stdio::piped()).stderr(Stdio::inherit());
        let mut child = command.spawn().unwrap();
        let says = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, says }
    }

    /// What it says next; `None` when it has ended.
    pub(super) fn says(&mut self) -> Option<String> {
        self.says.by_ref().find_map(|line| line.unwrap().split_once('@').map(|(_, said)| said.to_owned()))
    }

    pub(super) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    fn signal(&self, signal: &str) {
        let status = Command::new("kill").arg(signal).arg(self.child.id().to_string()).status();
        assert!(status.unwrap().success());
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn say(what: impl std::fmt::Display) {
    println!("@{what}");
}

/// A record that shows whether it is whole.
pub(super) fn whole(version: u64) -> StoredRecord {
    record(version, &version.to_le_bytes().repeat(20_000))
}

/// What the other processes do. In an ordinary run it is nothing.
#[test]
fn job() {
    let (Some(job), Some(folder)) = (std::env::var_os(JOB), std::env::var_os(FOLDER)) else { return };
    let store = FileStore::open(folder).unwrap();
    match job.to_str().unwrap() {
        "write" => {
            let mut version = store.load_now(&key(1)).unwrap().map_or(0, |record| record.version);
            loop {
                let expected = Some(version).filter(|version| *version > 0);
                store.put_record(&key(1), expected, &whole(version + 1)).unwrap();
                version += 1;
                say(version);
            }
        }
        "count" => {
            for _ in 0..25 {
                loop {
                    let version = store.load_now(&key(1)).unwrap().unwrap().version;
                    match store.put_record(&key(1), Some(version), &whole(version + 1)) {
                        Ok(()) => break,
                        Err(error) => assert_eq!(error.kind(), StoreErrorKind::Conflict),
                    }
                }
            }
            say("counted");
        }
        "lock" => {
            let _locked = store.lock(Of::Key(&key(1))).unwrap();
            say("locked");
            wait_for_ever();
        }
        "lease" => {
            let store = store.clock(Arc::new(ManualClock::new()));
            say(store.granted(&key(1), LONG).unwrap().fence);
            wait_for_ever();
        }
        "take" => loop {
            for number in 0..200 {
                if let TakenAttempt::Waiting(_) = store.take_now(&format!("id {number}")).unwrap() {
                    say(number);
                }
            }
        },
        "full" => {
            let full = [
                kind(store.put_record(&key(1), Some(1), &whole(2))),
                kind(store.put_record(&key(2), None, &whole(1))),
                kind(store.put_now("id", vec![7; 100_000], LONG)),
            ];
            say(format!("{full:?}"));
            // What fits goes on.
            store.put_record(&key(3), None, &record(1, b"small")).unwrap();
            let lease = store.granted(&key(1), LONG).unwrap();
            store.release_now(&key(1), &lease).unwrap();
            say("small");
        }
        job => panic!("no such job: {job}"),
    }
}

fn wait_for_ever() {
    loop {
        std::thread::park();
    }
}

#[test]
fn st_01_processes_lose_no_change() {
    let rig = Rig::new();
    rig.store.put_record(&key(1), None, &whole(1)).unwrap();
    let mut processes: Vec<Process> = (0..4).map(|_| Process::start(&rig, "count")).collect();
    for process in &mut processes {
        assert_eq!(process.says().as_deref(), Some("counted"));
    }
    assert_eq!(rig.store.load_now(&key(1)).unwrap(), Some(whole(101)));
}

#[test]
fn fi_02_a_full_disk_leaves_the_old_record() {
    let rig = Rig::new();
    rig.store.put_record(&key(1), None, &record(1, b"sealed")).unwrap();
    let mut process = Process::start_with_file_limit(&rig, "full", 64);
    assert_eq!(process.says().as_deref(), Some("[Some(Full), Some(Full), Some(Full)]"));
    assert_eq!(process.says().as_deref(), Some("small"));
    assert_eq!(rig.store.load_now(&key(1)).unwrap(), Some(record(1, b"sealed")));
    assert_eq!(rig.names(Part::Records), [key(1).as_str(), key(3).as_str()], "something is left behind");
    assert!(rig.names(Part::Attempts).is_empty());
    rig.store.put_record(&key(1), Some(1), &whole(2)).unwrap();
}

#[test]
fn fi_04_a_lock_is_waited_for_and_ends_with_its_process() {
    let rig = Rig::new();
    let mut process = Process::start(&rig, "lock");
    assert_eq!(process.says().as_deref(), Some("locked"));
    let impatient = rig.another().patience(Duration::from_millis(30));
    let error = impatient.put_record(&key(1), None, &record(1, b"")).unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Busy);
    assert!(error.is_transient() && error.remedy().is_some());
    // Who only reads does not wait.
    assert_eq!(impatient.load_now(&key(1)).unwrap(), None);
    process.kill();
    impatient.put_record(&key(1), None, &record(1, b"")).unwrap();
}

#[test]
fn fi_04_a_lease_ends_with_its_holder_and_not_with_its_sleep() {
    let rig = Rig::new();
    let mut process = Process::start(&rig, "lease");
    let fence: u64 = process.says().unwrap().parse().unwrap();
    assert_eq!(rig.store.lease_now(&key(1), LONG).unwrap(), LeaseAnswer::Held { remaining: LONG });
    process.signal("-STOP");
    assert_eq!(rig.store.lease_now(&key(1), LONG).unwrap(), LeaseAnswer::Held { remaining: LONG });
    process.kill();
    let next = rig.store.granted(&key(1), LONG).unwrap();
    assert!(next.fence > fence);

    // Who sleeps longer than the lease has lost it.
    rig.store.release_now(&key(1), &next).unwrap();
    let mut process = Process::start(&rig, "lease");
    let fence: u64 = process.says().unwrap().parse().unwrap();
    process.signal("-STOP");
    rig.clock.advance(LONG);
    let next = rig.store.granted(&key(1), LONG).unwrap();
    assert!(next.fence > fence);
    process.signal("-CONT");
    process.kill();
    assert_eq!(rig.another().granted(&key(1), LONG), None, "the end of an old holder has ended a lease");
}
