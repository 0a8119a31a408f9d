use proptest::prelude::*;

use super::{SourceFile, load_all};
use crate::ProviderSpec;
use crate::check::testing::{acme, faults};

fn only(text: &str) -> String {
    let found = faults(text);
    assert_eq!(found.len(), 1, "{text}\n{found:#?}");
    found.into_iter().next().unwrap_or_default()
}

#[test]
fn a_file_of_eight_lines_is_a_provider() {
    let text = "id: acme\nname: Acme\ndocs: https://acme.example/docs\nchecked: 2026-11-21\nendpoints:\n  \
                authorization: https://acme.example/authorize\n  token: https://acme.example/token\n";
    assert!(text.lines().count() <= 8);
    let spec = ProviderSpec::from_yaml(text).unwrap();
    assert_eq!((spec.module.as_str(), spec.marker.as_str()), ("acme", "Acme"));
    assert_eq!(spec.capabilities(), ["authorize", "refresh"]);
    assert_eq!(spec.scopes.separator, " ");
}

#[test]
fn all_faults_come_at_once_and_in_order() {
    let found = faults(
        "id: acme\nname: 12\ndocs: https://acme.example\nchecked: 2026-11-21\nendpoints:\n  tokn: https://acme.example/t\n  \
         authorization: http://acme.example/a\npkce: flase\nclient_auth: post\nscopes: {known: [a]}\nunknown: 1\n",
    );
    let places: Vec<&str> = found.iter().filter_map(|fault| fault.lines().nth(1)?.split("acme.yaml:").nth(1)).collect();
    assert_eq!(places, ["2:7", "6:3", "7:18", "8:7", "9:14", "10:17", "11:1"], "{found:#?}");
}

#[test]
fn a_fault_has_no_echo() {
    // `tokn` is misspelt, so `token` is not missing as well; nor is the setting unknown whose type is wrong.
    let text = acme("settings: {region: {type: lable}}\nauthorize: {params: {r: \"{region}\"}}\n");
    assert!(only(&text).contains("did you mean `label`?"));
    assert!(only(&acme("").replace("token:", "tokn:")).contains("did you mean `token`?"));
    let text = acme(
        "scopes: {known: {read: 1}}\napi: {base_url: \"https://acme.example\", operations: {a: {get: /a, scopes: [read]}}}\n",
    );
    assert!(only(&text).contains("`scopes.known.read` is the number `1`: it must be text or a map"));
}

#[test]
fn a_faulty_file_does_not_take_the_sound_ones_down() {
    let (sound, faulty) = (acme(""), acme("pkce: off\n").replace("id: acme", "id: other"));
    let loaded = load_all([
        SourceFile { name: "p/other.yaml", bytes: faulty.as_bytes() },
        SourceFile { name: "p/acme.yaml", bytes: sound.as_bytes() },
    ]);
    assert_eq!(loaded.specs.len(), 1);
    assert_eq!((loaded.specs[0].0, loaded.specs[0].1.id.as_str()), (1, "acme"));
    assert_eq!(loaded.faults.len(), 1);
}

#[test]
fn gen_03_ids_and_modules_are_unique_across_files() {
    let (first, second) = (acme("").replace("id: acme", "id: a-b"), acme("").replace("id: acme", "id: a_b"));
    let loaded = load_all([
        SourceFile { name: "a-b.yaml", bytes: first.as_bytes() },
        SourceFile { name: "a_b.yaml", bytes: second.as_bytes() },
        SourceFile { name: "x/a-b.yaml", bytes: first.as_bytes() },
    ]);
    assert_eq!(loaded.specs.len(), 1);
    let text = loaded.faults.to_string();
    assert!(text.contains("`a_b` would name two modules in Rust") && text.contains("a_b.yaml:1:5"), "{text}");
    assert!(text.contains("the id `a-b` is taken") && text.contains("the other one is a-b.yaml"), "{text}");
}

#[test]
fn gen_04_duplicate_keys_are_refused_with_both_places() {
    let fault = only(&acme("pkce: required\nscopes: {}\npkce: supported\n"));
    assert!(fault.contains("acme.yaml:8:1") && fault.contains("the first one is at acme.yaml:6:1"), "{fault}");
    let fault = only(&acme("scopes: {param: a, param: b}\n"));
    assert!(fault.contains("acme.yaml:6:20"), "{fault}");
}

#[test]
fn gen_07_unknown_keys_are_refused_with_the_nearest_name() {
    assert!(only(&acme("pkec: required\n")).contains("did you mean `pkce`?"));
    let fault = only(&acme("token: {request: {metod: GET}}\n"));
    assert!(fault.contains("`metod` is not a key of `token.request`") && fault.contains("acme.yaml:6:19"), "{fault}");
}

