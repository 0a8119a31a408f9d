//! Every statement, each of them one step.

use std::sync::Arc;

use super::schema::Tables;

macro_rules! statements {
    ($($(#[$doc:meta])* $name:ident = $sql:literal;)+) => {
        /// The statements, with the names of the tables in them.
        pub(super) struct Statements { $($(#[$doc])* pub(super) $name: Arc<str>,)+ }

        impl Statements {
            pub(super) fn of(tables: &Tables) -> Self {
                Self { $($name: tables.within($sql),)+ }
            }
        }
    };
}

statements! {
    /// $1 key. A row also where there is no record, so that a standby is noticed.
    load = "SELECT pg_is_in_recovery() AS standby, r.version, r.due,
          CASE WHEN octet_length(r.payload) <= 1048576 THEN r.payload END AS payload
        FROM (VALUES (1)) AS one (n) LEFT JOIN {record} AS r ON r.key = $1";

    /// $1 key, $2 version, $3 due, $4 payload, $5 the writer's fence. The row of the lease is locked to the end of the
    /// statement, so that no newer lease is granted in between.
    create = "WITH newer AS (SELECT fence FROM {lease} WHERE key = $1 AND $5::bigint IS NOT NULL FOR SHARE),
        written AS (
          INSERT INTO {record} (key, version, due, payload)
          SELECT $1, $2, $3, $4 WHERE NOT EXISTS (SELECT 1 FROM newer WHERE fence > $5::bigint)
          ON CONFLICT (key) DO NOTHING RETURNING 1)
        SELECT EXISTS (SELECT 1 FROM written) AS written,
          EXISTS (SELECT 1 FROM newer WHERE fence > $5::bigint) AS fenced";

    /// As `create`; $6 the version that is replaced.
    replace = "WITH newer AS (SELECT fence FROM {lease} WHERE key = $1 AND $5::bigint IS NOT NULL FOR SHARE),
        written AS (
          UPDATE {record} SET version = $2, due = $3, payload = $4, claimed = NULL
          WHERE key = $1 AND version = $6 AND NOT EXISTS (SELECT 1 FROM newer WHERE fence > $5::bigint)
          RETURNING 1)
        SELECT EXISTS (SELECT 1 FROM written) AS written,
          EXISTS (SELECT 1 FROM newer WHERE fence > $5::bigint) AS fenced";

    /// $1 key, $2 version or NULL. `found` is of before the deletion.
    delete = "WITH gone AS (
          DELETE FROM {record} WHERE key = $1 AND ($2::bigint IS NULL OR version = $2) RETURNING 1)
        SELECT EXISTS (SELECT 1 FROM gone) AS gone, EXISTS (SELECT 1 FROM {record} WHERE key = $1) AS found";

    /// $1 key, $2 limit.
    list = "SELECT key, version, due FROM {record} WHERE key > $1 ORDER BY key LIMIT $2";

    /// $1 now, $2 the end of the claim, $3 limit. What another worker is claiming is passed over.
    claim = "WITH mine AS (
          SELECT key FROM {record} WHERE due <= $1 AND (claimed IS NULL OR claimed <= $1)
          ORDER BY due, key LIMIT $3 FOR UPDATE SKIP LOCKED)
        UPDATE {record} AS r SET claimed = $2 FROM mine WHERE r.key = mine.key RETURNING r.due, r.key";

    /// $1 key, $2 token, $3 seconds. DEFAULT is the next of the sequence, higher than every fence before. Who asks again
    /// with the same token, because the answer was lost, has it granted anew.
    lease = "WITH granted AS (
          INSERT INTO {lease} AS held (key, token, until)
          VALUES ($1, $2, clock_timestamp() + make_interval(secs => $3))
          ON CONFLICT (key) DO UPDATE
          SET fence = DEFAULT, token = EXCLUDED.token, until = clock_timestamp() + make_interval(secs => $3)
          WHERE held.until <= clock_timestamp() OR held.token = EXCLUDED.token RETURNING fence)
        SELECT (SELECT fence FROM granted) AS fence,
          (SELECT extract(epoch FROM until - clock_timestamp())::float8 FROM {lease} WHERE key = $1) AS remaining";

    /// $1 key, $2 fence, $3 token.
    release = "UPDATE {lease} SET until = clock_timestamp()
        WHERE key = $1 AND fence = $2 AND token = $3 AND until > clock_timestamp()";

    /// The fence of an ended lease is of use as long as its holder may still write.
    forget = "DELETE FROM {lease} WHERE key IN (
          SELECT key FROM {lease} WHERE until < now() - interval '1 day' LIMIT 100 FOR UPDATE SKIP LOCKED)";

    /// $1 id, $2 attempt, $3 seconds.
    put = "INSERT INTO {attempt} (id, attempt, until) VALUES ($1, $2, clock_timestamp() + make_interval(secs => $3))
        ON CONFLICT (id) DO UPDATE SET attempt = EXCLUDED.attempt, until = EXCLUDED.until, taken = NULL
        RETURNING serial";

    /// Attempts whose time is over.
    ended = "DELETE FROM {attempt} WHERE id IN (
          SELECT id FROM {attempt} WHERE until <= now() LIMIT 100 FOR UPDATE SKIP LOCKED)";

    /// $1 the newest serial, $2 limit. Counts only when there may be too many.
    too_many = "DELETE FROM {attempt} WHERE (SELECT min(serial) FROM {attempt}) <= $1 - $2
        AND serial <= (SELECT serial FROM {attempt} ORDER BY serial DESC LIMIT 1 OFFSET $2)";

    /// $1 id, $2 who takes. Who asks again because the answer was lost is given it again.
    take = "WITH mine AS (
          UPDATE {attempt} SET taken = $2
          WHERE id = $1 AND until > clock_timestamp() AND (taken IS NULL OR taken = $2) RETURNING attempt)
        SELECT (SELECT attempt FROM mine) AS attempt,
          EXISTS (SELECT 1 FROM {attempt} WHERE id = $1 AND until > clock_timestamp()) AS found";

    /// $1 id, $2 who has taken it.
    empty = "UPDATE {attempt} SET attempt = '' WHERE id = $1 AND taken = $2";

    /// $1 id.
    peek = "SELECT taken IS NOT NULL AS taken, attempt FROM {attempt} WHERE id = $1 AND until > clock_timestamp()";

    /// What `check` looks at.
    settings = "SELECT current_setting('fsync') AS fsync, current_setting('full_page_writes') AS full_page_writes,
          current_setting('synchronous_commit') AS synchronous_commit,
          coalesce((SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()), false) AS tls,
          coalesce(host(inet_client_addr()), 'local') AS client";
}
