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

/// Appends `name=value` likewise, the value as it is but for what cannot stand in a query.
pub(crate) fn push_pair_as_is(text: &mut String, name: &str, value: &str) {
    const ESCAPED: percent_encoding::AsciiSet =
        percent_encoding::CONTROLS.add(b' ').add(b'"').add(b'#').add(b'%').add(b'&').add(b'\'').add(b'<').add(b'>');
    push_pair(text, name, "");
    text.extend(percent_encoding::utf8_percent_encode(value, &ESCAPED));
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

/// Lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digits = bytes.iter().flat_map(|byte| [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
    digits.map(char::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_as_it_is_stays_one_value() {
        let mut text = String::from("https://acme.example/?a=b");
        push_pair_as_is(&mut text, "scope", "a+b,c:d/e&state=x#f%20g h");
        assert_eq!(text, "https://acme.example/?a=b&scope=a+b,c:d/e%26state=x%23f%2520g%20h");
    }

    #[test]
    fn hexadecimal_digits() {
        assert_eq!(hex(&[0, 0x9f, 0xa0, 0xff]), "009fa0ff");
    }
}
