//! The processes of a round: one that is stopped in the middle of a refresh, and one after it.

use std::sync::Arc;
use std::time::Duration;

use oauth_core::{Account, Client, EventKind, Reason, Status, TokenManager};
use oauth_tests::fleet::Result;
use oauth_tests::fleet::child::{Parent, say};
use oauth_tests::fleet::held::{Point, Watch};
use oauth_tests::fleet::place::Way;
use serde_json::{Value, json};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep};

/// How long the second process tries again when it is told to.
const PATIENCE: Duration = Duration::from_secs(40);

/// What a process has.
struct Process {
    parent: Parent,
    orders: Value,
    client: Client,
    manager: TokenManager,
    watch: Arc<Watch>,
    account: String,
}

/// Runs the role that the parent gives.
pub(crate) async fn run() -> Result<()> {
    let mut parent = Parent::new();
    let orders = parent.hear().await?;
    let way = Way::told(&orders)?;
    let hold = orders["hold"].as_str().and_then(Point::named);
    let stands = Arc::new(Notify::new());
    let watch = {
        let stands = Arc::clone(&stands);
        Watch::new(hold, move |point| {
            say(&json!({"at": point.name()}));
            if hold == Some(point) {
                stands.notify_one();
            }
        })
    };
    let (client, manager) = way.open(Some(&watch)).await?;
    let account = orders["account"].as_str().unwrap_or_default().to_owned();
    say(&json!({"ready": true}));
    parent.hear().await?;
    let process = Process { parent, orders, client, manager, watch, account };
    if process.orders["role"] == "first" { process.first(&stands).await } else { process.second().await }
}

impl Process {
    /// Asks for a token, and may not live to see it. Where it is to return from `main` it does so at the point, with the
    /// refresh under way.
    async fn first(self, stands: &Notify) -> Result<()> {
        let asking = async {
            let token = self.manager.token(&self.client, self.account.as_str()).await;
            say(&json!({"asked": token.map(|_| "a token").map_err(|error| error.code())}));
        };
        if self.orders["return"] == true {
            tokio::select! {
                () = asking => {}
                () = stands.notified() => {}
            }
        } else {
            asking.await;
        }
        Ok(())
    }

    /// Asks for a token twice, says what it got, and refreshes once more when it is told to.
    async fn second(mut self) -> Result<()> {
        let mut events = self.manager.events();
        let account = self.manager.account(&self.client, self.account.as_str()).await?;
        let mut asked = Vec::new();
        for _ in 0..2 {
            asked.push(match ask(&account).await {
                Ok(token) => json!({"token": token}),
                Err(error) => json!({"error": error}),
            });
        }
        let status = self.manager.status(&self.client, self.account.as_str()).await?;
        let lost = status == Status::NeedsReauth(Reason::LostRotation);
        let mut replayed = false;
        while let Some(event) = events.try_next() {
            replayed |= matches!(event.kind, EventKind::Replaying);
        }
        say(&json!({"asked": asked, "lost": lost, "replayed": replayed, "requests": self.watch.requests()}));
        self.parent.hear().await?;
        let renewed = account.refresh().await;
        say(&json!({"renewed": renewed.map(|_| true).map_err(|error| error.code())}));
        Ok(self.manager.shutdown().await?)
    }
}

/// Asks until there is a token or an error that no waiting mends.
async fn ask(account: &Account) -> std::result::Result<String, String> {
    let begun = Instant::now();
    loop {
        match account.token().await {
            Ok(token) => return Ok(token.expose_secret().to_owned()),
            Err(error) => match error.retry_after().filter(|_| begun.elapsed() < PATIENCE) {
                Some(wait) => sleep(wait).await,
                None => return Err(error.code().to_owned()),
            },
        }
    }
}
