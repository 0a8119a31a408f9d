//! From a [`ProviderSpec`] to tokens.
//!
//! One section of the spec, one module here, one function that is called from [`module`] below. What is emitted is lean,
//! because it is compiled once per provider: data as literals, empty impls, plain structs. Whatever does work is in
//! `oauth-core`.
//!
//! Text from a file enters generated code as `quote!` literals only, and as identifiers only through [`names::ident`].
//! Every path starts at `::core`, `::std` or the path that the macro was given, so that nothing a user defines, and not
//! even `#![no_implicit_prelude]`, changes what it means.

mod capabilities;
mod docs;
mod environments;
mod extras;
mod fields;
mod markdown;
mod marker;
mod mechanisms;
mod names;
mod operations;
mod options;
mod results;
mod scopes;
mod settings;
mod standards;
mod tracking;
mod values;

use oauth_core::ProviderSpec;
use proc_macro2::{Ident, TokenStream};
use quote::quote;

use crate::folder::{File, Found};

/// How a macro was called, as far as the tokens depend on it.
pub(crate) struct Door<'a> {
    /// The path of `oauth-providers`.
    pub(crate) krate: &'a TokenStream,
    /// Whether doc examples are compiled (in the catalog crate) or only shown.
    pub(crate) catalog: bool,
    /// The folder as the user wrote it.
    pub(crate) folder: &'a str,
}

/// What every section needs to know.
struct Context<'a> {
    spec: &'a ProviderSpec,
    /// The path of the items that core keeps for generated code.
    private: TokenStream,
    marker: Ident,
    catalog: bool,
}

/// A provider's module.
pub(crate) struct Module {
    id: String,
    name: Ident,
    marker: Ident,
    tokens: TokenStream,
}

/// The module of one provider, or in words what of it cannot be Rust. `json` is the spec, too.
pub(crate) fn module(door: &Door<'_>, spec: &ProviderSpec, json: &str) -> Result<Module, String> {
    names::check_items(spec)?;
    let krate = door.krate;
    let marker = names::ident(&spec.marker)?;
    let context = Context { spec, private: quote!(#krate::__private), marker: marker.clone(), catalog: door.catalog };
    let sections = [
        marker::tokens(&context, json)?,
        capabilities::tokens(&context),
        standards::tokens(&context),
        scopes::tokens(&context)?,
        settings::tokens(&context)?,
        environments::tokens(&context)?,
        options::tokens(&context)?,
        extras::tokens(&context)?,
        operations::tokens(&context)?,
        results::tokens(&context)?,
    ];
    let name = names::ident(&spec.module)?;
    let doc = docs::attribute(&docs::module(&context));
    let tokens = quote! {
        #doc
        pub mod #name {
            #(#sections)*
        }
    };
    Ok(Module { id: spec.id.clone(), name, marker, tokens })
}

/// All that `provider!` emits.
pub(crate) fn file(files: &[&File], modules: &[Module]) -> TokenStream {
    let tracked = tracking::include(files);
    let modules = modules.iter().map(|module| &module.tokens);
    quote!(#(#modules)* #tracked)
}

/// All that `providers!` emits.
pub(crate) fn folder(door: &Door<'_>, found: &Found, files: &[&File], modules: &[Module]) -> TokenStream {
    let catalog = catalog(door, modules);
    let test = tracking::test(door, found);
    let modules = file(files, modules);
    quote!(#modules #catalog #test)
}

/// The list of the folder's providers. Its constant is inside the function, so that it exists only where it is used.
fn catalog(door: &Door<'_>, modules: &[Module]) -> TokenStream {
    let krate = door.krate;
    let doc = docs::attribute(&format!(
        "The providers of {}, sorted by id: what tools list. Using it links all of them into the program.",
        if door.catalog { "the catalog".to_owned() } else { format!("the folder {}", markdown::code(door.folder)) },
    ));
    let entries = modules.iter().map(|Module { id, name, marker, .. }| {
        quote!(#krate::__private::CatalogEntry::new(#id, <#name::#marker as #krate::__private::Compiled>::spec))
    });
    quote! {
        #doc
        #[inline]
        pub fn catalog() -> &'static [#krate::__private::CatalogEntry] {
            const ENTRIES: &[#krate::__private::CatalogEntry] = &[#(#entries),*];
            ENTRIES
        }
    }
}

#[cfg(test)]
mod tests;
