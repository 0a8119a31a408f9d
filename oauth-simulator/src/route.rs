//! From a request to the part of the provider that answers it.

use http::{HeaderName, StatusCode, header};
use oauth_core::spec::{Grants, ProfileFrom};

use crate::address::{Address, Place};
use crate::facts::{Facts, Whose, own_name};
use crate::issue::Issued;
use crate::openid::{self, Issuer};
use crate::params::Params;
use crate::recorded::{Endpoint, Recorded};
use crate::reply::Reply;
use crate::request::Request;
use crate::server::Shared;
use crate::shape::{Refused, error_answer, token_answer};
use crate::{
    Answer, RegisteredClient, SimUser, api, authorize, client_credentials, consent, device, dpop, end_session, fetched,
    introspect, jwt_bearer, pages, pushed, refresh, revoke, token, token_exchange, upgrade,
};

/// Where the provider's endpoints are, worked out once.
#[derive(Default)]
pub(crate) struct Routes {
    pub(crate) places: Vec<(Endpoint, Place)>,
}

impl Routes {
    /// Renders each endpoint's template, for each client: an address may hold the client's id.
    pub(crate) fn new(facts: &Facts, issuer: &Issuer) -> Result<Self, String> {
        let spec = &facts.spec;
        let refresh = spec.refresh.as_ref();
        let templates = [
            (Endpoint::Authorization, spec.endpoints.authorization.as_ref()),
            (Endpoint::PushedAuthorization, spec.endpoints.pushed_authorization.as_ref()),
            (Endpoint::Token, spec.endpoints.token.as_ref()),
            (Endpoint::Refresh, refresh.and_then(|refresh| refresh.url.as_ref().or(spec.endpoints.token.as_ref()))),
            (Endpoint::Revocation, spec.endpoints.revocation.as_ref()),
            (Endpoint::Device, spec.endpoints.device_authorization.as_ref()),
            (Endpoint::Introspection, spec.endpoints.introspection.as_ref()),
            (Endpoint::EndSession, spec.endpoints.end_session.as_ref()),
            (Endpoint::Upgrade, spec.token.upgrade.as_ref().map(|upgrade| &upgrade.url)),
            (Endpoint::Keys, spec.openid.as_ref().and_then(|openid| openid.jwks.as_ref())),
        ];
        let own = spec.grants.requests().map(|(_, request)| (Endpoint::Token, request.url.as_ref()));
        let mut places = Vec::new();
        for (endpoint, template) in templates.into_iter().chain(own) {
            let Some(template) = template else { continue };
            for client in &facts.clients {
                places.push((
                    endpoint,
                    Place::parse(&facts.render(template, Whose { address: true, ..Whose::client(client) })?)?,
                ));
            }
        }
        for (endpoint, url) in below_issuer(facts, issuer) {
            places.extend(url.map(|url| Place::parse(&url)).transpose()?.map(|place| (endpoint, place)));
        }
        Ok(Self { places })
    }

    /// The address at the real provider.
    pub(crate) fn url(&self, wanted: Endpoint) -> Option<String> {
        let (_, place) = self.places.iter().find(|(endpoint, _)| *endpoint == wanted)?;
        Some(place.url())
    }

    fn at<'a>(&'a self, address: &'a Address) -> impl Iterator<Item = (Endpoint, &'a Place)> {
        let here = self.places.iter().filter(move |(_, place)| place.address == *address);
        here.map(|(endpoint, place)| (*endpoint, place))
    }

    pub(crate) fn scheme(&self, authority: &str) -> &str {
        let known = self.places.iter().find(|(_, place)| place.address.authority == authority);
        known.map_or("https", |(_, place)| place.scheme.as_str())
    }
}

/// The addresses that follow from the issuer's.
fn below_issuer(facts: &Facts, issuer: &Issuer) -> Vec<(Endpoint, Option<String>)> {
    let spec = &facts.spec;
    let mut found = vec![(Endpoint::Metadata, issuer.metadata_between())];
    if spec.endpoints.discovery {
        found.push((Endpoint::Authorization, issuer.below("authorize")));
        found.push((Endpoint::Token, issuer.below("token")));
        let at_revocation = spec.revoke.is_some() && spec.endpoints.revocation.is_none();
        found.extend(at_revocation.then(|| (Endpoint::Revocation, issuer.below("revoke"))));
        let at_device = spec.grants.device.is_some() && spec.endpoints.device_authorization.is_none();
        found.extend(at_device.then(|| (Endpoint::Device, issuer.below("device"))));
        let at_token = spec.refresh.as_ref().filter(|refresh| refresh.url.is_none());
        found.extend(at_token.map(|_| (Endpoint::Refresh, issuer.below("token"))));
    }
    if let Some(openid) = &spec.openid {
        found.push((Endpoint::Metadata, issuer.below(".well-known/openid-configuration")));
        found.push((Endpoint::Userinfo, issuer.below("userinfo")));
        if openid.jwks.is_none() {
            found.push((Endpoint::Keys, issuer.below("jwks")));
        }
    }
    found
}

