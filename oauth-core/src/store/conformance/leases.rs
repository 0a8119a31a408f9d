use super::handle::{AFTER_SHORT, Cx, LONG, Outcome, SHORT, Wrong, at_once, ensure, record, refused};
use crate::store::{Lease, LeaseAnswer, StoreErrorKind, Write};

super::checks! { super::StoreCheck:
    a_lease_is_held_by_one,
    a_lease_ends_by_itself,
    only_its_holder_releases_a_lease,
    of_many_callers_one_gets_the_lease,
    fences_rise,
    an_older_lease_cannot_write,
    an_ended_lease_writes_while_it_is_the_newest,
    a_write_without_a_lease_passes,
}

async fn a_lease_is_held_by_one(cx: &Cx<'_>) -> Outcome {
    let key = cx.key();
    let lease = cx.handle(0).granted(&key, LONG).await?;
    ensure!(lease.lasts == LONG, "a lease asked for {LONG:?} says that it lasts {:?}", lease.lasts);
    for handle in 0..4 {
        let remaining = cx.handle(handle).held(&key).await?;
        // Up to a second of rounding, and a slow machine.
        let plausible = remaining <= LONG + LONG / 600 && remaining > LONG / 2;
        ensure!(plausible, "a lease of {LONG:?} just granted has {remaining:?} left");
    }
    cx.handle(2).granted(&cx.key(), LONG).await.map_err(|_| Wrong::new("the lease of one key keeps another"))?;
    cx.handle(1).release(&key, &lease).await?;
    cx.handle(1).granted(&key, LONG).await?;
    Ok(())
}

async fn a_lease_ends_by_itself(cx: &Cx<'_>) -> Outcome {
    let key = cx.key();
    let first = cx.handle(0).granted(&key, SHORT).await?;
    cx.handle(1).held(&key).await?;
    cx.advance(AFTER_SHORT).await;
    let second = cx.handle(1).granted(&key, LONG).await?;
    ensure!(second.fence > first.fence, "the lease after one that has ended has no higher fence");
    ensure!(second.token != first.token, "two leases have the same token");
    cx.handle(0).held(&key).await?;
    Ok(())
}

async fn only_its_holder_releases_a_lease(cx: &Cx<'_>) -> Outcome {
    let (store, key) = (cx.handle(0), cx.key());
    let old = store.granted(&key, LONG).await?;
    store.release(&key, &old).await?;
    let lease = store.granted(&key, LONG).await?;
    let wrong_token = Lease { token: format!("{}x", lease.token), ..lease.clone() };
    let no_token = Lease { token: String::new(), ..lease.clone() };
    for (what, strange) in [("an older lease", &old), ("a wrong token", &wrong_token), ("no token", &no_token)] {
        cx.handle(1).release(&key, strange).await?;
        store.held(&key).await.map_err(|_| Wrong::new(format!("{what} has released a lease")))?;
    }
    store.release(&cx.key(), &lease).await?;
    store.held(&key).await.map_err(|_| Wrong::new("a release of another key has released a lease"))?;
    store.release(&key, &lease).await?;
    store.release(&key, &lease).await?;
    store.granted(&key, LONG).await?;
    Ok(())
}

async fn of_many_callers_one_gets_the_lease(cx: &Cx<'_>) -> Outcome {
    const CALLERS: usize = 8;
    let key = cx.key();
    let mut fence = 0;
    for _ in 0..8 {
        let callers = (0..CALLERS).map(|caller| {
            let store = cx.handle(caller);
            async move { store.lease(&key, LONG).await }
        });
        let mut granted = Vec::new();
        for answer in at_once(callers.collect()).await? {
            if let LeaseAnswer::Granted(lease) = answer? {
                granted.push(lease);
            }
        }
        let [lease] = granted.as_slice() else {
            return Err(Wrong::new(format!("of {CALLERS} callers at once {} were granted the lease", granted.len())));
        };
        ensure!(lease.fence > fence, "fence {} was granted after fence {fence}", lease.fence);
        fence = lease.fence;
        cx.handle(0).release(&key, lease).await?;
    }
    Ok(())
}

