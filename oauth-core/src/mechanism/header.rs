use http::header::{HeaderName, HeaderValue};

use super::MechanismError;

/// Headers that say how a message is sent or to whom (RFC 9110): they are the engine's.
const FRAMING: [&str; 10] = [
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "expect",
    "host",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// A header that a mechanism may set.
pub(super) fn header(name: &str, value: &str) -> Result<(HeaderName, HeaderValue), MechanismError> {
    let name = HeaderName::try_from(name).map_err(|_| MechanismError::new("its header has no valid name"))?;
    if FRAMING.contains(&name.as_str()) {
        return Err(MechanismError::new(format!("it may not set the header `{name}`")));
    }
    let mut value = HeaderValue::try_from(value)
        .map_err(|_| MechanismError::new(format!("its header `{name}` has no valid value")))?;
    value.set_sensitive(true);
    Ok((name, value))
}
