//! Values that a provider might send.

use oauth_core::spec::{FieldKind, FieldType, Setting, SettingKind};
use serde_json::{Value, json};

/// A value of the type, different for each `index` from 1 on. `hosts` are those an address may have.
pub(crate) fn sample(name: &str, kind: FieldType, hosts: &[String], index: u32) -> Value {
    if kind.list {
        let mut item = kind;
        item.list = false;
        return (0..2).map(|more| sample(name, item, hosts, index + more)).collect();
    }
    match kind.kind {
        FieldKind::String => Value::from(format!("sample-{}-{index}", slug(name))),
        FieldKind::Url => Value::from(address(name, hosts, index)),
        FieldKind::U32 | FieldKind::U64 | FieldKind::I64 => Value::from(index),
        FieldKind::F64 => Value::from(f64::from(index) + 0.5),
        FieldKind::Bool => Value::from(index % 2 == 1),
        // `Json`, and kinds that a later schema adds.
        _ => json!({"sample": slug(name), "index": index}),
    }
}

/// A value of the setting.
pub(crate) fn sample_setting(setting: &Setting) -> String {
    let first = setting.values.first().map(|value| value.0.as_str());
    let value = first.unwrap_or(match setting.kind {
        SettingKind::Host => "sample.example.com",
        SettingKind::Port => "8443",
        SettingKind::Url => "https://sample.example.com",
        _ => "sample",
    });
    value.to_owned()
}

/// Whether the text is of the type, as an API would check a parameter.
pub(crate) fn admits(kind: FieldType, text: &str) -> bool {
    kind.list
        || match kind.kind {
            FieldKind::U32 => text.parse::<u32>().is_ok(),
            FieldKind::U64 => text.parse::<u64>().is_ok(),
            FieldKind::I64 => text.parse::<i64>().is_ok(),
            FieldKind::F64 => text.parse::<f64>().is_ok(),
            FieldKind::Bool => matches!(text, "true" | "false"),
            FieldKind::Url => url::Url::parse(text).is_ok(),
            _ => true,
        }
}

fn address(name: &str, hosts: &[String], index: u32) -> String {
    match hosts.first().map(String::as_str) {
        None => format!("https://example.com/{}/{index}", slug(name)),
        // A suffix: some name below it.
        Some(suffix) if suffix.starts_with('.') => format!("https://sample{suffix}"),
        Some(suffix) if suffix.starts_with("*.") => format!("https://sample{}", &suffix[1..]),
        Some(host) => format!("https://{host}"),
    }
}

/// Letters, digits and hyphens only: what may stand anywhere, a host's name included.
fn slug(name: &str) -> String {
    let dashed: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' }).collect();
    dashed.trim_matches('-').to_owned()
}