/// Answers a request.
pub(crate) fn answer(shared: &Shared, request: &Request) -> Reply {
    let spec = &shared.facts.spec;
    match request.path.as_str() {
        "/" => return pages::index(spec),
        pages::LOGIN | pages::CONSENT => return consent::form(shared, request),
        _ => {}
    }
    let Some(address) = Address::from_path(&request.path) else { return unknown(shared) };
    let scheme = shared.routes.scheme(&address.authority);
    let mut recorded = Recorded::of(request, scheme, &address.authority, &address.path);
    let (endpoint, reply) = dispatch(shared, request, &address);
    recorded.endpoint = endpoint;
    recorded.status = reply.status.as_u16();
    shared.state().record(recorded);
    reply
}

fn dispatch(shared: &Shared, request: &Request, address: &Address) -> (Endpoint, Reply) {
    let here: Vec<_> = shared.routes.at(address).collect();
    // Some providers have it at the token endpoint. A request for codes is none for tokens: it names no grant.
    let device = here.iter().find(|(endpoint, _)| *endpoint == Endpoint::Device);
    if let (Some((_, place)), None) = (device, grant_type(&shared.facts, request)) {
        return (Endpoint::Device, device::authorize(shared, request, &place.query));
    }
    if let Some((endpoint, place)) = grant_endpoint(&shared.facts, request, &here) {
        return (endpoint, grant(shared, request, endpoint, &place.query));
    }
    // An address of the API may have another method for something else.
    let revokes = |(endpoint, _): &&(Endpoint, &Place)| {
        let method = shared.facts.spec.revoke.as_ref().map(|rules| rules.method.as_str());
        *endpoint == Endpoint::Revocation && (method == Some(request.method.as_str()) || !shared.api.covers(address))
    };
    if let Some((_, place)) = here.iter().find(revokes) {
        return (Endpoint::Revocation, revoke::revoke(shared, request, &place.query));
    }
    if let Some(answered) = fetched::answer(shared, request, address) {
        return answered;
    }
    match here.first() {
        Some((Endpoint::Authorization, place)) => {
            (Endpoint::Authorization, authorize::authorize(shared, request, &place.query))
        }
        Some((Endpoint::Introspection, place)) => {
            (Endpoint::Introspection, introspect::introspect(shared, request, &place.query))
        }
        Some((Endpoint::EndSession, _)) => (Endpoint::EndSession, end_session::end(shared, request)),
        Some((Endpoint::PushedAuthorization, place)) => {
            (Endpoint::PushedAuthorization, pushed::push(shared, request, &place.query))
        }
        Some((Endpoint::Userinfo, _)) => (Endpoint::Userinfo, openid::userinfo(shared, request)),
        Some((Endpoint::Metadata, _)) => (Endpoint::Metadata, openid::metadata(shared, request)),
        Some((Endpoint::Keys, _)) => (Endpoint::Keys, openid::keys(shared, request)),
        _ if shared.api.covers(address) => (Endpoint::Api, api::call(shared, request, address)),
        _ => (Endpoint::Unknown, unknown(shared)),
    }
}

/// Which of the endpoints that may share an address the request means: its grant type or its token says so.
fn grant_endpoint<'a>(
    facts: &Facts,
    request: &Request,
    here: &[(Endpoint, &'a Place)],
) -> Option<(Endpoint, &'a Place)> {
    let mut grants =
        here.iter().filter(|(endpoint, _)| matches!(endpoint, Endpoint::Token | Endpoint::Refresh | Endpoint::Upgrade));
    let first = *grants.next()?;
    let has = |wanted: Endpoint| here.iter().find(|(endpoint, _)| *endpoint == wanted).copied();
    let mut params = request.query().unwrap_or_default();
    params.extend(&request.body_params().unwrap_or_default());
    let spec = &facts.spec;
    let grant_type = params.get(own_name(&spec.token.request.rename, "grant_type"));
    if let (Some(token), Some(_)) = (has(Endpoint::Token), named(facts, request)) {
        return Some(token);
    }
    if let (Some(upgrade), Some(rules)) = (has(Endpoint::Upgrade), &spec.token.upgrade)
        && params.get("grant_type") == Some(rules.grant_type.as_str())
    {
        return Some(upgrade);
    }
    if let (Some(refresh), Some(rules)) = (has(Endpoint::Refresh), &spec.refresh)
        && (grant_type == Some(rules.grant_type.as_str())
            || (params.has(&rules.param) && !params.has(own_name(&spec.token.request.rename, "code"))))
    {
        return Some(refresh);
    }
    has(Endpoint::Token).or(Some(first))
}

/// The grant beside the code that the request names by its type.
fn named(facts: &Facts, request: &Request) -> Option<&'static str> {
    let given = grant_type(facts, request)?;
    facts.spec.grants.requests().find(|(_, rules)| rules.grant_type == given).map(|(name, _)| name)
}

