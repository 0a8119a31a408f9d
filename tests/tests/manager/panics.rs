//! Faults of what the library is given: a transport or a store that panics.

use oauth_core::ErrorKind;

use crate::faulty::{Fault, Op};
use crate::provider::{Reply, access};
use crate::rig::{ALICE, World};

#[tokio::test]
async fn rt_01_a_transport_that_panics_ends_one_refresh_and_holds_nothing() {
    let world = World::rotating();
    let process = world.process();
    let account = process.connect(world.login(ALICE, -1)).await;
    world.provider.next(Reply::Panic);
    let error = world.pass(account.token()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Internal, "{}", error.explain());
    // The note says that something may have been sent: the next one waits for the lease, and asks once more.
    let token = world.pass(account.token()).await.unwrap_or_else(|error| panic!("{}", error.explain()));
    assert_eq!(token.expose_secret(), access(ALICE, 1));
}

#[tokio::test]
async fn rt_01_a_store_that_panics_ends_one_refresh_and_holds_nothing() {
    let world = World::rotating();
    let process = world.process();
    let account = process.connect(world.login(ALICE, -1)).await;
    process.store.at(Op::Save, 0, Fault::Panic);
    let error = world.pass(account.token()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Internal, "{}", error.explain());
    let token = world.pass(account.token()).await.unwrap_or_else(|error| panic!("{}", error.explain()));
    assert_eq!(token.expose_secret(), access(ALICE, 1));
}
