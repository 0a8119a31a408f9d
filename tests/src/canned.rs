//! A server on loopback that answers each request with the bytes it was given for it, well-formed or not.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// One answer, and what becomes of the connection.
#[derive(Clone, Debug)]
pub enum Answer {
    /// These bytes, then the connection is closed.
    Bytes(Vec<u8>),
    /// These bytes, then silence with the connection open.
    Hang(Vec<u8>),
    /// These bytes again and again, until the client has enough.
    Endless(Vec<u8>),
}

/// A request as it was received.
#[derive(Clone, Debug)]
pub struct Received {
    /// `POST`.
    pub method: String,
    /// Path and query.
    pub target: String,
    /// The head's lines after the first.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
}

impl Received {
    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

/// The server. It ends when it is dropped.
pub struct Canned {
    origin: String,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

#[derive(Default)]
struct Shared {
    answers: Mutex<VecDeque<Answer>>,
    received: Mutex<Vec<Received>>,
}

impl Canned {
    /// A server with these answers, in order; a request beyond them gets a 500.
    pub async fn start(answers: impl IntoIterator<Item = Answer>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port on loopback");
        let origin = format!("http://{}", listener.local_addr().expect("a bound listener has an address"));
        let shared = Arc::new(Shared { answers: Mutex::new(answers.into_iter().collect()), ..Shared::default() });
        let serving = Arc::clone(&shared);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&serving)));
            }
        });
        Self { origin, shared, task }
    }

    /// `http://127.0.0.1:PORT`.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// One more answer, after those that it has.
    pub fn answer(&self, answer: Answer) {
        self.shared.answers.lock().expect("no test panics while it holds this").push_back(answer);
    }

    /// What came in so far.
    pub fn received(&self) -> Vec<Received> {
        self.shared.received.lock().expect("no test panics while it holds this").clone()
    }
}

impl Drop for Canned {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(mut stream: TcpStream, shared: Arc<Shared>) {
    let Some(received) = read(&mut stream).await else { return };
    shared.received.lock().expect("no test panics while it holds this").push(received);
    let answer = shared.answers.lock().expect("no test panics while it holds this").pop_front();
    write(&mut stream, answer.unwrap_or_else(|| status(500, "nothing left to say"))).await;
}

/// Sends an answer. A client that has seen enough closes the connection: that is not this server's fault.
pub(crate) async fn write(stream: &mut TcpStream, answer: Answer) {
    match answer {
        Answer::Bytes(bytes) => {
            let _ = stream.write_all(&bytes).await;
            let _ = stream.shutdown().await;
        }
        Answer::Hang(bytes) => {
            let _ = stream.write_all(&bytes).await;
            std::future::pending::<()>().await;
        }
        Answer::Endless(bytes) => while stream.write_all(&bytes).await.is_ok() {},
    }
}

/// Reads a request.
pub(crate) async fn read(stream: &mut TcpStream) -> Option<Received> {
    let mut bytes = Vec::new();
    let head_end = loop {
        if let Some(at) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break at;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8_lossy(&bytes[..head_end]).into_owned();
    let mut lines = head.split("\r\n");
    let mut first = lines.next()?.split(' ');
    let (method, target) = (first.next()?.to_owned(), first.next()?.to_owned());
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let length = headers
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .and_then(|(_, length)| length.parse().ok());
    while bytes.len() < head_end + 4 + length.unwrap_or(0) {
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
    let body = String::from_utf8_lossy(&bytes[head_end + 4..]).into_owned();
    Some(Received { method, target, headers, body })
}

/// A JSON answer with status 200.
pub fn json(body: &str) -> Answer {
    with(200, &[("content-type", "application/json")], body)
}

/// A JSON answer with any status.
pub fn json_status(code: u16, body: &str) -> Answer {
    with(code, &[("content-type", "application/json")], body)
}

/// A text answer with any status.
pub fn status(code: u16, body: &str) -> Answer {
    with(code, &[("content-type", "text/plain")], body)
}

/// An answer with its length.
pub fn with(code: u16, headers: &[(&str, &str)], body: &str) -> Answer {
    raw(code, headers, Some(body.len()), body.as_bytes())
}

/// An answer with any length, or none: then it ends where the connection does.
pub fn raw(code: u16, headers: &[(&str, &str)], length: Option<usize>, body: &[u8]) -> Answer {
    let mut head = format!("HTTP/1.1 {code} Status\r\nconnection: close\r\n");
    head.extend(headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")));
    head.extend(length.map(|length| format!("content-length: {length}\r\n")));
    head.push_str("\r\n");
    Answer::Bytes([head.as_bytes(), body].concat())
}
