//! Who else may look, and what is no file.

use std::fs::Permissions;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use super::*;
use crate::store::file::private;
use crate::store::file::write::Temporary;

const LONG: Duration = Duration::from_secs(600);

fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path).unwrap().mode() & 0o7777
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

impl Rig {
    /// With a file of each kind.
    fn full() -> Self {
        let rig = Self::new();
        let now = rig.clock_now();
        for number in 1..4 {
            let due = StoredRecord { version: 1, due: Some(now), payload: vec![number] };
            rig.store.put_record(&key(number), None, &due).unwrap();
        }
        rig.store.granted(&key(1), LONG).unwrap();
        rig.store.claim_due_now(now, LONG, 1).unwrap();
        rig.store.put_now("id", b"attempt".to_vec(), LONG).unwrap();
        fs::write(rig.record_file(&key(3)), b"damaged").unwrap();
        rig.store.delete_now(&key(3), None).unwrap();
        rig
    }
}

#[test]
fn fi_01_everything_is_its_owners_alone() {
    let rig = Rig::full();
    let all = rig.everything();
    assert!(all.len() > 14, "{all:?}");
    for path in all {
        let right = if path.is_dir() { 0o700 } else { 0o600 };
        assert_eq!(mode(&path), right, "{}", path.display());
    }
}

#[test]
fn fi_01_files_are_private_before_they_have_content() {
    let rig = Rig::new();
    let unfinished = Temporary::create(&rig.store.folder.part(Part::Records), &*rig.store.rng).unwrap();
    let found = unfinished.file().metadata().unwrap();
    assert_eq!((found.mode() & 0o7777, found.len()), (0o600, 0));
}

#[test]
fn fi_01_folders_above_are_made_private_and_others_are_left_as_they_are() {
    let scratch = tempfile::tempdir().unwrap();
    set_mode(scratch.path(), 0o755);
    FileStore::open(scratch.path().join("app").join("oauth")).unwrap();
    assert_eq!((mode(scratch.path()), mode(&scratch.path().join("app"))), (0o755, 0o700));
}

#[test]
fn fi_01_looser_files_are_refused_until_they_are_repaired() {
    let rig = Rig::full();
    for loose in [0o640, 0o604, 0o620, 0o666, 0o644, 0o601] {
        let path = rig.record_file(&key(1));
        set_mode(&path, loose);
        let answers = [
            kind(rig.store.load_now(&key(1))),
            kind(rig.store.put_record(&key(1), Some(1), &record(2, b"new"))),
            kind(rig.store.delete_now(&key(1), None)),
        ];
        assert_eq!(answers, [Some(StoreErrorKind::InsecurePermissions); 3], "{loose:o}");
        assert_eq!(mode(&path), loose, "it was repaired without anybody asking for it");
        assert_eq!(FileStore::repair_permissions(rig.store.path()).unwrap(), 1);
        assert_eq!(mode(&path), 0o600);
        assert_eq!(rig.store.load_now(&key(1)).unwrap().unwrap().payload, [1]);
    }
}

#[test]
fn fi_01_every_kind_of_file_is_looked_at() {
    let rig = Rig::full();
    let insecure = Some(StoreErrorKind::InsecurePermissions);
    let lock = rig.file(Part::Locks, &rig.names(Part::Locks).into_iter().find(|name| name.len() == 1).unwrap());
    let lease = rig.file(Part::Leases, key(1).as_str());
    let attempt = rig.file(Part::Attempts, &rig.names(Part::Attempts)[0]);
    let claims = rig.file(Part::Leases, "claims");
    set_mode(&lease, 0o644);
    assert_eq!(kind(rig.store.lease_now(&key(1), LONG)), insecure);
    set_mode(&attempt, 0o644);
    assert_eq!((kind(rig.store.take_now("id")), kind(rig.store.peek_now("id"))), (insecure, insecure));
    set_mode(&claims, 0o644);
    assert_eq!(kind(rig.store.claim_due_now(rig.clock_now(), LONG, 1)), insecure);
    set_mode(&lock, 0o644);
    assert!((0..=255).any(|number| kind(rig.store.delete_now(&key(number), None)) == insecure));
    assert_eq!(FileStore::repair_permissions(rig.store.path()).unwrap(), 4);
    assert!(rig.store.take_now("id").is_ok());
}

