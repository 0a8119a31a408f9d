//! Addresses. Each is filled with what its holes can stand for, and every result is looked at: where it goes must not
//! depend on more than the file allows.

use url::{Host, Url};

use crate::fault::{Finding, Path, is_secret_name, shown};
use crate::load::limits;
use crate::spec::{FieldKind, Hole, Part, ProviderSpec, SettingKind, Template, is_loopback, is_secure};

use super::Cx;
use super::templates::{Reach, holes};
use super::wire;

/// When the address is needed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// Before the browser leaves: only settings are known.
    Begin,
    /// When the code is exchanged or a token renewed: kept values of the callback are known as well.
    Exchange,
    /// When a token is revoked: as for the exchange, and the client's id may stand in the path.
    Revoke,
    /// With a new token: the extras of its response are known as well.
    Lookup,
    /// With a token: all its extras are known.
    Api,
}

/// The address's holes are declared, and however they are filled it stays https (or loopback), on the hosts that the
/// file names, without credentials and fragment.
pub(super) fn address(cx: &mut Cx<'_>, spec: &ProviderSpec, path: &Path, template: &Template, stage: Stage) {
    address_with(cx, spec, path, template, stage, &[]);
}

/// The same for an operation's address, whose path has parameters.
pub(super) fn address_with(
    cx: &mut Cx<'_>,
    spec: &ProviderSpec,
    path: &Path,
    template: &Template,
    stage: Stage,
    parameters: &[&str],
) {
    let reach = Reach {
        callback: stage != Stage::Begin,
        token: matches!(stage, Stage::Lookup | Stage::Api),
        lookup: stage == Stage::Api,
        client_id: stage == Stage::Revoke,
        parameters,
        ..Reach::default()
    };
    if !holes(cx, spec, path, template, reach) {
        return;
    }
    for pieces in fillings(spec, template) {
        let fault = compose(&pieces).and_then(|text| safe(&text, stage));
        if let Err(fault) = fault {
            cx.report(Finding::new("address", path.clone(), fault.message).help(fault.help));
            return;
        }
    }
}

/// The host names that the address can have, with examples for what a user fills in.
pub(super) fn hosts(spec: &ProviderSpec, template: &Template) -> Vec<String> {
    let composed = fillings(spec, template).into_iter().filter_map(|pieces| compose(&pieces).ok());
    composed.filter_map(|text| Url::parse(&text).ok()?.host_str().map(str::to_owned)).collect()
}

/// Text, or something to be filled in whose kind matters for where it may stand.
enum Piece {
    Text(String),
    Hole { shown: String, kind: Filling, example: String },
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Filling {
    /// A setting of this kind; never `Enum`, whose values are text.
    Setting(SettingKind),
    /// A value of the callback that may be anything.
    OpenCallback,
    /// A URL of the token response, under declared hosts or not.
    TokenUrl { hosts: bool },
    /// Another extra of the token response.
    TokenText,
    /// A parameter of an operation's path, or the client's id in one.
    Parameter,
}

struct Unsafe {
    message: String,
    help: String,
}

fn refuse<T>(message: impl Into<String>, help: impl Into<String>) -> Result<T, Unsafe> {
    Err(Unsafe { message: message.into(), help: help.into() })
}

/// The template once per value of each closed list in it; the other lists stand at their first value meanwhile.
fn fillings(spec: &ProviderSpec, template: &Template) -> Vec<Vec<Piece>> {
    let lists: Vec<(&Hole, usize)> =
        template.holes().filter_map(|hole| Some((hole, closed_values(spec, hole)?.len()))).collect();
    let mut choices: Vec<(Option<&Hole>, usize)> = vec![(None, 0)];
    choices.extend(lists.into_iter().flat_map(|(hole, length)| (1..length).map(move |at| (Some(hole), at))));
    choices.into_iter().map(|choice| template.parts().iter().map(|part| piece(spec, part, choice)).collect()).collect()
}

/// What an enum setting or a kept value with a closed list can stand for.
fn closed_values<'a>(spec: &'a ProviderSpec, hole: &Hole) -> Option<Vec<&'a str>> {
    let values: Vec<&str> = match hole {
        Hole::Name(name) => spec.setting(name)?.values.iter().map(|(_, meaning, _)| meaning.as_str()).collect(),
        Hole::Callback(name) => spec
            .callback
            .keep
            .iter()
            .find(|kept| kept.name == *name)?
            .values
            .iter()
            .map(|(_, meaning)| meaning.as_str())
            .collect(),
        _ => return None,
    };
    // A longer list is a fault of its own.
    (!values.is_empty() && values.len() <= limits::VALUES).then_some(values)
}

