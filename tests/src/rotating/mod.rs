//! A token server on loopback that rotates refresh tokens and revokes the whole family when an old one is used again
//! (RFC 9700 section 4.14.2). It is written from the server's side and counts everything.
//!
//! One account is one family. What a request starts is carried out even if the client goes away before the answer, as
//! at a real server.

mod answer;
mod behaviour;
mod ledger;
mod serve;
#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex, MutexGuard};

use tokio::net::TcpListener;
use tokio::task::JoinHandle;

pub use self::behaviour::{Answers, Behaviour};
use self::ledger::Ledger;
pub use self::ledger::{Asked, Family, Issued, Outcome};

/// Who its clients are.
pub const CLIENT_ID: &str = "rotating-client";
/// How they prove it.
pub const CLIENT_SECRET: &str = "rotating-secret-51a7";

/// The server. It ends when it is dropped; a request that it has received by then is still carried out.
pub struct Rotating {
    origin: String,
    ledger: Arc<Mutex<Ledger>>,
    task: JoinHandle<()>,
}

impl Rotating {
    /// A server without families on a free port.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port on loopback");
        let origin = format!("http://{}", listener.local_addr().expect("a bound listener has an address"));
        let ledger = Arc::new(Mutex::new(Ledger::new()));
        let task = tokio::spawn(serve::serve(listener, Arc::clone(&ledger)));
        Self { origin, ledger, task }
    }

    /// `http://127.0.0.1:PORT`.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Opens a family and gives its first tokens. The access token has ended already.
    pub fn open(&self, family: &str) -> Issued {
        self.ledger().open(family)
    }

    /// What every request gets for which nothing else is said.
    pub fn usually(&self, behaviour: Behaviour) {
        self.ledger().usual = behaviour;
    }

    /// What the family's next request gets; several are kept in their order.
    pub fn next(&self, family: &str, behaviour: Behaviour) {
        self.ledger().next(family, behaviour);
    }

    /// What every request of the family gets, after those that `next` tells of.
    pub fn always(&self, family: &str, behaviour: Behaviour) {
        self.ledger().always(family, behaviour);
    }

    /// The family as it is now.
    pub fn family(&self, family: &str) -> Family {
        self.ledger().family(family).expect("the family was opened")
    }

    /// Whether an access token is good for a request now.
    pub fn is_live(&self, access_token: &str) -> bool {
        self.ledger().whose(access_token).is_some()
    }

    /// How many requests had no refresh token that was ever given out.
    pub fn strangers(&self) -> u64 {
        self.ledger().strangers
    }

    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        ledger::locked(&self.ledger)
    }
}

impl Drop for Rotating {
    fn drop(&mut self) {
        self.task.abort();
    }
}