fn grant_type(facts: &Facts, request: &Request) -> Option<String> {
    let mut params = request.query().unwrap_or_default();
    params.extend(&request.body_params().unwrap_or_default());
    params.get(own_name(&facts.spec.token.request.rename, "grant_type")).map(str::to_owned)
}

/// A request that is answered with tokens.
fn grant(shared: &Shared, request: &Request, endpoint: Endpoint, own: &Params) -> Reply {
    let scripted = shared.state().token_answers.pop_front();
    let lost = match scripted {
        Some(Answer { lost: true, .. }) => true,
        Some(answer) => {
            let rule = shared.facts.spec.token.response.fails_when.as_ref();
            return api::scripted(&shared.facts, answer, rule);
        }
        None => false,
    };
    let proved = dpop::at_token(shared, request);
    let issued = proved.and_then(|key| issue(shared, request, endpoint, own).map(|issued| (key, issued)));
    let issued = issued.and_then(|(key, mut issued)| {
        let mut state = shared.state();
        if let Some(grant) = state.grants.get_mut(issued.grant) {
            issued.bound = dpop::bind(grant, key)?;
        }
        drop(state);
        let user = shared.state().grants.get(issued.grant).map(|grant| grant.user);
        if endpoint != Endpoint::Upgrade && user.is_some_and(|user| user < shared.facts.users.len()) {
            issued.id_token = openid::id_token(shared, &issued, endpoint == Endpoint::Refresh)?;
        }
        Ok(issued)
    });
    let mut reply = match issued {
        Ok(issued) => token_answer(&shared.facts, &issued, introduced(shared, endpoint, &issued)),
        Err(Refused { status: StatusCode::METHOD_NOT_ALLOWED, description, .. }) => {
            Reply::problem(StatusCode::METHOD_NOT_ALLOWED, "invalid_request", &description)
                .with(header::ALLOW, method_of(shared, endpoint))
        }
        Err(refused) => error_answer(&shared.facts, &refused),
    };
    reply = reply.with(HeaderName::from_static("pragma"), "no-cache");
    reply.lost = lost;
    reply
}

/// The tokens of whichever grant the request is for.
fn issue(shared: &Shared, request: &Request, endpoint: Endpoint, own: &Params) -> Result<Issued, Refused> {
    let spec = &shared.facts.spec;
    match (endpoint, &spec.refresh, &spec.token.upgrade) {
        (Endpoint::Refresh, Some(rules), _) => refresh::refresh(shared, rules, request, own),
        (Endpoint::Upgrade, _, Some(rules)) => upgrade::upgrade(shared, rules, request, own),
        _ => {
            let (grants, named) = (&spec.grants, named(&shared.facts, request));
            let is = |name: &str| named == Some(name);
            match grants {
                Grants { client_credentials: Some(rules), .. } if is("client_credentials") => {
                    client_credentials::issue(shared, rules, request, own)
                }
                Grants { device: Some(rules), .. } if is("device") => device::redeem(shared, rules, request, own),
                Grants { token_exchange: Some(rules), .. } if is("token_exchange") => {
                    token_exchange::issue(shared, rules, request, own)
                }
                Grants { jwt_bearer: Some(rules), .. } if is("jwt_bearer") => {
                    jwt_bearer::issue(shared, rules, request, own)
                }
                _ => token::exchange(shared, request, own),
            }
        }
    }
}

/// The user, where the answer to the code exchange tells who that is.
fn introduced<'a>(shared: &'a Shared, endpoint: Endpoint, issued: &Issued) -> Option<&'a SimUser> {
    let profile = shared.facts.spec.profile.as_ref()?;
    if profile.from != ProfileFrom::Token || endpoint != Endpoint::Token {
        return None;
    }
    let user = shared.state().grants.get(issued.grant)?.user;
    shared.facts.users.get(user)
}

fn method_of(shared: &Shared, endpoint: Endpoint) -> &'static str {
    let spec = &shared.facts.spec;
    match (endpoint, &spec.refresh, &spec.token.upgrade) {
        (Endpoint::Refresh, Some(rules), _) => rules.method.as_str(),
        (Endpoint::Upgrade, _, Some(rules)) => rules.method.as_str(),
        _ => spec.token.request.method.as_str(),
    }
}

fn unknown(shared: &Shared) -> Reply {
    let text = format!("{} has nothing at this address", shared.facts.spec.label());
    Reply::problem(StatusCode::NOT_FOUND, "not_found", &text)
}

/// The issuer that callbacks name, where the provider sends one.
pub(crate) fn callback_issuer(facts: &Facts, client: &RegisteredClient) -> Result<Option<String>, String> {
    let endpoints = &facts.spec.endpoints;
    match &endpoints.issuer {
        Some(issuer) if endpoints.iss_in_callback => facts.render(issuer, Whose::client(client)).map(Some),
        _ => Ok(None),
    }
}
