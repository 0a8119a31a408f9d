//! The standards that the provider meets: an empty impl for each, so that a program can demand one with a bound.

use oauth_core::standards::Standard;
use proc_macro2::TokenStream;
use quote::quote;

use super::Context;

/// The impls.
pub(super) fn tokens(context: &Context<'_>) -> TokenStream {
    let Context { spec, private, marker, .. } = context;
    let met = Standard::ALL.into_iter().filter(|standard| spec.meets(*standard).is_ok());
    let traits = met.filter_map(|standard| match standard {
        Standard::Rfc9700 => Some(quote!(Rfc9700)),
        Standard::Fapi2 => Some(quote!(Fapi2)),
        Standard::Mcp => Some(quote!(Mcp)),
        _ => None,
    });
    quote!(#(impl #private::#traits for #marker {})*)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{context, with};
    use super::*;

    #[test]
    fn a_provider_has_the_trait_of_each_standard_that_it_meets() {
        let spec = with(|json| {
            for part in ["authorize", "callback"] {
                json["endpoints"][part] = serde_json::Value::Null;
            }
        });
        let all = tokens(&context(&spec)).to_string();
        for standard in Standard::ALL {
            let name = format!("{standard:?}");
            let expected = spec.meets(standard).is_ok();
            assert_eq!(all.contains(&format!("impl crate :: __private :: {name} for Acme {{ }}")), expected, "{name}");
        }
    }
}
