//! The parameters that a provider's file offers to callers.

use super::Authorize;
use crate::error::{Error, ErrorKind, Step};
use crate::provider::{Compiled, Dynamic};
use crate::scopes::is_scope_token;
use crate::spec::{AuthorizeOption, ProviderSpec, SecondScopes};
use crate::values::OptionValue;

impl<P: Compiled> Authorize<P> {
    /// One of the provider's own options: `.option(google::Prompt::Consent)`.
    pub fn option<O: OptionValue<P>>(mut self, option: O) -> Self {
        let spec = self.client.spec();
        let (value, join) = (option.into_value().into_owned(), join(spec, O::NAME).map(str::to_owned));
        if let Some(what) = second(spec, O::NAME).and_then(|scopes| not_a_scope(scopes, &value)) {
            self.fault.get_or_insert(Error::new(ErrorKind::Scope, Step::Authorize, what).of(self.client.spec()));
            return self;
        }
        self.push(O::NAME.into(), value, join.as_deref());
        self
    }
}

impl Authorize<Dynamic> {
    /// One of the options that the provider's file declares, or a scope of its second set by the name of its parameter;
    /// an error from `begin` when it declares none such.
    pub fn option(mut self, name: &str, value: impl Into<String>) -> Self {
        let value = value.into();
        if let Some(what) = refused(self.client.spec(), name, &value) {
            let error = Error::new(ErrorKind::Parameter, Step::Authorize, what);
            let error = error.fix("use `.param(..)` for a parameter that the file does not know");
            self.fault.get_or_insert(error.of(self.client.spec()));
            return self;
        }
        let join = join(self.client.spec(), name).map(str::to_owned);
        self.push(name.to_owned().into(), value, join.as_deref());
        self
    }
}

/// Why the file does not allow that option, if it does not.
fn refused(spec: &ProviderSpec, name: &str, value: &str) -> Option<String> {
    let shown = crate::error::clean(value);
    if let Some(second) = second(spec, name) {
        return not_a_scope(second, value);
    }
    match declared(spec, name) {
        None => Some(format!("`{}` is not an option in the provider's file", crate::error::clean(name))),
        Some(option) if !option.values.is_empty() && !option.values.iter().any(|(known, _)| *known == value) => {
            let known: Vec<&str> = option.values.iter().map(|(known, _)| known.as_str()).collect();
            Some(format!("`{name}` cannot be `{shown}`; it is one of {}", known.join(", ")))
        }
        Some(_) => None,
    }
}

/// Why the value cannot be one scope of the second set.
fn not_a_scope(second: &SecondScopes, value: &str) -> Option<String> {
    let fits = is_scope_token(value) && !value.contains(second.separator.as_str());
    (!fits).then(|| format!("`{}` cannot be a scope of `{}`", crate::error::clean(value), second.param))
}

fn declared<'a>(spec: &'a ProviderSpec, name: &str) -> Option<&'a AuthorizeOption> {
    spec.authorize.options.iter().find(|option| option.name == name)
}

pub(super) fn second<'a>(spec: &'a ProviderSpec, name: &str) -> Option<&'a SecondScopes> {
    spec.scopes.second.as_ref().filter(|second| second.param == name)
}

/// What joins two values of that option.
fn join<'a>(spec: &'a ProviderSpec, name: &str) -> Option<&'a str> {
    let scopes = second(spec, name).map(|second| second.separator.as_str());
    scopes.or_else(|| declared(spec, name)?.join.as_deref())
}
