//! Clients that know nothing of the server but its address: metadata, registration, an MCP client's login.

use oauth_core::{ClientMetadata, Discovered, ErrorKind, ExposeSecret as _, Mcp, ProtectedResource};

use super::Server;
use crate::browser::Browser;
use crate::oidc_provider::world::{REDIRECT, kind, log_in};
use crate::providers::django_oauth_toolkit::Scope;
use crate::table::{Checks, Result, Table};

pub(super) async fn run(table: &mut Table, server: &Server) -> Result<()> {
    Box::pin(metadata(table, server)).await?;
    registration(table, server).await?;
    Box::pin(mcp(table, server)).await
}

async fn metadata(table: &mut Table, server: &Server) -> Result<()> {
    let mut checks = Checks::of("OpenID Connect Discovery");
    let client = Discovered::at(&server.issuer)?.client("interop-web", &server.secret).await?.redirect_uri(REDIRECT);
    let account = log_in(&client).await?;
    let tokens = account.tokens();
    let identity = tokens.identity().ok_or("the ID token was not verified")?;
    checks.require("the ID token is verified with the keys that it names", identity.issuer() == server.issuer)?;
    checks.require("UserInfo is where it says", account.profile().await?.subject == identity.subject())?;
    let error = Discovered::at(format!("{}/", server.issuer))?.metadata().await.err();
    let error = error.ok_or("another spelling of the issuer was taken")?;
    checks.require("an issuer is compared byte for byte", error.kind() == ErrorKind::MetadataIssuer)?;
    table.row("OpenID Connect Discovery", checks);

    let mut checks = Checks::of("authorization server metadata");
    let discovered = Discovered::at(&server.issuer)?.oauth_first();
    let metadata = discovered.metadata().await?;
    let introspection = format!("{}/introspect/", server.issuer);
    checks.require("it has what the other has not", metadata.introspection_endpoint == Some(introspection))?;
    let client = discovered.client("interop-web", &server.secret).await?.redirect_uri(REDIRECT);
    let tokens = log_in(&client).await?.tokens();
    client.revoke(&tokens).await?;
    checks.require("tokens are revoked where it says", !client.introspect(&tokens).await?.is_active())?;
    table.row("authorization server metadata", checks);

    let mut checks = Checks::of("protected resource metadata");
    let api = ProtectedResource::at(&server.issuer)?.metadata().await?;
    checks.require("the API says whose tokens it takes", api.authorization_servers == [server.issuer.as_str()])?;
    checks.require("and how", api.bearer_methods_supported == ["header"])?;
    table.row("protected resource metadata", checks);
    Ok(())
}

async fn registration(table: &mut Table, server: &Server) -> Result<()> {
    let mut checks = Checks::of("dynamic registration");
    let app = ClientMetadata::named("Interop").redirect_uri(REDIRECT);
    let record = server.web().register(&app).await?;
    checks.require("it gives a client", record.client_id() != "interop-web")?;
    checks.require("with a way to manage it", record.registration_client_uri().is_some())?;
    // The toolkit registers clients without a key for ID tokens: there is no `openid` for them.
    let client = server.web().registered(&record).await?.scopes([Scope::Read]);
    let account = log_in(&client).await?;
    checks.require("which logs in", account.get("/read/").send().await?.status().is_success())?;
    let error = server.web().register(&app.grant_types(["urn:example:unknown"])).await.err();
    let error = error.ok_or("a grant that nobody knows was registered")?;
    checks.require("what the server does not offer is refused", error.kind() == ErrorKind::RegistrationRefused)?;
    table.row("dynamic registration", checks);
    management(table, server).await
}

/// A registration is read, changed and ended (RFC 7592).
async fn management(table: &mut Table, server: &Server) -> Result<()> {
    let mut checks = Checks::of("registration management");
    let app = ClientMetadata::named("Interop").redirect_uri(REDIRECT);
    let web = server.web();
    let mut registration = web.registration(web.register(&app).await?);
    let said = registration.read().await?;
    let token = registration.record().registration_access_token().cloned().ok_or("its token")?;
    registration.update(&said.redirect_uri(format!("{REDIRECT}/second"))).await?;
    let renewed = registration.record().registration_access_token().ok_or("its new token")?;
    checks.require("a change renews the token", renewed.expose_secret() != token.expose_secret())?;
    registration.read().await?;
    checks.require("the change is read again, with that", registration.record().redirect_uris().len() == 2)?;
    registration.delete().await?;
    let refused = kind(registration.read().await);
    checks.require("what was ended is gone", refused == Some(ErrorKind::RegistrationUnknown))?;
    table.row("registration management", checks);
    Ok(())
}

/// From a 401 to an account, the whole way of the Model Context Protocol.
async fn mcp(table: &mut Table, server: &Server) -> Result<()> {
    let mut checks = Checks::of("MCP");
    let me = ClientMetadata::named("Interop MCP").redirect_uri(REDIRECT);
    let mcp = Mcp::server(&server.issuer)?.client(me).dangerous_allow_loopback();
    let challenge =
        format!(r#"Bearer resource_metadata="{}/.well-known/oauth-protected-resource", scope="read""#, server.issuer);
    let account = mcp.login(challenge.as_str(), async |url| browse(url.as_str()).await).await?;
    let said = server.web().introspect_token(account.tokens().access_token()).await?;
    checks.require("the token is for that server", said.is_meant_for(&server.issuer))?;
    checks.require("which takes it", account.get("/api/read/").send().await?.status().is_success())?;
    checks.require("and for a client that was registered for it", said.was_issued_to(account.client().client_id()))?;
    table.row("MCP authorization", checks);
    Ok(())
}

async fn browse(url: &str) -> std::io::Result<String> {
    let browser = Browser::new().map_err(|error| std::io::Error::other(error.to_string()));
    browser?.log_in(url, REDIRECT, "alice").await.map_err(|error| std::io::Error::other(error.to_string()))
}
