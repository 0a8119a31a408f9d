//! Area NET: names, addresses and connections that come and go.

use std::io;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use oauth_core::http::{BoxFuture, Guard, ReqwestClient, Resolver};
use oauth_core::{Error, ErrorKind, TokenSet};
use oauth_tests::canned::{Answer, Canned, json, raw, with};
use oauth_tests::issuer::tells_nothing;
use oauth_tests::login::{ACME, SECRET, TOKENS, client};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

const REFRESH: &str = "canary-refresh-token";

/// A name server with one answer, or none.
struct Names(Option<Vec<IpAddr>>);

impl Resolver for Names {
    fn lookup(&self, _: &str) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
        let answer = self.0.clone();
        Box::pin(async move { answer.ok_or_else(|| io::Error::other("no such name")) })
    }
}

async fn refresh(address: &str, names: Names) -> Result<(), Error> {
    let http = ReqwestClient::guarded_with(Guard::new().dangerous_allow_loopback().resolver(names), |b| b).unwrap();
    let yaml = ACME.replace("https://id.acme.example/token", address);
    let client = client(&yaml).http_client(Arc::new(http));
    client.refresh(&TokenSet::new("old").with_refresh_token(REFRESH)).await.map(|_| ())
}

#[tokio::test]
async fn net_07_a_name_that_is_nowhere_is_tried_again_later() {
    for nowhere in [None, Some(Vec::new())] {
        let error = refresh("https://gone.example/token", Names(nowhere)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Connect, "{}", error.explain());
        assert!(error.is_retryable() && !error.needs_reauth());
        assert!(error.to_string().contains("gone.example") && error.explain().contains("DNS"), "{}", error.explain());
        tells_nothing(&error, &[SECRET, REFRESH]);
    }
}

/// RFC 8305 section 5: an address that nobody answers at is not the end where the name has another.
#[tokio::test]
async fn net_07_one_dead_address_of_several_is_passed_over() {
    let server = Canned::start([json(TOKENS)]).await;
    let port = server.origin().rsplit(':').next().unwrap();
    let addresses = ["::1", "127.0.0.2", "127.0.0.1"].map(|ip| ip.parse().unwrap());
    refresh(&format!("http://localhost:{port}/token"), Names(Some(addresses.to_vec()))).await.unwrap();
    assert_eq!(server.received().len(), 1);
}

/// RFC 8305 section 5: nor is one that neither takes a connection nor refuses it.
#[tokio::test]
async fn net_07_an_address_that_swallows_connections_is_passed_over() {
    let server = Canned::start([json(TOKENS)]).await;
    let port = server.origin().rsplit(':').next().unwrap().parse().unwrap();
    let hole = std::net::SocketAddr::from((std::net::Ipv6Addr::LOCALHOST, port));
    // Without IPv6 on loopback nothing can swallow: then the address is one that cannot be reached, and passed over as well.
    let listener = tokio::net::TcpSocket::new_v6().and_then(|socket| {
        socket.bind(hole)?;
        socket.listen(1)
    });
    // Nobody accepts: once the queue is full, a connection is neither there nor refused.
    let mut queue = Vec::new();
    while let (Ok(_), Ok(Ok(stream))) =
        (&listener, tokio::time::timeout(Duration::from_millis(100), tokio::net::TcpStream::connect(hole)).await)
    {
        queue.push(stream);
        assert!(queue.len() < 64, "the queue is not bounded here");
    }
    let addresses = [hole.ip(), "127.0.0.1".parse().unwrap()];
    refresh(&format!("http://localhost:{port}/token"), Names(Some(addresses.to_vec()))).await.unwrap();
    assert_eq!(server.received().len(), 1);
}

/// A server that keeps its connections, and does this with the second request of each.
async fn keeping(second: &'static [u8], close_early: bool) -> (String, Arc<Mutex<usize>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    let seen = Arc::new(Mutex::new(0));
    let counted = Arc::clone(&seen);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let counted = Arc::clone(&counted);
            tokio::spawn(async move {
                let mut read = vec![0; 16 * 1024];
                for at in 0.. {
                    // The whole request is small enough for one read.
                    let Some(length) = stream.read(&mut read).await.ok().filter(|length| *length > 0) else { return };
                    assert!(String::from_utf8_lossy(&read[..length]).contains("refresh_token"));
                    *counted.lock().unwrap() += 1;
                    let head = format!(
                        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
                        TOKENS.len()
                    );
                    let answer = if at == 0 { format!("{head}{TOKENS}").into_bytes() } else { second.to_vec() };
                    let _ = stream.write_all(&answer).await;
                    if at > 0 || close_early {
                        return;
                    }
                }
            });
        }
    });
    (origin, seen)
}

