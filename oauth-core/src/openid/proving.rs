//! How a client of an issuer without a file proves itself: what the client has, as far as the issuer takes it.

use super::Metadata;
use crate::client::{ClientAuth, Inner};
use crate::crypto::{CryptoError, PrivateKey};
use crate::error::{Error, ErrorKind, Result, Step, clean};
use crate::jose::{Alg, JoseError, JwsSigner};
use crate::request_object::{is_pem, request_key};
use crate::spec::{
    self, ASSERTION_LIFETIME, Assertion, AssertionAudience, ClientAuthMethod, Dpop, DpopSupport, MintedAlg,
    ProviderSpec, RequestObject, SigningAlg,
};
use crate::token::signing_alg;

/// The algorithms of client assertions, the better ones first.
const ASSERTIONS: [SigningAlg; 10] = [
    SigningAlg::ES256,
    SigningAlg::ES384,
    SigningAlg::ES512,
    SigningAlg::EdDSA,
    SigningAlg::PS256,
    SigningAlg::PS384,
    SigningAlg::PS512,
    SigningAlg::RS256,
    SigningAlg::RS384,
    SigningAlg::RS512,
];
/// The same where the issuer lists none. RFC 8414 section 2: "Servers SHOULD support `RS256`".
const UNLISTED: [SigningAlg; 5] =
    [SigningAlg::ES256, SigningAlg::ES384, SigningAlg::ES512, SigningAlg::EdDSA, SigningAlg::RS256];
/// Those of signed requests.
const REQUESTS: [MintedAlg; 5] =
    [MintedAlg::Es256, MintedAlg::Es384, MintedAlg::EdDsa, MintedAlg::Ps256, MintedAlg::Rs256];
/// Those of proofs of possession: a key is drawn for each login, which is too slow for RSA.
const PROOFS: [SigningAlg; 3] = [SigningAlg::ES256, SigningAlg::EdDSA, SigningAlg::ES384];

/// How a client with these credentials authenticates. RFC 8414 section 2: where the issuer lists no methods, "the default is
/// `client_secret_basic`".
pub(super) fn client_auth(inner: &Inner, metadata: &Metadata, auth: &ClientAuth) -> Result<spec::ClientAuth> {
    let methods = &metadata.token_endpoint_auth_methods_supported;
    let takes = |method: &str| methods.iter().any(|known| known == method);
    let basic = methods.is_empty() || takes("client_secret_basic");
    let has_key = auth.is_key() || auth.as_secret().is_some_and(is_pem);
    let has_secret = auth.as_secret().is_some() && !has_key;
    let is_sourced = auth.secret_source().is_some();
    let method = match () {
        () if has_key && takes("private_key_jwt") => ClientAuthMethod::PrivateKeyJwt,
        () if has_key => return Err(refused(inner, metadata, "a private key")),
        () if auth.is_certificate() && takes_certificates(methods) => ClientAuthMethod::Mtls,
        () if auth.is_certificate() => return Err(refused(inner, metadata, "a certificate")),
        () if basic => ClientAuthMethod::Basic,
        () if takes("client_secret_post") => ClientAuthMethod::Body,
        () if takes("client_secret_jwt") && (has_secret || is_sourced) => ClientAuthMethod::ClientSecretJwt,
        () if takes("private_key_jwt") && is_sourced => ClientAuthMethod::PrivateKeyJwt,
        () if has_secret || is_sourced => return Err(refused(inner, metadata, "a secret")),
        // Nobody knows whether the caller's transport shows a certificate. Where the issuer takes clients without one, this is
        // one of those.
        () if shows_certificates(inner, methods) && !takes("none") => ClientAuthMethod::Mtls,
        () => ClientAuthMethod::None,
    };
    with(inner, metadata, auth, method)
}

/// That somebody without credentials can be a client: where the issuer takes signatures and certificates only, nobody is, but
/// for a caller whose own transport may show a certificate.
pub(crate) fn check_public(inner: &Inner, metadata: &Metadata, auth: &ClientAuth) -> Result<()> {
    let methods = &metadata.token_endpoint_auth_methods_supported;
    let proves = |method: &String| method.ends_with("_jwt") || is_certified(method);
    let all_prove = !methods.is_empty() && methods.iter().all(proves);
    let nobody = auth.signing_key().is_none() && auth.secret_source().is_none() && !auth.is_certificate();
    if nobody && all_prove && !shows_certificates(inner, methods) {
        return Err(refused(inner, metadata, "a client without credentials"));
    }
    Ok(())
}

/// That method, with what it needs to be known of it.
pub(crate) fn with(
    inner: &Inner,
    metadata: &Metadata,
    auth: &ClientAuth,
    method: ClientAuthMethod,
) -> Result<spec::ClientAuth> {
    let listed = &metadata.token_endpoint_auth_signing_alg_values_supported;
    let mut chosen = spec::ClientAuth::from(method);
    let alg = match method {
        ClientAuthMethod::PrivateKeyJwt => assertion_alg(inner, auth, listed)?,
        ClientAuthMethod::ClientSecretJwt => {
            let shared = [SigningAlg::HS256, SigningAlg::HS384, SigningAlg::HS512];
            let taken = shared.into_iter().find(|alg| listed.iter().any(|name| name == alg.as_str()));
            taken.unwrap_or(SigningAlg::HS256)
        }
        _ => return Ok(chosen),
    };
    chosen.assertion =
        Some(Assertion { alg, kid: None, audience: AssertionAudience::Issuer, lifetime: ASSERTION_LIFETIME });
    Ok(chosen)
}

