//! Whose file it is, who can reach it, and what becomes of it.

use std::fs;
use std::path::Path;

use oauth_core::store::{Store as _, StoreErrorKind};
use oauth_stores::SqliteStore;
use sqlx::{Connection as _, SqliteConnection};

use crate::{fresh, key, record, refused, write};

async fn other_program(path: &Path, sql: &'static str) {
    fs::write(path, "").unwrap();
    run(path, sql).await;
    private(path);
}

async fn run(path: &Path, sql: &'static str) {
    let mut connection = SqliteConnection::connect(path.to_str().unwrap()).await.unwrap();
    sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

fn private(path: &Path) {
    #[cfg(unix)]
    fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
}

#[tokio::test]
async fn st_02_a_foreign_database_is_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    for (name, sql) in [
        ("tables", "CREATE TABLE users (name TEXT)"),
        ("application", "PRAGMA application_id = 7"),
        ("version", "PRAGMA user_version = 7"),
    ] {
        let path = folder.path().join(name);
        other_program(&path, sql).await;
        let before = fs::read(&path).unwrap();
        refused(SqliteStore::open(&path).await, StoreErrorKind::Foreign);
        assert!(fs::read(&path).unwrap() == before, "{name}: the file has changed");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "{name}: something is left beside it");
        fs::remove_file(&path).unwrap();
    }
}

#[tokio::test]
async fn st_02_what_is_no_database_is_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tokens.db");
    let text = "{\"access_token\": \"not a database\"}".repeat(100);
    fs::write(&path, &text).unwrap();
    private(&path);
    refused(SqliteStore::open(&path).await, StoreErrorKind::Foreign);
    assert_eq!(fs::read_to_string(&path).unwrap(), text);
}

#[tokio::test]
async fn st_02_a_truncated_database_is_corrupt_and_not_empty() {
    let (folder, store) = fresh().await;
    let path = folder.path().join("tokens.db");
    for number in 0..50 {
        store.save(&key(number), write(None, &record(1, vec![number; 4000]))).await.unwrap();
    }
    store.close().await;
    let whole = fs::read(&path).unwrap();
    fs::write(&path, &whole[..whole.len() / 2]).unwrap();
    let store = SqliteStore::open(&path).await;
    let broken = match store {
        Err(error) => error.kind() == StoreErrorKind::Corrupt,
        Ok(store) => {
            let mut kinds = Vec::new();
            for number in 0..50 {
                match store.load(&key(number)).await {
                    Ok(found) => assert_eq!(found.unwrap().payload, vec![number; 4000]),
                    Err(error) => kinds.push(error.kind()),
                }
            }
            assert_eq!(store.check().await.err().map(|error| error.kind()), Some(StoreErrorKind::Corrupt));
            !kinds.is_empty() && kinds.iter().all(|kind| *kind == StoreErrorKind::Corrupt)
        }
    };
    assert!(broken);
    assert_eq!(fs::metadata(&path).unwrap().len(), whole.len() as u64 / 2);
}

#[tokio::test]
async fn st_06_a_newer_schema_is_refused() {
    let (folder, store) = fresh().await;
    store.close().await;
    let path = folder.path().join("tokens.db");
    run(&path, "PRAGMA user_version = 2").await;
    refused(SqliteStore::open(&path).await, StoreErrorKind::NewerSchema);
    run(&path, "PRAGMA user_version = 0").await;
    refused(SqliteStore::open(&path).await, StoreErrorKind::Schema);
}

#[tokio::test]
async fn a_table_that_is_gone_is_the_schemas_fault() {
    let (folder, store) = fresh().await;
    run(&folder.path().join("tokens.db"), "DROP TABLE record").await;
    refused(store.load(&key(1)).await, StoreErrorKind::Schema);
}

#[tokio::test]
async fn a_file_that_is_replaced_is_not_written_to() {
    let (folder, store) = fresh().await;
    let path = folder.path().join("tokens.db");
    store.save(&key(1), write(None, &record(1, "kept"))).await.unwrap();
    fs::rename(&path, folder.path().join("away")).unwrap();
    refused(store.load(&key(1)).await, StoreErrorKind::Unavailable);
    refused(store.save(&key(1), write(Some(1), &record(2, "lost"))).await, StoreErrorKind::Unavailable);
    #[cfg(unix)]
    {
        fs::write(&path, "").unwrap();
        refused(store.load(&key(1)).await, StoreErrorKind::Unavailable);
        fs::remove_file(&path).unwrap();
    }
    fs::rename(folder.path().join("away"), &path).unwrap();
    assert_eq!(store.load(&key(1)).await.unwrap(), Some(record(1, "kept")));
}

