//! The tables, and whose they are.

use std::path::Path;

use oauth_core::store::{StoreError, StoreErrorKind as Kind, StoreResult};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _, Row as _, SqliteConnection};

use super::error::{about, read};
use super::{BUSY, NAME};

/// `OAst` in the header of the file: the database is this library's.
const APPLICATION: i64 = 0x4f41_7374;
/// The version of the tables.
const VERSION: i64 = 1;
/// How often it is tried, within the time that a writer waits.
const WAITS: u32 = 100;

/// Fences only rise: a lease gets one more than the highest of all leases, and the row with the highest is never deleted.
const TABLES: &str = "
CREATE TABLE record (
  key TEXT NOT NULL PRIMARY KEY,
  version INTEGER NOT NULL CHECK (version >= 0),
  due INTEGER,
  claimed INTEGER,
  payload BLOB NOT NULL CHECK (length(payload) <= 1048576)
) STRICT;
CREATE INDEX record_due ON record (due, key) WHERE due IS NOT NULL;
CREATE TABLE lease (
  key TEXT NOT NULL PRIMARY KEY,
  fence INTEGER NOT NULL UNIQUE,
  token TEXT NOT NULL,
  lasts INTEGER NOT NULL,
  until INTEGER NOT NULL
) STRICT;
CREATE INDEX lease_until ON lease (until);
CREATE TABLE attempt (
  serial INTEGER PRIMARY KEY AUTOINCREMENT,
  id BLOB NOT NULL UNIQUE,
  attempt BLOB NOT NULL CHECK (length(attempt) <= 1048576),
  until INTEGER NOT NULL,
  taken INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX attempt_until ON attempt (until);
PRAGMA application_id = 1329689460;
PRAGMA user_version = 1;
";

/// Looks whose database it is, and makes the tables in one that is empty.
pub(super) async fn prepare(options: &SqliteConnectOptions) -> StoreResult<()> {
    let path = options.get_filename();
    let mut connection = options.connect().await.map_err(read)?;
    let prepared = match owner(&mut connection, path).await {
        Ok(Owner::Nobody) => create(&mut connection, path).await,
        Ok(Owner::This) => Ok(()),
        Err(error) => Err(error),
    };
    let prepared = match prepared {
        Ok(()) => write_ahead(&mut connection).await,
        Err(error) => Err(error),
    };
    connection.close().await.map_err(read)?;
    prepared
}

enum Owner {
    Nobody,
    This,
}

async fn owner(connection: &mut SqliteConnection, path: &Path) -> StoreResult<Owner> {
    let sql = "SELECT a.application_id, v.user_version, (SELECT count(*) FROM sqlite_schema) AS things
        FROM pragma_application_id AS a, pragma_user_version AS v";
    let row = sqlx::query(sql).fetch_one(connection).await.map_err(read)?;
    let number = |name| row.try_get::<i64, _>(name).map_err(read);
    match (number("application_id")?, number("user_version")?, number("things")?) {
        (APPLICATION, VERSION, _) => Ok(Owner::This),
        (APPLICATION, VERSION.., _) => Err(about(Kind::NewerSchema, path, "a newer version of this library made it")
            .fix("use that version, or another file")),
        (APPLICATION, ..) => Err(about(Kind::Schema, path, "its tables are of no known version")),
        (0, 0, 0) => Ok(Owner::Nobody),
        _ => Err(about(Kind::Foreign, path, "it is another program's database").fix("choose another file")),
    }
}

/// Two processes may be here at once: the one that comes second finds the work done.
async fn create(connection: &mut SqliteConnection, path: &Path) -> StoreResult<()> {
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await.map_err(read)?;
    if matches!(owner(&mut transaction, path).await?, Owner::Nobody) {
        sqlx::raw_sql(TABLES).execute(&mut *transaction).await.map_err(read)?;
    }
    transaction.commit().await.map_err(read)
}

/// A property of the file that stays with it: readers do not wait for writers, and a commit is one write to the disk.
///
/// SQLite does not wait for other openers here (<https://www.sqlite.org/wal.html>, section 2.2), so this does.
async fn write_ahead(connection: &mut SqliteConnection) -> StoreResult<()> {
    let mut waits = 0;
    loop {
        match set_write_ahead(connection).await {
            Err(error) if error.kind() == Kind::Busy && waits < WAITS => waits += 1,
            answer => return answer,
        }
        tokio::time::sleep(BUSY / WAITS).await;
    }
}

async fn set_write_ahead(connection: &mut SqliteConnection) -> StoreResult<()> {
    let mode = sqlx::query("PRAGMA journal_mode = WAL").fetch_one(connection).await.map_err(read)?;
    match mode.try_get::<String, _>(0).map_err(read)?.as_str() {
        "wal" => Ok(()),
        _ => Err(StoreError::new(Kind::Config, NAME, "the file system cannot share a database between processes")
            .fix("keep the database on a local disk")),
    }
}
