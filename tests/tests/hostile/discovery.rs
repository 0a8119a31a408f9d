//! Area DISC: the issuer's metadata. DISC-16 is in `id_token_refresh`; DISC-05, DISC-10 and DISC-12 to DISC-14 are in
//! `tests/metadata`, DISC-02 in `tests/mcp`: servers that others name.

use std::time::Duration;

use oauth_core::{Discovered, Error, ErrorKind, PendingAttempt};
use oauth_tests::canned::{Answer, json, json_status, status, with};
use oauth_tests::issuer::{CLIENT_ID, Issuer, KEYS, METADATA, TOKEN, tells_nothing};
use oauth_tests::keys::hs256;
use oauth_tests::login::{SECRET, parameter, start};
use serde_json::{Value, json};

/// Metadata with this change makes no client; nothing but the metadata was asked for.
async fn refused(kind: ErrorKind, change: impl FnOnce(&mut Value)) -> Error {
    let issuer = Issuer::start().await;
    issuer.metadata(change);
    let error = issuer.discovered().client(CLIENT_ID, SECRET).await.unwrap_err();
    assert_eq!(error.kind(), kind, "{}", error.explain());
    assert_eq!(issuer.paths(), [METADATA]);
    tells_nothing(&error, &[SECRET]);
    error
}

#[tokio::test]
async fn disc_01_metadata_names_the_issuer_that_was_asked() {
    let issuer = Issuer::start().await;
    let origin = issuer.origin().to_owned();
    let port = origin.rsplit(':').next().unwrap();
    for other in [
        format!("{origin}/"),
        format!("{origin}/tenant"),
        origin.to_uppercase(),
        origin.replace("127.0.0.1", "localhost"),
        format!("https://127.0.0.1:{port}"),
        format!("{origin}#"),
        String::new(),
        "https://evil.example".to_owned(),
    ] {
        issuer.metadata(|metadata| metadata["issuer"] = other.as_str().into());
        let before = issuer.paths().len();
        let error = issuer.discovered().client(CLIENT_ID, SECRET).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::MetadataIssuer, "{other}: {}", error.explain());
        assert_eq!(issuer.paths()[before..], [METADATA], "the other address is no way out of a mismatch");
    }
    refused(ErrorKind::MetadataIssuer, |metadata| drop(metadata.as_object_mut().unwrap().remove("issuer"))).await;
    refused(ErrorKind::MetadataFormat, |metadata| metadata["issuer"] = json!([1])).await;

    // Nothing of it is kept: the same client asks again, and gets the right answer.
    let yaml = oauth_tests::login::spec(&format!(
        "id: acme\nname: Acme\ndocs: https://acme.example\nchecked: 2026-11-21\nendpoints: {{issuer: \"{origin}\", discovery: true}}\n"
    ));
    let client = yaml.client(CLIENT_ID, SECRET).redirect_uri("https://app.example/callback");
    assert_eq!(client.authorize().begin().await.unwrap_err().kind(), ErrorKind::MetadataIssuer);
    issuer.metadata(|_| ());
    assert!(start(&client).await.url.starts_with(&format!("{origin}/authorize?")));
}

/// Those of clients with certificates (RFC 8705 section 5).
const ALIASES: [&str; 7] = [
    "token_endpoint",
    "revocation_endpoint",
    "introspection_endpoint",
    "device_authorization_endpoint",
    "backchannel_authentication_endpoint",
    "pushed_authorization_request_endpoint",
    "userinfo_endpoint",
];

/// Every address that metadata has, but for those of clients with certificates.
const ADDRESSES: [&str; 11] = [
    "authorization_endpoint",
    "token_endpoint",
    "revocation_endpoint",
    "userinfo_endpoint",
    "device_authorization_endpoint",
    "backchannel_authentication_endpoint",
    "introspection_endpoint",
    "pushed_authorization_request_endpoint",
    "end_session_endpoint",
    "registration_endpoint",
    "jwks_uri",
];