#[tokio::test]
async fn net_08_a_request_that_may_have_arrived_is_not_sent_again() {
    let tokens = TokenSet::new("old").with_refresh_token(REFRESH);
    // The kept connection is closed as the second request arrives, without a word, or in the middle of one.
    for second in [&b""[..], b"HTTP/1.1 200", b"HTTP/1.1 200 OK\r\ncontent-length: 90\r\n\r\n{\"access_token\""] {
        let (origin, seen) = keeping(second, false).await;
        let client = client(ACME).dangerous_at(origin);
        client.refresh(&tokens).await.unwrap();
        let error = client.refresh(&tokens).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Network, "{}", error.explain());
        tells_nothing(&error, &[SECRET, REFRESH]);
        assert_eq!(*seen.lock().unwrap(), 2, "one request for each call");
        // The next one has a connection of its own.
        client.refresh(&tokens).await.unwrap();
        assert_eq!(*seen.lock().unwrap(), 3);
    }
    // Closed while nobody used it: nothing was sent on it, so that a new connection is no second attempt.
    let (origin, seen) = keeping(b"", true).await;
    let client = client(ACME).dangerous_at(origin);
    for round in 1..=3 {
        client.refresh(&tokens).await.unwrap_or_else(|error| panic!("{}", error.explain()));
        assert_eq!(*seen.lock().unwrap(), round);
        tokio::task::yield_now().await;
    }
}

/// RFC 9112 section 6.3: an answer with both lengths "ought to be handled as an error", because it is how one answer becomes
/// two.
#[tokio::test]
async fn net_10_an_answer_has_one_length() {
    let chunked = format!("{:x}\r\n{TOKENS}\r\n0\r\n\r\n", TOKENS.len());
    let second = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}";
    let length = |length: usize| length.to_string();
    let (own, other) = (length(TOKENS.len()), length(TOKENS.len() + 1));
    for (headers, body) in [
        (vec![("content-length", &*own), ("transfer-encoding", "chunked")], chunked.clone()),
        (vec![("transfer-encoding", "chunked"), ("content-length", &*own)], chunked.clone() + second),
        (vec![("content-length", &*own), ("content-length", &*other)], TOKENS.to_owned()),
        (vec![("content-length", "+1")], TOKENS.to_owned()),
        (vec![("content-length", "-1")], TOKENS.to_owned()),
    ] {
        let server = Canned::start([raw(200, &headers, None, body.as_bytes()), json(TOKENS)]).await;
        let client = client(ACME).dangerous_at(server.origin());
        let tokens = TokenSet::new("old").with_refresh_token(REFRESH);
        let error = client.refresh(&tokens).await.expect_err(&format!("{headers:?}"));
        assert!(
            matches!(error.kind(), ErrorKind::Network | ErrorKind::BadResponse),
            "{headers:?}: {}",
            error.explain()
        );
        tells_nothing(&error, &[SECRET, REFRESH]);
        // What comes behind belongs to no other request.
        client.refresh(&tokens).await.unwrap();
        assert_eq!(server.received().len(), 2, "{headers:?}");
    }
}

/// Another protocol, or a word before the answer, is none.
#[tokio::test]
async fn net_03_no_other_protocol_is_changed_to() {
    let switch = |to: &str| {
        Answer::Bytes(
            format!("HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: {to}\r\n\r\n{TOKENS}").into(),
        )
    };
    for answer in [switch("h2c"), switch("websocket"), with(426, &[("upgrade", "h2c")], "")] {
        let server = Canned::start([answer]).await;
        let client = client(ACME).dangerous_at(server.origin());
        let error = client.refresh(&TokenSet::new("old").with_refresh_token(REFRESH)).await.unwrap_err();
        assert!(!error.needs_reauth(), "{}", error.explain());
        tells_nothing(&error, &[SECRET, REFRESH]);
        let request = &server.received()[0];
        assert!(request.header("upgrade").is_none() && request.header("http2-settings").is_none(), "{request:?}");
        assert_eq!(server.received().len(), 1);
    }
}
