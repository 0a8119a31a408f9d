//! The connection: one for all callers, made when it is needed and made anew when it is lost.
//!
//! Replies are matched to requests by their order, by the multiplexed connection of the crate `redis`; one whose asker
//! has gone is thrown away, and never told to another. A connection on which a reply is missing is not used again.

use std::error::Error as StdError;
use std::future::{Future as _, poll_fn};
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use oauth_core::ExposeSecret as _;
use oauth_core::store::StoreErrorKind;
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Cmd, Pipeline, RedisConnectionInfo, RedisResult, ScriptInvocation, Value};
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::{Mutex, watch};
use tokio::task::AbortHandle;
use tokio::time::Instant;
use tokio_rustls::TlsConnector;

use super::address::{Address, Place, is_localhost};
use super::fault::Failure;
use super::limits::{Health, Limited};

/// The way to the server.
pub(super) struct Link {
    pub(super) address: Address,
    pub(super) tls: Option<Arc<rustls::ClientConfig>>,
    pub(super) connect_timeout: Duration,
    pub(super) response_timeout: Duration,
    slot: Mutex<Slot>,
}

#[derive(Default)]
struct Slot {
    live: Option<Arc<Live>>,
    /// How and when the last attempt failed: those who waited for it are told the same.
    failed: Option<(Instant, Failure)>,
}

struct Live {
    connection: MultiplexedConnection,
    health: Arc<Health>,
    driver: AbortHandle,
    /// Its sender goes with the driver.
    end: watch::Receiver<()>,
}

impl Live {
    /// A request that comes when the connection ends may get stuck in its queue: then the end is the answer.
    async fn answer(&self, request: &Request<'_>) -> RedisResult<Value> {
        let (mut connection, mut end) = (self.connection.clone(), self.end.clone());
        let mut answer = pin!(request.send(&mut connection));
        let mut end = pin!(end.changed());
        poll_fn(|cx| match answer.as_mut().poll(cx) {
            // Once more: the answer may have come with the end.
            Poll::Pending if end.as_mut().poll(cx).is_ready() => Poll::Ready(match answer.as_mut().poll(cx) {
                Poll::Ready(answer) => answer,
                Poll::Pending => Err(io::Error::from(io::ErrorKind::ConnectionReset).into()),
            }),
            polled => polled,
        })
        .await
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

/// What is asked.
pub(super) enum Request<'a> {
    Script(ScriptInvocation<'a>),
    Command(Cmd),
    Pipeline(Pipeline),
}

impl Request<'_> {
    async fn send(&self, connection: &mut MultiplexedConnection) -> RedisResult<Value> {
        match self {
            // By its digest; where the server does not know it, it is loaded first.
            Self::Script(script) => script.invoke_async(connection).await,
            Self::Command(command) => command.query_async(connection).await,
            Self::Pipeline(pipeline) => pipeline.query_async(connection).await,
        }
    }
}

trait Duplex: AsyncRead + AsyncWrite + Unpin + Send {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send> Duplex for S {}

impl Link {
    pub(super) fn new(
        address: Address,
        tls: Option<Arc<rustls::ClientConfig>>,
        connect_timeout: Duration,
        response_timeout: Duration,
    ) -> Self {
        Self { address, tls, connect_timeout, response_timeout, slot: Mutex::default() }
    }

    /// Asks once.
    pub(super) async fn ask(&self, request: Request<'_>) -> Result<Value, Failure> {
        let live = self.live().await?;
        match live.answer(&request).await {
            Ok(value) => Ok(value),
            Err(error) => {
                let failure = if live.health.is_unsound() { Failure::unsound() } else { Failure::of(&error) };
                if failure.lost {
                    live.health.close();
                }
                Err(failure)
            }
        }
    }

    /// Asks, and once more over a new connection where the first was lost: what is asked must be the same thing when it
    /// is done twice. `request` is told whether it is the second time.
    pub(super) async fn ask_again<'a>(&self, request: impl Fn(bool) -> Request<'a>) -> Result<Value, Failure> {
        match self.ask(request(false)).await {
            Err(failure) if failure.lost => self.ask(request(true)).await,
            answer => answer,
        }
    }

