//! How a build notices that provider files changed.
//!
//! `include_bytes!` makes cargo rebuild when a file is edited, deleted or renamed. Nothing that a macro can emit tells
//! it about a new file; a `build.rs` of one line does, and the emitted test says so to those who lack it.

use proc_macro2::TokenStream;
use quote::quote;

use super::Door;
use crate::folder::{File, Found};

/// One constant that mentions each file and holds nothing at run time.
pub(super) fn include(files: &[&File]) -> TokenStream {
    let paths = files.iter().map(|file| &file.path);
    quote!(const _: &[&[u8]] = &[#(::core::include_bytes!(#paths)),*];)
}

/// A test that compares the files that were compiled in with those of the folder.
///
/// Without the folder it passes: then the tests run elsewhere than they were built.
pub(super) fn test(door: &Door<'_>, found: &Found) -> TokenStream {
    let names = found.files.iter().map(|file| &file.name);
    let dir = found.dir.to_str().unwrap_or_default();
    let folder = door.folder.trim_end_matches('/');
    let advice = format!(
        "is not compiled in: cargo does not notice a new file by itself. Put this line into a build.rs beside \
         Cargo.toml: fn main() {{ println!(\"cargo::rerun-if-changed={folder}\"); }}"
    );
    quote! {
        #[cfg(test)]
        mod __provider_files {
            #[::core::prelude::v1::test]
            fn every_provider_file_is_compiled_in() {
                const COMPILED: &[&str] = &[#(#names),*];
                let ::core::result::Result::Ok(entries) = ::std::fs::read_dir(#dir) else { return };
                for entry in entries {
                    let ::core::result::Result::Ok(entry) = entry else { continue };
                    let name = entry.file_name();
                    let ::core::option::Option::Some(name) = name.to_str() else { continue };
                    let other = name.starts_with('.') || !name.ends_with(".yaml");
                    ::core::assert!(other || COMPILED.contains(&name), "{}/{} {}", #folder, name, #advice);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_are_mentioned_and_compared() {
        let file = File {
            shown: "providers/acme.yaml".to_owned(),
            name: "acme.yaml".to_owned(),
            path: "/crate/providers/acme.yaml".to_owned(),
            bytes: Vec::new(),
        };
        let text = include(&[&file]).to_string();
        assert!(text.contains("include_bytes ! (\"/crate/providers/acme.yaml\")"), "{text}");

        let found = Found { dir: "/crate/providers".into(), files: vec![file], faults: Vec::new() };
        let door = Door { krate: &quote!(crate), catalog: false, folder: "providers/" };
        let text = test(&door, &found).to_string();
        assert!(text.contains("COMPILED : & [& str] = & [\"acme.yaml\"]"), "{text}");
        assert!(text.contains("cargo::rerun-if-changed=providers\\\""), "{text}");
    }
}
