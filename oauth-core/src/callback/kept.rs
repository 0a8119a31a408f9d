//! What a callback has beyond the standard, as far as the provider's file declares it.

use super::CallbackInput;
use crate::client::Inner;
use crate::error::{ErrorKind, Result, Step};

/// Facts of a profile are smaller; larger ones are not kept.
const MAX_PROFILE: usize = 4 * 1024;

/// The declared values; all others are ignored (RFC 6749 section 4.1.2).
pub(super) fn kept(inner: &Inner, input: &CallbackInput) -> Result<Vec<(String, String)>> {
    let mut kept = Vec::new();
    for rule in &inner.config.spec.callback.keep {
        let fail = |what: String| inner.error(ErrorKind::CallbackValue, Step::Callback, what);
        let Some(value) =
            input.once(&rule.name).map_err(|()| fail(format!("the callback has `{}` more than once", rule.name)))?
        else {
            continue;
        };
        if !rule.values.is_empty() && !rule.values.iter().any(|(known, _)| known == value) {
            return Err(fail(format!(
                "the callback's `{}` is `{}`, which the provider's file does not list",
                rule.name,
                input.shown(inner, value)
            )));
        }
        kept.push((rule.name.clone(), value.to_owned()));
    }
    if let Some(facts) = &inner.config.spec.callback.profile {
        let value = input.once(&facts.param).ok().flatten().filter(|value| value.len() <= MAX_PROFILE);
        kept.extend(value.map(|value| (facts.param.clone(), value.to_owned())));
    }
    Ok(kept)
}