    async fn live(&self) -> Result<Arc<Live>, Failure> {
        let began = Instant::now();
        let mut slot = self.slot.lock().await;
        if let Some(live) = slot.live.as_ref().filter(|live| live.health.is_good()) {
            return Ok(Arc::clone(live));
        }
        slot.live = None;
        if let Some((_, failure)) = slot.failed.as_ref().filter(|(at, _)| *at >= began) {
            return Err(failure.clone());
        }
        let opened = tokio::time::timeout(self.connect_timeout, self.open()).await;
        match opened.unwrap_or_else(|_| Err(Failure::unavailable("the server could not be reached in time"))) {
            Ok(live) => Ok(Arc::clone(slot.live.insert(Arc::new(live)))),
            Err(failure) => {
                // Nothing was asked yet: there is nothing that may have been done.
                let failure = failure.kept();
                slot.failed = Some((Instant::now(), failure.clone()));
                Err(failure)
            }
        }
    }

    async fn open(&self) -> Result<Live, Failure> {
        let health = Arc::new(Health::default());
        let stream = Limited::new(self.stream().await?, Arc::clone(&health));
        let told =
            |error: &redis::RedisError| if health.is_unsound() { Failure::unsound() } else { Failure::of(error) };
        let config = AsyncConnectionConfig::new().set_response_timeout(Some(self.response_timeout));
        let opened = MultiplexedConnection::new_with_config(&self.settings(), stream, config).await;
        let (connection, driver) = opened.map_err(|error| told(&error))?;
        let (driving, end) = watch::channel(());
        let driver = tokio::spawn(async move {
            driver.await;
            drop(driving);
        });
        let live = Live { connection, health: Arc::clone(&health), driver: driver.abort_handle(), end };
        live.answer(&Request::Command(redis::cmd("PING"))).await.map_err(|error| told(&error))?;
        Ok(live)
    }

    fn settings(&self) -> RedisConnectionInfo {
        let mut settings = RedisConnectionInfo::default()
            .set_db(self.address.database)
            .set_lib_name("oauth-providers", env!("CARGO_PKG_VERSION"));
        if let Some(user) = &self.address.user {
            settings = settings.set_username(user);
        }
        if let Some(password) = &self.address.password {
            settings = settings.set_password(password.expose_secret());
        }
        settings
    }

    async fn stream(&self) -> Result<Box<dyn Duplex>, Failure> {
        let (host, port) = match &self.address.place {
            Place::Tcp { host, port, .. } => (host.as_str(), *port),
            #[cfg(unix)]
            Place::Unix(path) => {
                let stream = tokio::net::UnixStream::connect(path).await;
                return Ok(Box::new(stream.map_err(|error| unreachable(&error))?));
            }
            #[cfg(not(unix))]
            Place::Unix(_) => return Err(Failure::new(StoreErrorKind::Config, "there are no Unix sockets here")),
        };
        let tcp = connect(host, port).await?;
        let Some(tls) = &self.tls else { return Ok(Box::new(tcp)) };
        let name = ServerName::try_from(host.to_owned())
            .map_err(|_| Failure::new(StoreErrorKind::Config, "the host's name is none that a certificate can have"))?;
        match TlsConnector::from(Arc::clone(tls)).connect(name, tcp).await {
            Ok(stream) => Ok(Box::new(stream)),
            Err(error) if error.get_ref().is_some_and(<dyn StdError + Send + Sync>::is::<rustls::Error>) => {
                Err(Failure::new(StoreErrorKind::Config, format!("no TLS connection to the server: {error}"))
                    .fix("check the server's certificate, or name its authority with RedisStoreBuilder::tls_roots"))
            }
            Err(error) => Err(unreachable(&error)),
        }
    }
}

async fn connect(host: &str, port: u16) -> Result<TcpStream, Failure> {
    let addresses = tokio::net::lookup_host((host, port)).await.map_err(|error| unreachable(&error))?;
    let mut last = None;
    for address in addresses.filter(|address| !is_localhost(host) || address.ip().is_loopback()) {
        match TcpStream::connect(address).await {
            Ok(stream) => {
                // Requests are small and wait for their answers.
                stream.set_nodelay(true).map_err(|error| unreachable(&error))?;
                return Ok(stream);
            }
            Err(error) => last = Some(error),
        }
    }
    Err(last.as_ref().map_or_else(|| Failure::unavailable("the server's name has no address"), unreachable))
}

fn unreachable(error: &io::Error) -> Failure {
    Failure::unavailable(format!("the server cannot be reached: {}", error.kind()))
        .fix("check the address, and that the server is up")
}
