//! How a client proves itself at the token endpoint (RFC 6749 section 2.3.1), seen from the other side.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header;
use oauth_core::spec::{self, BasicForm, BasicUser, ClientAuthMethod, Hole, MintedPlace, PublicForm, Template};

use crate::RegisteredClient;
use crate::assertion;
use crate::facts::{Facts, Whose, own_name};
use crate::minted;
use crate::params::Params;
use crate::request::Request;
use crate::server::Shared;
use crate::shape::Refused;
use crate::token_request::{Taken, standard};

/// A request, and what its file says that it carries.
pub(crate) struct Proof<'a> {
    pub(crate) request: &'a Request,
    pub(crate) taken: &'a Taken,
    /// Of the parameters, of the query beside them, of the headers.
    pub(crate) wanted: [&'a spec::Params; 3],
}

type Known<'a> = (usize, &'a RegisteredClient);

/// The client and its index; it has proved itself in the one way that the provider declares.
pub(crate) fn authenticate<'a>(shared: &'a Shared, proof: &Proof<'_>) -> Result<Known<'a>, Refused> {
    authenticate_as(shared, proof, &shared.facts.spec.client_auth)
}

/// The same where the request wants the secret in the `Authorization` header, whatever the token endpoint takes.
pub(crate) fn authenticate_by_header<'a>(shared: &'a Shared, proof: &Proof<'_>) -> Result<Known<'a>, Refused> {
    let mut auth = spec::ClientAuth::from(ClientAuthMethod::Basic);
    auth.basic = shared.facts.spec.client_auth.basic;
    authenticate_as(shared, proof, &auth)
}

fn authenticate_as<'a>(shared: &'a Shared, proof: &Proof<'_>, auth: &spec::ClientAuth) -> Result<Known<'a>, Refused> {
    let facts = &shared.facts;
    if auth.method == ClientAuthMethod::Custom {
        return custom(facts, proof);
    }
    let header = basic(proof.request)?;
    let header = header.map(|pair| if auth.basic.encode { form_decoded(pair) } else { Ok(pair) }).transpose()?;
    let id = standard(facts, &proof.taken.params, "client_id")?;
    let secret = standard(facts, &proof.taken.params, "client_secret")?;
    // RFC 6749 section 2.3: "The client MUST NOT use more than one authentication method in each request."
    if header.is_some() && secret.is_some() {
        return Err(Refused::invalid_request("two ways of client authentication in one request"));
    }
    let (index, client) = match &header {
        Some((user, _)) if auth.basic.user == BasicUser::Secret => by_secret(facts, user)?,
        Some((user, _)) => by_id(facts, Some(user))?,
        None => by_id(facts, id)?,
    };
    if id.is_some_and(|id| id != client.id()) {
        return Err(Refused::invalid_request("two different client ids in one request"));
    }
    if auth.basic.id_in_body && id.is_none() {
        return Err(Refused::invalid_request("this provider wants the client's id among the parameters, too"));
    }
    let header = header.as_ref().map(|(user, password)| (user.as_str(), password.as_str()));
    match auth.method {
        _ if client.secret().is_none() => public(auth.basic, header, secret),
        ClientAuthMethod::None => public(auth.basic, header, secret),
        ClientAuthMethod::Basic => in_header(auth.basic, client, header, secret),
        ClientAuthMethod::Body => in_body(client, header, secret),
        ClientAuthMethod::Minted => made(shared, client, header, secret),
        ClientAuthMethod::PrivateKeyJwt | ClientAuthMethod::ClientSecretJwt => {
            asserted(shared, client, proof, header.is_some() || secret.is_some())
        }
        _ => Err(unproved("the simulator does not know this way of client authentication")),
    }
    .map(|()| (index, client))
}

fn public(form: BasicForm, header: Option<(&str, &str)>, secret: Option<&str>) -> Result<(), Refused> {
    match (header, secret, form.public) {
        (None, None, PublicForm::Body) | (Some((_, "")), None, PublicForm::Basic) => Ok(()),
        (None, None, _) => Err(unproved("a public client names itself in the Authorization header here")),
        _ => Err(unproved("a public client has no secret to show")),
    }
}

