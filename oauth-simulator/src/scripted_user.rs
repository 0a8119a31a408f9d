use std::fmt;
use std::sync::{Mutex, PoisonError};

use http::{Method, header};
use url::Url;

use crate::Error;
use crate::address::without_query;
use crate::html_form::{first_form, text_of};
use crate::loopback::{Call, Received, send};

/// More redirects and forms than any login here has.
const MOST_STEPS: usize = 10;

/// A person at a browser: opens the authorization URL, follows redirects, keeps cookies, fills in the forms.
///
/// It goes to this machine only, over plain HTTP, and has no JavaScript.
pub struct ScriptedUser {
    origin: String,
    subject: String,
    cookies: Mutex<Vec<(String, String)>>,
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

    async fn answer(&self, authorize_url: &str, decision: &str) -> Result<String, Error> {
        let mut received = self.get(authorize_url).await?;
        for _ in 0..MOST_STEPS {
            received = match target(&received)? {
                Some(location) if !self.is_at_provider(&location) => return Ok(location),
                Some(location) => self.get(&location).await?,
                None => self.submit(&received, decision).await?,
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
        self.send(Method::GET, url, None).await
    }

    async fn submit(&self, page: &Received, decision: &str) -> Result<Received, Error> {
        let text = page.text();
        let stuck = |problem: &str| Error::Page {
            address: without_query(&page.url),
            status: page.status.as_u16(),
            problem: problem.to_owned(),
        };
        let form = match first_form(&text) {
            Some(form) if page.status.is_success() && form.method == "post" => form,
            _ => {
                return Err(stuck(
                    &text_of(&text, "problem").unwrap_or_else(|| "there is no form to fill in".to_owned()),
                ));
            }
        };
        let mut body = form_urlencoded::Serializer::new(String::new());
        body.extend_pairs(&form.fields);
        if !form.choices.is_empty() {
            let choice = form.choices.iter().find(|(_, value)| *value == self.subject);
            let (name, value) = choice.ok_or_else(|| stuck("the scripted user has no account here"))?;
            body.append_pair(name, value);
        }
        if !form.buttons.is_empty() {
            let button = form.buttons.iter().find(|(_, value)| value == decision);
            let (name, value) = button.ok_or_else(|| stuck("there is no such button"))?;
            body.append_pair(name, value);
        }
        let action = page.url.join(&form.action).map_err(|_| stuck("the form goes nowhere"))?;
        self.send(Method::POST, action.as_str(), Some(body.finish())).await
    }

    async fn send(&self, method: Method, url: &str, form: Option<String>) -> Result<Received, Error> {
        let cookies = self.cookies_for(url);
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
    fn cookies_for(&self, url: &str) -> String {
        let host = Url::parse(url).ok().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default();
        let prefix = format!("{host} ");
        let cookies = self.cookies.lock().unwrap_or_else(PoisonError::into_inner);
        let own = cookies.iter().filter_map(|(key, value)| Some(format!("{}={value}", key.strip_prefix(&prefix)?)));
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
            let key = format!("{host} {}", name.trim());
            cookies.retain(|(known, _)| *known != key);
            if !attributes.to_ascii_lowercase().contains("max-age=0") {
                cookies.push((key, value.trim().to_owned()));
            }
        }
    }
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
