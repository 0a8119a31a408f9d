//! Who the client is at an issuer (MCP, Client Registration).

use std::sync::Arc;

use super::Mcp;
use super::registering::Registering;
use crate::client::Client;
use crate::error::{Error, ErrorKind, Result, Step};
use crate::openid::{Asked, Discovered};
use crate::provider::Dynamic;
use crate::registration::{ClientMetadata, RegisteredClient};
use crate::spec::ProviderSpec;
use crate::spec::template::is_loopback;

/// Who an MCP client is: a client of one issuer, or facts with which it can become one of any.
#[derive(Clone, Debug)]
pub struct ClientIdentity(Kind);

#[derive(Clone, Debug)]
enum Kind {
    Registered(Box<RegisteredClient>),
    Metadata(Box<ClientMetadata>),
}

impl From<RegisteredClient> for ClientIdentity {
    fn from(record: RegisteredClient) -> Self {
        Self(Kind::Registered(Box::new(record)))
    }
}

impl From<ClientMetadata> for ClientIdentity {
    fn from(metadata: ClientMetadata) -> Self {
        Self(Kind::Metadata(Box::new(metadata)))
    }
}

impl ClientIdentity {
    /// Whether it is a client of that issuer already.
    pub(super) fn is_of(&self, issuer: &str) -> bool {
        self.registered().is_some_and(|record| record.issuer() == issuer)
    }

    fn registered(&self) -> Option<&RegisteredClient> {
        match &self.0 {
            Kind::Registered(record) => Some(record),
            Kind::Metadata(_) => None,
        }
    }

    fn metadata(&self) -> Option<&ClientMetadata> {
        match &self.0 {
            Kind::Registered(_) => None,
            Kind::Metadata(metadata) => Some(metadata),
        }
    }
}

impl Mcp {
    /// A client of the issuer. MCP, Client Registration: pre-registered information first, then a metadata document where the
    /// issuer takes it, then a registration. MCP, Authorization Server Binding: clients "MUST NOT reuse client credentials
    /// from a different authorization server".
    pub(super) async fn identified(
        &self,
        discovered: &Discovered,
        asked: Asked,
        adapt: &(dyn Fn(&mut ProviderSpec) + Sync),
    ) -> Result<Client<Dynamic>> {
        let issuer = asked.metadata.issuer.clone();
        if let Some(record) =
            self.identities.iter().filter_map(ClientIdentity::registered).find(|own| own.issuer() == issuer)
        {
            let client = discovered.registered_as(asked, record, adapt)?;
            return self.redirected(client, record.redirect_uris().first().map(String::as_str));
        }
        let described = self.identities.iter().filter_map(ClientIdentity::metadata);
        let described = described.filter(|own| own.issuer().is_none_or(|only| only == issuer));
        if asked.metadata.client_id_metadata_document_supported
            && let Some(metadata) = described.clone().find(|own| own.document_id().is_some())
        {
            let (id, redirect_uri) = metadata.as_document()?;
            let client = discovered.made_of_document(asked, id, metadata, adapt)?;
            return self.redirected(client, Some(&redirect_uri));
        }
        // What is for this issuer alone comes first: it may hold what the issuer gave for it.
        let mut chosen = described.clone().filter(|own| own.issuer().is_some()).chain(described);
        match chosen.next() {
            Some(metadata) if asked.metadata.registration_endpoint.is_some() => {
                let metadata = self.completed(metadata);
                let registering = Registering {
                    clients: Arc::clone(&self.clients),
                    discovered: discovered.clone(),
                    asked: asked.clone(),
                    metadata: metadata.proved(asked.inner())?,
                };
                let record = registering.record().await?;
                let client = discovered.registered_as(asked, &record, adapt)?;
                self.redirected(client, metadata.uris().next())
            }
            _ => Err(self.no_client(&issuer, &asked)),
        }
    }

    /// MCP, Communication Security: "All redirect URIs MUST be either `localhost` or use HTTPS". A scheme of the app's own (RFC
    /// 8252 section 7.1) is on the user's machine as well.
    fn redirected(&self, client: Client<Dynamic>, own: Option<&str>) -> Result<Client<Dynamic>> {
        let Some(uri) = self.redirect_uri.as_deref().or(own) else { return Ok(client) };
        let is_open = url::Url::parse(uri).is_ok_and(|url| url.scheme() == "http" && !is_loopback(&url));
        if is_open {
            let what = "the redirect URI is plain http to another machine: whoever is on the way could read the code";
            let error = Error::new(ErrorKind::Config, Step::Configure, what);
            return Err(error.fix("use https, or http to this machine").of(client.spec()));
        }
        Ok(client.redirect_uri(uri))
    }

    /// What a registration says that the caller has not. MCP, Refresh Tokens: clients "SHOULD include `refresh_token` in their
    /// `grant_types`"; Application Type: they "MUST specify an appropriate `application_type`".
    fn completed(&self, metadata: &ClientMetadata) -> ClientMetadata {
        // The server named this issuer: an initial access token is not for everybody whom somebody names.
        let mut metadata = metadata.clone().for_strangers();
        if let Some(uri) = &self.redirect_uri
            && metadata.uris().all(|own| own != uri)
        {
            metadata = metadata.redirect_uris([uri.clone()]);
        }
        metadata
            .or_member("grant_types", |_| ["authorization_code", "refresh_token"].into_iter().collect())
            .or_member("response_types", |_| ["code"].into_iter().collect())
            .or_member("token_endpoint_auth_method", |own| own.method().unwrap_or("none").into())
            .or_member("application_type", |own| if own.uris().all(is_native) { "native" } else { "web" }.into())
            // Whatever it says is what the client does, as far as it can.
            .permit_change("token_endpoint_auth_method")
    }

    fn no_client(&self, issuer: &str, asked: &Asked) -> Error {
        let elsewhere = self.identities.iter().find_map(ClientIdentity::registered);
        let what = match elsewhere {
            Some(record) => format!(
                "the server's issuer is {}, and the client is registered with {}",
                crate::error::clean(issuer),
                crate::error::clean(record.issuer())
            ),
            None => format!("there is no way to become a client of {}", crate::error::clean(issuer)),
        };
        let kind = if elsewhere.is_some() { ErrorKind::IssuerNotBound } else { ErrorKind::Unsupported };
        Error::new(kind, Step::Registration, what)
            .fix("give `Mcp::client` a client that is registered with this issuer, or metadata that it can be registered with")
            .of(asked.inner().spec())
    }
}

/// Whether only a program on the user's machine can be called back there (RFC 8252 section 7).
fn is_native(uri: &str) -> bool {
    url::Url::parse(uri).is_ok_and(|url| is_loopback(&url) || !url.scheme().starts_with("http"))
}
