//! The resources that a token is asked for (RFC 8707).

use url::Url;

use crate::client::{Context, Inner, fill};
use crate::error::{Error, ErrorKind, Result, Step, clean};

/// More than a request could name.
const MOST: usize = 32;

/// The caller's resources, or the file's, each once. RFC 8707 section 2: a resource "MUST be an absolute URI" and "MUST NOT
/// include a fragment component".
pub(crate) fn wanted(inner: &Inner, given: Option<Vec<String>>) -> Result<Vec<String>> {
    let given = if let Some(given) = given {
        given
    } else {
        let own = inner.spec().authorize.resource.iter();
        own.map(|template| fill(&inner.config, Step::Authorize, template, Context::default())).collect::<Result<_>>()?
    };
    let mut resources: Vec<String> = Vec::with_capacity(given.len());
    for resource in given {
        let odd = resource.contains(|c: char| c.is_control() || c == ' ' || c == '#');
        if odd || Url::parse(&resource).is_err() || resources.len() == MOST {
            let what = format!("`{}` is no resource that a token could be for", clean(&resource));
            let fix = "write an absolute URI without fragment, as `https://api.example.com/`; 32 at most";
            return Err(Error::new(ErrorKind::Parameter, Step::Authorize, what).fix(fix).of(inner.spec()));
        }
        if !resources.contains(&resource) {
            resources.push(resource);
        }
    }
    Ok(resources)
}
