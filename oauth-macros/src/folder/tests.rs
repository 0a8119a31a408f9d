use super::*;

/// A folder of its own for each test, removed at the end.
struct Crate(PathBuf);

impl Crate {
    fn new(test: &str) -> Self {
        let root = std::env::temp_dir().join(format!("oauth-macros-{}-{test}", std::process::id()));
        fs::create_dir_all(root.join("crate/providers")).unwrap();
        Self(root)
    }

    fn root(&self) -> PathBuf {
        self.0.join("crate")
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.0.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
}

impl Drop for Crate {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).unwrap();
    }
}

fn shown(found: &Found) -> Vec<&str> {
    found.files.iter().map(|file| file.shown.as_str()).collect()
}

#[test]
fn the_yaml_files_of_a_folder_sorted() {
    let krate = Crate::new("sorted");
    for name in ["b.yaml", "a.yaml", "README.md", "schema.json", ".hidden.yaml", "yaml", "sub/c.yaml"] {
        krate.write(&format!("crate/providers/{name}"), name);
    }
    for literal in ["providers", "providers/"] {
        let found = read_folder(&krate.root(), literal).unwrap();
        assert_eq!(shown(&found), ["providers/a.yaml", "providers/b.yaml"]);
        assert_eq!(found.files[0].bytes, b"a.yaml");
        assert_eq!(found.faults, Vec::<String>::new());
    }
}

#[test]
fn one_file() {
    let krate = Crate::new("one");
    krate.write("crate/providers/a.yaml", "a");
    krate.write("crate/b.yaml", "b");
    assert_eq!(shown(&read_file(&krate.root(), "providers/a.yaml").unwrap()), ["providers/a.yaml"]);
    assert_eq!(shown(&read_file(&krate.root(), "./b.yaml").unwrap()), ["b.yaml"]);
    assert!(read_file(&krate.root(), "providers").unwrap_err().contains("no provider file"));
    assert!(read_file(&krate.root(), "c.yaml").unwrap_err().starts_with("c.yaml: the file cannot be read"));
}

#[test]
fn a_path_stays_in_the_crate() {
    let krate = Crate::new("inside");
    krate.write("outside/a.yaml", "a");
    for literal in ["../outside", "providers/../../outside", "/etc"] {
        assert!(read_folder(&krate.root(), literal).unwrap_err().contains("leaves this crate"), "{literal}");
    }
    for literal in ["../outside/a.yaml", "/etc/a.yaml"] {
        assert!(read_file(&krate.root(), literal).unwrap_err().contains("leaves this crate"), "{literal}");
    }
    assert!(read_folder(&krate.root(), "").unwrap_err().contains("the path is empty"));
    assert!(read_folder(&krate.root(), "a\0b").is_err());
    assert!(read_folder(&krate.root(), "missing").unwrap_err().contains("cannot be read"));
    assert!(read_folder(&krate.root(), "providers").unwrap_err().contains("holds no provider file"));
}

#[test]
fn a_slip_in_a_name_is_a_fault_and_the_other_files_stay() {
    let krate = Crate::new("slips");
    krate.write("crate/providers/a.yml", "a");
    krate.write("crate/providers/b.yaml", "b");
    krate.write("crate/providers/c.yaml/inner", "");
    krate.write("crate/providers/d.yaml", &" ".repeat(256 * 1024 + 1));
    let found = read_folder(&krate.root(), "providers").unwrap();
    assert_eq!(shown(&found), ["providers/b.yaml"]);
    assert_eq!(
        found.faults,
        [
            "providers/c.yaml: this is no regular file",
            "providers/d.yaml: the file is larger than 256 KiB: no provider file is",
            "providers/a.yml: provider files end in `.yaml`: rename it to `a.yaml`",
        ]
    );
}

#[test]
fn a_link_checked_out_as_text_is_followed() {
    let krate = Crate::new("text-link");
    krate.write("shared/a.yaml", "a");
    krate.write("crate/linked", "../shared");
    assert_eq!(shown(&read_folder(&krate.root(), "linked").unwrap()), ["linked/a.yaml"]);
    assert_eq!(shown(&read_file(&krate.root(), "linked/a.yaml").unwrap()), ["linked/a.yaml"]);
    for text in ["../nowhere", "", "../shared\n../shared", &"a".repeat(5000)] {
        krate.write("crate/broken", text);
        assert!(read_folder(&krate.root(), "broken").unwrap_err().contains("`broken` is a file"));
    }
}

#[cfg(unix)]
#[test]
fn the_folder_may_be_a_link_and_nothing_else_may_lead_out() {
    use std::os::unix::fs::symlink;
    let krate = Crate::new("links");
    krate.write("shared/a.yaml", "a");
    krate.write("shared/deep/b.yaml", "b");
    krate.write("crate/providers/c.yaml", "c");
    symlink("../shared", krate.root().join("linked")).unwrap();
    symlink("../../shared/a.yaml", krate.root().join("providers/out.yaml")).unwrap();
    symlink("c.yaml", krate.root().join("providers/in.yaml")).unwrap();
    symlink("nowhere", krate.root().join("providers/dangling.yaml")).unwrap();

    assert_eq!(shown(&read_folder(&krate.root(), "linked").unwrap()), ["linked/a.yaml"]);
    assert!(read_folder(&krate.root(), "linked/deep").unwrap_err().contains("through a link above it"));
    let found = read_folder(&krate.root(), "providers").unwrap();
    assert_eq!(shown(&found), ["providers/c.yaml", "providers/in.yaml"]);
    assert!(found.faults[0].starts_with("providers/dangling.yaml: the file cannot be read"));
    assert!(found.faults[1].starts_with("providers/out.yaml: the file is a link that leaves its folder"));
}
