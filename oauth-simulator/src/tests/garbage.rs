//! Requests that no client would send: each is answered, none stops the simulator.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::specs::plain;
use super::*;

/// Writes bytes to the port and reads the status line.
async fn raw(sim: &Simulator, bytes: &[u8]) -> String {
    let address = sim.origin().strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    let mut answer = Vec::new();
    // A reset after the answer is fine.
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).lines().next().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn garbage_is_refused_and_the_simulator_goes_on() {
    let sim = start(plain()).await;
    let host = sim.origin().strip_prefix("http://").unwrap();
    let get = |path: &str| format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").into_bytes();
    for (bytes, status) in [
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".to_vec(), ""),
        (b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n".to_vec(), "421"),
        (b"GET / HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n".to_vec(), "421"),
        (get("/"), "200"),
        (get("//"), "404"),
        (get("/%00%ff/x"), "404"),
        (get("/plain.example"), "404"),
        (get("/plain.example/authorize?%ff=%fe"), "400"),
        (get("/plain.example/authorize?&&&=&a"), "400"),
        (get("/api.plain.example/v1/%ff?%ff"), "400"),
        (get("/-/login"), "405"),
        (get("/-/consent?transaction=%00"), "400"),
        (get("/-/else"), "404"),
    ] {
        let line = raw(&sim, &bytes).await;
        assert!(line.contains(status), "{}: {line}", String::from_utf8_lossy(&bytes));
    }
    assert_eq!(get_ok(&sim).await, 200);
}

async fn get_ok(sim: &Simulator) -> u16 {
    send(Call { method: Method::GET, url: sim.origin(), headers: vec![], body: vec![] }).await.unwrap().status.as_u16()
}

#[tokio::test]
async fn bodies_are_bounded() {
    let sim = start(plain()).await;
    let headers = [("content-type", "application/x-www-form-urlencoded")];
    let fits = "a".repeat(1 << 20);
    assert_eq!(call(&sim, Method::POST, "https://plain.example/token", &headers, &fits).await.status, 401);
    let host = sim.origin().strip_prefix("http://").unwrap();
    let mut long =
        format!("POST /plain.example/token HTTP/1.1\r\nHost: {host}\r\nContent-Length: 1048577\r\n\r\n").into_bytes();
    long.resize(long.len() + (1 << 20) + 1, b'a');
    let line = raw(&sim, &long).await;
    assert!(line.contains("413"), "{line}");
}

#[tokio::test]
async fn odd_bodies_at_the_token_endpoint() {
    let sim = start(plain()).await;
    for (kind, body) in [
        ("application/x-www-form-urlencoded", "\u{0}"),
        ("application/x-www-form-urlencoded", "%ff=%ff"),
        ("application/x-www-form-urlencoded", "grant_type&grant_type"),
        ("application/json", "[[[[["),
        ("text/html", "<html>"),
        ("", ""),
    ] {
        let received = call(&sim, Method::POST, "https://plain.example/token", &[("content-type", kind)], body).await;
        assert!(received.status.is_client_error(), "{body}: {}", received.status);
        assert!(json(&received)["error"].is_string());
    }
    let deep = "[".repeat(100_000);
    let received =
        call(&sim, Method::POST, "https://plain.example/token", &[("content-type", "application/json")], &deep).await;
    assert_eq!(received.status, 400);
}
