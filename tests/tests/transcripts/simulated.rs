//! The simulator, made from the provider's file alone, against the transcript: its answers have the same shape.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use oauth_core::http::{Body, BoxFuture, HttpClient, ReqwestClient, TransportError};
use oauth_core::{Browser, Client, ProviderSpec};
use oauth_simulator::{Endpoint, RegisteredClient, SimUser, Simulator};
use oauth_tests::counter::Counter;
use serde_json::Value;

use crate::model::{During, Exchange, Response, Transcript};
use crate::run::options;
use crate::seen::{Difference, NONE};
use crate::shape;

/// Logs in, reads the profile, refreshes and sends the code again, at the simulator.
pub(crate) async fn all(transcript: &Transcript, spec: &Arc<ProviderSpec>) -> Vec<Difference> {
    let mut found = Vec::new();
    if let Err(why) = walk(transcript, spec, &mut found).await {
        found.push(Difference::new("simulator", "the transcript's flow", why));
    }
    found
}

async fn walk(transcript: &Transcript, spec: &Arc<ProviderSpec>, found: &mut Vec<Difference>) -> Result<(), String> {
    let sim = simulator(transcript, spec).await?;
    let recorder = Arc::new(Recorder { inner: ReqwestClient::new().expect("a transport"), answers: Mutex::default() });
    let client = sim.dynamic_client().map_err(|error| error.to_string())?;
    let client = client.redirect_uri(&transcript.client.redirect_uri).rng(Counter::new(1));
    let client = client.http_client(Arc::clone(&recorder) as Arc<_>);

    let account = log_in(transcript, &sim, &client).await?;
    let answers = recorder.take(&sim);
    let login = answers.first().map(|answer| answer.request.clone());
    check("exchange", &transcript.exchange, &answers, found, |index, at, one, other| {
        if index == 0 { shape::first_token(spec, at, one, other) } else { shape::following(spec, at, one, other) }
    });
    if transcript.profile.none.is_none() {
        account.profile().await.map_err(|error| error.explain())?;
        let answers = recorder.take(&sim);
        check("profile.exchanges", &transcript.profile.exchanges, &answers, found, |index, at, one, other| {
            shape::profile(spec, at, index, one, other)
        });
    }
    if transcript.refresh.none.is_none() {
        account.refresh().await.map_err(|error| error.explain())?;
        let answers = recorder.take(&sim);
        check("refresh.exchanges", &transcript.refresh.exchanges, &answers, found, |_, at, one, other| {
            shape::further_token(spec, at, one, other)
        });
    }
    let of_exchange = |means: &str| {
        let mut errors = transcript.errors.iter().enumerate();
        errors.find(|(_, error)| error.during == During::Exchange && error.means.as_deref() == Some(means))
    };
    if let (Some((index, failure)), Some(again)) = (of_exchange("invalid_grant"), login) {
        recorder.send(again).await.map_err(|error| error.to_string())?;
        let at = format!("simulator.errors.{index}.response");
        for answer in recorder.take(&sim) {
            found.extend(status(&at, &failure.response, &answer));
            let json = failure.response.json.as_ref();
            found.extend(json.map(|json| shape::error(spec, &at, json, &answer.json)).unwrap_or_default());
        }
    }
    Ok(())
}

/// The provider with the transcript's client, settings and user.
async fn simulator(transcript: &Transcript, spec: &Arc<ProviderSpec>) -> Result<Simulator, String> {
    let registered = &transcript.client;
    let client = RegisteredClient::confidential(&registered.id, registered.secret.as_str());
    let expected = &transcript.profile.expect;
    let mut user = SimUser::new(expected.subject.as_deref().unwrap_or("1"));
    if let Some(username) = &expected.username {
        user = user.username(username);
    }
    let builder = Simulator::builder(Arc::clone(spec)).client(client.redirect_uri(&registered.redirect_uri));
    let settings = registered.settings.iter().filter(|(name, _)| spec.setting(name).is_some());
    let builder = settings.fold(builder, |builder, (name, value)| builder.setting(name, value));
    let habits = shape::Habits::of(spec, transcript);
    // Where a second request brings the token that lasts, the first one lives as long as the file says.
    let lifetime = transcript.token.expires_in.map(Duration::from_secs);
    let builder = if spec.token.upgrade.is_some() { builder } else { builder.access_token_lifetime(lifetime) };
    let builder = if habits.scopes_as_list { builder.scopes_as_list() } else { builder };
    let builder = if habits.times_as_text { builder.times_as_text() } else { builder };
    let user = if habits.id_as_text { user.id_as_text() } else { user };
    let started = builder.user(user).allow_unknown_scopes().rng(Counter::new(7)).start().await;
    started.map_err(|error| error.to_string())
}

