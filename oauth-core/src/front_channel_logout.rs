//! Being told through the browser that a session has ended (OpenID Connect Front-Channel Logout 1.0).

use std::fmt;
use std::sync::Arc;

use crate::callback::CallbackInput;
use crate::client::{Client, Inner};
use crate::error::{Error, ErrorKind, Result, Step};
use crate::openid::{self, IdToken};
use crate::provider::{HasIdTokens, Provider};

/// No session's id is longer.
const LONGEST_ID: usize = 1024;

/// Which sessions a request at the `frontchannel_logout_uri` is about. The provider loads that address in a frame of its logout
/// page, in the browser of the user who logs out.
///
/// End those sessions of **this browser** for whose ID token [`ends`](Self::ends) is true, and answer with
/// `Cache-Control: no-store` (section 2). Nothing proves who sent the request: any page can make a browser load that address, and
/// the worst that comes of it is a logout. Sessions of other browsers are ended by a signed token only, see
/// [`verify_logout_token`](Client::verify_logout_token). Browsers that keep cookies of other sites back show no session here;
/// where that matters, the back channel is the one to register.
#[derive(Clone)]
pub struct FrontChannelLogout {
    inner: Arc<Inner>,
    session: Option<Session>,
}

#[derive(Clone)]
struct Session {
    issuer: String,
    id: String,
}

impl<P: Provider> Client<P> {
    /// Reads a request at the `frontchannel_logout_uri` (OpenID Connect Front-Channel Logout 1.0 section 2): its query or its
    /// address. Nothing is sent.
    ///
    /// ```no_run
    /// # fn run(client: oauth_core::Client, query: &str, id_token: &oauth_core::IdToken) -> oauth_core::Result<()> {
    /// let ended = client.front_channel_logout(query)?;
    /// if ended.ends(id_token) {
    ///     // End this browser's session, which began with that ID token.
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`LogoutRequest`](ErrorKind::LogoutRequest) for `iss` without `sid` or `sid` without `iss`,
    /// [`IdTokenIssuer`](ErrorKind::IdTokenIssuer) for another issuer, [`AmbiguousCallback`](ErrorKind::AmbiguousCallback) and
    /// [`CallbackTooLarge`](ErrorKind::CallbackTooLarge): nobody is logged out then.
    pub fn front_channel_logout(&self, input: impl Into<CallbackInput>) -> Result<FrontChannelLogout>
    where
        P: HasIdTokens,
    {
        read(self.inner(), &input.into())
    }
}

/// Section 2: the provider adds `iss` and `sid`; "if either is included, both MUST be".
fn read(inner: &Arc<Inner>, input: &CallbackInput) -> Result<FrontChannelLogout> {
    let fail = |kind, what: &str| inner.error(kind, Step::Logout, what);
    let Some(openid) = &inner.spec().openid else {
        let what = format!("provider `{}` signs nothing that could be verified", inner.spec().id);
        let error = Error::new(ErrorKind::Unsupported, Step::Logout, what);
        return Err(error.fix("add `openid` to the provider's YAML file if it issues ID tokens").of(inner.spec()));
    };
    if input.is_too_large() {
        return Err(fail(ErrorKind::CallbackTooLarge, "the request is larger than any real one"));
    }
    let once = |name: &str| {
        let twice = |()| fail(ErrorKind::AmbiguousCallback, "the request has a parameter twice");
        input.once(name).map_err(twice)
    };
    let session = match (once("iss")?, once("sid")?) {
        (None, None) => None,
        (Some(issuer), Some(id)) => {
            openid::check_issuer_text(inner, openid, issuer, Step::Logout)?;
            if id.len() > LONGEST_ID {
                return Err(fail(ErrorKind::LogoutRequest, "the request's `sid` is longer than any real one"));
            }
            Some(Session { issuer: issuer.to_owned(), id: id.to_owned() })
        }
        (Some(_), None) => return Err(fail(ErrorKind::LogoutRequest, "the request has `iss` without `sid`")),
        (None, Some(_)) => return Err(fail(ErrorKind::LogoutRequest, "the request has `sid` without `iss`")),
    };
    tracing::debug!(provider = %inner.spec().id, "front-channel logout read");
    Ok(FrontChannelLogout { inner: Arc::clone(inner), session })
}

impl FrontChannelLogout {
    /// Who says so (`iss`), where the request names a session.
    pub fn issuer(&self) -> Option<&str> {
        self.session.as_ref().map(|session| session.issuer.as_str())
    }

    /// Which session has ended: the claim `sid` of its ID token. Without one every session of this browser with this provider
    /// has.
    pub fn session_id(&self) -> Option<&str> {
        self.session.as_ref().map(|session| session.id.as_str())
    }

    /// Whether a session of this browser that began with that ID token has ended. An ID token without the claim `sid` is of no
    /// session that a request could name.
    pub fn ends(&self, id_token: &IdToken) -> bool {
        let Some(session) = &self.session else { return openid::is_own(&self.inner, id_token) };
        id_token.issuer() == session.issuer && id_token.text("sid").as_deref() == Some(&session.id)
    }
}

/// Shows who says so.
impl fmt::Debug for FrontChannelLogout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FrontChannelLogout").field("issuer", &self.issuer()).finish_non_exhaustive()
    }
}
