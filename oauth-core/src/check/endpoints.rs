use crate::fault::{Finding, at};
use crate::schema;
use crate::spec::{Endpoints, ProviderSpec};

use super::address::{Stage, address};
use super::cx::{Cx, top};

pub(super) fn lower(cx: &mut Cx<'_>, endpoints: Option<schema::Endpoints>) -> Endpoints {
    let Some(endpoints) = endpoints else {
        cx.missing(
            &top("endpoints"),
            "say where the provider is: `endpoints: {authorization: https://..., token: https://...}`",
        );
        return Endpoints::default();
    };
    let mut address = |key: &str, given: Option<&str>| cx.maybe_template(&at!["endpoints", key], given);
    Endpoints {
        authorization: address("authorization", endpoints.authorization.as_deref()),
        token: address("token", endpoints.token.as_deref()),
        revocation: address("revocation", endpoints.revocation.as_deref()),
        device_authorization: address("device_authorization", endpoints.device_authorization.as_deref()),
        backchannel_authentication: address(
            "backchannel_authentication",
            endpoints.backchannel_authentication.as_deref(),
        ),
        introspection: address("introspection", endpoints.introspection.as_deref()),
        pushed_authorization: address("pushed_authorization", endpoints.pushed_authorization.as_deref()),
        end_session: address("end_session", endpoints.end_session.as_deref()),
        registration: address("registration", endpoints.registration.as_deref()),
        issuer: address("issuer", endpoints.issuer.as_deref()),
        iss_in_callback: endpoints.iss_in_callback,
        discovery: endpoints.discovery,
        hosts: endpoints.hosts,
    }
}

/// RFC 6749 section 3: the authorization code of the authorization endpoint is redeemed at the token endpoint, and each
/// other grant begins there. Without a token endpoint there is nothing a client could do.
pub(super) fn a_grant_has_its_endpoint(cx: &mut Cx<'_>, spec: &ProviderSpec) {
    if !spec.endpoints.has_token() && cx.has(&top("endpoints")) {
        cx.missing(
            &at!["endpoints", "token"],
            "every grant needs the token endpoint (RFC 6749 section 3.2): `token: https://...`",
        );
    }
    let without_login = !spec.endpoints.authorizes() && !cx.is_removed(&at!["endpoints", "authorization"]);
    for section in ["authorize", "callback"] {
        if without_login && cx.has(&top(section)) && cx.has(&top("endpoints")) {
            let finding =
                Finding::new("missing-endpoint", top(section), format!("`{section}` needs `endpoints.authorization`"))
                    .on_key();
            cx.report(finding.help("add the authorization endpoint, or remove the section"));
        }
    }
}

/// RFC 6749 sections 3.1 and 3.2: the endpoints are reached over TLS and their addresses have no fragment. RFC 8414
/// section 2: an issuer has neither query nor fragment.
pub(super) fn addresses_are_safe(cx: &mut Cx<'_>, spec: &ProviderSpec) {
    let endpoints = &spec.endpoints;
    let all = [
        ("authorization", &endpoints.authorization, Stage::Begin),
        ("token", &endpoints.token, Stage::Exchange),
        ("revocation", &endpoints.revocation, Stage::Revoke),
        ("device_authorization", &endpoints.device_authorization, Stage::Begin),
        ("backchannel_authentication", &endpoints.backchannel_authentication, Stage::Begin),
        ("introspection", &endpoints.introspection, Stage::Exchange),
        ("pushed_authorization", &endpoints.pushed_authorization, Stage::Begin),
        ("end_session", &endpoints.end_session, Stage::Begin),
        ("registration", &endpoints.registration, Stage::Begin),
        ("issuer", &endpoints.issuer, Stage::Begin),
    ];
    for (key, template, stage) in all {
        if let Some(template) = template {
            address(cx, spec, &at!["endpoints", key], template, stage);
        }
    }
    if let Some(issuer) = endpoints.issuer.as_ref().filter(|issuer| issuer.as_str().contains('?')) {
        let path = at!["endpoints", "issuer"];
        let finding = Finding::new("address", path, "an issuer has no query (RFC 8414 section 2)");
        cx.report(finding.help(format!(
            "write what the provider's metadata has as `issuer`, without `{}`",
            issuer.as_str().split_once('?').map_or("", |_| "?...")
        )));
    }
}

/// RFC 9207 section 2.4: a client compares `iss` with the issuer that it expects, so it has to know it.
pub(super) fn iss_needs_an_issuer(cx: &mut Cx<'_>, spec: &ProviderSpec) {
    if spec.endpoints.iss_in_callback && spec.endpoints.issuer.is_none() && !cx.is_removed(&at!["endpoints", "issuer"])
    {
        let finding = Finding::new(
            "missing-endpoint",
            at!["endpoints", "iss_in_callback"],
            "`iss_in_callback` needs `issuer`, the value that `iss` has",
        );
        cx.report(finding.on_key().help("add `issuer: https://...` (RFC 9207 section 2.4)"));
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::{acme, faults};

    #[test]
    fn a_grant_needs_its_endpoint() {
        let file = |endpoints: &str, more: &str| {
            faults(&format!("id: acme\nname: Acme\ndocs: https://acme.example\nchecked: 2026-11-21\n{endpoints}{more}"))
        };
        let found = file("", "");
        assert!(found.len() == 1 && found[0].contains("`endpoints` is missing"), "{found:#?}");
        let found = file("endpoints: {authorization: \"https://acme.example/a\"}\n", "");
        assert!(found.len() == 1 && found[0].contains("`endpoints.token` is missing"), "{found:#?}");
        assert!(found[0].contains("acme.yaml:5:1"), "{found:#?}");
        let found = file("endpoints: {token: \"https://acme.example/t\"}\n", "authorize: {}\ncallback: {}\n");
        assert!(found.len() == 2 && found[1].contains("`callback` needs `endpoints.authorization`"), "{found:#?}");
        assert_eq!(file("endpoints: {token: \"https://acme.example/t\"}\n", ""), [""; 0]);
    }

    #[test]
    fn an_issuer_is_known_and_has_no_query() {
        let found = faults(&acme("").replace("{authorization", "{iss_in_callback: true, authorization"));
        assert!(found.len() == 1 && found[0].contains("`iss_in_callback` needs `issuer`"), "{found:#?}");
        let issuer = |issuer: &str| {
            faults(&acme("").replace("{authorization", &format!("{{issuer: \"{issuer}\", authorization")))
        };
        let found = issuer("https://acme.example?x=y");
        assert!(found.len() == 1 && found[0].contains("an issuer has no query"), "{found:#?}");
        assert_eq!(issuer("https://acme.example"), [""; 0]);
    }
}
