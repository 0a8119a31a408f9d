use crate::fault::{Finding, at, shown};
use crate::schema;
use crate::spec::{Endpoints, Logout, ProviderSpec};

use super::cx::{Cx, top};
use super::templates::Reach;
use super::wire;

/// OpenID Connect RP-Initiated Logout 1.0 section 2.
const STANDARD: [&str; 6] =
    ["id_token_hint", "logout_hint", "client_id", "post_logout_redirect_uri", "state", "ui_locales"];
/// Without these a request may still say whom it is about.
const OMISSIBLE: [&str; 3] = ["id_token_hint", "client_id", "state"];

/// A provider that names the endpoint takes what the standard has, unless the file says otherwise.
pub(super) fn lower(cx: &mut Cx<'_>, logout: Option<schema::Logout>, endpoints: &Endpoints) -> Option<Logout> {
    let Some(logout) = logout else { return endpoints.end_session.as_ref().map(|_| Logout::default()) };
    let params = cx.params(&at!["logout", "params"], logout.params.0);
    Some(Logout { rename: logout.rename.0, omit: logout.omit, params })
}

/// OpenID Connect RP-Initiated Logout 1.0 section 2: what a request may have.
pub(super) fn request_is_sound(cx: &mut Cx<'_>, spec: &ProviderSpec) {
    let Some(logout) = &spec.logout else { return };
    let path = top("logout");
    let endpoint = at!["endpoints", "end_session"];
    if spec.endpoints.end_session.is_none() && !spec.endpoints.discovery && !cx.is_touched(&endpoint) {
        let finding = Finding::new("missing-endpoint", path.clone(), "`logout` needs `endpoints.end_session`").on_key();
        cx.report(finding.help("add the end session endpoint, or remove the section"));
    }
    wire::renames(cx, &path.then("rename"), &logout.rename, &STANDARD);
    for (index, name) in logout.omit.iter().enumerate() {
        let entry = path.then("omit").then(index);
        if !OMISSIBLE.contains(&name.as_str()) {
            let message = format!("`{}` is not a parameter that can be left out here", shown(name));
            let finding = Finding::new("value", entry, message).suggest_near(name, OMISSIBLE);
            cx.report(finding.help("`id_token_hint`, `client_id` and `state` can be"));
        } else if logout.omit[..index].contains(name) {
            let finding = Finding::new("duplicate", entry, format!("`{}` stands here a second time", shown(name)));
            cx.report(finding.help("keep one"));
        }
    }
    let taken = |name: &str| {
        let renamed = |standard: &&str| {
            let own = logout.rename.iter().find(|(from, _)| from == standard);
            own.map_or(*standard, |(_, to)| to.as_str()) == name
        };
        // One that is left out may be written by hand.
        STANDARD.iter().filter(|standard| !logout.omit.iter().any(|omitted| omitted == *standard)).any(renamed)
    };
    // The address goes through the browser: nothing secret stands in it.
    let reach = Reach { random: false, ..Reach::AUTHORIZE };
    wire::params(cx, spec, &path.then("params"), &logout.params, reach, taken);
}

#[cfg(test)]
mod tests {
    use crate::check::testing::{acme, faults};
    use crate::spec::{Logout, ProviderSpec};

    fn file(logout: &str) -> String {
        acme(&format!("logout: {logout}\n"))
            .replace("{authorization", "{end_session: https://acme.example/logout, authorization")
    }

    #[test]
    fn without_a_word_it_is_as_the_specification_has_it() {
        assert_eq!(ProviderSpec::from_yaml(&acme("")).unwrap().logout, None);
        let spec = ProviderSpec::from_yaml(&file("{}").replace("logout: {}\n", "")).unwrap();
        assert_eq!(spec.logout, Some(Logout::default()));
        assert_eq!(spec.capabilities(), ["authorize", "refresh", "logout"]);
        let odd = file(
            "{rename: {post_logout_redirect_uri: returnTo}, omit: [id_token_hint, state], params: {federated: \"\", app: \"{client_id}\"}}",
        );
        let odd = ProviderSpec::from_yaml(&odd).unwrap_or_else(|faults| panic!("{faults}")).logout.unwrap();
        assert_eq!((odd.rename.len(), odd.omit.len(), odd.params.len()), (1, 2, 2));
    }

    #[test]
    fn what_cannot_be_is_refused() {
        for (yaml, says) in [
            ("{omit: [post_logout_redirect_uri]}", "can be left out"),
            ("{omit: [state, state]}", "a second time"),
            ("{rename: {redirect: x}}", "redirect"),
            ("{params: {state: x}}", "state"),
            ("{rename: {state: s}, params: {s: x}}", "`s`"),
            ("{params: {key: \"{client_secret}\"}}", "client secret"),
            ("{parms: {}}", "`parms`"),
        ] {
            let found = faults(&file(yaml));
            assert!(found.len() == 1 && found[0].contains(says), "{yaml}: {found:#?}");
        }
        let found = faults(&acme("logout: {}\n"));
        assert!(found.len() == 1 && found[0].contains("needs `endpoints.end_session`"), "{found:#?}");
    }
}
