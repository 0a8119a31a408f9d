//! Documentation of generated items: the file's words, made harmless by `markdown`, and what follows from its facts.

mod example;
mod module;

use std::fmt::Write as _;

use oauth_core::spec::names;
use oauth_core::spec::{AuthorizeOption, MechanismKind, Operation, Parameter, Setting, SettingKind};
use proc_macro2::TokenStream;
use quote::quote;

pub(super) use self::module::module;
use super::{Context, markdown, mechanisms};

/// The text as a doc comment; on one line it looks like one that a person wrote.
pub(super) fn attribute(text: &str) -> TokenStream {
    let text = if text.contains('\n') { text.to_owned() } else { format!(" {text}") };
    quote!(#[doc = #text])
}

/// The file's words on an item, and what it is.
pub(super) fn described(doc: Option<&str>, what: &str) -> String {
    match doc {
        Some(doc) => format!("{}\n\n{what}.", markdown::text(doc)),
        None => format!("{what}."),
    }
}

/// The marker type.
pub(super) fn marker(context: &Context<'_>) -> String {
    let name = markdown::line(&context.spec.name);
    format!("{name}: `{0}::client`, `{0}::public` and `{0}::from_env` make its client.", context.marker)
}

/// `client`.
pub(super) fn client(context: &Context<'_>) -> String {
    let name = markdown::line(&context.spec.name);
    format!(
        "A client of {name} that can keep a secret: the id and the credentials that the provider gave it.\n{}\n\n{}",
        settings_list(context),
        example::client(context),
    )
}

/// `public`.
pub(super) fn public(context: &Context<'_>) -> String {
    let name = markdown::line(&context.spec.name);
    format!(
        "A public client of {name}, which has no secret: a desktop or command-line program.\n{}",
        settings_list(context)
    )
}

/// `from_env`, with the variables' names, made as core makes them.
pub(super) fn from_env(context: &Context<'_>) -> String {
    let spec = context.spec;
    let prefix = names::snake(&spec.module).trim_end_matches('_').to_ascii_uppercase();
    let variable = |name: &str| markdown::code(&format!("{prefix}_{}", names::snake(name).to_ascii_uppercase()));
    let settings = spec.settings.iter().map(|setting| {
        let optional = if setting.is_required() { "" } else { " (optional)" };
        format!(", {}{optional}", variable(&setting.name))
    });
    format!(
        "A client of {} from environment variables: {} and {} (none for a public client){}.",
        markdown::line(&spec.name),
        variable("client_id"),
        variable("client_secret"),
        settings.collect::<String>(),
    )
}

/// What a JSON pointer points at in an answer.
pub(super) fn pointed(at: &str, answer: &str) -> String {
    if at.is_empty() { format!("The whole {answer}") } else { format!("{} of the {answer}", markdown::code(at)) }
}

/// The type of a setting.
pub(super) fn setting(context: &Context<'_>, setting: &Setting) -> String {
    let kind = match setting.kind {
        SettingKind::Enum | SettingKind::Text => "",
        SettingKind::Label => ", one DNS label",
        SettingKind::Host => ", a DNS name",
        SettingKind::Port => ", a port",
        SettingKind::Slug => ", a path segment",
        SettingKind::Url => ", an address",
        kind => kind.as_str(),
    };
    let default = match &setting.default {
        Some(default) => format!("{} when it is not set", markdown::code(default)),
        None => "required".to_owned(),
    };
    let (name, provider) = (markdown::code(&setting.name), markdown::line(&context.spec.name));
    described(setting.doc.as_deref(), &format!("The setting {name} of {provider}{kind}; {default}"))
}

/// The type of an option.
pub(super) fn option(option: &AuthorizeOption) -> String {
    let name = markdown::code(&option.name);
    let what = match &option.join {
        Some(join) => format!(
            "The parameter {name} of the authorization request; several values are joined by {}",
            markdown::code(join)
        ),
        None => format!("The parameter {name} of the authorization request"),
    };
    described(option.doc.as_deref(), &what)
}

/// The type of an operation.
pub(super) fn operation(context: &Context<'_>, operation: &Operation) -> String {
    let request = markdown::code(&format!("{} {}", operation.method.as_str(), operation.path));
    let scopes: Vec<String> = operation.scopes.iter().map(|scope| markdown::code(scope)).collect();
    let needs = match scopes.as_slice() {
        [] => String::new(),
        [one] => format!(", which needs the scope {one}"),
        several => format!(", which needs the scopes {}", several.join(", ")),
    };
    let what = format!("{request} of {}'s API{needs}", markdown::line(&context.spec.name));
    described(operation.doc.as_deref(), &what)
}

/// `new` of an operation.
pub(super) fn operation_new(operation: &Operation) -> String {
    format!("The call {} with what it cannot do without, for `account.call(..)`.", markdown::code(&operation.name))
}

/// The method of an optional parameter.
pub(super) fn parameter(parameter: &Parameter) -> String {
    format!("Sets the parameter {}.", markdown::code(&parameter.name))
}

/// What the further arguments of a constructor are.
fn settings_list(context: &Context<'_>) -> String {
    let item = |setting: &Setting| {
        let doc = setting.doc.as_deref().map(|doc| format!(": {}", markdown::line(doc))).unwrap_or_default();
        format!("\n- {}{doc}", markdown::code(&setting.name))
    };
    let mut list: String = context.spec.required_settings().map(item).collect();
    // A name that cannot be an argument is a fault of the constructor, which is reported there.
    for hook in mechanisms::arguments(context.spec).unwrap_or_default() {
        let what = match hook.kind {
            MechanismKind::ClientProof => "what proves the client at the token endpoint",
            MechanismKind::AnswerDecoder => "what makes JSON of the token endpoint's answers",
            MechanismKind::SessionLogin => "what logs each fresh token in",
            MechanismKind::RequestSigner => "what signs each request to the API",
            kind => kind.key(),
        };
        let (name, implements) = (hook.ident.to_string(), format!("mechanism::{}", hook.kind.trait_name()));
        let _ = write!(list, "\n- {}: {what}, a {}", markdown::code(&name), markdown::code(&implements));
    }
    list
}

#[cfg(test)]
mod tests {
    use super::super::tests::{context, rich, with};
    use super::*;

    #[test]
    fn the_environment_variables_are_named() {
        assert_eq!(
            from_env(&context(&rich())),
            "A client of Acme from environment variables: `ACME_CLIENT_ID` and `ACME_CLIENT_SECRET` (none for a public client), \
             `ACME_REGION` (optional), `ACME_SHOP`."
        );
    }

    #[test]
    fn an_operation_says_what_it_requests_and_needs() {
        let spec = rich();
        let list = spec.operation("list_repos").unwrap();
        let doc = operation(&context(&spec), list);
        assert_eq!(doc, "Lists the repositories.\n\n`GET /repos` of Acme's API, which needs the scope `repo`.");
    }

    #[test]
    fn hostile_words_stay_words() {
        let hostile = "x\n\n```\nstd::process::exit(1)\n```\n\n[`crate::secret`] <script>";
        let spec = with(|json| {
            json["settings"][1]["doc"] = hostile.into();
            json["description"] = hostile.into();
            json["quirks"][0]["because"] = hostile.into();
            json["scopes"]["known"][0]["doc"] = hostile.into();
        });
        let context = context(&spec);
        for doc in [setting(&context, &spec.settings[1]), client(&context), module(&context)] {
            assert!(doc.contains("std::process::exit"), "{doc}");
            assert!(!doc.contains("\n```\nstd") && !doc.contains("[`crate::secret`]"), "{doc}");
            assert!(!doc.replace("\\<", "").contains("<script"), "{doc}");
        }
    }
}
