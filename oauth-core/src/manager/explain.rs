//! Why there is no refresh token, why an account needs a new login, why a scope is missing: in words.

use std::fmt::Write as _;

use super::trouble::{Trouble, Until};
use super::{AccountName, Status, TokenManager};
use crate::client::{Client, Inner};
use crate::error::Result;
use crate::provider::Provider;
use crate::spec::RefreshNeeds;
use crate::token::TokenSet;

impl TokenManager {
    /// How an account is and why, for a person: what is wrong, why it usually is, what to do. It sends nothing to the
    /// provider, and shows no token.
    pub async fn explain<P: Provider>(&self, client: &Client<P>, name: impl Into<AccountName>) -> Result<String> {
        let inner = client.inner().ready().await?;
        let (id, key) = self.place(&inner, &name.into())?;
        let provider = &inner.spec().name;
        let Some(record) = self.core.vault.load_of(&key, &id).await? else {
            return Ok(format!(
                "{id}: there are no tokens of it.\n  why: it was never connected, or has been disconnected, or the store lost it\n  fix: send the user through the login with {provider}"
            ));
        };
        let now = inner.now();
        let status = record.status(now);
        let mut text = format!("{id}: {}", word(status));
        let standing = |trouble: &Option<Trouble>| {
            let trouble = trouble.as_ref().filter(|trouble| trouble.until != Until::Revoked)?;
            trouble.stands(&inner, &record.tokens).map(|error| indented(&error.explain()))
        };
        if let Some(error) = standing(&record.own.trouble) {
            let _ = write!(text, "\n{error}");
        }
        for (name, course) in &record.further {
            if let Some(error) = standing(&course.trouble) {
                let _ = write!(text, "\n  its further token `{name}`:\n{error}");
            }
        }
        if record.tokens.refresh_token().is_none() && record.tokens.again.is_none() {
            let _ = write!(text, "\n{}", no_refresh_token(&inner, &record.tokens));
        }
        for line in missing_scopes(&inner, &record.tokens) {
            let _ = write!(text, "\n{line}");
        }
        Ok(text)
    }
}

fn word(status: Status) -> String {
    match status {
        Status::Active => "its token is fresh, or is renewed when it is asked for".to_owned(),
        Status::Expiring => "its token ends soon or has ended; whoever asks next gets a new one".to_owned(),
        Status::Backoff { .. } => "the last refresh failed, and the next waits".to_owned(),
        Status::NeedsReauth(reason) => format!("it needs a new login: {reason}"),
        Status::Revoked => "it is being disconnected".to_owned(),
    }
}

/// Why there is no refresh token: from the provider's file, where that says.
fn no_refresh_token(inner: &Inner, tokens: &TokenSet) -> String {
    let spec = inner.spec();
    let Some(rule) = &spec.refresh else {
        return format!("  no refresh token: {} does not issue any; the token is used until it ends", spec.name);
    };
    let mut text = "  no refresh token: the provider sent none with the login".to_owned();
    match &rule.needs {
        Some(RefreshNeeds::Scope(scope)) if !tokens.scopes().iter().any(|granted| granted == scope) => {
            let _ = write!(text, "\n  why: it gives one only with the scope `{scope}`, which was not granted");
            let _ = write!(text, "\n  fix: log in again and ask for `{scope}`");
        }
        Some(RefreshNeeds::Scope(scope)) => {
            let _ = write!(text, "\n  why: it gives one only with the scope `{scope}`, which was granted");
        }
        Some(RefreshNeeds::Param(name, value)) => {
            let _ = write!(text, "\n  why: it gives one only when the login was started with `{name}={value}`");
            let _ = write!(text, "\n  fix: log in again with that parameter");
        }
        None => {}
    }
    if let Some(note) = &rule.note {
        let _ = write!(text, "\n  note: {note}");
    }
    text
}

/// Which of the client's own scopes were not granted. What a single login asks for beside them is that login's business.
fn missing_scopes(inner: &Inner, tokens: &TokenSet) -> Vec<String> {
    let Some(asked) = inner.config.scopes.as_ref().filter(|_| !tokens.scopes().is_empty()) else { return Vec::new() };
    let missing = asked.iter().filter(|scope| !tokens.scopes().contains(scope));
    let line = |scope: &String| {
        format!(
            "  missing scope: `{scope}` is asked for and was not granted: the user or the provider left it out, or the login was made before it was asked for\n  fix: log in again and grant it"
        )
    };
    missing.map(line).collect()
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("  {line}")).collect::<Vec<_>>().join("\n")
}
