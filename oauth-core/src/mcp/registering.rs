//! Registrations under way: one with an issuer at a time, for all who need one. Each gives another client id, and a login that
//! was started with one of them cannot be finished with another.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;
use tracing::Instrument as _;

use crate::client::ClientAuth;
use crate::clock::within;
use crate::error::{ErrorKind, Result, Step};
use crate::openid::{Asked, Discovered};
use crate::registration::{ClientMetadata, ClientStore, RegisteredClient};
use crate::spec::template::is_loopback;

/// What all who wait for a registration will get.
type Flight = watch::Receiver<Option<Result<RegisteredClient>>>;

/// Those of this process. A program may make a value of [`Mcp`](crate::Mcp) for each request: what they share is the store.
static UNDER_WAY: Mutex<Vec<UnderWay>> = Mutex::new(Vec::new());

/// How often another process may come before with a client that is of no use here.
const TRIES: usize = 4;

struct UnderWay {
    store: usize,
    issuer: String,
    metadata: ClientMetadata,
    flight: Flight,
}

/// Whose registration it is that a caller waits for.
enum Joined {
    Own(Flight),
    /// Another caller's, of the same client.
    Same(Flight),
    /// That of another client.
    Other(Flight),
}

/// A client that an issuer is to know, and where it is kept.
#[derive(Clone)]
pub(super) struct Registering {
    pub(super) clients: Arc<dyn ClientStore>,
    pub(super) discovered: Discovered,
    pub(super) asked: Asked,
    /// What is registered, its key in it.
    pub(super) metadata: ClientMetadata,
}

impl Registering {
    /// What was registered with this issuer before, where it is still of use; else a new registration, or the one that somebody
    /// else has under way.
    pub(super) async fn record(&self) -> Result<RegisteredClient> {
        if let Some(kept) = self.kept().await?.1 {
            return Ok(kept);
        }
        // Whoever has asked may be of a runtime that has stopped without its end.
        let patience = self.asked.inner().config.timeout * 2;
        loop {
            match self.join() {
                Joined::Own(mut flight) => {
                    let landed = flight.wait_for(Option::is_some).await;
                    return landed.ok().and_then(|landed| landed.clone()).unwrap_or_else(|| {
                        let what =
                            "the registration ended before it had a result, by a fault or with the runtime it ran in";
                        Err(self.asked.error(ErrorKind::Internal, Step::Registration, what))
                    });
                }
                joined @ (Joined::Same(_) | Joined::Other(_)) => {
                    let is_same = matches!(joined, Joined::Same(_));
                    let (Joined::Own(mut flight) | Joined::Same(mut flight) | Joined::Other(mut flight)) = joined;
                    let clock = &*self.asked.inner().config.clock;
                    let landed = within(clock, patience, flight.wait_for(Option::is_some)).await;
                    match landed.and_then(|landed| landed.ok()?.clone()) {
                        Some(Ok(record)) if is_same => return Ok(self.proving(record)),
                        // What is refused to the one is refused to the other: a server that is down is asked once.
                        Some(Err(error)) if is_same => return Err(error),
                        Some(Ok(record)) if self.fits(&record) => return Ok(self.proving(record)),
                        Some(_) => {}
                        None => leave(&flight),
                    }
                }
            }
        }
    }

    /// Joins the registration under way, or starts one in a task of its own: a caller that is cancelled must not lose what the
    /// issuer may have registered.
    fn join(&self) -> Joined {
        let (store, issuer) = (Arc::as_ptr(&self.clients).cast::<()>().addr(), self.issuer());
        let mut under_way = under_way();
        if let Some(other) = under_way.iter().find(|other| other.store == store && other.issuer == issuer) {
            let flight = other.flight.clone();
            return if other.metadata.is_as(&self.metadata) { Joined::Same(flight) } else { Joined::Other(flight) };
        }
        let (landing, flight) = watch::channel(None);
        let (metadata, issuer) = (self.metadata.clone(), issuer.to_owned());
        under_way.push(UnderWay { store, issuer, metadata, flight: flight.clone() });
        // A runtime that shuts down drops the task at once, and with it the flight's end, which takes the lock.
        drop(under_way);
        let end = FlightEnd { flight: flight.clone(), landing, result: None };
        let task = self.clone();
        let task = async move { end.land(Box::pin(task.carry_out()).await) };
        tokio::spawn(task.in_current_span());
        Joined::Own(flight)
    }

