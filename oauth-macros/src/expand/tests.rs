//! What the sections' tests share, and the golden file: the whole expansion of one rich provider.

use std::path::Path;

use super::*;

const RICH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests-data/acme.json");

/// A provider with a bit of everything.
pub(super) fn rich() -> ProviderSpec {
    with(|_| {})
}

/// [`rich`] with a change.
pub(super) fn with(change: impl FnOnce(&mut serde_json::Value)) -> ProviderSpec {
    let mut json = serde_json::from_str(&std::fs::read_to_string(RICH).unwrap()).unwrap();
    change(&mut json);
    ProviderSpec::from_json(&json.to_string()).unwrap()
}

/// As in a user's crate.
pub(super) fn context(spec: &ProviderSpec) -> Context<'_> {
    Context { spec, private: quote!(crate::__private), marker: names::ident(&spec.marker).unwrap(), catalog: false }
}

fn door(krate: &TokenStream) -> Door<'_> {
    Door { krate, catalog: false, folder: "providers" }
}

fn expand(spec: &ProviderSpec) -> TokenStream {
    let krate = quote!(::oauth_providers);
    let module = module(&door(&krate), spec, &spec.to_json()).unwrap();
    folder(&door(&krate), &Found::default(), &[], &[module])
}

/// The golden file is for reading: `UPDATE_GOLDEN=1 cargo test -p oauth-macros` writes it anew, and the difference is
/// what a change to the macros changes for users.
#[test]
fn the_expansion_is_the_golden_file() {
    let golden = Path::new(RICH).with_extension("expanded");
    let file: syn::File = syn::parse2(expand(&rich())).unwrap();
    let text = prettyplease::unparse(&file);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&golden, &text).unwrap();
    }
    assert_eq!(text, std::fs::read_to_string(&golden).unwrap().replace('\r', ""), "UPDATE_GOLDEN=1 accepts the change");
    syn::parse_file(&text).unwrap();
}

#[test]
fn gen_12_the_expansion_is_the_same_each_time() {
    assert_eq!(expand(&rich()).to_string(), expand(&rich()).to_string());
}

#[test]
fn every_public_item_is_documented() {
    let file: syn::File = syn::parse2(expand(&rich())).unwrap();
    let undocumented = undocumented(&file.items);
    assert!(undocumented.is_empty(), "{undocumented:?}");
}

fn undocumented(items: &[syn::Item]) -> Vec<String> {
    let has_doc = |attrs: &[syn::Attribute]| attrs.iter().any(|attribute| attribute.path().is_ident("doc"));
    let is_public = |vis: &syn::Visibility| matches!(vis, syn::Visibility::Public(_));
    let mut found = Vec::new();
    let mut check = |vis: &syn::Visibility, attrs: &[syn::Attribute], name: String| {
        if is_public(vis) && !has_doc(attrs) {
            found.push(name);
        }
    };
    let mut inner = Vec::new();
    for item in items {
        match item {
            syn::Item::Mod(item) => {
                check(&item.vis, &item.attrs, item.ident.to_string());
                inner.extend(item.content.iter().flat_map(|(_, items)| undocumented(items)));
            }
            syn::Item::Struct(item) => {
                check(&item.vis, &item.attrs, item.ident.to_string());
                for field in &item.fields {
                    check(&field.vis, &field.attrs, format!("{}.{:?}", item.ident, field.ident));
                }
            }
            syn::Item::Enum(item) => {
                check(&item.vis, &item.attrs, item.ident.to_string());
                for variant in &item.variants {
                    check(&item.vis, &variant.attrs, format!("{}::{}", item.ident, variant.ident));
                }
            }
            syn::Item::Fn(item) => check(&item.vis, &item.attrs, item.sig.ident.to_string()),
            syn::Item::Impl(item) => {
                for member in &item.items {
                    if let syn::ImplItem::Fn(member) = member {
                        check(&member.vis, &member.attrs, member.sig.ident.to_string());
                    }
                }
            }
            _ => {}
        }
    }
    found.extend(inner);
    found
}

/// GEN-01: whatever a file says is a literal or a checked name, so that the items are the same.
#[test]
fn text_of_a_file_adds_no_item() {
    let hostile = "\"] pub fn evil() {} #[doc = \"\n*/ pub fn evil() {} /*\n```\nevil();\n```\n{0} \\u{202e} r#\"";
    let spec = with(|json| {
        for key in ["description", "name"] {
            json[key] = hostile.into();
        }
        json["scopes"]["known"][0]["doc"] = hostile.into();
        json["scopes"]["known"][0]["value"] = hostile.into();
        json["quirks"][0]["because"] = hostile.into();
        json["environments"][0]["doc"] = hostile.into();
        json["environments"][0]["hosts"][0][1] = hostile.into();
        json["scopes"]["second"]["param"] = hostile.into();
        json["scopes"]["second"]["known"][0]["doc"] = hostile.into();
        json["settings"][1]["doc"] = hostile.into();
        json["settings"][0]["values"][0][1] = hostile.into();
        json["api"]["operations"][0]["doc"] = hostile.into();
        json["api"]["operations"][0]["returns"]["fields"][0]["at"] = hostile.into();
        json["api"]["operations"][1]["returns"]["fields"][0]["at"] = hostile.into();
    });
    let items = |spec| {
        let file: syn::File = syn::parse2(expand(spec)).unwrap();
        let syn::Item::Mod(module) = &file.items[0] else { panic!("the first item is the module") };
        (file.items.len(), module.content.as_ref().map(|(_, items)| items.len()))
    };
    assert_eq!(items(&spec), items(&rich()));
}

/// GEN-02: a name that Rust reserves, or none at all, is a message and no tokens.
#[test]
fn a_name_that_is_none_is_a_fault() {
    for pointer in [
        "/module",
        "/marker",
        "/scopes/known/0/rust",
        "/scopes/second/rust",
        "/scopes/second/known/0/rust",
        "/environments/0/rust",
        "/settings/0/rust",
        "/settings/0/values/0/2",
        "/authorize/options/0/rust",
        "/authorize/options/0/values/0/1",
        "/callback/keep/0/rust",
        "/api/operations/0/rust",
        "/api/operations/0/parameters/0/rust",
        "/api/operations/2/returns/rust",
    ] {
        for name in ["crate", "", "a b", "1", "x{}"] {
            let spec = with(|json| *json.pointer_mut(pointer).unwrap() = name.into());
            let krate = quote!(crate);
            assert!(module(&door(&krate), &spec, &spec.to_json()).is_err(), "{pointer} = {name:?}");
        }
    }
}
