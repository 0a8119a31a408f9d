//! Types of values that a user passes: an enum over a closed list, or a text of its own type.

use proc_macro2::{Ident, TokenStream};
use quote::quote;

use super::docs::attribute;
use super::names::Names;

/// A value of a closed list.
pub(super) struct Variant<'a> {
    /// The variant's name.
    pub(super) rust: &'a str,
    /// What it is on the wire or in the file.
    pub(super) value: &'a str,
    pub(super) doc: String,
}

/// An enum with `as_str`, or in words which variant cannot be one. It has no `Hash`, which each crate would check once
/// per provider and hardly anyone calls.
pub(super) fn closed(
    name: &Ident,
    doc: &str,
    as_str_doc: &str,
    variants: &[Variant<'_>],
) -> Result<TokenStream, String> {
    let mut names = Names::default();
    let idents: Vec<Ident> = variants.iter().map(|variant| names.take(variant.rust)).collect::<Result<_, _>>()?;
    let docs = variants.iter().map(|variant| attribute(&variant.doc));
    let values = variants.iter().map(|variant| variant.value);
    let (doc, as_str_doc) = (attribute(doc), attribute(as_str_doc));
    let body =
        if variants.is_empty() { quote!(match self {}) } else { quote!(match self { #(Self::#idents => #values,)* }) };
    Ok(quote! {
        #doc
        #[derive(::core::clone::Clone, ::core::marker::Copy, ::core::cmp::PartialEq)]
        #[non_exhaustive]
        pub enum #name {
            #(#docs #idents,)*
        }
        impl #name {
            #as_str_doc
            #[inline]
            pub const fn as_str(self) -> &'static str {
                #body
            }
        }
        impl ::core::cmp::Eq for #name {}
        impl ::core::fmt::Debug for #name {
            #[inline]
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    })
}

/// A text of its own type, made from `&str` and `String` (and from `u16`, if it is a port).
pub(super) fn text(name: &Ident, doc: &str, port: bool) -> TokenStream {
    let doc = attribute(doc);
    let from = |source: TokenStream, value: TokenStream| {
        quote! {
            impl ::core::convert::From<#source> for #name {
                #[inline]
                fn from(value: #source) -> Self {
                    Self(#value)
                }
            }
        }
    };
    let from_str = from(quote!(&str), quote!(<::std::string::String as ::core::convert::From<&str>>::from(value)));
    let from_string = from(quote!(::std::string::String), quote!(value));
    let from_port = port.then(|| from(quote!(u16), quote!(::std::string::ToString::to_string(&value))));
    quote! {
        #doc
        #[derive(::core::clone::Clone)]
        pub struct #name(::std::string::String);
        #from_str
        #from_string
        #from_port
        impl ::core::fmt::Debug for #name {
            #[inline]
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                ::core::fmt::Debug::fmt(&self.0, f)
            }
        }
    }
}

/// The impl by which core takes the value: of `SettingValue` or `OptionValue`, which have the same members.
pub(super) fn accepted(
    private: &TokenStream,
    marker: &Ident,
    trait_name: &TokenStream,
    (name, wire_name): (&Ident, &str),
    is_enum: bool,
) -> TokenStream {
    let value = if is_enum {
        quote!(::std::borrow::Cow::Borrowed(self.as_str()))
    } else {
        quote!(::std::borrow::Cow::Owned(self.0))
    };
    quote! {
        impl #private::#trait_name<#marker> for #name {
            const NAME: &'static str = #wire_name;
            #[inline]
            fn into_value(self) -> ::std::borrow::Cow<'static, str> {
                #value
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use quote::format_ident;

    fn variant<'a>(rust: &'a str, value: &'a str) -> Variant<'a> {
        Variant { rust, value, doc: "Doc.".to_owned() }
    }

    #[test]
    fn an_enum_has_a_variant_per_value_and_its_text() {
        let name = format_ident!("Scope");
        let tokens =
            closed(&name, "Scopes.", "Text.", &[variant("Repo", "repo"), variant("ReadUser", "read:user")]).unwrap();
        assert!(
            tokens
                .to_string()
                .contains("match self { Self :: Repo => \"repo\" , Self :: ReadUser => \"read:user\" , }")
        );
        syn::parse2::<syn::File>(tokens).unwrap();
        let empty = closed(&name, "Scopes.", "Text.", &[]).unwrap().to_string();
        assert!(empty.contains("match self { }"), "{empty}");
    }

    #[test]
    fn two_variants_do_not_share_a_name() {
        let fault = closed(&format_ident!("Scope"), "", "", &[variant("A", "a"), variant("A", "A")]).unwrap_err();
        assert!(fault.contains("`A`"), "{fault}");
    }

    #[test]
    fn gen_01_a_value_is_a_literal_whatever_it_holds() {
        let hostile = "\"}} fn evil() {{ //";
        let tokens = closed(&format_ident!("Scope"), hostile, hostile, &[variant("A", hostile)]).unwrap();
        let file: syn::File = syn::parse2(tokens).unwrap();
        assert_eq!(file.items.len(), 4);
    }
}
