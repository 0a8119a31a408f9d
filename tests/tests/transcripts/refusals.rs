//! The documented failures of the token endpoint: each is understood, and none shows a secret.

use std::error::Error as _;
use std::fmt::Write as _;
use std::sync::Arc;

use oauth_core::{Error, ErrorKind, ProviderSpec, Step};
use serde_json::Value;

use crate::model::{During, Exchange, Failure, Transcript};
use crate::run::Run;
use crate::seen::Difference;

/// Replays the flow up to each failure.
pub(crate) async fn all(transcript: &Transcript, spec: &Arc<ProviderSpec>) -> Vec<Difference> {
    let mut found = Vec::new();
    for (index, failure) in transcript.errors.iter().enumerate() {
        let at = format!("errors.{index}");
        let (run, error) = one(transcript, spec, failure).await;
        let expected = failure.means.as_deref().unwrap_or("an error");
        let Some(error) = error else {
            found.push(Difference::new(at, expected, "the client got no answer, or took it for a success"));
            continue;
        };
        let step = if failure.during == During::Exchange { Step::Exchange } else { Step::Refresh };
        if error.step() != step || !failure.means.as_deref().is_none_or(|means| kind(means) == error.kind()) {
            found.push(Difference::new(
                format!("{at}.means"),
                format!("{expected} ({:?})", failure.means.as_deref().map(kind)),
                format!("{:?} while {}\n{}", error.kind(), error.step(), error.explain()),
            ));
        }
        let shown = shown(&error);
        let leaked: Vec<String> = secrets(&run).into_iter().filter(|secret| shown.contains(secret.as_str())).collect();
        if !leaked.is_empty() {
            found.push(Difference::new(format!("{at}.secrets"), "none is shown", format!("{leaked:?} in: {shown}")));
        }
    }
    found
}

/// One flow, its last answer the failure.
async fn one<'a>(transcript: &'a Transcript, spec: &Arc<ProviderSpec>, failure: &Failure) -> (Run<'a>, Option<Error>) {
    let failing = |exchanges: &[Exchange]| -> Vec<Exchange> {
        let first = exchanges.first().cloned();
        first.into_iter().map(|exchange| Exchange { response: failure.response.clone(), ..exchange }).collect()
    };
    let mut run = Run::new(transcript, spec);
    let exchanges =
        if failure.during == During::Exchange { failing(&transcript.exchange) } else { transcript.exchange.clone() };
    let error = match (run.log_in(&exchanges).await, failure.during) {
        (None, _) | (Some(Ok(_)), During::Exchange) | (Some(Err(_)), During::Refresh) => None,
        (Some(Err(error)), During::Exchange) => Some(error),
        (Some(Ok(account)), During::Refresh) => {
            run.player.expect("refresh.exchanges", &failing(&transcript.refresh.exchanges));
            account.refresh().await.err()
        }
    };
    (run, error)
}

/// The client's word for an error code of RFC 6749 section 5.2.
fn kind(means: &str) -> ErrorKind {
    match means {
        "invalid_grant" => ErrorKind::GrantRejected,
        "invalid_client" | "unauthorized_client" => ErrorKind::ClientRejected,
        "invalid_scope" => ErrorKind::Scope,
        "access_denied" => ErrorKind::AccessDenied,
        "temporarily_unavailable" | "server_error" => ErrorKind::Unavailable,
        "slow_down" => ErrorKind::RateLimited,
        _ => ErrorKind::ProviderRefused,
    }
}

/// Everything that an error says anywhere.
fn shown(error: &Error) -> String {
    let mut text = format!("{error}\n{error:?}\n{error:#?}\n{}\n", error.explain());
    let mut source = error.source();
    while let Some(cause) = source {
        let _ = writeln!(text, "{cause}\n{cause:?}");
        source = cause.source();
    }
    text
}

/// Everything that must not be shown: the client's secret, the code, the state, and all tokens.
fn secrets(run: &Run<'_>) -> Vec<String> {
    let transcript = run.transcript;
    let mut secrets: Vec<String> = transcript.client.secret.lines().map(str::to_owned).collect();
    secrets.extend(transcript.callback.params.get("code").cloned());
    secrets.extend(run.state.clone());
    let answers = transcript.exchange.iter().chain(&transcript.refresh.exchanges);
    for member in answers.filter_map(|exchange| exchange.response.json.as_ref()).flat_map(tokens) {
        secrets.push(member);
    }
    secrets.retain(|secret| secret.len() > 3 && !secret.starts_with("-----") && secret != "{id_token}");
    secrets
}

/// The texts of an answer under a name that says token, at any depth.
fn tokens(answer: &Value) -> Vec<String> {
    let Value::Object(members) = answer else { return Vec::new() };
    let is_token = |name: &str| name.ends_with("_token");
    let own = members.iter().filter(|(name, _)| is_token(name)).filter_map(|(_, value)| value.as_str());
    own.map(str::to_owned).chain(members.values().flat_map(tokens)).collect()
}
