//! The race: who starts the processes, and counts.

use std::collections::BTreeSet;
use std::time::Duration;

use oauth_tests::fleet::Result;
use oauth_tests::fleet::arguments::Arguments;
use oauth_tests::fleet::child::Child;
use oauth_tests::fleet::place::{Place, ended};
use oauth_tests::rotating::{Behaviour, Rotating};
use serde_json::{Value, json};
use tokio::time::{Instant, timeout};

/// How long the provider takes, so that everybody comes while it is being asked.
const TAKES: Duration = Duration::from_millis(20);
/// How long it may take.
const TIMEOUT: Duration = Duration::from_secs(10);
/// More than any race takes.
const PATIENCE: Duration = Duration::from_secs(120);

/// Runs the race, and prints its result; whether it is as it must be.
pub(crate) async fn run(arguments: impl Iterator<Item = String>) -> Result<bool> {
    let arguments = Arguments::parse(arguments, &["store", "url", "processes", "tasks"])?;
    let processes: usize = arguments.number("processes", 8)?;
    let tasks: usize = arguments.number("tasks", 50)?;
    let server = Rotating::start().await;
    server.usually(Behaviour::default().before(TAKES));
    let place = Place::new(&arguments, &server, TIMEOUT)?;
    let account = place.way.account(0);
    let (client, manager) = place.way.open(None).await?;
    manager.import(&client, account.as_str(), ended(&server.open(&account))).await?;

    let mut children = Vec::new();
    for _ in 0..processes {
        children.push(Child::start(&json!({"way": place.way, "tasks": tasks})).await?);
    }
    for child in &mut children {
        hear(child).await?;
    }
    let start = Instant::now();
    for child in &mut children {
        child.tell(&json!("go")).await?;
    }
    let mut results = Vec::new();
    for child in &mut children {
        results.push(hear(child).await?);
    }
    let took = start.elapsed();
    for child in &mut children {
        child.end().await?;
    }
    manager.disconnect(&client, account.as_str()).await?;

    let counted = Counted::of(&results, &server.family(&account).live);
    let requests = server.family(&account).requests();
    for error in &counted.errors {
        eprintln!("refresh-race: {error}");
    }
    let ms = (took.as_secs_f64() * 1e4).round() / 10.0;
    let line = json!({"requests": requests, "tokens": counted.tokens, "errors": counted.all_errors, "ms": ms});
    println!("{line}");
    Ok((requests, counted.tokens, counted.all_errors) == (1, processes * tasks, 0))
}

async fn hear(child: &mut Child) -> Result<Value> {
    let heard = timeout(PATIENCE, child.hear()).await.map_err(|_| "a process says nothing")??;
    heard.ok_or_else(|| "a process has ended".into())
}

/// What all processes got together.
struct Counted {
    /// Tokens that are good.
    tokens: usize,
    /// Errors, and tokens that are not.
    all_errors: usize,
    /// Each kind of error once.
    errors: BTreeSet<String>,
}

impl Counted {
    fn of(results: &[Value], live: &[String]) -> Self {
        let mut counted = Self { tokens: 0, all_errors: 0, errors: BTreeSet::new() };
        for result in results {
            for (token, count) in result["tokens"].as_object().into_iter().flatten() {
                let count = count.as_u64().and_then(|count| usize::try_from(count).ok()).unwrap_or_default();
                if live.len() == 1 && live.contains(token) {
                    counted.tokens += count;
                } else {
                    counted.all_errors += count;
                    counted.errors.insert("a token that is not the newest".to_owned());
                }
            }
            for error in result["errors"].as_array().into_iter().flatten() {
                counted.all_errors += 1;
                counted.errors.insert(error.as_str().unwrap_or_default().to_owned());
            }
        }
        counted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_newest_token_counts() {
        let results = [
            json!({"tokens": {"new": 3}, "errors": []}),
            json!({"tokens": {"new": 1, "old": 2}, "errors": ["no", "no"]}),
        ];
        let counted = Counted::of(&results, &["new".to_owned()]);
        assert_eq!((counted.tokens, counted.all_errors, counted.errors.len()), (4, 4, 2));
        let two = Counted::of(&results, &["old".to_owned(), "new".to_owned()]);
        assert_eq!((two.tokens, two.all_errors), (0, 8), "no token is the newest of two");
    }
}
