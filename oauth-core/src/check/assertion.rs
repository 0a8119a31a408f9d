//! The JWT that a client proves itself with (RFC 7523 section 2.2).

use crate::fault::{Finding, Path};
use crate::schema;
use crate::spec::{
    ASSERTION_LIFETIME, Assertion, AssertionAudience, ClientAuthMethod, MintedAlg, ProviderSpec, SigningAlg,
};

use super::cx::{Cx, top};
use super::templates::{Reach, holes};

/// Whoever finds an assertion may use it to its end. Servers take five minutes at most.
const LONGEST: u64 = 300;

/// Whether the client signs something instead of showing its secret.
pub(super) fn is_signed(method: ClientAuthMethod) -> bool {
    matches!(method, ClientAuthMethod::PrivateKeyJwt | ClientAuthMethod::ClientSecretJwt)
}

/// Whether a client has no secret that could stand in a request.
pub(super) fn shows_none(method: ClientAuthMethod) -> bool {
    is_signed(method) || method == ClientAuthMethod::Mtls
}

pub(super) fn lower(
    cx: &mut Cx<'_>,
    path: &Path,
    method: ClientAuthMethod,
    full: &schema::ClientAuthFull,
) -> Option<Assertion> {
    if !is_signed(method) {
        return None;
    }
    let usual = if method == ClientAuthMethod::ClientSecretJwt { SigningAlg::HS256 } else { SigningAlg::ES256 };
    let audience = match full.audience.as_deref() {
        None | Some(AssertionAudience::ISSUER) => AssertionAudience::Issuer,
        Some(AssertionAudience::TOKEN_ENDPOINT) => AssertionAudience::TokenEndpoint,
        Some(text) => AssertionAudience::Text(cx.template(&path.then("audience"), text)),
    };
    Some(Assertion {
        alg: full.alg.unwrap_or(usual),
        kid: cx.maybe_template(&path.then("kid"), full.kid.as_deref()),
        audience,
        lifetime: full.lifetime.unwrap_or(ASSERTION_LIFETIME),
    })
}

/// The algorithm of a minted secret, which is never a shared one.
pub(super) fn minted_alg(cx: &mut Cx<'_>, path: &Path, alg: SigningAlg) -> MintedAlg {
    match alg {
        SigningAlg::ES256 => MintedAlg::Es256,
        SigningAlg::ES384 => MintedAlg::Es384,
        SigningAlg::RS256 => MintedAlg::Rs256,
        SigningAlg::PS256 => MintedAlg::Ps256,
        SigningAlg::EdDSA => MintedAlg::EdDsa,
        other => {
            let message = format!("`{}` is not a value of `{}` for a minted secret", other.as_str(), path.then("alg"));
            let finding = Finding::new("client-auth", path.then("alg"), message);
            cx.report(finding.help("it is one of `ES256`, `ES384`, `RS256`, `PS256`, `EdDSA`"));
            MintedAlg::Es256
        }
    }
}

