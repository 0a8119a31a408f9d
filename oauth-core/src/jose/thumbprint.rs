use super::Jwk;
use crate::crypto::{Crypto, Hash, PublicKey};
use crate::encode::base64url;

impl Jwk {
    /// The key's thumbprint with SHA-256 (RFC 7638 section 3), as base64url: the same for each way to write the key.
    pub fn thumbprint(&self, crypto: &dyn Crypto) -> String {
        base64url(crypto.digest(Hash::Sha256, self.to_json().as_bytes()).as_ref())
    }

    /// The key and nothing else as JSON: RFC 7638 section 3.2, "The required members" in "lexicographic order", without
    /// white space.
    pub fn to_json(&self) -> String {
        match self.key() {
            PublicKey::Rsa(key) => {
                format!(r#"{{"e":"{}","kty":"RSA","n":"{}"}}"#, base64url(key.exponent()), base64url(key.modulus()))
            }
            PublicKey::Ec(key) => {
                let (x, y) = key.coordinates();
                let (crv, x, y) = (key.curve().name(), base64url(x), base64url(y));
                format!(r#"{{"crv":"{crv}","kty":"EC","x":"{x}","y":"{y}"}}"#)
            }
            // RFC 8037 section 2.
            PublicKey::Ed25519(key) => format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#, base64url(key)),
        }
    }
}
