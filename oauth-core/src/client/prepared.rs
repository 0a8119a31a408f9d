use std::borrow::Cow;
use std::sync::Arc;

use http::HeaderValue;

use super::Config;
use super::at::Detour;
use super::fill::{Context, fill};
use super::identity;
use crate::apply::Headers;
use crate::encode::{push_pair, push_pair_as_is};
use crate::error::{Error, ErrorKind, Result, Step};
use crate::http::HttpClient;
use crate::mechanism::Hooks;
use crate::openid::ExpectedIssuer;
use crate::origin::Origins;
use crate::request_object::RequestSigner;
use crate::scopes::is_scope_token;
use crate::spec::{ClientAuthMethod, Hole, ProviderSpec, StatePlace, Template, template};
use crate::token::{self, Asserter, Minter};

/// What follows from a client's configuration: worked out once, read by every step.
#[derive(Clone)]
pub(crate) struct Prepared {
    /// The authorization URL up to and including everything that no call changes.
    pub(crate) authorize: String,
    /// `authorize` with the client's own redirect URI and scopes behind it.
    pub(crate) authorize_usual: Option<String>,
    /// The scopes of the usual request.
    pub(crate) scopes: Vec<String>,
    /// The `Authorization: Basic` header, where that is how the client authenticates.
    pub(crate) basic: Option<HeaderValue>,
    /// What makes a secret for each request, where the provider wants that.
    pub(crate) minter: Option<Minter>,
    /// What signs authorization requests, where the provider wants that.
    pub(crate) request_signer: Option<RequestSigner>,
    /// What makes an assertion for each request, where the provider wants that.
    pub(crate) asserter: Option<Asserter>,
    /// The transport that shows the client's certificate, where it has one.
    pub(crate) identity: Option<Arc<dyn HttpClient>>,
    /// Where the token may go.
    pub(crate) origins: Origins,
    /// What goes on a request to the API.
    pub(crate) headers: Headers,
    /// The issuer that ID tokens name.
    pub(crate) id_issuer: Option<ExpectedIssuer>,
    /// The exact issuer.
    pub(crate) issuer: Option<String>,
    /// What an attempt remembers of the server it was made for: the issuer and the token endpoint with this client's
    /// settings (RFC 9700 section 4.4.2), so that an attempt for one tenant is worth nothing at another, and a code goes
    /// to no endpoint that the issuer names only after the login was started.
    pub(crate) server: String,
    /// The mechanisms that the provider needs.
    pub(crate) hooks: Hooks,
    detour: Option<Detour>,
}

impl Prepared {
    pub(crate) fn new(config: &Config) -> Result<Self> {
        if let Some(fault) = &config.fault {
            return Err(fault.clone());
        }
        check_credentials(config)?;
        let hooks = config.mechanisms.hooks(&config.spec)?;
        for setting in &config.spec.settings {
            let Some(value) = config.setting(&setting.name) else {
                let what = format!("the setting `{}` is missing", setting.name);
                let doc = setting.doc.as_ref().map(|doc| format!(": {doc}")).unwrap_or_default();
                let fix = format!("give it with `.set(..)`; it is of kind {}{doc}", setting.kind.as_str());
                return Err(Error::new(ErrorKind::Setting, Step::Configure, what).fix(fix).of(&config.spec));
            };
            config.check_setting(&setting.name, value)?;
        }
        let spec = &*config.spec;
        let detour = config.at.as_deref().map(|origin| Detour::new(spec, origin)).transpose()?;
        let scopes = scopes(config, None)?;
        let mut prepared = Self {
            authorize: String::new(),
            authorize_usual: None,
            scopes,
            basic: token::basic(config)?,
            minter: None,
            request_signer: None,
            asserter: None,
            identity: identity::transport(config)?,
            origins: Origins::new(config)?,
            headers: Headers::new(config)?,
            id_issuer: ExpectedIssuer::new(config)?,
            issuer: spec
                .endpoints
                .issuer
                .as_ref()
                .map(|issuer| fill(config, Step::Configure, issuer, Context::default()))
                .transpose()?,
            server: String::new(),
            hooks,
            detour,
        };
        prepared.minter = Minter::new(config)?;
        prepared.request_signer = RequestSigner::new(config)?;
        prepared.asserter = Asserter::new(config)?;
        let issuer = prepared.issuer.as_deref().unwrap_or_default();
        prepared.server = match (issuer, token_endpoint(config)) {
            ("", token) => token,
            (issuer, token) => format!("{issuer} {token}"),
        };
        if let Some(endpoint) = &spec.endpoints.authorization {
            prepared.authorize = prepared.authorize_url(config, endpoint, &[])?;
            if let Some(redirect_uri) = &config.redirect_uri {
                let mut usual = prepared.authorize.clone();
                push_redirect_uri(&mut usual, spec, redirect_uri);
                push_scopes(&mut usual, config, &prepared.scopes);
                push_second_scopes(&mut usual, spec, None);
                prepared.authorize_usual = Some(usual);
            }
        }
        Ok(prepared)
    }