/// OpenID Connect Core section 9: `client_secret_jwt` is signed "using an HMAC SHA algorithm", `private_key_jwt` with a key
/// pair. RFC 7523 section 3: the audience "identifies the authorization server as an intended audience".
pub(super) fn assertion_is_sound(cx: &mut Cx<'_>, spec: &ProviderSpec) {
    let (path, method) = (top("client_auth"), spec.client_auth.method);
    let Some(assertion) = &spec.client_auth.assertion else { return };
    let shared = matches!(assertion.alg, SigningAlg::HS256 | SigningAlg::HS384 | SigningAlg::HS512);
    if shared != (method == ClientAuthMethod::ClientSecretJwt) {
        let message = format!("`{}` cannot sign what `{}` sends", assertion.alg.as_str(), method.as_str());
        let help = if shared { "use the algorithm of a key pair: `alg: ES256`" } else { "use `alg: HS256`" };
        cx.report(Finding::new("client-auth", path.then("alg"), message).help(help));
    }
    if let Some(kid) = &assertion.kid {
        holes(cx, spec, &path.then("kid"), kid, Reach::AUTHORIZE);
    }
    match &assertion.audience {
        AssertionAudience::Issuer if spec.endpoints.issuer.is_none() && !cx.is_touched(&top("endpoints")) => {
            let message = "a client's assertion is for the issuer, and the file names none";
            let finding = Finding::new("client-auth", path, message);
            cx.report(finding.help(
                "add `endpoints.issuer`; a server that wants another audience: `client_auth: {method: private_key_jwt, audience: token_endpoint}`",
            ));
        }
        AssertionAudience::Text(text) => {
            holes(cx, spec, &path.then("audience"), text, Reach::AUTHORIZE);
        }
        _ => {}
    }
    if assertion.lifetime == 0 || assertion.lifetime > LONGEST {
        let path = top("client_auth").then("lifetime");
        let finding = Finding::new("client-auth", path, "an assertion lives a second to five minutes");
        cx.report(finding.help("leave it out: 60 seconds are enough for a request"));
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::{acme, faults};
    use crate::spec::{AssertionAudience, ProviderSpec, SigningAlg};

    #[test]
    fn a_word_or_a_map() {
        const QUIRK: &str =
            "quirks: [{field: client_auth.audience, because: older, source: \"https://acme.example/docs\"}]\n";
        let assertion = |auth: &str| {
            let quirk = if auth.contains("token_endpoint") { QUIRK } else { "" };
            let yaml = acme(&format!("client_auth: {auth}\n{quirk}"))
                .replace("endpoints: {", "endpoints: {issuer: \"https://acme.example\", ");
            ProviderSpec::from_yaml(&yaml).unwrap_or_else(|faults| panic!("{faults}")).client_auth.assertion.unwrap()
        };
        let usual = assertion("private_key_jwt");
        assert_eq!((usual.alg, usual.lifetime), (SigningAlg::ES256, 60));
        assert_eq!((usual.kid, usual.audience), (None, AssertionAudience::Issuer));
        assert_eq!(assertion("client_secret_jwt").alg, SigningAlg::HS256);
        let older = assertion("{method: private_key_jwt, alg: PS256, kid: k1, audience: token_endpoint, lifetime: 30}");
        assert_eq!((older.alg, older.lifetime), (SigningAlg::PS256, 30));
        assert_eq!(older.audience, AssertionAudience::TokenEndpoint);
        assert_eq!(assertion("{method: client_secret_jwt, audience: acme}").audience.as_str(), "acme");
    }

    #[test]
    fn faults_of_an_assertion() {
        for (auth, expected) in [
            ("private_key_jwt", "the file names none"),
            ("{method: private_key_jwt, audience: a, alg: HS256}", "`HS256` cannot sign"),
            ("{method: client_secret_jwt, audience: a, alg: RS256}", "`RS256` cannot sign"),
            ("{method: client_secret_jwt, audience: a, lifetime: 301}", "a second to five minutes"),
            ("{method: client_secret_jwt, audience: a, claims: {iss: a}}", "`claims` belongs to the method `minted`"),
            ("{method: private_key_jwt, audience: \"{nothing}\"}", "neither declared under `settings`"),
            ("{method: private_key_jwt, audience: token_endpoint}", "no entry of `quirks` says why"),
            ("{method: basic, audience: a}", "`audience` belongs to the method `private_key_jwt`"),
        ] {
            let found = faults(&acme(&format!("client_auth: {auth}\n")));
            assert!(found.len() == 1 && found[0].contains(expected), "{auth}: {found:#?}");
        }
        let found = faults(&acme(
            "client_auth: {method: private_key_jwt, audience: a}\ntoken: {request: {params: {s: \"{client_secret}\"}}}\n",
        ));
        assert!(found.len() == 1 && found[0].contains("may not stand in"), "{found:#?}");
    }
}
