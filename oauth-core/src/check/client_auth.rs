//! How the client proves itself.

use crate::fault::{Finding, Path, at};
use crate::schema;
use crate::spec::{
    BasicForm, BasicUser, ClientAuth, ClientAuthMethod, Hole, MintedAlg, MintedPlace, MintedSecret, ProviderSpec,
    PublicForm, RefreshAuth, RefreshWith, SigningAlg, Template,
};

use super::assertion;
use super::cx::{Cx, top};
use super::templates::{Reach, holes};
use super::wire;

/// Apple's limit of six months is the longest that is known of any provider; a longer secret is one in other units.
const LONGEST: u64 = 15_777_000;
/// RFC 7519 section 4.1: the client sets when a secret is made and when it ends.
const OWN_CLAIMS: [&str; 3] = ["iat", "exp", "nbf"];

pub(super) fn lower(cx: &mut Cx<'_>, auth: Option<schema::ClientAuth>) -> ClientAuth {
    match auth {
        None => ClientAuthMethod::Basic.into(),
        Some(schema::ClientAuth::Method(ClientAuthMethod::Minted)) => {
            let finding =
                Finding::new("client-auth", top("client_auth"), "`minted` does not say how the secret is made");
            cx.report(finding.help(
                "write `client_auth: {method: minted, alg: ES256, claims: {iss: \"{client_id}\", aud: https://...}}`",
            ));
            ClientAuthMethod::Minted.into()
        }
        Some(schema::ClientAuth::Method(ClientAuthMethod::Mechanism)) => {
            let finding = Finding::new("client-auth", top("client_auth"), "`mechanism` does not say which");
            cx.report(finding.help("write `client_auth: {method: mechanism, name: my-hash}`"));
            ClientAuthMethod::Mechanism.into()
        }
        Some(schema::ClientAuth::Method(method)) => {
            let mut auth = ClientAuth::from(method);
            auth.assertion = assertion::lower(cx, &top("client_auth"), method, &schema::ClientAuthFull::default());
            auth
        }
        Some(schema::ClientAuth::Full(full)) => lower_full(cx, *full),
    }
}

fn lower_full(cx: &mut Cx<'_>, full: schema::ClientAuthFull) -> ClientAuth {
    let path = top("client_auth");
    let Some(method) = full.method else {
        cx.missing(&path.then("method"), "name it: `method: basic`");
        return ClientAuthMethod::Basic.into();
    };
    belongs(cx, &path, method, ClientAuthMethod::Basic, &["encode", "user", "id_in_body", "public"]);
    belongs(cx, &path, method, ClientAuthMethod::Minted, &["claims", "sent"]);
    if !assertion::is_signed(method) {
        belongs(cx, &path, method, ClientAuthMethod::Minted, &["alg", "kid", "lifetime"]);
        belongs(cx, &path, method, ClientAuthMethod::PrivateKeyJwt, &["audience"]);
    }
    belongs(cx, &path, method, ClientAuthMethod::Mechanism, &["name"]);
    let basic = BasicForm {
        encode: full.encode.unwrap_or(true),
        user: full.user.unwrap_or(BasicUser::Id),
        id_in_body: full.id_in_body.unwrap_or(false),
        public: full.public.unwrap_or(PublicForm::Body),
    };
    let assertion = assertion::lower(cx, &path, method, &full);
    let minted = (method == ClientAuthMethod::Minted).then(|| MintedSecret {
        alg: minted_alg(cx, &path, full.alg),
        kid: cx.maybe_template(&path.then("kid"), full.kid.as_deref()),
        claims: cx.params(&path.then("claims"), full.claims.0),
        lifetime: full.lifetime.unwrap_or(300),
        sent: full.sent.unwrap_or(MintedPlace::Body),
    });
    let basic = if method == ClientAuthMethod::Basic { basic } else { BasicForm::default() };
    ClientAuth { method, basic, minted, assertion }
}

fn minted_alg(cx: &mut Cx<'_>, path: &Path, alg: Option<SigningAlg>) -> MintedAlg {
    let Some(alg) = alg else {
        cx.missing(&path.then("alg"), "say how the secret is signed: `alg: ES256`");
        return MintedAlg::Es256;
    };
    assertion::minted_alg(cx, path, alg)
}

/// A key that another method has is a mistake in one of the two.
fn belongs(cx: &mut Cx<'_>, path: &Path, method: ClientAuthMethod, owner: ClientAuthMethod, keys: &[&str]) {
    for key in keys {
        if method != owner && cx.has(&path.then(*key)) {
            let message = format!("`{key}` belongs to the method `{}`, not to `{}`", owner.as_str(), method.as_str());
            let finding = Finding::new("client-auth", path.then(*key), message).on_key();
            cx.report(finding.help(format!("remove it, or write `method: {}`", owner.as_str())));
        }
    }
}

