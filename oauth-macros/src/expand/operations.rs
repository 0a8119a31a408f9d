//! `api.operations`: a value for each, which `account.call` takes.

use oauth_core::spec::{FieldKind, Operation, Parameter, ParameterPlace};
use proc_macro2::{Ident, TokenStream};
use quote::quote;

use super::names::{Names, ident};
use super::{Context, docs, fields};

/// The types of all operations.
pub(super) fn tokens(context: &Context<'_>) -> Result<TokenStream, String> {
    context.spec.api.iter().flat_map(|api| &api.operations).map(|operation| one(context, operation)).collect()
}

/// Required parameters are arguments of `new`, optional ones are methods.
fn one(context: &Context<'_>, operation: &Operation) -> Result<TokenStream, String> {
    let private = &context.private;
    let name = ident(&operation.rust)?;
    let wire_name = &operation.name;
    let (required, optional): (Vec<_>, Vec<_>) =
        operation.parameters.iter().partition(|parameter| is_required(parameter));

    let mut arguments = Names::default();
    let required: Vec<Argument> =
        required.into_iter().map(|parameter| argument(context, parameter, &mut arguments)).collect::<Result<_, _>>()?;
    let mut methods = Names::with(&["new"]);
    let optional: Vec<TokenStream> =
        optional.into_iter().map(|parameter| method(context, parameter, &mut methods)).collect::<Result<_, _>>()?;

    let declared = required.iter().map(|argument| {
        let Argument { name, kind, .. } = argument;
        quote!(#name: #kind)
    });
    let sets = required.iter().map(|argument| &argument.set);
    let doc = docs::attribute(&docs::operation(context, operation));
    let new_doc = docs::attribute(&docs::operation_new(operation));
    let call = call(context, &name, operation)?;
    Ok(quote! {
        #doc
        #[must_use = "this describes a call: give it to `account.call(..)`"]
        pub struct #name {
            call: #private::OperationCall,
        }
        impl #name {
            #new_doc
            #[inline]
            pub fn new(#(#declared),*) -> Self {
                Self { call: #private::OperationCall::new(#wire_name) #(#sets)* }
            }
            #(#optional)*
        }
        #call
    })
}

/// How core gets the call out, and its answer in.
fn call(context: &Context<'_>, name: &Ident, operation: &Operation) -> Result<TokenStream, String> {
    let Context { private, marker, .. } = context;
    let (output, read) = match &operation.returns {
        None => (quote!(#private::Value), quote!(output.json())),
        Some(returns) => {
            let one = ident(&returns.rust)?;
            if returns.list {
                (quote!(::std::vec::Vec<#one>), quote!(output.list()))
            } else {
                (quote!(#one), quote!(output.object()))
            }
        }
    };
    Ok(quote! {
        impl #private::ApiCall<#marker> for #name {
            type Output = #output;
            #[inline]
            fn into_call(self) -> #private::OperationCall {
                self.call
            }
            #[inline]
            fn read(output: #private::OperationOutput<'_>) -> ::core::result::Result<Self::Output, ::std::string::String> {
                #read
            }
        }
    })
}

/// A parameter as an argument.
struct Argument {
    name: Ident,
    kind: TokenStream,
    /// What puts it into the call.
    set: TokenStream,
}

fn is_required(parameter: &Parameter) -> bool {
    !parameter.kind.optional || parameter.place == ParameterPlace::Path
}

fn argument(context: &Context<'_>, parameter: &Parameter, names: &mut Names) -> Result<Argument, String> {
    let name = names.take(&parameter.rust)?;
    let (kind, value) = accepted(context, parameter, &name)?;
    let wire_name = &parameter.name;
    Ok(Argument { set: quote!(.set(#wire_name, #value)), name, kind })
}

fn method(context: &Context<'_>, parameter: &Parameter, names: &mut Names) -> Result<TokenStream, String> {
    let name = names.take_free(&parameter.rust)?;
    let argument = argument(context, parameter, &mut Names::default())?;
    let Argument { name: value, kind, set } = argument;
    let doc = docs::attribute(&docs::parameter(parameter));
    Ok(quote! {
        #doc
        #[inline]
        pub fn #name(self, #value: #kind) -> Self {
            Self { call: self.call #set }
        }
    })
}

/// What a caller may give for the parameter, and what core gets. A list travels as a JSON array.
fn accepted(context: &Context<'_>, parameter: &Parameter, name: &Ident) -> Result<(TokenStream, TokenStream), String> {
    let private = &context.private;
    let into = quote!(::core::convert::Into);
    let one = fields::one(context, parameter.kind.kind)?;
    Ok(if parameter.kind.list {
        let list = quote!(::std::vec::Vec<#one>);
        (quote!(impl #into<#list>), quote!(<#private::Value as ::core::convert::From<#list>>::from(#into::into(#name))))
    } else if matches!(parameter.kind.kind, FieldKind::String | FieldKind::Url | FieldKind::Json) {
        (quote!(impl #into<#one>), quote!(#into::<#one>::into(#name)))
    } else {
        (one, quote!(#name))
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::{context, rich, with};
    use super::*;

    #[test]
    fn required_parameters_are_arguments_and_optional_ones_methods() {
        let text = tokens(&context(&rich())).unwrap().to_string();
        assert!(
            text.contains("pub fn new (owner : impl :: core :: convert :: Into < :: std :: string :: String >"),
            "{text}"
        );
        assert!(text.contains("pub fn per_page (self , per_page : u32) -> Self"), "{text}");
        assert!(text.contains("self . call . set (\"per_page\" , per_page)"), "{text}");
    }

    #[test]
    fn a_list_is_a_json_array() {
        let text = tokens(&context(&rich())).unwrap().to_string();
        assert!(
            text.contains("pub fn labels (self , labels : impl :: core :: convert :: Into < :: std :: vec :: Vec <"),
            "{text}"
        );
    }

    #[test]
    fn a_parameter_called_new_does_not_replace_the_constructor() {
        let spec = with(|json| json["api"]["operations"][0]["parameters"][0]["rust"] = "new".into());
        assert!(tokens(&context(&spec)).unwrap().to_string().contains("pub fn new_ (self , new :"));
    }

    #[test]
    fn the_output_follows_returns() {
        let text = tokens(&context(&rich())).unwrap().to_string();
        assert!(text.contains("type Output = :: std :: vec :: Vec < Repo >"), "{text}");
        assert!(text.contains("type Output = Repo"), "{text}");
        assert!(text.contains("type Output = crate :: __private :: Value"), "{text}");
    }
}
