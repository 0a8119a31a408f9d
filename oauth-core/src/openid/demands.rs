//! What the metadata of an issuer has to say before anything is done with it, whenever it is read.

use super::Metadata;
use crate::client::Inner;
use crate::error::{ErrorKind, Result, Step, clean};

/// What is demanded of an issuer that a server named, at the first document and at each that takes its place.
#[derive(Clone, Debug, Default)]
pub(crate) struct Demands {
    /// Whether it lists `S256`.
    pub(crate) pkce: bool,
    /// The resource that it issues tokens for, where it lists any.
    pub(crate) resource: Option<String>,
}

impl Demands {
    pub(crate) fn check(&self, inner: &Inner, metadata: &Metadata) -> Result<()> {
        let fail = |kind, what: String| Err(inner.error(kind, Step::Discovery, what));
        // MCP, Authorization Code Protection: "If `code_challenge_methods_supported` is absent, the authorization server does
        // not support PKCE and MCP clients MUST refuse to proceed."
        if self.pkce && !metadata.code_challenge_methods_supported.iter().any(|method| method == "S256") {
            let what = "the issuer's metadata does not list `S256` under `code_challenge_methods_supported`";
            return fail(ErrorKind::PkceNotListed, what.to_owned());
        }
        // RFC 9728 section 7.6: a resource can name an issuer that knows nothing of it; section 4 has the list to compare with.
        if let (Some(resource), Some(listed)) = (&self.resource, &metadata.protected_resources)
            && !listed.contains(resource)
        {
            let what = format!(
                "the issuer {} lists the resources that it is for, and this one is not among them",
                clean(&metadata.issuer)
            );
            return fail(ErrorKind::ResourceMismatch, what);
        }
        Ok(())
    }
}
