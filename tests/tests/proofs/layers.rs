//! Nonces of a resource server, below the tower layer.

use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use hyper_util::client::legacy::Client as Hyper;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use oauth_core::{Error, ErrorKind};
use tower_layer::Layer as _;
use tower_service::Service;

use crate::possession::{account, answer, bound, nonce_at_rs, nonces, some};

fn hyper() -> Hyper<HttpConnector, Full<Bytes>> {
    Hyper::builder(TokioExecutor::new()).build_http()
}

fn post() -> Request<Full<Bytes>> {
    Request::post("https://api.acme.example/things?a=b").body(Full::from("[1]")).unwrap()
}

#[tokio::test]
async fn cr_07_the_layer_gives_the_nonce_that_is_asked_for() {
    let refused = answer(401, &[("WWW-Authenticate", r#"DPoP error="invalid_token""#), ("DPoP-Nonce", "two")], "{}");
    let (server, account) = account([nonce_at_rs("one"), refused, bound(), answer(200, &[], "{}")]).await;
    let mut service = account.layer().layer(hyper());
    std::future::poll_fn(|cx| service.poll_ready(cx)).await.unwrap();
    assert_eq!(service.call(post()).await.unwrap().status(), 200);
    let received = server.received();
    assert_eq!(nonces(&received), some(&["", "", "one", "", "two"]));
    assert!([1, 2, 4].iter().all(|at: &usize| received[*at].body == "[1]"));
}

#[tokio::test]
async fn cr_07_a_second_challenge_below_the_layer_is_an_error() {
    let (server, account) = account([nonce_at_rs("one"), nonce_at_rs("two")]).await;
    let mut service = account.layer().layer(hyper());
    std::future::poll_fn(|cx| service.poll_ready(cx)).await.unwrap();
    let error = service.call(post()).await.unwrap_err();
    assert_eq!(error.downcast_ref::<Error>().unwrap().kind(), ErrorKind::NonceRefused);
    assert_eq!(server.received().len(), 3);
}

#[tokio::test]
async fn a_request_that_is_made_once_leaves_its_nonce_to_the_next() {
    let (server, account) = account([nonce_at_rs("one"), answer(200, &[], "{}")]).await;
    let mut service = account.layer().once().layer(hyper());
    std::future::poll_fn(|cx| service.poll_ready(cx)).await.unwrap();
    assert_eq!(service.call(post()).await.unwrap().status(), 401);
    assert_eq!(service.call(post()).await.unwrap().status(), 200);
    assert_eq!(nonces(&server.received()), some(&["", "", "one"]));
}
