use std::time::Duration;

use super::handle::{Cx, Handle, Outcome, Wrong, due_record, ensure, record};
use crate::store::{Listed, RecordKey};

super::checks! { super::StoreCheck:
    records_are_listed_in_order_and_in_pages,
    a_listing_follows_the_records,
}

/// What is listed of those keys, which are alone in their range, in pages of that size.
async fn pages(store: &Handle, keys: &[RecordKey], limit: usize) -> Result<Vec<Listed>, Wrong> {
    let (Some(first), Some(last)) = (keys.first(), keys.last()) else { return Ok(Vec::new()) };
    // Whatever lies before the first one is another's.
    let mut all = Vec::new();
    let mut after = *first;
    loop {
        let page = store.list(Some(&after), limit).await?;
        ensure!(page.len() <= limit, "a page of {limit} has {} records", page.len());
        let ended = page.len() < limit;
        for listed in page {
            ensure!(
                listed.key > after,
                "the listing is not in the order of its keys, or begins before where it should"
            );
            after = listed.key;
            if after <= *last {
                all.push(listed);
            }
        }
        if ended || after >= *last {
            return Ok(all);
        }
    }
}

async fn records_are_listed_in_order_and_in_pages(cx: &Cx<'_>) -> Outcome {
    let keys = cx.keys_in_a_row(26);
    let (before, behind) = (keys[0], &keys[1..]);
    let due = std::time::SystemTime::UNIX_EPOCH + Duration::from_secs(4_000_000_000);
    // Written in another order than that of their keys.
    for (at, key) in behind.iter().enumerate().rev() {
        let written = if at % 2 == 0 { due_record(7, due) } else { record(8, "payload") };
        cx.handle(at).save(key, None, &written).await?;
    }
    for limit in [1, 4, 25, 26, 100] {
        let listed = pages(&cx.handle(limit), &keys, limit).await?;
        let found: Vec<RecordKey> = listed.iter().map(|listed| listed.key).collect();
        ensure!(found == behind, "in pages of {limit}, {} of {} records were listed", found.len(), behind.len());
        for (at, listed) in listed.iter().enumerate() {
            let right = if at % 2 == 0 { (7, Some(due)) } else { (8, None) };
            ensure!((listed.version, listed.due) == right, "a record is listed with another version or due time");
        }
    }
    ensure!(cx.handle(0).list(Some(&before), 0).await?.is_empty(), "a page of nothing has records");
    let first = cx.handle(0).list(None, 1).await?;
    ensure!(first.len() == 1 && first[0].key <= behind[0], "the listing does not begin with the first record");
    Ok(())
}

async fn a_listing_follows_the_records(cx: &Cx<'_>) -> Outcome {
    let (store, keys) = (cx.handle(0), cx.keys_in_a_row(4));
    for key in &keys[1..] {
        store.save(key, None, &record(1, "")).await?;
    }
    store.save(&keys[2], Some(1), &record(2, "")).await?;
    store.delete(&keys[1], None).await?;
    // A lease alone is no record.
    store.granted(&keys[0], Duration::from_secs(60)).await?;
    store.granted(&keys[1], Duration::from_secs(60)).await?;
    let listed = pages(&cx.handle(1), &keys, 10).await?;
    let found: Vec<_> = listed.iter().map(|listed| (listed.key, listed.version)).collect();
    ensure!(found == [(keys[2], 2), (keys[3], 1)], "the listing does not follow a change, a deletion or a lease");
    Ok(())
}
