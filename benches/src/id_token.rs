//! W6: an ID token, its signature checked with keys that are there, and what it claims.

use std::hint::black_box;
use std::str::FromStr as _;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use http::{Request, Response};
use jsonwebtoken::jwk::JwkSet as PeerKeys;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use oauth_core::__private::check_id_token;
use oauth_core::crypto::{AwsLcRs, Crypto, Ring};
use oauth_core::http::{Body, BoxFuture, HttpClient, TransportError};
use oauth_core::jose::{Alg, JwkSet, Jws};
use oauth_core::{Clock, ProviderSpec, SecretString, TokenSet};
use openidconnect::core::{CoreIdToken, CoreIdTokenVerifier, CoreJsonWebKeySet, CoreJwsSigningAlgorithm};
use openidconnect::{ClientId, IssuerUrl, Nonce};
use serde::Deserialize;
use tokio::runtime::Builder;

use crate::provider::{CLIENT_ID, CLIENT_SECRET, ready};
use crate::workload::{Case, Target, Workload, case};

const ISSUER: &str = "https://id.acme.example";
const NONCE: &str = "n-0S6_WzA2MjTq3vQz9JbA";
/// A minute after the tokens were issued; they last for nine years.
const NOW: u64 = 1_795_251_660;
const KEYS: &str = include_str!("id_token/keys.json");

/// Who signed, and how.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Signed {
    Rs256,
    Es256,
}

/// Who checks signatures.
#[derive(Clone, Copy)]
enum Backend {
    Ring,
    AwsLc,
}

/// One workload for each signature and backend: a floor is the bare check of its own backend.
pub fn workloads() -> Vec<Workload> {
    let with = |id, what, signed, backend, peers| Workload {
        id,
        what,
        target: Target { of_floor: Some(1.05), ..Target::default() },
        repeat: 1,
        cases: cases(signed, backend, peers),
    };
    let lc_peers = |signed| vec![case("jsonwebtoken", "on AWS-LC; the nonce by hand", move || jsonwebtoken(signed))];
    let ring_peers = |signed| vec![case("openidconnect", "on RustCrypto", move || openidconnect(signed))];
    vec![
        with("W6", "verify an ID token: RS256, ring", Signed::Rs256, Backend::Ring, ring_peers(Signed::Rs256)),
        with("W6es", "verify an ID token: ES256, ring", Signed::Es256, Backend::Ring, ring_peers(Signed::Es256)),
        with("W6lc", "verify an ID token: RS256, AWS-LC", Signed::Rs256, Backend::AwsLc, lc_peers(Signed::Rs256)),
        with("W6eslc", "verify an ID token: ES256, AWS-LC", Signed::Es256, Backend::AwsLc, lc_peers(Signed::Es256)),
    ]
}

fn cases(signed: Signed, backend: Backend, peers: Vec<Case>) -> Vec<Case> {
    let own = [
        case("floor", "the signature alone; the key's parts are there", move || match backend {
            Backend::Ring => ring_alone(signed),
            Backend::AwsLc => aws_lc_alone(signed),
        }),
        case("ours", "all checks of a login: signature, kid, alg, iss, aud, exp, iat, nonce", move || {
            ours(signed, backend)
        }),
        case("ours, JWS", "signature, kid, alg; the claims by name", move || ours_jws(signed, backend)),
    ];
    own.into_iter().chain(peers).collect()
}

impl Signed {
    fn token(self) -> &'static str {
        match self {
            Self::Rs256 => include_str!("id_token/rs256.jwt").trim_end(),
            Self::Es256 => include_str!("id_token/es256.jwt").trim_end(),
        }
    }

    fn kid(self) -> &'static str {
        match self {
            Self::Rs256 => "acme-rsa-1",
            Self::Es256 => "acme-ec-1",
        }
    }

    /// What is signed, and the signature.
    fn parts(self) -> (&'static [u8], Vec<u8>) {
        let (signed, signature) = self.token().rsplit_once('.').expect("a token in three parts");
        (signed.as_bytes(), URL_SAFE_NO_PAD.decode(signature).expect("base64url"))
    }

    /// A member of its key.
    fn member(self, name: &str) -> Vec<u8> {
        let keys: serde_json::Value = serde_json::from_str(KEYS).expect("JSON");
        let keys = keys["keys"].as_array().expect("a list");
        let key = keys.iter().find(|key| key["kid"] == self.kid()).expect("its key");
        URL_SAFE_NO_PAD.decode(key[name].as_str().expect("text")).expect("base64url")
    }

    /// The point of its key, uncompressed.
    fn point(self) -> Vec<u8> {
        [&[4], &*self.member("x"), &*self.member("y")].concat()
    }
}

impl Backend {
    fn crypto(self) -> Arc<dyn Crypto> {
        match self {
            Self::Ring => Arc::new(Ring),
            Self::AwsLc => Arc::new(AwsLcRs),
        }
    }
}

fn ring_alone(signed: Signed) -> Box<dyn FnMut()> {
    use ring::signature::{
        ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey,
    };
    let (message, signature) = signed.parts();
    match signed {
        Signed::Rs256 => {
            let key = RsaPublicKeyComponents { n: signed.member("n"), e: signed.member("e") };
            Box::new(move || {
                key.verify(&RSA_PKCS1_2048_8192_SHA256, black_box(message), &signature).expect("a sound signature");
            })
        }
        Signed::Es256 => {
            let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, signed.point());
            Box::new(move || key.verify(black_box(message), &signature).expect("a sound signature"))
        }
    }
}

