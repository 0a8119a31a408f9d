use std::sync::Arc;
use std::time::Duration;

use crate::client::Client;
use crate::clock::Clock;
use crate::http::{Guard, HttpClient};
use crate::provider::Dynamic;

/// With what a server is asked that is known by its address alone: what the caller sets, and else what clients have.
#[derive(Clone, Default)]
pub(crate) struct Asker {
    pub(crate) http: Option<Arc<dyn HttpClient>>,
    /// In the place of an own transport: one that such a guard has made, and the guard for one that shows a certificate.
    pub(crate) guarded: Option<(Guard, Arc<dyn HttpClient>)>,
    pub(crate) clock: Option<Arc<dyn Clock>>,
    pub(crate) timeout: Option<Duration>,
}

impl Asker {
    /// A client that asks with it.
    pub(crate) fn equip(&self, mut client: Client<Dynamic>) -> Client<Dynamic> {
        if let Some((guard, http)) = &self.guarded {
            client = client.guarded_by(guard.clone()).sharing(Arc::clone(http));
        }
        if let Some(http) = &self.http {
            client = client.http_client(Arc::clone(http));
        }
        if let Some(clock) = &self.clock {
            client = client.clock(Arc::clone(clock));
        }
        match self.timeout {
            Some(timeout) => client.timeout(timeout),
            None => client,
        }
    }
}
