use crate::fault::{Finding, shown};
use crate::schema;
use crate::spec::{Confidence, Profile, ProviderSpec, names};

use super::cx::{Cx, top};
use super::names::{is_module_name, is_type_name};
use super::{
    api, authorize, callback, client_auth, consent, dpop, endpoints, environments, grants, introspect, logout,
    mechanisms, openid, pkce, profile, quirks, redirect, refresh, revoke, scopes, settings, text, token,
};

/// Lowers the file.
pub(super) fn provider(cx: &mut Cx<'_>, file: schema::Provider) -> ProviderSpec {
    let id = id(cx, file.id);
    let name = cx.required(&top("name"), file.name, "the name that people know the provider by: `name: Acme`");
    let (module, marker) = rust_names(cx, &id, &name, file.rust);
    let docs =
        cx.required(&top("docs"), file.docs, "the vendor's page that the facts were read on: `docs: https://...`");
    text::page(cx, &top("docs"), &docs);
    if let Some(console) = &file.console {
        text::page(cx, &top("console"), console);
    }
    let checked = cx.required(
        &top("checked"),
        file.checked,
        "the day on which the facts were compared with `docs`: `checked: 2026-11-21`",
    );
    text::date(cx, &top("checked"), &checked);
    let mechanisms = mechanisms::lower(cx, file.client_auth.as_ref(), &file.token, file.api.as_ref());
    let (pkce, challenge) = pkce::lower(file.pkce);
    let openid = openid::lower(cx, file.openid);
    // A provider that says who logged in needs no request for it.
    let by_token = openid.as_ref().filter(|_| !cx.has(&top("profile")) && !cx.is_removed(&top("profile")));
    let profile = by_token.map(|_| Profile::id_token()).or_else(|| profile::lower(cx, file.profile));
    let token = token::lower(cx, file.token);
    let endpoints = endpoints::lower(cx, file.endpoints);
    let refresh = refresh::lower(cx, file.refresh, &endpoints, &token.request);
    let revoke = revoke::lower(cx, file.revoke, &endpoints);
    let grants = grants::lower(cx, file.grants, &token.request);
    let introspect = introspect::lower(cx, file.introspect, &endpoints);
    let logout = logout::lower(cx, file.logout, &endpoints);
    let consent = consent::lower(cx, file.consent);
    ProviderSpec {
        id,
        name,
        module,
        marker,
        description: file.description,
        docs,
        console: file.console,
        checked,
        confidence: file.confidence.unwrap_or(Confidence::Own),
        groups: file.groups,
        settings: settings::lower(cx, file.settings),
        environments: environments::lower(cx, file.environments),
        endpoints,
        client_auth: client_auth::lower(cx, file.client_auth),
        pkce,
        challenge,
        dpop: dpop::lower(cx, file.dpop),
        redirect: redirect::lower(&file.redirect),
        scopes: scopes::lower(cx, file.scopes),
        authorize: authorize::lower(cx, file.authorize),
        callback: callback::lower(cx, file.callback),
        token,
        refresh,
        revoke,
        grants,
        introspect,
        logout,
        consent,
        openid,
        profile,
        api: api::lower(cx, file.api),
        mechanisms,
        quirks: quirks::lower(cx, file.quirks),
    }
}

/// The id is the file's name, so that whoever sees one finds the other; it is part of addresses, of the names of
/// environment variables and of the keys of stores.
fn id(cx: &mut Cx<'_>, id: Option<String>) -> String {
    let path = top("id");
    let id = cx.required(&path, id, "the file's name without `.yaml`: `id: acme`");
    if id.trim().is_empty() {
        return id;
    }
    if !is_id(&id) {
        let finding = Finding::new("id", path, format!("`{}` is not an id", shown(&id)));
        cx.report(finding.help("use lower-case letters, digits, `-` and `_`; a letter or digit first; at most 64"));
    } else if let Some(stem) = cx.stem.filter(|stem| *stem != id) {
        let finding =
            Finding::new("id", path, format!("the id is `{id}`, but the file is called `{}.yaml`", shown(stem)));
        cx.report(finding.help(format!("write `id: {}`, or rename the file to `{id}.yaml`", shown(stem))));
    }
    id
}

fn is_id(id: &str) -> bool {
    id.len() <= 64
        && id.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
        && id.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' || byte == b'_')
}

