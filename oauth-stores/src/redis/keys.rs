//! The names of what is stored.

use oauth_core::store::{RecordKey, StoreResult};

use super::fault::config;

/// The names below one prefix. It is in braces, so that a cluster keeps all of it on one node, where a script sees it.
pub(super) struct Keys {
    pub(super) prefix: String,
    /// All records, in the order of their names.
    pub(super) all: String,
    /// When a worker should look at a record, for those that nobody has claimed.
    pub(super) due: String,
    /// When a claim ends.
    pub(super) claimed: String,
    /// When what is claimed was due.
    pub(super) claimed_due: String,
    /// The highest fence.
    pub(super) fence: String,
    pub(super) attempts: String,
    pub(super) attempts_order: String,
    pub(super) attempts_end: String,
    pub(super) format: String,
}

impl Keys {
    pub(super) fn new(prefix: &str) -> StoreResult<Self> {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_.:-".contains(&byte);
        if !(1..=64).contains(&prefix.len()) || !prefix.bytes().all(is_plain) {
            return Err(config("the prefix is none: 1 to 64 letters, digits, '_', '.', ':' and '-'"));
        }
        let prefix = format!("{{{prefix}}}");
        let name = |of: &str| format!("{prefix}:{of}");
        Ok(Self {
            all: name("keys"),
            due: name("due"),
            claimed: name("claimed"),
            claimed_due: name("claimed-due"),
            fence: name("fence"),
            attempts: name("attempts"),
            attempts_order: name("attempts-order"),
            attempts_end: name("attempts-end"),
            format: name("format"),
            prefix,
        })
    }

    pub(super) fn record(&self, key: &RecordKey) -> String {
        format!("{}:record:{key}", self.prefix)
    }

    pub(super) fn lease(&self, key: &RecordKey) -> String {
        format!("{}:lease:{key}", self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_is_plain() {
        assert_eq!(Keys::new("my-app:v1").unwrap().all, "{my-app:v1}:keys");
        for prefix in ["", "a b", "a*", "{a}", "a}b", "a\n", "a/b", "ä", &"a".repeat(65)] {
            assert_eq!(Keys::new(prefix).err().map(|error| error.code()), Some("store-config"), "{prefix}");
        }
    }
}
