//! What becomes of the authorization request beyond its parameters: it is pushed, it is signed, it names resources, and its
//! answer brings an ID token.

use crate::fault::{Finding, at, shown};
use crate::schema;
use crate::spec::{MintedAlg, ProviderSpec, RequestObject, Template};

use super::cx::Cx;
use super::templates::{Reach, holes};

/// What RFC 8707 and a claim may have of settings: nothing that is drawn anew.
const REACH: Reach<'_> = Reach { random: false, client_id: false, ..Reach::AUTHORIZE };

/// A longer one is one in other units.
const LONGEST: u64 = 3600;

pub(super) fn lower(cx: &mut Cx<'_>, object: &schema::RequestObject) -> RequestObject {
    let path = at!["authorize", "request_object"];
    RequestObject {
        alg: object.alg.unwrap_or_else(|| {
            cx.missing(&path.then("alg"), "say how the object is signed: `alg: ES256`");
            MintedAlg::Es256
        }),
        kid: cx.maybe_template(&path.then("kid"), object.kid.as_deref()),
        audience: cx.maybe_template(&path.then("audience"), object.audience.as_deref()),
        lifetime: object.lifetime.unwrap_or(RequestObject::LIFETIME),
    }
}

pub(super) fn lower_resources(cx: &mut Cx<'_>, resources: &[String]) -> Vec<Template> {
    let path = at!["authorize", "resource"];
    let indices = cx.indices(&path, resources.len());
    resources.iter().zip(indices).map(|(text, index)| cx.template(&path.then(index), text)).collect()
}

/// RFC 9126 section 2: a request is pushed to the pushed authorization request endpoint.
pub(super) fn pushing_has_its_endpoint(cx: &mut Cx<'_>, spec: &ProviderSpec) {
    let endpoints = &spec.endpoints;
    let path = at!["authorize", "push"];
    let known = endpoints.pushed_authorization.is_some()
        || endpoints.discovery
        || cx.is_removed(&at!["endpoints", "pushed_authorization"]);
    if cx.has(&path) && !known {
        let finding =
            Finding::new("missing-endpoint", path, "`authorize.push` needs `endpoints.pushed_authorization`").on_key();
        cx.report(finding.help("add the endpoint (RFC 9126 section 2), or remove the line"));
    } else if endpoints.pushed_authorization.is_some() && !endpoints.authorizes() {
        let path = at!["endpoints", "pushed_authorization"];
        let finding =
            Finding::new("missing-endpoint", path, "a pushed request goes on at `endpoints.authorization`").on_key();
        cx.report(finding.help("add the authorization endpoint, or remove the line"));
    }
}

/// RFC 8707 section 2: a resource "MUST be an absolute URI" and "MUST NOT include a fragment component".
pub(super) fn resources_are_absolute(cx: &mut Cx<'_>, spec: &ProviderSpec) {
    let path = at!["authorize", "resource"];
    let resources = &spec.authorize.resource;
    for (index, resource) in resources.iter().enumerate() {
        let entry = path.then(index);
        let text = resource.as_str();
        let scheme = text.split_once(':').map_or("", |(scheme, _)| scheme);
        let has_scheme = scheme.starts_with(|first: char| first.is_ascii_alphabetic())
            && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
        let is_absolute = (has_scheme || text.starts_with('{')) && !text.ends_with(':');
        if !is_absolute || text.contains(|c: char| c == '#' || c.is_control() || c == ' ') {
            let message = format!("`{}` is not an absolute URI without fragment", shown(text));
            let finding = Finding::new("resource", entry, message);
            cx.report(finding.help("write it in full, as `https://api.acme.example/` (RFC 8707 section 2)"));
            continue;
        }
        holes(cx, spec, &entry, resource, REACH);
        if resources[..index].contains(resource) {
            let finding = Finding::new("duplicate", entry, format!("`{}` stands here a second time", shown(text)));
            cx.report(finding.help("keep one"));
        }
    }
    let param = at!["authorize", "params", "resource"];
    if !resources.is_empty() && cx.has(&param) {
        let finding = Finding::new("duplicate", param, "`resource` is a key of `authorize` already").on_key();
        cx.report(finding.help("keep the one under `authorize.resource`").see("it is here", path));
    }
}

/// RFC 9101 section 4: "the value of `aud` should be the value of the authorization server's issuer identifier"; the object
/// has an end, so that nobody uses it again later (section 10.2).
pub(super) fn request_object_is_sound(cx: &mut Cx<'_>, spec: &ProviderSpec) {
    let Some(object) = &spec.authorize.request_object else { return };
    let path = at!["authorize", "request_object"];
    for (key, template) in [("kid", &object.kid), ("audience", &object.audience)] {
        if let Some(template) = template {
            holes(cx, spec, &path.then(key), template, REACH);
        }
    }
    if object.audience.is_none() && spec.endpoints.issuer.is_none() && !cx.is_removed(&at!["endpoints", "issuer"]) {
        cx.missing(&path.then("audience"), "whom the object is for: `audience: https://...`, or `endpoints.issuer`");
    }
    if object.lifetime == 0 || object.lifetime > LONGEST {
        let message = format!("{} seconds are no lifetime of a request object", object.lifetime);
        let finding = Finding::new("lifetime", path.then("lifetime"), message);
        cx.report(finding.help(format!("write a number from 1 to {LONGEST}")));
    }
}

