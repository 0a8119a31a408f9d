//! `authorize.options`: a type for each, an enum or a text.

use oauth_core::spec::AuthorizeOption;
use proc_macro2::TokenStream;
use quote::quote;

use super::names::ident;
use super::values::{Variant, accepted, closed, text};
use super::{Context, docs, markdown};

/// The types of all options.
pub(super) fn tokens(context: &Context<'_>) -> Result<TokenStream, String> {
    context.spec.authorize.options.iter().map(|option| one(context, option)).collect()
}

fn one(context: &Context<'_>, option: &AuthorizeOption) -> Result<TokenStream, String> {
    let name = ident(&option.rust)?;
    let doc = docs::option(option);
    let is_enum = !option.values.is_empty();
    let kind = if is_enum {
        let variants: Vec<Variant<'_>> = option
            .values
            .iter()
            .map(|(value, rust)| Variant { rust, value, doc: format!("{}.", markdown::code(value)) })
            .collect();
        closed(&name, &doc, "The value as it is sent.", &variants)?
    } else {
        text(&name, &doc, false)
    };
    let accepted = accepted(&context.private, &context.marker, &quote!(OptionValue), (&name, &option.name), is_enum);
    Ok(quote!(#kind #accepted))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{context, rich};
    use super::*;

    #[test]
    fn values_make_an_enum_and_none_make_a_text() {
        let text = tokens(&context(&rich())).unwrap().to_string();
        assert!(text.contains("pub enum Prompt"), "{text}");
        assert!(text.contains("OptionValue < Acme > for Prompt"), "{text}");
        assert!(text.contains("Self :: SelectAccount => \"select_account\""), "{text}");
        assert!(text.contains("pub struct LoginHint (:: std :: string :: String)"), "{text}");
        assert!(text.contains("const NAME : & 'static str = \"login_hint\""), "{text}");
    }
}
