//! The login that an API asks for (RFC 9470, RFC 6750 section 3.1).

use super::Authorize;
use crate::error::{Error, ErrorKind};
use crate::provider::Provider;
use crate::scopes::is_scope_token;

impl<P: Provider> Authorize<P> {
    /// The login that an API asked for when it refused a request: an error of kind
    /// [`StepUpRequired`](ErrorKind::StepUpRequired) or [`InsufficientScope`](ErrorKind::InsufficientScope).
    ///
    /// It asks for the scopes and resources that the refused token has and the scopes that it lacks, and says how the user is
    /// to log in (`acr_values`) and how recently (`max_age`, in seconds). Other scopes that are wanted are named before. Whether
    /// the login was good enough is the API's to say (RFC 9470 section 6.1); where an ID token tells when it was, that is
    /// checked here as well. Make the refused request again once: an API that asks for the same again does not take what the
    /// provider gives.
    ///
    /// ```no_run
    /// # async fn run(account: oauth_core::Account) -> oauth_core::Result<()> {
    /// use oauth_core::ErrorKind;
    ///
    /// let answer = account.get("/payments").send().await?.error_for_status().await;
    /// if let Err(error) = answer
    ///     && error.kind() == ErrorKind::StepUpRequired
    /// {
    ///     let attempt = account.client().authorize().step_up(&error).begin().await?;
    ///     // Send the browser there, as for any other login.
    /// }
    /// # Ok(()) }
    /// ```
    pub fn step_up(mut self, error: &Error) -> Self {
        let own = error.provider() == Some(self.client.spec().id.as_str());
        let Some(wanted) = error.wanted().filter(|_| own) else {
            let what = "the error asks for no other login with this provider";
            self.fail(ErrorKind::Parameter, what, "give one of kind `StepUpRequired` or `InsufficientScope`");
            return self;
        };
        self.steps_up = true;
        // A token of which nobody knows the scopes was asked for with the usual ones.
        let config = &self.client.inner().config;
        let usual = || config.scopes.as_ref().unwrap_or(&config.spec.scopes.default).clone();
        let mut scopes =
            self.scopes.take().unwrap_or_else(|| if wanted.granted.is_empty() { usual() } else { Vec::new() });
        for scope in wanted.granted.iter().chain(error.scopes()).filter(|scope| is_scope_token(scope)) {
            if !scopes.contains(scope) {
                scopes.push(scope.clone());
            }
        }
        self.scopes = Some(scopes);
        if self.resources.is_none() && !wanted.resources.is_empty() {
            self.resources = Some(wanted.resources.clone());
        }
        // RFC 9470 section 4: the client sends on what the challenge had as `acr_values` and `max_age`.
        if !wanted.acr_values.is_empty() {
            self.push("acr_values".into(), wanted.acr_values.join(" "), None);
        }
        if let Some(seconds) = wanted.max_age {
            self.push("max_age".into(), seconds.to_string(), None);
        }
        self
    }
}
