//! The encodings that OAuth messages are written in.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

/// Appends `name=value`, form-encoded (RFC 6749 appendix B), with `&` before it unless the text ends in `?` or `&`.
pub(crate) fn push_pair(text: &mut String, name: &str, value: &str) {
    if !text.is_empty() && !text.ends_with(['?', '&']) {
        text.push('&');
    }
    push_form(text, name);
    text.push('=');
    push_form(text, value);
}

/// `application/x-www-form-urlencoded` of one value.
pub(crate) fn form(value: &str) -> Cow<'_, str> {
    form_urlencoded::byte_serialize(value.as_bytes()).collect()
}

fn push_form(text: &mut String, value: &str) {
    text.extend(form_urlencoded::byte_serialize(value.as_bytes()));
}

/// A path segment (RFC 3986 section 3.3): everything but the unreserved characters is escaped, so that a value is
/// never more than one segment.
pub(crate) fn push_segment(text: &mut String, value: &str) {
    const KEPT: percent_encoding::AsciiSet =
        percent_encoding::NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');
    text.extend(percent_encoding::utf8_percent_encode(value, &KEPT));
}

/// Base64 with padding, as the Basic scheme has it (RFC 7617).
pub(crate) fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// Base64url without padding (RFC 7636 appendix A), appended.
pub(crate) fn push_base64url(text: &mut String, bytes: &[u8]) {
    URL_SAFE_NO_PAD.encode_string(bytes, text);
}

/// Base64url without padding (RFC 7636 appendix A).
pub(crate) fn base64url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Reads base64url as RFC 7515 section 2 has it; none where it has padding, white space or stray bits at its end.
pub(crate) fn base64url_strict(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

/// The same into a buffer; none also where that is too small.
pub(crate) fn base64url_strict_into<'a>(text: &str, buffer: &'a mut [u8]) -> Option<&'a [u8]> {
    let len = URL_SAFE_NO_PAD.decode_slice(text, buffer).ok()?;
    buffer.get(..len)
}
