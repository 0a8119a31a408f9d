//! Demonstrating proof of possession (RFC 9449): a token that is worth nothing without the key that it was asked for with.

mod key;
mod nonces;

use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

pub(crate) use self::key::ProofKey;
pub(crate) use self::nonces::Nonces;
use crate::challenge::{self, Challenge};
use crate::client::Inner;
use crate::crypto::Hash;
use crate::encode::base64url;
use crate::error::{Error, ErrorKind, Result, Step};

/// RFC 9449 section 4: the header that a proof stands in.
pub(crate) const PROOF: HeaderName = HeaderName::from_static("dpop");
/// RFC 9449 section 8: the header in which a server gives the nonce of the next proof.
const NONCE: HeaderName = HeaderName::from_static("dpop-nonce");
/// RFC 9449 section 8: the error of a server that wants a proof with its nonce.
pub(crate) const USE_NONCE: &str = "use_dpop_nonce";

/// What a proof is made for: one request.
pub(crate) struct Proved<'a> {
    pub(crate) step: Step,
    pub(crate) method: &'a Method,
    /// The address as the provider knows it.
    pub(crate) address: &'a str,
    /// The access token that goes with it.
    pub(crate) token: Option<&'a str>,
}

/// The header's value for one HTTP request (RFC 9449 section 4.2).
pub(crate) fn prove(inner: &Inner, key: &ProofKey, request: &Proved<'_>) -> Result<HeaderValue> {
    let config = &inner.config;
    let crypto = inner.crypto(request.step)?;
    let failed = |what: &str| Error::new(ErrorKind::Config, request.step, what.to_owned());
    let Some((origin, htu)) = target(request.address) else {
        return Err(failed("the address of a request with a proof is none").of(&config.spec));
    };
    let mut jti = [0; 16];
    config.rng.fill(&mut jti).map_err(|error| {
        Error::new(ErrorKind::Random, request.step, "the system gave no random bytes; nothing was sent")
            .source(error)
            .of(&config.spec)
    })?;
    let now = inner.now().duration_since(std::time::SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
    let mut claims = json!({"jti": base64url(&jti), "htm": request.method.as_str(), "htu": htu, "iat": now});
    if let Some(token) = request.token {
        claims["ath"] = Value::from(token_hash(&**crypto, token));
    }
    if let Some(nonce) = config.nonces.of(&origin) {
        claims["nonce"] = Value::from(nonce);
    }
    let signer = key.signer(&**crypto).map_err(|error| {
        failed("the proof key cannot sign")
            .fix("log in again: its key belongs to another backend or is damaged")
            .source(error)
            .of(&config.spec)
    })?;
    let proof =
        signer.sign(&claims).map_err(|error| failed("the proof could not be signed").source(error).of(&config.spec))?;
    // Base64url and dots are visible ASCII.
    let mut value =
        HeaderValue::from_str(proof.expose_secret()).map_err(|_| failed("the proof is no header").of(&config.spec))?;
    value.set_sensitive(true);
    Ok(value)
}

/// RFC 9449 section 4.2: `ath` is "the result of a base64url encoding [...] the SHA-256 hash of the ASCII encoding of the
/// associated access token's value".
fn token_hash(crypto: &dyn crate::crypto::Crypto, token: &str) -> String {
    base64url(crypto.digest(Hash::Sha256, token.as_bytes()).as_ref())
}

/// The origin that nonces are kept for, and the `htu`. RFC 9449 section 4.2: "The HTTP target URI of the request to which
/// the JWT is attached, without query and fragment parts".
fn target(address: &str) -> Option<(String, String)> {
    // Parsing also takes a default port away and writes scheme and host in lower case (RFC 3986 section 6.2).
    let mut url = url::Url::parse(address).ok()?;
    url.set_query(None);
    url.set_fragment(None);
    Some((url.origin().ascii_serialization(), url.into()))
}

/// Keeps the nonce of an answer to a proof, whatever the answer is. RFC 9449 section 8.2: a server may give one with every
/// answer. Says whether there was one.
pub(crate) fn learn(inner: &Inner, address: &str, headers: &HeaderMap, challenged: bool) -> bool {
    let Some((origin, _)) = target(address) else { return false };
    if !challenged {
        inner.config.nonces.settle(&origin);
    }
    keep(inner, origin, headers, challenged)
}

/// The same of an answer to a request without a proof, which says nothing of those before it.
pub(crate) fn note(inner: &Inner, address: &str, headers: &HeaderMap) {
    if let Some((origin, _)) = target(address) {
        keep(inner, origin, headers, false);
    }
}

fn keep(inner: &Inner, origin: String, headers: &HeaderMap, challenged: bool) -> bool {
    let mut given = headers.get_all(NONCE).iter();
    let (Some(nonce), None) = (given.next().and_then(|nonce| nonce.to_str().ok()), given.next()) else { return false };
    inner.config.nonces.keep(origin, nonce, challenged)
}

/// Whether a resource server refused a proof because it had no nonce, or one that is over; its nonce is kept in either
/// case. RFC 9449 section 9: status 401 and a challenge of the scheme `DPoP` with this error.
pub(crate) fn challenged(inner: &Inner, address: &str, status: StatusCode, headers: &HeaderMap) -> bool {
    let wants = |challenge: &Challenge| challenge.is_of("dpop") && challenge.has_error(USE_NONCE);
    let challenged = status == StatusCode::UNAUTHORIZED && challenge::read(headers).iter().any(wants);
    learn(inner, address, headers, challenged) && challenged
}

/// The nonce that a request to that address has, where it was given with a refusal and nothing was taken since.
pub(crate) fn nonce_on_trial(inner: &Inner, address: &str) -> Option<String> {
    inner.config.nonces.on_trial(&target(address)?.0)
}

/// The error of a second challenge in a row: the server does not take the nonce that it gave.
pub(crate) fn nonce_loop(inner: &Inner, step: Step) -> Error {
    Error::new(ErrorKind::NonceRefused, step, "the server asks for its nonce again and again")
        .fix("that is the server's fault, or several servers behind one address do not share their nonces")
        .of(inner.spec())
}

#[cfg(test)]
#[cfg(any(feature = "ring", feature = "aws-lc-rs"))]
mod tests {
    use super::*;
    use crate::crypto::default_backend;
    use crate::spec::SigningAlg;

    /// RFC 9449 section 7.1 has the token and its hash.
    #[test]
    fn cr_08_the_hash_of_a_token_is_that_of_the_rfc() {
        let crypto = default_backend().unwrap();
        let hash = token_hash(&*crypto, "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU");
        assert_eq!(hash, "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo");
    }

    /// RFC 9449 section 4.1 has the proof, section 6.1 the thumbprint of its key.
    #[test]
    fn cr_08_the_thumbprint_is_that_of_the_rfc() {
        let key = r#"{"kty":"EC","x":"l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs",
            "y":"9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA","crv":"P-256"}"#;
        let thumbprint = crate::jose::Jwk::from_json(key).unwrap().thumbprint(&*default_backend().unwrap());
        assert_eq!(thumbprint, "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I");
    }

    #[test]
    fn a_key_is_drawn_written_down_and_read_again() {
        let crypto = default_backend().unwrap();
        for alg in [SigningAlg::ES256, SigningAlg::ES384, SigningAlg::EdDSA] {
            let key = ProofKey::generate(&*crypto, alg).unwrap();
            let again = ProofKey::restore(&key.expose()).unwrap();
            assert_eq!(key.thumbprint(&*crypto).unwrap(), again.thumbprint(&*crypto).unwrap());
            assert_ne!(key.expose(), ProofKey::generate(&*crypto, alg).unwrap().expose());
            assert_eq!(format!("{key:?}"), "ProofKey([redacted])");
        }
        assert!(ProofKey::generate(&*crypto, SigningAlg::RS256).is_err());
        assert!(ProofKey::generate(&*crypto, SigningAlg::HS256).is_err());
        for damaged in ["", "ES256", "none:AAAA"] {
            assert!(ProofKey::restore(damaged).is_none(), "{damaged}");
        }
        let bad = ProofKey::restore("ES256:AAAA").unwrap();
        assert!(bad.thumbprint(&*crypto).is_err());
    }

    #[test]
    fn cr_08_the_target_has_no_query_no_fragment_and_no_default_port() {
        for (address, origin, htu) in [
            ("https://a.example/token?x=1#y", "https://a.example", "https://a.example/token"),
            ("HTTPS://A.example:443/Token", "https://a.example", "https://a.example/Token"),
            ("https://a.example:8443", "https://a.example:8443", "https://a.example:8443/"),
        ] {
            assert_eq!(target(address).unwrap(), (origin.to_owned(), htu.to_owned()));
        }
        assert_eq!(target("/token"), None);
    }
}
