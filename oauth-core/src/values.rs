//! Typed values that generated code hands to generic methods.

use std::borrow::Cow;

use crate::provider::Provider;

/// A value for one of the provider's settings: `acme::Region::Eu`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a setting of provider `{P}`",
    label = "not a setting of `{P}`",
    note = "take it from the provider's own module, as in `acme::Region`; what has no type there is declared under `settings` in the provider's YAML file"
)]
pub trait SettingValue<P: Provider> {
    /// The setting's name.
    const NAME: &'static str;
    /// Its value.
    fn into_value(self) -> Cow<'static, str>;
}

/// A value for one of the provider's authorization options: `google::Prompt::Consent`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an authorization option of provider `{P}`",
    label = "not an option of `{P}`",
    note = "take it from the provider's own module, as in `acme::Prompt`; for a parameter that the file does not know use `.param(name, value)`, or declare it under `authorize.options` in the provider's YAML file"
)]
pub trait OptionValue<P: Provider> {
    /// The parameter's name.
    const NAME: &'static str;
    /// Its value.
    fn into_value(self) -> Cow<'static, str>;
}

/// One of the provider's environments: `salesforce::Environment::Sandbox`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an environment of provider `{P}`",
    label = "not an environment of `{P}`",
    note = "take it from the provider's own module, as in `acme::Environment::Sandbox`; what has no variant there is declared under `environments` in the provider's YAML file"
)]
pub trait EnvironmentValue<P: Provider> {
    /// The environment's name.
    fn into_name(self) -> &'static str;
}
