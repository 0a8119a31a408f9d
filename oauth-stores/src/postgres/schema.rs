//! The tables: their names, how they are made, and whether they are there.

use std::fmt;
use std::sync::Arc;

use oauth_core::store::{StoreError, StoreErrorKind as Kind, StoreResult};
use sqlx::postgres::PgArguments;
use sqlx::{AssertSqlSafe, Row as _};

use super::error::{Verdict, error_of, judge};
use super::step::standby;
use super::{Inner, NAME};
use crate::sql::values;

/// The version of the tables.
const VERSION: i64 = 1;
/// The longest of a name's beginnings, so that none is longer than PostgreSQL's 63 bytes.
const MOST: usize = 40;
/// `oauth-st`: what two that make the tables at once wait for. It ends with the transaction.
const LOCK: i64 = 0x6f61_7574_682d_7374;

/// The names of the tables, quoted: nothing but small letters, digits and underscores is between the quotes.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Tables {
    schema: Option<String>,
    prefix: String,
}

impl Tables {
    pub(super) fn usual() -> Self {
        Self { schema: None, prefix: "oauth_".to_owned() }
    }

    pub(super) fn named(schema: Option<&str>, prefix: &str) -> StoreResult<Self> {
        if !schema.is_none_or(is_name) || !is_name(prefix) {
            return Err(error_of(Kind::Config, "the name of a schema, or the beginning of the tables' names, is none")
                .fix("small letters, digits and underscores, at most 40, not beginning with a digit"));
        }
        Ok(Self { schema: schema.map(str::to_owned), prefix: prefix.to_owned() })
    }

    /// A statement with the names in it: `{record}`, `{lease}`, `{attempt}`, `{schema}`.
    pub(super) fn within(&self, sql: &str) -> Arc<str> {
        let tables = ["record", "lease", "attempt", "schema"];
        let sql =
            tables.iter().fold(sql.to_owned(), |sql, name| sql.replace(&format!("{{{name}}}"), &self.table(name)));
        // An index lies where its table does.
        sql.replace("{index}", &self.prefix).into()
    }

    fn table(&self, name: &str) -> String {
        match &self.schema {
            Some(schema) => format!("\"{schema}\".\"{}{name}\"", self.prefix),
            None => format!("\"{}{name}\"", self.prefix),
        }
    }

    /// What makes the tables, once or again.
    pub(super) fn sql(&self) -> String {
        let schema = self.schema.as_ref().map(|schema| format!("CREATE SCHEMA IF NOT EXISTS \"{schema}\";\n"));
        self.script(&schema.unwrap_or_default())
    }

    fn script(&self, schema: &str) -> String {
        let tables = self.within(TABLES);
        format!("BEGIN;\nSELECT pg_advisory_xact_lock({LOCK});\n{schema}{tables}COMMIT;\n")
    }

    fn grants(&self, user: &str) -> String {
        let tables = ["record", "lease", "attempt", "schema"].map(|name| self.table(name)).join(", ");
        let user = user.replace('"', "\"\"");
        let schema = self.schema.as_ref().map(|schema| format!("GRANT USAGE ON SCHEMA \"{schema}\" TO \"{user}\";\n"));
        format!("{}GRANT SELECT, INSERT, UPDATE, DELETE ON {tables} TO \"{user}\";\n", schema.unwrap_or_default())
    }
}

fn is_name(text: &str) -> bool {
    let letter = |byte: u8| byte.is_ascii_lowercase() || byte == b'_';
    text.len() <= MOST
        && text.bytes().next().is_some_and(letter)
        && text.bytes().all(|byte| letter(byte) || byte.is_ascii_digit())
}

/// Fences come from the sequence behind `fence`, which only rises: a row may be forgotten.
const TABLES: &str = "\
SET LOCAL client_min_messages = warning;
CREATE TABLE IF NOT EXISTS {record} (
  key text COLLATE \"C\" PRIMARY KEY,
  version bigint NOT NULL CHECK (version >= 0),
  due bigint,
  claimed bigint,
  payload bytea NOT NULL CHECK (octet_length(payload) <= 1048576)
);
CREATE INDEX IF NOT EXISTS \"{index}record_due\" ON {record} (due, key) WHERE due IS NOT NULL;
CREATE TABLE IF NOT EXISTS {lease} (
  key text COLLATE \"C\" PRIMARY KEY,
  fence bigint GENERATED ALWAYS AS IDENTITY,
  token text NOT NULL,
  until timestamptz NOT NULL
);
CREATE INDEX IF NOT EXISTS \"{index}lease_until\" ON {lease} (until);
CREATE TABLE IF NOT EXISTS {attempt} (
  id bytea PRIMARY KEY,
  serial bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
  attempt bytea NOT NULL CHECK (octet_length(attempt) <= 1048576),
  until timestamptz NOT NULL,
  taken text
);
CREATE INDEX IF NOT EXISTS \"{index}attempt_until\" ON {attempt} (until);
CREATE TABLE IF NOT EXISTS {schema} (
  only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
  version bigint NOT NULL
);
INSERT INTO {schema} (version) VALUES (1) ON CONFLICT DO NOTHING;
";

const WHERE: &str =
    "SELECT pg_is_in_recovery() AS standby, current_setting('transaction_read_only')::bool AS read_only,
    to_regclass($1) IS NOT NULL AS made, $2::text IS NULL OR to_regnamespace($2::text) IS NOT NULL AS schema,
    current_user::text AS who";
