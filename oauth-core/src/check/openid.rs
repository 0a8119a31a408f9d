use crate::fault::{Finding, at, shown};
use crate::schema;
use crate::spec::{Hole, OpenId, ProviderSpec, SigningAlg};

use super::address::{Stage, address};
use super::cx::{Cx, top};

pub(super) fn lower(cx: &mut Cx<'_>, openid: Option<schema::OpenId>) -> Option<OpenId> {
    let openid = openid?;
    Some(OpenId {
        issuer: cx.maybe_template(&at!["openid", "issuer"], openid.issuer.as_deref()),
        also_issuers: openid.also_issuers,
        jwks: cx.maybe_template(&at!["openid", "jwks"], openid.jwks.as_deref()),
        algs: openid.algs.unwrap_or_else(|| vec![SigningAlg::RS256]),
        nonce: openid.nonce.unwrap_or(true),
        auth_time: openid.auth_time.unwrap_or(true),
        required: openid.required,
    })
}

/// OpenID Connect Core section 3.1.3.7: a client compares `iss` with the issuer, checks the signature with that issuer's
/// keys and takes no algorithm but the expected ones (RFC 8725 section 3.1).
pub(super) fn identity_is_sound(cx: &mut Cx<'_>, spec: &ProviderSpec) {
    let Some(openid) = &spec.openid else { return };
    let path = top("openid");
    if openid.issuer.is_none() && spec.endpoints.issuer.is_none() && !cx.is_touched(&top("endpoints")) {
        cx.missing(
            &path.then("issuer"),
            "say who issues the ID tokens: `issuer: https://...`, here or under `endpoints`",
        );
    }
    if let Some(issuer) = &openid.issuer {
        if issuer.as_str().contains('?') {
            let finding = Finding::new("address", path.then("issuer"), "an issuer has no query (RFC 8414 section 2)");
            cx.report(finding.help("write what the provider's ID tokens have as `iss`"));
        }
        // A claim stands for a GUID: any will do to look at the address.
        let filled = issuer.fill_claims("00000000-0000-0000-0000-000000000000");
        address(cx, spec, &path.then("issuer"), &filled, Stage::Begin);
    }
    let by_claim = openid.issuer.as_ref().or(spec.endpoints.issuer.as_ref()).is_some_and(has_claim);
    if by_claim && openid.jwks.is_none() {
        cx.missing(
            &path.then("jwks"),
            "an issuer that differs from token to token has no metadata: `jwks: https://...`",
        );
    }
    let shared = |alg: &SigningAlg| matches!(alg, SigningAlg::HS256 | SigningAlg::HS384 | SigningAlg::HS512);
    let found = spec.endpoints.discovery || openid.algs.iter().all(shared);
    if openid.jwks.is_none() && !found && !by_claim {
        cx.missing(&path.then("jwks"), "say where the keys are: `jwks: https://...`, or `endpoints.discovery: true`");
    }
    if let Some(jwks) = &openid.jwks {
        address(cx, spec, &path.then("jwks"), jwks, Stage::Begin);
    }
    for (at, issuer) in openid.also_issuers.iter().enumerate() {
        if issuer.trim().is_empty() || issuer.contains(['{', '}', '*', '?', '#', ' ']) {
            let finding = Finding::new(
                "value",
                at!["openid", "also_issuers", at],
                format!("`{}` is not an exact issuer", shown(issuer)),
            );
            cx.report(finding.help("an `iss` is compared byte for byte: write it as the provider's ID tokens have it"));
        }
    }
    if openid.algs.is_empty() && !cx.is_touched(&path.then("algs")) {
        cx.report(Finding::new("value", path.then("algs"), "no algorithm is allowed").help("write `algs: [RS256]`"));
    }
}

fn has_claim(template: &crate::spec::Template) -> bool {
    template.holes().any(|hole| matches!(hole, Hole::Claim(_)))
}

/// OpenID Connect Discovery section 4: the metadata is at the issuer's address and says where all else is.
pub(super) fn discovery_has_an_issuer(cx: &mut Cx<'_>, spec: &ProviderSpec) {
    let endpoints = &spec.endpoints;
    if !endpoints.discovery {
        return;
    }
    if endpoints.issuer.is_none() && !cx.is_removed(&at!["endpoints", "issuer"]) {
        cx.missing(&at!["endpoints", "issuer"], "metadata is found by the issuer: `issuer: https://...`");
    }
    for (key, given) in [("authorization", endpoints.authorization.is_some()), ("token", endpoints.token.is_some())] {
        if given {
            let finding = Finding::new(
                "endpoint",
                at!["endpoints", key],
                format!("`endpoints.{key}` is given twice: here and by `discovery`"),
            );
            cx.report(finding.on_key().help("remove one of the two"));
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::{acme, faults};

    #[test]
    fn an_identity_has_an_issuer() {
        let found = faults(&acme("openid: {jwks: \"https://acme.example/keys\"}\n"));
        assert!(found.len() == 1 && found[0].contains("`openid.issuer` is missing"), "{found:#?}");
        assert_eq!(
            faults(&acme("openid: {issuer: \"https://acme.example\", jwks: \"https://acme.example/keys\"}\n")),
            [""; 0]
        );
        let tenant = "openid: {issuer: \"https://acme.example/{claim.tid}/v2\", jwks: \"https://acme.example/keys\"}\n";
        assert_eq!(faults(&acme(tenant)), [""; 0]);
        let found = faults(&acme("openid: {issuer: \"https://acme.example/{claim.tid}/v2\"}\n"));
        assert!(found.len() == 1 && found[0].contains("`openid.jwks` is missing"), "{found:#?}");
        let found = faults(&acme(
            "openid: {issuer: \"http://acme.example\", jwks: \"https://acme.example/keys\", algs: [none], also_issuers: [\"*\"]}\n",
        ));
        assert_eq!(found.len(), 3, "{found:#?}");
        let found = faults(&acme(
            "openid: {issuer: \"https://acme.example\", jwks: \"https://acme.example/keys\", nonce: false}\n",
        ));
        assert!(found.len() == 1 && found[0].contains("no entry of `quirks` says why"), "{found:#?}");
    }

    #[test]
    fn the_keys_are_somewhere() {
        let found = faults(&acme("openid: {issuer: \"https://acme.example\"}\n"));
        assert!(found.len() == 1 && found[0].contains("`openid.jwks` is missing"), "{found:#?}");
        assert_eq!(faults(&acme("openid: {issuer: \"https://acme.example\", algs: [HS256]}\n")), [""; 0]);
    }

    #[test]
    fn a_claim_stands_in_an_issuer_only() {
        let found =
            faults(&acme("openid: {issuer: \"https://acme.example\", jwks: \"https://acme.example/{claim.tid}\"}\n"));
        assert!(found.len() == 1 && found[0].contains("{claim.tid}"), "{found:#?}");
    }

    #[test]
    fn discovery_takes_the_place_of_endpoints() {
        let file = |endpoints: &str| {
            faults(&format!(
                "id: acme\nname: Acme\ndocs: https://acme.example\nchecked: 2026-11-21\nendpoints: {endpoints}\n"
            ))
        };
        assert_eq!(file("{issuer: \"https://acme.example\", discovery: true}"), [""; 0]);
        let found = file("{discovery: true}");
        assert!(found.len() == 1 && found[0].contains("`endpoints.issuer` is missing"), "{found:#?}");
        let found = file("{issuer: \"https://acme.example\", discovery: true, token: \"https://acme.example/t\"}");
        assert!(found.len() == 1 && found[0].contains("is given twice"), "{found:#?}");
    }
}
