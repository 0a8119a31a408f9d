//! A server that means no good, and a network that does not work: what a store of Redis makes of it.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use oauth_core::store::{AttemptStore as _, RecordKey, Store as _, StoreErrorKind, StoredRecord, Write};
use oauth_stores::RedisStore;
use tokio::io::{AsyncBufReadExt, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

/// A command that the client has sent; the script's digest is not looked at.
type Command = Vec<Vec<u8>>;

/// A server that greets as Redis does and leaves the answers to the test.
struct Server {
    port: u16,
    asked: mpsc::UnboundedReceiver<(Command, mpsc::UnboundedSender<Vec<u8>>)>,
    /// The bytes that the client has taken of the answers.
    taken: Arc<AtomicUsize>,
    connections: Arc<AtomicUsize>,
}

impl Server {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (asks, asked) = mpsc::unbounded_channel();
        let (taken, connections) = <(Arc<AtomicUsize>, Arc<AtomicUsize>)>::default();
        let server = Self { port, asked, taken: Arc::clone(&taken), connections: Arc::clone(&connections) };
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                connections.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(serve(stream, asks.clone(), Arc::clone(&taken)));
            }
        });
        server
    }

    async fn store(&self) -> RedisStore {
        let store = RedisStore::builder(format!("redis://127.0.0.1:{}", self.port));
        store.response_timeout(Duration::from_secs(20)).connect().await.unwrap()
    }

    /// From now on every command gets that answer, piece by piece.
    fn always(mut self, answer: &'static [u8], times: usize) {
        tokio::spawn(async move {
            while let Some((_, answers)) = self.asked.recv().await {
                (0..times).for_each(|_| drop(answers.send(answer.to_vec())));
            }
        });
    }
}

async fn serve(
    stream: TcpStream,
    asks: mpsc::UnboundedSender<(Command, mpsc::UnboundedSender<Vec<u8>>)>,
    taken: Arc<AtomicUsize>,
) {
    let (reads, mut writes) = stream.into_split();
    let (answers, mut to_send) = mpsc::unbounded_channel::<Vec<u8>>();
    tokio::spawn(async move {
        while let Some(bytes) = to_send.recv().await {
            if writes.write_all(&bytes).await.is_err() {
                return;
            }
            taken.fetch_add(bytes.len(), Ordering::SeqCst);
        }
    });
    let mut reads = BufReader::new(reads);
    let mut greeted = false;
    while let Ok(command) = command(&mut reads).await {
        let answer: &[u8] = match command[0].as_slice() {
            b"CLIENT" => b"+OK\r\n",
            b"PING" => b"+PONG\r\n",
            // The format is asked for once, when the store is made.
            b"EVALSHA" if !greeted && command[3].ends_with(b":format") => b"$1\r\n1\r\n",
            _ => {
                asks.send((command, answers.clone())).unwrap();
                continue;
            }
        };
        greeted = answer.starts_with(b"$");
        answers.send(answer.to_vec()).unwrap();
    }
}

async fn command(reads: &mut (impl AsyncBufReadExt + Unpin)) -> io::Result<Command> {
    let mut parts = Vec::new();
    for _ in 0..number(reads).await? {
        let mut part = vec![0; number(reads).await? + 2];
        reads.read_exact(&mut part).await?;
        part.truncate(part.len() - 2);
        parts.push(part);
    }
    Ok(parts)
}

/// The number of a line `*3` or `$5`.
async fn number(reads: &mut (impl AsyncBufReadExt + Unpin)) -> io::Result<usize> {
    let mut line = String::new();
    reads.read_line(&mut line).await?;
    line.trim_end().get(1..).and_then(|digits| digits.parse().ok()).ok_or_else(|| io::ErrorKind::InvalidData.into())
}

fn key(number: u8) -> RecordKey {
    RecordKey::from_digest([number; 32])
}

const RECORD: &[u8] = b"*3\r\n$1\r\n7\r\n$-1\r\n$3\r\nabc\r\n";

#[tokio::test]
async fn a_fake_server_that_behaves_is_believed() {
    let server = Server::start().await;
    let store = server.store().await;
    server.always(RECORD, 1);
    let record = store.load(&key(1)).await.unwrap().unwrap();
    assert_eq!(record, StoredRecord { version: 7, due: None, payload: b"abc".to_vec() });
}

