use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, SystemTime};

use super::handle::{
    AFTER_SHORT, Cx, Handle, LONG, Outcome, SHORT, Wrong, at_once, dropped_after, due_record, ensure, record,
};
use crate::store::RecordKey;

super::checks! { super::StoreCheck:
    the_longest_due_comes_first,
    a_claim_keeps_others_away_until_it_ends,
    workers_share_no_record,
    a_save_ends_a_claim,
    a_deleted_record_is_not_due,
    a_claim_is_no_lease,
    a_dropped_claim_ends_by_itself,
}

const SECOND: Duration = Duration::from_secs(1);

/// Records due one second after another, in the order in which they are due.
async fn due_records(cx: &Cx<'_>, start: SystemTime, count: u32) -> Result<Vec<RecordKey>, Wrong> {
    let mut keys = BTreeMap::new();
    // Neither in the order of their keys nor written in that of their times.
    for at in 0..count {
        let (key, after) = (cx.key(), (at * 7 + 3) % count);
        cx.handle(0).save(&key, None, &due_record(1, start + SECOND * after)).await?;
        keys.insert(after, key);
    }
    Ok(keys.into_values().collect())
}

async fn the_longest_due_comes_first(cx: &Cx<'_>) -> Outcome {
    let start = cx.seventies().await?;
    let keys = due_records(cx, start, 10).await?;
    cx.handle(0).save(&cx.key(), None, &record(1, "never due")).await?;
    let claim = |now, limit| async move { cx.handle(1).claim(now, LONG, limit).await };
    ensure!(claim(start - SECOND, 10).await?.is_empty(), "a record was claimed a second before it is due");
    ensure!(claim(start + SECOND * 20, 0).await?.is_empty(), "a worker that asked for nothing got something");
    let first = claim(start + SECOND * 6, 4).await?;
    ensure!(first == keys[..4], "the four longest due of seven are not the ones claimed, in their order");
    let second = claim(start + SECOND * 6, 100).await?;
    ensure!(second == keys[4..7], "what is due after that is not what is claimed: {} of 3", second.len());
    let third = claim(start + SECOND * 20, 100).await?;
    ensure!(third == keys[7..], "what falls due later is not what is claimed: {} of 3", third.len());
    Ok(())
}

async fn a_claim_keeps_others_away_until_it_ends(cx: &Cx<'_>) -> Outcome {
    let start = cx.seventies().await?;
    let keys = due_records(cx, start, 3).await?;
    let now = start + SECOND * 10;
    let claimed = cx.handle(0).claim(now, SHORT, 10).await?;
    ensure!(claimed == keys, "{} of 3 records that are due were claimed", claimed.len());
    for handle in 0..2 {
        let twice = cx.handle(handle).claim(now, SHORT, 10).await?;
        ensure!(twice.is_empty(), "{} records were claimed twice", twice.len());
    }
    cx.advance(AFTER_SHORT).await;
    let again = cx.handle(1).claim(now + AFTER_SHORT, LONG, 10).await?;
    ensure!(again == keys, "{} of 3 records can be claimed after a claim has ended", again.len());
    Ok(())
}

async fn workers_share_no_record(cx: &Cx<'_>) -> Outcome {
    const RECORDS: u32 = 60;
    let start = cx.seventies().await?;
    let keys = due_records(cx, start, RECORDS).await?;
    let now = start + SECOND * (RECORDS + 10);
    let most = keys.len();
    let worker = move |store: Handle, limit| async move {
        let mut mine = Vec::new();
        loop {
            let claimed = store.claim(now, LONG, limit).await?;
            ensure!(claimed.len() <= limit, "a worker that asked for {limit} records got {}", claimed.len());
            if claimed.is_empty() {
                return Ok::<_, Wrong>(mine);
            }
            mine.extend(claimed);
            ensure!(mine.len() <= most, "a worker claims the same records again and again");
        }
    };
    let mut all = Vec::new();
    for one in at_once((0..8).map(|at| worker(cx.handle(at), at % 4 + 1)).collect()).await? {
        all.extend(one?);
    }
    // What one of them has passed over because another was looking at it is there for the next.
    all.extend(worker(cx.handle(0), 7).await?);
    let different: BTreeSet<RecordKey> = all.iter().copied().collect();
    ensure!(different.len() == all.len(), "{} records were claimed by two workers", all.len() - different.len());
    let missing = keys.iter().filter(|key| !different.contains(key)).count();
    ensure!(missing == 0, "{missing} of {RECORDS} records that are due were claimed by nobody");
    Ok(())
}

