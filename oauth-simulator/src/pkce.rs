//! Proof Key for Code Exchange (RFC 7636), from the server's side.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use oauth_core::ProviderSpec;
use oauth_core::spec::{ChallengeEncoding, ChallengeMethod, Pkce};
use ring::digest;

use crate::facts::own_name;
use crate::openid::signing::hex;
use crate::params::Params;

/// The challenge of an authorization request (RFC 7636 section 4.3).
pub(crate) fn challenge(spec: &ProviderSpec, params: &Params) -> Result<Option<String>, String> {
    let names = ["code_challenge", "code_challenge_method"].map(|name| own_name(&spec.authorize.rename, name));
    let [challenge, method] = names.map(|name| params.get(name));
    match (spec.pkce, challenge, method) {
        (Pkce::Unsupported, None, None) => Ok(None),
        (Pkce::Unsupported, ..) => Err("this provider does not take PKCE".to_owned()),
        // RFC 7636 section 4.4.1.
        (Pkce::Required, None, _) => Err("code challenge required".to_owned()),
        (_, None, None) => Ok(None),
        (_, None, Some(_)) => Err("a code challenge method without a code challenge".to_owned()),
        (_, Some(challenge), Some(method)) if method == spec.challenge.method_name() => {
            check_form(spec, challenge).map(|()| Some(challenge.to_owned()))
        }
        (_, Some(_), _) => Err(format!(
            "transform algorithm not supported: the code challenge method must be {}",
            spec.challenge.method_name()
        )),
    }
}

fn check_form(spec: &ProviderSpec, challenge: &str) -> Result<(), String> {
    match (spec.challenge.method, spec.challenge.encoding) {
        (ChallengeMethod::Plain, _) if is_verifier(challenge) => Ok(()),
        (ChallengeMethod::Plain, _) => Err("the code challenge is no code verifier".to_owned()),
        (_, ChallengeEncoding::Hex) => {
            let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
            let is_hash = challenge.len() == 64 && challenge.bytes().all(is_digit);
            is_hash.then_some(()).ok_or_else(|| "the code challenge is not the hex of a SHA-256 hash".to_owned())
        }
        _ => match URL_SAFE_NO_PAD.decode(challenge) {
            Ok(hash) if hash.len() == 32 => Ok(()),
            _ => Err("the code challenge is not the base64url of a SHA-256 hash".to_owned()),
        },
    }
}

/// RFC 7636 section 4.6.
pub(crate) fn belongs(spec: &ProviderSpec, challenge: &str, verifier: &str) -> bool {
    let hash = digest::digest(&digest::SHA256, verifier.as_bytes());
    match (spec.challenge.method, spec.challenge.encoding) {
        (ChallengeMethod::Plain, _) => verifier == challenge,
        (_, ChallengeEncoding::Hex) => hex(hash.as_ref()) == challenge,
        _ => URL_SAFE_NO_PAD.encode(hash) == challenge,
    }
}

/// RFC 7636 section 4.1: 43 to 128 unreserved characters.
pub(crate) fn is_verifier(text: &str) -> bool {
    (43..=128).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte))
}