#[test]
fn fi_01_looser_folders_are_refused_until_they_are_repaired() {
    for loose in [0o750, 0o755, 0o770, 0o701, 0o1777] {
        let rig = Rig::full();
        set_mode(rig.store.path(), loose);
        let wanted = Some(StoreErrorKind::InsecurePermissions);
        assert_eq!(kind(FileStore::open(rig.store.path())), wanted, "{loose:o}");
        assert_eq!(kind(rig.store.load_now(&key(1))), wanted, "{loose:o}");
        assert_eq!(kind(rig.store.put_record(&key(9), None, &record(1, b""))), wanted, "{loose:o}");
        assert_eq!(kind(rig.store.lease_now(&key(9), LONG)), wanted, "{loose:o}");
        assert_eq!(FileStore::repair_permissions(rig.store.path()).unwrap(), 1, "{loose:o}");
        assert!(FileStore::open(rig.store.path()).is_ok(), "{loose:o}");
        set_mode(&rig.store.folder.part(Part::Records), loose);
        assert_eq!(kind(FileStore::open(rig.store.path())), wanted, "{loose:o}");
    }
}

#[test]
fn fi_01_what_belongs_to_another_user_is_refused() {
    let rig = Rig::full();
    let found = fs::metadata(rig.record_file(&key(1))).unwrap();
    // To another user, our files are another's: the same check, from the other side.
    let strange = private::Owner(found.uid() + 1);
    let answer = private::check(Path::new("record"), &found, strange);
    assert_eq!(kind(answer), Some(StoreErrorKind::InsecurePermissions));
    assert!(private::check(Path::new("record"), &found, rig.store.folder.owner()).is_ok());
    // Where the tests may give files away, from this side, too.
    if std::os::unix::fs::chown(rig.record_file(&key(1)), Some(found.uid() + 1), None).is_ok() {
        assert_eq!(kind(rig.store.load_now(&key(1))), Some(StoreErrorKind::InsecurePermissions));
        assert_eq!(FileStore::repair_permissions(rig.store.path()).unwrap(), 0);
    }
}

#[test]
fn fi_06_a_folder_that_everybody_can_exchange_is_refused() {
    let scratch = tempfile::tempdir().unwrap();
    let (above, store) = (scratch.path().join("above"), scratch.path().join("above").join("between").join("store"));
    fs::create_dir(&above).unwrap();
    for (mode, wanted) in [(0o777, Some(StoreErrorKind::InsecureDirectory)), (0o1777, None), (0o755, None)] {
        let _ = fs::remove_dir_all(above.join("between"));
        set_mode(&above, mode);
        assert_eq!(kind(FileStore::open(&store)), wanted, "{mode:o}");
        assert_eq!(store.exists(), wanted.is_none(), "{mode:o}");
    }
    set_mode(&store, 0o777);
    assert_eq!(kind(FileStore::open(&store)), Some(StoreErrorKind::InsecureDirectory));
    assert_eq!(kind(FileStore::repair_permissions(&store)), Some(StoreErrorKind::InsecureDirectory));
    set_mode(&store, 0o700);
    // By a link, it is the real folder that counts.
    set_mode(&above, 0o777);
    let link = scratch.path().join("link");
    symlink(&store, &link).unwrap();
    assert_eq!(kind(FileStore::open(&link)), Some(StoreErrorKind::InsecureDirectory));
    set_mode(&above, 0o755);
    assert!(FileStore::open(&link).is_ok());
}

#[test]
fn fi_06_a_folder_that_cannot_be_written_is_told() {
    let scratch = tempfile::tempdir().unwrap();
    set_mode(scratch.path(), 0o500);
    // Root may write everywhere but in what the kernel makes.
    let root = fs::metadata(scratch.path()).unwrap().uid() == 0;
    let place = if root { Path::new("/sys/oauth") } else { scratch.path() };
    let error = FileStore::open(place.join("store")).unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::NotWritable, "{error:?}");
    assert!(error.remedy().unwrap().contains("FileStore::open"));
    set_mode(scratch.path(), 0o700);
}

/// What is put somewhere, by a name.
type Putting<'a> = (&'static str, Box<dyn Fn() + 'a>);

/// What lies where a record should be, and is no file.
fn no_files(path: &Path) -> Vec<Putting<'_>> {
    let victim = path.with_file_name("victim");
    vec![
        ("a folder", Box::new(move || fs::create_dir(path).unwrap())),
        ("a pipe", Box::new(move || assert!(Command::new("mkfifo").arg(path).status().unwrap().success()))),
        ("a socket", Box::new(move || drop(UnixListener::bind(path).unwrap()))),
        ("a link to nothing", Box::new(move || symlink("/nonexistent/at/all", path).unwrap())),
        ("a link to a device", Box::new(move || symlink("/dev/zero", path).unwrap())),
        (
            "a link to a file",
            Box::new(move || {
                fs::write(&victim, b"oauth-record 1 1 - 0\n").unwrap();
                set_mode(&victim, 0o600);
                symlink(&victim, path).unwrap();
            }),
        ),
    ]
}

