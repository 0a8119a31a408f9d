//! Where a store is, and what its files are called.

use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

use super::*;
use crate::rng::{Rng, RngError};
use crate::store::file::place::{System, of_app_with};

const LONG: Duration = Duration::from_secs(600);

fn place(app: &str, system: System, environment: &[(&str, &str)]) -> StoreResult<PathBuf> {
    let variable =
        |name: &str| environment.iter().find(|(key, _)| *key == name).map(|(_, value)| OsString::from(value));
    of_app_with(app, system, variable)
}

#[cfg(unix)]
#[test]
fn fi_06_a_store_has_its_place_below_the_users_data() {
    let home = ("HOME", "/home/jane");
    let unix = |environment: &[_]| place("my-cli", System::Unix, environment).unwrap();
    assert_eq!(unix(&[home]), Path::new("/home/jane/.local/share/my-cli/oauth"));
    assert_eq!(unix(&[home, ("XDG_DATA_HOME", "/data")]), Path::new("/data/my-cli/oauth"));
    assert_eq!(unix(&[("XDG_DATA_HOME", "/data")]), Path::new("/data/my-cli/oauth"));
    for ignored in ["", "data", "./data", "../data", "~/data"] {
        let path = unix(&[home, ("XDG_DATA_HOME", ignored)]);
        assert_eq!(path, Path::new("/home/jane/.local/share/my-cli/oauth"), "{ignored}");
    }
    let mac = place("my-cli", System::Mac, &[home]).unwrap();
    assert_eq!(mac, Path::new("/home/jane/Library/Application Support/my-cli/oauth"));
    let windows = place("my-cli", System::Windows, &[("LOCALAPPDATA", "/users/jane")]).unwrap();
    assert_eq!(windows, Path::new("/users/jane/my-cli/oauth"));
}

#[test]
fn fi_06_without_a_home_there_is_no_place() {
    for system in [System::Unix, System::Mac, System::Windows] {
        for home in ["", ".", "relative/home"] {
            let environment = [("HOME", home), ("LOCALAPPDATA", home), ("XDG_DATA_HOME", home)];
            let error = place("my-cli", system, &environment).unwrap_err();
            assert_eq!(error.kind(), StoreErrorKind::NoHome, "{system:?} {home:?}");
            assert!(error.remedy().unwrap().contains("FileStore::open"), "{error}");
        }
        assert_eq!(kind(place("my-cli", system, &[])), Some(StoreErrorKind::NoHome), "{system:?}");
    }
}

#[test]
fn fi_06_a_programs_name_is_one_folder() {
    for name in ["", ".", "..", ".hidden", "a/b", "a\\b", "a\0b", "a b", "C:", "naïve", &"x".repeat(65)] {
        assert_eq!(kind(place(name, System::Unix, &[("HOME", "/home/jane")])), Some(StoreErrorKind::Config), "{name}");
    }
}

#[test]
fn fi_06_a_relative_folder_is_refused() {
    for path in ["", "store", "./store", "../store"] {
        assert_eq!(kind(FileStore::open(path)), Some(StoreErrorKind::Config), "{path}");
    }
    assert!(!Path::new("store").exists());
}

#[test]
fn fi_06_what_is_no_folder_is_refused() {
    let scratch = tempfile::tempdir().unwrap();
    let file = scratch.path().join("file");
    fs::write(&file, b"mine").unwrap();
    assert_eq!(kind(FileStore::open(&file)), Some(StoreErrorKind::Config));
    assert_eq!(kind(FileStore::open(file.join("store"))), Some(StoreErrorKind::Config));
    assert_eq!(fs::read(&file).unwrap(), b"mine");
}

#[test]
fn a_store_is_made_with_the_folders_above_it_and_found_again() {
    let scratch = tempfile::tempdir().unwrap();
    let path = scratch.path().join("a").join("b").join("store");
    FileStore::open(&path).unwrap().put_record(&key(1), None, &record(1, b"sealed")).unwrap();
    assert_eq!(FileStore::open(&path).unwrap().load_now(&key(1)).unwrap(), Some(record(1, b"sealed")));
}

