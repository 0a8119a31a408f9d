use std::error::Error as StdError;
use std::time::{Duration, SystemTime};

use super::handle::{Cx, Handle, LONG, Outcome, Wrong, at_once, ensure, record, refused};
use crate::store::{MAX_RECORD, StoreErrorKind, StoredRecord, Write};

super::checks! { super::StoreCheck:
    a_record_comes_back_byte_for_byte,
    a_record_above_1_mib_is_refused,
    due_is_kept_to_the_second,
    versions_reach_i64_max,
    keys_do_not_collide,
    errors_hold_no_content,
    the_store_can_be_looked_at,
}

async fn a_record_comes_back_byte_for_byte(cx: &Cx<'_>) -> Outcome {
    let store = cx.handle(0);
    let unknown = store.load(&cx.key()).await?;
    ensure!(unknown.is_none(), "there is a record under a key that nobody has written to");
    let every_byte: Vec<u8> = (0..=255).collect();
    let largest: Vec<u8> = every_byte.iter().copied().cycle().take(MAX_RECORD).collect();
    for payload in [Vec::new(), vec![0], b"\r\n".to_vec(), b"text ".to_vec(), vec![0xff; 3], every_byte, largest] {
        let key = cx.key();
        let written = record(1, payload);
        store.save(&key, None, &written).await?;
        ensure!(
            store.loaded(&key).await? == written,
            "a record of {} bytes comes back as something else",
            written.payload.len()
        );
        let next = record(2, b"next".to_vec());
        store.save(&key, Some(1), &next).await?;
        ensure!(
            store.loaded(&key).await? == next,
            "a short record over one of {} bytes comes back as something else",
            written.payload.len()
        );
    }
    Ok(())
}

async fn a_record_above_1_mib_is_refused(cx: &Cx<'_>) -> Outcome {
    let (store, key) = (cx.handle(0), cx.key());
    let large = record(2, vec![7; MAX_RECORD + 1]);
    refused(store.try_save(&key, None, &large).await, StoreErrorKind::TooLarge, "a record of 1 MiB and a byte")?;
    ensure!(store.load(&key).await?.is_none(), "a record that was refused is there");
    let small = record(1, b"small".to_vec());
    store.save(&key, None, &small).await?;
    refused(store.try_save(&key, Some(1), &large).await, StoreErrorKind::TooLarge, "a record of 1 MiB and a byte")?;
    ensure!(store.loaded(&key).await? == small, "a record that was refused has changed the one before");
    Ok(())
}

async fn due_is_kept_to_the_second(cx: &Cx<'_>) -> Outcome {
    let (store, key) = (cx.handle(0), cx.key());
    store.save(&key, None, &record(1, "")).await?;
    let seconds = [1_u64, 1_700_000_000, 2_147_483_648, 4_102_444_801];
    for (version, seconds) in (1..).zip(seconds) {
        for nanos in [0, 500_000_000] {
            let due = SystemTime::UNIX_EPOCH + Duration::new(seconds, nanos);
            let written = StoredRecord { version, due: Some(due), payload: b"due".to_vec() };
            store.save(&key, Some(version), &written).await?;
            let kept = store.loaded(&key).await?.due;
            let late = kept.and_then(|kept| kept.duration_since(due).ok());
            let exact = if nanos == 0 { late == Some(Duration::ZERO) } else { late < Some(Duration::from_secs(1)) };
            ensure!(
                late.is_some() && exact,
                "a record due {seconds}.{nanos:09} s after 1970 comes back as due at {kept:?}; it is kept to the second, \
                 rounded up"
            );
        }
        store.save(&key, Some(version), &record(version + 1, "")).await?;
        ensure!(store.loaded(&key).await?.due.is_none(), "a record that is no longer due comes back as due");
    }
    Ok(())
}

async fn versions_reach_i64_max(cx: &Cx<'_>) -> Outcome {
    let (store, key) = (cx.handle(0), cx.key());
    let mut expected = None;
    for version in [0, 1, 2, u64::from(u32::MAX) + 1, (1 << 53) + 1, i64::MAX.unsigned_abs()] {
        store.save(&key, expected, &record(version, "")).await?;
        let kept = store.loaded(&key).await?.version;
        ensure!(kept == version, "version {version} comes back as {kept}");
        expected = Some(version);
    }
    let before = record(5, "");
    let near = i64::MAX.unsigned_abs() - 1;
    refused(store.try_save(&key, Some(near), &before).await, StoreErrorKind::Conflict, "a write over another version")?;
    ensure!(store.delete(&key, expected).await?, "a record of the highest version cannot be deleted by it");
    Ok(())
}

async fn keys_do_not_collide(cx: &Cx<'_>) -> Outcome {
    const KEYS: usize = 1000;
    const WORKERS: usize = 8;
    let keys: Vec<_> = (0..KEYS / 2).map(|_| cx.key()).chain(cx.keys_in_a_row(KEYS / 2)).collect();
    let written = |at: usize| record(1, format!("record {at}"));
    let share = |worker: usize| -> (Handle, Vec<_>) {
        let share = keys.iter().copied().enumerate().skip(worker).step_by(WORKERS);
        (cx.handle(worker), share.collect())
    };
    let writes = (0..WORKERS).map(share).map(|(store, share)| async move {
        for (at, key) in share {
            store.save(&key, None, &written(at)).await?;
        }
        Ok::<(), Wrong>(())
    });
    at_once(writes.collect()).await?.into_iter().collect::<Outcome>()?;
    for (at, key) in keys.iter().enumerate() {
        let sound = cx.handle(at).loaded(key).await? == written(at);
        ensure!(sound, "the record of one key came back for another, of {KEYS} keys");
    }
    Ok(())
}

async fn errors_hold_no_content(cx: &Cx<'_>) -> Outcome {
    const CANARY: &str = "canary-1f9e";
    let (store, key) = (cx.handle(0), cx.key());
    let old = store.granted(&key, LONG).await?;
    store.release(&key, &old).await?;
    store.granted(&key, LONG).await?;
    store.save(&key, None, &record(1, CANARY)).await?;
    let small = record(2, CANARY);
    let large = record(2, CANARY.repeat(MAX_RECORD / CANARY.len() + 1));
    let errors = [
        store.try_save(&key, None, &small).await.err(),
        store.try_save(&key, Some(7), &small).await.err(),
        store.try_save(&key, Some(1), &large).await.err(),
        store.write(&key, Write { expected: Some(1), record: &small, lease: Some(&old) }).await.err(),
        store.try_delete(&key, Some(7)).await.err(),
    ];
    for error in errors.into_iter().flatten() {
        let causes = std::iter::successors(error.source(), |&cause| cause.source());
        let text = causes.fold(format!("{error} {error:?}"), |text, cause| format!("{text} {cause} {cause:?}"));
        ensure!(!text.contains(CANARY), "an error of kind {} shows what is in the record", error.code());
        ensure!(!text.contains(&old.token), "an error of kind {} shows the token of a lease", error.code());
    }
    Ok(())
}

async fn the_store_can_be_looked_at(cx: &Cx<'_>) -> Outcome {
    let name = cx.store();
    let word = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
    ensure!(word, "the store's name is no word: {name:?}");
    cx.handle(0).check().await?;
    Ok(())
}
