//! The macros behind `oauth_providers::providers!` and `oauth_providers::provider!`.
//!
//! They only expand: a file's text becomes a [`ProviderSpec`](oauth_core::ProviderSpec) in `oauth-core`, by the loader
//! and the checks that run-time files pass too, and here the spec becomes tokens. The pipeline, each step one module:
//! `input` (the macro's arguments), `folder` (find and read files), `compile` (the pipeline itself), `expand` (tokens).
//!
//! Use them through `oauth-providers`, whose macros of the same names pass the path that generated code starts at.

mod compile;
mod expand;
mod folder;
mod input;

use proc_macro::TokenStream;

/// `providers! { [path::to::oauth_providers] "folder" }`: a module for each provider file of the folder, and `catalog()`.
///
/// With the word `catalog` before the folder, doc examples are compiled as those of the crate `oauth_providers`.
#[proc_macro]
pub fn providers(input: TokenStream) -> TokenStream {
    compile::providers(input.into()).into()
}

/// `provider! { [path::to::oauth_providers] "acme.yaml" }`: the module of one provider file.
#[proc_macro]
pub fn provider(input: TokenStream) -> TokenStream {
    compile::provider(input.into()).into()
}
