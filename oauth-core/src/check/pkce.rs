use crate::fault::{Finding, at, shown};
use crate::schema::{self, WordOr};
use crate::spec::{Challenge, ChallengeEncoding, ChallengeMethod, Pkce, ProviderSpec};

use super::Cx;

pub(super) fn lower(pkce: Option<schema::Pkce>) -> (Pkce, Challenge) {
    let full = match pkce {
        None => schema::PkceFull::default(),
        Some(WordOr::Word(support)) => schema::PkceFull { support: Some(support), ..schema::PkceFull::default() },
        Some(WordOr::Full(full)) => full,
    };
    let challenge = Challenge {
        method: full.method.unwrap_or_default(),
        encoding: full.encoding.unwrap_or_default(),
        method_name: full.method_name,
    };
    (full.support.unwrap_or(Pkce::Supported), challenge)
}

/// RFC 7636 section 4.2: the plain challenge is the verifier, so there is nothing to encode; without PKCE there is no
/// challenge at all.
pub(super) fn challenge_is_sound(cx: &mut Cx<'_>, spec: &ProviderSpec) {
    let challenge = &spec.challenge;
    if challenge.method == ChallengeMethod::Plain && challenge.encoding != ChallengeEncoding::Base64Url {
        let finding = Finding::new(
            "pkce",
            at!["pkce", "encoding"],
            "a plain challenge is the verifier itself: nothing encodes it",
        );
        cx.report(finding.on_key().help("remove the line, or write `method: S256`"));
    }
    if let Some(name) = &challenge.method_name
        && (name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte)))
    {
        let finding =
            Finding::new("pkce", at!["pkce", "method_name"], format!("`{}` cannot name a method", shown(name)));
        cx.report(finding.help("write the provider's word for the method: `s256`"));
    }
    for key in ["method", "encoding", "method_name"] {
        if spec.pkce == Pkce::Unsupported && cx.has(&at!["pkce", key]) {
            let finding = Finding::new("pkce", at!["pkce", key], "there is no challenge where PKCE is unsupported");
            cx.report(finding.on_key().help("remove the line, or correct `support`"));
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::ProviderSpec;
    use crate::check::testing::{acme, faults};
    use crate::spec::{ChallengeEncoding, ChallengeMethod, Pkce};

    const QUIRK: &str = "quirks: [{field: pkce, because: the vendor says so, source: \"https://acme.example/docs\"}]\n";

    #[test]
    fn a_word_or_a_map() {
        let spec = |pkce: &str| ProviderSpec::from_yaml(&acme(&format!("pkce: {pkce}\n{QUIRK}"))).unwrap();
        assert_eq!(spec("required").pkce, Pkce::Required);
        assert_eq!(spec("required").challenge.method_name(), "S256");
        let full = spec("{support: required, encoding: hex, method_name: s256}");
        assert_eq!((full.pkce, full.challenge.encoding), (Pkce::Required, ChallengeEncoding::Hex));
        assert_eq!(full.challenge.method_name(), "s256");
        let plain = spec("{method: plain}");
        assert_eq!((plain.pkce, plain.challenge.method), (Pkce::Supported, ChallengeMethod::Plain));
        assert_eq!(plain.challenge.method_name(), "plain");
    }

    #[test]
    fn forms_of_the_challenge_are_sound() {
        for (pkce, expected) in [
            ("{support: off}", "is not a value of `pkce.support`"),
            ("{method: s256}", "did you mean `S256`?"),
            ("{method: plain, encoding: hex}", "a plain challenge is the verifier itself"),
            ("{method_name: \"a b\"}", "`a b` cannot name a method"),
            ("{support: unsupported, method: S256}", "there is no challenge where PKCE is unsupported"),
        ] {
            let found = faults(&acme(&format!("pkce: {pkce}\n{QUIRK}")));
            assert!(found.len() == 1 && found[0].contains(expected), "{pkce}: {found:#?}");
        }
        let found = faults(&acme("pkce: 3\n"));
        assert!(
            found.len() == 1 && found[0].contains("`pkce` is the number `3`: it must be a word or a map"),
            "{found:#?}"
        );
    }
}
