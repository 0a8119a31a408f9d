//! Typed values that generated code hands to generic methods.

use std::borrow::Cow;

use crate::provider::Provider;

/// A value for one of the provider's settings: `zoho::Region::Eu`.
#[diagnostic::on_unimplemented(message = "this is not a setting of provider `{P}`", label = "not a setting of `{P}`")]
pub trait SettingValue<P: Provider> {
    /// The setting's name.
    const NAME: &'static str;
    /// Its value.
    fn into_value(self) -> Cow<'static, str>;
}

/// A value for one of the provider's authorization options: `google::Prompt::Consent`.
#[diagnostic::on_unimplemented(
    message = "this is not an authorization option of provider `{P}`",
    label = "not an option of `{P}`",
    note = "for a parameter that the provider's file does not know use `.param(name, value)`"
)]
pub trait OptionValue<P: Provider> {
    /// The parameter's name.
    const NAME: &'static str;
    /// Its value.
    fn into_value(self) -> Cow<'static, str>;
}
