use super::handle::{Cx, Outcome, Wrong, at_once, ensure, record, refused};
use crate::store::StoreErrorKind;

super::checks! { super::StoreCheck:
    a_record_is_created_only_where_there_is_none,
    a_record_is_replaced_only_at_its_version,
    a_record_is_deleted_only_at_its_version,
    a_deleted_record_can_be_made_anew,
    handles_see_each_other_at_once,
    of_many_writers_one_wins,
    no_change_is_lost,
}

async fn a_record_is_created_only_where_there_is_none(cx: &Cx<'_>) -> Outcome {
    let key = cx.key();
    let first = record(3, "first");
    cx.handle(0).save(&key, None, &first).await?;
    for handle in 0..2 {
        let store = cx.handle(handle);
        let again = store.try_save(&key, None, &record(4, "second")).await;
        refused(again, StoreErrorKind::Conflict, "a record where there is one")?;
        ensure!(store.loaded(&key).await? == first, "a write that was refused has changed the record");
    }
    Ok(())
}

async fn a_record_is_replaced_only_at_its_version(cx: &Cx<'_>) -> Outcome {
    let (store, key) = (cx.handle(0), cx.key());
    let write = record(9, "write");
    refused(store.try_save(&key, Some(1), &write).await, StoreErrorKind::Conflict, "a write over no record")?;
    ensure!(store.load(&key).await?.is_none(), "a write that was refused has made a record");
    let kept = record(5, "kept");
    store.save(&key, None, &kept).await?;
    for version in [0, 4, 6, 9] {
        let answer = store.try_save(&key, Some(version), &write).await;
        refused(answer, StoreErrorKind::Conflict, "a write over another version")?;
        ensure!(store.loaded(&key).await? == kept, "a write that was refused has changed the record");
    }
    store.save(&key, Some(5), &write).await?;
    refused(store.try_save(&key, Some(5), &kept).await, StoreErrorKind::Conflict, "a write over the version before")?;
    ensure!(store.loaded(&key).await? == write, "an older record has replaced a newer one");
    Ok(())
}

async fn a_record_is_deleted_only_at_its_version(cx: &Cx<'_>) -> Outcome {
    let (store, key) = (cx.handle(0), cx.key());
    ensure!(!store.delete(&key, None).await?, "a record was deleted that never was");
    ensure!(!store.delete(&key, Some(1)).await?, "a record was deleted that never was");
    let kept = record(5, "kept");
    store.save(&key, None, &kept).await?;
    for version in [4, 6] {
        let answer = store.try_delete(&key, Some(version)).await;
        refused(answer, StoreErrorKind::Conflict, "the deletion of another version")?;
        ensure!(store.loaded(&key).await? == kept, "a deletion that was refused has changed the record");
    }
    ensure!(store.delete(&key, Some(5)).await?, "the deletion of a record says that there was none");
    ensure!(store.load(&key).await?.is_none(), "a record is there after its deletion");
    ensure!(!store.delete(&key, Some(5)).await?, "a record was deleted twice");
    Ok(())
}

async fn a_deleted_record_can_be_made_anew(cx: &Cx<'_>) -> Outcome {
    let (store, other, key) = (cx.handle(0), cx.handle(1), cx.key());
    store.save(&key, None, &record(5, "before")).await?;
    ensure!(other.delete(&key, None).await?, "the deletion of a record says that there was none");
    let answer = store.try_save(&key, Some(5), &record(6, "late")).await;
    refused(answer, StoreErrorKind::Conflict, "a write over a record that was deleted")?;
    let anew = record(2, "anew");
    store.save(&key, None, &anew).await?;
    ensure!(other.loaded(&key).await? == anew, "a record made anew comes back as something else");
    Ok(())
}

async fn handles_see_each_other_at_once(cx: &Cx<'_>) -> Outcome {
    let key = cx.key();
    cx.handle(0).save(&key, None, &record(1, "1")).await?;
    for version in 2..30 {
        let at = usize::try_from(version).unwrap_or_default();
        // Both have read what is about to change.
        cx.handle(at + 1).loaded(&key).await?;
        cx.handle(at).save(&key, Some(version - 1), &record(version, version.to_string())).await?;
        let seen = cx.handle(at + 1).loaded(&key).await?.version;
        ensure!(seen == version, "a handle sees version {seen} after another has written version {version}");
    }
    let late = cx.another().await?;
    ensure!(late.loaded(&key).await?.version == 29, "a handle opened later does not see the newest version");
    ensure!(late.delete(&key, None).await?, "a handle opened later cannot delete");
    ensure!(cx.handle(0).load(&key).await?.is_none(), "a handle sees a record that another has deleted");
    Ok(())
}

async fn of_many_writers_one_wins(cx: &Cx<'_>) -> Outcome {
    const WRITERS: u64 = 8;
    let key = cx.key();
    let mut expected = None;
    for round in 0..12 {
        let writers = (0..WRITERS).map(|writer| {
            let store = cx.handle(usize::try_from(writer).unwrap_or_default());
            // Each has a version of its own, so that the record tells who has won.
            let write = record(round * 100 + writer + 1, format!("round {round}, writer {writer}"));
            async move { (store.try_save(&key, expected, &write).await, write) }
        });
        let (mut winners, mut losers) = (Vec::new(), 0);
        for (answer, write) in at_once(writers.collect()).await? {
            match answer {
                Ok(()) => winners.push(write),
                error => {
                    refused(error, StoreErrorKind::Conflict, "a write that came too late")?;
                    losers += 1;
                }
            }
        }
        ensure!(winners.len() == 1, "of {WRITERS} writers at once {} were told that they have won", winners.len());
        let kept = cx.handle(losers).loaded(&key).await?;
        ensure!(Some(&kept) == winners.first(), "the record is another one than the winner has written");
        expected = Some(kept.version);
    }
    Ok(())
}

async fn no_change_is_lost(cx: &Cx<'_>) -> Outcome {
    const WRITERS: usize = 6;
    const CHANGES: u64 = 8;
    let key = cx.key();
    cx.handle(0).save(&key, None, &record(0, "0")).await?;
    let writers = (0..WRITERS).map(|writer| {
        let store = cx.handle(writer);
        async move {
            let (mut done, mut newest) = (0, 0);
            // A writer loses at most once to each change of the others, and not for ever.
            for _ in 0..=CHANGES * WRITERS as u64 {
                if done == CHANGES {
                    return Ok(());
                }
                let seen = store.loaded(&key).await?;
                ensure!(seen.version >= newest, "version {} was seen after version {newest}", seen.version);
                ensure!(
                    seen.payload == seen.version.to_string().into_bytes(),
                    "the content of one version was seen with the number of another"
                );
                newest = seen.version;
                let next = record(newest + 1, (newest + 1).to_string());
                match store.try_save(&key, Some(newest), &next).await {
                    Ok(()) => (done, newest) = (done + 1, newest + 1),
                    error => refused(error, StoreErrorKind::Conflict, "a write that came too late")?,
                }
            }
            Err(Wrong::new("a writer loses although nobody has written in between"))
        }
    });
    at_once(writers.collect()).await?.into_iter().collect::<Outcome>()?;
    let version = cx.handle(0).loaded(&key).await?.version;
    let all = CHANGES * WRITERS as u64;
    ensure!(version == all, "{all} changes that were confirmed have led to version {version}");
    Ok(())
}
