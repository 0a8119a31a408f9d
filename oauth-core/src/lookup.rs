//! What a provider tells of a new token at an address of its own: `token.lookup`.

use serde_json::value::RawValue;

use crate::client::Inner;
use crate::error::{ErrorKind, Result, Step};
use crate::fetch::{self, Call};
use crate::json;
use crate::spec::Lookup;
use crate::token::{self, TokenSet};

/// Makes the one request, and adds what its answer has to the extras of the tokens.
pub(crate) async fn lookup(inner: &Inner, rule: &Lookup, tokens: TokenSet) -> Result<TokenSet> {
    let call = Call {
        step: Step::Exchange,
        fetch: &rule.request,
        tokens: &tokens,
        fails_when: inner.spec().token.response.fails_when.as_ref(),
        what: "answer of the lookup",
        signed: false,
    };
    let fetched = call.send(inner).await?;
    let members = members(rule, fetched.root());
    if members.is_empty() {
        let names: Vec<String> = rule.extras.iter().map(|extra| format!("`{}`", extra.at)).collect();
        let what = format!("the answer of the lookup has no {}", names.join(" and no "));
        return Err(inner.error(ErrorKind::BadApiResponse, Step::Exchange, what));
    }
    tracing::debug!("token looked up");
    let object = token::object(members.iter().map(|(name, value)| (*name, value.as_str())));
    Ok(tokens.with_extras(object))
}

/// The members that the file names, each as JSON, in the first object that has one of them.
fn members<'a>(rule: &'a Lookup, root: &RawValue) -> Vec<(&'a str, String)> {
    let read = |object: &RawValue| -> Vec<(&'a str, String)> {
        let value = |at: &str| json::pointer(object, at);
        rule.extras
            .iter()
            .filter_map(|extra| Some((extra.name.as_str(), token::before(extra, value(&extra.at)?)?)))
            .collect()
    };
    fetch::object(root, &rule.at, |object| !read(object).is_empty()).map(read).unwrap_or_default()
}
