//! The tower layer, below it reqwest's client, hyper-util's, and services with their own ideas.

use std::future::{Ready, ready};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Method, Response};
use http_body_util::Full;
use hyper_util::client::legacy::Client as Hyper;
use hyper_util::rt::TokioExecutor;
use tower_layer::Layer as _;
use tower_service::Service;

use super::*;

type Boxed = Box<dyn std::error::Error + Send + Sync>;

/// Calls as a caller should: when the service is ready.
async fn call<S: Service<Q>, Q>(service: &mut S, request: Q) -> Result<S::Response, S::Error> {
    std::future::poll_fn(|cx| service.poll_ready(cx)).await?;
    service.call(request).await
}

fn hyper() -> Hyper<hyper_util::client::legacy::connect::HttpConnector, Full<Bytes>> {
    Hyper::builder(TokioExecutor::new()).build_http()
}

fn reqwest() -> reqwest::Client {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let tls = tls.with_root_certificates(rustls::RootCertStore::empty()).with_no_client_auth();
    let builder = reqwest::Client::builder().tls_backend_preconfigured(tls).no_proxy();
    builder.redirect(reqwest::redirect::Policy::none()).build().unwrap()
}

fn post(body: &'static str) -> Request<Full<Bytes>> {
    Request::post(THINGS).header("x-mine", "1").body(Full::from(body)).unwrap()
}

#[tokio::test]
async fn ref_11_a_401_is_worth_one_refresh_and_one_replay() {
    let rig = Rig::new([json_status(401, "{}"), fresh("new-access"), json("{}"), json("{}")]).await;
    let mut service = rig.account.layer().layer(hyper());
    assert_eq!(call(&mut service, post("[1,2]")).await.unwrap().status(), 200);
    assert_eq!(rig.shown(), ["Bearer old-access", "Bearer new-access"]);
    let requests = rig.server.received();
    assert_eq!((requests[0].body.as_str(), requests[2].body.as_str()), ("[1,2]", "[1,2]"));
    assert_eq!((requests[2].method.as_str(), requests[2].header("x-mine")), ("POST", Some("1")));
    assert_eq!(requests[2].target, "/api.acme.example/things");
    assert_eq!(call(&mut service, post("")).await.unwrap().status(), 200);
    assert_eq!(rig.refreshes(), 1);
}

#[tokio::test]
async fn ref_11_a_second_401_is_the_callers() {
    let rig =
        Rig::new([json_status(401, "{}"), fresh("new-access"), json_status(401, "{}"), json_status(401, "{}")]).await;
    let mut service = rig.account.layer().layer(hyper());
    assert_eq!(call(&mut service, post("x")).await.unwrap().status(), 401);
    assert_eq!((rig.refreshes(), rig.shown().len()), (1, 2));
    assert_eq!(call(&mut service, post("x")).await.unwrap().status(), 401);
    assert_eq!((rig.refreshes(), rig.shown().len()), (1, 3));
}

