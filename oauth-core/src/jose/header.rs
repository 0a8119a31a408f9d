use std::sync::Arc;

use super::{Alg, JoseError};
use crate::json::{self, Members};

/// As much of a JWS header (RFC 7515 section 4) as is listened to.
///
/// `jwk`, `jku`, `x5c` and `x5u` would let a token choose the key it is checked with: they are ignored (RFC 8725
/// section 3.10). `kid` is a word to look up in keys that are known already.
#[derive(Clone, Default)]
pub(super) struct Header {
    pub(super) alg: Option<Alg>,
    pub(super) kid: Option<Arc<str>>,
    pub(super) typ: Option<Arc<str>>,
}

/// RFC 7515 section 4.1.11: extensions that are not understood make a token invalid; we understand none. `b64`
/// (RFC 7797), `zip` and `enc` (RFC 7516) change what the parts of a token are.
const REFUSED: [&str; 4] = ["crit", "b64", "zip", "enc"];

impl Header {
    pub(super) fn parse(json: &[u8]) -> Result<Self, JoseError> {
        let object = "it is not a JSON object with each name once";
        let text = std::str::from_utf8(json).map_err(|_| JoseError::BadHeader(object))?;
        let members = Members::parse(text).map_err(|_| JoseError::BadHeader(object))?;
        let mut header = Self::default();
        for (name, value) in &members.0 {
            match &**name {
                "alg" => {
                    let alg = json::text(value).ok_or(JoseError::BadHeader("`alg` is not a string"))?;
                    header.alg = Alg::from_name(&alg);
                }
                "kid" => {
                    let kid = json::text(value).ok_or(JoseError::BadHeader("`kid` is not a string"))?;
                    header.kid = Some(kid.into());
                }
                "typ" => {
                    let typ = json::text(value).ok_or(JoseError::BadHeader("`typ` is not a string"))?;
                    header.typ = Some(typ.into());
                }
                name => {
                    if let Some(refused) = REFUSED.into_iter().find(|refused| *refused == name) {
                        return Err(JoseError::HeaderRefused(refused));
                    }
                }
            }
        }
        Ok(header)
    }
}
