use crate::fault::{Finding, at};
use crate::schema;
use crate::spec::{LoopbackRule, ProviderSpec, Redirect, StatePlace};

use super::Cx;

pub(super) fn lower(redirect: &schema::Redirect) -> Redirect {
    Redirect {
        https: redirect.https,
        loopback: redirect.loopback.unwrap_or_default(),
        query: redirect.query.unwrap_or(true),
        max_length: redirect.max_length,
    }
}

/// Some redirect URI fits the limits (RFC 6749 section 3.1.2), and a state that travels in its query has one.
pub(super) fn some_address_fits(cx: &mut Cx<'_>, spec: &ProviderSpec) {
    let redirect = &spec.redirect;
    // `https://a.example/`, and the characters of a state in the query where it travels there.
    let shortest =
        if spec.authorize.state.place == StatePlace::RedirectUri { 18 + 7 + spec.authorize.state.length } else { 18 };
    if redirect.max_length.is_some_and(|length| length < shortest) {
        let finding = Finding::new("redirect", at!["redirect", "max_length"], "no redirect URI is that short");
        cx.report(finding.help(format!("write the limit in characters, {shortest} at least")));
    }
    if redirect.loopback == LoopbackRule::Only && redirect.https {
        let finding =
            Finding::new("redirect", at!["redirect", "https"], "an address on the user's machine has no certificate");
        cx.report(finding.on_key().help("remove `https`, or correct `loopback` (RFC 8252 section 7.3)"));
    }
    if !redirect.query && spec.authorize.state.place == StatePlace::RedirectUri {
        let finding = Finding::new(
            "redirect",
            at!["redirect", "query"],
            "`state` travels in the query of the redirect URI, which may have none",
        );
        cx.report(
            finding
                .on_key()
                .help("remove the line, or `in: redirect_uri`")
                .see("the place of `state` is", at!["authorize", "state", "in"]),
        );
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::{acme, faults};

    #[test]
    fn limits_leave_something() {
        for (yaml, expected) in [
            ("redirect: {max_length: 3}", "no redirect URI is that short"),
            ("redirect: {max_length: 40}\nauthorize: {state: {in: redirect_uri}}", "47 at least"),
            ("redirect: {loopback: only, https: true}", "has no certificate"),
            ("redirect: {loopback: maybe}", "is not a value of `redirect.loopback`"),
            ("redirect: {query: false}\nauthorize: {state: {in: redirect_uri}}", "which may have none"),
        ] {
            let found = faults(&acme(&format!("{yaml}\n")));
            assert!(found.len() == 1 && found[0].contains(expected), "{yaml}: {found:#?}");
        }
        let sound = "redirect: {https: true, loopback: refused, query: false, max_length: 512}\n";
        assert_eq!(faults(&acme(sound)), [""; 0]);
    }
}