fn in_header(
    form: BasicForm,
    client: &RegisteredClient,
    header: Option<(&str, &str)>,
    secret: Option<&str>,
) -> Result<(), Refused> {
    let good = match (header, secret, form.user) {
        // The client was found by its secret.
        (Some((_, password)), None, BasicUser::Secret) => password.is_empty(),
        (Some((_, password)), None, _) => client.has_secret(password),
        _ => return Err(unproved("this provider takes the secret in the Authorization header only")),
    };
    match (good, form.encode) {
        (true, _) => Ok(()),
        (false, true) => {
            Err(unproved("the secret is wrong (id and secret are form-encoded before base64: RFC 6749 section 2.3.1)"))
        }
        (false, false) => Err(unproved("the secret is wrong (this provider wants it as it is in base64)")),
    }
}

fn in_body(client: &RegisteredClient, header: Option<(&str, &str)>, secret: Option<&str>) -> Result<(), Refused> {
    match (header, secret) {
        (None, Some(secret)) if client.has_secret(secret) => Ok(()),
        (None, Some(_)) => Err(unproved("the secret is wrong")),
        _ => Err(unproved("this provider takes the secret among the parameters only")),
    }
}

/// A secret that the client makes for each request.
fn made(
    shared: &Shared,
    client: &RegisteredClient,
    header: Option<(&str, &str)>,
    secret: Option<&str>,
) -> Result<(), Refused> {
    let Some(rules) = &shared.facts.spec.client_auth.minted else {
        return Err(unproved("the file does not say how the secret is made"));
    };
    let token = match (rules.sent, header, secret) {
        (MintedPlace::Body, None, Some(secret)) => secret,
        (MintedPlace::Basic, Some((_, password)), None) => password,
        _ => return Err(unproved("the secret that the client makes is not where this provider looks for it")),
    };
    minted::check(shared, rules, client, token).map_err(|why| unproved(&format!("the secret is not good: {why}")))
}

/// A JWT in the place of a secret.
fn asserted(shared: &Shared, client: &RegisteredClient, proof: &Proof<'_>, has_secret: bool) -> Result<(), Refused> {
    let params = &proof.taken.params;
    let (Some(token), Some(kind)) = (params.get("client_assertion"), params.get("client_assertion_type")) else {
        return Err(unproved("this provider takes a client assertion only"));
    };
    // RFC 7521 section 4.2: the client "MUST NOT authenticate using more than one" mechanism.
    if has_secret {
        return Err(Refused::invalid_request("two ways of client authentication in one request"));
    }
    if kind != "urn:ietf:params:oauth:client-assertion-type:jwt-bearer" {
        return Err(unproved("the assertion is of an unknown type"));
    }
    assertion::check(shared, client, token).map_err(|why| unproved(&format!("the assertion is not good: {why}")))
}

/// Id and secret stand where the file's holes are, and nowhere else.
fn custom<'a>(facts: &'a Facts, proof: &Proof<'_>) -> Result<Known<'a>, Refused> {
    let [params, query, headers] = proof.wanted;
    let names = |wanted: &spec::Params, name: &str| wanted.iter().any(|(known, _)| known.eq_ignore_ascii_case(name));
    if proof.request.headers.contains_key(header::AUTHORIZATION) && !names(headers, header::AUTHORIZATION.as_str()) {
        return Err(Refused::invalid_request("this provider does not look at the Authorization header"));
    }
    for name in ["client_id", "client_secret"] {
        let own = own_name(&facts.spec.token.request.rename, name);
        if proof.taken.params.has(own) && !names(params, own) {
            return Err(Refused::invalid_request(format!("this provider does not take the parameter `{own}`")));
        }
    }
    let mut places: Vec<(&Template, Option<&str>)> = Vec::new();
    places.extend(params.iter().map(|(name, template)| (template, proof.taken.params.get(name))));
    places.extend(query.iter().map(|(name, template)| (template, proof.taken.beside.get(name))));
    places.extend(headers.iter().map(|(name, template)| (template, proof.request.header(name))));
    places.retain(|(template, _)| names_client(template));
    if places.is_empty() {
        return Err(unproved("the file does not say where id and secret are"));
    }
    let fits = |client: &RegisteredClient| {
        let fits = |(template, given): &(&Template, Option<&str>)| {
            facts.render(template, Whose::client(client)).is_ok_and(|value| Some(value.as_str()) == *given)
        };
        places.iter().all(fits)
    };
    let found = facts.clients.iter().enumerate().find(|(_, client)| fits(client));
    found.ok_or_else(|| unproved("id and secret are not, or not rightly, where this provider looks for them"))
}

