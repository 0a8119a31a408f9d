use std::sync::atomic::Ordering;
use std::time::Duration;

use oauth_core::store::{Lease, LeaseAnswer, RecordKey, StoreResult};
use sqlx::postgres::PgArguments;

use super::records::{column, nothing};
use super::{Inner, NAME};
use crate::sql::{self, FORGET_EVERY, LONGEST, values};

impl Inner {
    pub(super) async fn lease(&self, key: &RecordKey, lasts: Duration) -> StoreResult<LeaseAnswer> {
        let lasts = lasts.min(LONGEST);
        let token = sql::token(NAME, &*self.rng)?;
        let values = values!(PgArguments, NAME; key.as_str(), token.as_str(), lasts.as_secs_f64());
        // More than once only where the lease ends, or another's is granted, while this is asked.
        for _ in 0..3 {
            let rows = self.ask(&self.sql.lease, &values).await?;
            let row = rows.first().ok_or_else(nothing)?;
            if let Some(fence) = column::<Option<i64>>(row, "fence")? {
                let fence = u64::try_from(fence).map_err(|_| sql::corrupt(NAME, "a fence is negative"))?;
                self.forget().await;
                return Ok(LeaseAnswer::Granted(Lease { fence, token, lasts }));
            }
            let remaining = column::<Option<f64>>(row, "remaining")?.filter(|left| *left > 0.0);
            if let Some(remaining) = remaining.and_then(|left| Duration::try_from_secs_f64(left).ok()) {
                return Ok(LeaseAnswer::Held { remaining });
            }
        }
        Ok(LeaseAnswer::Held { remaining: Duration::from_millis(1) })
    }

    pub(super) async fn release(&self, key: &RecordKey, lease: &Lease) -> StoreResult<()> {
        let Ok(fence) = i64::try_from(lease.fence) else { return Ok(()) };
        let values = values!(PgArguments, NAME; key.as_str(), fence, lease.token.as_str());
        self.ask(&self.sql.release, &values).await.map(drop)
    }

    /// Now and then forgets leases that ended long ago. What fails here is tried again later.
    async fn forget(&self) {
        if self.granted.fetch_add(1, Ordering::Relaxed) % FORGET_EVERY == FORGET_EVERY - 1 {
            let _ = self.ask(&self.sql.forget, &PgArguments::default()).await;
        }
    }
}
