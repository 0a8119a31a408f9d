use std::time::Duration;

use http::StatusCode;
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::*;

/// One request on a connection of its own; `None` where the connection ended without an answer.
async fn send(server: &Rotating, head: &str, body: &str) -> Option<(StatusCode, String, Value)> {
    let mut stream = TcpStream::connect(server.origin().trim_start_matches("http://")).await.unwrap();
    let length = body.len();
    let request = format!("{head}\r\nhost: x\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let code = head.split(' ').nth(1)?.parse().ok()?;
    Some((code, head.to_ascii_lowercase(), serde_json::from_str(body).ok()?))
}

fn form(refresh_token: &str) -> String {
    format!(
        "grant_type=refresh_token&client_id={CLIENT_ID}&client_secret={CLIENT_SECRET}&refresh_token={refresh_token}"
    )
}

async fn post(server: &Rotating, body: &str) -> Option<(StatusCode, String, Value)> {
    send(server, "POST /token HTTP/1.1\r\ncontent-type: application/x-www-form-urlencoded", body).await
}

async fn refresh(server: &Rotating, refresh_token: &str) -> Option<(u16, Value)> {
    let (code, _, body) = post(server, &form(refresh_token)).await?;
    Some((code.as_u16(), body))
}

fn text(body: &Value, name: &str) -> String {
    body[name].as_str().unwrap_or_else(|| panic!("no {name} in {body}")).to_owned()
}

async fn me(server: &Rotating, access_token: &str) -> u16 {
    let head = format!("GET /me HTTP/1.1\r\nauthorization: Bearer {access_token}");
    send(server, &head, "").await.unwrap().0.as_u16()
}

#[tokio::test]
async fn each_refresh_token_is_good_for_one_request() {
    let server = Rotating::start().await;
    let first = server.open("a");
    assert_eq!(me(&server, &first.access_token).await, 401, "it has ended");
    let (code, second) = refresh(&server, &first.refresh_token).await.unwrap();
    assert_eq!((code, &second["token_type"], &second["expires_in"]), (200, &"Bearer".into(), &3600.into()));
    let (_, third) = refresh(&server, &text(&second, "refresh_token")).await.unwrap();
    assert_eq!(me(&server, &text(&second, "access_token")).await, 200, "it ends with its time");
    assert_eq!(me(&server, &text(&third, "access_token")).await, 200);
    assert_eq!(server.family("a").live, [text(&second, "access_token"), text(&third, "access_token")]);
    assert_eq!((server.family("a").requests(), server.family("a").count(Outcome::Granted)), (2, 2));
}

#[tokio::test]
async fn a_refresh_token_that_is_used_again_ends_the_family_and_no_other() {
    let server = Rotating::start().await;
    let (first, other) = (server.open("a"), server.open("b"));
    let (_, second) = refresh(&server, &first.refresh_token).await.unwrap();
    let (code, refused) = refresh(&server, &first.refresh_token).await.unwrap();
    assert_eq!((code, &refused["error"]), (400, &"invalid_grant".into()));
    assert_eq!(me(&server, &text(&second, "access_token")).await, 401, "its access tokens, too");
    let (code, _) = refresh(&server, &text(&second, "refresh_token")).await.unwrap();
    assert_eq!(code, 400, "the newest refresh token, too");
    let family = server.family("a");
    assert!(family.revoked && family.live.is_empty());
    let outcomes: Vec<Outcome> = family.asked.iter().map(|asked| asked.outcome).collect();
    assert_eq!(outcomes, [Outcome::Granted, Outcome::Reused, Outcome::Refused]);
    assert_eq!(refresh(&server, &other.refresh_token).await.unwrap().0, 200);
}

#[tokio::test]
async fn an_answer_can_be_lost_after_the_rotation() {
    let server = Rotating::start().await;
    let first = server.open("a");
    server.next("a", Behaviour::of(Answers::Lost));
    assert_eq!(refresh(&server, &first.refresh_token).await, None);
    let family = server.family("a");
    assert_eq!((family.requests(), family.live.len(), family.revoked), (1, 1, false));
    assert_eq!(refresh(&server, &first.refresh_token).await.unwrap().0, 400);
    assert_eq!(server.family("a").count(Outcome::Reused), 1);
}

#[tokio::test]
async fn what_was_asked_is_carried_out_without_the_asker() {
    let server = Rotating::start().await;
    let first = server.open("a");
    server.next("a", Behaviour::default().before(Duration::from_millis(20)));
    let asking = refresh(&server, &first.refresh_token);
    assert!(tokio::time::timeout(Duration::from_millis(5), asking).await.is_err(), "it is gone");
    while server.family("a").requests() == 0 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert_eq!(refresh(&server, &first.refresh_token).await.unwrap().0, 400, "it was rotated");
}

#[tokio::test]
async fn a_refresh_token_may_go_on() {
    let server = Rotating::start().await;
    let first = server.open("a");
    server.next("a", Behaviour::of(Answers::NoRefreshToken));
    server.next("a", Behaviour::of(Answers::SameRefreshToken));
    let (_, omitted) = refresh(&server, &first.refresh_token).await.unwrap();
    assert_eq!(omitted.get("refresh_token"), None);
    let (_, same) = refresh(&server, &first.refresh_token).await.unwrap();
    assert_eq!(text(&same, "refresh_token"), first.refresh_token);
    let (code, rotated) = refresh(&server, &first.refresh_token).await.unwrap();
    assert_eq!(code, 200, "the queue is empty");
    assert_ne!(text(&rotated, "refresh_token"), first.refresh_token);
    assert_eq!(server.family("a").live.len(), 3);
}

#[tokio::test]
async fn refusals_that_say_nothing_of_the_token_leave_it_alone() {
    let server = Rotating::start().await;
    let first = server.open("a");
    server.next("a", Behaviour::of(Answers::Unavailable(Some(7))));
    server.next("a", Behaviour::of(Answers::Unavailable(None)));
    server.next("a", Behaviour::of(Answers::InvalidClient));
    let (code, head, _) = post(&server, &form(&first.refresh_token)).await.unwrap();
    assert_eq!(code.as_u16(), 503);
    assert!(head.contains("retry-after: 7"), "{head}");
    let (code, head, _) = post(&server, &form(&first.refresh_token)).await.unwrap();
    assert!(code.as_u16() == 503 && !head.contains("retry-after"), "{head}");
    let (code, refused) = refresh(&server, &first.refresh_token).await.unwrap();
    assert_eq!((code, &refused["error"]), (401, &"invalid_client".into()));
    assert_eq!(refresh(&server, &first.refresh_token).await.unwrap().0, 200);
    assert_eq!((server.family("a").requests(), server.family("a").count(Outcome::Refused)), (4, 3));
}

#[tokio::test]
async fn a_refused_grant_is_over() {
    let server = Rotating::start().await;
    let first = server.open("a");
    server.next("a", Behaviour::of(Answers::InvalidGrant));
    assert_eq!(refresh(&server, &first.refresh_token).await.unwrap().0, 400);
    assert_eq!(refresh(&server, &first.refresh_token).await.unwrap().0, 400);
    assert!(server.family("a").revoked);
}

#[tokio::test]
async fn a_family_has_its_own_behaviour_before_that_of_all() {
    let server = Rotating::start().await;
    let (one, other) = (server.open("a"), server.open("b"));
    server.usually(Behaviour::of(Answers::Unavailable(None)));
    server.always("a", Behaviour::default().after(Duration::from_millis(3)));
    assert_eq!(refresh(&server, &one.refresh_token).await.unwrap().0, 200);
    assert_eq!(refresh(&server, &other.refresh_token).await.unwrap().0, 503);
}

#[tokio::test]
async fn only_sound_requests_count() {
    let server = Rotating::start().await;
    let first = server.open("a");
    let sound = form(&first.refresh_token);
    for (body, code, error) in [
        (sound.replace(CLIENT_SECRET, "wrong"), 401, "invalid_client"),
        (sound.replace("client_id", "client"), 401, "invalid_client"),
        (sound.replace("=refresh_token", "=password"), 400, "unsupported_grant_type"),
        (format!("{sound}&grant_type=refresh_token"), 400, "invalid_request"),
        (form(""), 400, "invalid_request"),
        (form("made-up"), 400, "invalid_grant"),
    ] {
        let (status, _, answer) = post(&server, &body).await.unwrap();
        assert_eq!((status.as_u16(), &answer["error"]), (code, &error.into()), "{body}");
    }
    let json = send(&server, "POST /token HTTP/1.1\r\ncontent-type: application/json", "{}").await.unwrap();
    assert_eq!(json.0.as_u16(), 400);
    assert_eq!((server.family("a").requests(), server.strangers()), (0, 1));
    let basic = "POST /token HTTP/1.1\r\ncontent-type: application/x-www-form-urlencoded\r\n\
                 authorization: Basic cm90YXRpbmctY2xpZW50OnJvdGF0aW5nLXNlY3JldC01MWE3";
    let body = format!("grant_type=refresh_token&refresh_token={}", first.refresh_token);
    assert_eq!(send(&server, basic, &body).await.unwrap().0.as_u16(), 200);
}

#[tokio::test]
async fn other_processes_can_look() {
    let server = Rotating::start().await;
    let first = server.open("a");
    let (_, second) = refresh(&server, &first.refresh_token).await.unwrap();
    let (code, _, family) = send(&server, "GET /families/a HTTP/1.1", "").await.unwrap();
    assert_eq!(code.as_u16(), 200);
    assert_eq!(family["requests"], 1);
    assert_eq!(family["live"], serde_json::json!([second["access_token"]]));
    assert_eq!((&family["revoked"], &family["reused"]), (&false.into(), &0.into()));
    assert_eq!(family["at_ms"].as_array().unwrap().len(), 1);
    refresh(&server, &first.refresh_token).await.unwrap();
    let (_, _, family) = send(&server, "GET /families/a HTTP/1.1", "").await.unwrap();
    assert_eq!((&family["revoked"], &family["reused"]), (&true.into(), &1.into()));
    assert_eq!(send(&server, "GET /families/b HTTP/1.1", "").await.unwrap().0.as_u16(), 404);
}
