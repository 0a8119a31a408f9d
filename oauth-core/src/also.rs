//! Further tokens of the same login, each an account of its own: a user's beside an app's.

use std::sync::{Arc, PoisonError};
use std::time::SystemTime;

use secrecy::{ExposeSecret as _, SecretString};

use crate::account::{Account, Shared};
use crate::error::{Error, ErrorKind, Result, Step};
use crate::provider::Provider;
use crate::token::TokenSet;

impl<P: Provider> Account<P> {
    /// A further token that came in the same answer, by the name that `token.response.also` in the provider's file gives
    /// it, as an account of its own: its token is renewed by itself, and [`tokens`](Self::tokens) of this account has
    /// the newest of it as well.
    ///
    /// ```no_run
    /// # async fn run(account: oauth_core::Account) -> oauth_core::Result<()> {
    /// let user = account.also("user")?;
    /// user.post("/chat.postMessage").send().await?;
    /// # Ok(()) }
    /// ```
    pub fn also(&self, name: &str) -> Result<Self> {
        self.shared().also(name).map(Self::over)
    }
}

impl Shared {
    /// The account of that name; while one is in use, the same for all who ask.
    fn also(self: &Arc<Self>, name: &str) -> Result<Arc<Self>> {
        let mut known = self.also.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|(_, account)| account.strong_count() > 0);
        if let Some(account) = known.iter().find(|(known, _)| known == name).and_then(|(_, account)| account.upgrade())
        {
            return Ok(account);
        }
        let main = self.latest();
        let own = main.also(name).ok_or_else(|| self.no_such_token(name))?;
        let home = Some((Arc::clone(self), name.to_owned()));
        let account = Arc::new(Self::new(Arc::clone(&self.client), Arc::new(own.beside(&main)), home, None));
        known.push((name.to_owned(), Arc::downgrade(&account)));
        Ok(account)
    }

    fn no_such_token(&self, name: &str) -> Error {
        let spec = self.client.spec();
        let declared: Vec<&str> = spec.token.response.also.iter().map(|also| also.name.as_str()).collect();
        if declared.contains(&name) {
            let what = format!("the token response had no token `{name}`");
            return Error::new(ErrorKind::BadResponse, Step::Exchange, what)
                .fix("log in again and ask for what that token comes with")
                .of(spec);
        }
        let known = if declared.is_empty() { "none".to_owned() } else { declared.join(", ") };
        let what =
            format!("there is no further token `{}`; the provider's file has {known}", crate::error::clean(name));
        self.client.error(ErrorKind::Unsupported, Step::Exchange, what)
    }

    /// After a refresh of `asked` that gave `answer` and made `after` the newest set: the account that this one came with
    /// hears of it, and so do those that came with this one, where the answer brought a token of theirs.
    pub(crate) async fn spread(&self, asked: &TokenSet, answer: &TokenSet, after: &TokenSet) {
        if let Some((home, name)) = &self.home {
            home.commit(|latest| latest.with_also(name, after)).await;
        }
        let known = self.also.lock().unwrap_or_else(PoisonError::into_inner).clone();
        for (name, account) in known {
            let Some((account, new)) = account.upgrade().zip(answer.also(&name)) else { continue };
            let old = asked.also(&name);
            if old.is_none_or(|old| new.is_newer_than(old)) {
                account.commit(|latest| new.beside(after).over(old, latest)).await;
            }
        }
    }
}

impl TokenSet {
    /// Whether this is another token than that, or has another refresh token: not merely the same with another token
    /// beside it.
    pub(crate) fn is_newer_than(&self, other: &Self) -> bool {
        self.access_token_str() != other.access_token_str()
            || moment(self.expires_at) != moment(other.expires_at)
            || !self.has_refresh_token_of(other)
    }

    fn has_refresh_token_of(&self, other: &Self) -> bool {
        let text = SecretString::expose_secret;
        self.refresh_token.as_ref().map(text) == other.refresh_token.as_ref().map(text)
    }

    /// What came of a refresh with `asked`, while a further token may have been renewed by itself: that one stays,
    /// unless this answer brought one.
    pub(crate) fn keeping_also(mut self, asked: &Self, latest: &Self) -> Self {
        for (name, also) in &mut self.also {
            if let Some(latest) = latest.also(name) {
                *also = also.over(asked.also(name), latest);
            }
        }
        self
    }

    /// What came of a refresh with `asked` over `latest`, which may have been renewed by itself since: what the answer
    /// left out is not `asked`'s any more, but `latest`'s.
    fn over(&self, asked: Option<&Self>, latest: &Self) -> Self {
        match asked {
            Some(asked) if !self.is_newer_than(asked) => latest.clone(),
            Some(asked) if self.has_refresh_token_of(asked) => latest.renewed(Self {
                refresh_token: None,
                refresh_expires_at: self.refresh_expires_at.filter(|at| asked.refresh_expires_at != Some(*at)),
                ..self.clone()
            }),
            _ => latest.renewed(self.clone()),
        }
    }

    pub(crate) fn with_also(&self, name: &str, new: &Self) -> Self {
        let mut changed = self.clone();
        for (_, also) in changed.also.iter_mut().filter(|(known, _)| known == name) {
            *also = new.clone();
        }
        changed
    }
}

/// A point in time as exactly as it is stored.
fn moment(at: Option<SystemTime>) -> Option<u128> {
    Some(at?.duration_since(SystemTime::UNIX_EPOCH).ok()?.as_millis())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_user(access: &str, refresh: &str) -> TokenSet {
        let mut main = TokenSet::new("main");
        main.also.push(("user".to_owned(), TokenSet::new(access).with_refresh_token(refresh)));
        main
    }

    /// The further token that a refresh leaves behind: asked with the first set, while `latest` became the newest.
    fn kept(answer: (&str, &str), latest: (&str, &str)) -> (String, String) {
        let asked = with_user("a1", "r1");
        let set = with_user(answer.0, answer.1).keeping_also(&asked, &with_user(latest.0, latest.1));
        let user = set.also("user").unwrap();
        (user.access_token_str().to_owned(), user.refresh_token().unwrap().expose_secret().to_owned())
    }

    #[test]
    fn a_refresh_takes_nothing_from_a_further_token_that_was_renewed_meanwhile() {
        let pair = |access: &str, refresh: &str| (access.to_owned(), refresh.to_owned());
        assert_eq!(kept(("a1", "r1"), ("a2", "r2")), pair("a2", "r2"), "none was brought");
        assert_eq!(kept(("a9", "r1"), ("a2", "r2")), pair("a9", "r2"), "the refresh token was left out");
        assert_eq!(kept(("a1", "r9"), ("a1", "r1")), pair("a1", "r9"), "only the refresh token is another");
        assert_eq!(kept(("a9", "r9"), ("a2", "r2")), pair("a9", "r9"));
    }
}