#[tokio::test]
async fn what_is_written_survives_and_is_complete() {
    let (folder, store) = fresh().await;
    store.save(&key(1), write(None, &record(7, "kept"))).await.unwrap();
    assert_eq!(store.check().await.unwrap(), Vec::<String>::new());
    // A copy taken now is what a crash would leave: it holds the record.
    let copy = tempfile::tempdir().unwrap();
    for file in fs::read_dir(folder.path()).unwrap() {
        let file = file.unwrap();
        fs::copy(file.path(), copy.path().join(file.file_name())).unwrap();
    }
    let after = SqliteStore::open(copy.path().join("tokens.db")).await.unwrap();
    assert_eq!(after.load(&key(1)).await.unwrap(), Some(record(7, "kept")));
}

#[tokio::test]
async fn many_may_open_a_new_database_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("deep/er/tokens.db");
    let openers: Vec<_> = (0..8)
        .map(|number| {
            let path = path.clone();
            tokio::spawn(async move {
                let store = SqliteStore::open(&path).await.unwrap();
                store.save(&key(number), write(None, &record(1, "one"))).await.unwrap();
            })
        })
        .collect();
    for opener in openers {
        opener.await.unwrap();
    }
    let store = SqliteStore::open(&path).await.unwrap();
    assert_eq!(store.list(None, 100).await.unwrap().len(), 8);
}

#[cfg(unix)]
mod unix {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    use std::path::PathBuf;

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o7777
    }

    fn chmod(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[tokio::test]
    async fn only_the_owner_can_read_what_it_makes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new/tokens.db");
        let store = SqliteStore::open(&path).await.unwrap();
        store.save(&key(1), write(None, &record(1, "secret"))).await.unwrap();
        assert_eq!(mode(path.parent().unwrap()), 0o700);
        let files: Vec<PathBuf> =
            fs::read_dir(path.parent().unwrap()).unwrap().map(|file| file.unwrap().path()).collect();
        assert_eq!(files.len(), 3, "the database, its log and its index: {files:?}");
        for file in files {
            assert_eq!(mode(&file), 0o600, "{}", file.display());
        }
    }

    #[tokio::test]
    async fn a_file_that_others_can_read_is_refused() {
        let (folder, store) = fresh().await;
        store.close().await;
        let path = folder.path().join("tokens.db");
        for open in [0o640, 0o604, 0o620, 0o666] {
            chmod(&path, open);
            let error = refused(SqliteStore::open(&path).await, StoreErrorKind::InsecurePermissions);
            assert!(error.remedy().unwrap().starts_with("chmod 600 "));
            assert_eq!(mode(&path), open, "it is not changed silently");
        }
    }

    #[tokio::test]
    async fn what_belongs_to_another_user_is_refused() {
        let (folder, store) = fresh().await;
        store.close().await;
        let path = folder.path().join("tokens.db");
        let somebody = Some(std::os::unix::fs::MetadataExt::uid(&fs::metadata(&path).unwrap()) + 1);
        if std::os::unix::fs::chown(&path, somebody, None).is_err() {
            // Only root can give a file away; as anybody else there is nothing to look at.
            return;
        }
        refused(SqliteStore::open(&path).await, StoreErrorKind::InsecurePermissions);
        std::os::unix::fs::chown(folder.path(), somebody, None).unwrap();
        refused(SqliteStore::open(folder.path().join("new.db")).await, StoreErrorKind::InsecureDirectory);
    }

    #[tokio::test]
    async fn a_folder_that_others_can_change_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("inner");
        fs::create_dir(&inner).unwrap();
        for open in [0o770, 0o707, 0o1777] {
            chmod(&inner, open);
            refused(SqliteStore::open(inner.join("tokens.db")).await, StoreErrorKind::InsecureDirectory);
            assert_eq!(fs::read_dir(&inner).unwrap().count(), 0);
        }
        chmod(&inner, 0o700);
        chmod(folder.path(), 0o777);
        refused(SqliteStore::open(inner.join("tokens.db")).await, StoreErrorKind::InsecureDirectory);
        chmod(folder.path(), 0o700);
        SqliteStore::open(inner.join("tokens.db")).await.unwrap();
    }

    #[tokio::test]
    async fn what_is_no_regular_file_is_refused() {
        let (folder, store) = fresh().await;
        store.close().await;
        let link = folder.path().join("link.db");
        symlink(folder.path().join("tokens.db"), &link).unwrap();
        refused(SqliteStore::open(&link).await, StoreErrorKind::NotAFile);
        symlink(folder.path().join("nowhere.db"), folder.path().join("dangling.db")).unwrap();
        refused(SqliteStore::open(folder.path().join("dangling.db")).await, StoreErrorKind::NotAFile);
        assert!(!folder.path().join("nowhere.db").exists());
        fs::create_dir(folder.path().join("folder.db")).unwrap();
        refused(SqliteStore::open(folder.path().join("folder.db")).await, StoreErrorKind::NotAFile);
        refused(SqliteStore::open(folder.path().join("tokens.db/under.db")).await, StoreErrorKind::NotAFile);
    }
}
