//! A wire between the store and the server that can be cut at a chosen moment.

use std::sync::atomic::{AtomicU16, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// When the wire is cut.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Cut {
    /// Instead of passing on what has these bytes in it.
    Before(Vec<u8>),
    /// When what has these bytes in it has been answered, instead of passing the answer on.
    After(Vec<u8>),
}

pub(crate) struct Proxy {
    pub(crate) port: u16,
    server: AtomicU16,
    cut: Mutex<Option<(Cut, u32)>>,
    /// How often it was cut.
    cuts: AtomicU32,
}

impl Proxy {
    pub(crate) async fn to(server: u16) -> Arc<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let proxy = Arc::new(Self { port, server: server.into(), cut: Mutex::default(), cuts: 0.into() });
        let accepting = proxy.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(accepting.clone().pass(client));
            }
        });
        proxy
    }

    /// Connections that are made from now on go there.
    pub(crate) fn lead_to(&self, server: u16) {
        self.server.store(server, Ordering::SeqCst);
    }

    /// Cuts so many times.
    pub(crate) fn cut(&self, cut: Cut, times: u32) {
        *self.cut.lock().unwrap() = Some((cut, times));
    }

    pub(crate) fn cuts(&self) -> u32 {
        self.cuts.load(Ordering::SeqCst)
    }

    async fn pass(self: Arc<Self>, mut client: TcpStream) {
        let Ok(mut server) = TcpStream::connect(("127.0.0.1", self.server.load(Ordering::SeqCst))).await else {
            return;
        };
        let (mut asked, mut answered) = (vec![0; 1 << 16], vec![0; 1 << 16]);
        loop {
            tokio::select! {
                read = client.read(&mut asked) => {
                    let Ok(length @ 1..) = read else { return };
                    match self.due(&asked[..length]) {
                        None => if server.write_all(&asked[..length]).await.is_err() { return },
                        Some(Cut::Before(_)) => return,
                        Some(Cut::After(_)) => {
                            server.write_all(&asked[..length]).await.unwrap();
                            // The server answers when it has committed.
                            let _ = server.read(&mut answered).await;
                            return;
                        }
                    }
                }
                read = server.read(&mut answered) => {
                    let Ok(length @ 1..) = read else { return };
                    if client.write_all(&answered[..length]).await.is_err() {
                        return;
                    }
                }
            }
        }
    }

    fn due(&self, asked: &[u8]) -> Option<Cut> {
        let mut cut = self.cut.lock().unwrap();
        let (due, times) = cut.as_mut()?;
        let (Cut::Before(mark) | Cut::After(mark)) = &*due;
        if *times == 0 || !asked.windows(mark.len()).any(|window| window == mark) {
            return None;
        }
        *times -= 1;
        self.cuts.fetch_add(1, Ordering::SeqCst);
        Some(due.clone())
    }
}
