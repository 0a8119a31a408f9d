//! A client whose file has one mistake, at a simulator that has the right one: each mistake must be found out, at the
//! step where it is made.

use std::sync::Arc;

use oauth_core::Step;
use oauth_core::spec::{
    BodyFormat, ClientAuthMethod, Fetch, Method, Pkce, Placement, ProviderSpec, RefreshAuth, RevokePlace, RevokedToken,
    SigningAlg, Template,
};

use crate::rig::{client_of, is_over, simulate, spec, walk};

/// A mistake: its name, the step at which it is found out, and how it is made. It answers `false` where a file has
/// nothing to make it with.
type Mutation = (&'static str, Step, fn(&mut ProviderSpec) -> bool);

/// A provider with a deviation for each mistake that the catalog has no place for.
const ODD: &str = "
id: odd
name: Odd
docs: https://odd.example/docs
checked: 2026-11-21
endpoints: {authorization: \"https://odd.example/authorize?flow=web\", token: https://odd.example/token, revocation: \"https://odd.example/apps/{client_id}/gone\", issuer: https://odd.example, iss_in_callback: true}
pkce: required
scopes: {separator: \"+\", default: [read, write], known: {read: Read, write: Write, things: Things}, param: scopes}
authorize:
  params: {audience: api}
  rename: {client_id: app, response_type: flow_type}
callback: {code: ticket, errors: {declined: access_denied}}
token:
  request: {headers: {X-Api-Key: \"{client_id}\"}, params: {tenant: main}, rename: {code: ticket, grant_type: kind}}
  response: {at: /data, rename: {access_token: token}, fails_when: {at: /ok, equals: false}}
  placement: {header: X-Token}
refresh: {url: https://odd.example/renew, params: {again: \"yes\"}, rotates: true}
revoke: {method: DELETE, format: json, tokens: [refresh], param: ticket, hint: false, params: {why: logout}, headers: {X-Api-Key: once}}
profile: {request: GET https://api.odd.example/me, query: {view: full}, headers: {X-View: full}, at: /me, map: {subject: /id}}
api:
  base_url: https://api.odd.example/v2
  headers: {X-Version: \"2\"}
  operations:
    get_thing: {get: \"/things/{id}\", path: {id: u64}, query: {depth: u32}, scopes: [things], returns: {type: Thing, at: /thing, fields: {id: u64}}}
";

fn changed(address: &mut Template) -> bool {
    *address = Template::parse(&format!("{address}-elsewhere")).expect("the address was a template before");
    true
}

/// The request for the profile.
fn request(spec: &mut ProviderSpec) -> Option<&mut Fetch> {
    spec.profile.as_mut()?.request.as_mut()
}

/// Whether the profile comes of the first request with the token.
fn profile_is_first(spec: &ProviderSpec) -> bool {
    spec.token.lookup.is_none() && spec.profile.as_ref().is_some_and(|profile| profile.request.is_some())
}

/// Whether an operation is the first request with the token.
fn call_is_first(spec: &ProviderSpec) -> bool {
    let asks = spec.profile.as_ref().is_some_and(|profile| profile.request.is_some());
    spec.token.lookup.is_none() && !asks && crate::rig::operations(spec).next().is_some()
}

/// Whether a header of the API is one of the profile's own as well.
fn says_headers_twice(spec: &ProviderSpec) -> bool {
    let own = spec.profile.as_ref().and_then(|profile| profile.request.as_ref()).map(|request| &request.headers);
    own.into_iter().flatten().any(|own| spec.api.iter().any(|api| api.headers.contains(own)))
}

/// Puts the token into the query, if that is another place.
fn into_query(spec: &mut ProviderSpec) -> bool {
    let query = Placement::Query { name: "access_token".to_owned() };
    let was = std::mem::replace(&mut spec.token.placement, query.clone());
    was != query
}

/// Whether the walk gets an ID token.
fn has_id_token(spec: &ProviderSpec) -> bool {
    let asked = || crate::rig::scopes(spec).iter().any(|scope| scope == "openid");
    spec.openid.as_ref().is_some_and(|openid| openid.required || asked())
}

/// Takes the first entry out, if there is one.
fn without_first<T>(list: &mut Vec<T>) -> bool {
    !list.is_empty() && {
        list.remove(0);
        true
    }
}

const MUTATIONS: &[Mutation] = &[
    ("endpoints.authorization: another path", Step::Authorize, |spec| {
        spec.endpoints.authorization.as_mut().is_some_and(|address| {
            // Before the query, where the address has one.
            let text = address.as_str().to_owned();
            let (path, query) = text
                .split_once('?')
                .map_or((text.as_str(), String::new()), |(path, query)| (path, format!("?{query}")));
            *address = Template::parse(&format!("{path}-elsewhere{query}")).expect("a template before");
            true
        })
    }),
    ("endpoints.token: another path", Step::Exchange, |spec| spec.endpoints.token.as_mut().is_some_and(changed)),
    ("endpoints.issuer: another issuer", Step::Callback, |spec| {
        spec.endpoints.iss_in_callback && spec.endpoints.issuer.as_mut().is_some_and(changed)
    }),
    ("client_auth: body for basic", Step::Exchange, |spec| {
        let was = spec.client_auth.method;
        spec.client_auth = ClientAuthMethod::Body.into();
        was == ClientAuthMethod::Basic
    }),
    ("client_auth: basic for body", Step::Exchange, |spec| {
        let was = spec.client_auth.method;
        spec.client_auth = ClientAuthMethod::Basic.into();
        was == ClientAuthMethod::Body
    }),
    ("client_auth: none", Step::Exchange, |spec| {
        let was = spec.client_auth.method;
        spec.client_auth = ClientAuthMethod::None.into();
        was != ClientAuthMethod::None && was != ClientAuthMethod::Minted
    }),
    ("client_auth: a private key for a secret", Step::Configure, |spec| {
        let was = spec.client_auth.method;
        spec.client_auth = ClientAuthMethod::Body.into();
        was == ClientAuthMethod::Minted
    }),
    ("client_auth.claims: one less", Step::Exchange, |spec| {
        spec.client_auth.minted.as_mut().is_some_and(|minted| without_first(&mut minted.claims))
    }),
    ("client_auth.kid: left out", Step::Exchange, |spec| {
        spec.client_auth.minted.as_mut().is_some_and(|minted| minted.kid.take().is_some())
    }),
    ("client_auth.lifetime: longer", Step::Exchange, |spec| {
        spec.client_auth.minted.as_mut().is_some_and(|minted| {
            minted.lifetime += 3600;
            true
        })
    }),
    ("pkce: none where it is required", Step::Callback, |spec| {
        let was = spec.pkce;
        spec.pkce = Pkce::Unsupported;
        was == Pkce::Required
    }),
    ("pkce: a challenge where none is taken", Step::Callback, |spec| {
        let was = spec.pkce;
        spec.pkce = Pkce::Supported;
        was == Pkce::Unsupported
    }),
    ("scopes.separator: another", Step::Callback, |spec| {
        let other = if spec.scopes.separator == " " { "," } else { " " };
        spec.scopes.separator = String::from(other);
        crate::rig::scopes(spec).len() > 1
    }),
    ("scopes.required: not added", Step::Callback, |spec| {
        // The walk asks for it by name, so it must go from everywhere.
        let required = std::mem::take(&mut spec.scopes.required);
        spec.scopes.default.retain(|scope| !required.contains(scope));
        for operation in spec.api.iter_mut().flat_map(|api| &mut api.operations) {
            operation.scopes.retain(|scope| !required.contains(scope));
        }
        !required.is_empty() && {
            spec.scopes.default.extend(
                spec.scopes.known.iter().map(|known| known.value.clone()).find(|scope| !required.contains(scope)),
            );
            !spec.scopes.default.is_empty()
        }
    }),
    ("scopes.param: the standard name", Step::Api, |spec| {
        // The provider sees no scopes and grants its defaults, which are not enough for every call.
        let was = std::mem::replace(&mut spec.scopes.param, "scope".to_owned());
        was != "scope" && crate::rig::scopes(spec) != spec.scopes.default
    }),
    ("authorize.params: one less", Step::Callback, |spec| without_first(&mut spec.authorize.params)),
    ("authorize.rename: the standard client_id", Step::Authorize, |spec| {
        renamed(&mut spec.authorize.rename, "client_id")
    }),
    ("authorize.rename: the standard response_type", Step::Callback, |spec| {
        renamed(&mut spec.authorize.rename, "response_type")
    }),
    ("callback.code: the standard name", Step::Callback, |spec| {
        std::mem::replace(&mut spec.callback.code, "code".to_owned()) != "code"
    }),
    ("token.request.method: the other", Step::Exchange, |spec| {
        let request = &mut spec.token.request;
        request.method = if request.method == Method::Get { Method::Post } else { Method::Get };
        true
    }),
    ("token.request.format: query for a body", Step::Exchange, |spec| {
        std::mem::replace(&mut spec.token.request.format, BodyFormat::Query) != BodyFormat::Query
    }),
    ("token.request.format: a form for another", Step::Exchange, |spec| {
        std::mem::replace(&mut spec.token.request.format, BodyFormat::Form) != BodyFormat::Form
    }),
    ("token.request.format: JSON for another", Step::Exchange, |spec| {
        std::mem::replace(&mut spec.token.request.format, BodyFormat::Json) != BodyFormat::Json
    }),
    ("token.request.headers: one less", Step::Exchange, |spec| {
        // The client asks for JSON by itself: a file that says so again may as well not.
        spec.token
            .request
            .headers
            .retain(|(name, value)| !(name.eq_ignore_ascii_case("accept") && value.as_str() == "application/json"));
        without_first(&mut spec.token.request.headers)
    }),
    ("token.request.params: one less", Step::Exchange, |spec| without_first(&mut spec.token.request.params)),
    ("token.request.rename: the standard code", Step::Exchange, |spec| renamed(&mut spec.token.request.rename, "code")),
    ("token.request.rename: the standard grant_type", Step::Exchange, |spec| {
        renamed(&mut spec.token.request.rename, "grant_type")
    }),
    ("token.request.omit: nothing", Step::Exchange, |spec| without_first(&mut spec.token.request.omit)),
    ("token.response.at: elsewhere", Step::Exchange, |spec| {
        spec.token.response.at = vec!["/elsewhere".to_owned()];
        true
    }),
    ("token.response.rename: the standard access_token", Step::Exchange, |spec| {
        renamed(&mut spec.token.response.rename, "access_token")
    }),
    ("token.response.token_type: required", Step::Exchange, |spec| {
        let rule = std::mem::take(&mut spec.token.response.token_type);
        rule != oauth_core::spec::TokenTypeRule::Required
    }),
    ("token.upgrade: another path", Step::Exchange, |spec| {
        spec.token.upgrade.as_mut().is_some_and(|upgrade| changed(&mut upgrade.url))
    }),
    ("token.upgrade: another grant type", Step::Exchange, |spec| {
        spec.token.upgrade.as_mut().is_some_and(|upgrade| {
            upgrade.grant_type.push('x');
            true
        })
    }),
    ("token.upgrade: without its parameters", Step::Exchange, |spec| {
        spec.token.upgrade.as_mut().is_some_and(|upgrade| without_first(&mut upgrade.params))
    }),
    ("token.lookup: another address", Step::Exchange, |spec| {
        spec.token.lookup.as_mut().is_some_and(|lookup| changed(&mut lookup.request.url))
    }),
    ("openid.issuer: another", Step::IdToken, |spec| {
        has_id_token(spec) && spec.openid.as_mut().and_then(|openid| openid.issuer.as_mut()).is_some_and(changed)
    }),
    ("openid.jwks: another address", Step::IdToken, |spec| {
        has_id_token(spec) && spec.openid.as_mut().and_then(|openid| openid.jwks.as_mut()).is_some_and(changed)
    }),
    ("openid.algs: another", Step::IdToken, |spec| {
        has_id_token(spec)
            && spec.openid.as_mut().is_some_and(|openid| {
                openid.algs = vec![SigningAlg::PS512];
                true
            })
    }),
    ("token.upgrade: left out", Step::Refresh, |spec| spec.token.upgrade.take().is_some()),
    ("token.placement: a header for another place", Step::Profile, |spec| {
        let was = std::mem::take(&mut spec.token.placement);
        profile_is_first(spec) && was != Placement::default()
    }),
    ("token.placement: the query for another place", Step::Profile, |spec| profile_is_first(spec) && into_query(spec)),
    ("token.placement: the query for another place, seen by a lookup", Step::Exchange, |spec| {
        spec.token.lookup.is_some() && into_query(spec)
    }),
    ("token.placement: the query for another place, seen by an operation", Step::Api, |spec| {
        call_is_first(spec) && into_query(spec)
    }),
    ("token.placement: another scheme", Step::Profile, |spec| match &mut spec.token.placement {
        Placement::Header { scheme: Some(scheme), .. } => {
            *scheme = String::from("Token");
            profile_is_first(spec)
        }
        _ => false,
    }),
    ("refresh: another address", Step::Refresh, |spec| {
        spec.refresh.as_mut().and_then(|refresh| refresh.url.as_mut()).is_some_and(changed)
    }),
    ("refresh: at the token endpoint", Step::Refresh, |spec| {
        spec.refresh.as_mut().and_then(|refresh| refresh.url.take()).is_some()
    }),
    ("refresh.grant_type: another", Step::Refresh, |spec| {
        spec.refresh.as_mut().is_some_and(|refresh| {
            refresh.grant_type.push('x');
            true
        })
    }),
    ("refresh.param: another", Step::Refresh, |spec| {
        spec.refresh.as_mut().is_some_and(|refresh| {
            refresh.param.push('x');
            true
        })
    }),
    ("refresh.params: one less", Step::Refresh, |spec| {
        spec.refresh.as_mut().is_some_and(|refresh| without_first(&mut refresh.params))
    }),
    ("refresh.client_auth: the other", Step::Refresh, |spec| {
        spec.refresh.as_mut().is_some_and(|refresh| {
            let other = if refresh.client_auth == RefreshAuth::Full { RefreshAuth::None } else { RefreshAuth::Full };
            refresh.client_auth = other;
            spec.client_auth.method != ClientAuthMethod::None
        })
    }),
    ("endpoints.revocation: another path", Step::Revoke, |spec| {
        spec.endpoints.revocation.as_mut().is_some_and(changed)
    }),
    ("revoke.method: another", Step::Revoke, |spec| {
        spec.revoke.as_mut().is_some_and(|revoke| {
            revoke.method = if revoke.method == Method::Post { Method::Delete } else { Method::Post };
            true
        })
    }),
    ("revoke.format: another", Step::Revoke, |spec| {
        spec.revoke.as_mut().is_some_and(|revoke| {
            revoke.format = if revoke.format == BodyFormat::Form { BodyFormat::Json } else { BodyFormat::Form };
            revoke.place == RevokePlace::Param
        })
    }),
    ("revoke.param: another", Step::Revoke, |spec| {
        spec.revoke.as_mut().is_some_and(|revoke| {
            revoke.param.push('x');
            revoke.place == RevokePlace::Param
        })
    }),
    ("revoke.in: the other", Step::Revoke, |spec| {
        spec.revoke.as_mut().is_some_and(|revoke| {
            revoke.place = if revoke.place == RevokePlace::Api { RevokePlace::Param } else { RevokePlace::Api };
            true
        })
    }),
    ("revoke.tokens: the other one", Step::Revoke, |spec| {
        spec.revoke.as_mut().is_some_and(|revoke| {
            let was = std::mem::replace(&mut revoke.tokens, vec![RevokedToken::Access]);
            revoke.place == RevokePlace::Param && was == [RevokedToken::Refresh]
        })
    }),
    ("revoke.hint: where there is none", Step::Revoke, |spec| {
        spec.revoke.as_mut().is_some_and(|revoke| {
            let was = std::mem::replace(&mut revoke.hint, true);
            !was && revoke.place == RevokePlace::Param
        })
    }),
    ("revoke.client_auth: the other", Step::Revoke, |spec| {
        spec.revoke.as_mut().is_some_and(|revoke| {
            let other = if revoke.client_auth == RefreshAuth::None { RefreshAuth::Full } else { RefreshAuth::None };
            revoke.client_auth = other;
            revoke.place == RevokePlace::Param && spec.client_auth.method != ClientAuthMethod::None
        })
    }),
    ("revoke.params: one less", Step::Revoke, |spec| {
        spec.revoke.as_mut().is_some_and(|revoke| without_first(&mut revoke.params))
    }),
    ("revoke.headers: one less", Step::Revoke, |spec| {
        spec.revoke.as_mut().is_some_and(|revoke| without_first(&mut revoke.headers))
    }),
    ("profile: another address", Step::Profile, |spec| request(spec).is_some_and(|request| changed(&mut request.url))),
    ("profile.query: one less", Step::Profile, |spec| {
        request(spec).is_some_and(|request| without_first(&mut request.query))
    }),
    ("profile.headers: one less", Step::Profile, |spec| {
        !says_headers_twice(spec) && request(spec).is_some_and(|request| without_first(&mut request.headers))
    }),
    ("profile.at: elsewhere, and the map along", Step::Profile, |spec| {
        spec.profile.as_mut().is_some_and(|profile| {
            profile.at = vec!["/elsewhere".to_owned()];
            profile.map.subject[0].insert_str(0, "/elsewhere");
            true
        })
    }),
    ("api.headers: one less", Step::Profile, |spec| {
        profile_is_first(spec)
            && !says_headers_twice(spec)
            && spec.api.as_mut().is_some_and(|api| without_first(&mut api.headers))
    }),
    ("api.headers: one less, seen by an operation", Step::Api, |spec| {
        (call_is_first(spec) || says_headers_twice(spec))
            && spec.api.as_mut().is_some_and(|api| without_first(&mut api.headers))
    }),
    ("api.headers: the last one less", Step::Profile, |spec| {
        profile_is_first(spec)
            && !says_headers_twice(spec)
            && spec.api.as_mut().is_some_and(|api| api.headers.pop().is_some())
    }),
    ("api.operations: another path", Step::Api, |spec| {
        // A call that has no description is echoed, so only one with a declared result is missed.
        let operations = spec.api.iter_mut().flat_map(|api| &mut api.operations);
        operations
            .filter(|operation| operation.returns.as_ref().is_some_and(|returns| !returns.at.is_empty()))
            .last()
            .is_some_and(|operation| changed(&mut operation.path))
    }),
    ("api.operations: a result elsewhere", Step::Api, |spec| {
        let returns =
            spec.api.iter_mut().flat_map(|api| &mut api.operations).find_map(|operation| operation.returns.as_mut());
        returns.is_some_and(|returns| {
            returns.at.push_str("/elsewhere");
            true
        })
    }),
    ("api.operations: a parameter less", Step::Api, |spec| {
        let operation = spec
            .api
            .iter_mut()
            .flat_map(|api| &mut api.operations)
            .find(|operation| operation.parameters.iter().any(|parameter| !parameter.kind.optional));
        operation.is_some_and(|operation| {
            // The walk gives a value to what the file names; what it does not name stays away.
            let before = operation.parameters.len();
            operation.parameters.retain(|parameter| {
                parameter.kind.optional || parameter.place == oauth_core::spec::ParameterPlace::Path
            });
            operation.parameters.len() < before
        })
    }),
];

fn renamed(renames: &mut Vec<(String, String)>, standard: &str) -> bool {
    let before = renames.len();
    renames.retain(|(name, _)| name != standard);
    renames.len() < before
}

/// What is wrong with how a mistake was found out; `None` where the file has no place for it.
async fn found_out(right: &Arc<ProviderSpec>, (name, step, mutate): Mutation) -> Option<Result<(), String>> {
    let mut wrong = ProviderSpec::clone(right);
    if !mutate(&mut wrong) {
        return None;
    }
    assert_ne!(wrong, **right, "{}: {name}: nothing was changed", right.id);
    let sim = simulate(right).await;
    let client = client_of(&sim, &wrong);
    let walked = match walk(&sim, &client).await {
        Ok(walked) => is_over(&client, &walked.account.tokens()).await,
        Err(broken) => Err(broken),
    };
    Some(match walked {
        Ok(()) => Err(format!("{}: {name}: nobody noticed", right.id)),
        Err(broken) if broken.step() == step => Ok(()),
        Err(broken) => Err(format!("{}: {name}: found out in the wrong place: {broken}", right.id)),
    })
}

/// How many mistakes could be made, and what is wrong with how they were found out.
async fn try_all(right: &Arc<ProviderSpec>) -> (usize, Vec<String>) {
    let mut found = Vec::new();
    for mutation in MUTATIONS {
        found.extend(found_out(right, *mutation).await);
    }
    (found.len(), found.into_iter().filter_map(Result::err).collect())
}

#[tokio::test]
async fn every_mistake_in_a_file_of_the_catalog_is_found_out() {
    let mut wrong = Vec::new();
    for entry in oauth_providers::catalog() {
        let (made, mut found) = try_all(entry.spec()).await;
        assert!(made >= 10, "{}: only {made} mistakes could be made", entry.id());
        wrong.append(&mut found);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn every_mistake_in_a_file_full_of_deviations_is_found_out() {
    let odd = spec(ODD);
    let sim = simulate(&odd).await;
    walk(&sim, &client_of(&sim, &odd)).await.unwrap_or_else(|broken| panic!("without a mistake: {broken}"));
    let (made, wrong) = try_all(&odd).await;
    assert!(made >= 25, "only {made} mistakes could be made");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_mistake_can_be_made_somewhere() {
    let odd = spec(ODD);
    let mut without = Vec::new();
    for (name, _, mutate) in MUTATIONS {
        let mut specs: Vec<ProviderSpec> =
            oauth_providers::catalog().iter().map(|entry| (**entry.spec()).clone()).collect();
        specs.push((*odd).clone());
        if !specs.iter_mut().any(mutate) {
            without.push(name);
        }
    }
    assert!(without.is_empty(), "no file has a place for {without:?}");
}
