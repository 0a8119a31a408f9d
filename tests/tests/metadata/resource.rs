//! Metadata of protected resources (RFC 9728): DISC-10, and what is no metadata.

use oauth_core::{ErrorKind, ProtectedResource, ResourceChallenge};
use oauth_tests::canned::{json, json_status, with};
use oauth_tests::issuer::Issuer;
use serde_json::{Value, json};

const WELL_KNOWN: &str = "/.well-known/oauth-protected-resource/mcp";
const ROOT: &str = "/.well-known/oauth-protected-resource";

fn document(resource: &str) -> Value {
    json!({"resource": resource, "authorization_servers": ["https://id.example"], "scopes_supported": ["read", "bad scope"]})
}

fn challenge(named: &str) -> ResourceChallenge {
    ResourceChallenge::from(format!("Bearer error=\"invalid_token\", resource_metadata=\"{named}\"").as_str())
}

#[tokio::test]
async fn disc_10_the_metadata_is_of_the_resource_that_was_asked_for() {
    let server = Issuer::start().await;
    let resource = format!("{}/mcp", server.origin());
    let ask = async || ProtectedResource::at(&resource).unwrap().metadata().await;
    server.answer(WELL_KNOWN, json(&document(&resource).to_string()));
    let metadata = ask().await.unwrap();
    assert_eq!(metadata.resource, resource);
    assert_eq!(metadata.authorization_servers, ["https://id.example"]);
    assert_eq!(metadata.scopes_supported.unwrap(), ["read"], "what cannot be a scope is none");
    for other in [
        format!("{resource}/"),
        server.origin().to_owned(),
        format!("{resource}?x"),
        resource.replace("mcp", "MCP"),
        resource.replace("127.0.0.1", "localhost"),
        "https://evil.example/mcp".to_owned(),
        String::new(),
    ] {
        server.answer(WELL_KNOWN, json(&document(&other).to_string()));
        let error = ask().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ResourceMismatch, "{other}: {}", error.explain());
    }
    server.answer(WELL_KNOWN, json("{}"));
    assert_eq!(ask().await.unwrap_err().kind(), ErrorKind::ResourceMismatch);
    assert!(server.paths().iter().all(|path| path == WELL_KNOWN), "no other address is tried");
}

#[tokio::test]
async fn disc_10_a_challenge_leads_to_the_resources_own_origin() {
    let server = Issuer::start().await;
    let evil = Issuer::start().await;
    let resource = format!("{}/mcp", server.origin());
    evil.answer("/meta", json(&document(&resource).to_string()));
    server.answer("/meta", json(&document(&resource).to_string()));
    let at = |named: &str| ProtectedResource::at(&resource).unwrap().challenge(challenge(named));
    assert_eq!(at(&format!("{}/meta", server.origin())).metadata().await.unwrap().resource, resource);
    let port = server.origin().rsplit(':').next().unwrap().to_owned();
    for named in [
        format!("{}/meta", evil.origin()),
        format!("{}/meta", server.origin().replace("http:", "https:")),
        format!("http://user@127.0.0.1:{port}/meta"),
        format!("http://localhost:{port}/meta"),
        format!("{}/meta#x", server.origin()),
        "/meta".to_owned(),
        "file:///etc/passwd".to_owned(),
        String::new(),
    ] {
        let before = server.paths().len();
        let error = at(&named).metadata().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ResourceMismatch, "{named}: {}", error.explain());
        assert_eq!((server.paths().len(), evil.paths().len()), (before, 0), "{named}");
    }
    // What the challenge names is of the resource, too.
    server.answer("/meta", json(&document("https://other.example/mcp").to_string()));
    let error = at(&format!("{}/meta", server.origin())).metadata().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ResourceMismatch);
}

#[tokio::test]
async fn disc_10_the_hosts_own_metadata_is_asked_for_on_demand_only() {
    let server = Issuer::start().await;
    let resource = format!("{}/mcp", server.origin());
    let at = || ProtectedResource::at(&resource).unwrap();
    for own in [resource.clone(), server.origin().to_owned(), format!("{}/", server.origin())] {
        server.answer(ROOT, json(&document(&own).to_string()));
        assert_eq!(at().metadata().await.unwrap_err().kind(), ErrorKind::MetadataStatus);
        assert_eq!(at().or_root().metadata().await.unwrap().resource, own);
    }
    server.answer(ROOT, json(&document(&format!("{}/other", server.origin())).to_string()));
    assert_eq!(at().or_root().metadata().await.unwrap_err().kind(), ErrorKind::ResourceMismatch);
    // The path's own metadata comes first, and a wrong one is no way to the host's.
    server.answer(WELL_KNOWN, json(&document("https://evil.example").to_string()));
    server.answer(ROOT, json(&document(&resource).to_string()));
    assert_eq!(at().or_root().metadata().await.unwrap_err().kind(), ErrorKind::ResourceMismatch);
}

#[tokio::test]
async fn disc_06_an_answer_that_is_no_metadata_of_a_resource_is_told_as_such() {
    let server = Issuer::start().await;
    let resource = format!("{}/mcp", server.origin());
    for (answer, kind) in [
        (with(200, &[("content-type", "text/html")], "<html>"), ErrorKind::MetadataFormat),
        (json("[]"), ErrorKind::MetadataFormat),
        (json(r#"{"resource":"a","resource":"b"}"#), ErrorKind::MetadataFormat),
        (json(&json!({"resource": resource, "authorization_servers": "x"}).to_string()), ErrorKind::MetadataFormat),
        (json(&json!({"resource": resource, "scopes_supported": [1]}).to_string()), ErrorKind::MetadataFormat),
        (json(&format!(r#"{{"x":"{}"}}"#, "x".repeat(1024 * 1024))), ErrorKind::ResponseTooLarge),
        (json_status(401, "{}"), ErrorKind::MetadataStatus),
        (json_status(404, "{}"), ErrorKind::MetadataStatus),
        (json_status(503, "{}"), ErrorKind::Unavailable),
        (with(302, &[("location", "/elsewhere")], ""), ErrorKind::RedirectRefused),
    ] {
        server.answer(WELL_KNOWN, answer);
        let error = ProtectedResource::at(&resource).unwrap().metadata().await.unwrap_err();
        assert_eq!(error.kind(), kind, "{}", error.explain());
    }
    assert!(server.paths().iter().all(|path| path == WELL_KNOWN));
    let many: Vec<String> = (0..1_000).map(|n| format!("https://id{n}.example")).collect();
    server.answer(WELL_KNOWN, json(&json!({"resource": resource, "authorization_servers": many}).to_string()));
    let metadata = ProtectedResource::at(&resource).unwrap().metadata().await.unwrap();
    assert_eq!(metadata.authorization_servers.len(), 16);
    assert_eq!(metadata.scopes_supported, None);
}