#[tokio::test]
async fn rd_07_replies_of_another_type_are_corrupt() {
    const REPLIES: [&[u8]; 16] = [
        b"+OK\r\n",
        b":2\r\n",
        b"$-1\r\n",
        b"*-1\r\n",
        b"$3\r\nabc\r\n",
        b"*0\r\n",
        b"*2\r\n:1\r\n:2\r\n",
        b"*3\r\n$1\r\n7\r\n$-1\r\n$-1\r\n",
        b"*3\r\n:7\r\n:1\r\n:1\r\n",
        b"*3\r\n*1\r\n:1\r\n$-1\r\n$3\r\nabc\r\n",
        b"*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n",
        b"*1000000000\r\n",
        b"%1\r\n+a\r\n+b\r\n",
        b"-WRONGTYPE Operation against a key holding the wrong kind of value\r\n",
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01",
    ];
    for reply in REPLIES {
        let server = Server::start().await;
        let store = server.store().await;
        server.always(reply, 1);
        let shown = String::from_utf8_lossy(reply);
        let error = store.load(&key(1)).await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Corrupt, "{shown:?}: {error}");
        // A list of nothing is one.
        if reply != b"*0\r\n" {
            let error = store.list(None, 10).await.unwrap_err();
            assert_eq!(error.kind(), StoreErrorKind::Corrupt, "list of {shown:?}: {error}");
        }
        let error = store.lease(&key(1), Duration::from_secs(1)).await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Corrupt, "lease of {shown:?}: {error}");
    }
}

#[tokio::test]
async fn rd_07_a_reply_without_end_is_not_read_to_the_end() {
    // 64 MiB of each, in pieces: of a string, of a line, of an array of arrays, of elements.
    let piece = |bytes: &[u8]| -> &'static [u8] { bytes.repeat(64 * 1024 / bytes.len()).leak() };
    for (head, body) in [
        (&b"$536870912\r\n"[..], piece(b"x")),
        (b"+", piece(b"x")),
        (b"*4096\r\n", piece(b"$60000\r\n")),
        (b"*1\r\n", piece(b"*1\r\n")),
        (b"*4096\r\n", piece(b":1\r\n")),
        (b"", piece(b"-ERR a line that is all right\r\n*2000\r\n")),
    ] {
        let server = Server::start().await;
        let (taken, store) = (Arc::clone(&server.taken), server.store().await);
        let mut asked = server.asked;
        tokio::spawn(async move {
            while let Some((_, answers)) = asked.recv().await {
                drop(answers.send(head.to_vec()));
                (0..1024).for_each(|_| drop(answers.send(body.to_vec())));
            }
        });
        let loaded = store.load(&key(1)).await;
        let kind = loaded.unwrap_err().kind();
        let shown = String::from_utf8_lossy(&body[..20]);
        assert!(matches!(kind, StoreErrorKind::Corrupt | StoreErrorKind::Unavailable), "{shown}: {kind:?}");
        // What the operating system's buffers hold for both connections comes on top of what is read.
        let read = taken.load(Ordering::SeqCst);
        assert!(read < 24 * 1024 * 1024, "{shown}: {read} bytes were taken");
    }
}

#[tokio::test]
async fn rd_07_an_error_does_not_bring_the_servers_words() {
    let server = Server::start().await;
    let store = server.store().await;
    server.always(b"-ERR unknown command 'AUTH', with args beginning with: 'hunter2'\r\n", 1);
    let error = store.load(&key(1)).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Unavailable);
    assert!(!format!("{error} {error:?}").contains("hunter2"), "{error:?}");
}

#[tokio::test]
async fn rd_08_a_cancelled_commands_reply_is_nobody_elses() {
    let mut server = Server::start().await;
    let store = server.store().await;
    let keys = [key(1), key(2)];
    let mut first = Box::pin(store.load(&keys[0]));
    // Until the server has the command, then the caller goes away.
    let (_, answers) = tokio::select! {
        _ = &mut first => panic!("there was no answer"),
        asked = server.asked.recv() => asked.unwrap(),
    };
    drop(first);
    let mut second = Box::pin(store.load(&keys[1]));
    let (command, _) = tokio::select! {
        _ = &mut second => panic!("there was no answer"),
        asked = server.asked.recv() => asked.unwrap(),
    };
    assert!(command[3].ends_with(keys[1].as_str().as_bytes()));
    answers.send(RECORD.to_vec()).unwrap();
    answers.send(b"*3\r\n$1\r\n8\r\n$-1\r\n$6\r\nsecond\r\n".to_vec()).unwrap();
    let record = second.await.unwrap().unwrap();
    assert_eq!((record.version, record.payload.as_slice()), (8, b"second".as_slice()));
    assert_eq!(server.connections.load(Ordering::SeqCst), 1, "the same connection");
}

