//! The extras of `token.response` and `token.lookup`, and `callback.keep`: what comes along with the tokens, as structs.

use oauth_core::spec::names::field;
use oauth_core::spec::{ExtraField, FieldKind, FieldType, KeptValue};
use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};

use super::fields::{Field, may_be_secret, read, structure, whole};
use super::names::Names;
use super::{Context, docs, markdown};

/// `Extras` and `CallbackExtras`, each where the file declares some.
pub(super) fn tokens(context: &Context<'_>) -> Result<TokenStream, String> {
    let spec = context.spec;
    let provider = markdown::line(&spec.name);
    let mut names = Names::default();
    let extras: Vec<Field> =
        spec.token.kept_extras().map(|(extra, at)| token(context, extra, &at, &mut names)).collect::<Result<_, _>>()?;
    let mut names = Names::default();
    let kept: Vec<Field> =
        spec.callback.keep.iter().map(|kept| callback(kept, &mut names)).collect::<Result<_, _>>()?;
    let extras_doc = format!("What {provider} sends along with the tokens.");
    let kept_doc = format!("What {provider} sends along with the authorization code.");
    let structure =
        |name: &Ident, doc: &str, fields: &[Field]| (!fields.is_empty()).then(|| structure(context, name, doc, fields));
    let extras = structure(&format_ident!("Extras"), &extras_doc, &extras);
    let kept = structure(&format_ident!("CallbackExtras"), &kept_doc, &kept);
    Ok(quote!(#extras #kept))
}

/// The types that the provider names: `Extras` and `CallbackExtras`, or core's empty one.
pub(super) fn types(context: &Context<'_>) -> (TokenStream, TokenStream) {
    let private = &context.private;
    let either = |any: bool, name: TokenStream| if any { name } else { quote!(#private::NoExtras) };
    (
        either(context.spec.token.extras().next().is_some(), quote!(Extras)),
        either(!context.spec.callback.keep.is_empty(), quote!(CallbackExtras)),
    )
}

/// An extra never makes a login fail: it is optional, and a list is empty where it is missing.
///
/// `at` is where it is in what is kept of the answers; the file has where it was in the answer itself.
fn token(context: &Context<'_>, extra: &ExtraField, at: &str, names: &mut Names) -> Result<Field, String> {
    let looked_up = context.spec.token.lookup.iter().flat_map(|lookup| &lookup.extras).any(|other| other == extra);
    let answer = if looked_up { "lookup's answer" } else { "token response" };
    let empty_if_missing = extra.kind.list && !extra.kind.optional;
    let mut lenient: FieldType = extra.kind;
    lenient.optional = true;
    let read = read(lenient, at)?;
    Ok(Field {
        name: names.take(&field(&extra.name))?,
        doc: docs::described(extra.doc.as_deref(), &docs::pointed(&extra.at, answer)),
        kind: whole(context, if empty_if_missing { extra.kind } else { lenient })?,
        read: if empty_if_missing { quote!(#read.unwrap_or_default()) } else { read },
        // JSON may hold the whole token response.
        shown: extra.kind.kind != FieldKind::Json && !may_be_secret(extra.kind.kind, &extra.name, &extra.at),
    })
}

fn callback(kept: &KeptValue, names: &mut Names) -> Result<Field, String> {
    // RFC 6901 section 3: `~` and `/` of a member's name are escaped in a pointer.
    let at = format!("/{}", kept.name.replace('~', "~0").replace('/', "~1"));
    Ok(Field {
        name: names.take(&kept.rust)?,
        doc: docs::described(kept.doc.as_deref(), &format!("{} of the callback", markdown::code(&kept.name))),
        kind: quote!(::core::option::Option<::std::string::String>),
        read: quote!(fields.opt_string(#at)),
        shown: !may_be_secret(FieldKind::String, &kept.name, ""),
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::{context, rich, with};
    use super::*;

    #[test]
    fn extras_are_optional_and_lists_may_be_empty() {
        let text = tokens(&context(&rich())).unwrap().to_string();
        assert!(text.contains("pub api_domain : :: core :: option :: Option < :: std :: string :: String >"), "{text}");
        assert!(text.contains("api_domain : fields . opt_url (\"/api_domain\")"), "{text}");
        assert!(text.contains("pub teams : :: std :: vec :: Vec < u64 >"), "{text}");
        assert!(text.contains("fields . opt_list_u64 (\"/teams\") . unwrap_or_default ()"), "{text}");
    }

    #[test]
    fn what_is_worked_out_or_looked_up_is_kept_under_its_name() {
        let text = tokens(&context(&rich())).unwrap().to_string();
        assert!(text.contains("user_id : fields . opt_string (\"/user_id\")"), "{text}");
        assert!(text.contains("api_endpoint : fields . opt_url (\"/api_endpoint\")"), "{text}");
        assert!(text.contains("`/access_token` of the token response"), "{text}");
        assert!(text.contains("`/endpoints/api` of the lookup's answer"), "{text}");
    }

    #[test]
    fn kept_values_are_read_by_an_escaped_pointer() {
        let spec = with(|json| json["callback"]["keep"][0]["name"] = "a/b~c".into());
        let text = tokens(&context(&spec)).unwrap().to_string();
        assert!(text.contains("location : fields . opt_string (\"/a~1b~0c\")"), "{text}");
    }

    #[test]
    fn without_extras_there_is_no_struct() {
        let spec = with(|json| {
            json["token"]["response"]["extras"] = serde_json::json!([]);
            json["token"]["lookup"] = serde_json::Value::Null;
            json["callback"]["keep"] = serde_json::json!([]);
        });
        assert!(tokens(&context(&spec)).unwrap().is_empty());
        let (extras, kept) = types(&context(&spec));
        assert_eq!(extras.to_string(), "crate :: __private :: NoExtras");
        assert_eq!(kept.to_string(), "crate :: __private :: NoExtras");
    }
}
