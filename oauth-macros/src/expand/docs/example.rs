//! Examples in generated documentation.
//!
//! In the catalog crate they are compiled. In a user's crate the same text is only shown: nobody there could repair it.

use oauth_core::spec::{Setting, SettingKind};

use super::super::{Context, mechanisms};

/// Making a client. It does no I/O, so that it runs.
pub(super) fn client(context: &Context<'_>) -> String {
    let import = import(context, &types(context));
    let mut make = format!("let {} = {};", context.spec.module, call(context));
    let hooks = hooks(context);
    if context.catalog && !hooks.is_empty() {
        make = format!("# fn example({hooks}) {{\n{make}\n# }}");
    }
    format!("```{}\n{import}\n\n{make}\n```", fence(context, ""))
}

/// Logging in, where the provider can.
pub(super) fn login(context: &Context<'_>) -> String {
    let spec = context.spec;
    if !spec.endpoints.authorizes() {
        return String::new();
    }
    let mut uses = types(context);
    let scopes = match spec.scopes.known.first() {
        Some(scope) => {
            uses.push("Scope".to_owned());
            format!("[Scope::{}]", scope.rust)
        }
        None => "()".to_owned(),
    };
    let module = &spec.module;
    let mut lines = vec![
        import(context, &uses),
        String::new(),
        format!("let {module} = {}.redirect_uri(\"https://app.example/callback\");", call(context)),
        format!("let attempt = {module}.authorize().scopes({scopes}).begin().await?;"),
        "let (url, pending, browser) = attempt.into_parts(); // redirect to `url`, keep `pending`, set `browser` as a cookie".to_owned(),
    ];
    if context.catalog {
        lines.insert(0, format!("# async fn example({}) -> Result<(), oauth_providers::Error> {{", hooks(context)));
        lines.extend(["# Ok(())".to_owned(), "# }".to_owned()]);
    }
    format!("```{}\n{}\n```", fence(context, "no_run"), lines.join("\n"))
}

fn fence(context: &Context<'_>, compiled: &'static str) -> &'static str {
    if context.catalog { compiled } else { "text" }
}

fn import(context: &Context<'_>, uses: &[String]) -> String {
    let root = if context.catalog { "oauth_providers::" } else { "" };
    let module = &context.spec.module;
    match uses {
        [one] => format!("use {root}{module}::{one};"),
        several => format!("use {root}{module}::{{{}}};", several.join(", ")),
    }
}

/// The types that the constructor's arguments need.
fn types(context: &Context<'_>) -> Vec<String> {
    let enums = context.spec.required_settings().filter(|setting| setting.kind == SettingKind::Enum);
    std::iter::once(context.marker.to_string()).chain(enums.map(|setting| setting.rust.clone())).collect()
}

fn call(context: &Context<'_>) -> String {
    let mut arguments = vec!["\"client id\"".to_owned(), "\"client secret\"".to_owned()];
    arguments.extend(context.spec.required_settings().map(value));
    let hooks = mechanisms::arguments(context.spec).unwrap_or_default();
    arguments.extend(hooks.iter().map(|hook| hook.ident.to_string()));
    format!("{}::client({})", context.marker, arguments.join(", "))
}

/// The mechanisms as arguments: an example cannot know what they do.
fn hooks(context: &Context<'_>) -> String {
    let hooks = mechanisms::arguments(context.spec).unwrap_or_default();
    let argument = |hook: &mechanisms::Argument<'_>| {
        format!("{}: impl oauth_providers::mechanism::{}", hook.ident, hook.kind.trait_name())
    };
    hooks.iter().map(argument).collect::<Vec<_>>().join(", ")
}

/// A value that the setting's kind admits.
fn value(setting: &Setting) -> String {
    match setting.kind {
        SettingKind::Enum => {
            let variant = setting.values.first().map(|(.., variant)| variant.as_str()).unwrap_or_default();
            format!("{}::{variant}", setting.rust)
        }
        SettingKind::Host => "\"acme.example.com\"".to_owned(),
        SettingKind::Port => "\"8443\"".to_owned(),
        SettingKind::Url => "\"https://acme.example.com\"".to_owned(),
        _ => "\"acme\"".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::tests::{context, rich, with};
    use super::*;

    #[test]
    fn a_users_crate_shows_the_example() {
        assert_eq!(
            client(&context(&rich())),
            "```text\nuse acme::Acme;\n\nlet acme = Acme::client(\"client id\", \"client secret\", \"acme\");\n```"
        );
    }

    #[test]
    fn the_catalog_compiles_it() {
        let spec = with(|json| json["settings"][0]["default"] = serde_json::Value::Null);
        let context = Context { catalog: true, ..context(&spec) };
        assert_eq!(
            login(&context),
            "```no_run\n# async fn example() -> Result<(), oauth_providers::Error> {\n\
             use oauth_providers::acme::{Acme, Region, Scope};\n\n\
             let acme = Acme::client(\"client id\", \"client secret\", Region::Com, \"acme\")\
             .redirect_uri(\"https://app.example/callback\");\n\
             let attempt = acme.authorize().scopes([Scope::ReadUser]).begin().await?;\n\
             let (url, pending, browser) = attempt.into_parts(); \
             // redirect to `url`, keep `pending`, set `browser` as a cookie\n# Ok(())\n# }\n```"
        );
        assert!(client(&context).starts_with("```\nuse oauth_providers::"));
    }

    #[test]
    fn mechanisms_are_arguments_of_the_example() {
        let spec = with(|json| json["mechanisms"] = serde_json::json!({"request_signer": "hmac-2"}));
        let shown = client(&context(&spec));
        assert!(shown.contains("Acme::client(\"client id\", \"client secret\", \"acme\", hmac_2);"), "{shown}");
        let context = Context { catalog: true, ..context(&spec) };
        let hook = "example(hmac_2: impl oauth_providers::mechanism::RequestSigner)";
        assert!(client(&context).contains(hook) && login(&context).contains(hook));
        assert!(!client(&super::super::super::tests::context(&rich())).contains("fn example"));
    }

    #[test]
    fn the_values_are_ones_that_the_settings_admit() {
        let spec = rich();
        for kind in ["label", "host", "port", "slug", "url", "text"] {
            let mut setting = spec.settings[1].clone();
            setting.kind = serde_json::from_value(kind.into()).unwrap();
            let value = value(&setting);
            assert!(setting.resolve(value.trim_matches('"')).is_ok(), "{kind}: {value}");
        }
    }
}
