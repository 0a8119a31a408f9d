//! Which holes a template may have. A hole stands for something that is known when the request is made, and secrets go
//! nowhere but into the parameters of requests to the provider's own token endpoint.

use crate::fault::{Finding, Path, at};
use crate::spec::{Hole, ProviderSpec, Template};

use super::{Cx, assertion};

/// What is known and allowed at a place, beside the settings.
#[allow(
    clippy::struct_excessive_bools,
    reason = "each is a hole that may stand there or not, independent of the others"
)]
#[derive(Clone, Copy, Default)]
pub(super) struct Reach<'a> {
    pub(super) callback: bool,
    /// Extras of the token response.
    pub(super) token: bool,
    /// Extras of the lookup.
    pub(super) lookup: bool,
    pub(super) client_id: bool,
    pub(super) client_secret: bool,
    pub(super) access_token: bool,
    /// What is drawn anew for each request.
    pub(super) random: bool,
    pub(super) redirect_uri: bool,
    pub(super) state: bool,
    pub(super) scope: bool,
    /// Whether the header `Authorization` may be set, by a value that holds a secret.
    pub(super) authorization: bool,
    /// Parameters of an operation's path.
    pub(super) parameters: &'a [&'a str],
}

impl Reach<'_> {
    /// Parameters of the authorization request: nothing has come back yet, and the browser sees all.
    pub(super) const AUTHORIZE: Self = Reach {
        callback: false,
        token: false,
        lookup: false,
        client_id: true,
        client_secret: false,
        access_token: false,
        redirect_uri: false,
        state: false,
        scope: false,
        authorization: false,
        random: true,
        parameters: &[],
    };
    /// Headers of all requests to the token endpoint.
    pub(super) const TOKEN_HEADER: Self = Reach {
        callback: true,
        client_secret: true,
        redirect_uri: true,
        scope: true,
        random: false,
        ..Self::AUTHORIZE
    };
    /// Parameters of the code exchange.
    pub(super) const EXCHANGE: Self = Reach { state: true, ..Self::TOKEN_HEADER };
    /// Parameters of the request that upgrades a token.
    pub(super) const UPGRADE: Self = Reach { token: true, access_token: true, ..Self::TOKEN_HEADER };
    /// Parameters of requests that renew a token.
    pub(super) const RENEW: Self = Reach { lookup: true, ..Self::UPGRADE };
    /// Parameters and headers of the request that revokes a token.
    pub(super) const REVOKE: Self = Reach { access_token: false, redirect_uri: false, scope: false, ..Self::RENEW };
    /// The query of the lookup.
    pub(super) const LOOKUP: Self = Reach { callback: true, token: true, random: false, ..Self::AUTHORIZE };
    /// The lookup's headers, of which one may have the token.
    pub(super) const LOOKUP_HEADER: Self = Reach { access_token: true, authorization: true, ..Self::LOOKUP };
    /// Parameters and headers of API requests.
    pub(super) const API: Self = Reach { lookup: true, ..Self::LOOKUP };
}

/// Every hole names something that the file declares and that is known by then. Says whether all do.
pub(super) fn holes(cx: &mut Cx<'_>, spec: &ProviderSpec, path: &Path, template: &Template, reach: Reach<'_>) -> bool {
    let mut sound = true;
    for hole in template.holes() {
        let fault = match hole {
            Hole::Name(name) => undeclared_name(cx, spec, path, name, reach),
            Hole::Callback(name) if reach.callback => undeclared(
                cx,
                path,
                hole,
                &at!["callback", "keep", name],
                spec.callback.keep.iter().map(|kept| kept.name.as_str()),
                name,
            ),
            Hole::Token(name) if reach.token => undeclared_extra(cx, spec, path, hole, name, reach),
            Hole::ClientId if reach.client_id => None,
            Hole::ClientSecret if reach.client_secret && !assertion::shows_none(spec.client_auth.method) => None,
            Hole::AccessToken if reach.access_token => None,
            Hole::Random if reach.random => None,
            Hole::RedirectUri if reach.redirect_uri => None,
            Hole::State if reach.state => None,
            Hole::Scope if reach.scope => None,
            _ => Some(out_of_place(path, hole)),
        };
        if let Some(fault) = fault {
            cx.report(fault);
            sound = false;
        }
    }
    sound
}

fn undeclared_name(cx: &Cx<'_>, spec: &ProviderSpec, path: &Path, name: &str, reach: Reach<'_>) -> Option<Finding> {
    if reach.parameters.contains(&name) || spec.setting(name).is_some() || cx.is_touched(&at!["settings", name]) {
        return None;
    }
    let known = spec.settings.iter().map(|setting| setting.name.as_str()).chain(reach.parameters.iter().copied());
    let finding =
        Finding::new("hole", path.clone(), format!("`{{{name}}}` is neither declared under `settings` nor known here"));
    Some(
        finding
            .help(format!("declare it: `settings: {{{name}: {{type: label}}}}`, or write `{{{{` for a brace"))
            .suggest_near(name, known),
    )
}

