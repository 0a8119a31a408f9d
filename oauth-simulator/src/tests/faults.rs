use super::specs::plain;
use super::*;
use crate::{Answer, Endpoint, Error};

#[tokio::test]
async fn a_scripted_answer_changes_nothing() {
    let sim = start(plain()).await;
    let code = code(&sim, VERIFIER, &[]).await;
    sim.next_token_answer(
        Answer::new(503).header("retry-after", "2").header("content-type", "text/plain").body("later"),
    );
    let received = exchange(&sim, &code, &[]).await;
    assert_eq!((received.status.as_u16(), received.text().as_str()), (503, "later"));
    assert_eq!(received.headers["retry-after"], "2");
    assert_eq!(received.headers["content-type"], "text/plain");
    assert_eq!(exchange(&sim, &code, &[]).await.status, 200);
    assert_eq!(sim.requests_to(Endpoint::Token).iter().map(crate::Recorded::status).collect::<Vec<_>>(), [503, 200]);
    sim.forget_requests();
    assert!(sim.requests().is_empty());
}

#[tokio::test]
async fn a_lost_answer_was_carried_out() {
    let sim = start(plain()).await;
    let code = code(&sim, VERIFIER, &[]).await;
    sim.next_token_answer(Answer::lost());
    let url = sim.address("https://plain.example/token").unwrap();
    let body = form(&[
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", REDIRECT),
        ("client_id", sim.client_id()),
        ("client_secret", secret(&sim)),
        ("code_verifier", VERIFIER),
    ]);
    let headers = vec![("content-type", "application/x-www-form-urlencoded")];
    let lost = send(Call { method: Method::POST, url: &url, headers, body: body.into_bytes() }).await;
    assert!(matches!(lost, Err(Error::Transport { .. })));
    assert_eq!(error(&exchange(&sim, &code, &[]).await).1, "invalid_grant");
}

#[tokio::test]
async fn the_api_fails_on_demand() {
    let sim = start(plain()).await;
    sim.next_api_answer(Answer::new(429));
    assert_eq!(get(&sim, "https://api.plain.example/v1/me", &[]).await.status, 429);
    assert_eq!(get(&sim, "https://api.plain.example/v1/me", &[("user-agent", "t")]).await.status, 401);
}

#[tokio::test]
async fn nothing_secret_is_printed() {
    let sim = start(plain()).await;
    let answer = login(&sim, &[]).await;
    let bearer = format!("Bearer {}", text(&answer, "/access_token"));
    get(&sim, "https://api.plain.example/v1/me", &[("authorization", &bearer), ("user-agent", "t")]).await;
    let printed =
        format!("{:?} {sim:?} {:?} {:?}", sim.requests(), sim.client_secret(), Answer::new(200).body("canary"));
    for canary in [secret(&sim), text(&answer, "/access_token"), VERIFIER, "sim_code_", "canary"] {
        assert!(!printed.contains(canary), "{canary}");
    }
    assert!(printed.contains("client_secret"));
    let client = crate::RegisteredClient::confidential("id", "canary");
    assert!(!format!("{client:?}").contains("canary"));
}

#[tokio::test]
async fn a_dropped_simulator_is_gone() {
    let sim = start(plain()).await;
    let url = format!("{}/", sim.origin());
    let open = async || send(Call { method: Method::GET, url: &url, headers: vec![], body: vec![] }).await;
    assert!(open().await.is_ok());
    drop(sim);
    for _ in 0..100 {
        if open().await.is_err() {
            return;
        }
        tokio::task::yield_now().await;
    }
    panic!("it still answers");
}

#[tokio::test]
async fn the_scripted_user_stays_on_this_machine() {
    let sim = start(plain()).await;
    for url in [
        "https://plain.example/authorize?code=canary",
        "http://10.0.0.1/",
        "http://127.0.0.1.evil.example/",
        "nonsense",
        "file:///etc/passwd",
    ] {
        let Err(fault) = sim.scripted_user().approve(url).await else { panic!("{url}") };
        assert!(matches!(fault, Error::Address { .. }), "{url}: {fault}");
        assert!(!fault.to_string().contains("canary"));
    }
}
