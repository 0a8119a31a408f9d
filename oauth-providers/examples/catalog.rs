//! The catalog as a list: a table for people, one JSON object per line with `--json`.
//!
//! ```text
//! cargo run --example catalog
//! cargo run --example catalog -- --json
//! ```

#![allow(clippy::print_stdout, reason = "it prints a list")]

use oauth_providers::ProviderSpec;
use serde_json::{Value, json};

fn main() {
    let as_json = std::env::args().any(|arg| arg == "--json");
    if !as_json {
        println!("{:<14} {:<14} {:<11} {:<9} {:<7} {:<12} capabilities", "id", "name", "checked", "facts", "auth", "pkce");
    }
    for entry in oauth_providers::catalog() {
        let spec = entry.spec();
        if as_json {
            println!("{}", listing(spec));
        } else {
            let (facts, auth, pkce) = (spec.confidence.as_str(), spec.client_auth.as_str(), spec.pkce.as_str());
            let capabilities = spec.capabilities().join(", ");
            println!("{:<14} {:<14} {:<11} {facts:<9} {auth:<7} {pkce:<12} {capabilities}", spec.id, spec.name, spec.checked);
        }
    }
}

fn listing(spec: &ProviderSpec) -> Value {
    let address = |template: &Option<oauth_providers::spec::Template>| template.as_ref().map(ToString::to_string);
    json!({
        "id": spec.id,
        "name": spec.name,
        "docs": spec.docs,
        "checked": spec.checked,
        "confidence": spec.confidence,
        "endpoints": {
            "authorization": address(&spec.endpoints.authorization),
            "token": address(&spec.endpoints.token),
            "issuer": address(&spec.endpoints.issuer),
            "refresh": spec.refresh.as_ref().and_then(|refresh| address(&refresh.url)),
            "profile": spec.profile.as_ref().map(|profile| profile.url.to_string()),
            "api": spec.api.as_ref().map(|api| api.base_url.to_string()),
        },
        "grants": spec.grants(),
        "client_auth": spec.client_auth,
        "pkce": spec.pkce,
        "scope_separator": spec.scopes.separator,
        "placement": spec.token.placement,
        "capabilities": spec.capabilities(),
        "quirks": spec.quirks,
    })
}
