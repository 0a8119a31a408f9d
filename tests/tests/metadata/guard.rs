//! DISC-05: which addresses are connected to.

use std::io;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};

use oauth_core::http::{BoxFuture, Guard, HttpClient, ReqwestClient, Resolver};
use oauth_core::{Client, Discovered, Error, ErrorKind, Metadata, ProtectedResource, ProviderSpec};
use oauth_tests::canned::Canned;
use oauth_tests::issuer::Issuer;

/// A name server that says one thing after the other, the last again and again.
#[derive(Clone, Default)]
struct Names {
    answers: Arc<Mutex<Vec<Vec<IpAddr>>>>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Names {
    fn say(answers: &[&[&str]]) -> Self {
        let parsed = answers.iter().map(|answer| answer.iter().map(|ip| ip.parse().unwrap()).collect()).collect();
        Self { answers: Arc::new(Mutex::new(parsed)), ..Self::default() }
    }
}

impl Resolver for Names {
    fn lookup(&self, host: &str) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
        self.asked.lock().unwrap().push(host.to_owned());
        let mut answers = self.answers.lock().unwrap();
        let answer = if answers.len() > 1 { answers.remove(0) } else { answers[0].clone() };
        Box::pin(async move { Ok(answer) })
    }
}

fn guarded(guard: Guard) -> Arc<dyn HttpClient> {
    Arc::new(ReqwestClient::guarded_with(guard, |builder| builder).unwrap())
}

async fn ask(issuer: &str, http: Arc<dyn HttpClient>) -> Result<Metadata, Error> {
    Discovered::at(issuer).unwrap().http_client(http).metadata().await
}

#[tokio::test]
async fn disc_05_an_address_inside_the_network_is_not_connected_to() {
    let server = Canned::start([]).await;
    let port = server.origin().rsplit(':').next().unwrap().to_owned();
    let http: Arc<dyn HttpClient> = Arc::new(ReqwestClient::guarded().unwrap());
    for issuer in [
        format!("https://127.0.0.1:{port}"),
        format!("http://127.0.0.1:{port}"),
        format!("http://[::1]:{port}"),
        format!("https://2130706433:{port}"),
        format!("https://0x7f000001:{port}"),
        format!("https://[::ffff:127.0.0.1]:{port}"),
        format!("https://[::]:{port}"),
        "https://169.254.169.254".to_owned(),
        "https://10.0.0.1/tenant".to_owned(),
        "https://[fd00::1]".to_owned(),
        "https://[64:ff9b::a9fe:a9fe]".to_owned(),
        // The operating system looks this one up.
        format!("http://localhost:{port}"),
    ] {
        let error = ask(&issuer, Arc::clone(&http)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AddressBlocked, "{issuer}: {}", error.explain());
        assert!(!error.is_retryable());
    }
    let resource = ProtectedResource::at("https://192.168.1.1/mcp").unwrap().http_client(http);
    assert_eq!(resource.metadata().await.unwrap_err().kind(), ErrorKind::AddressBlocked);
    assert!(server.received().is_empty());
}

#[tokio::test]
async fn disc_05_a_name_is_what_its_addresses_are() {
    for inside in ["127.0.0.1", "10.1.2.3", "169.254.169.254", "::1", "::ffff:10.0.0.1", "fe80::1", "0.0.0.0"] {
        let names = Names::say(&[&[inside]]);
        let http = guarded(Guard::new().resolver(names.clone()));
        let error = ask("https://metadata.example", http).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AddressBlocked, "{inside}: {}", error.explain());
        assert_eq!(names.asked.lock().unwrap()[..], ["metadata.example"]);
        let told = error.explain();
        assert!(told.contains("dangerous_allow_loopback"), "{told}");
    }
}

