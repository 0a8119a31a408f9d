//! Servers that are none, or are not as they should be.

use std::time::Duration;

use oauth_core::store::{StoreError, StoreErrorKind};
use oauth_stores::PostgresStore;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

const PASSWORD: &str = "canary-91c7";

/// A message of the server: its kind, its length and what is in it.
fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len() + 4).unwrap().to_be_bytes();
    [&[kind][..], &length, body].concat()
}

/// "You are who you say", "go on".
fn welcome() -> Vec<u8> {
    [message(b'R', &[0; 4]), message(b'K', &[7; 8]), ready()].concat()
}

fn ready() -> Vec<u8> {
    message(b'Z', b"I")
}

/// The answer to the preparation of the first statement: two texts go in, four booleans and a text come out.
fn prepared() -> Vec<u8> {
    let text = 25_u32.to_be_bytes();
    let mut columns = 5_u16.to_be_bytes().to_vec();
    for (name, of) in [("standby", 16_u32), ("read_only", 16), ("made", 16), ("schema", 16), ("who", 25)] {
        columns.extend([name.as_bytes(), &[0; 7], &of.to_be_bytes(), &[0, 1, 0, 0, 0, 0, 0, 0]].concat());
    }
    let parameters = [&2_u16.to_be_bytes()[..], &text, &text].concat();
    [message(b'1', &[]), message(b't', &parameters), message(b'T', &columns), ready()].concat()
}

fn executed(row: &[u8]) -> Vec<u8> {
    [message(b'2', &[]), row.to_vec(), message(b'C', b"SELECT 1\0"), ready()].concat()
}

/// Whatever it is told, it says one of these after the other, and then nothing more.
async fn saying(answers: Vec<Vec<u8>>) -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let answers = answers.clone();
            tokio::spawn(async move {
                for answer in answers {
                    told(&mut client).await;
                    let _ = client.write_all(&answer).await;
                }
                loop {
                    if told(&mut client).await.is_empty() {
                        return;
                    }
                }
            });
        }
    });
    port
}

async fn told(client: &mut TcpStream) -> Vec<u8> {
    let mut buffer = vec![0; 1 << 16];
    let length = client.read(&mut buffer).await.unwrap_or(0);
    buffer[..length].to_vec()
}

/// What comes of connecting there, which must not take long.
async fn connected(port: u16) -> StoreError {
    let url = format!("postgres://app:{PASSWORD}@127.0.0.1:{port}/app?sslmode=disable");
    let options = PostgresStore::builder().patience(Duration::from_secs(1));
    let answer = timeout(Duration::from_secs(30), options.connect(url)).await.expect("it takes too long");
    let error = answer.expect_err("it is no server");
    assert!(!format!("{error} {error:?}").contains(PASSWORD), "{error:?}");
    error
}

#[tokio::test]
async fn pg_07_an_answer_that_is_shorter_than_it_says_is_an_error() {
    let whole = [&5_u16.to_be_bytes()[..], &[0, 0, 0, 1, 0].repeat(4), &[0, 0, 0, 1, b'x']].concat();
    let no_server = connected(saying(vec![welcome(), prepared(), executed(&message(b'D', &whole))]).await).await;
    assert_ne!(no_server.kind(), StoreErrorKind::Internal, "so far it is as it should be: {no_server:?}");
    let beyond = [&5_u16.to_be_bytes()[..], &[0x7f, 0xff, 0xff, 0xff, 0]].concat();
    let few = [&1_u16.to_be_bytes()[..], &[0, 0, 0, 1, 0]].concat();
    let many = [&u16::MAX.to_be_bytes()[..], &[0, 0, 0, 1, 0]].concat();
    let rows = [
        message(b'D', &whole[..whole.len() - 1]),
        message(b'D', &beyond),
        message(b'D', &few),
        message(b'D', &many),
        message(b'D', &[]),
        vec![b'D', 0, 0, 0, 0],
        vec![b'D', 0, 0, 0, 3, 0],
        vec![b'D', 0x7f, 0xff, 0xff, 0xff, 0, 0],
        vec![0xff; 64],
    ];
    for row in rows {
        connected(saying(vec![welcome(), prepared(), executed(&row)]).await).await;
    }
}

#[tokio::test]
async fn pg_07_a_password_that_takes_for_ever_to_prove_is_given_up() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            told(&mut client).await;
            client.write_all(&message(b'R', b"\0\0\0\x0aSCRAM-SHA-256\0\0")).await.unwrap();
            let first = String::from_utf8_lossy(&told(&mut client).await).into_owned();
            let nonce = first.rsplit("r=").next().unwrap();
            let answer = format!("r={nonce}more,s=c2FsdHNhbHQ=,i=2147483647");
            client.write_all(&message(b'R', &[&[0, 0, 0, 11], answer.as_bytes()].concat())).await.unwrap();
            told(&mut client).await;
        }
    });
    assert_eq!(connected(port).await.kind(), StoreErrorKind::Unavailable);
}

#[tokio::test]
async fn pg_07_what_an_impostor_says_is_not_passed_on() {
    // It asks for the password in clear text, and says it in its error.
    let error = format!("SFATAL\0VFATAL\0C28P01\0Mno user has the password {PASSWORD}\0\0");
    let port = saying(vec![message(b'R', &[0, 0, 0, 3]), message(b'E', error.as_bytes())]).await;
    assert_eq!(connected(port).await.kind(), StoreErrorKind::Config);
}

#[tokio::test]
async fn st_03_who_is_no_server_or_says_nothing_is_unavailable() {
    let page = b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n".to_vec();
    assert_eq!(connected(saying(vec![page]).await).await.kind(), StoreErrorKind::Unavailable);
    assert_eq!(connected(saying(vec![]).await).await.kind(), StoreErrorKind::Unavailable);
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    assert_eq!(connected(nobody).await.kind(), StoreErrorKind::Unavailable);
}
