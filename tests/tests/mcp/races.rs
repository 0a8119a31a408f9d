//! Several first logins at once: a login is finished with the client that it was started with, so that there is one of them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use oauth_core::http::{Body, BoxFuture, HttpClient, ReqwestClient, TransportError};
use oauth_core::seal::SealingKey;
use oauth_core::store::MemoryStore;
use oauth_core::{
    Client, ClientMetadata, ClientStore, ErrorKind, Mcp, MemoryClients, OsRng, RegisteredClient, Result, StoredClients,
};
use oauth_tests::issuer::TOKEN;
use oauth_tests::login::parameter;
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

use crate::world::{METADATA, REDIRECT, REGISTER, World};

/// A transport that holds each registration until the test lets it pass, and gives each another client id.
struct Gate {
    inner: ReqwestClient,
    arrived: AtomicUsize,
    pass: Semaphore,
    status: u16,
}

impl Gate {
    fn new(status: u16) -> Arc<Self> {
        let inner = ReqwestClient::new().unwrap();
        Arc::new(Self { inner, arrived: AtomicUsize::new(0), pass: Semaphore::new(0), status })
    }

    fn arrived(&self) -> usize {
        self.arrived.load(Ordering::SeqCst)
    }

    fn open(&self) {
        self.pass.add_permits(9);
    }
}

impl HttpClient for Gate {
    fn send(&self, request: http::Request<Bytes>) -> BoxFuture<'_, Result<http::Response<Body>, TransportError>> {
        Box::pin(async move {
            if request.uri().path() != REGISTER {
                return self.inner.send(request).await;
            }
            let number = self.arrived.fetch_add(1, Ordering::SeqCst) + 1;
            self.pass.acquire().await.unwrap().forget();
            let mut answer: Value = serde_json::from_slice(request.body()).unwrap();
            answer["client_id"] = format!("registered-{number}").into();
            if self.status != 201 {
                answer = json!({"error": "invalid_client_metadata"});
            }
            let response = http::Response::builder().status(self.status).header("content-type", "application/json");
            Ok(response.body(Body::from(Bytes::from(answer.to_string()))).unwrap())
        })
    }
}

async fn world() -> World {
    let world = World::start().await;
    world.issuer(|document| document["client_id_metadata_document_supported"] = false.into());
    world
}

/// As a web back end makes it for each request.
fn mcp(world: &World, gate: &Arc<Gate>, clients: &Arc<dyn ClientStore>) -> Mcp {
    let me = ClientMetadata::named("My app").redirect_uri(REDIRECT);
    world.nobody().client(me).clients(clients.clone()).http_client(gate.clone())
}

fn connecting(mcp: Mcp) -> JoinHandle<Result<Client>> {
    tokio::spawn(async move { mcp.connect("").await })
}

/// Waits until a condition holds, and whoever can go on has gone on.
async fn until(holds: impl Fn() -> bool) {
    while !holds() {
        tokio::task::yield_now().await;
    }
    for _ in 0..500 {
        tokio::task::yield_now().await;
    }
}

fn memory() -> Arc<dyn ClientStore> {
    Arc::new(MemoryClients::new())
}

#[tokio::test]
async fn logins_that_start_at_once_register_one_client() {
    let (world, gate, clients) = (world().await, Gate::new(201), memory());
    let one = mcp(&world, &gate, &clients);
    let asked: Vec<_> = [one.clone(), one, mcp(&world, &gate, &clients)].into_iter().map(connecting).collect();
    until(|| world.at.asked(METADATA) == 3 && gate.arrived() > 0).await;
    gate.open();
    for asked in asked {
        let client = asked.await.unwrap().unwrap_or_else(|error| panic!("{}", error.explain()));
        assert_eq!(client.client_id(), "registered-1");
        // The client is made anew for the callback.
        let (url, pending, browser) = client.authorize().begin().await.unwrap().into_parts();
        let state = parameter(url.as_str(), "state").unwrap();
        let again = mcp(&world, &gate, &clients).connect("").await.unwrap();
        let callback = format!("code=c0de&state={state}&iss={}", world.at.origin());
        again.callback(callback, pending, browser).await.unwrap_or_else(|error| panic!("{}", error.explain()));
    }
    assert_eq!((gate.arrived(), world.at.asked(TOKEN)), (1, 3));
}

