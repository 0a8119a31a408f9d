//! Other forms of the authorization request and of its answer: `form_post`, hybrid, pushed, signed.

use oauth_core::{CanAuthorize, Client, ErrorKind, HasProfile};

use super::world::{REDIRECT, USER, World, kind, log_in, log_in_with, login_kind, other_key, refusal};
use crate::browser::Browser;
use crate::providers::oidc_provider::OidcProvider;
use crate::providers::oidc_provider_form::OidcProviderForm;
use crate::providers::oidc_provider_hybrid::OidcProviderHybrid;
use crate::providers::oidc_provider_pushed::OidcProviderPushed;
use crate::providers::oidc_provider_signed::OidcProviderSigned;
use crate::table::{Checks, Result, Table};

pub(super) async fn run(world: &World, table: &mut Table) -> Result<()> {
    let issuer = world.issuer.as_str();
    let mut checks = Checks::of("form_post");
    form(&OidcProviderForm::client("interop-web", &world.secret, issuer).redirect_uri(REDIRECT), &mut checks).await?;
    form(&world.loaded("oidc-provider-form", "interop-web", &world.secret)?, &mut checks).await?;
    table.row("form_post", checks);

    let mut checks = Checks::of("hybrid `code id_token`");
    let generated = OidcProviderHybrid::client("interop-hybrid", &world.secret, issuer).redirect_uri(REDIRECT);
    hybrid(&generated, &mut checks).await?;
    hybrid(&world.loaded("oidc-provider-hybrid", "interop-hybrid", &world.secret)?, &mut checks).await?;
    table.row("hybrid `code id_token`", checks);

    let mut checks = Checks::of("PAR");
    let generated = OidcProviderPushed::client("interop-pushed", &world.secret, issuer).redirect_uri(REDIRECT);
    pushed(&generated, &mut checks).await?;
    pushed(&world.loaded("oidc-provider-pushed", "interop-pushed", &world.secret)?, &mut checks).await?;
    let plain = OidcProvider::client("interop-pushed", &world.secret, issuer).redirect_uri(REDIRECT);
    let refused = login_kind(log_in(&plain).await);
    checks.require("what is not pushed is refused", refused == Some(ErrorKind::AuthorizationRefused))?;
    let wrong = OidcProviderPushed::client("interop-pushed", "wrong", issuer).redirect_uri(REDIRECT);
    let refused = kind(wrong.authorize().begin().await);
    checks.require("a wrong secret is told as such", refused == Some(ErrorKind::ClientRejected))?;
    table.row("PAR", checks);

    let mut checks = Checks::of("JAR");
    let generated = OidcProviderSigned::client("interop-signed", &world.secret, issuer).redirect_uri(REDIRECT);
    let generated = generated.request_key(world.key.clone());
    signed(&generated, &mut checks).await?;
    let loaded = world.loaded("oidc-provider-signed", "interop-signed", &world.secret)?;
    signed(&loaded.request_key(world.key.clone()), &mut checks).await?;
    let plain = OidcProvider::client("interop-signed", &world.secret, issuer).redirect_uri(REDIRECT);
    let refused = login_kind(log_in(&plain).await);
    checks.require("what is not signed is refused", refused == Some(ErrorKind::AuthorizationRefused))?;
    let wrong = generated.request_key(other_key()?);
    let refused = refusal(wrong.authorize().begin().await?.url().as_str()).await?;
    checks.require("what another key has signed is refused", refused.contains("invalid_request_object"))?;
    table.row("JAR", checks);
    Ok(())
}

/// The answer is a form that a page posts.
async fn form<P: CanAuthorize + HasProfile>(client: &Client<P>, checks: &mut Checks) -> Result<()> {
    let (url, pending, browser) = client.authorize().begin().await?.into_parts();
    let callback = Browser::new()?.log_in_by_form(url.as_str(), REDIRECT, USER).await?;
    checks.require("the answer is a form with code, state and issuer", {
        ["code=", "state=", "iss="].iter().all(|part| callback.contains(part))
    })?;
    let account = client.callback(callback, pending, browser).await?;
    checks.require("it ends in a login", account.profile().await?.subject == USER)
}

