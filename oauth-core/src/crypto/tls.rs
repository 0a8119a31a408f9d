use std::sync::Arc;

/// What rustls runs on: the same library as [`default_backend`](super::default_backend), given explicitly.
#[allow(clippy::unnecessary_wraps, reason = "none without a backend")]
pub(crate) fn tls_provider() -> Option<Arc<rustls::crypto::CryptoProvider>> {
    #[cfg(feature = "aws-lc-rs")]
    return Some(Arc::new(rustls::crypto::aws_lc_rs::default_provider()));
    #[cfg(all(feature = "ring", not(feature = "aws-lc-rs")))]
    return Some(Arc::new(rustls::crypto::ring::default_provider()));
    #[cfg(not(any(feature = "ring", feature = "aws-lc-rs")))]
    None
}
