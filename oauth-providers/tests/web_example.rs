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

    fn request(&self, method: &str, target: &str, cookie: Option<&str>) -> Page {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let cookie = cookie.map(|cookie| format!("cookie: {cookie}\r\n")).unwrap_or_default();
        write!(stream, "{method} {target} HTTP/1.1\r\nhost: {}\r\n{cookie}connection: close\r\n\r\n", self.address)
            .unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        Page(text)
    }

    fn get(&self, target: &str, cookie: Option<&str>) -> Page {
        self.request("GET", target, cookie)
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

/// A login up to the callback: the callback's path and query, and the browser's cookie.
async fn log_in(web: &Web, id: &str) -> (String, String) {
    let page = web.get(&format!("/login/{id}"), None);
    assert_eq!(page.status(), "303");
    let cookie = page.header("set-cookie").unwrap();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"), "{cookie}");
    let location = page.header("location").unwrap();
    let simulator = location.split('/').take(3).collect::<Vec<_>>().join("/");
    let callback = ScriptedUser::at(simulator, "20071").approve(location).await.unwrap();
    let target = callback.strip_prefix(&format!("http://{}", web.address)).unwrap().to_owned();
    (target, cookie.split(';').next().unwrap().to_owned())
}

#[tokio::test]
async fn each_provider_logs_in_and_shows_profile_and_api() {
    let web = Web::start();
    let home = web.get("/", None).0;
    for entry in oauth_providers::catalog() {
        assert!(home.contains(&format!("/login/{}", entry.id())), "{home}");
        let (callback, cookie) = log_in(&web, entry.id()).await;
        let page = web.get(&callback, Some(&cookie));
        assert_eq!(page.status(), "200", "{}", page.0);
        assert!(page.0.contains("Ada Lovelace") && page.0.contains("GET /"), "{}", page.0);
        let again = web.get(&callback, Some(&cookie));
        assert!(again.status() == "400" && again.0.contains("state-replayed"), "{}", again.0);
    }
}

#[tokio::test]
async fn a_second_browser_is_refused_and_the_first_one_goes_on() {
    let web = Web::start();
    let (callback, cookie) = log_in(&web, "github").await;
    let (_, other) = log_in(&web, "github").await;
    let stolen = web.get(&callback, Some(&other));
    assert!(stolen.status() == "400" && stolen.0.contains("browser-mismatch"), "{}", stolen.0);
    let bare = web.get(&callback, None);
    assert!(bare.status() == "400" && bare.0.contains("state-cookie-lost"), "{}", bare.0);
    // cb_21: only the method that was registered uses the attempt up.
    assert_eq!(web.request("HEAD", &callback, Some(&cookie)).status(), "405");
    assert_eq!(web.get(&callback, Some(&cookie)).status(), "200");
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
