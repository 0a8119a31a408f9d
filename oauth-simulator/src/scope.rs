//! Scopes as a server reads them (RFC 6749 section 3.3).

use oauth_core::ProviderSpec;
use oauth_core::spec::RefreshNeeds;
use percent_encoding::percent_decode_str;

use crate::facts::own_name;
use crate::params::Params;
use crate::request::Request;

type Fault = (&'static str, String);

/// The scopes of an authorization request, or why the provider would refuse them.
pub(crate) fn read(
    spec: &ProviderSpec,
    request: &Request,
    params: &Params,
    allow_unknown: bool,
) -> Result<Vec<String>, Fault> {
    let rules = &spec.scopes;
    let name = own_name(&spec.authorize.rename, &rules.param);
    let invalid = |why: String| ("invalid_scope", why);
    if rules.none {
        if params.has(name) {
            return Err(("invalid_request", format!("this provider does not take the parameter {name}")));
        }
        return Ok(Vec::new());
    }
    let asked = match params.get(name) {
        // RFC 6749 section 3.3: the server "MUST either process the request using a pre-defined default value or fail".
        None => rules.default.clone(),
        Some(text) if rules.encode => split(text, &rules.separator).map_err(invalid)?,
        Some(_) => split_as_written(&request.raw_query, name, &rules.separator).map_err(invalid)?,
    };
    if let Some(missing) = rules.required.iter().find(|scope| !asked.contains(scope)) {
        return Err(invalid(format!("the scope {missing} is missing, without which this provider refuses")));
    }
    if !allow_unknown
        && !rules.known.is_empty()
        && let Some(unknown) = asked.iter().find(|scope| !is_known(spec, scope))
    {
        return Err(invalid(format!("this provider does not know the scope {unknown}")));
    }
    Ok(asked)
}

/// The scopes of the second set.
pub(crate) fn read_second(spec: &ProviderSpec, params: &Params, allow_unknown: bool) -> Result<Vec<String>, Fault> {
    let Some(rules) = &spec.scopes.second else { return Ok(Vec::new()) };
    let Some(text) = params.get(&rules.param) else { return Ok(Vec::new()) };
    let invalid = |why: String| ("invalid_scope", why);
    let asked = split(text, &rules.separator).map_err(invalid)?;
    let known = |scope: &String| rules.default.contains(scope) || rules.known.iter().any(|known| known.value == *scope);
    match asked.iter().find(|scope| !known(scope)) {
        Some(unknown) if !allow_unknown && !rules.known.is_empty() => {
            Err(invalid(format!("this provider does not know the {} scope {unknown}", rules.name)))
        }
        _ => Ok(asked),
    }
}

/// Where the list is not form-encoded, its separator stands in the query as it is.
fn split_as_written(query: &str, name: &str, separator: &str) -> Result<Vec<String>, String> {
    let raw = query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('=')).unwrap_or_default();
    let mut scopes = Vec::new();
    for piece in split(raw, separator)? {
        let scope = percent_decode_str(&piece).decode_utf8().map_err(|_| "a scope is not UTF-8".to_owned())?;
        if !separator.is_empty() && scope.contains(separator) {
            return Err(format!("{separator:?} stands between scopes as it is, not encoded"));
        }
        scopes.push(scope.into_owned());
    }
    Ok(scopes)
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
