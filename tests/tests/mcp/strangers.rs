//! Servers and issuers that were named by somebody else: what they get to know, and what they cannot bring about.

use std::sync::Arc;
use std::time::Duration;

use oauth_core::http::{BoxFuture, ReqwestClient};
use oauth_core::{
    ClientAuth, ClientMetadata, Discovered, ErrorKind, MemoryClients, RegisteredClient, ResourceChallenge,
    SecretSource, SecretString, SourceError, TokenSet,
};
use oauth_tests::canned::{json, json_status, with};
use oauth_tests::issuer::TOKEN;
use oauth_tests::login::parameter;
use serde_json::{Value, json};

use crate::world::{DOCUMENT, METADATA, REDIRECT, REGISTER, RESOURCE, SECRETS, World};

/// Without metadata documents.
fn registers_only(document: &mut Value) {
    document["client_id_metadata_document_supported"] = false.into();
}

fn me() -> ClientMetadata {
    ClientMetadata::named("My app")
        .redirect_uri(REDIRECT)
        .initial_access_token("canary-initial")
        .software_statement("canary-statement")
}

#[tokio::test]
async fn disc_14_an_initial_access_token_is_for_its_issuer() {
    let (world, evil) = (World::start().await, World::start().await);
    world.issuer(registers_only);
    evil.issuer(registers_only);
    evil.nobody().client(me()).connect(&evil.challenge()).await.unwrap();
    let named = me().for_issuer(world.at.origin());
    let error = evil.nobody().client(named.clone()).connect(&evil.challenge()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    for request in evil.at.requests(REGISTER) {
        assert!(!format!("{request:?}").contains("canary-"), "{request:?}");
    }
    // It comes before what is for any issuer, and has both.
    let mcp = world.nobody().client(ClientMetadata::named("Another").redirect_uri(REDIRECT)).client(named.clone());
    mcp.connect(&world.challenge()).await.unwrap();
    let request = world.at.requests(REGISTER).pop().unwrap();
    assert_eq!(request.header("authorization"), Some("Bearer canary-initial"));
    assert!(request.body.contains("canary-statement"));
    // Without MCP it is for that issuer as well.
    let other = Discovered::at(evil.at.origin()).unwrap().oauth_first();
    let asked = evil.at.asked(REGISTER);
    assert_eq!(other.register(&named).await.unwrap_err().kind(), ErrorKind::IssuerNotBound);
    assert_eq!(evil.at.asked(REGISTER), asked);
}

/// What a vault gives.
struct Vault;

impl SecretSource for Vault {
    fn secret(&self) -> BoxFuture<'_, Result<SecretString, SourceError>> {
        Box::pin(async { Ok("canary-vault-secret".into()) })
    }
}

#[tokio::test]
async fn disc_14_no_shared_secret_is_for_every_issuer() {
    let app = || ClientMetadata::named("My app").redirect_uri(REDIRECT);
    let document = || ClientMetadata::document(DOCUMENT).unwrap().client_name("My app").redirect_uri(REDIRECT);
    let key = "private_key_jwt";
    let secrets = || {
        [
            app().credentials("canary-shared-secret"),
            app().credentials("canary-shared-secret").token_endpoint_auth_method(key),
            app().credentials(ClientAuth::secret("canary-shared-secret").with_certificate("chain", "key")),
            app().credentials(ClientAuth::source(Vault)),
            document().credentials("canary-shared-secret").token_endpoint_auth_method(key),
            document().credentials(ClientAuth::source(Vault)).token_endpoint_auth_method("tls_client_auth"),
        ]
    };
    for (number, metadata) in secrets().into_iter().enumerate() {
        let evil = World::start().await;
        let answer = json!({"client_id": "r", "redirect_uris": [REDIRECT], "token_endpoint_auth_method": "none"});
        evil.at.answer(REGISTER, json_status(201, &answer.to_string()));
        let mcp = evil.nobody().client(metadata.clone());
        let error = evil.log_in(&mcp, &evil.challenge()).await.expect_err("a login that must be refused");
        assert_eq!(error.kind(), ErrorKind::Config, "{number}: {}", error.explain());
        assert!(!error.explain().contains("canary"), "{}", error.explain());
        assert_eq!((evil.at.asked(REGISTER), evil.at.asked(TOKEN)), (0, 0), "{number}");
        let issuer = Discovered::at(evil.at.origin()).unwrap().oauth_first();
        let error = issuer.register(&metadata).await.expect_err("a registration that must be refused");
        assert_eq!((error.kind(), evil.at.asked(REGISTER)), (ErrorKind::Config, 0), "{number}");
    }
    // A source that holds a key is one: the issuer that takes no keys is not shown it as a secret.
    for (metadata, registered) in [(app(), "none"), (app(), "client_secret_post"), (document(), "")] {
        let evil = World::start().await;
        evil.issuer(|document| document["client_id_metadata_document_supported"] = registered.is_empty().into());
        let answer = json!({"client_id": "r", "redirect_uris": [REDIRECT], "token_endpoint_auth_method": registered,
            "client_secret": "of-the-server"});
        evil.at.answer(REGISTER, json_status(201, &answer.to_string()));
        let metadata = metadata.credentials(ClientAuth::source(Vault)).token_endpoint_auth_method(key);
        let mcp = evil.nobody().client(metadata.clone());
        // Once as it is registered, and once as it is read from what was kept.
        for _ in 0..2 {
            let login = evil.log_in(&mcp, &evil.challenge()).await;
            assert_eq!(login.is_ok(), !registered.is_empty(), "{registered}");
        }
        for request in [evil.at.requests(REGISTER), evil.at.requests(TOKEN)].concat() {
            assert!(!format!("{request:?}").contains("canary-vault"), "{registered}: {request:?}");
        }
    }
}

