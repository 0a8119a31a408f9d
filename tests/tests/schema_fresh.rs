//! `providers/schema.json` is what editors complete and check provider files with: it says what the loader reads.

use std::path::Path;

#[test]
fn the_published_schema_is_the_loaders() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../providers/schema.json");
    let published = std::fs::read_to_string(&path).unwrap_or_default();
    // Compared as JSON: the order of keys is a feature of serde_json that another crate may switch.
    let [published, ours] = [&published, &oauth_core::json_schema()]
        .map(|text| serde_json::from_str(text).unwrap_or(serde_json::Value::Null));
    assert!(
        published == ours,
        "providers/schema.json is stale: run `cargo run -p oauth-core --features json-schema --example schema`"
    );
}

#[test]
fn the_published_schema_describes_every_key() {
    let schema: serde_json::Value = serde_json::from_str(&oauth_core::json_schema()).expect("the schema is JSON");
    let mut objects = vec![("provider file".to_owned(), &schema)];
    let defs = schema["$defs"].as_object().expect("the schema has definitions");
    objects.extend(defs.iter().map(|(name, definition)| (name.clone(), definition)));
    for (name, object) in objects {
        for (key, property) in object["properties"].as_object().into_iter().flatten() {
            let described = property["description"].as_str().is_some_and(|text| !text.trim().is_empty());
            assert!(described, "`{key}` of {name} has no description");
            assert_ne!(property["type"], "null", "`{key}` of {name} may not be null");
        }
    }
}

#[test]
fn the_description_of_the_format_names_every_key_and_its_examples_load() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../providers/README.md");
    let text = std::fs::read_to_string(&path).expect("providers/README.md is there");
    let schema: serde_json::Value = serde_json::from_str(&oauth_core::json_schema()).expect("the schema is JSON");
    let objects = schema["$defs"].as_object().expect("the schema has definitions").values().chain([&schema]);
    for key in objects.filter_map(|object| object["properties"].as_object()).flat_map(|properties| properties.keys()) {
        let named =
            [format!("`{key}`"), format!("`token.{key}`"), format!("{key}: ")].iter().any(|name| text.contains(name));
        assert!(named, "providers/README.md does not name `{key}`");
    }
    let examples: Vec<&str> = text.split("```yaml\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert_eq!(examples.len(), 2);
    assert!(examples[0].lines().count() <= 8, "the least file has at most eight lines");
    for example in examples {
        if let Err(faults) = oauth_core::ProviderSpec::from_yaml(example) {
            panic!("an example of providers/README.md does not load:\n{faults}");
        }
    }
}

#[test]
fn every_class_of_deviation_names_a_provider_that_exists_and_a_test_that_runs() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let text = std::fs::read_to_string(root.join("providers/README.md")).expect("providers/README.md is there");
    let (_, table) = text.split_once("| class | key | in the catalog | test |").expect("the table is there");
    let tests = sources(&root);
    let mut rows = 0;
    for row in table.lines().skip(2).take_while(|line| line.starts_with('|')) {
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").map(str::trim).collect();
        let [class, key, providers, proof] = cells[..] else { panic!("not four cells: {row}") };
        rows += 1;
        for id in providers.split(", ").filter(|id| !id.is_empty()) {
            assert!(root.join(format!("providers/{id}.yaml")).is_file(), "{class}: there is no provider `{id}`");
        }
        let later = key.contains("not planned");
        let proof = proof.trim_matches(['`', '|', ' ']);
        assert!(later || !proof.is_empty(), "{class} has no test");
        assert!(
            proof.is_empty() || tests.contains(&format!("fn {proof}(")) || tests.contains(&format!("fn {proof}_")),
            "{class}: there is no test `{proof}`"
        );
    }
    assert_eq!(rows, 101);
}

/// The text of all tests.
#[allow(clippy::expect_used, reason = "a panic is how a test fails")]
fn sources(root: &Path) -> String {
    let mut text = String::new();
    let mut folders =
        vec![root.join("tests/tests"), root.join("oauth-simulator/src/tests"), root.join("oauth-core/src")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder of the workspace").flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                text += &std::fs::read_to_string(&path).expect("a source of the workspace");
            }
        }
    }
    text
}
