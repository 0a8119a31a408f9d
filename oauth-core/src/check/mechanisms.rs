//! What the file leaves to hooks in Rust: their names, and what they cannot go along with.

use crate::fault::{Finding, Path, at, shown};
use crate::schema;
use crate::spec::{ClientAuthMethod, Hole, MechanismKind, Mechanisms, Params, ProviderSpec, RefreshWith};

use super::cx::Cx;

pub(super) fn lower(
    cx: &mut Cx<'_>,
    auth: Option<&schema::ClientAuth>,
    token: &schema::Token,
    api: Option<&schema::Api>,
) -> Mechanisms {
    let client_proof = match auth {
        Some(schema::ClientAuth::Full(full)) => lower_proof(cx, full),
        _ => None,
    };
    Mechanisms {
        client_proof,
        answer_decoder: token.response.decode.clone(),
        session_login: token.session.clone(),
        request_signer: api.and_then(|api| api.sign.clone()),
    }
}

fn lower_proof(cx: &mut Cx<'_>, full: &schema::ClientAuthFull) -> Option<String> {
    let path = path(MechanismKind::ClientProof);
    match (full.method, &full.name) {
        (Some(ClientAuthMethod::Mechanism), None) => {
            cx.missing(&path, "a word for what it does: `name: my-hash`");
            None
        }
        (Some(ClientAuthMethod::Mechanism) | None, name) => name.clone(),
        // A name beside another method is reported with that method's own keys.
        (Some(_), _) => None,
    }
}

fn path(kind: MechanismKind) -> Path {
    match kind {
        MechanismKind::ClientProof => at!["client_auth", "name"],
        MechanismKind::AnswerDecoder => at!["token", "response", "decode"],
        MechanismKind::SessionLogin => at!["token", "session"],
        MechanismKind::RequestSigner => at!["api", "sign"],
    }
}

/// A name is a word that a registry is asked for and that names an argument in Rust. Each hook has its own, so that a
/// message about a name is about one of them.
pub(super) fn names_are_words(cx: &mut Cx<'_>, spec: &ProviderSpec) {
    let all: Vec<(MechanismKind, &str)> = spec.mechanisms.iter().collect();
    for (at, (kind, name)) in all.iter().enumerate() {
        if !is_name(name) {
            let message = if name.trim().is_empty() {
                format!("`{}` is empty", path(*kind))
            } else {
                format!("`{}` cannot name a mechanism", shown(name))
            };
            let finding = Finding::new("mechanism", path(*kind), message);
            cx.report(finding.help("lower-case letters, digits, `-` and `_`, a letter first, at most 64: `my-hash`"));
        }
        if let Some((first, _)) = all[..at].iter().find(|(_, other)| other == name) {
            let message = format!("`{}` is the name of two mechanisms", shown(name));
            let finding = Finding::new("duplicate", path(*kind), message).help("give each its own name");
            cx.report(finding.see("the first one is", path(*first)));
        }
    }
}

fn is_name(name: &str) -> bool {
    name.len() <= 64
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.ends_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
        && !["--", "__", "-_", "_-"].iter().any(|pair| name.contains(pair))
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_'))
}

/// RFC 6749 section 2.3: "The client MUST NOT use more than one authentication method in each request". A provider that
/// wants a hash of the secret does not want the secret beside it.
pub(super) fn a_proof_replaces_the_secret(cx: &mut Cx<'_>, spec: &ProviderSpec) {
    if spec.client_auth.method != ClientAuthMethod::Mechanism {
        return;
    }
    let request = &spec.token.request;
    let empty = Params::new();
    let refresh = spec.refresh.as_ref().map_or(&empty, |refresh| &refresh.params);
    let (revoke, revoke_headers) =
        spec.revoke.as_ref().map_or((&empty, &empty), |revoke| (&revoke.params, &revoke.headers));
    let (introspect, introspect_headers) =
        spec.introspect.as_ref().map_or((&empty, &empty), |asked| (&asked.params, &asked.headers));
    let grants = spec.grants.requests().flat_map(|(name, request)| {
        let path = at!["grants", name];
        [(path.then("params"), &request.params), (path.then("headers"), &request.headers)]
    });
    let fixed = [
        (at!["token", "request", "params"], &request.params),
        (at!["token", "request", "query"], &request.query),
        (at!["token", "request", "headers"], &request.headers),
        (at!["refresh", "params"], refresh),
        (at!["revoke", "params"], revoke),
        (at!["revoke", "headers"], revoke_headers),
        (at!["introspect", "params"], introspect),
        (at!["introspect", "headers"], introspect_headers),
    ];
    for (path, params) in fixed.into_iter().chain(grants) {
        for (name, _) in params.iter().filter(|(_, value)| value.holes().any(|hole| *hole == Hole::ClientSecret)) {
            let message = "the secret would be sent beside what the mechanism makes of it";
            let finding = Finding::new("mechanism", path.then(name), message);
            cx.report(finding.help("remove it: the mechanism sees the secret and adds what the provider wants"));
        }
    }
}

