//! The suite that says whether a store keeps its promises: one call runs all of it, over any store.
//!
//! ```
//! use std::sync::Arc;
//!
//! use oauth_core::http::BoxFuture;
//! use oauth_core::store::conformance::{self, Harness};
//! use oauth_core::store::{MemoryStore, Store, StoreResult};
//!
//! /// Yours opens a connection, a folder, a client.
//! struct Mine(MemoryStore);
//!
//! impl Harness for Mine {
//!     fn open(&self) -> BoxFuture<'_, StoreResult<Arc<dyn Store>>> {
//!         Box::pin(async { Ok(Arc::new(self.0.clone()) as Arc<dyn Store>) })
//!     }
//! }
//!
//! # async fn run() {
//! // In a test of yours: #[tokio::test] async fn my_store_conforms() { .. }
//! conformance::check(&Mine(MemoryStore::new())).await.unwrap();
//! # }
//! ```
//!
//! Every check works on keys of its own and deletes them when it is done, so that the suite may run over a server that
//! holds other things; records that fall due in the 1970s are the suite's. Two runs over the same storage at the same
//! time would take each other's due records. It runs on both flavours of tokio's runtime, not on a paused clock.

mod attempts;
mod cas;
mod dropped;
mod due;
mod handle;
mod leases;
mod listing;
mod records;
mod report;

#[cfg(test)]
pub(crate) mod tests;

use std::sync::Arc;
use std::time::Duration;

use self::attempts::AttemptCx;
use self::handle::{Cx, Outcome, Wrong};
pub use self::report::{Failure, Failures, Report};
use super::{AttemptStore, Store, StoreResult};
use crate::http::BoxFuture;

/// How the suite reaches the store that it checks.
pub trait Harness: Send + Sync {
    /// A further handle on the same storage, as another process would have it: where there are connections or caches, it
    /// has its own.
    fn open(&self) -> BoxFuture<'_, StoreResult<Arc<dyn Store>>>;

    /// Lets time go by for the store. Unless a store has a clock of its own to move, this waits; the suite then takes about
    /// half a minute.
    fn advance(&self, by: Duration) -> BoxFuture<'_, ()> {
        Box::pin(tokio::time::sleep(by))
    }
}

/// How the suite reaches the store of logins under way that it checks.
pub trait AttemptHarness: Send + Sync {
    /// A further handle on the same storage, as another process would have it.
    fn open(&self) -> BoxFuture<'_, StoreResult<Arc<dyn AttemptStore>>>;

    /// Lets time go by for the store. Unless a store has a clock of its own to move, this waits.
    fn advance(&self, by: Duration) -> BoxFuture<'_, ()> {
        Box::pin(tokio::time::sleep(by))
    }

    /// How many attempts the store keeps at most, as the harness has set it up: at least 4, at most 1,000. Without a
    /// limit the suite does not look whether the oldest is forgotten; with one the storage should be the suite's alone.
    fn limit(&self) -> Option<usize> {
        None
    }
}

/// Runs the whole suite over a store.
///
/// # Errors
/// What the store does not keep, one sentence for each check that failed. `.unwrap()` prints them all.
pub async fn check(harness: &dyn Harness) -> Result<Report, Failures> {
    let cx = Cx::open(harness).await?;
    let mut report = Report::new(cx.store());
    for (name, check) in CHECKS.iter().copied().flatten() {
        report.add(name, answered(check(&cx)).await);
        cx.clean_up().await;
    }
    report.finish()
}

/// Runs the whole suite over a store of logins under way.
///
/// # Errors
/// As those of [`check`].
pub async fn check_attempts(harness: &dyn AttemptHarness) -> Result<Report, Failures> {
    let cx = AttemptCx::open(harness).await?;
    let mut report = Report::new("attempt");
    for (name, check) in attempts::CHECKS {
        report.add(name, answered(check(&cx)).await);
    }
    if harness.limit().is_none() {
        report.skip(attempts::OF_THE_LIMIT);
    }
    report.finish()
}

/// A check by its name. It fails with a sentence.
type StoreCheck = (&'static str, for<'a> fn(&'a Cx<'a>) -> BoxFuture<'a, Outcome>);

/// The checks of a module, each under the name of its function.
macro_rules! checks {
    ($check:ty: $($name:ident,)+) => {
        pub(super) const CHECKS: &[$check] = &[$((stringify!($name), |cx| Box::pin($name(cx))),)+];
    };
}
use checks;

const CHECKS: [&[StoreCheck]; 6] =
    [records::CHECKS, cas::CHECKS, leases::CHECKS, listing::CHECKS, due::CHECKS, dropped::CHECKS];

/// A store that hangs fails the check that it hangs in.
async fn answered(check: BoxFuture<'_, Outcome>) -> Outcome {
    let patience = Duration::from_secs(180);
    match tokio::time::timeout(patience, check).await {
        Ok(outcome) => outcome,
        Err(_) => Err(Wrong::new(format!("there was no end within {} s", patience.as_secs()))),
    }
}
