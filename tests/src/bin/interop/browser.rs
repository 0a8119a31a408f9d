//! A browser, as far as a login page needs one: redirects, cookies, forms.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, COOKIE, LOCATION, SET_COOKIE};
use http::{Method, Request};
use oauth_core::http::{HttpClient as _, ReqwestClient};
use url::Url;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

pub(crate) struct Browser {
    http: ReqwestClient,
    cookies: BTreeMap<String, String>,
}

struct Page {
    status: u16,
    location: Option<String>,
    body: String,
}

impl Browser {
    pub(crate) fn new() -> Result<Self> {
        Ok(Self { http: ReqwestClient::new()?, cookies: BTreeMap::new() })
    }

    /// Logs in and agrees to everything, until the server redirects to `redirect_uri`.
    pub(crate) async fn log_in(&mut self, authorize_url: &str, redirect_uri: &str, user: &str) -> Result<String> {
        let mut url = Url::parse(authorize_url)?;
        let mut page = self.load(Method::GET, &url, None).await?;
        for _ in 0..20 {
            if let Some(location) = page.location {
                let target = url.join(&location)?;
                if target.as_str().starts_with(redirect_uri) {
                    return Ok(target.into());
                }
                url = target;
                page = self.load(Method::GET, &url, None).await?;
            } else if page.status == 200 {
                let (action, prompt) = form(&page.body).ok_or("a page without the form of a login or a consent")?;
                url = url.join(&action)?;
                let body = format!("prompt={prompt}&login={user}&password=any");
                page = self.load(Method::POST, &url, Some(body)).await?;
            } else {
                return Err(format!("status {} at {}", page.status, url.path()).into());
            }
        }
        Err("no end of pages".into())
    }

    /// Agrees to be logged out, until the server redirects to `back`.
    pub(crate) async fn log_out(&mut self, logout_url: &str, back: &str) -> Result<String> {
        let url = Url::parse(logout_url)?;
        let page = self.load(Method::GET, &url, None).await?;
        let (action, xsrf) = hidden(&page.body, "xsrf").ok_or("a page without the form of a logout")?;
        let url = url.join(&action)?;
        let page = self.load(Method::POST, &url, Some(format!("xsrf={xsrf}&logout=yes"))).await?;
        let location = page.location.filter(|location| location.starts_with(back));
        location.ok_or_else(|| format!("status {} at {}", page.status, url.path()).into())
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
            if value.is_empty() {
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

/// The form's address and its hidden `prompt`.
fn form(html: &str) -> Option<(String, String)> {
    hidden(html, "prompt")
}

/// The form's address and one of its hidden fields.
fn hidden(html: &str, name: &str) -> Option<(String, String)> {
    let between = |from: &str, start: &str| {
        let rest = &html[html.find(from)? + from.len()..];
        let rest = &rest[rest.find(start)? + start.len()..];
        Some(rest[..rest.find('"')?].to_owned())
    };
    Some((between("<form", "action=\"")?, between(&format!("name=\"{name}\""), "value=\"")?))
}
