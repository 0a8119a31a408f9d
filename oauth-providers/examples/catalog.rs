//! The catalog as a list: a table for people, one JSON object per line with `--json`.
//!
//! ```text
//! cargo run --example catalog
//! cargo run --example catalog -- --json
//! ```

use std::io;

use oauth_providers::ProviderSpec;
use oauth_providers::spec::Template;
use serde_json::{Value, json};

fn main() {
    // A reader that has seen enough, as in `| head`, is no fault.
    let _ = list(&mut io::stdout().lock(), std::env::args().any(|arg| arg == "--json"));
}

fn list(out: &mut impl io::Write, as_json: bool) -> io::Result<()> {
    if !as_json {
        writeln!(
            out,
            "{:<14} {:<14} {:<11} {:<9} {:<7} {:<12} capabilities",
            "id", "name", "checked", "facts", "auth", "pkce"
        )?;
    }
    for entry in oauth_providers::catalog() {
        let spec = entry.spec();
        if as_json {
            writeln!(out, "{}", listing(spec))?;
        } else {
            let (facts, auth, pkce) = (spec.confidence.as_str(), spec.client_auth.as_str(), spec.pkce.as_str());
            let capabilities = spec.capabilities().join(", ");
            writeln!(
                out,
                "{:<14} {:<14} {:<11} {facts:<9} {auth:<7} {pkce:<12} {capabilities}",
                spec.id, spec.name, spec.checked
            )?;
        }
    }
    Ok(())
}

fn listing(spec: &ProviderSpec) -> Value {
    let address = |template: &Option<Template>| template.as_ref().map(ToString::to_string);
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
            "revocation": address(&spec.endpoints.revocation),
            "refresh": spec.refresh.as_ref().and_then(|refresh| address(&refresh.url)),
            "profile": spec.profile.as_ref().and_then(|profile| profile.request.as_ref()).map(|request| request.url.to_string()),
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
