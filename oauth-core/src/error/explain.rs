use std::fmt::Write as _;

use super::{Error, ErrorKind, Step, clean};

impl Error {
    /// The long form for a person: what went wrong, why it usually does, how to fix it, and where.
    pub fn explain(&self) -> String {
        let inner = &*self.inner;
        let mut text = format!("{self}\n  code: {}", self.code());
        if let Some(server) = &inner.server {
            let _ = write!(text, "\n  the provider says: {server}");
        }
        if let Some(why) = why(inner.kind, inner.step) {
            let _ = write!(text, "\n  why: {why}");
        }
        if let Some(fix) = inner.fix.as_deref().or_else(|| fix(inner.kind, inner.step)) {
            let _ = write!(text, "\n  fix: {fix}");
        }
        if let Some(wait) = inner.retry_after {
            let _ = write!(text, "\n  wait: {} s", wait.as_secs());
        }
        if let Some(provider) = &inner.provider {
            if let Some(console) = &provider.console {
                let _ = write!(text, "\n  console: {}", clean(console));
            }
            let _ = write!(text, "\n  docs: {}", clean(&provider.docs));
        }
        text
    }
}

/// The usual reason; none where the message itself is the reason.
fn why(kind: ErrorKind, step: Step) -> Option<&'static str> {
    Some(match kind {
        ErrorKind::NoPendingAttempt => {
            "the callback page was opened by itself, after a restart, or long after the login was started"
        }
        ErrorKind::StateMissing => "the page was opened directly, or a proxy or rewrite rule dropped the query string",
        ErrorKind::StateMismatch => {
            "the callback belongs to another login: an old tab, or a link that somebody else prepared"
        }
        ErrorKind::BrowserMissing => {
            "started on `localhost` and returned to `127.0.0.1`, SameSite=Strict (or Lax, where the provider answers with a form instead of a redirect: it takes SameSite=None and Secure then), or a Secure cookie over http"
        }
        ErrorKind::BrowserMismatch => "somebody opened a login link or callback that another browser had started",
        ErrorKind::AlreadyUsed => {
            "the callback page was reloaded or opened twice; the first one succeeded or failed on its own"
        }
        ErrorKind::CallbackSignature => {
            "the callback was changed or made up on its way, or the client secret is not that of this app"
        }
        ErrorKind::AccessDenied => "the person pressed Cancel, or an administrator has to approve the app first",
        ErrorKind::ClientRejected => {
            "the client id or secret is wrong, expired, of another app, or has a line break at its end"
        }
        ErrorKind::GrantRejected if step == Step::Refresh => {
            "the refresh token was revoked, expired, or has been used already by somebody else"
        }
        ErrorKind::GrantRejected if step == Step::Grant => "the assertion or the password is wrong, expired or used up",
        ErrorKind::GrantRejected if step == Step::Backchannel => "the request has ended, or was another client's",
        ErrorKind::GrantRejected if step == Step::Device => "the code has ended, or was another client's",
        ErrorKind::GrantRejected if step == Step::TokenExchange => {
            "the subject or actor token is expired, revoked, or not one that the provider exchanges"
        }
        ErrorKind::GrantRejected if step == Step::Revoke => "the token belongs to another client, or had ended already",
        ErrorKind::GrantRejected => {
            "the code was used before, is too old, or was issued for another redirect URI or verifier"
        }
        ErrorKind::OutcomeUnknown => {
            "the answer to an earlier request was lost on its way, and the provider takes no code twice"
        }
        ErrorKind::IssuedTokenType => "what is good for one thing is not used for another (RFC 8693 section 5)",
        ErrorKind::RedirectRefused => {
            "a redirect would carry the client's secret to another address, so none is followed"
        }
        ErrorKind::MetadataIssuer => {
            "the issuer is written in another way than the server writes it: a final slash, a path, http for https"
        }
        ErrorKind::AddressBlocked => {
            "who names a server could name one inside your network; servers that others name are reached at public addresses only"
        }
        ErrorKind::ResourceMismatch => {
            "metadata of another resource would send this one's user, and its tokens, to another server"
        }
        ErrorKind::IssuerNotBound => {
            "a client's id and secret belong to the server that gave them; a server that somebody else names gets none of them"
        }
        ErrorKind::PkceNotListed => "without PKCE a code that somebody else catches is as good as the login",
        ErrorKind::RegistrationUnknown => {
            "the registration was ended, or another process changed it and has the token that counts now"
        }
        ErrorKind::RegistrationChanged => {
            "the server registers what it likes: another redirect URI would take the codes elsewhere"
        }
        ErrorKind::MetadataForeign | ErrorKind::MetadataEndpoint => {
            "whoever writes the metadata decides where codes and secrets go"
        }
        ErrorKind::AnswerUnsigned => {
            "the provider was not told that this client wants signed answers, or somebody put a plain one in the place of the signed one"
        }
        ErrorKind::IdentityChanged | ErrorKind::SubjectMismatch => {
            "two answers about one account name two users: neither is believed"
        }
        ErrorKind::InsufficientScope => {
            "the login did not ask for it, or the user did not grant it; no refresh adds any"
        }
        ErrorKind::StepUpRequired => {
            "the API wants a stronger or a more recent login for this than the one behind the token; no refresh is one"
        }
        ErrorKind::OriginRefused => "a token is sent only to the provider that issued it",
        ErrorKind::LostRotation => {
            "the provider gave a new refresh token for the old one, and the answer never arrived here: a crash, a restart or a broken connection at that moment"
        }
        ErrorKind::RefreshExpired => {
            "the refresh token lay unused for longer than the provider allows, or has a fixed end"
        }
        ErrorKind::NotConnected => {
            "the account was disconnected, here or in another process, or the store lost what it had"
        }
        ErrorKind::ResponseEncoded => {
            "compressed answers are not asked for, because their size cannot be bounded up front"
        }
        _ => return why_id_token(kind),
    })
}