fn undeclared_extra(
    cx: &Cx<'_>,
    spec: &ProviderSpec,
    path: &Path,
    hole: &Hole,
    name: &str,
    reach: Reach<'_>,
) -> Option<Finding> {
    let looked_up = spec.token.lookup.iter().flat_map(|lookup| &lookup.extras).map(|extra| extra.name.as_str());
    let declared = spec.token.response.extras.iter().map(|extra| extra.name.as_str());
    if !reach.lookup && looked_up.clone().any(|extra| extra == name) {
        let finding = Finding::new("hole", path.clone(), format!("`{hole}` may not stand in `{path}`"));
        return Some(finding.help("the lookup comes after that; its values go into `api`, `profile` and `refresh`"));
    }
    if cx.is_touched(&at!["token", "lookup", "extras", name]) {
        return None;
    }
    let known = declared.chain(looked_up.filter(|_| reach.lookup));
    undeclared(cx, path, hole, &at!["token", "response", "extras", name], known, name)
}

fn undeclared<'a>(
    cx: &Cx<'_>,
    path: &Path,
    hole: &Hole,
    entry: &Path,
    known: impl Iterator<Item = &'a str>,
    name: &str,
) -> Option<Finding> {
    let known: Vec<&str> = known.collect();
    if known.contains(&name) || cx.is_touched(entry) {
        return None;
    }
    let finding = Finding::new("hole", path.clone(), format!("`{hole}` is not declared"));
    Some(finding.help(format!("declare it: `{entry}`")).suggest_near(name, known))
}

fn out_of_place(path: &Path, hole: &Hole) -> Finding {
    let help = match hole {
        Hole::ClientSecret => {
            "the client secret goes into `token.request` and into parameters of `refresh`, `revoke`, `introspect` and `token.upgrade` only"
        }
        Hole::AccessToken => {
            "the access token goes into parameters of `refresh` and `token.upgrade`; for API requests see `token.placement`"
        }
        Hole::Random => "random bits go into parameters of `authorize.params` only",
        Hole::RedirectUri | Hole::Scope => {
            "it goes into `token.request` and into parameters of `refresh` and `token.upgrade`; the authorization request has it by itself"
        }
        Hole::State => "the state goes into parameters of `token.request` only",
        Hole::ClientId => {
            "the client id goes into parameters and headers, and into no address but `endpoints.revocation`"
        }
        Hole::Callback(_) => "the callback comes after the authorization request",
        Hole::Token(_) => {
            "the token response comes after the token request; its values go into `api`, `profile`, `refresh` and `token.upgrade`"
        }
        _ => "write what it stands for",
    };
    Finding::new("hole", path.clone(), format!("`{hole}` may not stand in `{path}`")).help(help)
}

#[cfg(test)]
mod tests {
    use crate::check::testing::{acme, faults};

    #[test]
    fn undeclared_holes_are_refused_with_a_near_name() {
        let found =
            faults(&acme("settings: {region: {type: label}}\nauthorize: {params: {r: \"{regoin}\", s: \"{shop}\"}}\n"));
        assert_eq!(found.len(), 2, "{found:#?}");
        assert!(
            found[0].contains("7:25")
                && found[0].contains("`{regoin}` is neither declared")
                && found[0].contains("did you mean `region`?"),
            "{}",
            found[0]
        );
        assert!(found[1].contains("declare it: `settings: {shop: {type: label}}`"), "{}", found[1]);
    }

    #[test]
    fn secrets_stay_in_token_requests() {
        let found = faults(&acme(
            "authorize: {params: {s: \"{client_secret}\", t: \"{access_token}\"}}\napi: {base_url: https://api.acme.example, headers: {x-s: \"{client_secret}\"}}\n",
        ));
        assert_eq!(found.len(), 3, "{found:#?}");
        assert!(found[0].contains("`{client_secret}` may not stand in `authorize.params.s`"), "{}", found[0]);
        assert_eq!(faults(&acme("token: {request: {params: {app: \"{client_secret}\"}}}\n")), [""; 0]);
        let found = faults(&acme("token: {request: {params: {n: \"{random}\"}}}\n"));
        assert!(found.len() == 1 && found[0].contains("`{random}` may not stand in"), "{found:#?}");
        assert_eq!(faults(&acme("authorize: {params: {n: \"n-{random}\"}}\n")), [""; 0]);
    }

    #[test]
    fn what_comes_later_is_not_known_before() {
        let found = faults(&acme(
            "callback: {keep: {realm: {}}}\nauthorize: {params: {r: \"{callback.realm}\"}}\ntoken: {request: {params: {r: \"{callback.realm}\", t: \"{token.x}\"}}}\n",
        ));
        assert_eq!(found.len(), 2, "{found:#?}");
        assert!(found[0].contains("the callback comes after the authorization request"), "{}", found[0]);
        assert!(found[1].contains("`{token.x}` may not stand in `token.request.params.t`"), "{}", found[1]);
    }
}