/// The look and the connection are one: there is no second question whose answer could be another.
#[tokio::test]
async fn disc_05_a_name_that_changes_its_addresses_gains_nothing() {
    let issuer = Issuer::start().await;
    let port = issuer.origin().rsplit(':').next().unwrap().to_owned();
    let address = format!("http://localhost:{port}");
    // What was allowed a moment ago is looked at again for each connection.
    let names = Names::say(&[&["127.0.0.1"], &["10.0.0.1"]]);
    let guard = Guard::new().dangerous_allow_loopback().resolver(names.clone());
    let first = ask(&address, guarded(guard.clone())).await.unwrap_err();
    assert_eq!(first.kind(), ErrorKind::MetadataIssuer, "it was reached, and is known by another name");
    let reached = issuer.paths().len();
    assert_eq!((reached, names.asked.lock().unwrap().len()), (1, 1), "one question for the look and the connection");
    assert_eq!(ask(&address, guarded(guard)).await.unwrap_err().kind(), ErrorKind::AddressBlocked);
    assert_eq!(issuer.paths().len(), reached);
}

#[tokio::test]
async fn disc_05_of_several_addresses_the_allowed_ones_are_used() {
    let issuer = Issuer::start().await;
    let address = issuer.origin().replace("127.0.0.1", "localhost");
    let names = Names::say(&[&["10.0.0.1", "169.254.169.254", "127.0.0.1"]]);
    let error = ask(&address, guarded(Guard::new().dangerous_allow_loopback().resolver(names))).await.unwrap_err();
    assert_eq!((error.kind(), issuer.paths().len()), (ErrorKind::MetadataIssuer, 1));
}

#[tokio::test]
async fn disc_05_a_proxy_does_not_take_the_guards_place() {
    let proxy = Canned::start([]).await;
    let every_request = reqwest::Proxy::all(proxy.origin()).unwrap();
    let guard = Guard::new().resolver(Names::say(&[&["10.0.0.1"]]));
    let http = ReqwestClient::guarded_with(guard, |builder| builder.proxy(every_request)).unwrap();
    let error = ask("https://id.example", Arc::new(http)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AddressBlocked);
    assert!(proxy.received().is_empty());
}

#[tokio::test]
async fn disc_05_a_server_on_this_machine_can_be_allowed() {
    let issuer = Issuer::start().await;
    let http = guarded(Guard::new().dangerous_allow_loopback());
    assert_eq!(ask(issuer.origin(), http).await.unwrap().issuer, issuer.origin());
}

#[tokio::test]
async fn disc_05_a_file_that_somebody_else_wrote_leads_to_nothing_on_this_machine() {
    let server = Canned::start([]).await;
    let yaml = format!(
        "{{id: theirs, name: Theirs, docs: \"https://theirs.example/docs\", checked: 2026-11-21, grants: {{client_credentials: {{}}}}, \
         endpoints: {{token: \"{}/token\"}}}}",
        server.origin()
    );
    let theirs = ProviderSpec::from_untrusted_yaml(&yaml).unwrap();
    assert_eq!(theirs.spec().id, "theirs");
    let client = theirs.client("id", "secret");
    let kind = async |client: &Client| client.client_credentials().tokens().await.unwrap_err().kind();
    assert_eq!(kind(&client).await, ErrorKind::AddressBlocked);
    // What is configured later changes nothing of it.
    let later = client.clone().timeout(std::time::Duration::from_secs(1)).scopes(["a"]);
    assert_eq!(kind(&later).await, ErrorKind::AddressBlocked);
    let own = ProviderSpec::from_yaml(&yaml).unwrap().client("id", "secret");
    let own = own.http_client(Arc::new(ReqwestClient::new().unwrap())).guarded();
    assert_eq!(kind(&own).await, ErrorKind::AddressBlocked);
    assert!(server.received().is_empty());
    // Whoever brings a transport answers for it.
    let brought = client.http_client(Arc::new(ReqwestClient::new().unwrap()));
    assert_ne!(kind(&brought).await, ErrorKind::AddressBlocked);
}
