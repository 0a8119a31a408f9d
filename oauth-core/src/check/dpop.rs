use crate::fault::{Finding, at};
use crate::schema::{self, WordOr};
use crate::spec::{Dpop, DpopSupport, Placement, ProviderSpec, SigningAlg};

use super::cx::{Cx, top};

pub(super) fn lower(cx: &mut Cx<'_>, dpop: Option<schema::Dpop>) -> Option<Dpop> {
    let full = match dpop? {
        WordOr::Word(support) => return Some(Dpop { support, alg: SigningAlg::ES256 }),
        WordOr::Full(full) => full,
    };
    let support = full.support.unwrap_or_else(|| {
        cx.missing(
            &at!["dpop", "support"],
            "write `support: required`, or `supported` where Bearer tokens come as well",
        );
        DpopSupport::Required
    });
    Some(Dpop { support, alg: full.alg.unwrap_or(SigningAlg::ES256) })
}

/// RFC 9449 section 4.2: `alg` "MUST NOT be `none` or an identifier for a symmetric algorithm (Message Authentication Code
/// (MAC))"; a key is drawn for each login, which is too slow for RSA. Section 7.1: the token stands in the `Authorization`
/// header.
pub(super) fn proofs_are_sound(cx: &mut Cx<'_>, spec: &ProviderSpec) {
    let Some(dpop) = &spec.dpop else { return };
    if !matches!(dpop.alg, SigningAlg::ES256 | SigningAlg::ES384 | SigningAlg::ES512 | SigningAlg::EdDSA) {
        let message = format!("`{}` is no algorithm for a key that is drawn for each login", dpop.alg.as_str());
        let finding = Finding::new("dpop", at!["dpop", "alg"], message);
        cx.report(finding.help("it is one of `ES256`, `ES384`, `ES512`, `EdDSA`"));
    }
    if spec.token.placement != Placement::default() && !cx.is_touched(&at!["token", "placement"]) {
        let message = "a token with a proof stands behind `Authorization: DPoP`, and nowhere else";
        let finding = Finding::new("dpop", at!["token", "placement"], message).on_key();
        cx.report(finding.help("remove `token.placement`, or `dpop`"));
    }
    if spec.token.bound.is_some() && !cx.is_touched(&at!["token", "bound"]) {
        let message = "a token is bound to a certificate or to a key of its own, not to both";
        cx.report(
            Finding::new("dpop", at!["token", "bound"], message).on_key().help("remove `token.bound`, or `dpop`"),
        );
    }
    if spec.mechanisms.session_login.is_some() && !cx.is_touched(&top("token")) {
        let message = "what a session login gives is bound to no key";
        let finding = Finding::new("dpop", at!["token", "session"], message).on_key();
        cx.report(finding.help("remove `token.session`, or `dpop`"));
    }
}

#[cfg(test)]
mod tests {
    use crate::ProviderSpec;
    use crate::check::testing::{acme, faults};
    use crate::spec::{DpopSupport, SigningAlg};

    #[test]
    fn a_word_or_a_map() {
        let dpop = |text: &str| ProviderSpec::from_yaml(&acme(text)).unwrap_or_else(|faults| panic!("{faults}")).dpop;
        assert_eq!(dpop(""), None);
        let required = dpop("dpop: required\n").unwrap();
        assert_eq!((required.support, required.alg), (DpopSupport::Required, SigningAlg::ES256));
        let full = dpop("dpop: {support: supported, alg: EdDSA}\n").unwrap();
        assert_eq!((full.support, full.alg), (DpopSupport::Supported, SigningAlg::EdDSA));
    }

    #[test]
    fn cr_08_proofs_are_sound() {
        for (yaml, expected) in [
            ("dpop: yes please\n", "is not a value of `dpop`"),
            ("dpop: {alg: ES256}\n", "`dpop.support` is missing"),
            ("dpop: {support: required, alg: HS256}\n", "`HS256` is no algorithm"),
            ("dpop: {support: required, alg: RS256}\n", "`RS256` is no algorithm"),
            ("dpop: required\ntoken: {placement: {header: X-Token}}\n", "behind `Authorization: DPoP`"),
            ("dpop: required\ntoken: {bound: mtls}\n", "not to both"),
            ("client_auth: mtls\ntoken: {request: {params: {s: \"{client_secret}\"}}}\n", "may not stand in"),
        ] {
            let found = faults(&acme(yaml));
            assert!(found.len() == 1 && found[0].contains(expected), "{yaml}: {found:#?}");
        }
    }
}
