//! Providers to test with: a plain one, and changes to it.

use oauth_core::ProviderSpec;
use serde_json::{Value, json};

/// A provider without deviations, but for the secret in the body.
pub(super) fn plain_json() -> Value {
    json!({
        "id": "plain", "name": "Plain <& \"Co\">", "module": "plain", "marker": "Plain",
        "docs": "https://plain.example/docs", "checked": "2026-11-21", "confidence": "own",
        "endpoints": {
            "authorization": "https://plain.example/authorize",
            "token": "https://plain.example/token",
            "issuer": "https://plain.example/"
        },
        "client_auth": "body",
        "pkce": "supported",
        "scopes": {
            "separator": " ", "param": "scope", "default": ["read"],
            "known": [
                {"value": "read", "rust": "Read", "doc": "Read <everything>"},
                {"value": "write:all", "rust": "WriteAll"}
            ]
        },
        "authorize": {},
        "callback": {"code": "code"},
        "token": {
            "request": {"method": "POST", "format": "form"},
            "response": {"at": [""], "expiry": {"field": "expires_in", "kind": "in", "unit": "s"}},
            "placement": {"header": {"name": "Authorization", "scheme": "Bearer"}}
        },
        "refresh": {
            "with": "refresh_token", "method": "POST", "format": "form", "grant_type": "refresh_token",
            "param": "refresh_token", "client_auth": true, "rotates": true
        },
        "profile": {
            "request": {"method": "GET", "url": "https://api.plain.example/v1/me"},
            "map": {"subject": ["/id"], "name": ["/name"], "email": ["/email"], "email_verified": ["/email_verified"]}
        },
        "api": {"base_url": "https://api.plain.example/v1"}
    })
}

/// [`plain_json`] with changes: objects are merged (RFC 7396), everything else is put in place; null removes.
pub(super) fn plain_with(changes: &Value) -> ProviderSpec {
    let mut spec = plain_json();
    merge(&mut spec, changes);
    ProviderSpec::from_json(&spec.to_string()).unwrap_or_else(|fault| panic!("{fault}: {spec}"))
}

pub(super) fn plain() -> ProviderSpec {
    plain_with(&json!({}))
}

pub(super) fn merge(into: &mut Value, changes: &Value) {
    let Value::Object(changes) = changes else {
        *into = changes.clone();
        return;
    };
    if !into.is_object() {
        *into = json!({});
    }
    for (name, change) in changes {
        if change.is_null() {
            if let Some(object) = into.as_object_mut() {
                object.remove(name);
            }
        } else {
            merge(&mut into[name], change);
        }
    }
}
