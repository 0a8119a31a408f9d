//! Types of fields: what Rust type a value of an answer has, which reader fills it, and the struct of such fields.

use oauth_core::spec::{FieldKind, FieldType};
use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};

use super::Context;
use super::docs::attribute;
use super::names::ident;

/// A field of a generated struct.
pub(super) struct Field {
    pub(super) name: Ident,
    pub(super) doc: String,
    /// Its type.
    pub(super) kind: TokenStream,
    /// How it is read: an expression over `fields`.
    pub(super) read: TokenStream,
    /// Whether `Debug` shows it.
    pub(super) shown: bool,
}

/// Whether a text may be a credential, judged by its name and its place in the answer: `Debug` does not show it then.
/// Providers send further tokens in places of their own, and debug output ends in logs.
pub(super) fn may_be_secret(kind: FieldKind, name: &str, at: &str) -> bool {
    const WORDS: [&str; 8] = ["token", "secret", "password", "credential", "jwt", "assertion", "cookie", "session"];
    let is_text = matches!(kind, FieldKind::String | FieldKind::Url | FieldKind::Json);
    let lower = format!("{name} {at}").to_ascii_lowercase();
    is_text && WORDS.iter().any(|word| lower.contains(word))
}

/// The Rust type of one value.
pub(super) fn one(context: &Context<'_>, kind: FieldKind) -> Result<TokenStream, String> {
    let private = &context.private;
    Ok(match kind {
        FieldKind::String | FieldKind::Url => quote!(::std::string::String),
        FieldKind::U32 => quote!(u32),
        FieldKind::U64 => quote!(u64),
        FieldKind::I64 => quote!(i64),
        FieldKind::F64 => quote!(f64),
        FieldKind::Bool => quote!(bool),
        FieldKind::Json => quote!(#private::Value),
        kind => return Err(format!("the type `{}` is newer than these macros: update both crates", kind.as_str())),
    })
}

/// The Rust type of a field, as the file declares it: optional, a list, or both.
pub(super) fn whole(context: &Context<'_>, kind: FieldType) -> Result<TokenStream, String> {
    let mut whole = one(context, kind.kind)?;
    if kind.list {
        whole = quote!(::std::vec::Vec<#whole>);
    }
    if kind.optional {
        whole = quote!(::core::option::Option<#whole>);
    }
    Ok(whole)
}

/// The expression that reads a field. Core's reader has one method per type: `u32`, `opt_u32`, `list_u32`, `opt_list_u32`.
pub(super) fn read(kind: FieldType, at: &str) -> Result<TokenStream, String> {
    let word = ident(kind.kind.as_str())?;
    let method = match (kind.optional, kind.list) {
        (false, false) => word,
        (true, false) => format_ident!("opt_{word}"),
        (false, true) => format_ident!("list_{word}"),
        (true, true) => format_ident!("opt_list_{word}"),
    };
    Ok(quote!(fields.#method(#at)))
}

/// A struct that core fills from an answer and prints.
pub(super) fn structure(context: &Context<'_>, name: &Ident, doc: &str, fields: &[Field]) -> TokenStream {
    let private = &context.private;
    let doc = attribute(doc);
    let shown_name = name.to_string();
    let docs = fields.iter().map(|field| attribute(&field.doc));
    let names: Vec<&Ident> = fields.iter().map(|field| &field.name).collect();
    let labels = names.iter().map(ToString::to_string);
    let shown =
        fields.iter().map(|Field { name, shown, .. }| if *shown { quote!(self.#name) } else { quote!("[redacted]") });
    let kinds = fields.iter().map(|field| &field.kind);
    let reads = fields.iter().map(|field| &field.read);
    quote! {
        #doc
        #[non_exhaustive]
        pub struct #name {
            #(#docs pub #names: #kinds,)*
        }
        impl #private::FromFields for #name {
            #[inline]
            fn from_fields(fields: &mut #private::FieldReader<'_>) -> Self {
                Self { #(#names: #reads,)* }
            }
        }
        impl ::core::fmt::Debug for #name {
            #[inline]
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                #private::debug_struct(f, #shown_name, &[#((#labels, &#shown)),*])
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{context, rich};
    use super::*;

    #[test]
    fn what_may_be_a_credential_is_not_printed() {
        assert!(may_be_secret(FieldKind::String, "bot", "/bot/bot_access_token"));
        assert!(may_be_secret(FieldKind::Json, "sessionKey", "/x"));
        assert!(!may_be_secret(FieldKind::String, "team_id", "/team/id"));
        assert!(!may_be_secret(FieldKind::U64, "token_count", "/token_count"));
    }

    #[test]
    fn a_type_gives_the_field_and_its_reader() {
        let spec = rich();
        for (word, field, reader) in [
            ("string", ":: std :: string :: String", "fields . string (\"/a\")"),
            ("url?", ":: core :: option :: Option < :: std :: string :: String >", "fields . opt_url (\"/a\")"),
            ("[u64]", ":: std :: vec :: Vec < u64 >", "fields . list_u64 (\"/a\")"),
            (
                "[bool]?",
                ":: core :: option :: Option < :: std :: vec :: Vec < bool > >",
                "fields . opt_list_bool (\"/a\")",
            ),
            ("json", "crate :: __private :: Value", "fields . json (\"/a\")"),
        ] {
            let kind: FieldType = word.parse().unwrap();
            assert_eq!(whole(&context(&spec), kind).unwrap().to_string(), field);
            assert_eq!(read(kind, "/a").unwrap().to_string(), reader);
        }
        assert!(FieldKind::words().all(|word| whole(&context(&spec), word.parse().unwrap()).is_ok()));
    }
}
