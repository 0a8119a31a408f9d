//! `client_auth`, `token.response.decode`, `token.session`, `api.sign`: hooks that the constructors take, so that one which
//! is forgotten is the compiler's own message about a missing argument.

use oauth_core::ProviderSpec;
use oauth_core::spec::MechanismKind;
use oauth_core::spec::names::field;
use proc_macro2::{Ident, TokenStream};
use quote::quote;

use super::Context;
use super::names::{Names, ident};

/// An argument of the constructors, behind those of the settings.
pub(super) struct Argument<'a> {
    pub(super) kind: MechanismKind,
    /// The name in the file.
    pub(super) name: &'a str,
    pub(super) ident: Ident,
}

/// The mechanisms that the file selects, each under an argument of its name.
pub(super) fn arguments(spec: &ProviderSpec) -> Result<Vec<Argument<'_>>, String> {
    let mut names = Names::with(&["id", "credentials"]);
    for setting in spec.required_settings() {
        names.take_free(&field(&setting.name))?;
    }
    let one = |(kind, name)| Ok(Argument { kind, name, ident: names.take_free(&field(name))? });
    spec.mechanisms.iter().map(one).collect()
}

/// What the constructors have of them.
pub(super) struct Given {
    pub(super) arguments: Vec<TokenStream>,
    /// The call that gives them to the client; nothing where there are none.
    pub(super) set: TokenStream,
    /// What `from_env` does.
    pub(super) from_env: TokenStream,
}

pub(super) fn given(context: &Context<'_>) -> Result<Given, String> {
    let Context { spec, private, .. } = context;
    let (mut list, mut adds) = (Vec::new(), Vec::new());
    for Argument { kind, name, ident: argument } in arguments(spec)? {
        let (bound, method) = (ident(kind.trait_name())?, ident(kind.method())?);
        list.push(quote!(#argument: impl #private::#bound));
        adds.push(quote!(.#method(#name, #argument)));
    }
    let client = quote!(#private::Client::<Self>::from_env());
    if list.is_empty() {
        return Ok(Given { arguments: list, set: TokenStream::new(), from_env: client });
    }
    let set = quote!(.mechanisms(#private::Mechanisms::new() #(#adds)*));
    let from_env = quote!(::core::result::Result::map(#client, |__client| __client #set));
    Ok(Given { arguments: list, set, from_env })
}

#[cfg(test)]
mod tests {
    use super::super::marker::tokens;
    use super::super::tests::{context, rich, with};

    #[test]
    fn mechanisms_are_the_last_arguments() {
        let text = tokens(&context(&rich()), "{}").unwrap().to_string();
        assert!(!text.contains("mechanisms"), "{text}");
        let spec = with(|json| {
            json["mechanisms"] = serde_json::json!({"client_proof": "shop", "request_signer": "hmac-2"});
        });
        let text = tokens(&context(&spec), "{}").unwrap().to_string();
        let client = "credentials : impl :: core :: convert :: Into < crate :: __private :: ClientAuth > , \
                      shop : impl :: core :: convert :: Into < Shop > , shop_ : impl crate :: __private :: ClientProof , \
                      hmac_2 : impl crate :: __private :: RequestSigner)";
        assert!(text.contains(client), "{text}");
        let set = ". mechanisms (crate :: __private :: Mechanisms :: new () . client_proof (\"shop\" , shop_) \
                   . request_signer (\"hmac-2\" , hmac_2))";
        assert_eq!(text.matches(set).count(), 3, "{text}");
        let from_env = "pub fn from_env (shop_ : impl crate :: __private :: ClientProof , \
                        hmac_2 : impl crate :: __private :: RequestSigner) -> ::";
        assert!(text.contains(from_env), "{text}");
    }
}
