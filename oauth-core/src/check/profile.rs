use crate::fault::{Finding, Path, at, is_secret_name, shown};
use crate::schema;
use crate::spec::{Method, Profile, ProfileMap, ProviderSpec, Template};

use super::address::{Stage, address};
use super::cx::{Cx, PLACEHOLDER, top};
use super::templates::Reach;
use super::text::member_pointer;
use super::token::{list_of_pointers, pointers, travels_as};
use super::wire;

pub(super) fn lower(cx: &mut Cx<'_>, profile: Option<schema::Profile>) -> Option<Profile> {
    let profile = profile?;
    let path = top("profile");
    let (method, url) = lower_request(cx, &path.then("request"), profile.request.as_deref());
    let mut map = profile.map;
    let subject = map.subject.take().unwrap_or_else(|| {
        cx.missing(
            &at!["profile", "map", "subject"],
            "name the member with the user's stable id: `map: {subject: /id}`",
        );
        "/id".to_owned()
    });
    Some(Profile {
        method,
        url,
        query: cx.params(&path.then("query"), profile.query.0),
        headers: cx.params(&path.then("headers"), profile.headers.0),
        at: pointers(profile.at),
        map: lower_map(map, subject),
        email_authoritative: profile.email_authoritative,
    })
}

pub(super) fn lower_map(map: schema::ProfileMap, subject: String) -> ProfileMap {
    ProfileMap {
        subject,
        username: map.username,
        name: map.name,
        email: map.email,
        email_verified: map.email_verified,
        avatar_url: map.avatar_url,
        url: map.url,
    }
}

/// `GET https://...`, as documentation writes it.
fn lower_request(cx: &mut Cx<'_>, path: &Path, request: Option<&str>) -> (Method, Template) {
    let help = "write method and address: `request: GET https://api.example.com/user`";
    let Some(request) = request else {
        cx.missing(path, help);
        return (Method::Get, cx.template(path, PLACEHOLDER));
    };
    let (method, address) = match request.split_once(' ') {
        Some(("GET", address)) => (Method::Get, address),
        Some(("POST", address)) => (Method::Post, address),
        _ => {
            cx.report(
                Finding::new(
                    "request",
                    path.clone(),
                    format!("`{}` does not begin with `GET ` or `POST `", shown(request)),
                )
                .help(help),
            );
            return (Method::Get, cx.template(path, PLACEHOLDER));
        }
    };
    (method, cx.template(path, address.trim_start()))
}

/// The request carries the token: its address is as safe as an endpoint's. The subject is what an account is known by.
pub(super) fn request_is_sound(cx: &mut Cx<'_>, spec: &ProviderSpec) {
    let Some(profile) = &spec.profile else { return };
    let path = top("profile");
    address(cx, spec, &path.then("request"), &profile.url, Stage::Api);
    wire::params(cx, spec, &path.then("query"), &profile.query, Reach::API, |name| {
        is_secret_name(name) || travels_as(spec, name)
    });
    wire::headers(cx, spec, &path.then("headers"), &profile.headers, Reach::API);
    list_of_pointers(cx, &path, &profile.at);
    map_is_sound(cx, &at!["profile", "map"], &profile.map);
}

/// Each member of the map is a pointer to a member.
pub(super) fn map_is_sound(cx: &mut Cx<'_>, path: &Path, map: &ProfileMap) {
    let all = [
        ("subject", Some(&map.subject)),
        ("username", map.username.as_ref()),
        ("name", map.name.as_ref()),
        ("email", map.email.as_ref()),
        ("email_verified", map.email_verified.as_ref()),
        ("avatar_url", map.avatar_url.as_ref()),
        ("url", map.url.as_ref()),
    ];
    for (key, pointer) in all {
        // A map without a subject has an empty one.
        if let Some(pointer) = pointer.filter(|_| cx.has(&path.then(key))) {
            member_pointer(cx, &path.then(key), pointer);
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
        assert_eq!(faults(&acme("profile: {request: POST https://acme.example/me, map: {subject: /id}}\n")), [""; 0]);
    }
}
