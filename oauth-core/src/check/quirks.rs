use crate::fault::{Finding, Path, Step, at, shown};
use crate::load::Node;
use crate::schema;
use crate::spec::{
    AssertionAudience, BodyFormat, ChallengeEncoding, ChallengeMethod, IssuedTokenType, Pkce, Placement, ProviderSpec,
    Quirk, RevokePlace,
};

use super::cx::{Cx, top};
use super::text;
use super::token::requires_token_type;

pub(super) fn lower(cx: &mut Cx<'_>, quirks: Vec<schema::Quirk>) -> Vec<Quirk> {
    let mut lowered = Vec::new();
    // A quirk that was taken out left a gap in the list: the index in the file is not the index here.
    let indices = cx.indices(&top("quirks"), quirks.len());
    for (quirk, index) in quirks.into_iter().zip(indices) {
        let entry = top("quirks").then(index);
        let field =
            cx.required(&entry.then("field"), quirk.field, "the key that deviates: `field: token.placement.scheme`");
        let because =
            cx.required(&entry.then("because"), quirk.because, "why: one sentence for whoever takes it for a mistake");
        let source =
            cx.required(&entry.then("source"), quirk.source, "the vendor's page that says so: `source: https://...`");
        text::page(cx, &entry.then("source"), &source);
        if let Some(checked) = &quirk.checked {
            text::date(cx, &entry.then("checked"), checked);
        }
        if !field.is_empty() && !cx.is_full() && resolve(cx.root, &field).is_none() {
            let finding =
                Finding::new("quirk", entry.then("field"), format!("the file has no key `{}`", shown(&field)));
            let keys = keys(cx.root);
            cx.report(
                finding
                    .help("name the key that deviates, with dots: `token.placement.scheme`")
                    .suggest_near(&field, keys.iter().map(String::as_str)),
            );
        }
        lowered.push(Quirk { field, because, source, checked: quirk.checked });
    }
    lowered
}

/// Each deviation is explained once.
pub(super) fn fields_exist(cx: &mut Cx<'_>, spec: &ProviderSpec) {
    for (at, quirk) in spec.quirks.iter().enumerate() {
        if let Some(first) =
            spec.quirks[..at].iter().position(|other| other.field == quirk.field && !quirk.field.is_empty())
        {
            let finding = Finding::new(
                "duplicate",
                at!["quirks", at, "field"],
                format!("`{}` has an entry already", shown(&quirk.field)),
            );
            cx.report(
                finding.help("put both reasons into one entry").see("the first one is", at!["quirks", first, "field"]),
            );
        }
    }
}

/// What makes a client less safe than the RFCs have it is never there by accident: its key has an entry in `quirks`,
/// with the vendor's words behind it (RFC 9700 section 2.1.1 for PKCE and its method, RFC 9700 section 4.3.2 for tokens in queries,
/// RFC 6749 section 7.1 for the token type, RFC 9700 section 2.4 for passwords, RFC 8693
/// section 2.2.1 for what an exchange gives, RFC 10070 for the audience of assertions).
pub(super) fn what_weakens_is_explained(cx: &mut Cx<'_>, spec: &ProviderSpec) {
    let weak = [
        (spec.pkce == Pkce::Unsupported, at!["pkce"], "PKCE is off"),
        (spec.challenge.method == ChallengeMethod::Plain, at!["pkce"], "the challenge is the verifier itself"),
        (
            spec.challenge.encoding == ChallengeEncoding::Hex,
            at!["pkce"],
            "the challenge is not written as RFC 7636 has it",
        ),
        (
            spec.client_auth.assertion.as_ref().is_some_and(|own| own.audience == AssertionAudience::TokenEndpoint),
            at!["client_auth", "audience"],
            "an assertion is for an address that another server can name as its own",
        ),
        (
            matches!(spec.token.placement, Placement::Query { .. }),
            at!["token", "placement"],
            "the token goes into the query",
        ),
        (
            matches!(spec.token.placement, Placement::Body { .. }),
            at!["token", "placement"],
            "the token goes into the body",
        ),
        (
            spec.revoke
                .as_ref()
                .is_some_and(|revoke| revoke.place == RevokePlace::Param && revoke.format == BodyFormat::Query),
            at!["revoke"],
            "the token that is revoked goes into the query",
        ),
        (
            spec.introspect.as_ref().is_some_and(|introspect| introspect.format == BodyFormat::Query),
            at!["introspect"],
            "the token that is asked about goes into the query",
        ),
        (spec.openid.as_ref().is_some_and(|openid| !openid.nonce), at!["openid", "nonce"], "the nonce is not checked"),
        (
            spec.openid.as_ref().is_some_and(|openid| !openid.auth_time),
            at!["openid", "auth_time"],
            "the time of the login may be another one's",
        ),
        (!requires_token_type(spec), at!["token", "response", "token_type"], "the token type is not checked"),
        (spec.grants.password.is_some(), at!["grants", "password"], "the user's password goes to the client"),
        (
            spec.grants.token_exchange.as_ref().is_some_and(|rule| rule.issued_token_type != IssuedTokenType::Required),
            at!["grants", "token_exchange", "issued_token_type"],
            "nobody says what was issued",
        ),
        (may_change_hands(spec), at!["profile", "map", "subject"], "the user's id is a name or an address"),
    ];
    for (is_weak, path, what) in weak {
        let explained =
            spec.quirks.iter().any(|quirk| resolve(cx.root, &quirk.field).is_some_and(|field| path.holds(&field)));
        if is_weak && !explained && !cx.is_touched(&top("quirks")) {
            let finding =
                Finding::new("missing-quirk", path.clone(), format!("{what}, and no entry of `quirks` says why"))
                    .on_key();
            cx.report(finding.help(format!(
                "add `quirks: [{{field: {path}, because: ..., source: https://...}}]` with the vendor's words"
            )));
        }
    }
}

