//! Random bytes that are the same in the next run.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use oauth_core::{Rng, RngError};

/// Bytes that no two calls have in common, and that are the same in the next run.
pub struct Counter(AtomicU64);

impl Counter {
    /// A source of its own for each seed.
    pub fn new(seed: u64) -> Arc<Self> {
        Arc::new(Self(AtomicU64::new(seed << 32)))
    }
}

impl Rng for Counter {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), RngError> {
        for piece in bytes.chunks_mut(8) {
            // SplitMix64: neighbours have nothing in common.
            let mut mixed = self.0.fetch_add(1, Ordering::Relaxed).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            piece.copy_from_slice(&(mixed ^ (mixed >> 31)).to_le_bytes()[..piece.len()]);
        }
        Ok(())
    }
}