fn aws_lc_alone(signed: Signed) -> Box<dyn FnMut()> {
    use aws_lc_rs::encoding::AsDer as _;
    use aws_lc_rs::signature::{
        ECDSA_P256_SHA256_FIXED, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents,
    };
    let (message, signature) = signed.parts();
    let key = match signed {
        Signed::Rs256 => {
            let parts = RsaPublicKeyComponents { n: signed.member("n"), e: signed.member("e") };
            let key: aws_lc_rs::rsa::PublicEncryptingKey = parts.try_into().expect("a key");
            let der = key.as_der().expect("a key");
            ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, der.as_ref())
        }
        Signed::Es256 => ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, signed.point()),
    };
    let key = key.expect("a key");
    Box::new(move || key.verify_sig(black_box(message), &signature).expect("a sound signature"))
}

/// Gives the key set to whoever asks.
struct Keys;

impl HttpClient for Keys {
    fn send(&self, _: Request<Bytes>) -> BoxFuture<'_, Result<Response<Body>, TransportError>> {
        Box::pin(async { Ok(Response::new(Body::from(Bytes::from_static(KEYS.as_bytes())))) })
    }
}

struct Fixed;

impl Clock for Fixed {
    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(NOW)
    }
}

const FILE: &str = "
id: acme
name: Acme
docs: https://acme.example/docs
checked: 2026-11-21
endpoints:
  authorization: https://id.acme.example/oauth2/v1/authorize
  token: https://id.acme.example/oauth2/v1/token
  issuer: https://id.acme.example
openid: {jwks: https://id.acme.example/oauth2/v1/keys, algs: [RS256, ES256]}
";

fn ours(signed: Signed, backend: Backend) -> Box<dyn FnMut()> {
    let spec = ProviderSpec::from_yaml(FILE).unwrap_or_else(|faults| panic!("{faults}"));
    let client = spec.client(CLIENT_ID, CLIENT_SECRET).http_client(Arc::new(Keys)).clock(Arc::new(Fixed));
    let client = client.crypto(backend.crypto());
    let json = format!(r#"{{"access_token":"x","id_token":"{}"}}"#, signed.token());
    let tokens = TokenSet::from_exposed_json(&json.into()).expect("stored tokens");
    let nonce = SecretString::from(NONCE);
    let runtime = Builder::new_current_thread().enable_time().build().expect("a runtime");
    Box::new(move || {
        let _entered = runtime.enter();
        let identity = ready(check_id_token(&client, black_box(&tokens), &nonce)).expect("a sound ID token");
        black_box(identity.expect("an ID token"));
    })
}

fn ours_jws(signed: Signed, backend: Backend) -> Box<dyn FnMut()> {
    let keys = JwkSet::from_json(backend.crypto(), KEYS.as_bytes()).expect("keys");
    let token = signed.token();
    Box::new(move || {
        let jws = Jws::parse(black_box(token), &[Alg::Rs256, Alg::Es256]).expect("a token");
        let verified = jws.verify(&keys).expect("a sound signature");
        black_box(verified.claims().expect("claims").text("sub").expect("text"));
        black_box(&verified);
    })
}

#[allow(dead_code, reason = "what is measured is that they are read")]
#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: String,
    exp: u64,
    iat: u64,
    nonce: String,
    auth_time: u64,
    amr: Vec<String>,
    name: String,
    preferred_username: String,
    email: String,
    email_verified: bool,
    picture: String,
    updated_at: u64,
}

fn jsonwebtoken(signed: Signed) -> Box<dyn FnMut()> {
    let keys: PeerKeys = serde_json::from_str(KEYS).expect("keys");
    let ready: Vec<(String, DecodingKey)> = keys
        .keys
        .iter()
        .map(|key| (key.common.key_id.clone().expect("a name"), DecodingKey::from_jwk(key).expect("a key")))
        .collect();
    let mut validation = Validation::new(match signed {
        Signed::Rs256 => Algorithm::RS256,
        Signed::Es256 => Algorithm::ES256,
    });
    validation.set_audience(&[CLIENT_ID]);
    validation.set_issuer(&[ISSUER]);
    validation.set_required_spec_claims(&["exp", "iss", "aud"]);
    let token = signed.token();
    Box::new(move || {
        let token = black_box(token);
        let kid = jsonwebtoken::decode_header(token).expect("a header").kid.expect("a name");
        let (_, key) = ready.iter().find(|(known, _)| *known == kid).expect("a known key");
        let data = jsonwebtoken::decode::<Claims>(token, key, &validation).expect("a sound token");
        assert!(data.claims.nonce == NONCE);
        black_box(data);
    })
}

fn openidconnect(signed: Signed) -> Box<dyn FnMut()> {
    let keys: CoreJsonWebKeySet = serde_json::from_str(KEYS).expect("keys");
    let issuer = IssuerUrl::new(ISSUER.to_owned()).expect("an address");
    let verifier = CoreIdTokenVerifier::new_public_client(ClientId::new(CLIENT_ID.to_owned()), issuer, keys)
        .set_allowed_algs([CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256, CoreJwsSigningAlgorithm::EcdsaP256Sha256]);
    let nonce = Nonce::new(NONCE.to_owned());
    let token = signed.token();
    Box::new(move || {
        let token = CoreIdToken::from_str(black_box(token)).expect("a token");
        black_box(token.claims(&verifier, &nonce).expect("a sound token"));
    })
}