#[tokio::test]
async fn disc_03_metadata_leads_to_the_issuers_host_or_a_listed_one() {
    let issuer = Issuer::start().await;
    for name in ADDRESSES {
        for foreign in ["https://evil.example/x", "https://127.0.0.1.evil.example/x", "https://localhost/x"] {
            issuer.metadata(|metadata| metadata[name] = foreign.into());
            let error = issuer.discovered().hosts([""; 0]).client(CLIENT_ID, SECRET).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::MetadataForeign, "{name}: {foreign}");
            assert!(error.to_string().contains(name) && error.explain().contains("fix: "), "{}", error.explain());
            let other = issuer.discovered().hosts(["evil.exampl", "*.evil.example.com", "example"]);
            assert_eq!(other.metadata().await.unwrap_err().kind(), ErrorKind::MetadataForeign, "{name}: {foreign}");
        }
        issuer.metadata(|metadata| metadata[name] = "https://a.known.example/x".into());
        issuer.discovered().hosts(["*.known.example"]).client(CLIENT_ID, SECRET).await.unwrap();
    }
    for name in ALIASES {
        issuer.metadata(|metadata| metadata["mtls_endpoint_aliases"] = json!({name: "https://evil.example/x"}));
        let error = issuer.discovered().hosts([""; 0]).client(CLIENT_ID, SECRET).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::MetadataForeign, "{name}: {}", error.explain());
    }
    assert!(issuer.paths().iter().all(|path| path == METADATA));
}

/// A code is not sent to an endpoint that the issuer named only after the login had been started.
#[tokio::test]
async fn disc_03_a_login_remembers_its_endpoints() {
    let issuer = Issuer::start().await;
    let client = issuer.client().await;
    let login = start(&client).await;
    let elsewhere = Issuer::start().await;
    issuer.metadata(|metadata| metadata["token_endpoint"] = format!("{}/token", elsewhere.origin()).into());
    issuer.clock.advance(Duration::from_secs(2 * 60 * 60));
    let moved = issuer.client().await;
    issuer.clock.advance(Duration::from_secs(5 * 60));
    let stored = login.pending.expose_json();
    let end = u64::MAX / 2;
    let mut attempt: Value = serde_json::from_str(oauth_core::ExposeSecret::expose_secret(&stored)).unwrap();
    attempt["expires_at"] = end.into();
    for client in [client, moved] {
        let pending = PendingAttempt::from_exposed_json(&attempt.to_string().into()).unwrap();
        let query = format!("code=canary-code&state={}", login.state);
        let error = client.callback(query, pending, login.browser.clone()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ProviderMismatch, "{}", error.explain());
    }
    assert_eq!((issuer.asked(TOKEN), elsewhere.paths().len()), (0, 0));
}

#[tokio::test]
async fn disc_04_an_endpoint_is_a_whole_https_address() {
    for name in ADDRESSES {
        for bad in [
            "http://id.example/x",
            "file:///etc/passwd",
            "javascript:alert(1)",
            "data:text/plain,x",
            "ftp://id.example/x",
            "https://user:pass@id.example/x",
            "https://user@id.example/x",
            "https://id.example/x#y",
            "/token",
            "token",
            "//id.example/x",
            "",
            "https://",
            "https://id.example/x y",
            "https://id.example/x\n",
            " https://id.example/x",
            "https://id.example:99999/x",
            "http://127.0.0.1.evil.example/x",
            "http://0x7f.1.evil.example/x",
        ] {
            let error = refused(ErrorKind::MetadataEndpoint, |metadata| metadata[name] = bad.into()).await;
            assert!(error.to_string().contains(name), "{error}");
        }
        refused(ErrorKind::MetadataFormat, |metadata| metadata[name] = json!(["https://id.example"])).await;
    }
    for name in ALIASES {
        let change = |metadata: &mut Value| metadata["mtls_endpoint_aliases"] = json!({name: "http://id.example/x"});
        let error = refused(ErrorKind::MetadataEndpoint, change).await;
        assert!(error.to_string().contains(name), "{error}");
    }
}