/// Whether the template says who the client is, and nothing that is known later only.
fn names_client(template: &Template) -> bool {
    let is_client = |hole: &Hole| matches!(hole, Hole::ClientId | Hole::ClientSecret);
    template.holes().any(is_client) && template.holes().all(|hole| is_client(hole) || matches!(hole, Hole::Name(_)))
}

fn by_id<'a>(facts: &'a Facts, id: Option<&str>) -> Result<Known<'a>, Refused> {
    let id = id.ok_or_else(|| unproved("the client is not named"))?;
    facts.client(id).ok_or_else(|| unproved("the client is not registered"))
}

fn by_secret<'a>(facts: &'a Facts, secret: &str) -> Result<Known<'a>, Refused> {
    let found = facts.clients.iter().enumerate().find(|(_, client)| client.has_secret(secret));
    found.ok_or_else(|| unproved("no client has this secret, which is the user name here"))
}

/// For a request that names its client and proves nothing.
pub(crate) fn identify<'a>(facts: &'a Facts, request: &Request, params: &Params) -> Result<Known<'a>, Refused> {
    refuse_credentials(facts, request, params)?;
    by_id(facts, standard(facts, params, "client_id")?)
}

/// For a request that takes no credentials: a secret that is sent all the same has been given away.
pub(crate) fn refuse_credentials(facts: &Facts, request: &Request, params: &Params) -> Result<(), Refused> {
    if request.headers.contains_key(header::AUTHORIZATION) {
        return Err(Refused::invalid_request("this request takes no Authorization header"));
    }
    match standard(facts, params, "client_secret")? {
        Some(_) => Err(Refused::invalid_request("this request takes no client secret")),
        None => Ok(()),
    }
}

/// User name and password of the `Authorization: Basic` header.
fn basic(request: &Request) -> Result<Option<(String, String)>, Refused> {
    if !request.headers.contains_key(header::AUTHORIZATION) {
        return Ok(None);
    }
    let text = request.header(header::AUTHORIZATION.as_str());
    let text = text.ok_or_else(|| Refused::invalid_request("the Authorization header is unreadable or there twice"))?;
    let (scheme, encoded) = text.split_once(' ').unwrap_or((text, ""));
    if !scheme.eq_ignore_ascii_case("Basic") {
        return Err(unproved("the Authorization header is not Basic"));
    }
    let decoded = STANDARD.decode(encoded.trim()).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let pair = decoded.as_deref().and_then(|text| text.split_once(':'));
    let (user, password) = pair.ok_or_else(|| unproved("the Basic credentials are not base64 of `id:secret`"))?;
    Ok(Some((user.to_owned(), password.to_owned())))
}

/// RFC 6749 section 2.3.1: id and secret are "encoded using the application/x-www-form-urlencoded encoding algorithm".
fn form_decoded((user, password): (String, String)) -> Result<(String, String), Refused> {
    let decoded = |text: String| {
        let spaced = text.replace('+', " ");
        match percent_encoding::percent_decode_str(&spaced).decode_utf8() {
            Ok(text) => Ok(text.into_owned()),
            Err(_) => Err(unproved("the Basic credentials are not UTF-8")),
        }
    };
    Ok((decoded(user)?, decoded(password)?))
}

fn unproved(description: &str) -> Refused {
    Refused::new("invalid_client", description)
}
