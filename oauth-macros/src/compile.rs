//! From a macro call to its tokens: arguments, files, specs, modules. Every failure becomes one `compile_error!`.

use std::collections::BTreeSet;
use std::path::PathBuf;

use oauth_core::ProviderSpec;
use oauth_core::load::{Loaded, SourceFile, load_all};
use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;

use crate::expand::{self, Door};
use crate::folder::{self, File, Found};
use crate::input::Input;

/// A module for each sound file of a folder, the catalog, and one error that lists the faults of the others.
pub(crate) fn providers(input: TokenStream) -> TokenStream {
    compile(input, |input, root| {
        let found = folder::read_folder(root, &input.path)?;
        Ok(modules(&input, &found, expand::folder))
    })
}

/// The module of one file, or one error that lists its faults.
pub(crate) fn provider(input: TokenStream) -> TokenStream {
    compile(input, |input, root| {
        let found = folder::read_file(root, &input.path)?;
        Ok(modules(&input, &found, |_, _, files, modules| expand::file(files, modules)))
    })
}

fn compile(input: TokenStream, step: impl Fn(Input, &PathBuf) -> Result<TokenStream, String>) -> TokenStream {
    let input: Input = match syn::parse2(input) {
        Ok(input) => input,
        Err(fault) => return fault.into_compile_error(),
    };
    let span = input.span;
    // The only thing that the macros read beside the files; cargo and rust-analyzer set it.
    let Some(root) = std::env::var_os("CARGO_MANIFEST_DIR") else {
        return error(
            span,
            "CARGO_MANIFEST_DIR is not set, so that the provider files cannot be found: build with cargo",
        );
    };
    step(input, &PathBuf::from(root)).unwrap_or_else(|fault| error(span, &fault))
}

type Assemble = fn(&Door<'_>, &Found, &[&File], &[expand::Module]) -> TokenStream;

/// The modules of the sound files behind one error for the faulty ones.
fn modules(input: &Input, found: &Found, assemble: Assemble) -> TokenStream {
    let (specs, mut faults) = load(found);
    let door = Door { krate: &input.krate, catalog: input.catalog, folder: &input.path };
    let (mut files, mut modules) = (Vec::new(), Vec::new());
    for (file, spec) in &specs {
        match expand::module(&door, spec) {
            Ok(module) => {
                files.push(*file);
                modules.push(module);
            }
            Err(fault) => faults.push(format!("{}: {fault}", file.shown)),
        }
    }
    let assembled = assemble(&door, found, &files, &modules);
    if faults.is_empty() {
        return assembled;
    }
    let error = error(input.span, &format!("faults in `{}`\n\n{}", input.path, faults.join("\n\n")));
    quote_spanned!(Span::call_site()=> #error #assembled)
}

fn load(found: &Found) -> (Vec<(&File, ProviderSpec)>, Vec<String>) {
    let sources: Vec<_> = found.files.iter().map(|file| SourceFile { name: &file.shown, bytes: &file.bytes }).collect();
    let loaded = load_in_two(&sources).unwrap_or_else(|| load_all(sources));
    let mut faults = found.faults.clone();
    if !loaded.faults.is_empty() {
        faults.insert(0, loaded.faults.to_string());
    }
    let file_of = |(index, spec): (usize, ProviderSpec)| Some((found.files.get(index)?, spec));
    (loaded.specs.into_iter().filter_map(file_of).collect(), faults)
}

/// [`load_all`] on two threads: macros run unoptimised, and loading a large catalog is a third of what they do.
///
/// `None` where that is not the same or not worth it: few files, a fault anywhere, or one name in both halves.
fn load_in_two(sources: &[SourceFile<'_>]) -> Option<Loaded> {
    const WORTH_IT: usize = 64;
    if sources.len() < WORTH_IT {
        return None;
    }
    let (left, right) = sources.split_at(sources.len() / 2);
    let (mut loaded, right_loaded) = std::thread::scope(|scope| {
        let right = scope.spawn(|| load_all(right.iter().copied()));
        (load_all(left.iter().copied()), right.join())
    });
    let right_loaded = right_loaded.ok()?;
    if !loaded.faults.is_empty() || !right_loaded.faults.is_empty() {
        return None;
    }
    loaded.specs.extend(right_loaded.specs.into_iter().map(|(index, spec)| (left.len() + index, spec)));
    let specs = || loaded.specs.iter().map(|(_, spec)| spec);
    let ids: BTreeSet<&str> = specs().map(|spec| spec.id.as_str()).collect();
    let modules: BTreeSet<&str> = specs().map(|spec| spec.module.as_str()).collect();
    (ids.len() == loaded.specs.len() && modules.len() == loaded.specs.len()).then_some(loaded)
}

fn error(span: Span, message: &str) -> TokenStream {
    quote_spanned!(span=> ::core::compile_error! { #message })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(tokens: &TokenStream) -> Vec<String> {
        let file: syn::File = syn::parse2(tokens.clone()).unwrap();
        let calls = file.items.iter().filter_map(|item| match item {
            syn::Item::Macro(call) if call.mac.path.is_ident("compile_error") || call.mac.path.segments.len() == 2 => {
                Some(syn::parse2::<syn::LitStr>(call.mac.tokens.clone()).unwrap().value())
            }
            _ => None,
        });
        calls.collect()
    }

    /// Provider files with these ids, all sound.
    fn texts(ids: &[String]) -> Vec<(String, String)> {
        let text = |id: &String| {
            let endpoints = "{authorization: https://acme.example/a, token: https://acme.example/t}";
            let text = format!(
                "id: {id}\nname: {id}\ndocs: https://acme.example/\nchecked: 2026-11-21\nendpoints: {endpoints}\n"
            );
            (format!("{id}.yaml"), text)
        };
        ids.iter().map(text).collect()
    }

    fn sources(texts: &[(String, String)]) -> Vec<SourceFile<'_>> {
        texts.iter().map(|(name, text)| SourceFile { name, bytes: text.as_bytes() }).collect()
    }

    #[test]
    fn two_threads_load_what_one_does() {
        let mut ids: Vec<String> = (0..101).map(|n| format!("p{n:03}")).collect();
        let many = texts(&ids);
        assert_eq!(load_in_two(&sources(&many)).unwrap().specs, load_all(sources(&many)).specs);

        ids[100] = ids[0].clone();
        let twice = texts(&ids);
        assert!(load_in_two(&sources(&twice)).is_none());
        assert_eq!(load_all(sources(&twice)).faults.len(), 1);

        assert!(load_in_two(&sources(&many[..3])).is_none());
        let mut faulty = many;
        faulty[7].1.push_str("unknown: 1\n");
        assert!(load_in_two(&sources(&faulty)).is_none());
    }

    #[test]
    fn a_failure_is_one_compile_error() {
        for (input, message) in [
            ("", "oauth_providers::providers!"),
            ("[crate] \"missing\"", "the folder `missing` cannot be"),
            ("[crate] \"../providers\"", "leaves this crate"),
        ] {
            let messages = messages(&providers(input.parse().unwrap()));
            assert!(messages.len() == 1 && messages[0].contains(message), "{input}: {messages:?}");
        }
        let messages = messages(&provider("[crate] \"Cargo.toml\"".parse().unwrap()));
        assert!(messages.len() == 1 && messages[0].contains("is no provider file"), "{messages:?}");
    }
}