#[tokio::test]
async fn every_grant_names_the_server() {
    let world = World::start().await;
    let device = format!("{}/device", world.at.origin());
    world.issuer(|document| {
        document["grant_types_supported"] =
            json!(["client_credentials", "urn:ietf:params:oauth:grant-type:jwt-bearer"]);
        document["device_authorization_endpoint"] = device.clone().into();
    });
    let codes = json!({"device_code": "d", "user_code": "u", "verification_uri": device, "expires_in": 600});
    world.at.answer("/device", json(&codes.to_string()));
    let known = RegisteredClient::known(world.at.origin(), "by-hand", SECRETS[2]);
    let client = world.nobody().client(known).redirect_uri(REDIRECT).connect("").await.unwrap();
    client.client_credentials().tokens().await.unwrap();
    client.jwt_bearer("x.y.z").account().await.unwrap().refresh().await.unwrap();
    let mut login = client.device().begin().await.unwrap();
    world.at.clock.advance(Duration::from_secs(5));
    login.ask().await.unwrap().unwrap().refresh().await.unwrap();
    let requests = [world.at.requests("/device"), world.at.requests(TOKEN)].concat();
    assert_eq!(requests.len(), 6);
    for request in requests {
        assert_eq!(parameter(&request.body, "resource"), Some(world.server()), "{}", request.body);
    }
}

#[tokio::test]
async fn az_05_an_address_of_metadata_has_the_characters_of_addresses() {
    for odd in ["/a\u{202e}gpj", "/a\"&calc&\"", "/\u{2028}x", "/`id`", "/a|b", "/<script>", "/ä", "/\u{a0}x", "/a\\b"]
    {
        let world = World::start().await;
        world.issuer(|document| {
            document["authorization_endpoint"] = format!("{}{odd}", world.at.origin()).into();
        });
        let error = world.documented().connect(&world.challenge()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::MetadataEndpoint, "{odd:?}");
    }
}

#[test]
fn of_two_challenges_one_has_the_metadata_and_one_the_scopes() {
    let two = r#"DPoP algs="ES256", resource_metadata="https://m.example/r", Bearer error="insufficient_scope", scope="files:write""#;
    let read = ResourceChallenge::from(two);
    assert_eq!(read.resource_metadata(), Some("https://m.example/r"));
    assert_eq!(read.scopes(), ["files:write"]);
    assert!(read.is_insufficient_scope());
    let many: Vec<String> = (0..40).map(|number| format!("s{number}")).collect();
    assert_eq!(ResourceChallenge::from(format!("Bearer scope=\"{}\"", many.join(" ")).as_str()).scopes(), many);
}

#[tokio::test]
async fn pkce_that_is_withdrawn_ends_the_logins() {
    let world = World::start().await;
    let client = world.documented().connect(&world.challenge()).await.unwrap();
    client.authorize().begin().await.unwrap();
    world.issuer(|document| drop(document.as_object_mut().unwrap().remove("code_challenge_methods_supported")));
    world.at.clock.advance(Duration::from_secs(24 * 3600));
    let error = client.authorize().begin().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PkceNotListed);
}

#[tokio::test]
async fn a_registration_that_is_of_no_use_is_not_kept() {
    let world = World::start().await;
    world.issuer(registers_only);
    let answer =
        json!({"client_id": "r", "redirect_uris": [REDIRECT], "token_endpoint_auth_method": "private_key_jwt"});
    world.at.answer(REGISTER, json_status(201, &answer.to_string()));
    let mcp = world.registering();
    assert_eq!(mcp.connect(&world.challenge()).await.unwrap_err().kind(), ErrorKind::Unsupported);
    world.registers("sound");
    assert_eq!(mcp.connect(&world.challenge()).await.unwrap().client_id(), "sound");
    // And one that the issuer has forgotten is forgotten here.
    mcp.connect(&world.challenge()).await.unwrap();
    assert_eq!(world.at.asked(REGISTER), 2);
    mcp.forget(world.at.origin()).await.unwrap();
    world.registers("third");
    assert_eq!(mcp.connect(&world.challenge()).await.unwrap().client_id(), "third");
}

