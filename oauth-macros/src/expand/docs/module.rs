//! The page of a provider: its facts, as its file has them.

use oauth_core::spec::{Confidence, Environment, KnownScope, Quirk, Setting};

use super::super::{Context, markdown, mechanisms};
use super::example;

/// All sections, each only where the file has something for it.
pub(in super::super) fn module(context: &Context<'_>) -> String {
    let sections = [
        head(context),
        facts(context),
        example::login(context),
        settings(context),
        environments(context),
        scopes(context),
        capabilities(context),
        needed(context),
        quirks(context),
    ];
    let sections: Vec<&str> = sections.iter().map(String::as_str).filter(|section| !section.is_empty()).collect();
    sections.join("\n\n")
}

fn head(context: &Context<'_>) -> String {
    let name = markdown::line(&context.spec.name);
    match &context.spec.description {
        Some(description) => format!("{name}: {}", markdown::text(description)),
        None => format!("{name}."),
    }
}

fn facts(context: &Context<'_>) -> String {
    let spec = context.spec;
    let console = spec.console.as_deref().map(|console| format!("\n- Register a client: {}", markdown::link(console)));
    let confidence = match spec.confidence {
        Confidence::Vendor => "as the vendor's pages say",
        Confidence::Catalogs => "as several catalogs say; the vendor's pages were not seen",
        Confidence::Own => "as its operator says",
        confidence => confidence.as_str(),
    };
    format!(
        "- Documentation: {}{}\n- Checked on {}: {confidence}",
        markdown::link(&spec.docs),
        console.unwrap_or_default(),
        markdown::line(&spec.checked),
    )
}

fn settings(context: &Context<'_>) -> String {
    let spec = context.spec;
    if spec.settings.is_empty() {
        return String::new();
    }
    let row = |setting: &Setting| {
        format!(
            "\n| {} | {} | {} | {} |",
            markdown::code_cell(&setting.name),
            markdown::code_cell(&setting.rust),
            setting.default.as_deref().map_or("required".to_owned(), markdown::code_cell),
            setting.doc.as_deref().map(markdown::cell).unwrap_or_default(),
        )
    };
    let rows: String = spec.settings.iter().map(row).collect();
    format!("# Settings\n\n| setting | type | default | |\n|---|---|---|---|{rows}")
}

fn environments(context: &Context<'_>) -> String {
    let spec = context.spec;
    if spec.environments.is_empty() {
        return String::new();
    }
    let row = |environment: &Environment| {
        format!(
            "\n| {} | {} | {} |",
            markdown::code_cell(&environment.rust),
            markdown::code_cell(&environment.name),
            environment.doc.as_deref().map(markdown::cell).unwrap_or_default(),
        )
    };
    let rows: String = spec.environments.iter().map(row).collect();
    format!("# Environments\n\n| environment | name | |\n|---|---|---|{rows}")
}

fn scopes(context: &Context<'_>) -> String {
    let scopes = &context.spec.scopes;
    let list = |scopes: &[String]| {
        let scopes: Vec<String> = scopes.iter().map(|scope| markdown::code(scope)).collect();
        scopes.join(", ")
    };
    let row = |scope: &KnownScope| {
        let doc = scope.doc.as_deref().map(markdown::cell).unwrap_or_default();
        format!("\n| {} | {} | {doc} |", markdown::code_cell(&scope.rust), markdown::code_cell(&scope.value))
    };
    let mut parts = Vec::new();
    if !scopes.default.is_empty() {
        parts.push(format!("Asked for when none is named: {}.", list(&scopes.default)));
    }
    if !scopes.required.is_empty() {
        parts.push(format!("Added to every request: {}.", list(&scopes.required)));
    }
    let table = |known: &[KnownScope]| {
        let rows: String = known.iter().map(row).collect();
        format!("| scope | sent as | |\n|---|---|---|{rows}")
    };
    if scopes.none {
        parts.push("There are none: the authorization request has no such parameter.".to_owned());
    }
    if !scopes.known.is_empty() {
        parts.push(table(&scopes.known));
    }
    if let Some(second) = &scopes.second {
        let default = if second.default.is_empty() {
            String::new()
        } else {
            format!(" Asked for when none is named: {}.", list(&second.default))
        };
        parts.push(format!(
            "In {}, as the option {}.{default}",
            markdown::code(&second.param),
            markdown::code(&second.rust)
        ));
        if !second.known.is_empty() {
            parts.push(table(&second.known));
        }
    }
    if parts.is_empty() { String::new() } else { format!("# Scopes\n\n{}", parts.join("\n\n")) }
}