async fn a_save_ends_a_claim(cx: &Cx<'_>) -> Outcome {
    let start = cx.seventies().await?;
    let keys = due_records(cx, start, 3).await?;
    let store = cx.handle(0);
    let now = start + SECOND * 10;
    let claimed = store.claim(now, LONG, 10).await?;
    ensure!(claimed == keys, "{} of 3 records that are due were claimed", claimed.len());
    store.save(&keys[0], Some(1), &due_record(2, start + SECOND * 5)).await?;
    store.save(&keys[1], Some(1), &due_record(2, start + SECOND * 20)).await?;
    store.save(&keys[2], Some(1), &record(2, "no longer due")).await?;
    let found = cx.handle(1).claim(now, LONG, 10).await?;
    ensure!(
        found == keys[..1],
        "of a record that was saved as due, one due later and one not due, the first is claimed"
    );
    let found = cx.handle(1).claim(start + SECOND * 20, LONG, 10).await?;
    ensure!(found == keys[1..2], "a record that was saved as due later is not claimed then");
    Ok(())
}

async fn a_deleted_record_is_not_due(cx: &Cx<'_>) -> Outcome {
    let start = cx.seventies().await?;
    let keys = due_records(cx, start, 2).await?;
    let (store, now) = (cx.handle(0), start + SECOND * 10);
    store.delete(&keys[0], None).await?;
    let found = store.claim(now, LONG, 10).await?;
    ensure!(found == keys[1..], "a record is due after its deletion");
    store.delete(&keys[1], None).await?;
    store.save(&keys[1], None, &due_record(1, start)).await?;
    let found = cx.handle(1).claim(now, LONG, 10).await?;
    ensure!(found == keys[1..], "a record made anew is kept back by the claim of the one before");
    Ok(())
}

async fn a_claim_is_no_lease(cx: &Cx<'_>) -> Outcome {
    let start = cx.seventies().await?;
    let keys = due_records(cx, start, 2).await?;
    let (store, now) = (cx.handle(0), start + SECOND * 10);
    let lease = store.granted(&keys[0], LONG).await?;
    let claimed = store.claim(now, LONG, 10).await?;
    ensure!(claimed == keys, "a lease keeps a record from being claimed");
    store.granted(&keys[1], LONG).await.map_err(|_| Wrong::new("a claim keeps a lease from being granted"))?;
    store.release(&keys[0], &lease).await?;
    let again = store.claim(now, LONG, 10).await?;
    ensure!(again.is_empty(), "the release of a lease has ended a claim");
    Ok(())
}

async fn a_dropped_claim_ends_by_itself(cx: &Cx<'_>) -> Outcome {
    let start = cx.seventies().await?;
    let keys = due_records(cx, start, 6).await?;
    let mut now = start + SECOND * 10;
    for polls in 0..6 {
        dropped_after(polls, cx.handle(0).claim(now, SHORT, 2)).await;
    }
    let mut found = BTreeSet::new();
    // What was dropped may still be under way once.
    for _ in 0..3 {
        cx.advance(AFTER_SHORT).await;
        now += AFTER_SHORT;
        found.extend(cx.handle(1).claim(now, LONG, 100).await?);
        if found.len() == keys.len() {
            return Ok(());
        }
    }
    Err(Wrong::new(format!("{} of {} records are left after claims that were dropped", found.len(), keys.len())))
}
