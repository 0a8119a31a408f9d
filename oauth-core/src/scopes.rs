//! What a login asks for.

use std::marker::PhantomData;

use crate::provider::{Dynamic, Provider};

/// A list of scopes for one provider (RFC 6749 section 3.3), where an array of its `Scope` is not enough.
///
/// ```
/// # use oauth_core::{Dynamic, Scopes};
/// let scopes = Scopes::<Dynamic>::from(["read".to_owned()]).raw("admin:new-thing");
/// assert_eq!(scopes.iter().collect::<Vec<_>>(), ["read", "admin:new-thing"]);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scopes<P> {
    values: Vec<String>,
    provider: PhantomData<fn() -> P>,
}

impl<P> Scopes<P> {
    /// No scope yet.
    pub fn new() -> Self {
        Self { values: Vec::new(), provider: PhantomData }
    }

    /// Adds a scope that the provider's file does not know. It is sent as it is.
    pub fn raw(mut self, scope: impl Into<String>) -> Self {
        self.values.push(scope.into());
        self
    }

    /// The scopes, in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.values.iter().map(String::as_str)
    }
}

impl<P> Default for Scopes<P> {
    fn default() -> Self {
        Self::new()
    }
}

impl<P: Provider, S: ScopeOf<P>, const N: usize> From<[S; N]> for Scopes<P> {
    fn from(scopes: [S; N]) -> Self {
        Self { values: owned(&scopes), provider: PhantomData }
    }
}

/// A scope of the provider: `acme::Scope`. For providers known only at run time it is text.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a scope of provider `{P}`",
    label = "not a scope of `{P}`",
    note = "take it from the provider's own module, as in `acme::Scope`; for one that the module does not know use `Scopes::from([..]).raw(\"..\")`, or declare it under `scopes.known` in the provider's YAML file"
)]
pub trait ScopeOf<P: Provider>: AsRef<str> {}

impl ScopeOf<Dynamic> for String {}
impl ScopeOf<Dynamic> for &str {}

/// What can be asked for: an array, a slice or a `Vec` of the provider's `Scope`, [`Scopes`], or `()` for the
/// provider's defaults.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no list of scopes of provider `{P}`",
    label = "no list of scopes of `{P}`",
    note = "give an array, a slice or a `Vec` of the provider's `Scope`, as in `[acme::Scope::Read]`; `Scopes::from([..]).raw(\"..\")`; or `()` for the defaults"
)]
pub trait IntoScopes<P: Provider> {
    /// The scopes; `None` for the provider's defaults.
    fn into_scopes(self) -> Option<Vec<String>>;
}

fn owned<S: AsRef<str>>(scopes: &[S]) -> Vec<String> {
    scopes.iter().map(|scope| scope.as_ref().to_owned()).collect()
}

impl<P: Provider> IntoScopes<P> for () {
    fn into_scopes(self) -> Option<Vec<String>> {
        None
    }
}

impl<P: Provider> IntoScopes<P> for Scopes<P> {
    fn into_scopes(self) -> Option<Vec<String>> {
        Some(self.values)
    }
}

impl<P: Provider, S: ScopeOf<P>, const N: usize> IntoScopes<P> for [S; N] {
    fn into_scopes(self) -> Option<Vec<String>> {
        Some(owned(&self))
    }
}

impl<P: Provider, S: ScopeOf<P>> IntoScopes<P> for &[S] {
    fn into_scopes(self) -> Option<Vec<String>> {
        Some(owned(self))
    }
}

impl<P: Provider, S: ScopeOf<P>> IntoScopes<P> for Vec<S> {
    fn into_scopes(self) -> Option<Vec<String>> {
        Some(owned(&self))
    }
}

/// RFC 6749 section 3.3: `scope-token = 1*( %x21 / %x23-5B / %x5D-7E )`.
pub(crate) fn is_scope_token(scope: &str) -> bool {
    !scope.is_empty() && scope.bytes().all(|byte| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e))
}