/// OpenID Connect Core sections 3.3.2.11 and 3.3.2.12: the ID token of a hybrid answer has a nonce and is verified, and
/// OAuth 2.0 Multiple Response Types section 5 has no tokens in a query.
pub(super) fn a_hybrid_answer_is_verified(cx: &mut Cx<'_>, spec: &ProviderSpec) {
    if !spec.authorize.is_hybrid() {
        return;
    }
    let path = at!["authorize", "response_type"];
    let mut fail = |message: &str, help: &str| {
        cx.report(Finding::new("response-type", path.clone(), message).help(help));
    };
    if spec.openid.as_ref().is_none_or(|openid| !openid.nonce) {
        fail("an ID token beside the code needs `openid`, with its nonce", "add the section `openid`");
    }
    if !spec.authorize.is_form_post() {
        fail("an ID token beside the code does not go through a query", "add `response_mode: form_post`");
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::{acme, faults};

    fn found(authorize: &str, endpoints: &str) -> Vec<String> {
        faults(
            &acme(&format!("authorize: {authorize}\n"))
                .replace("{authorization", &format!("{{{endpoints}authorization")),
        )
    }

    #[test]
    fn a_pushed_request_needs_its_endpoint() {
        for word in ["required", "supported", "asked"] {
            let faults = found(&format!("{{push: {word}}}"), "");
            assert!(faults.len() == 1 && faults[0].contains("needs `endpoints.pushed_authorization`"), "{faults:#?}");
            let endpoint = "pushed_authorization: \"https://acme.example/par\", ";
            assert_eq!(found(&format!("{{push: {word}}}"), endpoint), [""; 0]);
        }
        let faults = found("{push: always}", "");
        assert!(faults.len() == 1 && faults[0].contains("is not a value of `authorize.push`"), "{faults:#?}");
    }

    #[test]
    fn a_resource_is_an_absolute_uri() {
        for wrong in ["api", "/api", "https://acme.example/#x", "https://acme.example/a b", "", "urn:", "1:x"] {
            let faults = found(&format!("{{resource: [\"{wrong}\"]}}"), "");
            assert!(faults.len() == 1 && faults[0].contains("is not an absolute URI"), "{wrong}: {faults:#?}");
        }
        let sound = "{resource: [\"https://acme.example/mcp\", \"urn:acme:api\", \"api://acme\"]}";
        assert_eq!(found(sound, ""), [""; 0]);
        let faults = found("{resource: [\"urn:a:b\", \"urn:a:b\"], params: {resource: \"urn:a:b\"}}", "");
        assert!(faults.len() == 2 && faults.iter().all(|fault| fault.contains("duplicate")), "{faults:#?}");
        let faults = found("{resource: [\"https://{tenant}.acme.example\"]}", "");
        assert!(faults.len() == 1 && faults[0].contains("{tenant}"), "{faults:#?}");
    }

    #[test]
    fn cr_13_a_request_object_is_signed_for_somebody_and_ends() {
        let issuer = "issuer: \"https://acme.example\", ";
        assert_eq!(found("{request_object: {alg: ES256}}", issuer), [""; 0]);
        assert_eq!(found("{request_object: {alg: ES256, kid: k, audience: \"https://acme.example/as\"}}", ""), [""; 0]);
        for (object, expected) in [
            ("{alg: none}", "is not a value of `authorize.request_object.alg`"),
            ("{alg: HS256}", "is not a value of `authorize.request_object.alg`"),
            ("{kid: k}", "`authorize.request_object.alg` is missing"),
            ("{alg: ES256, lifetime: 0}", "no lifetime of a request object"),
            ("{alg: ES256, lifetime: 86400}", "no lifetime of a request object"),
            ("{alg: ES256, kid: \"{client_secret}\"}", "client_secret"),
        ] {
            let faults = found(&format!("{{request_object: {object}}}"), issuer);
            assert!(faults.len() == 1 && faults[0].contains(expected), "{object}: {faults:#?}");
        }
        let faults = found("{request_object: {alg: ES256}}", "");
        assert!(
            faults.len() == 1 && faults[0].contains("`authorize.request_object.audience` is missing"),
            "{faults:#?}"
        );
    }

    #[test]
    fn an_id_token_beside_the_code_is_verified_and_in_no_query() {
        let faults = found("{response_type: \"code id_token\"}", "");
        assert!(
            faults.len() == 2 && faults[0].contains("needs `openid`") && faults[1].contains("query"),
            "{faults:#?}"
        );
        let yaml = "openid: {issuer: \"https://acme.example\", jwks: \"https://acme.example/keys\"}\nauthorize: {response_type: \"code id_token\", response_mode: form_post}\n";
        assert_eq!(crate::check::testing::faults(&acme(yaml)), [""; 0]);
    }
}
