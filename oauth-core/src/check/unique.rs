use std::collections::HashMap;

use crate::fault::{Finding, Path, Spot, at};
use crate::spec::ProviderSpec;

use super::{Cx, wire};

/// Names of one Rust scope, each with the node that gave it.
struct Names {
    what: &'static str,
    seen: HashMap<String, Option<Path>>,
}

impl Names {
    fn new(what: &'static str) -> Self {
        Self { what, seen: HashMap::new() }
    }

    /// A name that generated code has in any case.
    fn reserve(mut self, name: &str) -> Self {
        self.seen.insert(name.to_owned(), None);
        self
    }

    fn add(&mut self, cx: &mut Cx<'_>, name: &str, path: Path, spot: Spot) {
        if name.is_empty() {
            return;
        }
        let Some(first) = self.seen.get(name) else {
            self.seen.insert(name.to_owned(), Some(path));
            return;
        };
        let finding = Finding::new("duplicate-name", path, format!("`{name}` would name two {} in Rust", self.what))
            .at_spot(spot);
        let finding = finding.help("give one of them another name, with `rust:` where the key is not yours to choose");
        cx.report(match first {
            Some(first) => finding.see("the other one is", first.clone()),
            None => finding.help("every generated module has that one already: choose another name, with `rust:` where the key is not yours to choose"),
        });
    }
}

/// Two words of a file may become the same name (`user.read` and `user_read`): the compiler would complain about code
/// that nobody wrote, so the file is refused with both places.
pub(super) fn rust_names_are_unique(cx: &mut Cx<'_>, spec: &ProviderSpec) {
    types(cx, spec);
    variants(cx, spec);
    fields(cx, spec);
}

fn types(cx: &mut Cx<'_>, spec: &ProviderSpec) {
    let mut types = Names::new("types").reserve("Scope").reserve("Extras").reserve("CallbackExtras");
    types.add(cx, &spec.marker, at!["name"], Spot::Value);
    for setting in &spec.settings {
        types.add(cx, &setting.rust, at!["settings", &setting.name], Spot::Key);
    }
    // The protocol's own parameters cannot be options, which is reported already.
    for option in spec.authorize.options.iter().filter(|option| !wire::is_standard(&option.name)) {
        types.add(cx, &option.rust, at!["authorize", "options", &option.name], Spot::Key);
    }
    if !spec.environments.is_empty() {
        types.add(cx, "Environment", at!["environments"], Spot::Key);
    }
    if let Some(second) = &spec.scopes.second {
        types.add(cx, &second.rust, at!["scopes", "second"], Spot::Key);
    }
    for operation in spec.api.iter().flat_map(|api| &api.operations) {
        let entry = at!["api", "operations", &operation.name];
        types.add(cx, &operation.rust, entry.clone(), Spot::Key);
        if let Some(returns) = &operation.returns {
            types.add(cx, &returns.rust, entry.then("returns").then("type"), Spot::Value);
        }
    }
}

fn variants(cx: &mut Cx<'_>, spec: &ProviderSpec) {
    let mut scopes = Names::new("scopes");
    for known in &spec.scopes.known {
        scopes.add(cx, &known.rust, at!["scopes", "known", &known.value], Spot::Key);
    }
    let mut second = Names::new("scopes");
    for known in spec.scopes.second.iter().flat_map(|second| &second.known) {
        second.add(cx, &known.rust, at!["scopes", "second", "known", &known.value], Spot::Key);
    }
    let mut environments = Names::new("environments");
    for environment in &spec.environments {
        environments.add(cx, &environment.rust, at!["environments", &environment.name], Spot::Key);
    }
    for setting in &spec.settings {
        let mut values = Names::new("values");
        for (value, _, rust) in &setting.values {
            values.add(cx, rust, at!["settings", &setting.name, "values", value], Spot::Key);
        }
    }
    for option in &spec.authorize.options {
        let mut values = Names::new("values");
        for (index, (value, rust)) in option.values.iter().enumerate() {
            let list = at!["authorize", "options", &option.name, "values"];
            // The same value twice is a fault of its own.
            if option.values[..index].iter().all(|(other, _)| other != value) {
                let listed = list.then(index);
                let (path, spot) = if cx.has(&listed) { (listed, Spot::Value) } else { (list.then(value), Spot::Key) };
                values.add(cx, rust, path, spot);
            }
        }
    }
}

fn fields(cx: &mut Cx<'_>, spec: &ProviderSpec) {
    let mut kept = Names::new("fields");
    for value in &spec.callback.keep {
        kept.add(cx, &value.rust, at!["callback", "keep", &value.name], Spot::Key);
    }
    for operation in spec.api.iter().flat_map(|api| &api.operations) {
        let entry = at!["api", "operations", &operation.name];
        let mut parameters = Names::new("parameters");
        for parameter in &operation.parameters {
            let place = format!("{:?}", parameter.place).to_ascii_lowercase();
            parameters.add(cx, &parameter.rust, entry.then(place.as_str()).then(&parameter.name), Spot::Key);
        }
        let mut members = Names::new("fields");
        for field in operation.returns.iter().flat_map(|returns| &returns.fields) {
            members.add(cx, &field.rust, entry.then("returns").then("fields"), Spot::Key);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::{acme, faults};

    #[test]
    fn gen_03_colliding_scopes_name_both_places() {
        let found = faults(&acme("scopes:\n  known:\n    user.read: a\n    user_read: b\n    write: c\n"));
        assert_eq!(found.len(), 1, "{found:#?}");
        assert!(
            found[0].contains("acme.yaml:9:5") && found[0].contains("the other one is at acme.yaml:8:5"),
            "{}",
            found[0]
        );
        assert_eq!(faults(&acme("scopes: {known: {user.read: a, user_read: {rust: UserReadOld}}}\n")), [""; 0]);
    }

    #[test]
    fn gen_03_types_of_a_module_are_unique() {
        let found = faults(&acme(
            "settings: {extras: {type: label}, prompt: {type: label}}\nauthorize: {options: {prompt: {}}}\n",
        ));
        assert_eq!(found.len(), 2, "{found:#?}");
        assert!(found[0].contains("every generated module has that one already"), "{}", found[0]);
        assert!(found[1].contains("the other one is at acme.yaml:6:35"), "{}", found[1]);
    }
}