#[tokio::test]
async fn rd_08_a_connection_that_owes_a_reply_is_not_used_again() {
    let mut server = Server::start().await;
    let store = RedisStore::builder(format!("redis://127.0.0.1:{}", server.port))
        .response_timeout(Duration::from_millis(200))
        .connect()
        .await
        .unwrap();
    let keys = [key(1), key(2)];
    // It takes part in no second try, so that one answer is missing.
    let error = store.take("login").await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Unavailable, "{error}");
    let (_, late) = server.asked.recv().await.unwrap();
    let mut load = Box::pin(store.load(&keys[1]));
    let (command, answers) = tokio::select! {
        _ = &mut load => panic!("there was no answer"),
        asked = server.asked.recv() => asked.unwrap(),
    };
    assert!(command[3].ends_with(keys[1].as_str().as_bytes()));
    drop(late.send(b"$6\r\nwlogin\r\n".to_vec()));
    answers.send(RECORD.to_vec()).unwrap();
    assert_eq!(load.await.unwrap().unwrap().payload, b"abc");
    assert_eq!(server.connections.load(Ordering::SeqCst), 2, "another connection");
}

#[tokio::test]
async fn a_write_whose_answer_is_lost_is_asked_again_as_such() {
    let mut server = Server::start().await;
    let store = server.store().await;
    let (key, record) = (key(1), StoredRecord { version: 2, due: None, payload: b"new".to_vec() });
    let save = store.save(&key, Write { expected: Some(1), record: &record, lease: None });
    let answer = async {
        let (first, answers) = server.asked.recv().await.unwrap();
        assert_eq!(first.last().unwrap(), b"0", "the first time");
        // No reply of any server: the connection is given up.
        answers.send(b"?\r\n".to_vec()).unwrap();
        let (second, answers) = server.asked.recv().await.unwrap();
        assert_eq!(second.last().unwrap(), b"1", "the second time");
        assert_eq!(first[3..first.len() - 1], second[3..second.len() - 1], "the same write");
        answers.send(b":0\r\n".to_vec()).unwrap();
    };
    let (saved, ()) = tokio::join!(save, answer);
    saved.unwrap();
}

#[tokio::test]
async fn nobody_listens() {
    let port = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let error = RedisStore::connect(format!("redis://:hunter2@127.0.0.1:{port}")).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Unavailable, "{error}");
    assert!(!format!("{error} {error:?} {:?}", error.remedy()).contains("hunter2"));
}

#[tokio::test]
async fn a_server_that_says_nothing_is_not_waited_for() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("redis://127.0.0.1:{}", listener.local_addr().unwrap().port());
    let store = RedisStore::builder(url).connect_timeout(Duration::from_millis(100));
    assert_eq!(store.connect().await.unwrap_err().kind(), StoreErrorKind::Unavailable);
}

#[tokio::test]
async fn rd_06_another_machine_is_not_spoken_to_without_tls() {
    for url in
        ["redis://:hunter2@192.0.2.1:6379/0", "redis://cache.example", "redis://127.0.0.1.example", "redis://0.0.0.0"]
    {
        let error = RedisStore::connect(url).await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Config, "{url}: {error}");
        let text = format!("{error} {error:?} {}", error.remedy().unwrap());
        assert!(text.contains("dangerous_without_tls") && !text.contains("hunter2"), "{text}");
    }
    // Opted in, it is tried.
    let store = RedisStore::builder("redis://192.0.2.1:6379").dangerous_without_tls();
    let error = store.connect_timeout(Duration::from_millis(50)).connect().await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Unavailable, "{error}");
}

#[tokio::test]
async fn a_builder_that_cannot_work_says_so() {
    let builder = || RedisStore::builder("redis://127.0.0.1:1");
    for builder in [builder().prefix("a*"), builder().prefix(""), builder().tls_roots("no PEM")] {
        assert_eq!(builder.connect().await.unwrap_err().kind(), StoreErrorKind::Config);
    }
    for pem in ["no PEM", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
        let builder = RedisStore::builder("rediss://127.0.0.1:1").tls_roots(pem);
        assert_eq!(builder.connect().await.unwrap_err().kind(), StoreErrorKind::Config, "{pem}");
    }
    assert!(!format!("{:?}", RedisStore::builder("rediss://:hunter2@127.0.0.1")).contains("hunter2"));
}