#[tokio::test]
async fn a_caller_that_is_cancelled_registers_for_the_others() {
    let (world, gate, clients) = (world().await, Gate::new(201), memory());
    let first = connecting(mcp(&world, &gate, &clients));
    until(|| gate.arrived() == 1).await;
    let second = connecting(mcp(&world, &gate, &clients));
    until(|| world.at.asked(METADATA) == 2).await;
    first.abort();
    assert!(first.await.unwrap_err().is_cancelled());
    gate.open();
    assert_eq!(second.await.unwrap().unwrap().client_id(), "registered-1");
    assert_eq!(gate.arrived(), 1);

    // And for those who come later, where nobody waits.
    let (gate, clients) = (Gate::new(201), memory());
    let only = connecting(mcp(&world, &gate, &clients));
    until(|| gate.arrived() == 1).await;
    only.abort();
    gate.open();
    assert_eq!(mcp(&world, &gate, &clients).connect("").await.unwrap().client_id(), "registered-1");
    assert_eq!(gate.arrived(), 1);
}

#[tokio::test]
async fn of_two_processes_that_register_at_once_both_use_the_first_client() {
    let (world, gate) = (world().await, Gate::new(201));
    let (store, key) = (MemoryStore::new(), SealingKey::generate(&OsRng).unwrap());
    // Another value over the same store is what another process has.
    let clients = || -> Arc<dyn ClientStore> { Arc::new(StoredClients::new(store.clone(), key.clone())) };
    let asked = [clients(), clients()].map(|clients| connecting(mcp(&world, &gate, &clients)));
    until(|| gate.arrived() == 2).await;
    gate.open();
    let kept = async { clients().load(world.at.origin()).await.unwrap().map(|kept| kept.client_id().to_owned()) };
    let mut ids = Vec::new();
    for asked in asked {
        ids.push(asked.await.unwrap().unwrap().client_id().to_owned());
    }
    assert_eq!(ids[0], ids[1]);
    assert_eq!(kept.await.as_ref(), Some(&ids[0]));
}

#[tokio::test]
async fn a_client_of_no_use_that_came_first_gives_way() {
    let (world, gate, clients) = (world().await, Gate::new(201), memory());
    let asked = connecting(mcp(&world, &gate, &clients));
    until(|| gate.arrived() == 1).await;
    // Another program has kept one without this redirect URI.
    clients.save(&RegisteredClient::known(world.at.origin(), "another", "its-secret")).await.unwrap();
    gate.open();
    assert_eq!(asked.await.unwrap().unwrap().client_id(), "registered-1");
    assert_eq!(clients.load(world.at.origin()).await.unwrap().unwrap().client_id(), "registered-1");
}

#[tokio::test]
async fn a_refusal_is_told_to_all_who_asked_for_the_same() {
    let (world, gate, clients) = (world().await, Gate::new(400), memory());
    let asked = [(); 3].map(|()| connecting(mcp(&world, &gate, &clients)));
    until(|| world.at.asked(METADATA) == 3).await;
    gate.open();
    for asked in asked {
        assert_eq!(asked.await.unwrap().unwrap_err().kind(), ErrorKind::RegistrationRefused);
    }
    assert_eq!(gate.arrived(), 1);
    mcp(&world, &gate, &clients).connect("").await.unwrap_err();
    assert_eq!(gate.arrived(), 2, "whoever comes later asks again");
}

#[tokio::test]
async fn what_is_not_the_same_client_is_registered_in_turn() {
    for (uris, registrations) in [
        (["http://127.0.0.1:4001/cb", "http://127.0.0.1:4002/cb"], 1),
        (["https://app.example/one", "https://app.example/two"], 2),
    ] {
        let (world, gate, clients) = (world().await, Gate::new(201), memory());
        let asked = uris.map(|uri| connecting(mcp(&world, &gate, &clients).redirect_uri(uri)));
        until(|| world.at.asked(METADATA) == 2).await;
        assert_eq!(gate.arrived(), 1, "one at a time");
        gate.open();
        for (asked, uri) in asked.into_iter().zip(uris) {
            let client = asked.await.unwrap().unwrap_or_else(|error| panic!("{}", error.explain()));
            let url = client.authorize().begin().await.unwrap().url().to_string();
            assert_eq!(parameter(&url, "redirect_uri").as_deref(), Some(uri));
        }
        assert_eq!(gate.arrived(), registrations, "{uris:?}");
    }
}

#[tokio::test]
async fn a_runtime_that_ends_takes_no_other_login_with_it() {
    let (world, gate, other, clients) = (world().await, Gate::new(201), Gate::new(201), memory());
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let (elsewhere, held) = (mcp(&world, &other, &clients), other.clone());
    let runtime = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let asked = connecting(elsewhere);
            stopped.await.unwrap();
            drop(asked);
        });
    });
    until(|| held.arrived() == 1).await;
    let asked = connecting(mcp(&world, &gate, &clients));
    until(|| world.at.asked(METADATA) == 2).await;
    assert_eq!(gate.arrived(), 0);
    stop.send(()).unwrap();
    runtime.join().unwrap();
    gate.open();
    assert_eq!(asked.await.unwrap().unwrap().client_id(), "registered-1");
    assert_eq!((gate.arrived(), other.arrived()), (1, 1));
}