/// A session takes the access token's place, which then cannot renew itself.
pub(super) fn a_session_leaves_a_way_to_refresh(cx: &mut Cx<'_>, spec: &ProviderSpec) {
    let renews_itself = spec.refresh.as_ref().is_some_and(|refresh| refresh.with == RefreshWith::AccessToken);
    if spec.mechanisms.session_login.is_some() && renews_itself {
        let message = "`token.session` takes the access token's place, so it cannot be what a refresh is made with";
        let finding = Finding::new("mechanism", path(MechanismKind::SessionLogin), message).on_key();
        let finding = finding.help("write `refresh: none` where the provider gives no refresh token");
        cx.report(finding.see("the refresh is made with it by", at!["refresh", "with"]));
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::{acme, faults};
    use crate::spec::{ClientAuthMethod, MechanismKind};

    fn one(yaml: &str, expected: &str) {
        let found = faults(&acme(yaml));
        assert!(found.len() == 1 && found[0].contains(expected), "{yaml}: {found:#?}");
    }

    #[test]
    fn each_has_its_key() {
        let text = acme(
            "client_auth: {method: mechanism, name: hash}\ntoken: {response: {decode: xml}, session: rest-login}\napi: {base_url: https://api.acme.example, sign: hmac_2}\n",
        );
        assert_eq!(faults(&text), [""; 0]);
        let spec = crate::ProviderSpec::from_yaml(&text).unwrap();
        assert_eq!(spec.client_auth.method, ClientAuthMethod::Mechanism);
        let all: Vec<_> = spec.mechanisms.iter().collect();
        assert_eq!(
            all,
            [
                (MechanismKind::ClientProof, "hash"),
                (MechanismKind::AnswerDecoder, "xml"),
                (MechanismKind::SessionLogin, "rest-login"),
                (MechanismKind::RequestSigner, "hmac_2"),
            ]
        );
        assert_eq!(crate::ProviderSpec::from_json(&spec.to_json()).unwrap(), spec);
    }

    #[test]
    fn names() {
        one("token: {session: \"\"}\n", "`token.session` is empty");
        for name in ["Hash", "1st", "a b", "-a", "a-", "a--b", "a.b", "ä", &"a".repeat(65)] {
            one(&format!("token: {{session: \"{name}\"}}\n"), "cannot name a mechanism");
        }
        one("token: {session: a, response: {decode: a}}\n", "`a` is the name of two mechanisms");
        one("token: {sesion: a}\n", "did you mean `session`?");
    }

    #[test]
    fn proofs() {
        one("client_auth: mechanism\n", "`mechanism` does not say which");
        one("client_auth: {method: mechanism}\n", "`client_auth.name` is missing");
        one("client_auth: {name: hash}\n", "`client_auth.method` is missing");
        one("client_auth: {method: body, name: hash}\n", "`name` belongs to the method `mechanism`, not to `body`");
        one("client_auth: {method: mechanism, name: \"\"}\n", "`client_auth.name` is empty");
        one("client_auth: {method: mechansim, name: hash}\n", "did you mean `mechanism`?");
        let sent =
            "client_auth: {method: mechanism, name: hash}\ntoken: {request: {params: {s: \"{client_secret}\"}}}\n";
        one(sent, "the secret would be sent beside what the mechanism makes of it");
    }

    #[test]
    fn sessions() {
        one(
            "token: {session: rest}\nrefresh: {with: access_token, grant_type: extend}\n",
            "it cannot be what a refresh is made with",
        );
        assert_eq!(faults(&acme("token: {session: rest}\nrefresh: none\n")), [""; 0]);
    }
}