#[test]
fn gen_08_yaml_does_not_guess_types() {
    for (yaml, expected) in [
        ("description: 12", "put quotes around it: \"12\""),
        ("description: true", "put quotes around it: \"true\""),
        ("description: 0x10", "put quotes around it: \"0x10\""),
        ("description:", "`description` is empty"),
        ("description: ~", "`description` is empty"),
        ("pkce:", "`pkce` is empty"),
        ("refresh: {rotates: yes}", "must be `true` or `false`"),
        ("refresh: {rotates: True}", "must be `true` or `false`"),
        ("refresh: {rotates: \"true\"}", "must be `true` or `false`"),
        ("refresh: {1: x}", "put quotes around the key"),
        ("description: !!str x", "no YAML tags"),
        ("description: !!binary aGk=", "no YAML tags"),
        ("description: !x y", "no YAML tags"),
        ("<<: {description: x}", "no merge keys"),
        ("scopes: {<<: {param: x}}", "no merge keys"),
        ("groups: a", "must be a list"),
        ("scopes: []", "must be a word or a map"),
        ("token: {response: {expiry: {default: 0x10}}}", "must be a whole number"),
    ] {
        let fault = only(&acme(&format!("{yaml}\n")));
        assert!(fault.contains(expected), "{yaml}: {fault}");
    }
    for yaml in ["description: no", "description: 012", "description: \"12\"", "description: on"] {
        assert_eq!(faults(&acme(&format!("{yaml}\n"))), [""; 0], "{yaml}");
    }
}

#[test]
fn gen_05_bombs_end_early() {
    let deep = |open: &str, close: &str| format!("x: {}1{}\n", open.repeat(30_000), close.repeat(30_000));
    let laughs = "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\n\
                  d: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: [*e,*e,*e,*e,*e,*e,*e,*e,*e]\n";
    for (text, expected) in [
        (laughs.to_owned(), "more than 20000 nodes"),
        (deep("[", "]"), "deeper than 16 levels"),
        (deep("{a: ", "}"), "deeper than 16 levels"),
        (format!("x:\n  {}1\n", "- ".repeat(30_000)), "deeper than 16 levels"),
        ((0..200).fold(String::new(), |text, depth| text + &" ".repeat(depth) + "a:\n"), "deeper than 16 levels"),
        ("- 1\n".repeat(30_000), "more than 20000 nodes"),
        ("---\nid: a\n".repeat(5_000), "more than one document"),
        (format!("id: {}\n", "x".repeat(300_000)), "longer than 256 KiB"),
        ("k: &a x\n".repeat(20), "more than 16 anchors"),
        ("a: &a [*a]\n".to_owned(), ""),
    ] {
        let found = faults(&text);
        assert!(found[0].contains(expected), "{expected}: {}", found[0]);
        assert!(found.len() <= 64 && found.iter().all(|fault| fault.len() < 1000), "{expected}");
    }
}

#[test]
fn gen_13_credentials_are_refused_and_not_shown() {
    let random = "GkX9vQ2mZp7RtL4wYb8NcD3s";
    for yaml in [
        "client_secret: hunter2".to_owned(),
        "token: {request: {params: {app_secret: hunter2}}}".to_owned(),
        "token: {request: {params: {client_secret: hunter2}}}".to_owned(),
        "profile: {request: GET https://acme.example/me, query: {password: hunter2}, map: {subject: /id}}".to_owned(),
        format!("description: {random}"),
        format!("scopes: {{default: [{random}]}}"),
        format!("{random}: x"),
        format!("scopes: {{known: {{{random}: x}}}}"),
        format!("# {random}"),
        format!("# key\ntokn: {random}"),
        format!("settings: {{x: {{type: text, default: {random}}}}}"),
        "description: |\n  -----BEGIN PRIVATE KEY-----\n  hunter2\n  -----END PRIVATE KEY-----".to_owned(),
        "settings: {x: {type: text, default: \"${HOME}\"}}".to_owned(),
        "token: {request: {params: {a: \"env:SECRET\"}}}".to_owned(),
    ] {
        let found = faults(&acme(&format!("{yaml}\n")));
        assert!(!found.is_empty(), "{yaml}");
        let text = found.join("\n");
        assert!(!text.contains("hunter2") && !text.contains(random), "{text}");
        assert!(
            found.iter().any(|fault| fault.contains("error[secret]") || fault.contains("error[reference]")),
            "{text}"
        );
    }
    assert_eq!(faults(&acme("token: {request: {rename: {client_secret: app_secret}}}\n")), [""; 0]);
    let password = "api: {base_url: \"https://acme.example\", operations: {a: {post: /a, body: {password: string}}}}\n";
    assert_eq!(faults(&acme(password)), [""; 0]);
}

