//! What the provider can do: an empty impl for each, so that calling what it cannot do does not compile.

use proc_macro2::TokenStream;
use quote::quote;

use super::Context;

/// The impls. The names are those of `ProviderSpec::capabilities`.
pub(super) fn tokens(context: &Context<'_>) -> TokenStream {
    let Context { spec, private, marker, .. } = context;
    let traits = spec.capabilities().into_iter().filter_map(|capability| match capability {
        "authorize" => Some(quote!(CanAuthorize)),
        "refresh" => Some(quote!(CanRefresh)),
        "revoke" => Some(quote!(CanRevoke)),
        "register" => Some(quote!(CanRegister)),
        "client_credentials" => Some(quote!(CanUseClientCredentials)),
        "device" => Some(quote!(CanUseDevice)),
        "token_exchange" => Some(quote!(CanExchangeTokens)),
        "jwt_bearer" => Some(quote!(CanUseJwtBearer)),
        "password" => Some(quote!(CanUsePassword)),
        "saml_bearer" => Some(quote!(CanUseSamlBearer)),
        "ciba" => Some(quote!(CanUseBackchannel)),
        "introspect" => Some(quote!(CanIntrospect)),
        "logout" => Some(quote!(CanLogOut)),
        "consent" => Some(quote!(CanAskConsent)),
        "openid" => Some(quote!(HasIdTokens)),
        "profile" => Some(quote!(HasProfile)),
        "api" => Some(quote!(HasApi)),
        _ => None,
    });
    quote!(#(impl #private::#traits for #marker {})*)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{context, rich, with};
    use super::*;

    #[test]
    fn a_capability_is_there_when_the_file_has_it() {
        let all = tokens(&context(&rich())).to_string();
        for capability in [
            "CanAuthorize",
            "CanRefresh",
            "CanRevoke",
            "CanIntrospect",
            "CanLogOut",
            "HasIdTokens",
            "HasProfile",
            "HasApi",
        ] {
            assert!(all.contains(&format!("impl crate :: __private :: {capability} for Acme {{ }}")), "{all}");
        }
        let spec = with(|json| {
            json["endpoints"]["authorization"] = serde_json::Value::Null;
            for part in ["refresh", "revoke", "introspect", "logout", "openid", "profile", "api"] {
                json[part] = serde_json::Value::Null;
            }
        });
        assert!(tokens(&context(&spec)).is_empty());
    }

    #[test]
    fn each_grant_has_its_trait() {
        let request = serde_json::json!({"method": "POST", "format": "form", "grant_type": "x", "client_auth": true});
        let device = serde_json::json!({"request": request, "authorization": {"method": "POST", "format": "form", "client_auth": true}});
        let spec = with(|json| {
            json["grants"] = serde_json::json!({
                "client_credentials": request, "device": device, "token_exchange": request,
                "jwt_bearer": {"request": request}, "password": request, "saml_bearer": request,
                "ciba": {"request": request, "authentication": {"client_auth": true}},
            });
        });
        let all = tokens(&context(&spec)).to_string();
        for grant in [
            "CanUseClientCredentials",
            "CanUseDevice",
            "CanExchangeTokens",
            "CanUseJwtBearer",
            "CanUsePassword",
            "CanUseSamlBearer",
            "CanUseBackchannel",
        ] {
            assert!(all.contains(&format!("impl crate :: __private :: {grant} for Acme {{ }}")), "{all}");
        }
    }

    #[test]
    fn every_capability_of_a_spec_has_its_trait() {
        let spec = rich();
        let impls = tokens(&context(&spec)).to_string().matches("impl").count();
        assert_eq!(impls, spec.capabilities().len());
    }
}
