//! Area CB: the issuer that a callback names (RFC 9207).

use oauth_core::ErrorKind;
use oauth_tests::issuer::{ACME_ID, Issuer, TOKEN, tells_nothing};
use oauth_tests::login::{ACME, SECRET, start};

use super::callback::{outcome, refused};

#[tokio::test]
async fn cb_04_another_issuer_is_refused() {
    for issuer in ["https://evil.example", "https://id.acme.example/", "https://ID.acme.example"] {
        let error =
            refused(ACME, ErrorKind::IssuerMismatch, |started| format!("code=c&state={}&iss={issuer}", started.state))
                .await;
        assert!(error.to_string().contains("expected `https://id.acme.example`"), "{error}");
    }
    let (result, _) =
        outcome(ACME, |started| format!("code=c&state={}&iss=https%3A%2F%2Fid.acme.example", started.state)).await;
    result.unwrap();
}

#[tokio::test]
async fn cb_05_a_missing_issuer_is_refused_where_there_always_is_one() {
    let yaml =
        ACME.replace("issuer: https://id.acme.example}", "issuer: https://id.acme.example, iss_in_callback: true}");
    for answer in ["code=c", "code=c&iss=", "error=access_denied"] {
        refused(&yaml, ErrorKind::IssuerMissing, |started| format!("{answer}&state={}", started.state)).await;
    }
    // The metadata says so, and the file does not know it.
    let issuer = Issuer::start().await;
    for always in [false, true] {
        issuer.metadata(|metadata| metadata["authorization_response_iss_parameter_supported"] = always.into());
        let client = issuer.client().await;
        let started = start(&client).await;
        let query = format!("code=canary-code&state={}", started.state);
        let error = client.callback(query, started.pending, started.browser).await.unwrap_err();
        assert_eq!(error.kind() == ErrorKind::IssuerMissing, always, "{}", error.explain());
        tells_nothing(&error, &["canary-code", SECRET]);
        assert_eq!(issuer.asked(TOKEN), 1, "the code of the one that named no issuer was not sent");
    }
}

#[tokio::test]
async fn cb_06_an_issuer_that_was_never_announced_is_compared_all_the_same() {
    refused(ACME, ErrorKind::IssuerMismatch, |started| format!("code=c&state={}&iss=x", started.state)).await;
}

/// A provider whose file names no issuer sends the browser on to an honest one, to be given its code: RFC 9207 section 2.4 has
/// the client decide by what it knows, which is where the code would go.
#[tokio::test]
async fn cb_06_without_an_issuer_to_compare_with_a_code_goes_to_the_named_ones_origin_only() {
    let yaml = ACME.replace(", issuer: https://id.acme.example}", "}");
    assert_ne!(yaml, ACME);
    for sound in ["https%3A%2F%2Fid.acme.example", "https://id.acme.example/", "https://id.acme.example/tenant", ""] {
        let (result, requests) = outcome(&yaml, |started| format!("code=c&state={}&iss={sound}", started.state)).await;
        result.unwrap_or_else(|error| panic!("{sound}: {}", error.explain()));
        assert_eq!(requests, 1);
    }
    for other in [
        "https://honest.example",
        "https://acme.example",
        "https://id.acme.example.evil.example",
        "https://id.acme.example:8443",
        "https://id.acme.example@evil.example",
        "http://id.acme.example",
        "id.acme.example",
        "x",
        "urn:acme",
        "data:id.acme.example",
    ] {
        for answer in ["code=canary-code", "error=access_denied"] {
            let callback = |state: &str| format!("{answer}&state={state}&iss={other}");
            let error = refused(&yaml, ErrorKind::IssuerMismatch, |started| callback(&started.state)).await;
            assert!(error.explain().contains("endpoints.issuer"), "{}", error.explain());
            tells_nothing(&error, &["canary-code", SECRET]);
        }
    }
    // The authorization endpoint may be an honest one's in a file that somebody else wrote: the code goes elsewhere.
    let mixed = yaml.replace("token: https://id.acme.example", "token: https://evil.example");
    let callback = |state: &str| format!("code=c&state={state}&iss=https://id.acme.example");
    refused(&mixed, ErrorKind::IssuerMismatch, |started| callback(&started.state)).await;
}

/// Where the file has the issuer of ID tokens alone it is that one.
#[tokio::test]
async fn cb_06_the_issuer_of_id_tokens_is_the_one_of_callbacks() {
    let file = |issuer: &str| {
        let openid = format!("openid: {{issuer: \"{issuer}\", also_issuers: [acme.example], ");
        let yaml = ACME_ID.replace("  issuer: https://id.acme.example\n", "").replace("openid: {", &openid);
        assert!(yaml.contains(issuer) && !yaml.contains("  issuer"));
        yaml
    };
    // Past the comparison: what is missing then is the ID token.
    let sound = async |yaml: &str, iss: &str| {
        let (result, requests) = outcome(yaml, |started| format!("code=c&state={}&iss={iss}", started.state)).await;
        assert_eq!((result.unwrap_err().kind(), requests), (ErrorKind::IdTokenMissing, 1), "{iss}");
    };
    let own = file("https://own.acme.example");
    for iss in ["https://own.acme.example", "acme.example"] {
        sound(&own, iss).await;
    }
    let tenant = "9188040d-6c67-4c5b-b112-36a304b66dad";
    let tenants = file("https://id.acme.example/{claim.tid}/v2");
    sound(&tenants, &format!("https://id.acme.example/{tenant}/v2")).await;
    for (yaml, iss) in [
        (&own, "https://id.acme.example"),
        (&own, "https://own.acme.example/"),
        (&tenants, "https://id.acme.example/common/v2"),
        (&tenants, "https://id.acme.example"),
        (&tenants, &format!("https://evil.example/{tenant}/v2")),
    ] {
        let callback = |state: &str| format!("code=canary-code&state={state}&iss={iss}");
        let (result, requests) = outcome(yaml, |started| callback(&started.state)).await;
        let error = result.unwrap_err();
        assert_eq!((error.kind(), requests), (ErrorKind::IssuerMismatch, 0), "{iss}");
        tells_nothing(&error, &["canary-code", SECRET]);
    }
}