fn capabilities(context: &Context<'_>) -> String {
    let spec = context.spec;
    let mut lines: Vec<String> = Vec::new();
    for capability in spec.capabilities() {
        let line = match capability {
            "authorize" => format!("- Login in a browser; PKCE is {}", spec.pkce.as_str()),
            "refresh" => format!("- Refreshing of tokens{}", refresh(context)),
            "revoke" => "- Revoking of tokens".to_owned(),
            "register" => "- Registration of clients".to_owned(),
            "client_credentials" => "- Tokens of the client's own, `client_credentials`".to_owned(),
            "device" => "- Login on another device, `device`".to_owned(),
            "token_exchange" => "- Exchange of tokens, `token_exchange`".to_owned(),
            "jwt_bearer" => "- A JWT for tokens, `jwt_bearer`".to_owned(),
            "saml_bearer" => "- A SAML assertion for tokens, `saml_bearer`".to_owned(),
            "ciba" => "- Login that the user approves on a device of their own, `backchannel`".to_owned(),
            "password" => {
                "- The user's password for tokens, `password`; it must not be used where there is another way"
                    .to_owned()
            }
            "logout" => "- Logout in the browser".to_owned(),
            "consent" => "- Consent of an administrator, `ask_consent`".to_owned(),
            "openid" => "- ID tokens, which are verified".to_owned(),
            "introspect" => "- Questions about a token".to_owned(),
            "profile" => "- The user's profile".to_owned(),
            "api" => format!(
                "- API calls below {}",
                spec.api.as_ref().map(|api| markdown::code(api.base_url.as_str())).unwrap_or_default()
            ),
            other => format!("- {}", markdown::code(other)),
        };
        lines.push(line);
    }
    for also in &spec.token.response.also {
        let doc = also.doc.as_deref().map(|doc| format!(": {}", markdown::line(doc))).unwrap_or_default();
        let call = markdown::code(&format!("account.also(\"{}\")", also.name));
        lines.push(format!("- A further token of the same login, {call}{doc}"));
    }
    if lines.is_empty() { String::new() } else { format!("# Capabilities\n\n{}", lines.join("\n")) }
}

fn needed(context: &Context<'_>) -> String {
    let line = |hook: &mechanisms::Argument<'_>| {
        let (name, implements) = (markdown::code(hook.name), format!("mechanism::{}", hook.kind.trait_name()));
        format!(
            "\n- {name}, which the file selects with {}: a {}",
            markdown::code(hook.kind.key()),
            markdown::code(&implements)
        )
    };
    // A name that cannot be an argument is a fault of the constructor, which is reported there.
    let hooks = mechanisms::arguments(context.spec).unwrap_or_default();
    if hooks.is_empty() {
        return String::new();
    }
    let lines: Vec<String> = hooks.iter().map(line).collect();
    format!("# Mechanisms\n\nYours to write; the constructors take them as their last arguments.\n{}", lines.concat())
}

fn refresh(context: &Context<'_>) -> String {
    let Some(refresh) = &context.spec.refresh else { return String::new() };
    let rotates = if refresh.rotates { "; each refresh replaces the refresh token" } else { "" };
    let note = refresh.note.as_deref().map(|note| format!(". {}", markdown::line(note))).unwrap_or_default();
    format!("{rotates}{note}")
}

fn quirks(context: &Context<'_>) -> String {
    let quirks = &context.spec.quirks;
    if quirks.is_empty() {
        return String::new();
    }
    let item = |quirk: &Quirk| {
        let (field, because) = (markdown::code(&quirk.field), sentence(&quirk.because));
        let checked = quirk.checked.as_deref().map(|day| format!(" ({})", markdown::line(day))).unwrap_or_default();
        format!("\n- {field}: {because} Source: {}{checked}", markdown::link(&quirk.source))
    };
    format!("# Quirks\n{}", quirks.iter().map(item).collect::<String>())
}

fn sentence(text: &str) -> String {
    let line = markdown::line(text);
    if line.ends_with(['.', '!', '?']) { line } else { format!("{line}.") }
}

#[cfg(test)]
mod tests {
    use super::super::super::tests::{context, rich, with};
    use super::*;

    #[test]
    fn the_page_has_what_the_file_has() {
        let page = module(&context(&rich()));
        for line in [
            "Acme: Repositories and \\[more\\].",
            "- Documentation: <https://acme.example/docs>",
            "- Register a client: <https://acme.example/apps>",
            "- Checked on 2026-11-21: as the vendor's pages say",
            "| `region` | `Region` | `com` | Data centre |",
            "| `shop` | `Shop` | required | The shop's name |",
            "| `Sandbox` | `sandbox` | To try things. |",
            "| `UsersRead` | `users:read` | Reads the users. |",
            "| `ReadUser` | `read:user` | Read a user's profile data. |",
            "- API calls below `https://api.acme.example`",
            "- A further token of the same login, `account.also(\"user\")`: The user's own token.",
            "- `token.placement.scheme`: Acme's own name. Source: <https://acme.example/auth> (2026-11-20)",
        ] {
            assert!(page.lines().any(|l| l == line), "{line}\n\n{page}");
        }
    }

    #[test]
    fn what_is_yours_to_write_is_named() {
        assert!(!module(&context(&rich())).contains("# Mechanisms"));
        let page = module(&context(&with(|json| json["mechanisms"] = serde_json::json!({"session_login": "rest"}))));
        let line = "- `rest`, which the file selects with `token.session`: a `mechanism::SessionLogin`";
        assert!(page.lines().any(|l| l == line), "{page}");
    }
}
