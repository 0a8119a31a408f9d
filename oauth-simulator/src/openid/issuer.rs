use oauth_core::spec::{Hole, Template};
use url::Url;

use super::signing;
use crate::RegisteredClient;
use crate::facts::{Facts, Whose};

/// Who issues ID tokens, and the addresses that follow from it.
#[derive(Default)]
pub(crate) struct Issuer {
    /// The exact `iss` of ID tokens.
    pub(crate) of_id_tokens: Option<String>,
    /// The claims that its template is filled from.
    pub(crate) claims: Vec<String>,
    /// The exact `issuer` of the metadata; none where the issuer differs from token to token.
    pub(crate) of_metadata: Option<String>,
}

impl Issuer {
    pub(crate) fn new(facts: &Facts, client: &RegisteredClient) -> Result<Self, String> {
        let first = facts.spec.openid.as_ref().and_then(|openid| openid.algs.first());
        if let Some(alg) = first.filter(|alg| !signing::can_sign(**alg)) {
            return Err(format!("the simulator cannot sign ID tokens with {}", signing::name(*alg)));
        }
        let general = facts.spec.endpoints.issuer.as_ref();
        let own = facts.spec.openid.as_ref().and_then(|openid| openid.issuer.as_ref());
        let render = |template: &Template| facts.render(template, Whose::client(client));
        let fixed = [general, own].into_iter().flatten().find(|template| claims(template).next().is_none());
        let of_id_tokens = own.or(general);
        Ok(Self {
            of_id_tokens: of_id_tokens.map(render).transpose()?,
            claims: of_id_tokens.into_iter().flat_map(claims).map(str::to_owned).collect(),
            of_metadata: fixed.map(render).transpose()?,
        })
    }

    /// An address below the issuer. `OpenID` Connect Discovery section 4.1: "any terminating / MUST be removed before
    /// appending".
    pub(crate) fn below(&self, path: &str) -> Option<String> {
        let issuer = self.of_metadata.as_deref()?;
        Some(format!("{}/{path}", issuer.trim_end_matches('/')))
    }

    /// RFC 8414 section 3.1: the well-known part stands "between the host component and the path component".
    pub(crate) fn metadata_between(&self) -> Option<String> {
        let mut url = Url::parse(self.of_metadata.as_deref()?).ok()?;
        let path = format!("/.well-known/oauth-authorization-server{}", url.path().trim_end_matches('/'));
        url.set_path(&path);
        Some(url.into())
    }
}

fn claims(template: &Template) -> impl Iterator<Item = &str> {
    template.holes().filter_map(|hole| match hole {
        Hole::Claim(name) => Some(name.as_str()),
        _ => None,
    })
}