fn piece(spec: &ProviderSpec, part: &Part, choice: (Option<&Hole>, usize)) -> Piece {
    let hole = match part {
        Part::Literal(text) => return Piece::Text(text.clone()),
        Part::Hole(hole) => hole,
    };
    if let Some(values) = closed_values(spec, hole) {
        let at = if choice.0 == Some(hole) { choice.1 } else { 0 };
        return Piece::Text(values.get(at).copied().unwrap_or_default().to_owned());
    }
    let (kind, example) = match hole {
        Hole::Name(name) => match spec.setting(name).map(|setting| setting.kind) {
            Some(kind) => (Filling::Setting(kind), example(kind).to_owned()),
            None => (Filling::Parameter, "example".to_owned()),
        },
        Hole::Callback(_) => (Filling::OpenCallback, "example".to_owned()),
        Hole::Token(name) => token_filling(spec, name),
        Hole::ClientId => (Filling::Parameter, "example".to_owned()),
        // Refused before, where the holes are.
        _ => (Filling::TokenText, "example".to_owned()),
    };
    Piece::Hole { shown: hole.to_string(), kind, example }
}

fn example(kind: SettingKind) -> &'static str {
    match kind {
        SettingKind::Host => "id.example.com",
        SettingKind::Port => "8443",
        SettingKind::Url => "https://base.example.com",
        SettingKind::Enum | SettingKind::Label | SettingKind::Slug | SettingKind::Text => "example",
    }
}

fn token_filling(spec: &ProviderSpec, name: &str) -> (Filling, String) {
    match spec.token.extras().find(|extra| extra.name == name) {
        Some(extra) if extra.kind.kind == FieldKind::Url && !extra.kind.list => {
            let host = extra.hosts.first().map_or("missing.invalid", String::as_str);
            (Filling::TokenUrl { hosts: !extra.hosts.is_empty() }, format!("https://{host}"))
        }
        _ => (Filling::TokenText, "example".to_owned()),
    }
}

/// Fills the holes with examples, each only where its kind may stand.
fn compose(pieces: &[Piece]) -> Result<String, Unsafe> {
    let mut text = String::new();
    for (at, piece) in pieces.iter().enumerate() {
        match piece {
            Piece::Text(literal) => text.push_str(literal),
            Piece::Hole { shown, kind, example } => {
                let after = match pieces.get(at + 1) {
                    Some(Piece::Text(after)) => after.as_str(),
                    Some(Piece::Hole { .. }) => "{",
                    None => "",
                };
                let rest: String = pieces[at + 1..]
                    .iter()
                    .map(|piece| if let Piece::Text(text) = piece { text.as_str() } else { "{}" })
                    .collect();
                may_stand(shown, *kind, &text, after, &rest)?;
                text.push_str(example);
            }
        }
    }
    Ok(text)
}

/// Where in the address the next character goes.
#[derive(PartialEq, Eq)]
enum Region {
    Start,
    Host,
    Path,
    Query,
}

fn region(before: &str) -> Region {
    let Some((_, rest)) = before.split_once("://") else { return Region::Start };
    match rest.find(['/', '?']) {
        None => Region::Host,
        Some(_) if rest.contains('?') => Region::Query,
        Some(_) => Region::Path,
    }
}

/// A value never gets further into an address than its type is checked for: a path segment not into the host, a free
/// text nowhere, a whole address only at the start.
fn may_stand(hole: &str, kind: Filling, before: &str, after: &str, rest: &str) -> Result<(), Unsafe> {
    match (kind, region(before)) {
        (Filling::TokenText, _) => refuse(
            format!("`{hole}` comes from the token response and is no address"),
            "give that extra `type: url` and `hosts`; other values go into parameters and headers",
        ),
        (Filling::Setting(SettingKind::Text), _) => refuse(
            format!("`{hole}` is free text, which never goes into an address"),
            "give the setting a narrower type: `label`, `host`, `port`, `slug` or `url`",
        ),
        (Filling::Setting(SettingKind::Url) | Filling::TokenUrl { .. }, _) if !before.is_empty() => refuse(
            format!("`{hole}` is a whole address, and stands inside one"),
            "put it at the very start of the address",
        ),
        (_, Region::Start) => may_begin(hole, kind, after),
        (_, Region::Host) => may_stand_in_host(hole, kind, before, after, rest),
        (Filling::Parameter, Region::Query) => {
            refuse(format!("`{hole}` is a parameter of the path"), "declare it under `query` instead")
        }
        (_, Region::Path | Region::Query) => Ok(()),
    }
}

fn may_begin(hole: &str, kind: Filling, after: &str) -> Result<(), Unsafe> {
    match kind {
        Filling::TokenUrl { hosts: false } => refuse(
            format!("`{hole}` comes from the token response and may be anywhere"),
            "give that extra its `hosts: [...]`, the names that its host may equal or end in",
        ),
        Filling::Setting(SettingKind::Url) | Filling::TokenUrl { hosts: true } => {
            if after.is_empty() || after.starts_with('/') {
                return Ok(());
            }
            refuse(format!("`{hole}` is a whole address: only a path may follow it"), "write a `/` behind it")
        }
        _ => refuse(
            format!("the address begins with `{hole}`"),
            "begin it with https://, or give the setting `type: url`",
        ),
    }
}

