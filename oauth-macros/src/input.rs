//! The arguments of the macros: `[$crate] "providers"`, or `[crate] catalog "providers"` in the catalog crate itself.

use proc_macro2::{Span, TokenStream, TokenTree};
use syn::parse::{Parse, ParseStream};
use syn::{Ident, LitStr, Token, bracketed};

/// What a macro was called with.
pub(crate) struct Input {
    /// The path of `oauth-providers`, as the calling crate sees it. All paths of generated code start there.
    pub(crate) krate: TokenStream,
    /// Whether this is the catalog crate: doc examples there are compiled.
    pub(crate) catalog: bool,
    /// The folder or the file, relative to the calling crate's manifest.
    pub(crate) path: String,
    /// Where messages point: at that literal.
    pub(crate) span: Span,
}

impl Parse for Input {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let krate = parse_krate(input)?;
        let catalog = input.peek(Ident) && input.peek2(LitStr);
        if catalog {
            let word: Ident = input.parse()?;
            if word != "catalog" {
                return Err(syn::Error::new(word.span(), format!("expected a path in quotes, found `{word}`")));
            }
        }
        let literal: LitStr = input.parse().map_err(|fault| {
            syn::Error::new(
                fault.span(),
                "expected a path in quotes, relative to this crate's Cargo.toml: \"providers\"",
            )
        })?;
        input.parse::<Option<Token![,]>>()?;
        if !input.is_empty() {
            return Err(input.error("expected nothing more: one call takes one path"));
        }
        Ok(Self { krate, catalog, path: literal.value(), span: literal.span() })
    }
}

/// The tokens between the brackets: a path, that is identifiers and colons (`$crate` is one identifier to a macro).
fn parse_krate(input: ParseStream<'_>) -> syn::Result<TokenStream> {
    const HOW: &str =
        "call `oauth_providers::providers!` or `oauth_providers::provider!`, which pass the path of their crate";
    if !input.peek(syn::token::Bracket) {
        return Err(input.error(HOW));
    }
    let content;
    bracketed!(content in input);
    let krate: TokenStream = content.parse()?;
    let is_path = |token: &TokenTree| match token {
        TokenTree::Ident(_) => true,
        TokenTree::Punct(punct) => punct.as_char() == ':',
        TokenTree::Group(_) | TokenTree::Literal(_) => false,
    };
    if krate.is_empty() || !krate.clone().into_iter().all(|token| is_path(&token)) {
        return Err(syn::Error::new(Span::call_site(), HOW));
    }
    Ok(krate)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Input, String> {
        syn::parse_str(text).map_err(|fault| fault.to_string())
    }

    #[test]
    fn a_path_and_a_folder() {
        let input = parse(r#"[::oauth_providers] "providers","#).unwrap();
        assert_eq!(input.krate.to_string(), ":: oauth_providers");
        assert_eq!(input.path, "providers");
        assert!(!input.catalog);
        assert!(parse(r#"[crate] catalog "providers""#).unwrap().catalog);
    }

    #[test]
    fn anything_else_is_said_to_be_wrong() {
        for (text, message) in [
            (r#""providers""#, "oauth_providers::providers!"),
            (r#"[] "providers""#, "oauth_providers::providers!"),
            (r#"[a + b] "providers""#, "oauth_providers::providers!"),
            ("[crate]", "expected a path in quotes"),
            ("[crate] providers", "expected a path in quotes"),
            (r#"[crate] katalog "providers""#, "found `katalog`"),
            (r#"[crate] "a" "b""#, "one call takes one path"),
        ] {
            let fault = parse(text).err().unwrap_or_default();
            assert!(fault.contains(message), "{text}: {fault}");
        }
    }
}