#[tokio::test]
async fn another_port_on_this_machine_is_the_same_registration() {
    let world = World::start().await;
    world.issuer(registers_only);
    let clients = Arc::new(MemoryClients::new());
    for (uri, registrations) in [
        ("http://127.0.0.1:4001/cb", 1),
        ("http://127.0.0.1:4002/cb", 1),
        ("http://127.0.0.1/cb", 1),
        ("http://127.0.0.1:4003/other", 2),
        ("https://app.example:4003/cb", 3),
        ("https://app.example/cb", 4),
    ] {
        let answer = json!({"client_id": "r", "redirect_uris": [uri], "token_endpoint_auth_method": "none"});
        world.at.answer(REGISTER, json_status(201, &answer.to_string()));
        let mcp = world.nobody().client(ClientMetadata::named("x")).redirect_uri(uri).clients(clients.clone());
        let client = mcp.connect("").await.unwrap();
        assert_eq!(world.at.asked(REGISTER), registrations, "{uri}");
        let url = client.authorize().begin().await.unwrap().url().to_string();
        assert_eq!(parameter(&url, "redirect_uri").as_deref(), Some(uri));
    }
}

#[tokio::test]
async fn what_is_no_metadata_leads_on_to_the_next_address() {
    for nothing in [json("<html>"), json("[]"), with(302, &[("location", "/login")], ""), json_status(403, "{}")] {
        let world = World::start().await;
        let at = |path: &str| format!("{}{path}", world.at.origin());
        let document = json!({"issuer": world.at.origin(), "authorization_endpoint": at("/authorize"),
            "token_endpoint": at(TOKEN), "code_challenge_methods_supported": ["S256"],
            "client_id_metadata_document_supported": true});
        world.at.answer("/.well-known/openid-configuration", json(&document.to_string()));
        world.at.answer(METADATA, nothing);
        world.documented().connect(&world.challenge()).await.unwrap();
    }
    // Metadata of another issuer leads nowhere.
    let world = World::start().await;
    world.issuer(|document| document["issuer"] = "https://other.example".into());
    let error = world.documented().connect(&world.challenge()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::MetadataIssuer);
}

#[tokio::test]
async fn of_several_issuers_one_that_will_do_is_taken() {
    let (world, bad) = (World::start().await, World::start().await);
    bad.issuer(|document| drop(document.as_object_mut().unwrap().remove("code_challenge_methods_supported")));
    world.resource(|document| document["authorization_servers"] = json!([bad.at.origin(), world.at.origin()]));
    let client = world.documented().connect(&world.challenge()).await.unwrap();
    let url = client.authorize().begin().await.unwrap().url().to_string();
    assert!(url.starts_with(world.at.origin()), "{url}");
    world.resource(|document| document["authorization_servers"] = json!([bad.at.origin()]));
    let error = world.documented().connect(&world.challenge()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PkceNotListed);
}

#[tokio::test]
async fn disc_09_dot_segments_lead_nowhere() {
    let world = World::start().await;
    for odd in ["/../../user/evil", "/%2e%2E/user", "/a/./b", "\\..\\user"] {
        let issuer = format!("{}{odd}", world.at.origin());
        world.resource(|document| document["authorization_servers"] = json!([issuer]));
        let before = world.at.paths().len();
        let error = world.documented().connect(&world.challenge()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::MetadataIssuer, "{odd}");
        assert_eq!(world.at.paths().len(), before + 1, "{odd}");
    }
}

#[tokio::test]
async fn an_issuer_that_knows_other_servers_is_not_used_for_this_one() {
    let (honest, evil) = (World::start().await, World::start().await);
    honest.issuer(|document| document["protected_resources"] = json!([honest.server()]));
    evil.resource(|document| document["authorization_servers"] = json!([honest.at.origin()]));
    let known = RegisteredClient::known(honest.at.origin(), "by-hand", SECRETS[2]);
    let mcp = evil.nobody().client(known.clone()).redirect_uri(REDIRECT);
    let error = mcp.connect("Bearer scope=\"admin\"").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ResourceMismatch);
    mcp.dangerous_allow_unlisted().connect("").await.unwrap();
    honest.nobody().client(known).redirect_uri(REDIRECT).connect("").await.unwrap();
}

