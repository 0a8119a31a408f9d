//! What is asked for in detail (RFC 9396).

use serde_json::Value;

use super::Authorize;
use crate::error::ErrorKind;
use crate::provider::Provider;

impl<P: Provider> Authorize<P> {
    /// What to ask for in detail (RFC 9396): a list of objects, each with its `type`, as JSON or its text. What was granted is
    /// told by [`TokenSet::authorization_details`](crate::TokenSet::authorization_details).
    ///
    /// It may name accounts and amounts: where the provider can, [push](Self::pushed) the request.
    ///
    /// ```
    /// # fn pay(client: &oauth_core::Client) {
    /// let login = client.authorize().authorization_details(r#"[{"type": "payment", "amount": "12.00"}]"#);
    /// # }
    /// ```
    pub fn authorization_details(mut self, details: impl Into<Value>) -> Self {
        let details = match details.into() {
            Value::String(text) => serde_json::from_str(&text).unwrap_or_default(),
            details => details,
        };
        if are_details(&details) {
            self.push("authorization_details".into(), details.to_string(), None);
        } else {
            let what = "the authorization details are not a list of objects each of which has a `type`";
            self.fail(ErrorKind::Parameter, what, r#"write them as `[{"type": "..", ..}]` (RFC 9396 section 2)"#);
        }
        self
    }
}

/// RFC 9396 section 2: "an array of JSON objects", of which each has `type`, "a string", "REQUIRED".
pub(crate) fn are_details(details: &Value) -> bool {
    let is_detail = |detail: &Value| detail.get("type").and_then(Value::as_str).is_some_and(|kind| !kind.is_empty());
    details.as_array().is_some_and(|details| !details.is_empty() && details.iter().all(is_detail))
}
