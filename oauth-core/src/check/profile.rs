use crate::fault::{Finding, Path, at};
use crate::schema::{self, OneOrMany};
use crate::spec::{Profile, ProfileField, ProfileFrom, ProfileMap, ProfileThen, ProviderSpec};

use super::address::Stage;
use super::condition;
use super::cx::{Cx, top};
use super::fetch::{self, Parts};
use super::templates::Reach;
use super::text::member_pointer;
use super::token::{list_of_pointers, pointers};

pub(super) fn lower(cx: &mut Cx<'_>, profile: Option<schema::Profile>) -> Option<Profile> {
    let profile = profile?;
    let path = top("profile");
    let schema::Profile {
        from,
        request,
        query,
        headers,
        body,
        format,
        at,
        fails_when,
        map,
        then,
        email_authoritative,
        signed,
    } = profile;
    let from = from.unwrap_or_default();
    let parts = Parts { request, query, headers, body, format };
    let request = if from == ProfileFrom::Request {
        Some(fetch::lower(cx, &path, parts))
    } else {
        no_request(cx, &path, from);
        None
    };
    let fails_when = condition::lower(cx, &path.then("fails_when"), fails_when);
    let indices = cx.indices(&path.then("then"), then.len());
    let then = then.into_iter().zip(indices).map(|(then, index)| lower_then(cx, &path.then("then").then(index), then));
    Some(Profile {
        from,
        request,
        at: pointers(at),
        fails_when,
        map: lower_map(map),
        then: then.collect(),
        email_authoritative,
        signed,
    })
}

/// What is read from something that is there already needs no request.
fn no_request(cx: &mut Cx<'_>, path: &Path, from: ProfileFrom) {
    for key in ["request", "query", "headers", "body", "format"] {
        if cx.has(&path.then(key)) {
            let source = if from == ProfileFrom::Token { "token response" } else { "ID token" };
            let finding = Finding::new(
                "profile",
                path.then(key),
                format!("`{key}` is about a request, and the profile comes from the {source}"),
            );
            cx.report(finding.on_key().help("remove it, or `from`; a further request goes under `then`"));
        }
    }
}

fn lower_then(cx: &mut Cx<'_>, path: &Path, then: schema::ProfileThen) -> ProfileThen {
    let schema::ProfileThen { request, query, headers, body, format, at, pick, map } = then;
    ProfileThen {
        request: fetch::lower(cx, path, Parts { request, query, headers, body, format }),
        at: pointers(at),
        pick: condition::lower(cx, &path.then("pick"), pick),
        map: lower_map(map),
    }
}

/// The pointers of a map, which may be one or several.
pub(super) fn lower_map(map: schema::ProfileMap) -> ProfileMap {
    let list = |pointers: Option<OneOrMany>| match pointers {
        None => Vec::new(),
        Some(OneOrMany::One(pointer)) => vec![pointer],
        Some(OneOrMany::Many(pointers)) => pointers,
    };
    ProfileMap {
        subject: list(map.subject),
        username: list(map.username),
        name: list(map.name),
        email: list(map.email),
        email_verified: list(map.email_verified),
        avatar_url: list(map.avatar_url),
        url: list(map.url),
    }
}

/// The requests carry the token. The subject is what an account is known by, so that one of the answers has it.
pub(super) fn request_is_sound(cx: &mut Cx<'_>, spec: &ProviderSpec) {
    let Some(profile) = &spec.profile else { return };
    let path = top("profile");
    if let Some(request) = &profile.request {
        fetch::is_sound(cx, spec, &path, request, Stage::Api, (Reach::API, Reach::API));
    }
    if profile.from == ProfileFrom::IdToken && spec.openid.is_none() && !cx.is_touched(&top("openid")) {
        let finding =
            Finding::new("profile", path.then("from"), "without `openid` no ID token is verified, and none is read");
        cx.report(finding.help("add `openid`, which says how its ID tokens are verified"));
    }
    list_of_pointers(cx, &path, &profile.at);
    condition::is_sound(cx, &path.then("fails_when"), profile.fails_when.as_ref());
    map_is_sound(cx, &path.then("map"), &profile.map);
    let indices = cx.indices(&path.then("then"), profile.then.len());
    for (then, index) in profile.then.iter().zip(indices) {
        let path = path.then("then").then(index);
        fetch::is_sound(cx, spec, &path, &then.request, Stage::Api, (Reach::API, Reach::API));
        list_of_pointers(cx, &path, &then.at);
        condition::is_sound(cx, &path.then("pick"), then.pick.as_ref());
        map_is_sound(cx, &path.then("map"), &then.map);
    }
    if std::iter::once(&profile.map).chain(profile.then.iter().map(|then| &then.map)).all(|map| map.subject.is_empty())
    {
        let path = at!["profile", "map", "subject"];
        cx.missing(&path, "name the member with the user's stable id: `map: {subject: /id}`");
    }
}