/// An issuer elsewhere must not lead the client to whatever listens on the user's own machine.
#[tokio::test]
async fn disc_04_only_an_issuer_on_this_machine_leads_to_plain_http_on_it() {
    let issuer = Issuer::start().await;
    let yaml = "id: acme\nname: Acme\ndocs: https://acme.example\nchecked: 2026-11-21\nendpoints: {issuer: https://id.acme.example, discovery: true, hosts: [\"127.0.0.1\", localhost]}\n";
    let client = issuer.client_of(yaml);
    for local in ["http://127.0.0.1:8080/token", "http://localhost/token", "http://[::1]/token"] {
        issuer.metadata(|metadata| {
            *metadata = json!({
                "issuer": "https://id.acme.example",
                "authorization_endpoint": "https://id.acme.example/authorize",
                "token_endpoint": local,
            });
        });
        let error = client.discover().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::MetadataEndpoint, "{local}");
    }
    issuer.metadata(|metadata| {
        *metadata = json!({
            "issuer": "https://id.acme.example",
            "authorization_endpoint": "https://id.acme.example/authorize",
            "token_endpoint": "https://id.acme.example/token",
        });
    });
    client.discover().await.unwrap();
}

#[tokio::test]
async fn disc_06_an_answer_that_is_no_metadata_is_told_as_such() {
    let issuer = Issuer::start().await;
    let elsewhere = [("location", "/elsewhere")];
    let cases: [(Answer, ErrorKind); 15] = [
        (with(200, &[("content-type", "text/html")], "<html>sign in</html>"), ErrorKind::MetadataFormat),
        (json(""), ErrorKind::MetadataFormat),
        (json("[]"), ErrorKind::MetadataFormat),
        (json("null"), ErrorKind::MetadataFormat),
        (json(r#"{"issuer":"#), ErrorKind::MetadataFormat),
        (json(r#"{"issuer":"a","issuer":"b"}"#), ErrorKind::MetadataFormat),
        (json(&format!(r#"{{"x":"{}"}}"#, "x".repeat(1024 * 1024))), ErrorKind::ResponseTooLarge),
        (json_status(401, "{}"), ErrorKind::MetadataStatus),
        (json_status(403, "{}"), ErrorKind::MetadataStatus),
        (json_status(204, ""), ErrorKind::MetadataStatus),
        (status(429, ""), ErrorKind::RateLimited),
        (status(503, ""), ErrorKind::Unavailable),
        (with(302, &elsewhere, ""), ErrorKind::RedirectRefused),
        (with(307, &elsewhere, ""), ErrorKind::RedirectRefused),
        (with(200, &[("content-encoding", "gzip")], "\u{1f}"), ErrorKind::ResponseEncoded),
    ];
    for (answer, kind) in cases {
        issuer.answer(METADATA, answer);
        let before = issuer.paths().len();
        let error = issuer.discovered().client(CLIENT_ID, SECRET).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{}", error.explain());
        assert!(!error.to_string().contains("sign in"), "{error}");
        assert_eq!(issuer.paths()[before..], [METADATA], "no redirect is followed, no other address tried");
    }
    for (name, wrong) in [
        ("scopes_supported", json!("openid")),
        ("token_endpoint_auth_methods_supported", json!([1])),
        ("id_token_signing_alg_values_supported", json!({})),
        ("authorization_response_iss_parameter_supported", json!("true")),
    ] {
        let error = refused(ErrorKind::MetadataFormat, |metadata| metadata[name] = wrong).await;
        assert!(error.to_string().contains(name), "{error}");
    }
    for name in ["token_endpoint", "authorization_endpoint"] {
        let issuer = Issuer::start().await;
        issuer.metadata(|metadata| drop(metadata.as_object_mut().unwrap().remove(name)));
        let begun = match issuer.discovered().client(CLIENT_ID, SECRET).await {
            Ok(client) => client.redirect_uri("https://app.example/cb").authorize().begin().await.map(|_| ()),
            Err(error) => Err(error),
        };
        assert!(matches!(begun.unwrap_err().kind(), ErrorKind::MetadataEndpoint | ErrorKind::Unsupported), "{name}");
    }
}

#[tokio::test]
async fn disc_07_metadata_is_renewed_and_never_kept_for_ever() {
    let issuer = Issuer::start().await;
    let client = issuer.client().await;
    start(&client).await;
    let asked = || issuer.asked(METADATA);
    let before = asked();
    start(&client).await;
    issuer.clock.advance(Duration::from_secs(60 * 60 - 1));
    start(&client).await;
    assert_eq!(asked(), before, "an hour, where the issuer does not say");
    issuer.clock.advance(Duration::from_secs(1));
    issuer.metadata(|metadata| metadata["authorization_endpoint"] = format!("{}/moved", issuer.origin()).into());
    assert!(start(&client).await.url.starts_with(&format!("{}/moved?", issuer.origin())));
    assert_eq!(asked(), before + 1);

    // What the issuer says of it counts, up to a day.
    let metadata = |cache: &str| {
        let document = json!({
            "issuer": issuer.origin(),
            "authorization_endpoint": format!("{}/authorize", issuer.origin()),
            "token_endpoint": format!("{}/token", issuer.origin()),
            "jwks_uri": format!("{}/keys", issuer.origin()),
        });
        issuer.answer(METADATA, with(200, &[("cache-control", cache)], &document.to_string()));
        issuer.clock.advance(Duration::from_secs(24 * 60 * 60));
    };
    metadata("max-age=31536000");
    start(&client).await;
    let before = asked();
    issuer.clock.advance(Duration::from_secs(24 * 60 * 60 - 1));
    start(&client).await;
    assert_eq!(asked(), before);
    issuer.clock.advance(Duration::from_secs(1));
    start(&client).await;
    assert_eq!(asked(), before + 1);
    metadata("no-store");
    let before = asked();
    for _ in 0..3 {
        start(&client).await;
    }
    assert_eq!(asked(), before + 3);
}

#[tokio::test]
async fn disc_07_the_last_good_metadata_serves_for_a_while_and_no_bad_one_takes_its_place() {
    let issuer = Issuer::start().await;
    let client = issuer.client().await;
    let url = start(&client).await.url;
    let good = url.split('?').next().unwrap();
    let evil = |metadata: &mut Value| {
        metadata["issuer"] = "https://evil.example".into();
        metadata["authorization_endpoint"] = "https://evil.example/authorize".into();
    };
    issuer.clock.advance(Duration::from_secs(60 * 60));
    for round in 0..3 {
        if round == 1 {
            issuer.metadata(evil);
        } else {
            issuer.answer(METADATA, status(503, ""));
        }
        let before = issuer.asked(METADATA);
        for _ in 0..3 {
            assert!(start(&client).await.url.starts_with(good), "{round}");
        }
        assert_eq!(issuer.asked(METADATA), before + 1, "an issuer that is down is asked twice a minute");
        issuer.clock.advance(Duration::from_secs(24 * 60 * 60));
    }
    issuer.clock.advance(Duration::from_secs(4 * 24 * 60 * 60));
    assert_eq!(client.authorize().begin().await.unwrap_err().kind(), ErrorKind::Unavailable);
    issuer.metadata(evil);
    assert_eq!(client.authorize().begin().await.unwrap_err().kind(), ErrorKind::MetadataIssuer);
}

#[tokio::test]
async fn disc_08_metadata_adds_no_algorithm_that_is_not_allowed() {
    for none in [json!(["none"]), json!(["HS256"]), json!(["none", "HS256", "RSA1_5"]), json!([""])] {
        refused(ErrorKind::IdTokenAlgorithm, |metadata| metadata["id_token_signing_alg_values_supported"] = none).await;
    }
    let issuer = Issuer::start().await;
    issuer.metadata(|metadata| metadata["id_token_signing_alg_values_supported"] = json!(["none", "HS256", "RS256"]));
    let client = issuer.client().await;
    let secret = "canary-client-secret-of-32-bytes-or-more";
    issuer.log_in_with(&client, |claims| Some(hs256(secret, &claims))).await.refused(ErrorKind::IdTokenAlgorithm);
    issuer.log_in(&client, |_| ()).await.account();

    // A file's list is cut by the metadata and never grows.
    let yaml = format!(
        "id: acme\nname: Acme\ndocs: https://acme.example\nchecked: 2026-11-21\nendpoints: {{issuer: \"{}\", discovery: true}}\nopenid: {{algs: [ES256, EdDSA]}}\nscopes: {{default: [openid]}}\n",
        issuer.origin()
    );
    let client = oauth_tests::login::spec(&yaml).client(CLIENT_ID, SECRET).redirect_uri("https://app.example/callback");
    assert_eq!(client.discover().await.unwrap_err().kind(), ErrorKind::IdTokenAlgorithm);
    issuer.metadata(|metadata| metadata["id_token_signing_alg_values_supported"] = json!(["ES256", "RS256"]));
    let algs = client.discover().await.unwrap().spec().openid.as_ref().unwrap().algs.clone();
    assert_eq!(algs.iter().map(|alg| alg.as_str()).collect::<Vec<_>>(), ["ES256"]);
}

#[tokio::test]
async fn disc_08_the_way_a_client_authenticates_is_one_that_it_knows() {
    let issuer = Issuer::start().await;
    for (methods, basic) in [
        (json!(["client_secret_post", "client_secret_basic"]), true),
        (json!(["none", "client_secret_basic"]), true),
        (json!(["client_secret_post", "none"]), false),
    ] {
        issuer.metadata(|metadata| metadata["token_endpoint_auth_methods_supported"] = methods);
        issuer.log_in(&issuer.client().await, |_| ()).await.account();
        let request = issuer.requests(TOKEN).pop().unwrap();
        assert_eq!(request.header("authorization").is_some(), basic, "{request:?}");
        assert_eq!(request.body.contains(SECRET), !basic, "{request:?}");
    }
    // A method that is none of ours is no way, and a secret is not left away in silence.
    for methods in [json!(["none"]), json!(["made_up"]), json!(["private_key_jwt"]), json!(["tls_client_auth"])] {
        refused(ErrorKind::Unsupported, |metadata| metadata["token_endpoint_auth_methods_supported"] = methods).await;
    }
}

#[tokio::test]
async fn disc_09_both_well_known_addresses_name_the_issuer_itself() {
    let issuer = Issuer::start().await;
    let tenant = format!("{}/tenant/one", issuer.origin());
    let behind = "/tenant/one/.well-known/openid-configuration";
    let before = "/.well-known/oauth-authorization-server/tenant/one";
    let document =
        |issuer: &str| json(&json!({"issuer": issuer, "token_endpoint": format!("{issuer}/token")}).to_string());
    let ask = async || Discovered::at(&tenant).unwrap().metadata().await;
    issuer.answer(before, document(&tenant));
    assert_eq!(ask().await.unwrap().issuer, tenant);
    assert_eq!(issuer.paths(), [behind, before]);
    // The root's own document is not asked for, and counts for nothing.
    issuer.answer(before, document(issuer.origin()));
    assert_eq!(ask().await.unwrap_err().kind(), ErrorKind::MetadataIssuer);
    issuer.answer(behind, document(&tenant));
    ask().await.unwrap();
    issuer.forget(behind);
    issuer.forget(before);
    let error = ask().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::MetadataStatus);
    assert!(error.explain().contains("byte for byte"), "{}", error.explain());
    let between = "/.well-known/openid-configuration/tenant/one";
    assert!(
        issuer.paths().iter().all(|path| [behind, before, between].contains(&path.as_str())),
        "{:?}",
        issuer.paths()
    );
}

const GUID: &str = "9188040d-6c67-4c5b-b112-36a304b66dad";

#[tokio::test]
async fn disc_11_only_the_tenants_own_guid_stands_in_an_issuer() {
    let issuer = Issuer::start().await;
    let file = oauth_tests::issuer::ACME_ID
        .replace("openid: {", "openid: {issuer: \"https://id.acme.example/{claim.tid}/v2\", ");
    let client = issuer.client_of(&file);
    let tenant = |iss: String, tid: Value| move |claims: &mut Value| (claims["iss"], claims["tid"]) = (iss.into(), tid);
    let of = |tid: &str| format!("https://id.acme.example/{tid}/v2");
    let account = issuer.log_in(&client, tenant(of(GUID), GUID.into())).await.account();
    assert_eq!(account.tokens().identity().unwrap().issuer(), of(GUID), "who is who depends on the tenant");
    let other = GUID.replace('9', "8");
    for (iss, tid) in [
        (of(GUID), json!(other)),
        (of(GUID), json!(GUID.to_uppercase())),
        (of(&GUID.to_uppercase()), json!(GUID.to_uppercase())),
        (of("common"), json!("common")),
        (of("{claim.tid}"), json!("{claim.tid}")),
        (of(""), json!("")),
        (of(&format!("{GUID}/x")), json!(format!("{GUID}/x"))),
        (of(GUID), json!([GUID])),
        (of(GUID), Value::Null),
        (format!("https://evil.example/{GUID}/v2"), json!(GUID)),
        (format!("{}/", of(GUID)), json!(GUID)),
    ] {
        issuer.log_in(&client, tenant(iss, tid)).await.refused(ErrorKind::IdTokenIssuer);
    }
    // One tenant alone is a setting, or the issuer itself: no claim of the token has a say in it.
    let one = issuer.client_of(oauth_tests::issuer::ACME_ID);
    issuer.log_in(&one, tenant(of(GUID), GUID.into())).await.refused(ErrorKind::IdTokenIssuer);
    assert!(parameter(&start(&one).await.url, "nonce").is_some() && issuer.asked(KEYS) > 0);
}

/// What a tenant's issuer said is true of no other tenant, not even where a client has its endpoints already.
#[tokio::test]
async fn disc_03_another_setting_is_another_issuer() {
    let issuer = Issuer::start().await;
    let yaml = "id: acme\nname: Acme\ndocs: https://acme.example\nchecked: 2026-11-21\nsettings: {tenant: {type: slug}}\nendpoints: {issuer: \"https://id.acme.example/{tenant}\", discovery: true}\n";
    let says = |tenant: &str| {
        let document = json!({
            "issuer": format!("https://id.acme.example/{tenant}"),
            "authorization_endpoint": format!("https://id.acme.example/{tenant}/authorize"),
            "token_endpoint": format!("https://id.acme.example/{tenant}/token"),
        });
        issuer.answer(&format!("/{tenant}{METADATA}"), json(&document.to_string()));
    };
    says("a");
    says("b");
    let endpoint = async |client: &oauth_core::Client| {
        let url = start(client).await.url;
        url.split_once("/id.acme.example").unwrap().1.split('?').next().unwrap().to_owned()
    };
    let one = issuer.client_of(yaml).set("tenant", "a").unwrap().discover().await.unwrap();
    assert_eq!(one.spec().endpoints.token.as_ref().unwrap().as_str(), "https://id.acme.example/a/token");
    let other = one.clone().set("tenant", "b").unwrap();
    assert_eq!(endpoint(&other).await, "/b/authorize");
    assert_eq!(endpoint(&other.discover().await.unwrap()).await, "/b/authorize");
    assert_eq!(endpoint(&one).await, "/a/authorize");

    // A change that leaves the issuer as it is asks nobody again, and a callback can be checked at once.
    let login = start(&one).await;
    let asked = issuer.paths().len();
    let same = one.timeout(Duration::from_secs(9)).set("tenant", "a").unwrap();
    assert_eq!(endpoint(&same).await, "/a/authorize");
    let query = format!("code=canary-code&state={}", login.state);
    same.verify_callback(query, login.pending, login.browser).unwrap();
    assert_eq!(issuer.paths().len(), asked);
}

/// The same for metadata that changes between the check of the callback and the exchange.
#[tokio::test]
async fn disc_03_a_verified_code_goes_to_no_endpoint_that_was_named_later() {
    let issuer = Issuer::start().await;
    let client = issuer.client().await;
    let login = start(&client).await;
    let query = format!("code=canary-code&state={}", login.state);
    let code = client.verify_callback(query, login.pending, login.browser).unwrap();
    let elsewhere = Issuer::start().await;
    issuer.metadata(|metadata| metadata["token_endpoint"] = format!("{}/token", elsewhere.origin()).into());
    issuer.clock.advance(Duration::from_secs(2 * 60 * 60));
    let error = client.exchange(code).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ProviderMismatch, "{}", error.explain());
    tells_nothing(&error, &["canary-code", SECRET]);
    assert_eq!((issuer.asked(TOKEN), elsewhere.paths().len()), (0, 0));
}
