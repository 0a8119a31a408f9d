//! Reading a request at the token endpoint, or at one that stands beside it, as strictly as its file describes it.

use http::StatusCode;
use oauth_core::spec::{BodyFormat, Method};

use crate::facts::{Facts, Whose, own_name};
use crate::params::Params;
use crate::request::Request;
use crate::shape::Refused;

/// The parameters of a token request.
#[derive(Default)]
pub(crate) struct Taken {
    pub(crate) params: Params,
    /// Those that the file wants in the query, wherever the others are.
    pub(crate) beside: Params,
}

/// The parameters of a request that goes by `method` and `format` to an endpoint whose own query is `own`; those that
/// `beside` names are in the query.
pub(crate) fn read(
    request: &Request,
    method: Method,
    format: BodyFormat,
    own: &Params,
    beside: &oauth_core::spec::Params,
) -> Result<Taken, Refused> {
    if request.method.as_str() != method.as_str() {
        let description = format!("this endpoint takes {}", method.as_str());
        let status = StatusCode::METHOD_NOT_ALLOWED;
        return Err(Refused { status, ..Refused::invalid_request(description) });
    }
    let query = request.query().map_err(Refused::invalid_request)?;
    if let Some(name) = query.lacks(own) {
        return Err(Refused::invalid_request(format!("the endpoint's own query parameter `{name}` is missing")));
    }
    let names: Vec<&str> = beside.iter().map(|(name, _)| name.as_str()).collect();
    let (beside, query) = query.without(own).split(&names);
    let params = match format {
        BodyFormat::Query if request.body.is_empty() => query,
        BodyFormat::Query => {
            return Err(Refused::invalid_request("the parameters belong into the query, the body stays empty"));
        }
        // RFC 6749 section 2.3.1: "The parameters can only be transmitted in the request-body and MUST NOT be
        // included in the request URI."
        _ if !query.is_empty() => {
            return Err(Refused::invalid_request("the parameters belong into the body, not into the query"));
        }
        BodyFormat::Form if request.is_form() => Params::from_form(&request.body).map_err(Refused::invalid_request)?,
        BodyFormat::Form => return Err(Refused::invalid_request("the body must be application/x-www-form-urlencoded")),
        BodyFormat::Json if request.is_json() => Params::from_json(&request.body).map_err(Refused::invalid_request)?,
        BodyFormat::Json => return Err(Refused::invalid_request("the body must be application/json")),
        _ => return Err(Refused::invalid_request("the simulator does not know this format")),
    };
    // RFC 6749 section 3.2: "Request and response parameters MUST NOT be included more than once."
    if let Some(name) = params.duplicate().or_else(|| beside.duplicate()) {
        return Err(Refused::invalid_request(format!("the parameter `{name}` is there more than once")));
    }
    Ok(Taken { params, beside })
}

/// Checks that a request carries each header with its value.
pub(crate) fn expect_headers(
    facts: &Facts,
    wanted: &oauth_core::spec::Params,
    whose: Whose<'_>,
    request: &Request,
) -> Result<(), String> {
    for (name, template) in wanted {
        let value = facts.render(template, whose)?;
        match request.header(name) {
            Some(found) if found == value => {}
            Some(_) => return Err(format!("the header `{name}` has another value than this provider asks for")),
            None => return Err(format!("the header `{name}` is missing, or there more than once")),
        }
    }
    Ok(())
}

/// A standard parameter of the token request under the provider's name. One that the file says is left out is refused.
pub(crate) fn standard<'a>(facts: &Facts, params: &'a Params, name: &str) -> Result<Option<&'a str>, Refused> {
    let request = &facts.spec.token.request;
    let own = own_name(&request.rename, name);
    if request.omit.iter().any(|omitted| omitted == name) && params.has(own) {
        return Err(Refused::invalid_request(format!("this provider does not take the parameter `{own}`")));
    }
    Ok(params.get(own))
}

/// A standard parameter that must be there, unless the file says that it is left out.
pub(crate) fn required<'a>(facts: &Facts, params: &'a Params, name: &str) -> Result<Option<&'a str>, Refused> {
    let request = &facts.spec.token.request;
    match standard(facts, params, name)? {
        None if !request.omit.iter().any(|omitted| omitted == name) => {
            let own = own_name(&request.rename, name);
            Err(Refused::invalid_request(format!("the parameter `{own}` is missing")))
        }
        found => Ok(found),
    }
}
