//! From a macro call to its tokens: arguments, files, specs, modules. Every failure becomes one `compile_error!`.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::mpsc;

use oauth_core::ProviderSpec;
use oauth_core::load::{SourceFile, load_all};
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
    let door = Door { krate: &input.krate, catalog: input.catalog, folder: &input.path };
    let sources: Vec<_> = found.files.iter().map(|file| SourceFile { name: &file.shown, bytes: &file.bytes }).collect();
    let expand = |sound: &Sound| expand::module(&door, &sound.spec, &sound.json);
    let (modules, faults) = match while_loading(&sources, expand) {
        Some(modules) => (modules, found.faults.clone()),
        None => after_loading(&sources, found, expand),
    };
    let (files, modules): (Vec<&File>, Vec<_>) =
        modules.into_iter().filter_map(|(index, module)| Some((found.files.get(index)?, module))).unzip();
    let assembled = assemble(&door, found, &files, &modules);
    if faults.is_empty() {
        return assembled;
    }
    let error = error(input.span, &format!("faults in `{}`\n\n{}", input.path, faults.join("\n\n")));
    quote_spanned!(Span::call_site()=> #error #assembled)
}

/// A sound file: which it is, what it says, and that as JSON.
struct Sound {
    index: usize,
    spec: ProviderSpec,
    json: String,
}

impl Sound {
    fn new((index, spec): (usize, ProviderSpec)) -> Self {
        Self { index, json: spec.to_json(), spec }
    }
}

/// Expands the sound files, and says what is wrong with the others.
fn after_loading<T>(
    sources: &[SourceFile<'_>],
    found: &Found,
    expand: impl Fn(&Sound) -> Result<T, String>,
) -> (Vec<(usize, T)>, Vec<String>) {
    let loaded = load_all(sources.iter().copied());
    let mut faults = found.faults.clone();
    if !loaded.faults.is_empty() {
        faults.insert(0, loaded.faults.to_string());
    }
    let mut expanded = Vec::new();
    for sound in loaded.specs.into_iter().map(Sound::new) {
        match expand(&sound) {
            Ok(module) => expanded.push((sound.index, module)),
            Err(fault) => faults.push(format!("{}: {fault}", sources[sound.index].name)),
        }
    }
    (expanded, faults)
}

/// Expands files while a second thread loads those behind them: macros run unoptimised, loading a large catalog is half of
/// what they do, and tokens can only be made on the compiler's own thread.
///
/// `None` where that would not be the same or is not worth it: few files, a fault anywhere, or one name twice.
fn while_loading<T>(
    sources: &[SourceFile<'_>],
    expand: impl Fn(&Sound) -> Result<T, String>,
) -> Option<Vec<(usize, T)>> {
    const WORTH_IT: usize = 64;
    const AT_ONCE: usize = 16;
    if sources.len() < WORTH_IT {
        return None;
    }
    std::thread::scope(|scope| {
        let (sender, receiver) = mpsc::channel();
        scope.spawn(move || {
            for (piece, sources) in sources.chunks(AT_ONCE).enumerate() {
                let loaded = load_all(sources.iter().copied());
                let is_sound = loaded.faults.is_empty();
                let at = |(index, spec)| Sound::new((piece * AT_ONCE + index, spec));
                let sound: Vec<Sound> = loaded.specs.into_iter().map(at).collect();
                if sender.send(is_sound.then_some(sound)).is_err() || !is_sound {
                    return;
                }
            }
        });
        let (mut ids, mut modules) = (BTreeSet::new(), BTreeSet::new());
        let mut expanded = Vec::with_capacity(sources.len());
        for piece in receiver {
            for sound in piece? {
                let is_new = ids.insert(sound.spec.id.clone()) && modules.insert(sound.spec.module.clone());
                expanded.push((sound.index, expand(&sound).ok().filter(|_| is_new)?));
            }
        }
        (expanded.len() == sources.len()).then_some(expanded)
    })
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

    fn specs(sound: &Sound) -> Result<ProviderSpec, String> {
        ProviderSpec::from_json(&sound.json).map_err(|fault| fault.to_string())
    }

    #[test]
    fn two_threads_load_what_one_does() {
        let mut ids: Vec<String> = (0..101).map(|n| format!("p{n:03}")).collect();
        let many = texts(&ids);
        assert_eq!(while_loading(&sources(&many), specs).unwrap(), load_all(sources(&many)).specs);
        assert!(while_loading(&sources(&many), |_| Err::<(), _>("cannot be Rust".to_owned())).is_none());

        ids[100] = ids[0].clone();
        let twice = texts(&ids);
        assert!(while_loading(&sources(&twice), specs).is_none());
        assert_eq!(load_all(sources(&twice)).faults.len(), 1);

        assert!(while_loading(&sources(&many[..3]), specs).is_none());
        let mut faulty = many;
        faulty[7].1.push_str("unknown: 1\n");
        assert!(while_loading(&sources(&faulty), specs).is_none());
        let (expanded, found) = after_loading(&sources(&faulty), &Found::default(), specs);
        assert_eq!((expanded.len(), found.len()), (100, 1));
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
