//! Stores for the tokens of `oauth-providers` that outlive a process or are shared by many, each behind a feature of its
//! name.

#[cfg(feature = "redis")]
pub mod redis;

#[cfg(feature = "redis")]
pub use self::redis::RedisStore;
