use std::fmt;
use std::sync::{Mutex, PoisonError};

use http::{Method, header};
use url::Url;

use crate::Error;
use crate::address::without_query;
use crate::html_form::{Form, first_form, text_of};
use crate::loopback::{Call, Received, send};

/// More redirects and forms than any login here has.
const MOST_STEPS: usize = 10;

/// A person at a browser: opens the authorization URL, follows redirects, keeps cookies, fills in the forms.
///
/// It goes to this machine only, over plain HTTP, and has no JavaScript.
pub struct ScriptedUser {
    origin: String,
    subject: String,
    cookies: Mutex<Vec<Cookie>>,
}

struct Cookie {
    host: String,
    name: String,
    value: String,
    /// Whether it goes along with a POST from another site.
    cross_site: bool,
}

/// What a browser shows in the end.
#[derive(Clone)]
pub struct Page {
    status: u16,
    text: String,
}

impl Page {
    /// The HTTP status.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The page's source.
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// A page behind a login may hold anything: its length is enough.
impl fmt::Debug for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Page").field("status", &self.status).field("bytes", &self.text.len()).finish()
    }
}

impl ScriptedUser {
    /// A person at the simulator of another process, by its origin: `http://127.0.0.1:4000`.
    ///
    /// Of a simulator in this process, [`Simulator::scripted_user`](crate::Simulator::scripted_user) gives one.
    pub fn at(origin: impl Into<String>, subject: impl Into<String>) -> Self {
        Self { origin: origin.into(), subject: subject.into(), cookies: Mutex::new(Vec::new()) }
    }

    /// Logs in as another of the simulator's users.
    pub fn subject(mut self, subject: impl Into<String>) -> Self {
        self.subject = subject.into();
        self
    }

    /// Logs in, approves, and tells where the provider sends the browser: the client's redirect URI with the code, or
    /// with an error if the provider did not like the request. That address is not opened; see [`open`](Self::open).
    ///
    /// Where the provider answers with a form (`response_mode: form_post`), this is the form's body: what a POST at the
    /// redirect URI brings. See [`post`](Self::post).
    pub async fn approve(&self, authorize_url: &str) -> Result<String, Error> {
        self.answer(authorize_url, "approve").await
    }

    /// Logs in and denies.
    pub async fn deny(&self, authorize_url: &str) -> Result<String, Error> {
        self.answer(authorize_url, "deny").await
    }

    /// Opens an address on this machine, the callback mostly, and follows redirects as long as they stay here.
    pub async fn open(&self, url: &str) -> Result<Page, Error> {
        let mut next = url.to_owned();
        for _ in 0..MOST_STEPS {
            let received = self.get(&next).await?;
            match target(&received)? {
                Some(location) => next = location,
                None => return Ok(Page { status: received.status.as_u16(), text: received.text() }),
            }
        }
        Err(too_many(url))
    }

    /// Sends a form to an address on this machine, as the provider's page does, and follows redirects as long as they
    /// stay here. As from another site, no cookie goes along that is not `SameSite=None`.
    pub async fn post(&self, url: &str, form: &str) -> Result<Page, Error> {
        let received = self.send(Method::POST, url, Some(form.to_owned()), true).await?;
        match target(&received)? {
            Some(location) => self.open(&location).await,
            None => Ok(Page { status: received.status.as_u16(), text: received.text() }),
        }
    }

    async fn answer(&self, authorize_url: &str, decision: &str) -> Result<String, Error> {
        let mut received = self.get(authorize_url).await?;
        for _ in 0..MOST_STEPS {
            received = match target(&received)? {
                Some(location) if !self.is_at_provider(&location) => return Ok(location),
                Some(location) => self.get(&location).await?,
                None => match form_of(&received)? {
                    form if !self.is_at_provider(&form.action) => return Ok(encoded(&form.fields)),
                    form => self.submit(&received, &form, decision).await?,
                },
            };
        }
        Err(too_many(authorize_url))
    }

    fn is_at_provider(&self, location: &str) -> bool {
        location
            .strip_prefix(self.origin.as_str())
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?', '#']))
    }

    async fn get(&self, url: &str) -> Result<Received, Error> {
        self.send(Method::GET, url, None, false).await
    }

