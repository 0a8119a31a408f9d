//! A token of the program's own, without a user, and a call of the API with it; a simulator plays Spotify.
//!
//! ```text
//! cargo run --example client_credentials
//! ```

#![allow(clippy::print_stdout, reason = "it talks to a person")]

use std::error::Error;
use std::sync::Arc;

use oauth_providers::Compiled as _;
use oauth_providers::spotify::Spotify;
use oauth_simulator::Simulator;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let simulator = Simulator::start(Arc::clone(Spotify::spec())).await?;
    let spotify = simulator.client::<Spotify>(); // in a program of yours: Spotify::client(id, secret)
    let app = spotify.client_credentials().account().await?;
    let answer = app.get("/browse/new-releases").query("limit", "5").send().await?; // its token is always fresh
    println!("{}", answer.status());
    Ok(())
}