/// Pointers of RFC 6901, each to a member. Only texts that are made of parts have several.
pub(super) fn map_is_sound(cx: &mut Cx<'_>, path: &Path, map: &ProfileMap) {
    for (field, pointers) in map.fields() {
        let path = path.then(field.as_str());
        for (index, pointer) in pointers.iter().enumerate() {
            let listed = path.then(index);
            member_pointer(cx, if cx.has(&listed) { &listed } else { &path }, pointer);
        }
        if pointers.len() > 1 && !matches!(field, ProfileField::Name | ProfileField::Username) {
            let finding =
                Finding::new("pointer", path, format!("`{}` is not made of several texts", field.as_str())).on_key();
            cx.report(finding.help("keep one pointer; only `name` and `username` are joined from several"));
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::{acme, faults};

    #[test]
    fn a_profile_has_a_request_and_a_subject() {
        let found = faults(&acme("profile: {request: https://acme.example/me, map: {email: email}}\n"));
        assert_eq!(found.len(), 3, "{found:#?}");
        assert!(found.iter().any(|fault| fault.contains("`profile.map.subject` is missing")), "{found:#?}");
        assert!(found.iter().any(|fault| fault.contains("does not begin with `GET `")), "{found:#?}");
        assert!(
            found
                .iter()
                .any(|fault| fault.contains("`email` is not a JSON pointer") && fault.contains("write `/email`")),
            "{found:#?}"
        );
        let sound = "profile: {request: POST https://acme.example/me, body: {query: \"{{ me }}\"}, format: form, fails_when: {at: /errcode, differs: 0}, map: {subject: /id, name: [/first, /last]}, then: [{request: GET https://acme.example/emails, pick: {at: /primary, equals: true}, map: {email: /email}}]}\n";
        assert_eq!(faults(&acme(sound)), [""; 0]);
        assert_eq!(faults(&acme("profile: {from: token, map: {subject: /user/id}}\n")), [""; 0]);
        let later = "profile: {from: token, map: {name: /n}, then: [{request: GET https://acme.example/me, map: {subject: /id}}]}\n";
        assert_eq!(faults(&acme(later)), [""; 0]);
    }

    #[test]
    fn faults_of_profiles() {
        let get = "request: GET https://acme.example/me";
        for (profile, expected) in [
            ("{map: {subject: /id}}".to_owned(), "`profile.request` is missing"),
            (format!("{{from: token, {get}, map: {{subject: /id}}}}"), "comes from the token response"),
            ("{from: id_token, map: {subject: /sub}}".to_owned(), "without `openid` no ID token is verified"),
            (format!("{{from: cookie, {get}, map: {{subject: /id}}}}"), "`cookie` is not a value of `profile.from`"),
            (format!("{{{get}, body: {{a: b}}, map: {{subject: /id}}}}"), "a GET has no body"),
            (format!("{{{get}, format: form, map: {{subject: /id}}}}"), "`format` is about `body`"),
            (
                "{request: POST https://acme.example/me, body: {a: b}, format: query, map: {subject: /id}}".to_owned(),
                "written as `json` or `form`",
            ),
            (format!("{{{get}, map: {{subject: [/a, /b]}}}}"), "`subject` is not made of several texts"),
            (format!("{{{get}, map: {{subject: /a, name: [/b, c]}}}}"), "`c` is not a JSON pointer"),
            (
                format!("{{{get}, map: {{subject: /a}}, fails_when: {{equals: 1}}}}"),
                "`profile.fails_when.at` is missing",
            ),
            (
                format!("{{{get}, map: {{subject: /a}}, then: [{{map: {{email: /e}}}}]}}"),
                "`profile.then[0].request` is missing",
            ),
            (
                format!(
                    "{{{get}, map: {{subject: /a}}, then: [{{request: GET http://acme.example, map: {{email: /e}}}}]}}"
                ),
                "the address is not https",
            ),
            (
                format!("{{{get}, map: {{subject: /a}}, headers: {{x: \"{{client_secret}}\"}}}}"),
                "`{client_secret}` may not stand in",
            ),
        ] {
            let found = faults(&acme(&format!("profile: {profile}\n")));
            assert!(found.len() == 1 && found[0].contains(expected), "{profile}: {found:#?}");
        }
    }
}