async fn fences_rise(cx: &Cx<'_>) -> Outcome {
    let key = cx.key();
    let (store, other) = (cx.handle(0), cx.handle(1));
    let first = store.granted(&key, LONG).await?;
    store.release(&key, &first).await?;
    let released = other.granted(&key, SHORT).await?;
    ensure!(released.fence > first.fence, "fence {} follows fence {} after a release", released.fence, first.fence);
    cx.advance(AFTER_SHORT).await;
    let ended = store.granted(&key, LONG).await?;
    ensure!(ended.fence > released.fence, "fence {} follows fence {} after an end", ended.fence, released.fence);
    store.save(&key, None, &record(1, "")).await?;
    store.release(&key, &ended).await?;
    other.delete(&key, None).await?;
    let deleted = store.granted(&key, LONG).await?;
    ensure!(deleted.fence > ended.fence, "fence {} follows fence {} after a deletion", deleted.fence, ended.fence);
    store.save(&key, None, &record(1, "")).await?;
    other.delete(&key, Some(1)).await?;
    // A deletion is no release, whether or not the record comes back.
    store.save(&key, None, &record(1, "")).await?;
    other.held(&key).await.map_err(|_| Wrong::new("the deletion of a record has ended its lease"))?;
    Ok(())
}

async fn an_older_lease_cannot_write(cx: &Cx<'_>) -> Outcome {
    let (store, other, key) = (cx.handle(0), cx.handle(1), cx.key());
    let old = store.granted(&key, SHORT).await?;
    let first = record(1, "first");
    store
        .write(&key, Write { expected: None, record: &first, lease: Some(&old) })
        .await
        .map_err(|error| Wrong::call("a save under the newest lease", &error))?;
    cx.advance(AFTER_SHORT).await;
    let new = other.granted(&key, LONG).await?;
    let late = record(2, "late");
    let write = Write { expected: Some(1), record: &late, lease: Some(&old) };
    refused(store.write(&key, write).await, StoreErrorKind::Fenced, "a write under an older lease")?;
    ensure!(other.loaded(&key).await? == first, "a write that was refused has changed the record");
    let second = record(2, "second");
    other
        .write(&key, Write { expected: Some(1), record: &second, lease: Some(&new) })
        .await
        .map_err(|error| Wrong::call("a save under the newest lease", &error))?;
    other.release(&key, &new).await?;
    let write = Write { expected: Some(2), record: &late, lease: Some(&old) };
    refused(store.write(&key, write).await, StoreErrorKind::Fenced, "a write under an older lease after a release")?;
    other.delete(&key, None).await?;
    let write = Write { expected: None, record: &late, lease: Some(&old) };
    refused(store.write(&key, write).await, StoreErrorKind::Fenced, "a write under an older lease after a deletion")?;
    ensure!(other.load(&key).await?.is_none(), "an older lease has brought back a record that was deleted");
    Ok(())
}

async fn an_ended_lease_writes_while_it_is_the_newest(cx: &Cx<'_>) -> Outcome {
    let (store, key) = (cx.handle(0), cx.key());
    store.save(&key, None, &record(1, "")).await?;
    let lease = store.granted(&key, SHORT).await?;
    cx.advance(AFTER_SHORT).await;
    let write = record(2, "late, and nobody was before");
    store
        .write(&key, Write { expected: Some(1), record: &write, lease: Some(&lease) })
        .await
        .map_err(|error| Wrong::call("a save under a lease that has ended and is the newest", &error))?;
    ensure!(cx.handle(1).loaded(&key).await? == write, "a write that was confirmed is not there");
    Ok(())
}

async fn a_write_without_a_lease_passes(cx: &Cx<'_>) -> Outcome {
    let (store, other, key) = (cx.handle(0), cx.handle(1), cx.key());
    let lease = store.granted(&key, LONG).await?;
    let in_between = "a write without a lease, while somebody holds it,";
    let write = record(1, "created");
    other.try_save(&key, None, &write).await.map_err(|error| Wrong::call(in_between, &error))?;
    let write = record(2, "replaced");
    other.try_save(&key, Some(1), &write).await.map_err(|error| Wrong::call(in_between, &error))?;
    store.held(&key).await.map_err(|_| Wrong::new("a write without a lease has ended one"))?;
    // The holder learns of it by the version.
    let late = record(2, "late");
    let write = Write { expected: Some(1), record: &late, lease: Some(&lease) };
    refused(store.write(&key, write).await, StoreErrorKind::Conflict, "a write over the version before")
}