/// Module and marker type of the generated client.
fn rust_names(cx: &mut Cx<'_>, id: &str, name: &str, rust: Option<String>) -> (String, String) {
    let given = rust.is_some();
    let module = rust.unwrap_or_else(|| id.replace('-', "_"));
    // A faulty id is reported already.
    if !is_module_name(&module) && (given || is_id(id)) {
        let path = top(if given { "rust" } else { "id" });
        let why = if names::is_keyword(&module) {
            "Rust reserves that word"
        } else {
            "it is reserved, or not a name in snake case"
        };
        let finding =
            Finding::new("rust-name", path, format!("`{}` cannot name a module in Rust: {why}", shown(&module)));
        let proposal = names::snake(&module);
        let proposal = if is_module_name(&proposal) {
            proposal
        } else {
            format!("{}_", proposal.trim_start_matches(|c: char| !c.is_ascii_lowercase()))
        };
        let proposal = if is_module_name(&proposal) { proposal } else { "acme".to_owned() };
        cx.report(finding.help(format!("add a name with `rust:`, such as `rust: {proposal}`")));
    }
    let marker = names::type_name(name);
    if is_type_name(&marker) || name.is_empty() {
        return (module, marker);
    }
    let marker = names::pascal(&module);
    if !is_type_name(&marker) && is_module_name(&module) {
        let finding = Finding::new(
            "rust-name",
            top("name"),
            format!("neither `{}` nor the id gives a name for a type in Rust", shown(name)),
        );
        cx.report(finding.help("add a name with `rust:`"));
    }
    (module, marker)
}

/// Groups are words in addresses of catalogs.
pub(super) fn topics_are_words(cx: &mut Cx<'_>, spec: &ProviderSpec) {
    for (index, group) in spec.groups.iter().enumerate() {
        let path = top("groups").then(index);
        if group.is_empty()
            || !group.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        {
            let finding = Finding::new("group", path, format!("`{}` is not a group", shown(group)));
            cx.report(finding.help("use lower-case letters, digits and `-`: `[developer, identity]`"));
        } else if spec.groups[..index].contains(group) {
            cx.report(
                Finding::new("duplicate", path, format!("the group `{group}` stands here a second time"))
                    .help("keep one"),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::{acme, faults};

    #[test]
    fn required_keys_are_named_together() {
        let found = faults("description: x\n");
        for key in ["id", "name", "docs", "checked", "endpoints"] {
            assert!(found.iter().any(|fault| fault.contains(&format!("`{key}` is missing"))), "{key}: {found:#?}");
        }
        assert_eq!(found.len(), 5, "{found:#?}");
    }

    #[test]
    fn the_id_is_the_files_name() {
        let found = faults(&acme("").replace("id: acme", "id: other"));
        assert!(
            found.len() == 1 && found[0].contains("the id is `other`, but the file is called `acme.yaml`"),
            "{found:#?}"
        );
        let found = faults(&acme("").replace("id: acme", "id: Acme"));
        assert!(found.len() == 1 && found[0].contains("`Acme` is not an id"), "{found:#?}");
    }

    #[test]
    fn gen_02_names_that_rust_cannot_have_are_asked_for() {
        let module = |id: &str, more: &str| {
            let text = acme(more).replace("id: acme", &format!("id: \"{id}\""));
            crate::ProviderSpec::from_yaml(&text)
                .map(|spec| (spec.module, spec.marker))
                .map_err(|faults| faults.to_string())
        };
        for (id, help) in
            [("box", "rust: box_"), ("self", "rust: self_"), ("1password", "rust: password_"), ("core", "rust: core_")]
        {
            let fault = module(id, "").unwrap_err();
            assert!(fault.contains("cannot name a module in Rust") && fault.contains(help), "{fault}");
        }
        assert_eq!(module("box", "rust: box_\n").unwrap().0, "box_");
        assert_eq!(module("my-id", "").unwrap().0, "my_id");
        assert!(module("box", "rust: self\n").is_err());
        for (name, marker) in [("Mail.ru", "MailRu"), ("Яндекс", "Acme"), ("1Password", "Acme")] {
            let spec =
                crate::ProviderSpec::from_yaml(&acme("").replace("name: Acme", &format!("name: \"{name}\""))).unwrap();
            assert_eq!(spec.marker, marker);
        }
    }

    #[test]
    fn pages_dates_and_groups() {
        for (from, to, expected) in [
            ("docs: https://acme.example/docs", "docs: http://acme.example/docs", "is not the address of a page"),
            ("docs: https://acme.example/docs", "docs: the handbook", "is not the address of a page"),
            ("checked: 2026-11-21", "checked: 21.11.2026", "is not a day"),
            ("checked: 2026-11-21", "checked: 2026-11-21\ngroups: [Identity]", "`Identity` is not a group"),
            ("checked: 2026-11-21", "checked: 2026-11-21\ngroups: [a, a]", "a second time"),
        ] {
            let found = faults(&acme("").replace(from, to));
            assert!(found.len() == 1 && found[0].contains(expected), "{found:#?}");
        }
    }
}
