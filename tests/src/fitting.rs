//! What a provider wants of its clients, whichever it is: a secret, a redirect URI and settings that its file admits.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use oauth_core::spec::{LoopbackRule, MintedAlg, Setting, SettingKind};
use oauth_core::{ProviderSpec, spec};
use oauth_simulator::RegisteredClient;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm,
    Ed25519KeyPair,
};
use url::Url;

/// A redirect URI that is as near to this one as the provider takes.
pub fn redirect_uri(spec: &ProviderSpec, like: &str) -> String {
    let limits = &spec.redirect;
    let mut uri = Url::parse(like).expect("an absolute address");
    if limits.loopback == LoopbackRule::Refused {
        uri.set_host(Some("app.example")).expect("a name is a host");
        uri.set_port(None).expect("an http address may do without a port");
    }
    if limits.https {
        uri.set_scheme("https").expect("http may become https");
    }
    if !limits.query {
        uri.set_query(None);
    }
    String::from(uri)
}

/// What the provider's console gives a client to prove itself with: that text, or a private key, where the file says
/// that a secret is minted.
pub fn secret(spec: &ProviderSpec, text: &str) -> String {
    spec.client_auth.minted.as_ref().map_or_else(|| text.to_owned(), |minted| private_key(minted.alg))
}

/// The client as the provider has it in its list.
pub fn registered(spec: &ProviderSpec, id: &str, text: &str) -> RegisteredClient {
    match spec.client_auth.method {
        spec::ClientAuthMethod::None => RegisteredClient::public(id),
        _ => RegisteredClient::confidential(id, secret(spec, text)),
    }
}

/// A value for each setting without a default.
pub fn settings(spec: &ProviderSpec) -> Vec<(String, String)> {
    let value = |setting: &Setting| match setting.kind {
        SettingKind::Enum => setting.values[0].0.clone(),
        SettingKind::Host => "id.customer.example".to_owned(),
        SettingKind::Port => "8443".to_owned(),
        SettingKind::Url => "https://customer.example".to_owned(),
        _ => "customer".to_owned(),
    };
    spec.required_settings().map(|setting| (setting.name.clone(), value(setting))).collect()
}

/// A new private key as a PEM file. Of RSA it is always the same one: making one takes seconds.
fn private_key(alg: MintedAlg) -> String {
    let of_ec = |algorithm: &'static EcdsaSigningAlgorithm| {
        EcdsaKeyPair::generate_pkcs8(algorithm, &random()).expect("ring makes keys")
    };
    let document = match alg {
        MintedAlg::Es256 => of_ec(&ECDSA_P256_SHA256_FIXED_SIGNING),
        MintedAlg::Es384 => of_ec(&ECDSA_P384_SHA384_FIXED_SIGNING),
        MintedAlg::EdDsa => Ed25519KeyPair::generate_pkcs8(&random()).expect("ring makes keys"),
        _ => return include_str!("../keys/rsa.pem").to_owned(),
    };
    let encoded = STANDARD.encode(document);
    let lines: Vec<&str> = (0..encoded.len()).step_by(64).map(|at| &encoded[at..encoded.len().min(at + 64)]).collect();
    format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", lines.join("\n"))
}

#[allow(clippy::disallowed_methods, reason = "ring's trait for random sources is sealed")]
fn random() -> ring::rand::SystemRandom {
    ring::rand::SystemRandom::new()
}