/// The usual reason for an ID token that is not believed.
fn why_id_token(kind: ErrorKind) -> Option<&'static str> {
    Some(match kind {
        ErrorKind::IdTokenAlgorithm => {
            "the provider signs with another algorithm than its file says, or somebody made the token up"
        }
        ErrorKind::IdTokenKey | ErrorKind::IdTokenSignature => {
            "the provider has changed its keys, its file names another provider's, or the token was made up"
        }
        ErrorKind::IdTokenIssuer => "the file's issuer is not what the provider writes into its tokens, byte for byte",
        ErrorKind::IdTokenAudience => "the token was issued for another client: it proves nothing to this one",
        ErrorKind::IdTokenNonce | ErrorKind::IdTokenHash => "the token is of another login, or somebody put it there",
        ErrorKind::IdTokenExpired | ErrorKind::IdTokenNotYetValid | ErrorKind::IdTokenTooOld => {
            "this machine's clock, or the provider's, is wrong"
        }
        _ => return None,
    })
}

/// The usual way out, where the place of the error knows no better one.
fn fix(kind: ErrorKind, step: Step) -> Option<&'static str> {
    const AGAIN: &str = "start the login again";
    Some(match kind {
        ErrorKind::GrantRejected if step == Step::Revoke => return None,
        ErrorKind::GrantRejected if matches!(step, Step::Grant | Step::TokenExchange) => return None,
        ErrorKind::GrantRejected if step != Step::Refresh => AGAIN,
        ErrorKind::NoPendingAttempt
        | ErrorKind::StateMissing
        | ErrorKind::StateMismatch
        | ErrorKind::AttemptExpired
        | ErrorKind::OutcomeUnknown
        | ErrorKind::MissingCode
        | ErrorKind::AlreadyUsed
        | ErrorKind::IdTokenNonce
        | ErrorKind::IdTokenHash
        | ErrorKind::IdTokenAuthTime
        | ErrorKind::IdTokenAcr => AGAIN,
        ErrorKind::BrowserMissing | ErrorKind::BrowserMismatch => {
            "start the login again in this browser, under the same host name as the redirect URI"
        }
        ErrorKind::CallbackSignature => {
            "start the login again; if that does not help, compare the client secret with the provider's console"
        }
        ErrorKind::AccessDenied => "offer the login again; nothing is broken",
        ErrorKind::ClientRejected => "compare id and secret with the provider's console",
        ErrorKind::GrantRejected
        | ErrorKind::NoRefreshToken
        | ErrorKind::IssuerChanged
        | ErrorKind::IdentityChanged
        | ErrorKind::LostRotation
        | ErrorKind::RefreshExpired
        | ErrorKind::NotConnected
        | ErrorKind::Revoked
        | ErrorKind::SubjectMismatch => "send the user through the login again",
        ErrorKind::AnswerUnsigned => {
            "set the signed answer in the client's registration, or leave it out of the provider's file where there is none"
        }
        ErrorKind::IdTokenExpired | ErrorKind::IdTokenNotYetValid | ErrorKind::IdTokenTooOld => {
            "set the clock by a time server; `leeway` allows for a few minutes"
        }
        ErrorKind::IdTokenAlgorithm => "compare `openid.algs` in the provider's file with the provider's metadata",
        ErrorKind::IdTokenKey | ErrorKind::IdTokenSignature | ErrorKind::NoKeys => {
            "compare `openid.jwks` in the provider's file with the provider's metadata"
        }
        ErrorKind::IdTokenIssuer => "compare `openid.issuer` in the provider's file with the provider's metadata",
        ErrorKind::ResourceMismatch => "write the address as the resource's own metadata has it, byte for byte",
        ErrorKind::IssuerNotBound | ErrorKind::ClientSecretExpired => "register the client anew, with this server",
        ErrorKind::RegistrationUnknown => "read the record from its store again; if that does not help, register anew",
        ErrorKind::RegistrationChanged => {
            "allow the change with `ClientMetadata::permit_change` if you can live with it"
        }
        ErrorKind::AddressBlocked => "for a server on your own machine use `dangerous_allow_loopback`",
        ErrorKind::MetadataForeign => "list the host under `endpoints.hosts` if it is the provider's",
        ErrorKind::RedirectRefused => "put the final address into the provider's file",
        ErrorKind::ResponseEncoded => "remove the proxy that compresses, or let it pass these answers as they are",
        ErrorKind::Unavailable
        | ErrorKind::RateLimited
        | ErrorKind::Timeout
        | ErrorKind::Connect
        | ErrorKind::Network => "try again later",
        ErrorKind::InsufficientScope => "send the user through the login again with that scope",
        ErrorKind::StepUpRequired => "start a login with `.step_up(&error)`, then make the request again, once",
        ErrorKind::OriginRefused => {
            "use a path relative to the API's base URL, or list the host under `api.hosts` in the provider's file"
        }
        _ => return None,
    })
}
