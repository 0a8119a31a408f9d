//! The web example, driven as browsers would: links, redirects, cookies, two browsers at once.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

use oauth_simulator::ScriptedUser;

/// The example as a process of its own; it ends with the test.
struct Web {
    process: Child,
    address: String,
}

impl Web {
    fn start() -> Self {
        // .../debug/deps/web_example-123 -> .../debug/examples/web
        let program = std::env::current_exe().unwrap().parent().unwrap().parent().unwrap().join("examples/web");
        let mut process = Command::new(program).env_clear().stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("Open http://").unwrap_or_else(|| panic!("{line}")).to_owned();
        Self { process, address }
    }

    fn request(&self, method: &str, target: &str, cookie: Option<&str>, form: &str) -> Page {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let cookie = cookie.map(|cookie| format!("cookie: {cookie}\r\n")).unwrap_or_default();
        let about = match form {
            "" => String::new(),
            _ => format!("content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n", form.len()),
        };
        let head = format!("{method} {target} HTTP/1.1\r\nhost: {}\r\n{cookie}{about}connection: close", self.address);
        write!(stream, "{head}\r\n\r\n{form}").unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        Page(text)
    }

    fn get(&self, target: &str, cookie: Option<&str>) -> Page {
        self.request("GET", target, cookie, "")
    }

    /// The browser at the redirect URI, as the provider sent it there.
    fn arrive(&self, callback: &Callback) -> Page {
        match callback {
            Callback::Get { target, cookie } => self.get(target, Some(cookie)),
            Callback::Post { target, form, cookie } => self.request("POST", target, Some(cookie), form),
        }
    }
}

impl Drop for Web {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

struct Page(String);

impl Page {
    fn status(&self) -> &str {
        self.0.split(' ').nth(1).unwrap()
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.0
            .lines()
            .take_while(|line| !line.is_empty())
            .find_map(|line| line.split_once(": ").filter(|(known, _)| *known == name).map(|(_, value)| value))
    }
}

/// What a browser brings to the redirect URI.
enum Callback {
    Get { target: String, cookie: String },
    Post { target: String, form: String, cookie: String },
}

/// A login up to the callback.
async fn log_in(web: &Web, id: &str) -> Callback {
    let page = web.get(&format!("/login/{id}"), None);
    assert_eq!(page.status(), "303", "{id}: {}", page.0);
    let cookie = page.header("set-cookie").unwrap();
    let location = page.header("location").unwrap();
    let simulator = location.split('/').take(3).collect::<Vec<_>>().join("/");
    let callback = ScriptedUser::at(simulator, "20071").approve(location).await.unwrap();
    let is_post = location.contains("response_mode=form_post");
    // A browser brings no other cookie along with a POST from another site.
    let same_site = if is_post { "Secure; SameSite=None" } else { "SameSite=Lax" };
    assert!(cookie.contains("HttpOnly") && cookie.contains(same_site), "{id}: {cookie}");
    let cookie = cookie.split(';').next().unwrap().to_owned();
    if is_post {
        return Callback::Post { target: format!("/callback/{id}"), form: callback, cookie };
    }
    let target = callback.strip_prefix(&format!("http://{}", web.address)).unwrap().to_owned();
    Callback::Get { target, cookie }
}

#[tokio::test]
async fn each_provider_logs_in_and_shows_profile_and_api() {
    let web = Web::start();
    let home = web.get("/", None).0;
    let mut posts = 0;
    for entry in oauth_providers::catalog() {
        let (id, spec) = (entry.id(), entry.spec());
        assert!(home.contains(&format!("/login/{id}")), "{home}");
        let callback = log_in(&web, id).await;
        posts += usize::from(matches!(callback, Callback::Post { .. }));
        let page = web.arrive(&callback);
        assert_eq!(page.status(), "200", "{id}: {}", page.0);
        assert!(page.0.contains("subject: \"20071\""), "{id}: {}", page.0);
        let knows_name = spec.profile.as_ref().is_some_and(|profile| !profile.map.name.is_empty());
        assert!(page.0.contains("Ada") || !knows_name, "{id}: {}", page.0);
        assert_eq!(page.0.contains("GET /"), spec.api.is_some(), "{id}: {}", page.0);
        let again = web.arrive(&callback);
        assert!(again.status() == "400" && again.0.contains("state-replayed"), "{id}: {}", again.0);
    }
    assert!(posts > 0, "no provider answered with a POST");
}

#[tokio::test]
async fn a_second_browser_is_refused_and_the_first_one_goes_on() {
    let web = Web::start();
    let Callback::Get { target: callback, cookie } = log_in(&web, "github").await else { panic!("a GET") };
    let Callback::Get { cookie: other, .. } = log_in(&web, "github").await else { panic!("a GET") };
    let stolen = web.get(&callback, Some(&other));
    assert!(stolen.status() == "400" && stolen.0.contains("browser-mismatch"), "{}", stolen.0);
    let bare = web.get(&callback, None);
    assert!(bare.status() == "400" && bare.0.contains("state-cookie-lost"), "{}", bare.0);
    assert_eq!(web.get(&callback, Some(&cookie)).status(), "200");
}

/// CB-21: only the method and the path that are the callback's use the attempt up.
#[tokio::test]
async fn cb_21_a_preview_of_the_callback_uses_nothing_up() {
    let web = Web::start();
    let Callback::Get { target, cookie } = log_in(&web, "github").await else { panic!("a GET") };
    for method in ["HEAD", "OPTIONS", "PUT", "DELETE", "PATCH"] {
        assert_eq!(web.request(method, &target, Some(&cookie), "").status(), "405", "{method}");
    }
    let query = target.split_once('?').unwrap().1;
    for (path, status) in [("/callback", "404"), ("/callback/github/", "404"), ("/callback/", "404"), ("/", "200")] {
        assert_eq!(web.get(&format!("{path}?{query}"), Some(&cookie)).status(), status, "{path}");
    }
    // A prefetch that has neither the cookie nor the query, and another provider's path.
    let bare = target.split('?').next().unwrap();
    for (target, cookie) in
        [(&*target, None), (bare, Some(&*cookie)), (&target.replace("/github", "/google"), Some(&*cookie))]
    {
        assert_eq!(web.get(target, cookie).status(), "400", "{target}");
    }
    let page = web.get(&target, Some(&cookie));
    assert_eq!(page.status(), "200", "{}", page.0);
}

#[tokio::test]
async fn a_callback_out_of_the_blue_is_told_what_to_do() {
    let web = Web::start();
    let page = web.get("/callback/github?code=c&state=s", None);
    assert!(
        page.status() == "400" && page.0.contains("no-pending-attempt") && page.0.contains("start the login again"),
        "{}",
        page.0
    );
    assert_eq!(web.get("/login/nobody", None).status(), "404");
}
