//! `environments`: the enum of the provider's other hosts.

use oauth_core::spec::Environment;
use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use super::values::{Variant, closed};
use super::{Context, markdown};

/// `Environment`, where the file has some.
pub(super) fn tokens(context: &Context<'_>) -> Result<TokenStream, String> {
    let Context { spec, private, marker, .. } = context;
    if spec.environments.is_empty() {
        return Ok(TokenStream::new());
    }
    let name = format_ident!("Environment");
    let variants: Vec<Variant<'_>> = spec
        .environments
        .iter()
        .map(|environment| Variant { rust: &environment.rust, value: &environment.name, doc: doc(environment) })
        .collect();
    let doc = format!(
        "Other hosts on which {} runs. Without a choice the client goes to those of production.",
        markdown::line(&spec.name)
    );
    let environments = closed(&name, &doc, "The name that the provider's file has for it.", &variants)?;
    Ok(quote! {
        #environments
        impl #private::EnvironmentValue<#marker> for #name {
            #[inline]
            fn into_name(self) -> &'static str {
                self.as_str()
            }
        }
    })
}

fn doc(environment: &Environment) -> String {
    let hosts: Vec<String> = environment
        .hosts
        .iter()
        .map(|(from, to)| format!("{} for {}", markdown::code(to), markdown::code(from)))
        .collect();
    let hosts = hosts.join(", ");
    match &environment.doc {
        Some(doc) => format!("{}: {hosts}.", markdown::text(doc).trim_end_matches('.')),
        None => format!("{hosts}."),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{context, rich, with};
    use super::*;

    #[test]
    fn each_environment_is_a_variant() {
        let text = tokens(&context(&rich())).unwrap().to_string();
        assert!(text.contains("pub enum Environment"), "{text}");
        assert!(text.contains("Self :: Sandbox => \"sandbox\""), "{text}");
        assert!(text.contains("EnvironmentValue < Acme > for Environment"), "{text}");
        assert!(text.contains("To try things: `test.acme.example` for `api.acme.example`."), "{text}");
    }

    #[test]
    fn without_environments_there_is_no_type() {
        let spec = with(|json| json["environments"] = serde_json::json!([]));
        assert!(tokens(&context(&spec)).unwrap().is_empty());
    }
}
