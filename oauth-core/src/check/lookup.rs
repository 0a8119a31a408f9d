//! `token.lookup`: the request right after the exchange.

use crate::fault::{Finding, at};
use crate::schema::{self, Entries};
use crate::spec::{Lookup, ProviderSpec};

use super::address::Stage;
use super::cx::Cx;
use super::fetch::{self, Parts};
use super::response::{extra_is_sound, lower_extras};
use super::templates::Reach;
use super::token::{list_of_pointers, pointers};

pub(super) fn lower(cx: &mut Cx<'_>, lookup: schema::Lookup) -> Lookup {
    let path = at!["token", "lookup"];
    let schema::Lookup { request, query, headers, at, extras } = lookup;
    let parts = Parts { request, query, headers, body: Entries::default(), format: None };
    Lookup {
        request: fetch::lower(cx, &path, parts),
        at: pointers(at),
        extras: lower_extras(cx, &path.then("extras"), extras),
    }
}

/// The request carries the new token: its address is as safe as an endpoint's. What it brings is an extra like those of
/// the token response, and has a name of its own.
pub(super) fn lookup_is_sound(cx: &mut Cx<'_>, spec: &ProviderSpec) {
    let Some(lookup) = &spec.token.lookup else { return };
    let path = at!["token", "lookup"];
    let reaches = (Reach::LOOKUP, Reach::LOOKUP_HEADER);
    fetch::is_sound(cx, spec, &path, &lookup.request, Stage::Lookup, reaches);
    list_of_pointers(cx, &path, &lookup.at);
    let extras = path.then("extras");
    if lookup.extras.is_empty() && !cx.is_touched(&extras) {
        cx.missing(&extras, "name what it looks up: `extras: {api_endpoint: {type: url, hosts: [api.example.com]}}`");
    }
    for extra in &lookup.extras {
        extra_is_sound(cx, &extras, extra);
        // What is looked up is kept under its name, in place of the token response's member of that name.
        let first = |at: &str| at.strip_prefix('/').and_then(|at| at.split('/').next()) == Some(extra.name.as_str());
        let mut others = spec.token.response.extras.iter();
        if let Some(other) = others.find(|other| other.name == extra.name || first(&other.at)) {
            let finding = Finding::new(
                "duplicate-name",
                extras.then(&extra.name),
                format!("the token response has an extra `{}` as well", extra.name),
            );
            let other = at!["token", "response", "extras", &other.name];
            cx.report(
                finding.on_key().help("give one of them another name; `at` says where it is").see("that one is", other),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::{acme, faults};

    #[test]
    fn what_is_looked_up_is_an_extra() {
        let sound = "token: {lookup: {request: GET https://acme.example/metadata, query: {a: b}, headers: {Authorization: \"OAuth {access_token}\"}, at: /data, extras: {api_endpoint: {type: url, at: /url, hosts: [api.acme.example]}}}}\napi: {base_url: \"{token.api_endpoint}/v3\"}\nrefresh: {params: {e: \"{token.api_endpoint}\"}}\n";
        assert_eq!(faults(&acme(sound)), [""; 0]);
    }

    #[test]
    fn faults_of_lookups() {
        let get = "request: GET https://acme.example/metadata";
        for (lookup, expected) in [
            ("extras: {a: {type: string}}".to_owned(), "`token.lookup.request` is missing"),
            (get.to_owned(), "`token.lookup.extras` is missing"),
            ("request: GET http://acme.example/m, extras: {a: {type: string}}".to_owned(), "the address is not https"),
            (format!("{get}, extras: {{a: {{type: url, hosts: [example]}}}}"), "is not a host name"),
            (format!("{get}, extras: {{a: {{type: string}}}}, query: {{q: \"{{token.a}}\"}}"), "comes after"),
            (format!("{get}, extras: {{a: {{type: string}}}}, query: {{q: \"{{access_token}}\"}}"), "may not stand in"),
            (
                format!("{get}, extras: {{a: {{type: string}}}}, headers: {{Authorization: Basic}}"),
                "set by the client itself",
            ),
            (format!("{get}, extras: {{type: {{type: string}}}}"), "cannot name an extra"),
        ] {
            let found = faults(&acme(&format!("token: {{lookup: {{{lookup}}}}}\n")));
            assert!(found.len() == 1 && found[0].contains(expected), "{lookup}: {found:#?}");
        }
        let twice = format!(
            "token: {{response: {{extras: {{a: {{type: string}}}}}}, lookup: {{{get}, extras: {{a: {{type: string}}}}}}}}\n"
        );
        let found = faults(&acme(&twice));
        assert!(found.len() == 1 && found[0].contains("the token response has an extra `a` as well"), "{found:#?}");
        let found = faults(&acme(&twice.replacen("{a: {type: string}}", "{b: {type: string, at: /a/b}}", 1)));
        assert!(found.len() == 1 && found[0].contains("the token response has an extra `a` as well"), "{found:#?}");
        let upgrade = format!(
            "token: {{upgrade: {{url: \"https://acme.example\", grant_type: x, params: {{a: \"{{token.a}}\"}}}}, lookup: {{{get}, extras: {{a: {{type: string}}}}}}}}\n"
        );
        let found = faults(&acme(&upgrade));
        assert!(found.len() == 1 && found[0].contains("the lookup comes after"), "{found:#?}");
    }
}
