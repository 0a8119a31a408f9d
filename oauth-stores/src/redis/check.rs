//! Whether the server is set up to keep what it is given.

use oauth_core::store::StoreResult;
use redis::Value;

use super::link::Request;
use super::{RedisStore, reply};

impl RedisStore {
    pub(super) async fn look(&self) -> StoreResult<Vec<String>> {
        let mut facts = Vec::new();
        for section in ["memory", "persistence", "replication"] {
            let info = self.fact(&["INFO", section]).await?.map(reply::text).transpose()?.unwrap_or_default();
            facts.extend(info.lines().filter_map(|line| line.split_once(':')).map(owned));
        }
        for setting in ["save", "appendfsync", "maxmemory-policy", "appendonly"] {
            if let Some(Value::Array(pair)) = self.fact(&["CONFIG", "GET", setting]).await?
                && let Ok([name, value]) = <[Value; 2]>::try_from(pair)
            {
                facts.push((reply::text(name)?, reply::text(value)?));
            }
        }
        Ok(judge(&Facts(facts)))
    }

    /// What the server says of itself; nothing where it does not let everybody ask.
    async fn fact(&self, command: &[&str]) -> StoreResult<Option<Value>> {
        let request = |_| {
            let mut asked = redis::Cmd::new();
            asked.arg(command);
            Request::Command(asked)
        };
        match self.link.ask_again(request).await {
            Ok(value) => Ok(Some(value)),
            Err(failure) if failure.lost => Err(failure.into()),
            Err(_) => Ok(None),
        }
    }
}

fn owned((name, value): (&str, &str)) -> (String, String) {
    (name.to_owned(), value.trim().to_owned())
}

struct Facts(Vec<(String, String)>);

impl Facts {
    fn of(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(of, _)| of == name).map(|(_, value)| value.as_str())
    }
}

fn judge(facts: &Facts) -> Vec<String> {
    let mut found = Vec::new();
    match facts.of("maxmemory_policy").or_else(|| facts.of("maxmemory-policy")) {
        Some("noeviction") => {}
        Some(policy) => found.push(format!(
            "The server may throw tokens away when its memory is full (maxmemory-policy is {policy}): set it to \
             noeviction, or use a server of its own."
        )),
        None => found.push("The server does not say its maxmemory-policy: make sure that it is noeviction.".to_owned()),
    }
    let log = facts.of("aof_enabled").or_else(|| facts.of("appendonly"));
    let snapshots = facts.of("save");
    match (log, snapshots) {
        (Some("1" | "yes"), _) => {
            if facts.of("appendfsync") == Some("no") {
                found.push(
                    "The server leaves it to its operating system when writes reach the disk (appendfsync is no): a \
                     power failure may lose half a minute of them. Set it to everysec or always."
                        .to_owned(),
                );
            }
        }
        (_, Some("")) => found.push(
            "The server writes nothing to its disk (appendonly is no and save is empty): a restart loses all tokens. \
             Turn on appendonly."
                .to_owned(),
        ),
        (Some(_), Some(_)) => found.push(
            "The server writes to its disk only now and then (appendonly is no): a crash loses the tokens since the \
             last snapshot. Turn on appendonly."
                .to_owned(),
        ),
        _ => found
            .push("The server does not say whether it writes to its disk: make sure that appendonly is on.".to_owned()),
    }
    if facts.of("role") == Some("slave") {
        found.push("The server is a replica and takes no writes: connect to the primary.".to_owned());
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(facts: &[(&str, &str)]) -> String {
        judge(&Facts(facts.iter().copied().map(owned).collect())).join("\n")
    }

    const GOOD: [(&str, &str); 4] =
        [("maxmemory_policy", "noeviction"), ("aof_enabled", "1"), ("appendfsync", "everysec"), ("role", "master")];

    #[test]
    fn a_good_server_is_passed() {
        assert_eq!(said(&GOOD), "");
    }

    #[test]
    fn rd_03_a_server_that_may_lose_records_is_named() {
        for (name, value, word) in [
            ("maxmemory_policy", "allkeys-lru", "noeviction"),
            ("aof_enabled", "0", "appendonly"),
            ("appendfsync", "no", "appendfsync"),
            ("role", "slave", "replica"),
        ] {
            let facts = GOOD.map(|(of, was)| if of == name { (of, value) } else { (of, was) });
            let text = said(&facts);
            assert!(text.contains(word) && text.lines().count() == 1, "{name}: {text}");
        }
        let nothing = [("aof_enabled", "0"), ("save", ""), ("maxmemory-policy", "noeviction")];
        assert!(said(&nothing).contains("loses all tokens"), "{}", said(&nothing));
        let now_and_then = [("appendonly", "no"), ("save", "3600 1"), ("maxmemory-policy", "noeviction")];
        assert!(said(&now_and_then).contains("last snapshot"), "{}", said(&now_and_then));
    }

    #[test]
    fn a_server_that_says_nothing_is_not_passed() {
        assert_eq!(said(&[]).lines().count(), 2);
    }
}
