//! `settings`: a type for each, an enum or a text.

use oauth_core::spec::{Setting, SettingKind};
use proc_macro2::TokenStream;
use quote::quote;

use super::names::ident;
use super::values::{Variant, accepted, closed, text};
use super::{Context, docs, markdown};

/// The types of all settings.
pub(super) fn tokens(context: &Context<'_>) -> Result<TokenStream, String> {
    context.spec.settings.iter().map(|setting| one(context, setting)).collect()
}

fn one(context: &Context<'_>, setting: &Setting) -> Result<TokenStream, String> {
    let name = ident(&setting.rust)?;
    let doc = docs::setting(context, setting);
    let is_enum = setting.kind == SettingKind::Enum;
    let kind = if is_enum {
        let variants: Vec<Variant<'_>> = setting
            .values
            .iter()
            .map(|(value, meaning, rust)| Variant {
                rust,
                value,
                doc: if value == meaning {
                    format!("{}.", markdown::code(value))
                } else {
                    format!("{}, which stands for {}.", markdown::code(value), markdown::code(meaning))
                },
            })
            .collect();
        closed(&name, &doc, "The value as the provider's file names it.", &variants)?
    } else {
        text(&name, &doc, setting.kind == SettingKind::Port)
    };
    let accepted = accepted(&context.private, &context.marker, &quote!(SettingValue), (&name, &setting.name), is_enum);
    Ok(quote!(#kind #accepted))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{context, rich, with};
    use super::*;

    #[test]
    fn an_enum_gives_the_name_that_the_file_uses() {
        let text = tokens(&context(&rich())).unwrap().to_string();
        assert!(text.contains("Self :: Eu => \"eu\""), "{text}");
        assert!(text.contains("SettingValue < Acme > for Region"), "{text}");
        assert!(text.contains("const NAME : & 'static str = \"region\""), "{text}");
    }

    #[test]
    fn any_other_kind_is_a_text() {
        let text = tokens(&context(&rich())).unwrap().to_string();
        assert!(text.contains("pub struct Shop (:: std :: string :: String)"), "{text}");
        assert!(!text.contains("From < u16 > for Shop"), "{text}");
        let spec = with(|json| json["settings"][1]["type"] = "port".into());
        let text = tokens(&context(&spec)).unwrap().to_string();
        assert!(text.contains("From < u16 > for Shop"), "{text}");
    }
}
