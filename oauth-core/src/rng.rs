//! Random bytes, injected: this is the one place that asks the operating system.

/// A source of random bytes for state, verifiers and bindings.
///
/// An implementation must be fit for secrets. Tests may give a fixed one to get the same URL twice.
pub trait Rng: Send + Sync + 'static {
    /// Fills the buffer, or fails; then nothing is started.
    fn fill(&self, bytes: &mut [u8]) -> Result<(), RngError>;
}

/// The source of random bytes failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the source of random bytes failed")]
pub struct RngError;

/// The operating system's generator.
#[derive(Clone, Copy, Debug, Default)]
pub struct OsRng;

impl Rng for OsRng {
    #[allow(clippy::disallowed_methods, reason = "the one place")]
    fn fill(&self, bytes: &mut [u8]) -> Result<(), RngError> {
        getrandom::fill(bytes).map_err(|_| RngError)
    }
}
