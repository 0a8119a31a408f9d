//! Answers that the provider signs: the callback, `UserInfo`, what it says of a token.

use crate::fault::{Finding, Path, at};
use crate::spec::{Hole, ProfileFrom, ProviderSpec, StatePlace};

use super::cx::{Cx, top};

/// JWT Secured Authorization Response Mode section 2.4: `state`, `iss` and `aud` are read from the JWT, whose signature is
/// checked with the issuer's keys.
pub(super) fn a_signed_callback_is_verified(cx: &mut Cx<'_>, spec: &ProviderSpec) {
    if !spec.authorize.is_answer_signed() {
        return;
    }
    let path = at!["authorize", "response_mode"];
    keys(cx, spec, &path, "a signed callback");
    if spec.authorize.state.place == StatePlace::RedirectUri {
        let message = "`state` travels in the redirect URI, and in a signed callback it is signed like all else";
        let finding = Finding::new("signed-answer", path.clone(), message);
        cx.report(finding.help("keep one of the two").see("it travels by", at!["authorize", "state"]));
    }
    if spec.callback.verify.is_some() {
        let finding = Finding::new("signed-answer", path, "the callback would be signed in two ways");
        cx.report(finding.help("keep one of the two").see("the other one is", at!["callback", "verify"]));
    }
}

/// OpenID Connect Core section 5.3.2 and RFC 9701 section 5: a signed answer names its issuer, and is signed by it.
pub(super) fn signed_answers_have_keys(cx: &mut Cx<'_>, spec: &ProviderSpec) {
    if let Some(profile) = spec.profile.as_ref().filter(|profile| profile.signed) {
        let path = at!["profile", "signed"];
        keys(cx, spec, &path, "a signed profile");
        if profile.from != ProfileFrom::Request {
            let message = "`signed` is about the answer to a request, and the profile comes from none";
            cx.report(Finding::new("signed-answer", path, message).on_key().help("remove it, or `from`"));
        }
    }
    if spec.introspect.as_ref().is_some_and(|introspect| introspect.signed) {
        keys(cx, spec, &at!["introspect", "signed"], "a signed answer about a token");
    }
}

/// What an ID token is verified by is what these are: keys, algorithms, and one issuer. One that differs from user to user is
/// told by no claim of theirs.
fn keys(cx: &mut Cx<'_>, spec: &ProviderSpec, path: &Path, what: &str) {
    let Some(openid) = &spec.openid else {
        if !cx.is_touched(&top("openid")) {
            let message = format!("{what} is verified by `openid`, which the file does not have");
            let help = "add it: `openid: {jwks: https://..., algs: [...]}`, with `endpoints.issuer`";
            cx.report(Finding::new("signed-answer", path.clone(), message).help(help));
        }
        return;
    };
    let issuer = openid.issuer.as_ref().or(spec.endpoints.issuer.as_ref());
    if issuer.is_some_and(|issuer| issuer.holes().any(|hole| matches!(hole, Hole::Claim(_)))) {
        let message = format!("{what} is of one issuer, and this file's differs from token to token");
        let finding = Finding::new("signed-answer", path.clone(), message);
        cx.report(finding.help("name one issuer, with a setting for the tenant"));
    }
}

#[cfg(test)]
mod tests {
    use crate::ProviderSpec;
    use crate::check::testing::{acme, faults};
    use crate::spec::ResponseMode;

    const OPENID: &str = "openid: {issuer: \"https://acme.example\", jwks: \"https://acme.example/keys\"}\n";
    const PROFILE: &str = "profile: {request: GET https://acme.example/me, map: {subject: /sub}, signed: true}\n";
    const INTROSPECT: &str = "introspect: {signed: true}\n";

    fn file(more: &str) -> String {
        acme(more).replace("{authorization", "{introspection: https://acme.example/introspect, authorization")
    }

    #[test]
    fn a_callback_is_signed_in_three_modes() {
        for (word, mode) in [
            ("query.jwt", ResponseMode::QueryJwt),
            ("form_post.jwt", ResponseMode::FormPostJwt),
            ("jwt", ResponseMode::Jwt),
        ] {
            let text = file(&format!("{OPENID}authorize: {{response_mode: {word}}}\n"));
            let spec = ProviderSpec::from_yaml(&text).unwrap_or_else(|faults| panic!("{faults}"));
            assert_eq!((spec.authorize.response_mode, mode.as_str()), (Some(mode), word));
            assert!(spec.authorize.is_answer_signed());
            assert_eq!(spec.authorize.is_form_post(), mode == ResponseMode::FormPostJwt);
        }
        let found = faults(&file(&format!("{OPENID}authorize: {{response_mode: fragment.jwt}}\n")));
        assert!(found.len() == 1 && found[0].contains("sends no server what stands behind `#`"), "{found:#?}");
        let found = faults(&file(&format!("{OPENID}authorize: {{response_mode: query.jwe}}\n")));
        assert!(found.len() == 1 && found[0].contains("is not a value of `authorize.response_mode`"), "{found:#?}");
    }

    #[test]
    fn a_hybrid_answer_is_posted_when_it_is_signed_too() {
        let hybrid = |mode: &str| {
            faults(&file(&format!("{OPENID}authorize: {{response_type: code id_token, response_mode: {mode}}}\n")))
        };
        assert_eq!(hybrid("form_post.jwt"), [""; 0]);
        for mode in ["query.jwt", "jwt"] {
            let found = hybrid(mode);
            assert!(found.len() == 1 && found[0].contains("does not go through a query"), "{mode}: {found:#?}");
        }
    }

    #[test]
    fn a_signed_answer_is_verified_by_openid() {
        let callback = "authorize: {response_mode: query.jwt}\n";
        let tenants = "openid: {issuer: \"https://acme.example/{claim.tid}\", jwks: \"https://acme.example/keys\"}\n";
        for signed in [callback, PROFILE, INTROSPECT] {
            assert_eq!(faults(&file(&format!("{OPENID}{signed}"))), [""; 0]);
            let found = faults(&file(signed));
            assert!(found.len() == 1 && found[0].contains("is verified by `openid`"), "{signed}: {found:#?}");
            let found = faults(&file(&format!("{tenants}{signed}")));
            assert!(found.len() == 1 && found[0].contains("differs from token to token"), "{signed}: {found:#?}");
        }
    }

    #[test]
    fn what_contradicts_a_signature_is_refused() {
        for (more, says) in [
            (
                "authorize: {response_mode: jwt, state: {in: redirect_uri}}\n",
                "in a signed callback it is signed like all else",
            ),
            ("authorize: {response_mode: jwt}\ncallback: {verify: {param: hmac}}\n", "signed in two ways"),
            ("profile: {from: id_token, map: {subject: /sub}, signed: true}\n", "the profile comes from none"),
            ("introspect: {signed: yes please}\n", "introspect.signed"),
        ] {
            let found = faults(&file(&format!("{OPENID}{more}")));
            assert!(found.len() == 1 && found[0].contains(says), "{more}: {found:#?}");
        }
    }
}
