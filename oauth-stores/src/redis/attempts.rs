//! Logins under way, shared by all machines.

use std::time::Duration;

use oauth_core::http::BoxFuture;
use oauth_core::store::{AttemptStore, MAX_RECORD, StoreError, StoreErrorKind, StoreResult, TakenAttempt};

use super::fault::{NAME, config};
use super::link::Request;
use super::{RedisStore, micros, reply};

/// Longer than any digest in any encoding.
const MAX_ID: usize = 256;

impl RedisStore {
    fn attempt<'a>(&'a self, id: &'a str, take: bool) -> Request<'a> {
        let mut script = self.scripts.take.key(self.keys.attempts.as_str());
        script.key(self.keys.attempts_end.as_str()).arg(id).arg(u8::from(take));
        Request::Script(script)
    }
}

impl AttemptStore for RedisStore {
    fn put<'a>(&'a self, id: &'a str, attempt: &'a [u8], ttl: Duration) -> BoxFuture<'a, StoreResult<()>> {
        Box::pin(async move {
            if id.len() > MAX_ID {
                return Err(config("the attempt's id is longer than any digest"));
            }
            if attempt.len() > MAX_RECORD {
                return Err(StoreError::new(StoreErrorKind::TooLarge, NAME, "the attempt is larger than 1 MiB"));
            }
            let request = |_| {
                let mut script = self.scripts.put.key(self.keys.attempts.as_str());
                script.key(self.keys.attempts_order.as_str()).key(self.keys.attempts_end.as_str());
                script.arg(id).arg(attempt).arg(micros(ttl)).arg(self.attempts);
                Request::Script(script)
            };
            reply::int(&self.link.ask_again(request).await?).map(drop)
        })
    }

    fn take<'a>(&'a self, id: &'a str) -> BoxFuture<'a, StoreResult<TakenAttempt>> {
        // Not asked again: the second answer would be that it was taken.
        Box::pin(async move { reply::attempt(self.link.ask(self.attempt(id, true)).await?) })
    }

    fn peek<'a>(&'a self, id: &'a str) -> BoxFuture<'a, StoreResult<TakenAttempt>> {
        Box::pin(async move { reply::attempt(self.link.ask_again(|_| self.attempt(id, false)).await?) })
    }
}