    /// The authorization URL with what no call changes, without the static parameters that a call replaces.
    pub(crate) fn authorize_url(&self, config: &Config, endpoint: &Template, replaced: &[&str]) -> Result<String> {
        let spec = &*config.spec;
        let mut url = self.address(config, Step::Authorize, endpoint, Context::default())?;
        // RFC 6749 section 3.1: the endpoint "MAY include a query component, which MUST be retained".
        url.push(if url.contains('?') { '&' } else { '?' });
        if url.ends_with("?&") {
            url.pop();
        }
        let rules = &spec.authorize;
        if !rules.omits("response_type") {
            push_pair(&mut url, renamed(&rules.rename, "response_type"), rules.response_type());
        }
        push_pair(&mut url, renamed(&rules.rename, "client_id"), &config.client_id);
        if let Some(mode) = rules.response_mode {
            push_pair(&mut url, "response_mode", mode.as_str());
        }
        for (name, value) in rules.fixed_params() {
            if !replaced.contains(&name.as_str()) {
                let value = fill(config, Step::Authorize, value, Context::default())?;
                // RFC 6749 section 3.1: "Parameters sent without a value MUST be treated as if they were omitted from the
                // request".
                if !value.is_empty() {
                    push_pair(&mut url, name, &value);
                }
            }
        }
        Ok(url)
    }

    /// A rendered address: checked to be secure, then led to the stand-in server if there is one.
    pub(crate) fn address(
        &self,
        config: &Config,
        step: Step,
        address: &Template,
        context: Context<'_>,
    ) -> Result<String> {
        own_address(config, step, address, context).map(|address| self.detoured(address))
    }

    /// Whether there is a stand-in server.
    pub(crate) fn is_detoured(&self) -> bool {
        self.detour.is_some()
    }

    /// The address at the stand-in server, where there is one.
    pub(crate) fn detoured(&self, address: String) -> String {
        match &self.detour {
            Some(detour) => detour.map(&address),
            None => address,
        }
    }
}

/// A rendered address as the provider has it, checked to be secure.
pub(crate) fn own_address(config: &Config, step: Step, address: &Template, context: Context<'_>) -> Result<String> {
    let rendered = fill(config, step, address, Context { in_address: true, ..context })?;
    if !url::Url::parse(&rendered).is_ok_and(|url| template::is_endpoint(&url)) {
        let what = format!("the address `{address}` is not an https address once its settings are filled in");
        return Err(Error::new(ErrorKind::InsecureUrl, step, what)
            .fix("use https; plain http is for loopback only")
            .of(&config.spec));
    }
    Ok(rendered)
}

/// The token endpoint, as far as it is known before a callback.
fn token_endpoint(config: &Config) -> String {
    let Some(token) = &config.spec.endpoints.token else { return String::new() };
    token
        .render(|hole, text| {
            let known = match hole {
                Hole::Name(name) => config
                    .spec
                    .setting(name)
                    .zip(config.setting(name))
                    .and_then(|(setting, value)| setting.resolve(value).ok()),
                _ => None,
            };
            text.push_str(&known.unwrap_or_else(|| hole.to_string().into()));
            Ok::<(), std::convert::Infallible>(())
        })
        .unwrap_or_else(|never| match never {})
}

