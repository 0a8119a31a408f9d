//! A login at any MCP server: `cargo run --example mcp_login -- https://mcp.example.com/mcp`.
#![allow(clippy::print_stdout, reason = "it talks to a person")]
use oauth_providers::{Account, AuthorizationUrl, ClientMetadata, Mcp, Result};

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    let server = std::env::args().nth(1).ok_or("usage: mcp_login https://mcp.example.com/mcp")?;
    let account = log_in(Mcp::server(server)?, browse).await?;
    println!("Logged in; the token may {:?}.", account.tokens().scopes());
    Ok(())
}

/// Without a 401 at hand the challenge is empty: the server's well-known metadata says the same.
pub(crate) async fn log_in(
    mcp: Mcp,
    browse: impl AsyncFnOnce(AuthorizationUrl) -> std::io::Result<String>,
) -> Result<Account> {
    let me = ClientMetadata::named("MCP example").redirect_uri("http://127.0.0.1:8765/callback");
    mcp.client(me).login("", |url| browse(url)).await
}

async fn browse(url: AuthorizationUrl) -> std::io::Result<String> {
    println!("Open {url}\nand paste the address that the browser ends at:");
    let mut callback = String::new();
    std::io::stdin().read_line(&mut callback)?;
    Ok(callback.trim().to_owned())
}