fn may_stand_in_host(hole: &str, kind: Filling, before: &str, after: &str, rest: &str) -> Result<(), Unsafe> {
    let ends_host = after.is_empty() || after.starts_with(['/', '?']);
    match kind {
        Filling::Setting(SettingKind::Port) if before.ends_with(':') && ends_host => Ok(()),
        Filling::Setting(SettingKind::Port) => {
            refuse(format!("`{hole}` is a port"), format!("write it behind the host: `https://example.com:{hole}/`"))
        }
        Filling::Setting(SettingKind::Host)
            if before.ends_with(['/', '.']) && (ends_host || after.starts_with(':')) =>
        {
            Ok(())
        }
        Filling::Setting(SettingKind::Host) => {
            refuse(format!("`{hole}` is a whole host name"), format!("write `https://{hole}/`"))
        }
        Filling::Setting(SettingKind::Label) => label_has_a_home(hole, after, rest),
        Filling::OpenCallback => refuse(
            format!("`{hole}` comes with the browser and would choose the host"),
            "give the kept value a closed list: `values: {eu: accounts.example.eu}`",
        ),
        _ => refuse(
            format!("`{hole}` cannot be part of a host name"),
            "use a setting of type `label` or `host` there, or an enum",
        ),
    }
}

/// A label that a user chooses is below a domain that the file names: of at least two labels, or the label would be
/// the domain.
fn label_has_a_home(hole: &str, after: &str, rest: &str) -> Result<(), Unsafe> {
    let host = rest.split(['/', '?', ':']).next().unwrap_or_default();
    let behind_holes = host.rsplit('}').next().unwrap_or_default();
    let domain = behind_holes.split_once('.').map_or("", |(_, domain)| domain);
    let joins = after.starts_with(|c: char| c == '.' || c == '-' || c.is_ascii_alphanumeric());
    if joins && domain.split('.').filter(|label| !label.is_empty()).count() >= 2 {
        return Ok(());
    }
    refuse(
        format!("`{hole}` would choose the domain"),
        format!(
            "write the domain behind it: `https://{hole}.example.com/`; for whole names give the setting `type: host`"
        ),
    )
}

/// RFC 6749 sections 3.1 and 3.2, RFC 8252 section 8.3, RFC 3986 section 3.2.1: https or loopback, no fragment, no
/// credentials, no address in place of a name, and nothing that two readers would read differently.
fn safe(text: &str, stage: Stage) -> Result<(), Unsafe> {
    if text.contains(|c: char| c.is_whitespace() || c.is_control() || c == '\\') {
        return refuse("the address has a space or a backslash in it", "write `%20` for a space, or remove it");
    }
    let Ok(url) = Url::parse(text) else {
        return refuse(
            format!("`{}` is not an address", shown(text)),
            "write a whole address that begins with https://",
        );
    };
    if url.cannot_be_a_base() || !url.has_host() {
        return refuse(
            format!("`{}` is not an address", shown(text)),
            "write a whole address that begins with https://",
        );
    }
    if text.contains('#') {
        return refuse("the address has a fragment", "remove `#` and what follows (RFC 6749 section 3.1)");
    }
    let authority = text.split_once("://").map_or("", |(_, rest)| rest.split(['/', '?']).next().unwrap_or_default());
    if authority.contains('@') {
        return refuse(
            "the address has credentials in it",
            "remove what stands before `@`: a provider file holds none",
        );
    }
    if !is_secure(&url) {
        return refuse(
            "the address is not https",
            "write https:// (RFC 6749 section 3.2); http is for 127.0.0.1, [::1] and localhost only",
        );
    }
    match url.host() {
        Some(Host::Ipv4(_) | Host::Ipv6(_)) if !is_loopback(&url) => {
            return refuse("the address has a number in place of a host name", "write the host's name");
        }
        _ => {}
    }
    let is_port = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let host = authority.rsplit_once(':').filter(|(_, port)| is_port(port)).map_or(authority, |(host, _)| host);
    if url.host_str().is_none_or(|name| !name.eq_ignore_ascii_case(host))
        || authority.contains('%')
        || host.ends_with('.')
    {
        return refuse(
            format!("`{}` is read as another host than it is written", shown(host)),
            "write the host name in lower-case letters, digits and hyphens (`xn--` for others)",
        );
    }
    let path = text.split(['?']).next().unwrap_or_default();
    if path
        .split('/')
        .skip(3)
        .any(|segment| matches!(segment.to_ascii_lowercase().as_str(), "." | ".." | "%2e" | "%2e%2e" | ".%2e" | "%2e."))
    {
        return refuse("the address has a dot segment", "write the path without `.` and `..`");
    }
    query_is_free_of_ours(&url, stage)
}

/// RFC 6750 section 2.3 and RFC 6749 section 3.1: no token in a query, and no parameter twice.
fn query_is_free_of_ours(url: &Url, stage: Stage) -> Result<(), Unsafe> {
    for (name, _) in url.query_pairs() {
        if is_secret_name(&name) {
            return refuse(
                format!("the address has `{}` in its query", shown(&name)),
                "remove it: see `token.placement` for where the token goes",
            );
        }
        if stage != Stage::Api && wire::is_standard(&name) {
            return refuse(
                format!("the address has `{}` in its query, which the client sends itself", shown(&name)),
                "remove it (RFC 6749 section 3.1: no parameter more than once)",
            );
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