    async fn carry_out(self) -> Result<RegisteredClient> {
        // Another may have ended since the store was looked at.
        let (before, kept) = self.kept().await?;
        if let Some(kept) = kept {
            return Ok(kept);
        }
        let nobody = self.discovered.made(self.asked.clone(), "unregistered".to_owned(), ClientAuth::none(), |_| ())?;
        let record = nobody.register(&self.metadata).await?;
        // What is of no use is not kept.
        self.discovered.registered_as(self.asked.clone(), &record, |_| ())?;
        self.keep(record, before).await
    }

    /// Keeps a new registration, unless another process has come before with one that will do: its logins are under way.
    async fn keep(&self, record: RegisteredClient, mut before: Option<RegisteredClient>) -> Result<RegisteredClient> {
        for _ in 0..TRIES {
            let kept = self.clients.add(&record, before.as_ref()).await?;
            if kept.client_id() == record.client_id() {
                return Ok(record);
            }
            if self.fits(&kept) {
                tracing::debug!("another process has registered meanwhile");
                return Ok(self.proving(kept));
            }
            before = Some(kept);
        }
        self.clients.save(&record).await?;
        Ok(record)
    }

    /// What the store has of this issuer, and the same as it is used, where it is of use.
    async fn kept(&self) -> Result<(Option<RegisteredClient>, Option<RegisteredClient>)> {
        // A store that was told to keep something else does not make it this issuer's.
        let kept = self.clients.load(self.issuer()).await?.filter(|kept| kept.issuer() == self.issuer());
        let usable = kept.clone().filter(|kept| self.fits(kept)).map(|kept| self.proving(kept));
        Ok((kept, usable))
    }

    /// Whether a registration with this issuer is one of this client, and lasts.
    fn fits(&self, kept: &RegisteredClient) -> bool {
        kept.secret_expires_at().is_none_or(|end| end > self.asked.inner().now())
            && kept.is_of(&self.metadata)
            && self.metadata.uris().all(|uri| kept.redirect_uris().iter().any(|own| leads_alike(own, uri)))
    }

    /// With what this client proves itself with, which is written down nowhere.
    fn proving(&self, record: RegisteredClient) -> RegisteredClient {
        match self.metadata.held() {
            Some(held) => record.credentials(held),
            None => record,
        }
    }

    fn issuer(&self) -> &str {
        &self.asked.metadata.issuer
    }
}

fn under_way() -> MutexGuard<'static, Vec<UnderWay>> {
    UNDER_WAY.lock().unwrap_or_else(PoisonError::into_inner)
}

fn leave(flight: &Flight) {
    under_way().retain(|other| !other.flight.same_channel(flight));
}

/// Ends the flight when it is dropped: after its result, and also when the task panics or its runtime is shut down.
struct FlightEnd {
    flight: Flight,
    landing: watch::Sender<Option<Result<RegisteredClient>>>,
    result: Option<Result<RegisteredClient>>,
}

impl FlightEnd {
    fn land(mut self, result: Result<RegisteredClient>) {
        self.result = Some(result);
    }
}

impl Drop for FlightEnd {
    fn drop(&mut self) {
        // The flight first: who hears of its end and asks again is not to join it once more.
        leave(&self.flight);
        if let Some(result) = self.result.take() {
            self.landing.send_replace(Some(result));
        }
    }
}

/// Whether a registration of the one is one of the other. RFC 8252 section 7.3: the server "MUST allow any port to be specified
/// at the time of the request for loopback IP redirect URIs".
fn leads_alike(registered: &str, wanted: &str) -> bool {
    let portless = |uri: &str| {
        let mut url = url::Url::parse(uri).ok()?;
        let is_address = matches!(url.host(), Some(url::Host::Ipv4(_) | url::Host::Ipv6(_)));
        (url.scheme() == "http" && is_address && is_loopback(&url)).then_some(())?;
        url.set_port(None).ok()?;
        Some(url)
    };
    registered == wanted || portless(registered).is_some_and(|known| portless(wanted) == Some(known))
}
