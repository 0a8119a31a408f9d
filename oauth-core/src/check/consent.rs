use crate::fault::{Finding, at, shown};
use crate::schema;
use crate::spec::{Consent, ProviderSpec};

use super::address::{Stage, address};
use super::cx::{Cx, top};
use super::templates::Reach;
use super::wire;

/// What the client writes into the request itself.
const OWN: [&str; 3] = ["client_id", "redirect_uri", "state"];
/// What belongs to the answer of a login, or says that there was no consent.
const ANSWER: [&str; 4] = ["code", "error", "error_description", "state"];

pub(super) fn lower(cx: &mut Cx<'_>, consent: Option<schema::Consent>) -> Option<Consent> {
    let consent = consent?;
    let path = top("consent");
    if consent.url.is_none() {
        cx.missing(&path.then("url"), "say where the page is: `consent: {url: https://...}`");
    }
    Some(Consent {
        url: cx.maybe_template(&path.then("url"), consent.url.as_deref()).unwrap_or_default(),
        params: cx.params(&path.then("params"), consent.params.0),
        rename: consent.rename.0,
        omit: consent.omit,
        granted: consent.granted.0,
        keep: consent.keep.0,
    })
}

/// RFC 6749 section 10.12 for an answer without a code: it comes by way of the browser, so it belongs to nobody without its
/// `state`, which is never left out.
pub(super) fn request_is_sound(cx: &mut Cx<'_>, spec: &ProviderSpec) {
    let Some(consent) = &spec.consent else { return };
    let path = top("consent");
    if cx.has(&path.then("url")) {
        address(cx, spec, &path.then("url"), &consent.url, Stage::Begin);
    }
    wire::renames(cx, &path.then("rename"), &consent.rename, &OWN);
    for (index, name) in consent.omit.iter().enumerate() {
        if !["client_id", "redirect_uri"].contains(&name.as_str()) {
            let message = format!("`{}` is not a parameter that can be left out here", shown(name));
            let finding = Finding::new("value", path.then("omit").then(index), message);
            cx.report(finding.help("`client_id` and `redirect_uri` can be"));
        }
    }
    let taken = |name: &str| {
        let renamed = |own: &&str| {
            let other = consent.rename.iter().find(|(from, _)| from == own);
            other.map_or(*own, |(_, to)| to.as_str()) == name
        };
        OWN.iter().filter(|own| !consent.omit.iter().any(|omitted| omitted == *own)).any(renamed)
    };
    // The address goes through the browser: nothing secret stands in it.
    let reach = Reach { random: false, ..Reach::AUTHORIZE };
    wire::params(cx, spec, &path.then("params"), &consent.params, reach, taken);
    for (section, names) in [("granted", &consent.granted), ("keep", &consent.keep)] {
        for (name, _) in names {
            let entry = at!["consent", section, name];
            if ANSWER.contains(&name.as_str()) {
                let message = format!("`{name}` of an answer is read by the client itself");
                cx.report(Finding::new("reserved-parameter", entry, message).on_key().help("remove it"));
            } else {
                wire::param_name(cx, &entry, name);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::{acme, faults};
    use crate::spec::ProviderSpec;

    fn file(consent: &str) -> String {
        acme(&format!("consent: {{url: \"https://acme.example/consent\"{consent}}}\n"))
    }

    #[test]
    fn a_page_of_its_own() {
        assert_eq!(ProviderSpec::from_yaml(&acme("")).unwrap().consent, None);
        let text = file(
            ", params: {app: \"{client_id}\"}, rename: {state: st}, omit: [client_id], granted: {ok: \"1\"}, keep: {tenant: Who}",
        );
        let spec = ProviderSpec::from_yaml(&text).unwrap_or_else(|faults| panic!("{faults}"));
        assert_eq!(spec.capabilities(), ["authorize", "refresh", "consent"]);
        assert_eq!(ProviderSpec::from_json(&spec.to_json()).unwrap(), spec);
        let other =
            text.replace("\nendpoints", "\nenvironments: {test: {hosts: {acme.example: test.example}}}\nendpoints");
        let other = ProviderSpec::from_yaml(&other).unwrap_or_else(|faults| panic!("{faults}"));
        assert_eq!(other.in_environment("test").unwrap().consent.unwrap().url.as_str(), "https://test.example/consent");
    }

    #[test]
    fn what_cannot_be_is_refused() {
        for (yaml, says) in [
            (", omit: [state]", "can be left out"),
            (", params: {state: x}", "`state` is set by the client itself"),
            (", rename: {state: s}, params: {s: x}", "`s` is set by the client itself"),
            (", rename: {scope: s}", "`scope` cannot be renamed"),
            (", params: {key: \"{client_secret}\"}", "client secret"),
            (", keep: {code: x}", "read by the client itself"),
            (", granted: {error: x}", "read by the client itself"),
            (", keep: {\"a b\": x}", "cannot name a parameter"),
            (", kep: {}", "did you mean `keep`?"),
        ] {
            let found = faults(&file(yaml));
            assert!(found.len() == 1 && found[0].contains(says), "{yaml}: {found:#?}");
        }
        let found = faults(&acme("consent: {}\n"));
        assert!(found.len() == 1 && found[0].contains("`consent.url` is missing"), "{found:#?}");
        let found = faults(&acme("consent: {url: \"http://acme.example/c\"}\n"));
        assert!(found.len() == 1 && found[0].contains("https"), "{found:#?}");
    }
}