async fn log_in(transcript: &Transcript, sim: &Simulator, client: &Client) -> Result<oauth_core::Account, String> {
    let mut authorize = client.authorize();
    if !transcript.client.scopes.is_empty() {
        authorize = authorize.scopes(transcript.client.scopes.clone());
    }
    for (name, value) in &transcript.client.settings {
        for value in options(client.spec(), name).iter().flat_map(|separator| value.split(separator)) {
            authorize = authorize.option(name, value);
        }
    }
    let attempt = authorize.begin().await.map_err(|error| error.explain())?;
    let (url, pending, browser) = attempt.into_parts();
    let callback = sim.scripted_user().approve(url.as_str()).await.map_err(|error| error.to_string())?;
    let account = client.callback(callback, pending, Browser::from(browser)).await;
    account.map_err(|error| error.explain())
}

/// Compares the answers of one part, one by one.
fn check(
    part: &str,
    expected: &[Exchange],
    answers: &[Recorded],
    found: &mut Vec<Difference>,
    compare: impl Fn(usize, &str, &Value, &Value) -> Vec<Difference>,
) {
    for (index, exchange) in expected.iter().enumerate() {
        let at = format!("simulator.{part}.{index}.response");
        let Some(answer) = answers.get(index) else {
            found.push(Difference::new(at, "an answer", "the client made no such request"));
            continue;
        };
        found.extend(status(&at, &exchange.response, answer));
        let json = exchange.response.json.as_ref();
        found.extend(json.map(|json| compare(index, &at, json, &answer.json)).unwrap_or_default());
    }
    if answers.len() > expected.len() {
        let further: Vec<String> =
            answers[expected.len()..].iter().map(|answer| answer.request.uri().path().to_owned()).collect();
        found.push(Difference::new(format!("simulator.{part}.further"), NONE, further.join(", ")));
    }
}

fn status(at: &str, expected: &Response, answer: &Recorded) -> Option<Difference> {
    let same = expected.status == answer.status;
    (!same).then(|| Difference::new(format!("{at}.status"), expected.status.to_string(), answer.status.to_string()))
}

/// A transport that remembers.
struct Recorder {
    inner: ReqwestClient,
    answers: Mutex<Vec<Recorded>>,
}

/// A request and its answer.
struct Recorded {
    request: http::Request<Bytes>,
    status: u16,
    json: Value,
}

impl Recorder {
    /// The answers since the last call, but for those about keys and metadata.
    fn take(&self, sim: &Simulator) -> Vec<Recorded> {
        let answers = std::mem::take(&mut *self.answers.lock().expect("no test panics while it holds this"));
        let requests = sim.requests().into_iter().filter(|request| request.endpoint() != Endpoint::Authorization);
        let endpoints: Vec<Endpoint> = requests.map(|request| request.endpoint()).collect();
        sim.forget_requests();
        assert_eq!(endpoints.len(), answers.len(), "every request was the client's");
        let of_flow = |(answer, endpoint): (Recorded, Endpoint)| {
            (!matches!(endpoint, Endpoint::Keys | Endpoint::Metadata)).then_some(answer)
        };
        answers.into_iter().zip(endpoints).filter_map(of_flow).collect()
    }
}

impl HttpClient for Recorder {
    fn send(&self, request: http::Request<Bytes>) -> BoxFuture<'_, Result<http::Response<Body>, TransportError>> {
        Box::pin(async move {
            let (head, mut body) = self.inner.send(request.clone()).await?.into_parts();
            let mut bytes = BytesMut::new();
            while let Some(piece) = body.chunk().await? {
                bytes.extend_from_slice(&piece);
            }
            let json = serde_json::from_slice(&bytes).unwrap_or_default();
            let answer = Recorded { request, status: head.status.as_u16(), json };
            self.answers.lock().expect("no test panics while it holds this").push(answer);
            Ok(http::Response::from_parts(head, Body::from(bytes.freeze())))
        })
    }
}
