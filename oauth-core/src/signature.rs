//! Signatures over what a browser brings from the provider: callbacks, and links that the provider makes.

use std::fmt;

use subtle::ConstantTimeEq as _;

use crate::callback::CallbackInput;
use crate::client::{Client, Inner};
use crate::crypto::{Hash, HmacKey};
use crate::encode::hex;
use crate::error::{Error, ErrorKind, Result, Step, clean};
use crate::provider::Provider;
use crate::spec::{CallbackSignature, SignatureAlgorithm, SignatureEncoding, SignedPart};

impl<P: Provider> Client<P> {
    /// Reads a link that the provider itself has made and signed, as `callback.verify` in its file says: the one that
    /// starts an installation, for instance. Nothing of a link without a right signature is given.
    ///
    /// The signature says who wrote the link, not who follows it or when: what is in it is no login.
    pub fn verify_query(&self, query: impl Into<CallbackInput>) -> Result<VerifiedQuery> {
        let inner = self.inner();
        let Some(rules) = &inner.config.spec.callback.verify else {
            return Err(inner.error(
                ErrorKind::Unsupported,
                Step::Callback,
                "the provider's file names no signature: there is no `callback.verify`",
            ));
        };
        let input = query.into();
        check(inner, rules, &input)?;
        let others = input.into_params().into_iter().filter(|(name, _)| *name != rules.param);
        Ok(VerifiedQuery(others.collect()))
    }
}

/// The parameters of a link that the provider has signed.
#[derive(Clone, PartialEq, Eq)]
pub struct VerifiedQuery(Vec<(String, String)>);

impl VerifiedQuery {
    /// The value of a parameter that is there once.
    pub fn get(&self, name: &str) -> Option<&str> {
        let mut values = self.0.iter().filter(|(known, _)| known == name).map(|(_, value)| value.as_str());
        values.next().filter(|_| values.next().is_none())
    }

    /// All parameters but the signature, as they came.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

/// Shows the names only: values may be secrets.
impl fmt::Debug for VerifiedQuery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(name, _)| clean(name))).finish()
    }
}

/// Whether the input has the signature that its file promises.
pub(crate) fn check(inner: &Inner, rules: &CallbackSignature, input: &CallbackInput) -> Result<()> {
    let error = |kind, what: &str| Error::new(kind, Step::Callback, what);
    let Some(secret) = inner.config.auth.as_secret().filter(|secret| !secret.is_empty()) else {
        return Err(error(ErrorKind::Config, "the provider signs with the client secret, and this client has none")
            .fix("give the client its secret")
            .of(inner.spec()));
    };
    let params = input.params();
    let mut given = params.iter().filter(|(name, _)| *name == rules.param).map(|(_, value)| value.as_str());
    let (Some(given), None) = (given.next(), given.next()) else {
        let what = format!("`{}`, the provider's signature, is missing or there twice", rules.param);
        return Err(error(ErrorKind::CallbackSignature, &what).of(inner.spec()));
    };
    let message = match rules.over {
        SignedPart::SortedQuery => sorted(params, &rules.param),
    };
    let expected = match rules.algorithm {
        SignatureAlgorithm::HmacSha256 => {
            let key = HmacKey::dangerous_any_length(secret)
                .map_err(|fault| inner.error(ErrorKind::Config, Step::Callback, fault.to_string()))?;
            inner.crypto(Step::Callback)?.hmac(Hash::Sha256, &key, message.as_bytes())
        }
    };
    let (expected, given) = match rules.encoding {
        SignatureEncoding::Hex => (hex(expected.as_ref()), given.to_ascii_lowercase()),
    };
    if bool::from(expected.as_bytes().ct_eq(given.as_bytes())) {
        return Ok(());
    }
    let what = format!("`{}` is not the provider's signature", rules.param);
    Err(error(ErrorKind::CallbackSignature, &what).of(inner.spec()))
}

/// All parameters but the signature sorted by name, `name=value` joined with `&`. What joins them is escaped within
/// them, so that no two queries have one text.
fn sorted(params: &[(String, String)], signature: &str) -> String {
    let mut others: Vec<_> = params.iter().filter(|(name, _)| name != signature).collect();
    others.sort_by(|(one, _), (other, _)| one.cmp(other));
    let escaped = |text: &str| text.replace('%', "%25").replace('&', "%26");
    let pairs: Vec<String> = others
        .iter()
        .map(|(name, value)| format!("{}={}", escaped(name).replace('=', "%3D"), escaped(value)))
        .collect();
    pairs.join("&")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn no_two_queries_have_one_text() {
        let one = sorted(&pairs(&[("b", "2"), ("sig", "x"), ("a", "1")]), "sig");
        assert_eq!(one, "a=1&b=2");
        assert_eq!(sorted(&pairs(&[("a", "1&b=2")]), "sig"), "a=1%26b=2");
        assert_eq!(sorted(&pairs(&[("a=1", "2"), ("c", "%26")]), "sig"), "a%3D1=2&c=%2526");
    }
}
