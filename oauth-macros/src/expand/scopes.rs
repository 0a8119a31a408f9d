//! `scopes`: the enum of the scopes that the file knows.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use super::values::{Variant, closed};
use super::{Context, markdown};

/// `Scope`, without variants where the file knows none.
pub(super) fn tokens(context: &Context<'_>) -> Result<TokenStream, String> {
    let Context { spec, private, marker, .. } = context;
    let name = format_ident!("Scope");
    let variants: Vec<Variant<'_>> = spec
        .scopes
        .known
        .iter()
        .map(|scope| Variant {
            rust: &scope.rust,
            value: &scope.value,
            doc: match &scope.doc {
                Some(doc) => format!("{}: {}", markdown::code(&scope.value), markdown::text(doc)),
                None => format!("{}.", markdown::code(&scope.value)),
            },
        })
        .collect();
    let provider = markdown::line(&spec.name);
    let doc = if variants.is_empty() {
        format!("The scopes of {provider}. Its file describes none: give them by name, as raw scopes.")
    } else {
        format!("The scopes of {provider} that its file describes. Others are given by name, as raw scopes.")
    };
    let scopes = closed(&name, &doc, "The scope as it is sent.", &variants)?;
    Ok(quote! {
        #scopes
        impl #private::ScopeOf<#marker> for #name {}
        impl ::core::convert::AsRef<str> for #name {
            #[inline]
            fn as_ref(&self) -> &str {
                self.as_str()
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::{context, rich, with};
    use super::*;

    #[test]
    fn known_scopes_are_variants() {
        let text = tokens(&context(&rich())).unwrap().to_string();
        assert!(text.contains("\" `read:user`: Read a user's profile data.\"] ReadUser"), "{text}");
        assert!(text.contains("Self :: ReadUser => \"read:user\""), "{text}");
    }

    #[test]
    fn without_known_scopes_the_enum_is_empty() {
        let spec = with(|json| json["scopes"]["known"] = serde_json::json!([]));
        let text = tokens(&context(&spec)).unwrap().to_string();
        assert!(text.contains("pub enum Scope { }"), "{text}");
    }

    #[test]
    fn two_scopes_with_one_name_are_a_fault() {
        let spec = with(|json| json["scopes"]["known"][1]["rust"] = json["scopes"]["known"][0]["rust"].clone());
        assert!(tokens(&context(&spec)).is_err());
    }
}