/// RFC 6749 section 2.3: confidential clients authenticate; a public client has nothing to do it with.
fn check_credentials(config: &Config) -> Result<()> {
    let fail =
        |what: &str, fix: &str| Err(Error::new(ErrorKind::Config, Step::Configure, what).fix(fix).of(&config.spec));
    if config.client_id.trim().is_empty() {
        return fail("the client id is empty", "register an app with the provider and use the id it gives you");
    }
    if config.client_id.chars().any(char::is_control) {
        return fail(
            "the client id has a line break or another control character",
            "copy it again from the provider's console",
        );
    }
    let method = config.spec.client_auth.method;
    // A key that signs authorization requests is none of what the client shows of itself, where it shows no secret.
    let signs = match method {
        ClientAuthMethod::Minted | ClientAuthMethod::PrivateKeyJwt => true,
        method => config.spec.authorize.request_object.is_some() && method.shows_no_secret(),
    };
    if config.auth.is_key() && !signs {
        return fail(
            "the provider takes a client secret, and this client has a private key",
            "use the secret from the provider's console; a provider that takes keys says so under `client_auth`",
        );
    }
    match config.auth.as_secret() {
        Some("") => {
            fail("the client secret is empty", "use the provider's `public` constructor for a client without a secret")
        }
        // A private key is a text of several lines.
        Some(_) if signs => Ok(()),
        Some(secret) if secret.chars().any(char::is_control) => fail(
            "the client secret has a line break or another control character",
            "copy it again from the provider's console, without the line's end",
        ),
        _ => Ok(()),
    }
}

/// The scopes of a request: the given or the default ones, the required ones added, each once, each well formed.
pub(crate) fn scopes(config: &Config, given: Option<&[String]>) -> Result<Vec<String>> {
    let spec = &config.spec.scopes;
    let asked = given.or(config.scopes.as_deref()).unwrap_or(&spec.default);
    checked_scopes(config, asked, &spec.required, Step::Authorize)
}

/// These scopes, and those that are required, each once, each well formed.
pub(crate) fn checked_scopes(
    config: &Config,
    asked: &[String],
    required: &[String],
    step: Step,
) -> Result<Vec<String>> {
    let spec = &config.spec.scopes;
    if let (true, Some(scope)) = (spec.none, asked.first()) {
        let what = format!("this provider takes no scopes, and `{}` was asked for", crate::error::clean(scope));
        let fix = "leave the scopes out: what an app may do is chosen where it is registered";
        return Err(Error::new(ErrorKind::Scope, step, what).fix(fix).of(&config.spec));
    }
    let mut scopes: Vec<String> = Vec::with_capacity(asked.len() + required.len());
    for scope in asked.iter().chain(required) {
        let separates = spec.separator != " " && scope.contains(spec.separator.as_str());
        if !is_scope_token(scope) || separates {
            let what = format!("`{}` cannot be a scope", crate::error::clean(scope));
            let fix = "a scope is printable ASCII without spaces, quotes, backslashes and the provider's own separator";
            return Err(Error::new(ErrorKind::Scope, step, what).fix(fix).of(&config.spec));
        }
        if !scopes.contains(scope) {
            scopes.push(scope.clone());
        }
    }
    Ok(scopes)
}

/// The redirect URI, unless it is left out or waits for the state that travels in it.
pub(crate) fn push_redirect_uri(url: &mut String, spec: &ProviderSpec, redirect_uri: &str) {
    let rules = &spec.authorize;
    if !rules.omits("redirect_uri") && rules.state.place == StatePlace::Param {
        push_pair(url, renamed(&rules.rename, "redirect_uri"), redirect_uri);
    }
}

pub(crate) fn push_scopes(url: &mut String, config: &Config, scopes: &[String]) {
    let spec = &*config.spec;
    let name = renamed(&spec.authorize.rename, &spec.scopes.param);
    push_joined(url, spec, name, &scopes.join(&spec.scopes.separator));
}

/// The second set of scopes: what was given, joined, or else the file's default.
pub(crate) fn push_second_scopes(url: &mut String, spec: &ProviderSpec, given: Option<&str>) {
    if let Some(second) = &spec.scopes.second {
        let joined = given.map_or_else(|| second.default.join(&second.separator).into(), Cow::Borrowed);
        push_joined(url, spec, &second.param, &joined);
    }
}

fn push_joined(url: &mut String, spec: &ProviderSpec, name: &str, joined: &str) {
    match joined {
        "" => {}
        joined if spec.scopes.encode => push_pair(url, name, joined),
        joined => push_pair_as_is(url, name, joined),
    }
}

/// The provider's name for a standard parameter.
pub(crate) fn renamed<'a>(renames: &'a [(String, String)], standard: &'a str) -> &'a str {
    renames.iter().find(|(name, _)| name == standard).map_or(standard, |(_, own)| own.as_str())
}
