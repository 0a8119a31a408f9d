//! SAML assertions as grants (RFC 7522).

use oauth_core::{Client, ErrorKind, Step};
use oauth_tests::canned::{Answer, Canned, json, json_status};
use oauth_tests::issuer::tells_nothing;
use oauth_tests::login::{self, ACME, parameter};

use super::harbor::{Harbor, Scope};

const XML: &str = "<Assertion xmlns=\"urn:oasis:names:tc:SAML:2.0:assertion\">canary-subject é?></Assertion>";

fn token() -> Answer {
    json(r#"{"access_token":"one","token_type":"Bearer","expires_in":3600}"#)
}

async fn at(answers: impl IntoIterator<Item = Answer>) -> (Canned, Client) {
    let server = Canned::start(answers).await;
    let client = login::client(&format!("{ACME}grants: {{saml_bearer: {{}}}}\n")).dangerous_at(server.origin());
    (server, client)
}

fn encoded(text: &str) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text)
}

#[tokio::test]
async fn an_assertion_from_elsewhere_is_sent_in_base64url() {
    let (server, client) = at([token(), token(), token()]).await;
    let account = client.saml_bearer(XML).scopes(["read"]).param("lang", "de").account().await.unwrap();
    assert_eq!(account.token().await.unwrap().expose_secret(), "one");
    assert_eq!(account.tokens().scopes(), ["read"]);
    let ready = encoded(XML);
    assert!(ready.contains(['-', '_']), "{ready}: a text that plain base64 writes in another way");
    client.saml_bearer(format!("\u{feff}\n{XML}\n")).tokens().await.unwrap();
    client.saml_bearer(format!("{ready}==")).tokens().await.unwrap();
    for request in server.received() {
        assert_eq!(parameter(&request.body, "grant_type").unwrap(), "urn:ietf:params:oauth:grant-type:saml2-bearer");
        assert_eq!(parameter(&request.body, "assertion").unwrap(), ready);
        assert_eq!(parameter(&request.body, "client_id").unwrap(), "my-client");
    }
    assert_eq!(parameter(&server.received()[0].body, "lang").unwrap(), "de");
}

#[tokio::test]
async fn what_is_no_assertion_is_not_sent() {
    let (server, client) = at([token()]).await;
    for wrong in ["", "=", "PEFzc2VydGlvbj4+/w", "PEFz c2Vy", "PEFz\r\nc2Vy", "canary.asser.tion", "é"] {
        let error = client.saml_bearer(wrong).account().await.unwrap_err();
        assert_eq!((error.kind(), error.step()), (ErrorKind::Parameter, Step::Grant), "{wrong}");
        assert!(error.explain().contains("base64url"), "{}", error.explain());
        tells_nothing(&error, &["canary", "PEFz"]);
    }
    for own in ["assertion", "scope", "grant_type", "client_id"] {
        let error = client.saml_bearer(XML).param(own, "x").account().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ReservedParameter, "{own}");
    }
    assert_eq!(server.received().len(), 0);
    assert!(!format!("{:?}", client.saml_bearer(XML)).contains("canary"));
}

#[tokio::test]
async fn a_refusal_does_not_repeat_the_assertion() {
    let ready = encoded(XML);
    let refusal = format!(r#"{{"error":"invalid_grant","error_description":"no {ready}"}}"#);
    let (_server, client) = at([json_status(400, &refusal), json("[]"), json("{\"access_token\":7}")]).await;
    let error = client.saml_bearer(XML).account().await.unwrap_err();
    assert_eq!((error.kind(), error.step()), (ErrorKind::GrantRejected, Step::Grant));
    tells_nothing(&error, &[&ready]);
    for _ in 0..2 {
        assert_eq!(client.saml_bearer(XML).account().await.unwrap_err().kind(), ErrorKind::BadResponse);
    }
}

#[tokio::test]
async fn typed_clients_have_it_where_the_file_does() {
    let server = Canned::start([token()]).await;
    let client: Client<Harbor> = Harbor::client("id", "secret-of-harbor").dangerous_at(server.origin());
    client.saml_bearer(XML).scopes([Scope::Read]).account().await.unwrap();
    assert_eq!(parameter(&server.received()[0].body, "scope").unwrap(), "read");
    let without = login::client(ACME).dangerous_at(server.origin());
    let error = without.saml_bearer(XML).account().await.unwrap_err();
    assert_eq!((error.kind(), error.step()), (ErrorKind::Unsupported, Step::Grant));
    assert!(error.explain().contains("add `grants.saml_bearer`"), "{}", error.explain());
    assert_eq!(server.received().len(), 1);
}
