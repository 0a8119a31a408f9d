//! A browser, as far as a login page needs one: redirects, cookies, forms.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, COOKIE, LOCATION, SET_COOKIE};
use http::{Method, Request};
use oauth_core::http::{HttpClient as _, ReqwestClient};
use url::Url;

use crate::form::Form;
use crate::table::Result;

pub(crate) struct Browser {
    http: ReqwestClient,
    cookies: BTreeMap<String, String>,
}

struct Page {
    status: u16,
    location: Option<String>,
    body: String,
}

/// What stands at the end of a way through pages.
enum End {
    Redirect(String),
    /// The form that a page sends to where the way was to end.
    Posted(String),
    Page(String),
}

impl Browser {
    pub(crate) fn new() -> Result<Self> {
        Ok(Self { http: ReqwestClient::new()?, cookies: BTreeMap::new() })
    }

    /// Logs in and agrees to everything, until the server redirects to `redirect_uri`.
    pub(crate) async fn log_in(&mut self, authorize_url: &str, redirect_uri: &str, user: &str) -> Result<String> {
        match self.agree(authorize_url, Some(redirect_uri), user).await? {
            End::Redirect(url) => Ok(url),
            End::Posted(_) => Err("a form in the place of a redirect".into()),
            End::Page(page) => Err(format!("no login at a page of {} bytes", page.len()).into()),
        }
    }

    /// Logs in and agrees to everything, until a page posts a form to `redirect_uri`, and gives the form.
    pub(crate) async fn log_in_by_form(&mut self, url: &str, redirect_uri: &str, user: &str) -> Result<String> {
        match self.agree(url, Some(redirect_uri), user).await? {
            End::Posted(form) => Ok(form),
            End::Redirect(_) | End::Page(_) => Err("no form was posted to the redirect URI".into()),
        }
    }

    /// Goes on from form to form, and says no at the first page that lets it. Gives the redirect to `until`, or the page at
    /// the end.
    pub(crate) async fn refuse(&mut self, url: &str, until: &str, user: &str) -> Result<String> {
        let mut url = Url::parse(url)?;
        let mut page = self.load(Method::GET, &url, None).await?;
        let mut refused = false;
        for _ in 0..20 {
            let mut links = page.body.split("href=\"").filter_map(|rest| rest.split('"').next());
            let no = links.find(|link| link.ends_with("/abort"));
            if let Some(location) = page.location.as_deref().or(no) {
                refused |= no.is_some();
                url = url.join(location)?;
                if url.as_str().starts_with(until) {
                    return Ok(url.into());
                }
                page = self.load(Method::GET, &url, None).await?;
            } else if let Some(form) = Form::of(&page.body, user).filter(|_| !refused) {
                url = if form.action.is_empty() { url } else { url.join(&form.action)? };
                page = self.load(Method::POST, &url, Some(form.refused().body())).await?;
            } else {
                return Ok(page.body);
            }
        }
        Err("no end of pages".into())
    }

    /// Agrees to be logged out, until the server redirects to `back`.
    pub(crate) async fn log_out(&mut self, logout_url: &str, back: &str) -> Result<String> {
        self.log_in(logout_url, back, "").await
    }

    /// Logs in and agrees to everything, until there is nothing left to be sent, and gives the last page.
    pub(crate) async fn finish(&mut self, url: &str, user: &str) -> Result<String> {
        match self.agree(url, None, user).await? {
            End::Page(page) => Ok(page),
            End::Redirect(_) | End::Posted(_) => Err("a way out that nobody waits for".into()),
        }
    }

    async fn agree(&mut self, url: &str, until: Option<&str>, user: &str) -> Result<End> {
        let mut url = Url::parse(url)?;
        let mut page = self.load(Method::GET, &url, None).await?;
        for _ in 0..20 {
            if let Some(location) = page.location {
                url = url.join(&location)?;
                if until.is_some_and(|until| url.as_str().starts_with(until)) {
                    return Ok(End::Redirect(url.into()));
                }
                page = self.load(Method::GET, &url, None).await?;
            } else if page.status != 200 {
                return Err(format!("status {} at {}", page.status, url.path()).into());
            } else if let Some(form) = Form::of(&page.body, user) {
                url = if form.action.is_empty() { url } else { url.join(&form.action)? };
                if until.is_some_and(|until| url.as_str().starts_with(until)) {
                    return Ok(End::Posted(form.body()));
                }
                page = self.load(Method::POST, &url, Some(form.body())).await?;
            } else {
                return Ok(End::Page(page.body));
            }
        }
        Err("no end of pages".into())
    }

    async fn load(&mut self, method: Method, url: &Url, form: Option<String>) -> Result<Page> {
        let cookies: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut request = Request::builder().method(method).uri(url.as_str()).header(COOKIE, cookies.join("; "));
        if form.is_some() {
            request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        }
        let response = self.http.send(request.body(Bytes::from(form.unwrap_or_default()))?).await?;
        let (head, mut body) = response.into_parts();
        for cookie in head.headers.get_all(SET_COOKIE) {
            let pair = cookie.to_str()?.split(';').next().unwrap_or_default();
            let (name, value) = pair.split_once('=').ok_or("a cookie without a value")?;
            if value.trim_matches('"').is_empty() {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        let mut text = Vec::new();
        while let Some(piece) = body.chunk().await? {
            text.extend_from_slice(&piece);
        }
        let location = head.headers.get(LOCATION).map(|location| location.to_str().map(str::to_owned)).transpose()?;
        Ok(Page { status: head.status.as_u16(), location, body: String::from_utf8(text)? })
    }
}