/// RFC 6749 section 2.3.1 and RFC 7519 section 4.1. A form without a secret has none to send as a user name, and a
/// client that proves itself by holes of the token request needs them.
pub(super) fn method_is_sound(cx: &mut Cx<'_>, spec: &ProviderSpec) {
    let auth = &spec.client_auth;
    let path = top("client_auth");
    if auth.basic.user == BasicUser::Secret && auth.basic.public == PublicForm::Basic {
        let finding = Finding::new(
            "client-auth",
            path.then("public"),
            "a client without a secret has none to be the user name: `public: basic` and `user: secret` exclude each other",
        );
        cx.report(finding.on_key().help("remove `public`"));
    }
    if let Some(minted) = &auth.minted {
        minted_is_sound(cx, spec, &path, minted);
    }
    if auth.method == ClientAuthMethod::Custom {
        custom_is_complete(cx, spec, &path);
    }
}

fn minted_is_sound(cx: &mut Cx<'_>, spec: &ProviderSpec, path: &Path, minted: &MintedSecret) {
    if let Some(kid) = &minted.kid {
        holes(cx, spec, &path.then("kid"), kid, Reach::AUTHORIZE);
    }
    if minted.claims.is_empty() && !cx.is_touched(&path.then("claims")) {
        cx.missing(&path.then("claims"), "what the secret says: `claims: {iss: \"{client_id}\", aud: https://...}`");
    }
    for (name, value) in &minted.claims {
        let entry = path.then("claims").then(name);
        if OWN_CLAIMS.contains(&name.as_str()) {
            let finding =
                Finding::new("client-auth", entry.clone(), format!("the claim `{name}` is set by the client"));
            cx.report(finding.on_key().help("remove it; see `lifetime`"));
        } else {
            wire::param_name(cx, &entry, name);
        }
        holes(cx, spec, &entry, value, Reach::AUTHORIZE);
    }
    if minted.lifetime == 0 || minted.lifetime > LONGEST {
        let finding = Finding::new(
            "client-auth",
            path.then("lifetime"),
            "the lifetime of a minted secret is not between a second and six months",
        );
        cx.report(finding.help("write it in seconds"));
    }
}

/// Whoever takes the credentials out of the client's hands puts them somewhere.
fn custom_is_complete(cx: &mut Cx<'_>, spec: &ProviderSpec, path: &Path) {
    let request = &spec.token.request;
    let has = |params: &[(String, Template)]| {
        params.iter().any(|(_, value)| value.holes().any(|hole| *hole == Hole::ClientSecret))
    };
    let section = at!["token", "request"];
    if ![&request.params, &request.query, &request.headers].into_iter().any(|params| has(params)) {
        if !cx.is_touched(&section) {
            let message =
                "`custom` sends the secret where `{client_secret}` stands in `token.request`, and it stands nowhere";
            let finding = Finding::new("client-auth", path.clone(), message);
            cx.report(finding.help("add it: `token: {request: {params: {secret_key: \"{client_secret}\"}}}`"));
        }
        return;
    }
    if let Some(revoke) = &spec.revoke {
        let shown = has(&revoke.params) || has(&revoke.headers) || has(&request.headers);
        if revoke.client_auth == RefreshAuth::Full && !shown && !cx.is_touched(&top("revoke")) {
            let place = if cx.has(&top("revoke")) { top("revoke") } else { path.clone() };
            let message = "a revocation would go without the client's secret";
            let finding = Finding::new("client-auth", place, message).on_key();
            cx.report(finding.help(
                "put it there as well: `revoke: {params: {secret_key: \"{client_secret}\"}}`; or write `revoke: {client_auth: false}`",
            ));
        }
    }
    if let Some(introspect) = &spec.introspect {
        let shown = has(&introspect.params) || has(&introspect.headers) || has(&request.headers);
        if introspect.client_auth == RefreshAuth::Full && !shown && !cx.is_touched(&top("introspect")) {
            let place = if cx.has(&top("introspect")) { top("introspect") } else { path.clone() };
            let message = "a question about a token would go without the client's secret";
            let finding = Finding::new("client-auth", place, message).on_key();
            cx.report(finding.help(
                "put it there as well: `introspect: {params: {secret_key: \"{client_secret}\"}}`; or write `introspect: {client_auth: false}`",
            ));
        }
    }
    let Some(refresh) = &spec.refresh else { return };
    let shown = has(&refresh.params) || has(&request.headers);
    if refresh.client_auth == RefreshAuth::Full && !shown && !cx.is_touched(&top("refresh")) {
        let place = if cx.has(&top("refresh")) { top("refresh") } else { path.clone() };
        let finding = Finding::new("client-auth", place, "a refresh would go without the client's secret").on_key();
        let own = if refresh.with == RefreshWith::RefreshToken { ", or `refresh: none`" } else { "" };
        cx.report(finding.help(format!(
            "put it there as well: `refresh: {{params: {{secret_key: \"{{client_secret}}\"}}}}`; or write `refresh: {{client_auth: false}}`{own}"
        )));
    }
}

