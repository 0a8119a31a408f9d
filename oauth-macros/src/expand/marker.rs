//! The marker type: the provider's name in Rust, its spec, and the constructors of its client.

use oauth_core::spec::names::field;
use oauth_core::spec::{Setting, SettingKind};
use proc_macro2::{Ident, TokenStream};
use quote::quote;

use super::mechanisms::{self, Given};
use super::names::{Names, ident};
use super::{Context, docs, extras};

/// The marker, `Provider`, `Compiled` and the constructors. It derives nothing: it is only ever named, and three derives
/// were a tenth of the time to check the catalog.
pub(super) fn tokens(context: &Context<'_>, json: &str) -> Result<TokenStream, String> {
    let Context { spec, private, marker, .. } = context;
    let id = &spec.id;
    let (extras, callback_extras) = extras::types(context);
    let constructors = constructors(context)?;
    let doc = docs::attribute(&docs::marker(context));
    Ok(quote! {
        #doc
        pub struct #marker;
        impl #private::Provider for #marker {
            type Scope = Scope;
            type Extras = #extras;
            type CallbackExtras = #callback_extras;
        }
        impl #private::Compiled for #marker {
            const ID: &'static str = #id;
            #[inline]
            fn spec() -> &'static #private::Arc<#private::ProviderSpec> {
                static SPEC: #private::SpecCell = #private::SpecCell::new(#json);
                SPEC.load()
            }
        }
        #constructors
    })
}

/// `client`, `public` and `from_env`. Required settings are further arguments, so that a missing one is the compiler's
/// own message about a missing argument, which names it.
fn constructors(context: &Context<'_>) -> Result<TokenStream, String> {
    let Context { spec, private, marker, .. } = context;
    let mut names = Names::with(&["id", "credentials"]);
    let (mut arguments, mut sets) = (Vec::new(), Vec::new());
    for setting in spec.required_settings() {
        let (argument, set) = required(setting, &mut names)?;
        arguments.push(argument);
        sets.push(set);
    }
    let Given { arguments: hooks, set: set_hooks, from_env } = mechanisms::given(context)?;
    let arguments = quote!(#(#arguments,)* #(#hooks),*);
    let client_doc = docs::attribute(&docs::client(context));
    let public_doc = docs::attribute(&docs::public(context));
    let env_doc = docs::attribute(&docs::from_env(context));
    let into = quote!(::core::convert::Into);
    Ok(quote! {
        impl #marker {
            #client_doc
            #[inline]
            pub fn client(
                id: impl #into<::std::string::String>,
                credentials: impl #into<#private::ClientAuth>,
                #arguments
            ) -> #private::Client<Self> {
                #private::Client::<Self>::new(id, credentials) #(#sets)* #set_hooks
            }
            #public_doc
            #[inline]
            pub fn public(id: impl #into<::std::string::String>, #arguments) -> #private::Client<Self> {
                #private::Client::<Self>::new(id, #private::ClientAuth::none()) #(#sets)* #set_hooks
            }
            #env_doc
            #[inline]
            pub fn from_env(#(#hooks),*) -> ::core::result::Result<#private::Client<Self>, #private::Error> {
                #from_env
            }
        }
    })
}

/// The argument of a required setting, and what becomes of it.
fn required(setting: &Setting, names: &mut Names) -> Result<(TokenStream, TokenStream), String> {
    let kind: Ident = ident(&setting.rust)?;
    let name = names.take_free(&field(&setting.name))?;
    Ok(if setting.kind == SettingKind::Enum {
        (quote!(#name: #kind), quote!(.set(#name)))
    } else {
        (quote!(#name: impl ::core::convert::Into<#kind>), quote!(.set(::core::convert::Into::<#kind>::into(#name))))
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::{context, rich, with};
    use super::*;

    fn expanded(spec: &oauth_core::ProviderSpec) -> String {
        tokens(&context(spec), &spec.to_json()).unwrap().to_string()
    }

    #[test]
    fn the_spec_is_one_literal_that_decodes_to_itself() {
        let spec = rich();
        let text = expanded(&spec);
        assert!(
            text.contains(&format!("SpecCell :: new ({})", proc_macro2::Literal::string(&spec.to_json()))),
            "{text}"
        );
        assert_eq!(oauth_core::ProviderSpec::from_json(&spec.to_json()).unwrap(), spec);
    }

    #[test]
    fn a_required_setting_is_an_argument_named_after_it() {
        let text = expanded(&rich());
        assert!(text.contains("shop : impl :: core :: convert :: Into < Shop >"), "{text}");
        assert!(!text.contains("region : Region"), "{text}");
        let spec = with(|json| json["settings"][0]["default"] = serde_json::Value::Null);
        let text = expanded(&spec);
        assert!(text.contains("region : Region"), "{text}");
        assert!(text.contains(". set (region)"), "{text}");
    }

    #[test]
    fn a_setting_called_as_an_argument_gets_another_name() {
        let spec = with(|json| json["settings"][1]["name"] = "id".into());
        assert!(expanded(&spec).contains("id_ : impl"));
    }
}
