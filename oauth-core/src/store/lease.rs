use std::fmt;
use std::time::Duration;

/// The right to refresh one account, for a time.
///
/// A lease keeps two processes from asking for the same token at once; it is not what keeps a record right. That is the
/// fence: each lease of a key has a higher one than those before, and a store refuses a write under an older lease.
#[derive(Clone, PartialEq, Eq)]
pub struct Lease {
    /// The number of this lease among those of its key: higher than that of every lease before.
    pub fence: u64,
    /// A random name, known to the holder only: who releases a lease shows it.
    pub token: String,
    /// How long it was granted for.
    pub lasts: Duration,
}

/// The answer to who asks for a lease.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LeaseAnswer {
    /// It is yours.
    Granted(Lease),
    /// Somebody else has it.
    Held {
        /// How much longer, by the store's clock, unless it is released before.
        remaining: Duration,
    },
}

impl fmt::Debug for Lease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lease").field("fence", &self.fence).field("lasts", &self.lasts).finish_non_exhaustive()
    }
}
