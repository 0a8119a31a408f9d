//! How SQLite goes about the statements of this store.

use sqlx::{AssertSqlSafe, Row as _};

use super::{SqliteStore, attempts, records};

#[tokio::test]
async fn st_07_nothing_looks_at_every_row() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path().join("tokens.db")).await.unwrap();
    for sql in records::STATEMENTS.iter().chain(attempts::STATEMENTS) {
        let plan = sqlx::query(AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}")));
        for step in plan.fetch_all(&store.readers).await.unwrap() {
            let step: String = step.try_get("detail").unwrap();
            let whole = step.starts_with("SCAN") && !step.contains("INDEX") && step != "SCAN CONSTANT ROW";
            // The one that counts walks from the newest as far as the limit, and only when there may be too many.
            assert!(!whole || sql.contains("OFFSET"), "{step}: {sql}");
        }
    }
}
