//! What a program hears that forgets a mechanism. For a compiled provider it is the compiler that says so, as long as the
//! client comes from the provider's own constructors: `tests/ui/mechanism`.

use oauth_core::mechanism::Mechanisms;
use oauth_core::{Client, Compiled as _, ErrorKind, ProviderSpec, TokenSet};
use oauth_simulator::Simulator;

use crate::hashed::HashedSecret;
use crate::hashed::hashed::Hashed;
use crate::{SECRET, file, log_in};

const BOTH: &str = "id: acme\nname: Acme\ndocs: https://acme.example/docs\nchecked: 2026-11-21\n\
    endpoints: {authorization: https://acme.example/a, token: https://acme.example/t}\n\
    client_auth: {method: mechanism, name: hash}\n\
    api: {base_url: https://api.acme.example, sign: stamp}\n";

fn both() -> ProviderSpec {
    ProviderSpec::from_yaml(BOTH).unwrap_or_else(|faults| panic!("{faults}"))
}

#[tokio::test]
async fn whatever_is_done_first_says_so() {
    let client = both().client("my-client", SECRET).redirect_uri("https://app.example/callback");
    let account = client.account(TokenSet::new("canary-access-token"));
    let mut request = http::Request::get("https://api.acme.example/").body(bytes::Bytes::new()).unwrap();
    for error in [
        client.validate().unwrap_err(),
        log_in(&client).await.unwrap_err(),
        account.get("/").send().await.unwrap_err(),
        client.apply(&account.tokens(), &mut request).unwrap_err(),
        both().client_with("my-client", SECRET, Mechanisms::new()).unwrap_err(),
    ] {
        assert_eq!((error.kind(), error.code()), (ErrorKind::MechanismMissing, "mechanism-missing"));
        let text = error.explain();
        for part in [
            "setting up the client with Acme",
            "`hash` (client_auth) is missing; `stamp` (api.sign) is missing",
            "implement `mechanism::ClientProof` and `mechanism::RequestSigner`",
            ".mechanisms(Mechanisms::new().client_proof(\"hash\", ..).request_signer(\"stamp\", ..))",
        ] {
            assert!(text.contains(part), "{part}\n{text}");
        }
    }
    assert!(request.headers().is_empty());
}

#[test]
fn the_wrong_trait_is_told_from_a_missing_one() {
    let mechanisms = Mechanisms::new().client_proof("hash", HashedSecret).client_proof("stamp", HashedSecret);
    assert_eq!(format!("{mechanisms:?}"), "{\"hash\": ClientProof, \"stamp\": ClientProof}");
    let error = both().client_with("my-client", SECRET, mechanisms).unwrap_err().to_string();
    assert!(error.ends_with(": `stamp` is a ClientProof, and `api.sign` wants a RequestSigner"), "{error}");
}

#[test]
fn the_ways_around_the_constructor_check_as_well() {
    let compiled = [
        Client::<Hashed>::new("my-client", SECRET).erase(),
        oauth_core::CatalogEntry::new("hashed", Hashed::spec).client("my-client", SECRET),
    ];
    for client in compiled {
        assert_eq!(client.validate().unwrap_err().kind(), ErrorKind::MechanismMissing);
        let client = client.mechanisms(Mechanisms::new().client_proof("hashed-secret", HashedSecret));
        client.validate().unwrap();
        // Those that the client has stay.
        client.mechanisms(Mechanisms::new().client_proof("another", HashedSecret)).validate().unwrap();
    }
    assert_eq!(
        Hashed::from_env(HashedSecret).unwrap_err().kind(),
        ErrorKind::Config,
        "the environment has no such client"
    );
}

#[tokio::test]
async fn the_simulator_says_that_it_knows_no_server_side() {
    let error = Simulator::start(std::sync::Arc::new(file("sessions.yaml"))).await.unwrap_err().to_string();
    assert!(error.contains("`rest-login` (token.session)") && error.contains("dangerous_at"), "{error}");
}