const VERSION_OF: &str = "SELECT version FROM {schema}";
const ALLOWED: &str =
    "SELECT coalesce(bool_and(has_table_privilege(of.name::regclass, what.is_done)), false) AS allowed
    FROM unnest($1::text[]) AS of (name), unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) AS what (is_done)";

impl Inner {
    /// Looks whether the server is the right one, and makes the tables where there are none.
    pub(super) async fn prepare(&self) -> StoreResult<()> {
        let found = self.look_around().await?;
        if !found.made {
            self.make(&found).await?;
        }
        let rows = self.ask(&self.tables.within(VERSION_OF), &PgArguments::default()).await;
        let rows = rows.map_err(|error| self.explained(error, &found.user))?;
        let version = rows.first().and_then(|row| row.try_get::<i64, _>("version").ok());
        match version {
            Some(VERSION) => self.may_use(&found.user).await,
            Some(version) if version > VERSION => {
                Err(error_of(Kind::NewerSchema, "a newer version of this library made the tables")
                    .fix("use that version, or other tables"))
            }
            _ => Err(error_of(Kind::Schema, "the tables are of no known version").fix(self.tables.sql())),
        }
    }

    async fn look_around(&self) -> StoreResult<Found> {
        let schema = self.tables.schema.as_ref().map(|schema| format!("\"{schema}\""));
        let values = values!(PgArguments, NAME; self.tables.table("schema"), schema);
        let rows = self.ask(&WHERE.into(), &values).await?;
        let row = rows.first().ok_or_else(strange)?;
        let flag = |name| row.try_get::<bool, _>(name).map_err(|_| strange());
        if flag("read_only")? {
            return Err(standby());
        }
        let user = row.try_get("who").map_err(|_| strange())?;
        Ok(Found { made: flag("made")?, schema: flag("schema")?, user })
    }

    /// In one transaction, which two do not run at once: who comes second finds the work done.
    async fn make(&self, found: &Found) -> StoreResult<()> {
        // CREATE SCHEMA wants the right to create schemas, also where there is one.
        let sql = if found.schema { self.tables.script("") } else { self.tables.sql() };
        let deadline = self.deadline();
        let mut tries = 0;
        loop {
            let mut connection = self.connection(deadline).await?;
            let made = sqlx::raw_sql(AssertSqlSafe(sql.clone())).execute(connection.get());
            match tokio::time::timeout_at(deadline, made).await.map(|made| made.map_err(judge)) {
                Ok(Ok(_)) => {
                    connection.done();
                    return Ok(());
                }
                // To make them again does no harm.
                Ok(Err(Verdict::Again(_) | Verdict::Unknown(_))) if tries < 5 => tries += 1,
                Ok(Err(Verdict::Again(error) | Verdict::Unknown(error) | Verdict::Refused(error))) => {
                    return Err(self.explained(error, &found.user));
                }
                Err(_) => return Err(error_of(Kind::Unavailable, "the server did not answer in time")),
            }
            drop(connection);
            self.wait(tries).await;
        }
    }

    async fn may_use(&self, user: &str) -> StoreResult<()> {
        let tables = ["record", "lease", "attempt", "schema"].map(|name| self.tables.table(name)).to_vec();
        let rows = self.ask(&ALLOWED.into(), &values!(PgArguments, NAME; tables)).await;
        let rows = rows.map_err(|error| self.explained(error, user))?;
        if rows.first().and_then(|row| row.try_get::<bool, _>("allowed").ok()) == Some(true) {
            return Ok(());
        }
        Err(self.explained(error_of(Kind::Schema, "the user of the database may not use the tables"), user))
    }

    /// With the statements to run where tables or rights are missing.
    fn explained(&self, error: StoreError, user: &str) -> StoreError {
        match error.kind() {
            Kind::Schema => error.fix(format!(
                "let the owner of the database run:\n{}{}",
                self.tables.sql(),
                self.tables.grants(user)
            )),
            _ => error,
        }
    }
}

/// What is at the server.
struct Found {
    made: bool,
    schema: bool,
    user: String,
}

fn strange() -> StoreError {
    error_of(Kind::Unavailable, "what answers is no PostgreSQL server")
}

impl fmt::Debug for Tables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.table("*"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pg_06_a_name_is_nothing_but_small_letters_digits_and_underscores() {
        let long = "x".repeat(41);
        for name in ["", "1", "a b", "a\"b", "a;b", "a.b", "A", "a-b", "caf\u{e9}", "a\0", "$1", "a'b", &long] {
            assert_eq!(Tables::named(Some(name), "oauth_").unwrap_err().kind(), Kind::Config, "{name}");
            assert_eq!(Tables::named(None, name).unwrap_err().kind(), Kind::Config, "{name}");
        }
        let tables = Tables::named(Some("select"), "_t1_").unwrap();
        assert_eq!(&*tables.within("{record} {index}x"), "\"select\".\"_t1_record\" _t1_x");
    }

    #[test]
    fn pg_03_the_only_advisory_lock_ends_with_its_transaction() {
        let sql = Tables::usual().sql();
        assert!(sql.starts_with("BEGIN;\nSELECT pg_advisory_xact_lock(") && sql.ends_with("COMMIT;\n"), "{sql}");
        assert_eq!(sql.matches("advisory").count(), 1);
        assert!(!sql.contains('{') && sql.contains("\"oauth_record\""), "{sql}");
    }

    #[test]
    fn time_04_no_number_has_32_bits() {
        let sql = TABLES.to_lowercase();
        assert!(!sql.contains("integer") && !sql.contains("int4") && !sql.contains("serial p"), "{sql}");
    }
}