#[test]
fn st_05_no_id_of_an_attempt_leaves_the_folder_or_meets_another() {
    let rig = Rig::new();
    let longest = "x".repeat(100);
    let strange = [
        "../../escaped",
        "/etc/passwd",
        "..",
        ".",
        "a\0b",
        "*",
        "a:b",
        "a\nb",
        "a b",
        "A",
        "a",
        "CON",
        "é",
        "e\u{301}",
        ".unfinished-0",
        "-rf",
        longest.as_str(),
    ];
    for (at, id) in strange.iter().enumerate() {
        rig.store.put_now(id, at.to_string().into_bytes(), LONG).unwrap();
    }
    for (at, id) in strange.iter().enumerate() {
        let taken = rig.store.take_now(id).unwrap();
        assert_eq!(taken, TakenAttempt::Waiting(at.to_string().into_bytes()), "{id:?}");
    }
    for id in [String::new(), "x".repeat(101), "x".repeat(4096)] {
        assert_eq!(kind(rig.store.put_now(&id, Vec::new(), LONG)), Some(StoreErrorKind::Config));
        assert_eq!(kind(rig.store.take_now(&id)), Some(StoreErrorKind::Config));
    }
    let names = rig.names(Part::Attempts);
    assert_eq!(names.len(), strange.len());
    assert!(names.iter().all(|name| name.bytes().all(|byte| byte.is_ascii_hexdigit())), "{names:?}");
    assert_eq!(fs::read_dir(rig.scratch.path()).unwrap().count(), 1);
}

#[test]
fn files_with_other_names_are_left_alone() {
    let rig = Rig::new();
    rig.store.put_record(&key(1), None, &record(1, b"sealed")).unwrap();
    for name in ["README", "oa1", ".DS_Store", "oa1short.bak"] {
        fs::write(rig.file(Part::Records, name), b"not ours").unwrap();
    }
    assert_eq!(rig.store.list_now(None, 9).unwrap().len(), 1);
    assert!(rig.store.look_around().unwrap().is_empty());
    assert_eq!(rig.names(Part::Records).len(), 5);
}

#[test]
fn without_random_bytes_nothing_is_written() {
    struct Dry;
    impl Rng for Dry {
        fn fill(&self, _: &mut [u8]) -> Result<(), RngError> {
            Err(RngError)
        }
    }
    let rig = Rig::new();
    rig.store.put_record(&key(1), None, &record(1, b"sealed")).unwrap();
    let dry = rig.another().rng(Arc::new(Dry));
    assert_eq!(kind(dry.put_record(&key(1), Some(1), &record(2, b"new"))), Some(StoreErrorKind::Unavailable));
    assert_eq!(kind(dry.lease_now(&key(1), LONG)), Some(StoreErrorKind::Unavailable));
    assert_eq!(dry.load_now(&key(1)).unwrap(), Some(record(1, b"sealed")));
    assert!(rig.store.granted(&key(1), LONG).is_some());
}

#[test]
fn random_bytes_that_repeat_themselves_harm_no_write() {
    struct Same;
    impl Rng for Same {
        fn fill(&self, bytes: &mut [u8]) -> Result<(), RngError> {
            bytes.fill(7);
            Ok(())
        }
    }
    let rig = Rig::new();
    let same = rig.another().rng(Arc::new(Same));
    std::thread::scope(|scope| {
        for number in 0..8 {
            let same = &same;
            scope.spawn(move || same.put_record(&key(number), None, &record(1, &[number; 9])).unwrap());
        }
    });
    for number in 0..8 {
        assert_eq!(same.load_now(&key(number)).unwrap(), Some(record(1, &[number; 9])));
    }
}
