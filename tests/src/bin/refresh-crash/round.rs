//! One round: a process dies, another one takes over.

use std::time::Duration;

use oauth_core::{Client, TokenManager};
use oauth_tests::fleet::Result;
use oauth_tests::fleet::child::Child;
use oauth_tests::fleet::held::Point;
use oauth_tests::fleet::place::{Place, ended};
use oauth_tests::rotating::{Outcome, Rotating};
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::plan::Plan;
use crate::verdict::{First, Second, Verdict, judge};

/// How long the provider may take for the first process: its lease is as long, and a little longer.
pub(crate) const FIRST_TIMEOUT: Duration = Duration::from_millis(300);
/// The same for the second, which is not to give up on a busy machine.
const SECOND_TIMEOUT: Duration = Duration::from_secs(10);
/// More than a process ever takes: it may wait for a lease, and once more for its own patience.
const PATIENCE: Duration = Duration::from_secs(90);

/// What all rounds share.
pub(crate) struct Stage {
    server: Rotating,
    place: Place,
    client: Client,
    manager: TokenManager,
    seed: u64,
}

impl Stage {
    pub(crate) async fn new(server: Rotating, place: Place, seed: u64) -> Result<Self> {
        let (client, manager) = place.way.open(None).await?;
        Ok(Self { server, place, client, manager, seed })
    }

    /// Plays a round.
    pub(crate) async fn play(&self, number: usize) -> Result<Verdict> {
        let account = self.place.way.account(number);
        let plan = Plan::of(number, self.seed);
        self.manager.import(&self.client, account.as_str(), ended(&self.server.open(&account))).await?;
        let first = self.first(&account, plan).await.map_err(|error| format!("{plan:?}: the first: {error}"))?;
        let after = self.second(&account).await.map_err(|error| format!("{plan:?} {first:?}: the second: {error}"));
        let (second, before, renewed) = after?;
        Ok(judge(plan, &first, &second, &before, renewed))
    }

    /// Deletes the accounts of so many rounds: the store may be one that others use.
    pub(crate) async fn clear(&self, rounds: usize) -> Result<()> {
        for number in 0..rounds {
            self.manager.disconnect(&self.client, self.place.way.account(number)).await?;
        }
        Ok(())
    }

    /// The process that dies, and what it did before.
    async fn first(&self, account: &str, plan: Plan) -> Result<First> {
        let orders = json!({
            "role": "first",
            "way": self.place.way,
            "account": account,
            "hold": plan.hold().map(Point::name),
            "return": matches!(plan, Plan::Return(_)),
        });
        let mut child = ready(&orders).await?;
        child.tell(&json!("go")).await?;
        let mut first = First::default();
        if let Plan::After(time) = plan {
            // What it says meanwhile waits in its pipe.
            tokio::time::sleep(time).await;
            child.kill().await?;
        }
        while let Some(said) = timeout(PATIENCE, child.hear()).await.map_err(|_| "it says nothing")?? {
            let at = said["at"].as_str().and_then(Point::named);
            first.passed.extend(at);
            if said.get("asked").is_some() {
                first.asked = Some(said["asked"].to_string());
            }
            if at.is_some() && at == plan.kill_at() {
                child.kill().await?;
            }
        }
        timeout(PATIENCE, child.end()).await.map_err(|_| "it does not end")??;
        Ok(first)
    }

    /// The process after it; the family as it was when that had its tokens, and whether they could be renewed.
    async fn second(&self, account: &str) -> Result<(Second, oauth_tests::rotating::Family, bool)> {
        let way = self.place.way.clone().timeout(SECOND_TIMEOUT);
        let mut child = ready(&json!({"role": "second", "way": way, "account": account})).await?;
        child.tell(&json!("go")).await?;
        let said = told(&mut child, "asked").await?;
        let second = Second::told(&said);
        let before = self.server.family(account);
        child.tell(&json!("again")).await?;
        let renewed = told(&mut child, "renewed").await?["renewed"]["Ok"] == true;
        timeout(PATIENCE, child.end()).await.map_err(|_| "it does not end")??;
        // What the process says is nothing without the server's word.
        let granted = |family: &oauth_tests::rotating::Family| family.count(Outcome::Granted);
        let renewed = renewed && granted(&self.server.family(account)) == granted(&before) + 1;
        Ok((second, before, renewed))
    }
}

async fn ready(orders: &Value) -> Result<Child> {
    let mut child = Child::start(orders).await?;
    told(&mut child, "ready").await?;
    Ok(child)
}

/// The line that has that member.
async fn told(child: &mut Child, member: &str) -> Result<Value> {
    loop {
        let said = timeout(PATIENCE, child.hear()).await.map_err(|_| format!("`{member}` was never said"))??;
        match said {
            Some(said) if said.get(member).is_some() => return Ok(said),
            Some(_) => {}
            None => return Err(format!("it ended before it said `{member}`").into()),
        }
    }
}

impl Second {
    fn told(said: &Value) -> Self {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let asked = said["asked"].as_array().into_iter().flatten();
        Self {
            asked: asked
                .map(|one| text(&one["token"]).ok_or_else(|| text(&one["error"]).unwrap_or_default()))
                .collect(),
            says_lost: said["lost"] == true,
            replayed: said["replayed"] == true,
            requests: said["requests"].as_u64().and_then(|count| usize::try_from(count).ok()).unwrap_or_default(),
        }
    }
}
