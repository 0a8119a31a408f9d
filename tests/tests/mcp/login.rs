//! From a 401 to an account.

use oauth_core::{ClientAuth, RegisteredClient};
use oauth_tests::canned::{json, json_status};
use oauth_tests::issuer::TOKEN;
use oauth_tests::login::parameter;
use serde_json::{Value, json};

use crate::world::{DOCUMENT, METADATA, REDIRECT, REGISTER, RESOURCE, World};

#[tokio::test]
async fn a_client_with_a_document_logs_in_for_this_server_alone() {
    let world = World::start().await;
    let mut seen = String::new();
    let browse = |url: oauth_core::AuthorizationUrl| {
        seen = url.to_string();
        world.yes(url)
    };
    let account = world.documented().login(&world.challenge(), browse).await.unwrap();
    assert_eq!(world.at.paths(), [RESOURCE, METADATA, TOKEN]);
    for (name, value) in [
        ("client_id", DOCUMENT),
        ("resource", &world.server()),
        ("scope", "files:read"),
        ("redirect_uri", REDIRECT),
        ("response_type", "code"),
        ("code_challenge_method", "S256"),
    ] {
        assert_eq!(parameter(&seen, name).as_deref(), Some(value), "{name}");
    }
    let exchange = world.last_token_request();
    assert_eq!(parameter(&exchange.body, "resource"), Some(world.server()));
    assert_eq!(parameter(&exchange.body, "client_id").as_deref(), Some(DOCUMENT));
    assert!(parameter(&exchange.body, "code_verifier").is_some());

    account.refresh().await.unwrap();
    let refresh = world.last_token_request();
    assert_eq!(parameter(&refresh.body, "grant_type").as_deref(), Some("refresh_token"));
    assert_eq!(parameter(&refresh.body, "resource"), Some(world.server()));

    // The token is applied at the server.
    let mut request = http::Request::post(world.server()).body(()).unwrap().into_parts().0;
    account.apply(&mut request).await.unwrap();
    assert_eq!(request.headers["authorization"], "Bearer canary-access-token");
    let mut elsewhere = http::Request::post("https://evil.example/mcp").body(()).unwrap().into_parts().0;
    let error = account.apply(&mut elsewhere).await.unwrap_err();
    assert_eq!(error.kind(), oauth_core::ErrorKind::OriginRefused);
}

#[tokio::test]
async fn without_a_challenge_the_well_known_addresses_are_asked() {
    let world = World::start().await;
    let client = world.documented().connect("").await.unwrap();
    assert_eq!(client.spec().scopes.default, ["files:read", "files:list"], "all that the server lists");
    assert_eq!(world.at.paths(), [RESOURCE, METADATA]);
    // MCP's own: the host's metadata, where the path has none.
    world.at.forget(RESOURCE);
    let document = json!({"resource": world.server(), "authorization_servers": [world.at.origin()]});
    world.at.answer("/.well-known/oauth-protected-resource", json(&document.to_string()));
    let client = world.documented().connect("").await.unwrap();
    assert!(client.spec().scopes.default.is_empty());
    let url = client.authorize().begin().await.unwrap().into_parts().0.to_string();
    assert_eq!(parameter(&url, "scope"), None, "left out where nobody names any");
}

#[tokio::test]
async fn disc_09_an_issuers_addresses_are_asked_in_mcps_order() {
    let world = World::start().await;
    let tenant = format!("{}/tenant", world.at.origin());
    world.resource(|document| document["authorization_servers"] = json!([tenant]));
    let addresses = [
        "/.well-known/oauth-authorization-server/tenant",
        "/.well-known/openid-configuration/tenant",
        "/tenant/.well-known/openid-configuration",
    ];
    let document = json!({"issuer": tenant, "authorization_endpoint": format!("{tenant}/a"),
        "token_endpoint": format!("{tenant}/t"), "client_id_metadata_document_supported": true,
        "code_challenge_methods_supported": ["S256"]});
    for (at, address) in addresses.iter().enumerate().rev() {
        for (before, other) in addresses.iter().enumerate().take(at) {
            world.at.answer(other, json_status([404, 403][before % 2], "{}"));
        }
        world.at.answer(address, json(&document.to_string()));
        let seen = world.at.paths().len();
        world.documented().connect("").await.unwrap();
        assert_eq!(world.at.paths()[seen + 1..], addresses[..=at]);
    }
}

#[tokio::test]
async fn rp_dynamic_registration_is_made_once_for_an_issuer() {
    let world = World::start().await;
    world.issuer(|document| drop(document.as_object_mut().unwrap().remove("client_id_metadata_document_supported")));
    let mcp = world.registering();
    for _ in 0..2 {
        world.log_in(&mcp, &world.challenge()).await.unwrap();
    }
    assert_eq!(world.at.asked(REGISTER), 1);
    let body: Value = serde_json::from_str(&world.at.requests(REGISTER)[0].body).unwrap();
    assert_eq!(body["grant_types"], json!(["authorization_code", "refresh_token"]));
    assert_eq!((&body["application_type"], &body["token_endpoint_auth_method"]), (&json!("native"), &json!("none")));
    let exchange = world.last_token_request();
    assert_eq!(parameter(&exchange.body, "client_id").as_deref(), Some("registered-1"));
    // It does what the issuer registered it for.
    assert_eq!(parameter(&exchange.body, "client_secret").as_deref(), Some("canary-registered-secret"));
    // Another redirect URI is another registration.
    let error = mcp.redirect_uri("http://127.0.0.1:9/another").connect("").await.unwrap_err();
    assert_eq!(error.kind(), oauth_core::ErrorKind::RegistrationChanged);
    assert_eq!(world.at.asked(REGISTER), 2);
}

#[tokio::test]
async fn a_client_that_is_registered_already_comes_first() {
    let world = World::start().await;
    let known = RegisteredClient::known(world.at.origin(), "by-hand", ClientAuth::none());
    let mcp = world.documented().client(known).redirect_uri(REDIRECT);
    // Of several issuers the one that knows the client.
    world.resource(|document| document["authorization_servers"] = json!(["https://other.example", world.at.origin()]));
    let account = world.log_in(&mcp, "").await.unwrap();
    assert_eq!(account.client().client_id(), "by-hand");
    assert_eq!(world.at.asked(REGISTER), 0);
}

#[tokio::test]
async fn a_web_back_end_does_it_in_two_steps() {
    let world = World::start().await;
    let mcp = world.documented();
    let (url, pending, browser) =
        mcp.connect(&world.challenge()).await.unwrap().authorize().begin().await.unwrap().into_parts();
    let callback = world.yes(url).await.unwrap();
    // The client of the second step is made anew: the same one.
    let client = mcp.connect("").await.unwrap();
    let account = client.callback(callback, pending, browser).await.unwrap();
    assert_eq!(account.client().client_id(), DOCUMENT);
}

#[tokio::test]
async fn a_refresh_token_is_asked_for_where_the_issuer_has_a_scope_for_it() {
    let world = World::start().await;
    let asked = async || world.documented().offline_access().connect(&world.challenge()).await.unwrap();
    assert_eq!(asked().await.spec().scopes.default, ["files:read"]);
    world.issuer(|document| document["scopes_supported"] = json!(["offline_access"]));
    assert_eq!(asked().await.spec().scopes.default, ["files:read", "offline_access"]);
    let client = world.documented().connect(&world.challenge()).await.unwrap();
    assert_eq!(client.spec().scopes.default, ["files:read"], "on demand only");
}