#[tokio::test]
async fn a_redirect_and_a_document_are_whole_before_a_login() {
    let world = World::start().await;
    let open = world.documented().redirect_uri("http://app.example/cb").connect("").await.unwrap_err();
    assert_eq!(open.kind(), ErrorKind::Config);
    let me = ClientMetadata::document(DOCUMENT).unwrap();
    let unnamed = world.nobody().client(me).redirect_uri(REDIRECT).connect("").await.unwrap_err();
    assert_eq!(unnamed.kind(), ErrorKind::Config);
    let client = world.documented().redirect_uri("com.example.app:/cb").connect("").await.unwrap();
    client.authorize().begin().await.unwrap();
}

#[tokio::test]
async fn another_port_of_the_issuers_host_is_another_server() {
    let (world, other) = (World::start().await, World::start().await);
    world.issuer(|document| document["token_endpoint"] = format!("{}{TOKEN}", other.at.origin()).into());
    let error = world.documented().connect(&world.challenge()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::MetadataForeign);
}

#[tokio::test]
async fn a_key_in_the_servers_address_is_shown_nowhere() {
    let world = World::start().await;
    let address = format!("{}?api_key=canary-key", world.server());
    let mcp = oauth_core::Mcp::server(&*address).unwrap().dangerous_allow_loopback();
    let error = mcp.connect(&world.challenge()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ResourceMismatch);
    let mut shown = format!("{error} {error:?} {} {mcp:?}", error.explain());
    let own = json!({"resource": address, "authorization_servers": [world.at.origin()]});
    world.at.answer(RESOURCE, json(&own.to_string()));
    let me = ClientMetadata::document(DOCUMENT).unwrap().client_name("My app").redirect_uri(REDIRECT);
    let client = mcp.client(me).connect("").await.unwrap();
    let error = client.authorize().scopes(["a b"]).begin().await.unwrap_err();
    let more = format!("{error} {error:?} {} {client:?} {} {}", error.explain(), client.spec().id, client.spec().docs);
    shown.push_str(&more);
    assert!(!shown.contains("canary"), "{shown}");
    // The tokens are for that address all the same, and no other server's with another query.
    let url = client.authorize().begin().await.unwrap().url().to_string();
    assert_eq!(parameter(&url, "resource"), Some(address.clone()));
    let other = oauth_core::ProtectedResource::at(format!("{address}2")).unwrap();
    assert!(!format!("{other:?}").contains("canary"));
}

/// RFC 8705 section 5: the aliases are for clients that do mutual TLS, and nothing but the caller's word says that one does.
#[tokio::test]
async fn a_public_client_is_none_that_has_a_certificate() {
    const ALIAS: &str = "/mtls/token";
    let world = World::start().await;
    let methods = |methods: Value| {
        world.issuer(|document| {
            document["token_endpoint_auth_methods_supported"] = methods;
            document["mtls_endpoint_aliases"] = json!({"token_endpoint": format!("{}{ALIAS}", world.at.origin())});
        });
    };
    methods(json!(["private_key_jwt", "tls_client_auth", "none"]));
    world.at.answer(ALIAS, json_status(400, "{}"));
    let own = || Arc::new(ReqwestClient::new().unwrap());
    let known = || RegisteredClient::known(world.at.origin(), "by-hand", ClientAuth::none());
    let by_hand = || world.nobody().client(known()).redirect_uri(REDIRECT);
    let anew = json!({"client_id": "r", "redirect_uris": [REDIRECT], "token_endpoint_auth_method": "none"});
    world.at.answer(REGISTER, json_status(201, &anew.to_string()));
    for mcp in [by_hand(), world.documented(), world.registering()] {
        for mcp in [mcp.clone(), mcp.http_client(own())] {
            let account = world.log_in(&mcp, &world.challenge()).await;
            let account = account.unwrap_or_else(|error| panic!("{}", error.explain()));
            account.refresh().await.unwrap();
        }
    }
    let discovered = || Discovered::at(world.at.origin()).unwrap().oauth_first().http_client(own());
    let tokens = TokenSet::new("a").with_refresh_token("r");
    discovered().public("by-hand").await.unwrap().refresh(&tokens).await.unwrap();
    assert_eq!((world.at.asked(TOKEN), world.at.asked(ALIAS)), (13, 0));
    // Where nobody is a client without a certificate, the caller's own transport is taken at its word.
    methods(json!(["private_key_jwt", "tls_client_auth"]));
    discovered().public("by-hand").await.unwrap().refresh(&tokens).await.unwrap_err();
    assert_eq!((world.at.asked(TOKEN), world.at.asked(ALIAS)), (13, 1));
    let error = by_hand().connect("").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported, "{}", error.explain());
}