/// Names and addresses change hands, and with them the account (OpenID Connect Core section 5.7).
fn may_change_hands(spec: &ProviderSpec) -> bool {
    const NAMES: [&str; 12] = [
        "email",
        "mail",
        "emailaddress",
        "username",
        "preferredusername",
        "login",
        "upn",
        "userprincipalname",
        "uniquename",
        "name",
        "nickname",
        "screenname",
    ];
    let maps = spec.profile.iter().flat_map(|profile| {
        std::iter::once(&profile.map).chain(profile.then.iter().map(|then| &then.map)).flat_map(|map| &map.subject)
    });
    let mut members = maps.filter_map(|pointer| pointer.rsplit('/').next());
    members.any(|member| {
        let plain: String = member.chars().filter(char::is_ascii_alphanumeric).collect();
        NAMES.contains(&plain.to_ascii_lowercase().as_str())
    })
}

/// The node that the text names. Keys may have dots in them, so every way to read it is tried.
fn resolve(root: &Node, text: &str) -> Option<Path> {
    fn descend(node: &Node, rest: &str, path: &Path, budget: &mut usize) -> Option<Path> {
        *budget = budget.checked_sub(1)?;
        let (Node::Map(entries), false) = (node, rest.is_empty()) else { return rest.is_empty().then(|| path.clone()) };
        entries.iter().find_map(|entry| {
            let rest = rest.strip_prefix(entry.key.as_str())?;
            let rest = if rest.is_empty() { rest } else { rest.strip_prefix('.').filter(|rest| !rest.is_empty())? };
            descend(&entry.value, rest, &path.then(&entry.key), budget)
        })
    }
    if text.is_empty() { None } else { descend(root, text, &Path::default(), &mut 1000) }
}

/// The keys of the file, as a quirk would name them.
fn keys(root: &Node) -> Vec<String> {
    let mut keys = Vec::new();
    root.walk(&mut Path::default(), &mut |path, _| {
        let words: Vec<&str> = path
            .steps()
            .iter()
            .filter_map(|step| if let Step::Key(key) = step { Some(key.as_str()) } else { None })
            .collect();
        if words.len() == path.steps().len() && keys.len() < 500 {
            keys.push(words.join("."));
        }
    });
    keys
}

#[cfg(test)]
mod tests {
    use crate::check::testing::{acme, faults};

    const QUIRK: &str =
        "quirks: [{field: FIELD, because: the vendor says so, source: \"https://acme.example/docs\"}]\n";

    #[test]
    fn gen_22_what_weakens_needs_a_quirk() {
        for (yaml, field) in [
            ("pkce: unsupported\n", "pkce"),
            ("pkce: {support: unsupported}\n", "pkce.support"),
            ("pkce: {method: plain}\n", "pkce.method"),
            ("pkce: {encoding: hex}\n", "pkce"),
            ("token: {placement: {query: access_token}}\n", "token.placement"),
            ("token: {placement: {body: access_token}}\n", "token.placement.body"),
            ("token: {response: {token_type: assume_bearer}}\n", "token.response.token_type"),
            ("token: {response: {token_type: ignored}}\n", "token.response.token_type"),
        ] {
            let found = faults(&acme(yaml));
            assert!(found.len() == 1 && found[0].contains("no entry of `quirks` says why"), "{found:#?}");
            assert_eq!(faults(&acme(&format!("{yaml}{}", QUIRK.replace("FIELD", field)))), [""; 0]);
        }
        assert_eq!(faults(&acme("token: {placement: {scheme: OAuth}}\nclient_auth: body\n")), [""; 0]);
    }

    #[test]
    fn a_quirk_names_a_key_of_the_file() {
        let found = faults(&acme(&format!(
            "token: {{placement: {{scheme: OAuth}}}}\n{}",
            QUIRK.replace("FIELD", "token.placement.schema")
        )));
        assert!(found.len() == 1 && found[0].contains("did you mean `token.placement.scheme`?"), "{found:#?}");
        let dotted = format!("scopes: {{known: {{a.b.c: x}}}}\n{}", QUIRK.replace("FIELD", "scopes.known.a.b.c"));
        assert_eq!(faults(&acme(&dotted)), [""; 0]);
        let found = faults(&acme("quirks: [{field: docs}]\n"));
        assert_eq!(found.len(), 2, "{found:#?}");
    }
}