/// RFC 6749 section 2.3.1: what goes into the header is the secret itself, which a provider that takes something made of
/// it has never seen.
pub(super) fn a_header_shows_the_secret(cx: &mut Cx<'_>, spec: &ProviderSpec) {
    let method = spec.client_auth.method;
    let refresh = spec.refresh.as_ref().is_some_and(|refresh| refresh.client_auth == RefreshAuth::Basic);
    let revoke = spec.revoke.as_ref().is_some_and(|revoke| revoke.client_auth == RefreshAuth::Basic);
    let introspect = spec.introspect.as_ref().is_some_and(|asked| asked.client_auth == RefreshAuth::Basic);
    for (section, given) in [("refresh", refresh), ("revoke", revoke), ("introspect", introspect)] {
        if given && !matches!(method, ClientAuthMethod::Basic | ClientAuthMethod::Body) {
            let message =
                format!("`basic` shows the secret as it is, which `client_auth: {}` never does", method.as_str());
            let finding = Finding::new("client-auth", at![section, "client_auth"], message);
            cx.report(finding.help("write `true`, `id` or `false`"));
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::{acme, faults};
    use crate::spec::{BasicUser, ClientAuthMethod, MintedPlace, ProviderSpec, PublicForm};

    #[test]
    fn a_word_or_a_map() {
        let auth =
            |yaml: &str| ProviderSpec::from_yaml(&acme(yaml)).unwrap_or_else(|faults| panic!("{faults}")).client_auth;
        assert_eq!(auth(""), ClientAuthMethod::Basic.into());
        assert_eq!(auth("client_auth: body\n"), auth("client_auth: {method: body}\n"));
        let basic = auth("client_auth: {method: basic, encode: false, user: secret, id_in_body: true}\n").basic;
        assert_eq!((basic.encode, basic.user, basic.id_in_body), (false, BasicUser::Secret, true));
        assert_eq!(auth("client_auth: {method: basic, public: basic}\n").basic.public, PublicForm::Basic);
        let minted = auth(
            "settings: {team_id: {type: text}}\nclient_auth: {method: minted, alg: ES256, kid: \"{team_id}\", claims: {iss: \"{team_id}\", sub: \"{client_id}\", aud: https://acme.example}}\n",
        );
        let minted = minted.minted.unwrap();
        assert_eq!((minted.lifetime, minted.sent, minted.claims.len()), (300, MintedPlace::Body, 3));
        auth("client_auth: custom\ntoken: {request: {headers: {secret_key: \"{client_secret}\"}}}\n");
        auth("client_auth: custom\ntoken: {request: {query: {key: \"{client_secret}\"}}}\nrefresh: none\n");
    }

    #[test]
    fn faults_of_client_auth() {
        for (yaml, expected) in [
            ("client_auth: bsaic\n", "did you mean `basic`?"),
            ("client_auth: {encode: false}\n", "`client_auth.method` is missing"),
            ("client_auth: {method: body, encode: false}\n", "`encode` belongs to the method `basic`, not to `body`"),
            ("client_auth: {method: basic, sent: body}\n", "`sent` belongs to the method `minted`"),
            ("client_auth: {method: basic, user: secret, public: basic}\n", "exclude each other"),
            ("client_auth: minted\n", "does not say how the secret is made"),
            ("client_auth: {method: minted, claims: {iss: a}}\n", "`client_auth.alg` is missing"),
            ("client_auth: {method: minted, alg: HS256, claims: {iss: a}}\n", "`HS256` is not a value of"),
            ("client_auth: {method: minted, alg: ES256}\n", "`client_auth.claims` is missing"),
            ("client_auth: {method: minted, alg: ES256, claims: {exp: a}}\n", "`exp` is set by the client"),
            ("client_auth: {method: minted, alg: ES256, claims: {iss: \"{client_secret}\"}}\n", "may not stand in"),
            (
                "client_auth: {method: minted, alg: ES256, lifetime: 0, claims: {iss: a}}\n",
                "between a second and six months",
            ),
            ("client_auth: custom\n", "and it stands nowhere"),
            ("client_auth: none\nrefresh: {client_auth: basic}\n", "`basic` shows the secret as it is"),
            (
                "client_auth: custom\ntoken: {request: {params: {k: \"{client_secret}\"}}}\n",
                "a refresh would go without the client's secret",
            ),
        ] {
            let found = faults(&acme(yaml));
            assert!(found.len() == 1 && found[0].contains(expected), "{yaml}: {found:#?}");
        }
    }
}