fn clear(path: &Path) {
    if path.is_dir() { fs::remove_dir(path) } else { fs::remove_file(path) }.unwrap();
}

#[test]
fn fi_08_what_is_no_file_is_told_and_keeps_nobody_waiting() {
    let rig = Rig::new();
    let path = rig.record_file(&key(1));
    for (what, put) in no_files(&path) {
        put();
        let answers = [
            kind(rig.store.load_now(&key(1))),
            kind(rig.store.put_record(&key(1), None, &record(1, b"new"))),
            kind(rig.store.put_record(&key(1), Some(1), &record(2, b"new"))),
            kind(rig.store.delete_now(&key(1), None)),
            kind(rig.store.delete_now(&key(1), Some(1))),
        ];
        assert_eq!(answers, [Some(StoreErrorKind::NotAFile); 5], "{what}");
        assert_eq!(rig.store.list_now(None, 9).unwrap()[0].version, 0, "{what}");
        assert!(rig.store.claim_due_now(rig.clock_now(), LONG, 9).unwrap().is_empty(), "{what}");
        assert_eq!(rig.store.look_around().unwrap().len(), 1, "{what}");
        assert!(fs::symlink_metadata(&path).is_ok(), "{what} was removed");
        clear(&path);
    }
    let victim = path.with_file_name("victim");
    assert_eq!(fs::read(victim).unwrap(), b"oauth-record 1 1 - 0\n");
}

#[test]
fn fi_08_other_files_of_the_store_are_looked_at_as_well() {
    let rig = Rig::new();
    let lease = Lease { fence: 1, token: String::new(), lasts: LONG };
    let path = rig.file(Part::Leases, key(1).as_str());
    for (what, put) in no_files(&path) {
        put();
        assert_eq!(kind(rig.store.lease_now(&key(1), LONG)), Some(StoreErrorKind::NotAFile), "{what}");
        assert_eq!(kind(rig.store.release_now(&key(1), &lease)), Some(StoreErrorKind::NotAFile), "{what}");
        clear(&path);
    }
    rig.store.put_record(&key(1), None, &record(1, b"")).unwrap();
    let path = rig.file(Part::Locks, &rig.names(Part::Locks).remove(0));
    clear(&path);
    for (what, put) in no_files(&path) {
        put();
        assert_eq!(kind(rig.store.delete_now(&key(1), None)), Some(StoreErrorKind::NotAFile), "{what}");
        clear(&path);
    }
    assert!(rig.store.delete_now(&key(1), None).unwrap());
}

#[test]
fn fi_08_a_file_of_ten_gigabytes_is_not_read() {
    let rig = Rig::new();
    rig.store.put_record(&key(1), None, &record(1, b"sealed")).unwrap();
    let file = fs::OpenOptions::new().write(true).open(rig.record_file(&key(1))).unwrap();
    file.set_len(10 << 30).unwrap();
    let answers = [
        kind(rig.store.load_now(&key(1))),
        kind(rig.store.put_record(&key(1), Some(1), &record(2, b"new"))),
        kind(rig.store.delete_now(&key(1), Some(1))),
    ];
    assert_eq!(answers, [Some(StoreErrorKind::TooLarge); 3]);
    file.set_len(0).unwrap();
}

#[test]
fn fi_08_a_part_of_the_store_is_a_folder_of_its_own() {
    for part in Part::ALL {
        let rig = Rig::new();
        let path = rig.store.folder.part(part);
        let elsewhere = rig.scratch.path().join("elsewhere");
        fs::rename(&path, &elsewhere).unwrap();
        symlink(&elsewhere, &path).unwrap();
        assert_eq!(kind(FileStore::open(rig.store.path())), Some(StoreErrorKind::Config), "{part:?}");
    }
    // The whole store replaced by a link, while it is open.
    let rig = Rig::new();
    let elsewhere = rig.scratch.path().join("elsewhere");
    fs::rename(rig.store.path(), &elsewhere).unwrap();
    symlink(&elsewhere, rig.store.path()).unwrap();
    assert_eq!(kind(rig.store.load_now(&key(1))), Some(StoreErrorKind::InsecureDirectory));
}

#[test]
fn fi_04_a_lock_file_that_was_deleted_is_not_relied_on() {
    let rig = Rig::new();
    rig.store.put_record(&key(1), None, &record(1, b"")).unwrap();
    let path = rig.file(Part::Locks, &rig.names(Part::Locks).remove(0));
    let file = private::open(&path).unwrap();
    assert!(!crate::store::file::lock::is_gone(&file));
    fs::remove_file(&path).unwrap();
    assert!(crate::store::file::lock::is_gone(&file));
    rig.store.put_record(&key(1), Some(1), &record(2, b"")).unwrap();
}