#[tokio::test]
async fn ref_11_reqwests_client_is_a_service_as_well() {
    let rig = Rig::new([json_status(401, "{}"), fresh("new-access"), json(r#"{"ok":true}"#)]).await;
    let mut service = rig.account.layer().layer(reqwest());
    let mut request = reqwest::Request::new(Method::POST, THINGS.parse().unwrap());
    *request.body_mut() = Some("[1,2]".into());
    let answer = call(&mut service, request).await.unwrap();
    assert_eq!(answer.text().await.unwrap(), r#"{"ok":true}"#, "the body is the caller's to read");
    assert_eq!(rig.shown(), ["Bearer old-access", "Bearer new-access"]);
    assert_eq!(rig.server.received()[2].body, "[1,2]");
}

#[tokio::test]
async fn ref_11_a_body_that_cannot_be_sent_again_is_not() {
    let rig = Rig::new([json_status(401, "{}"), fresh("new-access"), json("{}")]).await;
    let mut service = rig.account.layer().layer(reqwest());
    let streamed = || {
        let mut request = reqwest::Request::new(Method::POST, THINGS.parse().unwrap());
        *request.body_mut() = Some(reqwest::Body::wrap(Full::<Bytes>::from("piece")));
        request
    };
    assert_eq!(call(&mut service, streamed()).await.unwrap().status(), 401);
    assert_eq!((rig.refreshes(), rig.shown().len()), (1, 1));
    assert_eq!(call(&mut service, streamed()).await.unwrap().status(), 200, "the next request has the newer token");
    assert_eq!(rig.shown(), ["Bearer old-access", "Bearer new-access"]);
}

#[tokio::test]
async fn ref_11_a_layer_for_bodies_that_cannot_be_cloned() {
    let rig = Rig::new([json_status(401, "{}"), fresh("new-access"), json("{}")]).await;
    let below = Hyper::builder(TokioExecutor::new()).build_http();
    let mut service = rig.account.layer().once().layer(below);
    let boxed = || post("x").map(http_body_util::BodyExt::boxed);
    assert_eq!(call(&mut service, boxed()).await.unwrap().status(), 401);
    assert_eq!(call(&mut service, boxed()).await.unwrap().status(), 200);
    assert_eq!(rig.shown(), ["Bearer old-access", "Bearer new-access"]);
    // A refresh that fails is not what the caller asked for: the answer is.
    let rig = Rig::new([json_status(401, "{}"), status(503, "down")]).await;
    let mut service = rig.account.layer().once().layer(Hyper::builder(TokioExecutor::new()).build_http());
    assert_eq!(call(&mut service, boxed()).await.unwrap().status(), 401);
}

#[tokio::test]
async fn ref_12_a_missing_scope_is_an_answer_like_any_other() {
    for code in [401, 403] {
        let rig = Rig::new([lacking(code)]).await;
        let answer = call(&mut rig.account.layer().layer(hyper()), post("x")).await.unwrap();
        assert_eq!((answer.status().as_u16(), rig.refreshes()), (code, 0));
        assert!(answer.headers().contains_key("www-authenticate"));
    }
}

#[tokio::test]
async fn the_accounts_errors_are_there_to_match_on() {
    let rig = Rig::new([json_status(401, "{}"), json_status(400, r#"{"error":"invalid_grant"}"#)]).await;
    let error: Boxed = call(&mut rig.account.layer().layer(hyper()), post("x")).await.unwrap_err();
    assert!(error.downcast_ref::<Error>().is_some_and(Error::needs_reauth), "{error}");
    let elsewhere = Request::get("https://evil.example/").body(Full::default()).unwrap();
    let error = call(&mut rig.account.layer().layer(hyper()), elsewhere).await.unwrap_err();
    assert_eq!(error.downcast_ref::<Error>().map(Error::kind), Some(ErrorKind::OriginRefused));
    assert_eq!(rig.shown().len(), 1, "nothing was sent there");
}

#[tokio::test]
async fn rt_07_whoever_tries_again_and_however_one_refresh_is_made() {
    let refusals = (0..20).map(|_| json_status(401, "{}"));
    let rig = Rig::new([json_status(401, "{}"), fresh("new-access")].into_iter().chain(refusals)).await;
    let (mut one, mut other) = (rig.account.layer().layer(hyper()), rig.account.layer().layer(reqwest()));
    for _ in 0..3 {
        assert_eq!(call(&mut one, post("x")).await.unwrap().status(), 401);
        let request = reqwest::Request::new(Method::GET, THINGS.parse().unwrap());
        assert_eq!(call(&mut other, request).await.unwrap().status(), 401);
        assert_eq!(rig.account.get("/things").send().await.unwrap().status(), 401);
    }
    assert_eq!((rig.refreshes(), rig.shown().len()), (1, 10), "nine requests, of which the first was made twice");
}

/// A service that insists on being asked whether it is ready, by whoever calls it, before each call.
struct Strict {
    ready: bool,
    answers: Arc<Mutex<Vec<u16>>>,
    calls: Arc<AtomicUsize>,
}

impl Clone for Strict {
    fn clone(&self) -> Self {
        Self { ready: false, answers: Arc::clone(&self.answers), calls: Arc::clone(&self.calls) }
    }
}

impl Service<Request<&'static str>> for Strict {
    type Response = Response<()>;
    type Error = std::convert::Infallible;
    type Future = Ready<Result<Response<()>, Self::Error>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.ready = true;
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<&'static str>) -> Self::Future {
        assert!(std::mem::take(&mut self.ready), "it was not asked whether it is ready");
        self.calls.fetch_add(1, Ordering::SeqCst);
        let status = self.answers.lock().unwrap().remove(0);
        ready(Ok(Response::builder().status(status).body(()).unwrap()))
    }
}

#[tokio::test]
async fn the_service_below_is_called_only_when_it_is_ready() {
    let rig = Rig::new([fresh("new-access")]).await;
    let calls = Arc::new(AtomicUsize::new(0));
    let strict = Strict { ready: false, answers: Arc::new(Mutex::new(vec![200, 401, 200])), calls: Arc::clone(&calls) };
    let mut service = rig.account.layer().layer(strict);
    for _ in 0..2 {
        assert_eq!(call(&mut service, Request::get(THINGS).body("x").unwrap()).await.unwrap().status(), 200);
    }
    assert_eq!((calls.load(Ordering::SeqCst), rig.refreshes()), (3, 1));
    assert!(format!("{service:?}").starts_with("TokenService"));
}
