use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use oauth_core::Rng;

/// 256 random bits as base64url behind a prefix that tells in a log what a value is.
///
/// # Panics
///
/// When there are no random bytes: a provider that nobody can log in to has nothing else to say.
pub(crate) fn random_text(rng: &dyn Rng, prefix: &str) -> String {
    let mut bytes = [0; 32];
    if let Err(fault) = rng.fill(&mut bytes) {
        panic!("{fault}");
    }
    format!("{prefix}{}", URL_SAFE_NO_PAD.encode(bytes))
}
