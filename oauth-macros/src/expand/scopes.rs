//! `scopes`: the enum of the scopes that the file knows, and that of its second set.

use oauth_core::spec::{KnownScope, SecondScopes};
use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use super::names::ident;
use super::values::{Variant, accepted, closed, text};
use super::{Context, markdown};

/// `Scope`, without variants where the file knows none, and the type of the second set.
pub(super) fn tokens(context: &Context<'_>) -> Result<TokenStream, String> {
    let (first, second) = (first(context)?, context.spec.scopes.second.as_ref());
    let second = second.map(|scopes| self::second(context, scopes)).transpose()?;
    Ok(quote!(#first #second))
}

fn variants(known: &[KnownScope]) -> Vec<Variant<'_>> {
    let doc = |scope: &KnownScope| match &scope.doc {
        Some(doc) => format!("{}: {}", markdown::code(&scope.value), markdown::text(doc)),
        None => format!("{}.", markdown::code(&scope.value)),
    };
    known.iter().map(|scope| Variant { rust: &scope.rust, value: &scope.value, doc: doc(scope) }).collect()
}

/// An option: each value given is one more scope. Where the file knows none it is any text.
fn second(context: &Context<'_>, scopes: &SecondScopes) -> Result<TokenStream, String> {
    let name = ident(&scopes.rust)?;
    let doc = format!(
        "A scope of {}'s second set, in the parameter {} of the authorization request; several are joined by {}.",
        markdown::line(&context.spec.name),
        markdown::code(&scopes.param),
        markdown::code(&scopes.separator),
    );
    let is_enum = !scopes.known.is_empty();
    let kind = if is_enum {
        closed(&name, &doc, "The scope as it is sent.", &variants(&scopes.known))?
    } else {
        text(&name, &doc, false)
    };
    let accepted = accepted(&context.private, &context.marker, &quote!(OptionValue), (&name, &scopes.param), is_enum);
    Ok(quote!(#kind #accepted))
}

fn first(context: &Context<'_>) -> Result<TokenStream, String> {
    let Context { spec, private, marker, .. } = context;
    let name = format_ident!("Scope");
    let variants = variants(&spec.scopes.known);
    let provider = markdown::line(&spec.name);
    let doc = if spec.scopes.none {
        format!("The scopes of {provider}: there are none, its authorization request has no such parameter.")
    } else if variants.is_empty() {
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

    #[test]
    fn a_second_set_is_an_option_of_its_own_type() {
        let text = tokens(&context(&rich())).unwrap().to_string();
        assert!(text.contains("pub enum UserScope"), "{text}");
        assert!(text.contains("OptionValue < Acme > for UserScope"), "{text}");
        assert!(text.contains("const NAME : & 'static str = \"user_scope\""), "{text}");
        let spec = with(|json| json["scopes"]["second"]["known"] = serde_json::json!([]));
        let text = tokens(&context(&spec)).unwrap().to_string();
        assert!(text.contains("pub struct UserScope (:: std :: string :: String)"), "{text}");
    }
}
