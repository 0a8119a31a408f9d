//! A login that says who the user is: the ID token is verified, and its claims are printed; a simulator plays Google.
//!
//! ```text
//! cargo run --example oidc_login
//! ```

#![allow(clippy::print_stdout, reason = "it talks to a person")]

use std::error::Error;
use std::sync::Arc;

use oauth_providers::Compiled as _;
use oauth_providers::google::{Google, Scope};
use oauth_simulator::Simulator;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let simulator = Simulator::start(Arc::clone(Google::spec())).await?;
    let google = simulator.client::<Google>(); // in a program of yours: Google::client(id, secret)
    let login = google.authorize().scopes([Scope::OpenId, Scope::Email]).redirect_uri("http://127.0.0.1:4000/callback");
    let (url, pending, browser) = login.begin().await?.into_parts();
    let callback = simulator.scripted_user().approve(url.as_str()).await?; // the browser comes back with it
    let account = google.callback(callback, pending, browser).await?; // a login whose ID token is not right ends here
    let tokens = account.tokens();
    let who = tokens.identity().ok_or("there is no ID token")?;
    println!("{} says that this is {}, {:?}", who.issuer(), who.subject(), who.text("email"));
    Ok(())
}
