use super::handle::{AFTER_SHORT, Cx, Handle, LONG, Outcome, SHORT, Wrong, dropped_after, ensure, record, refused};
use crate::store::{LeaseAnswer, RecordKey, StoreErrorKind, StoredRecord};

super::checks! { super::StoreCheck:
    a_dropped_save_happens_wholly_or_not_at_all,
    a_dropped_deletion_happens_wholly_or_not_at_all,
    a_dropped_call_does_not_answer_for_another,
    a_dropped_lease_ends_by_itself,
}

/// The most polls that a future gets before it is dropped.
const POLLS: u64 = 5;

/// A record that shows whether it is whole, and whether its version is its own.
fn whole(version: u64, by: u64) -> StoredRecord {
    let part = [version.to_le_bytes(), by.to_le_bytes()].concat();
    let parts = usize::try_from(by % 4).unwrap_or_default() * 1500 + 1;
    record(version, part.repeat(parts))
}

fn is_whole(found: &StoredRecord) -> bool {
    let Some((part, _)) = found.payload.split_first_chunk::<16>() else { return false };
    let (version, by) = part.split_at(8);
    let (Ok(version), Ok(by)) = (version.try_into().map(u64::from_le_bytes), by.try_into().map(u64::from_le_bytes))
    else {
        return false;
    };
    version == found.version && *found == whole(version, by)
}

/// Reads the record and writes a next one, as whoever goes on after a call was dropped; gives the version that is there.
/// The dropped call may come in between, but not for ever.
async fn go_on(store: &Handle, key: &RecordKey, at_least: u64, by: u64) -> Result<u64, Wrong> {
    for _ in 0..20 {
        let Some(found) = store.load(key).await? else {
            return Err(Wrong::new("a record is gone after a call was dropped"));
        };
        ensure!(is_whole(&found), "a record is not whole after a call was dropped");
        ensure!(found.version >= at_least, "a record is older after a call was dropped");
        let next = whole(found.version + 1, by);
        match store.try_save(key, Some(found.version), &next).await {
            Ok(()) => {
                ensure!(store.loaded(key).await? == next, "a confirmed record was replaced by a call that was dropped");
                return Ok(next.version);
            }
            error => refused(error, StoreErrorKind::Conflict, "a write over a record that has changed")?,
        }
    }
    Err(Wrong::new("a record goes on changing after a call was dropped"))
}

async fn a_dropped_save_happens_wholly_or_not_at_all(cx: &Cx<'_>) -> Outcome {
    let key = cx.key();
    cx.handle(0).save(&key, None, &whole(1, 0)).await?;
    let mut version = 1;
    for round in 1..40 {
        let dropped = whole(version + 1, round * 2);
        // Each place to be dropped at has its turns.
        let polls = round % POLLS;
        if let Some(answer) = dropped_after(polls, cx.handle(0).try_save(&key, Some(version), &dropped)).await {
            answer.map_err(|error| Wrong::call("a save after one that was dropped", &error))?;
            version += 1;
        }
        // The same handle, whose connection was in the middle of something, and another one.
        version = go_on(&cx.handle(usize::from(round % 3 == 0)), &key, version, round * 2 + 1).await?;
    }
    Ok(())
}

async fn a_dropped_deletion_happens_wholly_or_not_at_all(cx: &Cx<'_>) -> Outcome {
    let store = cx.handle(0);
    for round in 0..20 {
        let key = cx.key();
        store.save(&key, None, &whole(1, round)).await?;
        let polls = round % POLLS;
        dropped_after(polls, store.try_delete(&key, Some(1))).await;
        let next = whole(2, round);
        // Either it is still there, or it can be made anew.
        let found = store.load(&key).await?;
        ensure!(found.as_ref().is_none_or(is_whole), "a record is not whole after its deletion was dropped");
        let first = store.try_save(&key, Some(1), &next).await;
        if first.is_err() {
            refused(first, StoreErrorKind::Conflict, "a write over a record that was deleted")?;
            store.save(&key, None, &next).await?;
        }
        ensure!(
            store.loaded(&key).await? == next,
            "a record was deleted at another version by a call that was dropped"
        );
    }
    Ok(())
}

async fn a_dropped_call_does_not_answer_for_another(cx: &Cx<'_>) -> Outcome {
    let store = cx.handle(0);
    let keys: Vec<RecordKey> = (0..6).map(|_| cx.key()).collect();
    for (at, key) in (0..).zip(&keys) {
        store.save(key, None, &whole(at, at)).await?;
    }
    for round in 0..60 {
        let any = || usize::try_from(cx.below(6)).unwrap_or_default();
        // Each call and each place to be dropped at has its turns.
        let (dropped, polls) = (any(), round % POLLS);
        match round / POLLS % 4 {
            0 => drop(dropped_after(polls, store.list(None, 2)).await),
            1 => drop(dropped_after(polls, store.lease(&keys[dropped], SHORT)).await),
            _ => drop(dropped_after(polls, store.load(&keys[dropped])).await),
        }
        let wanted = any();
        let version = wanted as u64;
        ensure!(
            store.loaded(&keys[wanted]).await? == whole(version, version),
            "the answer to a call that was dropped came for another"
        );
    }
    Ok(())
}

async fn a_dropped_lease_ends_by_itself(cx: &Cx<'_>) -> Outcome {
    let store = cx.handle(0);
    let mut waiting = Vec::new();
    for polls in 0..POLLS {
        let key = cx.key();
        let before = store.granted(&key, LONG).await?;
        store.release(&key, &before).await?;
        dropped_after(polls, store.lease(&key, SHORT)).await;
        waiting.push((key, before.fence));
    }
    // What was dropped may still be under way once.
    for _ in 0..3 {
        cx.advance(AFTER_SHORT).await;
        let mut held = Vec::new();
        for (key, fence) in waiting {
            match cx.handle(1).lease(&key, LONG).await? {
                LeaseAnswer::Granted(lease) => {
                    ensure!(
                        lease.fence > fence,
                        "fence {} follows fence {fence} after a call was dropped",
                        lease.fence
                    );
                }
                LeaseAnswer::Held { .. } => held.push((key, fence)),
            }
        }
        waiting = held;
        if waiting.is_empty() {
            return Ok(());
        }
    }
    Err(Wrong::new(format!("{} leases whose calls were dropped do not end", waiting.len())))
}
