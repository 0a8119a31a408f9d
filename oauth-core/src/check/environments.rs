use crate::fault::{Finding, at, shown};
use crate::schema;
use crate::spec::environment::{Place, split, split_audience};
use crate::spec::{Environment, ProviderSpec, Template};

use super::Cx;
use super::names::type_name;
use super::{Rule, text};

pub(super) fn lower(cx: &mut Cx<'_>, environments: schema::Entries<schema::Environment>) -> Vec<Environment> {
    let mut lowered = Vec::new();
    for (name, environment) in environments.0 {
        let entry = at!["environments", &name];
        let rust = type_name(cx, &entry, &name, environment.rust);
        if let Some(console) = &environment.console {
            text::page(cx, &entry.then("console"), console);
        }
        let hosts = environment.hosts.0;
        if hosts.is_empty() && !cx.is_touched(&entry.then("hosts")) {
            cx.missing(
                &entry.then("hosts"),
                "say which host is which: `hosts: {login.acme.example: test.acme.example}`",
            );
        }
        lowered.push(Environment { name, rust, doc: environment.doc, hosts, console: environment.console });
    }
    lowered
}

/// An environment's name is a word that people type.
pub(super) fn names_are_words(cx: &mut Cx<'_>, spec: &ProviderSpec) {
    for environment in &spec.environments {
        let name = &environment.name;
        let is_word = name.starts_with(|c: char| c.is_ascii_lowercase())
            && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_".contains(&byte));
        if !is_word {
            let message = format!("`{}` cannot name an environment", shown(name));
            let finding = Finding::new("environment", at!["environments", name], message).on_key();
            cx.report(finding.help("use lower-case letters, digits, `-` and `_`: `sandbox`"));
        }
    }
}

/// An environment is another host of an address that the file has. Its holes are filled as they are there.
pub(super) fn hosts_are_the_files(cx: &mut Cx<'_>, spec: &ProviderSpec) {
    if spec.environments.is_empty() {
        return;
    }
    let known = hosts(spec);
    for environment in &spec.environments {
        let path = at!["environments", &environment.name, "hosts"];
        for (from, to) in &environment.hosts {
            let entry = path.then(from);
            if !known.contains(from) {
                let finding =
                    Finding::new("environment", entry, format!("no address of the file is at `{}`", shown(from)));
                cx.report(finding.on_key().suggest(from, known.iter().map(String::as_str)));
            } else if let Err(why) = fits(from, to) {
                let finding = Finding::new("environment", entry, format!("`{}` {why}", shown(to)));
                cx.report(finding.help("write a host name, such as `sandbox.acme.example`"));
            }
        }
    }
}

/// What holds for the file holds on the hosts of each environment. It is looked at only where the file itself has no
/// fault, so that each is told once.
pub(super) fn rules_hold_in_each(cx: &mut Cx<'_>, spec: &ProviderSpec, rules: &[Rule]) {
    if cx.has_findings() {
        return;
    }
    for environment in &spec.environments {
        let Some(changed) = spec.in_environment(&environment.name) else { continue };
        let mut inner = cx.fresh();
        for rule in rules {
            rule(&mut inner, &changed);
        }
        if let Some(first) = inner.into_findings().into_iter().next() {
            let path = at!["environments", &environment.name, "hosts"];
            let message = format!("with these hosts `{}` is unsound: {}", first.path, first.message);
            let finding = Finding::new("environment", path, message).on_key();
            cx.report(match first.help {
                Some(help) => finding.help(help),
                None => finding,
            });
        }
    }
}

/// The hosts of the file's addresses, as it writes them.
fn hosts(spec: &ProviderSpec) -> Vec<String> {
    let mut hosts: Vec<String> = Vec::new();
    spec.clone().each_host(&mut |place| {
        let host = match &place {
            Place::Address(address) => split(address.as_str()).1,
            Place::Audience(text) => split_audience(text.as_str()).1,
            Place::Host(name) => name.strip_prefix("*.").unwrap_or(name),
        };
        if !host.is_empty() && !hosts.iter().any(|known| known == host) {
            hosts.push(host.to_owned());
        }
    });
    hosts
}

