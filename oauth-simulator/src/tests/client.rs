use super::specs::plain;
use super::*;

#[tokio::test]
async fn a_client_of_ours_logs_in() {
    let sim = start(plain()).await;
    let client = sim.dynamic_client().unwrap().redirect_uri(REDIRECT);
    assert_eq!(client.spec().id, "plain");
    let attempt = client.authorize().begin().await.unwrap();
    let (url, pending, browser) = attempt.into_parts();
    let callback = sim.scripted_user().approve(url.as_ref()).await.unwrap();
    let _ = (callback, pending, browser);
}