#[test]
fn gen_18_escapes_do_not_smuggle_characters_in() {
    for escape in ["\\0", "\\u202E", "\\u200B", "\\e", "\\t"] {
        let fault = only(&acme(&format!("description: \"a{escape}b\"\n")));
        assert!(fault.contains("control or invisible character"), "{fault}");
        let fault = faults(&acme(&format!("scopes: {{known: {{\"a{escape}b\": x}}}}\n")));
        assert!(!fault.is_empty() && !fault.iter().any(|fault| fault.contains('\u{202E}')), "{fault:#?}");
    }
}

#[test]
fn gen_20_what_is_not_yaml_says_where() {
    for (text, place) in [
        ("id: [a\nname: b\n", "acme.yaml:2"),
        ("id: 'a\n", "acme.yaml:"),
        ("a: b: c\n", "acme.yaml:1"),
        ("@\n", "acme.yaml:1:1"),
    ] {
        let fault = only(text);
        assert!(fault.contains("error[yaml]") && fault.contains(place), "{fault}");
    }
    for text in ["", "# nothing\n", "---\n"] {
        assert!(only(text).contains("the file is empty"), "{text:?}");
    }
    assert!(only("just words\n").contains("must be a map"));
    assert!(only("- a\n").contains("must be a map"));
    assert!(only("null\n").contains("is empty"));
}

#[test]
fn gen_10_only_regular_files_of_bounded_size_are_read() {
    let folder = std::env::temp_dir().join(format!("oauth-core-load-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let missing = ProviderSpec::from_yaml_file(folder.join("missing.yaml")).unwrap_err().to_string();
    assert!(missing.contains("cannot be read") && missing.contains("missing.yaml"), "{missing}");
    assert!(ProviderSpec::from_yaml_file(&folder).unwrap_err().to_string().contains("not a regular file"));
    let large = folder.join("large.yaml");
    std::fs::write(&large, vec![b' '; 300_000]).unwrap();
    assert!(ProviderSpec::from_yaml_file(&large).unwrap_err().to_string().contains("longer than 256 KiB"));
    let sound = folder.join("acme.yaml");
    std::fs::write(&sound, acme("")).unwrap();
    assert_eq!(ProviderSpec::from_yaml_file(&sound).unwrap().id, "acme");
    let renamed = folder.join("other.yaml");
    std::fs::rename(&sound, &renamed).unwrap();
    assert!(ProviderSpec::from_yaml_file(&renamed).is_err());
    std::fs::remove_dir_all(&folder).unwrap();
}

/// A file in which every section says something.
const RICH: &str = include_str!("tests/rich.yaml");

#[test]
fn a_rich_file_loads_and_its_json_gives_the_same_spec() {
    let spec = ProviderSpec::from_yaml(RICH).unwrap_or_else(|faults| panic!("{faults}"));
    let json = spec.to_json();
    let again = ProviderSpec::from_json(&json).unwrap();
    assert_eq!(spec, again);
    assert_eq!(json, again.to_json());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn any_bytes_give_a_spec_or_faults(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let loaded = load_all([SourceFile { name: "acme.yaml", bytes: &bytes }]);
        prop_assert_eq!(loaded.specs.is_empty(), !loaded.faults.is_empty());
    }

    #[test]
    fn any_text_gives_a_spec_or_faults(text in "[a-z0-9 :{}\\[\\],&*!|>'\"#%@`\n~?<-]{0,200}") {
        let found = faults(&text);
        prop_assert!(found.iter().all(|fault| fault.contains("acme.yaml")));
    }

    #[test]
    fn a_cut_or_changed_file_gives_a_spec_or_faults(cut in 0..RICH.len(), length in 0_usize..40, with in "[ -~\n]{0,6}") {
        let mut text = RICH.to_owned();
        let end = (cut + length).min(text.len());
        text.replace_range(cut..end, &with);
        match ProviderSpec::from_yaml(&text) {
            Ok(spec) => prop_assert_eq!(&ProviderSpec::from_json(&spec.to_json()).unwrap(), &spec),
            Err(faults) => prop_assert!(faults.iter().all(|fault| fault.line > 0 && fault.column > 0)),
        }
    }
}