    async fn submit(&self, page: &Received, form: &Form, decision: &str) -> Result<Received, Error> {
        let mut fields = form.fields.clone();
        if !form.choices.is_empty() {
            let choice = form.choices.iter().find(|(_, value)| *value == self.subject);
            fields.push(choice.ok_or_else(|| stuck(page, "the scripted user has no account here"))?.clone());
        }
        if !form.buttons.is_empty() {
            let button = form.buttons.iter().find(|(_, value)| value == decision);
            fields.push(button.ok_or_else(|| stuck(page, "there is no such button"))?.clone());
        }
        self.send(Method::POST, &form.action, Some(encoded(&fields)), false).await
    }

    async fn send(&self, method: Method, url: &str, form: Option<String>, cross_site: bool) -> Result<Received, Error> {
        let cookies = self.cookies_for(url, cross_site);
        let mut headers = vec![("accept", "text/html"), ("user-agent", "scripted-user")];
        if !cookies.is_empty() {
            headers.push(("cookie", &cookies));
        }
        if form.is_some() {
            headers.push(("content-type", "application/x-www-form-urlencoded"));
        }
        let received = send(Call { method, url, headers, body: form.unwrap_or_default().into_bytes() }).await?;
        self.keep_cookies(&received);
        Ok(received)
    }

    /// As in a browser, the ports of one host share their cookies (RFC 6265 section 8.5). Paths are not told apart.
    fn cookies_for(&self, url: &str, cross_site: bool) -> String {
        let host = Url::parse(url).ok().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default();
        let cookies = self.cookies.lock().unwrap_or_else(PoisonError::into_inner);
        let own = cookies.iter().filter(|cookie| cookie.host == host && (cookie.cross_site || !cross_site));
        let own = own.map(|cookie| format!("{}={}", cookie.name, cookie.value));
        own.collect::<Vec<_>>().join("; ")
    }

    fn keep_cookies(&self, received: &Received) {
        let host = received.url.host_str().unwrap_or_default();
        let mut cookies = self.cookies.lock().unwrap_or_else(PoisonError::into_inner);
        for header in received.headers.get_all(header::SET_COOKIE) {
            let Some((pair, attributes)) = header.to_str().ok().map(|text| text.split_once(';').unwrap_or((text, "")))
            else {
                continue;
            };
            let Some((name, value)) = pair.split_once('=') else { continue };
            let (name, attributes) = (name.trim(), attributes.to_ascii_lowercase());
            cookies.retain(|cookie| cookie.host != host || cookie.name != name);
            if !attributes.contains("max-age=0") {
                let cross_site = attributes.split(';').any(|attribute| attribute.trim() == "samesite=none");
                let (host, name, value) = (host.to_owned(), name.to_owned(), value.trim().to_owned());
                cookies.push(Cookie { host, name, value, cross_site });
            }
        }
    }
}

/// The page's form, its action as an absolute address.
fn form_of(page: &Received) -> Result<Form, Error> {
    let text = page.text();
    let form = first_form(&text).filter(|form| page.status.is_success() && form.method == "post");
    let Some(mut form) = form else {
        let problem = text_of(&text, "problem");
        return Err(stuck(page, problem.as_deref().unwrap_or("there is no form to fill in")));
    };
    // The client's redirect URI stays as it is, byte for byte.
    if Url::parse(&form.action).is_err() {
        form.action = page.url.join(&form.action).map_err(|_| stuck(page, "the form goes nowhere"))?.into();
    }
    Ok(form)
}

fn encoded(fields: &[(String, String)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

fn stuck(page: &Received, problem: &str) -> Error {
    Error::Page { address: without_query(&page.url), status: page.status.as_u16(), problem: problem.to_owned() }
}

/// Where a redirect leads, as an absolute address.
fn target(received: &Received) -> Result<Option<String>, Error> {
    if !received.status.is_redirection() {
        return Ok(None);
    }
    let location = received.location().unwrap_or_default();
    // An absolute address stays as it is, byte for byte: it may be the callback.
    if Url::parse(location).is_ok() {
        return Ok(Some(location.to_owned()));
    }
    let joined = received.url.join(location).map_err(|_| Error::Page {
        address: without_query(&received.url),
        status: received.status.as_u16(),
        problem: "the redirect leads nowhere".to_owned(),
    })?;
    Ok(Some(joined.into()))
}

fn too_many(url: &str) -> Error {
    let address = Url::parse(url).map(|url| without_query(&url)).unwrap_or_default();
    Error::Page { address, status: 0, problem: "it goes round in circles".to_owned() }
}

impl fmt::Debug for ScriptedUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScriptedUser")
            .field("origin", &self.origin)
            .field("subject", &self.subject)
            .finish_non_exhaustive()
    }
}