/// OpenID Connect Core section 3.3: an ID token comes beside the code, and is verified before the code is sent.
async fn hybrid<P: CanAuthorize + HasProfile>(client: &Client<P>, checks: &mut Checks) -> Result<()> {
    let (url, pending, browser) = client.authorize().begin().await?.into_parts();
    let callback = Browser::new()?.log_in_by_form(url.as_str(), REDIRECT, USER).await?;
    checks
        .require("an ID token comes beside the code", callback.contains("id_token=") && callback.contains("code="))?;
    let account = client.callback(callback, pending, browser).await?;
    let tokens = account.tokens();
    let identity = tokens.identity().ok_or("the ID token was not verified")?;
    checks.require("both are of the same user", identity.subject() == USER)?;
    checks.require("it ends in a login", account.profile().await?.subject == USER)?;

    // The code of one login with the ID token of another.
    let mut forms = Vec::new();
    for _ in 0..2 {
        let (url, pending, browser) = client.authorize().begin().await?.into_parts();
        let form = Browser::new()?.log_in_by_form(url.as_str(), REDIRECT, USER).await?;
        forms.push((parameters(&form), pending, browser));
    }
    let (other, ..) = forms.pop().ok_or("two logins")?;
    let (mut form, pending, browser) = forms.pop().ok_or("two logins")?;
    for (name, value) in &mut form {
        if name == "code" {
            value.clone_from(&other.iter().find(|(known, _)| known == "code").ok_or("a code")?.1);
        }
    }
    let form = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&form).finish();
    let refused = kind(client.callback(form, pending, browser).await);
    checks.require("the code of another login is refused", refused == Some(ErrorKind::IdTokenHash))
}

/// RFC 9126: the browser carries a reference, which is good for one use.
async fn pushed<P: CanAuthorize + HasProfile>(client: &Client<P>, checks: &mut Checks) -> Result<()> {
    let (url, pending, browser) = client.authorize().begin().await?.into_parts();
    let names = names(url.as_str())?;
    checks.require("the browser carries a reference alone", names == ["client_id", "request_uri"])?;
    let callback = Browser::new()?.log_in(url.as_str(), REDIRECT, USER).await?;
    let account = client.callback(callback, pending, browser).await?;
    checks.require("it ends in a login", account.profile().await?.subject == USER)?;
    let refused = refusal(url.as_str()).await?;
    checks.require("the reference is refused a second time", refused.contains("error=invalid_request_uri"))
}

/// RFC 9101: the request is signed, by value and pushed.
async fn signed<P: CanAuthorize + HasProfile>(client: &Client<P>, checks: &mut Checks) -> Result<()> {
    let url = client.authorize().begin().await?.url().as_str().to_owned();
    checks.require("the browser carries an object alone", names(&url)? == ["client_id", "request"])?;
    let account = log_in(client).await?;
    checks.require("it ends in a login", account.profile().await?.subject == USER)?;
    let account = log_in_with(client, client.authorize().pushed()).await?;
    checks.require("so it does when it is pushed", account.profile().await?.subject == USER)?;

    // Somebody on the way asks for more.
    let mut parsed = url::Url::parse(&url)?;
    let object = parsed.query_pairs().find(|(name, _)| name == "request").ok_or("an object")?.1.into_owned();
    let [head, payload, signature] = object.split('.').collect::<Vec<_>>()[..] else { return Err("no JWT".into()) };
    let other = client.authorize().begin().await?.url().as_str().to_owned();
    let other = url::Url::parse(&other)?.query_pairs().find(|(name, _)| name == "request").ok_or("one")?.1.into_owned();
    let swapped = other.split('.').nth(1).filter(|other| *other != payload).ok_or("the same object twice")?;
    parsed.query_pairs_mut().clear().append_pair("client_id", client.client_id());
    parsed.query_pairs_mut().append_pair("request", &format!("{head}.{swapped}.{signature}"));
    let refused = refusal(parsed.as_str()).await?;
    checks.require("what was changed on the way is refused", refused.contains("invalid_request_object"))
}

fn names(url: &str) -> Result<Vec<String>> {
    let mut names: Vec<_> = url::Url::parse(url)?.query_pairs().map(|(name, _)| name.into_owned()).collect();
    names.sort_unstable();
    Ok(names)
}

fn parameters(form: &str) -> Vec<(String, String)> {
    url::form_urlencoded::parse(form.as_bytes()).into_owned().collect()
}
