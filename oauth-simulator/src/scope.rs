//! Scopes as a server reads them (RFC 6749 section 3.3).

use oauth_core::ProviderSpec;
use oauth_core::spec::RefreshNeeds;

/// The scopes of an authorization request, or why the provider would refuse them.
pub(crate) fn read(spec: &ProviderSpec, asked: Option<&str>, allow_unknown: bool) -> Result<Vec<String>, String> {
    let rules = &spec.scopes;
    let asked = match asked {
        // RFC 6749 section 3.3: the server "MUST either process the request using a pre-defined default value or fail".
        None => rules.default.clone(),
        Some(text) => split(text, &rules.separator)?,
    };
    if let Some(missing) = rules.required.iter().find(|scope| !asked.contains(scope)) {
        return Err(format!("the scope {missing} is missing, without which this provider refuses"));
    }
    if !allow_unknown
        && !rules.known.is_empty()
        && let Some(unknown) = asked.iter().find(|scope| !is_known(spec, scope))
    {
        return Err(format!("this provider does not know the scope {unknown}"));
    }
    Ok(asked)
}

fn split(text: &str, separator: &str) -> Result<Vec<String>, String> {
    let pieces: Vec<&str> = if separator.is_empty() { vec![text] } else { text.split(separator).collect() };
    let mut scopes: Vec<String> = Vec::with_capacity(pieces.len());
    for piece in pieces {
        if piece.is_empty() || !piece.bytes().all(is_scope_byte) {
            return Err(format!(
                "scopes are joined by one {separator:?} each and have no space, quote, backslash or control character"
            ));
        }
        if !scopes.iter().any(|known| known == piece) {
            scopes.push(piece.to_owned());
        }
    }
    Ok(scopes)
}

/// RFC 6749 section 3.3: `scope-token = 1*( %x21 / %x23-5B / %x5D-7E )`.
fn is_scope_byte(byte: u8) -> bool {
    matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e)
}

/// A scope that any part of the file names is known.
fn is_known(spec: &ProviderSpec, scope: &str) -> bool {
    let rules = &spec.scopes;
    let needs = spec.refresh.as_ref().and_then(|refresh| refresh.needs.as_ref());
    let needed = matches!(needs, Some(RefreshNeeds::Scope(name)) if name == scope);
    let mut of_operations = spec.api.iter().flat_map(|api| &api.operations).flat_map(|operation| &operation.scopes);
    needed
        || rules.known.iter().any(|known| known.value == scope)
        || rules.default.iter().chain(&rules.required).any(|known| known == scope)
        || of_operations.any(|known| known == scope)
}