fn assertion_alg(inner: &Inner, auth: &ClientAuth, listed: &[String]) -> Result<SigningAlg> {
    let offered = offered(listed);
    match auth.signing_key() {
        Some(pem) => fitting(inner, pem, &offered, SigningAlg::as_str).map(|(alg, _)| alg),
        None => Ok(offered.first().copied().unwrap_or(SigningAlg::ES256)),
    }
}

/// What may sign an assertion for an issuer that lists these.
fn offered(listed: &[String]) -> Vec<SigningAlg> {
    if listed.is_empty() {
        return UNLISTED.into();
    }
    ASSERTIONS.into_iter().filter(|alg| listed.iter().any(|name| name == alg.as_str())).collect()
}

/// The first that this key can sign with, and what does so.
fn fitting<A: Copy>(inner: &Inner, pem: &str, algs: &[A], name: impl Fn(A) -> &'static str) -> Result<(A, JwsSigner)> {
    let refused = |source: Box<dyn std::error::Error + Send + Sync>| {
        Error::new(ErrorKind::Config, Step::Configure, "the private key cannot be used")
            .fix("give the whole text of the .pem file, of a kind that the issuer's metadata lists an algorithm for")
            .source(source)
            .of(inner.spec())
    };
    let crypto = inner.config.crypto.as_ref().ok_or_else(|| refused(Box::new(CryptoError::NoBackend)))?;
    let key = PrivateKey::from_pem(pem).map_err(|error| refused(Box::new(error)))?;
    let signer = |alg: A| JwsSigner::new(&**crypto, Alg::from_name(name(alg))?, &key).ok().map(|signer| (alg, signer));
    algs.iter().copied().find_map(signer).ok_or_else(|| refused(Box::new(JoseError::AlgKeyMismatch)))
}

/// What signs with this key.
pub(crate) fn key_signer(inner: &Inner, pem: &str) -> Result<JwsSigner> {
    fitting(inner, pem, &UNLISTED, SigningAlg::as_str).map(|(_, signer)| signer)
}

fn name_of(alg: MintedAlg) -> &'static str {
    signing_alg(alg).name()
}

/// What signs the requests of an issuer that takes no others (RFC 9101 section 10.5, `require_signed_request_object`). A client
/// without a key learns of it when it starts a login.
pub(super) fn request_object(inner: &Inner, metadata: &Metadata) -> Result<RequestObject> {
    let listed = &metadata.request_object_signing_alg_values_supported;
    let takes = |alg: &MintedAlg| listed.is_empty() || listed.iter().any(|name| name == name_of(*alg));
    let offered: Vec<MintedAlg> = REQUESTS.into_iter().filter(takes).collect();
    let alg = match request_key(&inner.config).filter(|key| is_pem(key)) {
        Some(pem) => fitting(inner, pem, &offered, name_of)?.0,
        None => MintedAlg::Es256,
    };
    Ok(RequestObject { alg, kid: None, audience: None, lifetime: RequestObject::LIFETIME })
}

/// Bound tokens and nothing else, by an algorithm that each of these lists has; an empty one has all (RFC 9449 section 5.1,
/// RFC 9728 section 2).
pub(super) fn dpop(spec: &ProviderSpec, lists: &[&[String]]) -> Result<Dpop> {
    let takes =
        |alg: &SigningAlg| lists.iter().all(|list| list.is_empty() || list.iter().any(|name| name == alg.as_str()));
    let alg = PROOFS.into_iter().find(takes).ok_or_else(|| {
        let what = "tokens have to be bound to a key, with no algorithm that this client has";
        Error::new(ErrorKind::Unsupported, Step::Discovery, what)
            .fix("it has `ES256`, `EdDSA` and `ES384` (`dpop_signing_alg_values_supported`)")
            .of(spec)
    })?;
    Ok(Dpop { support: DpopSupport::Required, alg })
}

fn refused(inner: &Inner, metadata: &Metadata, has: &str) -> Error {
    let methods = &metadata.token_endpoint_auth_methods_supported;
    let listed: Vec<String> = methods.iter().take(8).map(|method| clean(method)).collect();
    let listed = if listed.is_empty() { "client_secret_basic".to_owned() } else { listed.join(", ") };
    let what = format!("the issuer takes no client that has {has}; it lists: {listed}");
    let takes = |known: &dyn Fn(&str) -> bool| methods.iter().any(|method| known(method));
    let fix = if takes(&|method| method == "private_key_jwt") {
        "give the client its private key: `ClientAuth::private_key(pem)`"
    } else if takes(&is_certified) {
        "give the client its certificate: `ClientAuth::certificate(chain, key)`"
    } else if methods.is_empty() || takes(&|method| method.starts_with("client_secret")) {
        "register a client with a secret, and give it that"
    } else {
        "register a public client"
    };
    Error::new(ErrorKind::Unsupported, Step::Discovery, what).fix(fix).of(inner.spec())
}

/// Whether the issuer takes certificates and the caller's own transport may show one.
fn shows_certificates(inner: &Inner, methods: &[String]) -> bool {
    takes_certificates(methods) && inner.config.has_own_http
}

fn takes_certificates(methods: &[String]) -> bool {
    methods.iter().any(|method| is_certified(method))
}

/// RFC 8705 sections 2.1.1 and 2.2.1: for the client both are one.
fn is_certified(method: &str) -> bool {
    matches!(method, "tls_client_auth" | "self_signed_tls_client_auth")
}