/// A host and nothing more, with no hole that the other one does not have.
fn fits(from: &str, to: &str) -> Result<(), &'static str> {
    if to.is_empty() || to.contains(|c: char| c.is_whitespace() || c.is_control() || "/?#:@\\%".contains(c)) {
        return Err("is not a host name");
    }
    let (from, to) = (Template::parse(from), Template::parse(to));
    let (Ok(from), Ok(to)) = (from, to) else { return Err("is not a host name") };
    if to.holes().any(|hole| !from.holes().any(|other| other == hole)) {
        return Err("has a hole that the host it stands for does not have");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::ProviderSpec;
    use crate::check::testing::{acme, faults};

    const API: &str = "api: {base_url: https://api.acme.example, hosts: [\"*.files.acme.example\"]}\n";

    fn sandbox(hosts: &str) -> String {
        acme(&format!("environments: {{sandbox: {{hosts: {hosts}}}}}\n{API}"))
    }

    #[test]
    fn hosts_are_those_of_the_file() {
        for (hosts, expected) in [
            ("{}", "`environments.sandbox.hosts` is missing"),
            ("{acme.exmple: test.acme.example}", "did you mean `acme.example`?"),
            ("{acme.example: https://test.acme.example}", "is not a host name"),
            ("{acme.example: \"test.acme.example:8443\"}", "is not a host name"),
            ("{acme.example: \"{shop}.acme.example\"}", "has a hole that the host it stands for does not have"),
            ("{acme.example: 10.0.0.1}", "has a number in place of a host name"),
            ("{api.acme.example: tést.acme.example}", "with these hosts `api.base_url` is unsound"),
        ] {
            let found = faults(&sandbox(hosts));
            assert!(found.len() == 1 && found[0].contains(expected), "{hosts}: {found:#?}");
        }
        let found = faults(&acme("environments: {Sand Box: {hosts: {acme.example: test.acme.example}}}\n"));
        assert!(found.len() == 1 && found[0].contains("`Sand Box` cannot name an environment"), "{found:#?}");
        let found = faults(&acme(
            "environments: {a-b: {hosts: {acme.example: a.example}}, a_b: {hosts: {acme.example: b.example}}}\n",
        ));
        assert!(found.len() == 1 && found[0].contains("`AB` would name two environments"), "{found:#?}");
    }

    #[test]
    fn a_label_keeps_its_home() {
        let file = |to: &str| {
            acme(&format!(
                "settings: {{shop: {{type: label}}}}\nenvironments: {{test: {{hosts: {{\"{{shop}}.acme.example\": \"{to}\"}}}}}}\n"
            ))
            .replace("https://acme.example/token", "\"https://{shop}.acme.example/token\"")
        };
        assert_eq!(faults(&file("{shop}.test.acme.example")), [""; 0]);
        let found = faults(&file("{shop}.example"));
        assert!(found.len() == 1 && found[0].contains("would choose the domain"), "{found:#?}");
    }

    #[test]
    fn every_host_of_the_file_changes() {
        let text = sandbox(
            "{acme.example: test.acme.example, api.acme.example: api.test.example, files.acme.example: f.test.example}",
        )
        .replace("{hosts:", "{console: https://test.acme.example/apps, hosts:");
        let spec = ProviderSpec::from_yaml(&text).unwrap();
        let sandbox = spec.in_environment("sandbox").unwrap();
        let endpoints = &sandbox.endpoints;
        assert_eq!(endpoints.token.as_ref().unwrap().as_str(), "https://test.acme.example/token");
        assert_eq!(endpoints.authorization.as_ref().unwrap().as_str(), "https://test.acme.example/a");
        let api = sandbox.api.as_ref().unwrap();
        assert_eq!((api.base_url.as_str(), api.hosts[0].as_str()), ("https://api.test.example", "*.f.test.example"));
        assert_eq!(sandbox.console.as_deref(), Some("https://test.acme.example/apps"));
        assert!(spec.in_environment("other").is_none());
    }

    #[test]
    fn what_is_signed_in_an_environment_is_for_its_hosts() {
        let signed = |auth: &str, audience: &str| {
            let text = sandbox("{acme.example: test.acme.example}")
                + &format!(
                    "client_auth: {auth}\ngrants: {{jwt_bearer: {{assertion: {{alg: ES256, claims: {{iss: \"{{client_id}}\", aud: \"{audience}\"}}}}}}}}\n"
                );
            let spec = ProviderSpec::from_yaml(&text).unwrap_or_else(|faults| panic!("{faults}"));
            let spec = spec.in_environment("sandbox").unwrap();
            let auth = spec.client_auth;
            let own = match (auth.assertion, auth.minted) {
                (Some(assertion), _) => assertion.audience.as_str().to_owned(),
                (_, Some(minted)) => {
                    minted.claims.iter().find(|(name, _)| name == "aud").unwrap().1.as_str().to_owned()
                }
                _ => String::new(),
            };
            let claims = spec.grants.jwt_bearer.unwrap().assertion.unwrap().claims;
            assert_eq!(claims[0].1.as_str(), "{client_id}");
            (own, claims[1].1.as_str().to_owned())
        };
        for (file, expected) in [
            ("https://acme.example/oauth2/token", "https://test.acme.example/oauth2/token"),
            ("https://acme.example", "https://test.acme.example"),
            ("acme.example", "test.acme.example"),
            ("https://other.example", "https://other.example"),
            ("other.example", "other.example"),
            ("urn:acme.example", "urn:acme.example"),
            ("acme", "acme"),
        ] {
            for auth in [
                format!("{{method: private_key_jwt, alg: ES256, audience: \"{file}\"}}"),
                format!("{{method: minted, alg: ES256, claims: {{iss: \"{{client_id}}\", aud: \"{file}\"}}}}"),
            ] {
                assert_eq!(signed(&auth, file), (expected.to_owned(), expected.to_owned()), "{auth}");
            }
        }
        // A host that stands nowhere but in what is signed is the file's as well.
        let text = sandbox("{aud.acme.example: aud.test.example}")
            + "client_auth: {method: private_key_jwt, alg: ES256, audience: aud.acme.example}\n";
        let spec = ProviderSpec::from_yaml(&text).unwrap_or_else(|faults| panic!("{faults}"));
        let spec = spec.in_environment("sandbox").unwrap();
        assert_eq!(spec.client_auth.assertion.unwrap().audience.as_str(), "aud.test.example");
    }
}
