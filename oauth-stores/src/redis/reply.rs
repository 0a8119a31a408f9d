//! What the scripts answer, read with the suspicion that becomes an answer from elsewhere.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use oauth_core::store::{MAX_RECORD, StoreResult, StoredRecord, TakenAttempt};
use redis::Value;

use super::fault::corrupt;

fn unexpected() -> oauth_core::store::StoreError {
    corrupt("the server's reply is of another type than the script gives").fix("see what listens at that address")
}

pub(super) fn int(value: &Value) -> StoreResult<i64> {
    match value {
        Value::Int(number) => Ok(*number),
        _ => Err(unexpected()),
    }
}

pub(super) fn text(value: Value) -> StoreResult<String> {
    match value {
        Value::BulkString(bytes) => String::from_utf8(bytes).map_err(|_| unexpected()),
        Value::SimpleString(text) => Ok(text),
        _ => Err(unexpected()),
    }
}

pub(super) fn array(value: Value) -> StoreResult<Vec<Value>> {
    match value {
        Value::Array(values) => Ok(values),
        _ => Err(unexpected()),
    }
}

/// An array of that many.
pub(super) fn tuple<const N: usize>(value: Value) -> StoreResult<[Value; N]> {
    array(value)?.try_into().map_err(|_| unexpected())
}

fn number(value: Value) -> StoreResult<u64> {
    text(value)?.parse().map_err(|_| corrupt("a number of the record is none"))
}

/// The fields `v` and `d`: version and due.
pub(super) fn version(version: Value, due: Value) -> StoreResult<(u64, Option<SystemTime>)> {
    let due = match due {
        Value::Nil => None,
        due => {
            let time = UNIX_EPOCH.checked_add(Duration::from_secs(number(due)?));
            Some(time.ok_or_else(|| corrupt("the record's time is none"))?)
        }
    };
    Ok((number(version)?, due))
}

/// What `load.lua` gives.
pub(super) fn record(value: Value) -> StoreResult<Option<StoredRecord>> {
    if let Value::Int(_) = value {
        return Err(corrupt("the record is larger than 1 MiB"));
    }
    match tuple(value)? {
        [Value::Nil, Value::Nil, Value::Nil] => Ok(None),
        [stored, due, Value::BulkString(payload)] if payload.len() <= MAX_RECORD => {
            let (version, due) = version(stored, due)?;
            Ok(Some(StoredRecord { version, due, payload }))
        }
        _ => Err(corrupt("the record is not whole")),
    }
}

/// What `take.lua` gives.
pub(super) fn attempt(value: Value) -> StoreResult<TakenAttempt> {
    match value {
        Value::Nil => Ok(TakenAttempt::Unknown),
        Value::BulkString(mut kept) if kept.first() == Some(&b'w') => Ok(TakenAttempt::Waiting(kept.split_off(1))),
        Value::BulkString(kept) if kept == b"t" => Ok(TakenAttempt::Taken),
        _ => Err(unexpected()),
    }
}

/// Seconds since 1970, rounded up: what is due is never looked at too early.
pub(super) fn seconds(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    since.as_secs().saturating_add(u64::from(since.subsec_nanos() > 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bulk(text: &str) -> Value {
        Value::BulkString(text.into())
    }

    #[test]
    fn a_record_is_read() {
        let due = UNIX_EPOCH + Duration::from_secs(12);
        let read = |version, due, payload| record(Value::Array(vec![version, due, payload]));
        assert_eq!(
            read(bulk("9223372036854775807"), bulk("12"), bulk("x")).unwrap(),
            Some(StoredRecord { version: i64::MAX.unsigned_abs(), due: Some(due), payload: b"x".to_vec() })
        );
        assert_eq!(read(Value::Nil, Value::Nil, Value::Nil).unwrap(), None);
    }

    #[test]
    fn rd_07_what_is_no_record_is_corrupt() {
        let whole = |values: Vec<Value>| Value::Array(values);
        let large = Value::BulkString(vec![0; MAX_RECORD + 1]);
        for value in [
            Value::Nil,
            Value::Okay,
            Value::Int(1),
            bulk("x"),
            whole(vec![]),
            whole(vec![bulk("1"), Value::Nil]),
            whole(vec![bulk("1"), Value::Nil, Value::Nil]),
            whole(vec![Value::Nil, Value::Nil, bulk("x")]),
            whole(vec![bulk("-1"), Value::Nil, bulk("x")]),
            whole(vec![bulk("1.5"), Value::Nil, bulk("x")]),
            whole(vec![bulk("1"), bulk("x"), bulk("x")]),
            whole(vec![bulk("1"), bulk("18446744073709551615"), bulk("x")]),
            whole(vec![Value::BulkString(vec![255]), Value::Nil, bulk("x")]),
            whole(vec![Value::Int(1), Value::Nil, bulk("x")]),
            whole(vec![bulk("1"), Value::Nil, whole(vec![whole(vec![])])]),
            whole(vec![bulk("1"), Value::Nil, large]),
        ] {
            assert_eq!(record(value.clone()).unwrap_err().code(), "store-corrupt", "{value:?}");
        }
        for value in [Value::Okay, Value::Int(0), bulk(""), bulk("x"), bulk("tt"), whole(vec![])] {
            assert_eq!(attempt(value.clone()).unwrap_err().code(), "store-corrupt", "{value:?}");
        }
    }

    #[test]
    fn times_are_rounded_up() {
        assert_eq!(seconds(UNIX_EPOCH + Duration::from_millis(1001)), 2);
        assert_eq!(seconds(UNIX_EPOCH + Duration::from_secs(1)), 1);
        assert_eq!(seconds(UNIX_EPOCH - Duration::from_secs(1)), 0);
    }
}
