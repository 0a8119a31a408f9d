use crate::fault::{Finding, at, shown};
use crate::schema;
use crate::spec::{ProviderSpec, Setting, SettingKind};

use super::Cx;
use super::names::{derived_type_name, type_name};

/// Names of settings that the generated constructors, the environment or the templates use for something else.
const RESERVED: [&str; 12] = [
    "id",
    "secret",
    "client_id",
    "client_secret",
    "access_token",
    "credentials",
    "token",
    "callback",
    "random",
    "redirect_uri",
    "state",
    "scope",
];

pub(super) fn lower(cx: &mut Cx<'_>, settings: schema::Entries<schema::Setting>) -> Vec<Setting> {
    let mut lowered = Vec::new();
    for (name, setting) in settings.0 {
        let entry = at!["settings", &name];
        let rust = type_name(cx, &entry, &name, setting.rust);
        let kind = setting.kind.unwrap_or_else(|| {
            cx.missing(
                &entry.then("type"),
                "say what it may be: `enum`, `label`, `host`, `port`, `slug`, `url` or `text`",
            );
            SettingKind::Text
        });
        let mut values = Vec::new();
        for (value, meaning) in setting.values.0 {
            let rust = derived_type_name(
                cx,
                &entry.then("values").then(&value),
                &value,
                "give the value another name: it is the user's word for it",
            );
            values.push((value, meaning, rust));
        }
        lowered.push(Setting { name, rust, kind, values, default: setting.default, doc: setting.doc });
    }
    lowered
}

/// A setting's name is a hole in templates, an argument in Rust and a part of an environment variable's name.
pub(super) fn names_are_usable(cx: &mut Cx<'_>, spec: &ProviderSpec) {
    for setting in &spec.settings {
        let entry = at!["settings", &setting.name];
        let snake = setting.name.starts_with(|c: char| c.is_ascii_lowercase())
            && setting.name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
        if !snake {
            let finding =
                Finding::new("setting", entry, format!("`{}` cannot name a setting", shown(&setting.name))).on_key();
            cx.report(finding.help("use lower-case letters, digits and `_`: `data_centre`"));
        } else if RESERVED.contains(&setting.name.as_str()) {
            let finding = Finding::new(
                "setting",
                entry,
                format!("`{}` is reserved: it means something else in templates or constructors", setting.name),
            )
            .on_key();
            cx.report(finding.help(format!("choose another name: `account_{}`", setting.name)));
        }
    }
}

/// Only an enum has values; it has some, each once, and each stands for something. A default is a value that the user
/// could have given.
pub(super) fn values_fit_their_type(cx: &mut Cx<'_>, spec: &ProviderSpec) {
    for setting in &spec.settings {
        let entry = at!["settings", &setting.name];
        let is_enum = setting.kind == SettingKind::Enum;
        if is_enum && setting.values.is_empty() && !cx.is_touched(&entry.then("values")) {
            let finding =
                Finding::new("setting", entry.clone(), format!("the enum `{}` has no values", setting.name)).on_key();
            cx.report(finding.help("list them: `values: {eu: accounts.example.eu, us: accounts.example.com}`"));
        }
        if !is_enum && !setting.values.is_empty() {
            let finding = Finding::new(
                "setting",
                entry.then("values"),
                format!("a setting of type `{}` has no values", setting.kind.as_str()),
            );
            cx.report(finding.on_key().help("remove them, or write `type: enum`"));
        }
        let values = setting.values.iter().map(|(value, meaning, _)| (value.as_str(), meaning.as_str()));
        cx.closed_list(&entry.then("values"), values);
        let Some(default) = &setting.default else { continue };
        if let Err(why) = setting.resolve(default)
            && !(is_enum && cx.is_touched(&entry.then("values")))
        {
            let finding = Finding::new(
                "default",
                entry.then("default"),
                format!("`{}` cannot be the default of `{}`: {why}", shown(default), setting.name),
            );
            cx.report(finding.suggest(default, setting.values.iter().map(|(name, ..)| name.as_str())));
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::{acme, faults};

    #[test]
    fn names_types_values_and_defaults() {
        for (settings, expected) in [
            ("{Region: {type: label}}", "`Region` cannot name a setting"),
            ("{client_secret: {type: label}}", "`client_secret` is reserved"),
            ("{region: {}}", "`settings.region.type` is missing"),
            ("{region: {type: enum}}", "the enum `region` has no values"),
            ("{region: {type: label, values: {eu: x}}}", "a setting of type `label` has no values"),
            ("{region: {type: enum, values: {eu: \"\"}}}", "`eu` stands for nothing"),
            ("{region: {type: enum, values: {eu: x, us: y}, default: uk}}", "`uk` cannot be the default of `region`"),
            ("{port: {type: port, default: \"70000\"}}", "it is not a port"),
            ("{port: {type: port, default: 443}}", "`settings.port.default` is the number `443`: it must be text"),
            ("{base: {type: url, default: \"http://acme.example\"}}", "it is not https"),
            ("{region: {type: enum, values: {\"1\": x}}}", "`1` gives no name for a type"),
        ] {
            let found = faults(&acme(&format!("settings: {settings}\n")));
            assert!(found.len() == 1 && found[0].contains(expected), "{settings}: {found:#?}");
        }
        let sound = "settings: {region: {type: enum, values: {eu: x, us: y}, default: us}, base: {type: url, default: \"https://acme.example/\"}}\n";
        assert_eq!(faults(&acme(sound)), [""; 0]);
    }
}
