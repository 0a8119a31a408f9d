//! Area IDN: who the user is. Of IDN-03, the part that there is: nothing finds or links an account by an e-mail address.

use oauth_core::{Account, Browser, ErrorKind, ProviderSpec, TokenSet};
use oauth_tests::canned::{Canned, json, json_status, status, with};
use oauth_tests::issuer::{ACCESS_TOKEN, ACME_ID, Issuer, SUBJECT, TOKEN, USERINFO, tells_nothing};
use oauth_tests::login::{ACME, SECRET, TOKENS, account_with, client, spec, start};
use serde_json::{Value, json};

async fn logged_in() -> (Issuer, Account) {
    let issuer = Issuer::start().await;
    let account = issuer.log_in(&issuer.client().await, |_| ()).await.account();
    (issuer, account)
}

#[tokio::test]
async fn idn_01_userinfo_is_of_the_user_who_logged_in() {
    let (issuer, account) = logged_in().await;
    let me = account.profile().await.unwrap();
    assert_eq!((me.subject.as_str(), me.name.as_deref()), (SUBJECT, Some("Ada")));
    for wrong in [json!("other"), json!("248289761001 "), json!(""), Value::Null, json!(248_289_761_001_u64 + 1)] {
        issuer.user(&json!({"sub": wrong, "name": "Mallory", "email": "mallory@example.com"}));
        let error = account.profile().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::SubjectMismatch, "{wrong}: {}", error.explain());
        tells_nothing(&error, &["mallory", "Mallory", ACCESS_TOKEN]);
    }
    issuer.user(&json!({"name": "Mallory"}));
    assert_eq!(account.profile().await.unwrap_err().kind(), ErrorKind::SubjectMismatch);
    issuer.answer(USERINFO, json(&format!(r#"{{"sub":"{SUBJECT}","sub":"other"}}"#)));
    account.profile().await.unwrap_err();
    // The same with a file's own request.
    issuer.user(&json!({"sub": "other"}));
    let account = issuer.log_in(&issuer.client_of(ACME_ID), |_| ()).await.account();
    assert_eq!(account.profile().await.unwrap_err().kind(), ErrorKind::SubjectMismatch);
}

/// The profile of a file that vouches for addresses, or does not, with these claims.
async fn verified(file: &str, claims: Value) -> (Option<String>, Option<bool>) {
    let (_server, account) = account_with(file, TokenSet::new("t"), [json(&claims.to_string())]).await;
    let profile = account.profile().await.unwrap();
    assert!(profile.email.is_some(), "the address itself is always there to be shown");
    (profile.verified_email().map(str::to_owned), profile.email_verified)
}

fn vouching() -> String {
    ACME_ID.replace("map: {sub", "email_authoritative: true\n  map: {sub")
}

#[tokio::test]
async fn idn_02_an_address_is_verified_by_true_from_a_provider_that_may_say_so() {
    let said = |verified: Value| json!({"sub": "1", "email": "ada@example.com", "email_verified": verified});
    let file = vouching();
    assert_eq!(verified(&file, said(json!(true))).await.0.as_deref(), Some("ada@example.com"));
    for wrong in ["false", "\"true\"", "1", "\"1\"", "null", "[true]", "{}", "\"yes\"", "\"TRUE\""] {
        let wrong: Value = serde_json::from_str(wrong).unwrap();
        assert_eq!(verified(&file, said(wrong.clone())).await.0, None, "{wrong}");
    }
    assert_eq!(verified(&file, json!({"sub": "1", "email": "ada@example.com"})).await, (None, None));
    // The provider says so, and nobody said that its word counts.
    assert_eq!(verified(ACME_ID, said(json!(true))).await, (None, Some(true)));
    let (issuer, account) = logged_in().await;
    let profile = account.profile().await.unwrap();
    assert_eq!((profile.email_verified, profile.verified_email()), (Some(true), None));
    issuer.user(&json!({"sub": SUBJECT, "email": "", "email_verified": true}));
    assert_eq!(account.profile().await.unwrap().email, None);
}

/// Everything public in the engine, by name.
fn public_functions() -> Vec<String> {
    fn walk(folder: &std::path::Path, found: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                let names = text.lines().filter_map(|line| {
                    let rest = ["pub fn ", "pub async fn ", "pub const fn "]
                        .iter()
                        .find_map(|word| line.trim_start().strip_prefix(word));
                    rest?.split(['(', '<']).next()
                });
                found.extend(names.map(str::to_owned));
            }
        }
    }
    let mut found = Vec::new();
    for folder in ["../oauth-core/src", "../oauth-providers/src"] {
        walk(&std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), &mut found);
    }
    found
}

#[test]
fn idn_02_and_03_nothing_finds_or_links_a_user_by_an_address() {
    let functions = public_functions();
    let with = |part: &str| functions.iter().filter(|name| name.contains(part)).cloned().collect::<Vec<_>>();
    assert!(functions.iter().any(|name| name == "callback") && functions.iter().any(|name| name == "profile"));
    let mut email = with("email");
    email.sort();
    assert_eq!(email, ["email_domain", "verified_email"]);
    for word in ["link", "find_by", "find_user", "lookup"] {
        assert_eq!(with(word), [""; 0], "{word}");
    }
}

#[test]
fn idn_04_a_name_or_an_address_is_no_key_unless_the_file_says_why() {
    for pointer in
        ["email", "preferred_username", "login", "upn", "name", "userPrincipalName", "user/email", "user_name"]
    {
        let file = ACME.replace("subject: /id", &format!("subject: /{pointer}"));
        let faults = ProviderSpec::from_yaml(&file).unwrap_err().to_string();
        assert!(faults.contains("the user's id is a name or an address"), "{faults}");
        let why =
            "quirks: [{field: profile.map.subject, because: it never changes, source: https://acme.example/docs}]\n";
        ProviderSpec::from_yaml(&format!("{file}{why}")).unwrap();
    }
    for pointer in ["id", "sub", "user/id", "oid", "user_id", "open_id", "account_id"] {
        spec(&ACME.replace("subject: /id", &format!("subject: /{pointer}")));
    }
}

#[tokio::test]
async fn idn_05_an_id_is_kept_digit_by_digit_and_letter_by_letter() {
    for (id, subject) in [
        ("18446744073709551617", "18446744073709551617"),
        ("9007199254740993", "9007199254740993"),
        ("\"9007199254740993\"", "9007199254740993"),
        ("\"AbC\"", "AbC"),
        ("\"007\"", "007"),
        ("\" x \"", " x "),
    ] {
        let (_server, account) = account_with(ACME, TokenSet::new("t"), [json(&format!(r#"{{"id":{id}}}"#))]).await;
        assert_eq!(account.profile().await.unwrap().subject, subject);
    }
    for id in ["1.5", "1e3", "-1", "true", "null", "\"\"", "[1]", "{\"x\":1}"] {
        let (_server, account) = account_with(ACME, TokenSet::new("t"), [json(&format!(r#"{{"id":{id}}}"#))]).await;
        assert_eq!(account.profile().await.unwrap_err().kind(), ErrorKind::BadApiResponse, "{id}");
    }
    // Another case is another user.
    let issuer = Issuer::start().await;
    let account = issuer.log_in(&issuer.client().await, |claims| claims["sub"] = "AbC".into()).await.account();
    issuer.user(&json!({"sub": "abc"}));
    assert_eq!(account.profile().await.unwrap_err().kind(), ErrorKind::SubjectMismatch);
}

#[tokio::test]
async fn idn_07_a_domain_is_that_of_one_plain_verified_address() {
    let domain = async |file: &str, email: &str, verified: bool| {
        let claims = json!({"sub": "1", "email": email, "email_verified": verified});
        let (_server, account) = account_with(file, TokenSet::new("t"), [json(&claims.to_string())]).await;
        account.profile().await.unwrap().email_domain()
    };
    let file = vouching();
    assert_eq!(domain(&file, "ada@Example.COM", true).await.as_deref(), Some("example.com"));
    assert_eq!(domain(&file, "ada@example.com", false).await, None);
    assert_eq!(domain(ACME_ID, "ada@example.com", true).await, None);
    for email in [
        "ada@evil.example@example.com",
        "\"ada@evil.example\"@example.com",
        "ada@ex\u{430}mple.com",
        "ada\u{ff20}example.com",
        "ada@example.com\u{200b}",
        "ada@example\u{3002}com",
        "ada@b\u{fc}cher.example",
    ] {
        assert_eq!(domain(&file, email, true).await, None, "{email}");
    }
}

#[tokio::test]
async fn idn_08_userinfo_is_json_or_an_error() {
    let (issuer, account) = logged_in().await;
    let jwt = issuer.key.sign(&json!({"sub": SUBJECT}));
    let html = with(200, &[("content-type", "text/html")], "<html>canary page</html>");
    for answer in
        [with(200, &[("content-type", "application/jwt")], &jwt), html, json(""), json("[]"), json("\"x\""), json("{")]
    {
        issuer.answer(USERINFO, answer);
        let error = account.profile().await.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::BadApiResponse | ErrorKind::SubjectMismatch), "{}", error.explain());
        tells_nothing(&error, &[jwt.as_str(), "canary page", ACCESS_TOKEN]);
    }
    for (code, kind) in [
        (403, ErrorKind::ApiStatus),
        (404, ErrorKind::ApiStatus),
        (503, ErrorKind::Unavailable),
        (429, ErrorKind::RateLimited),
    ] {
        issuer.answer(USERINFO, status(code, ""));
        let before = issuer.asked(USERINFO);
        assert_eq!(account.profile().await.unwrap_err().kind(), kind);
        assert_eq!(issuer.asked(USERINFO), before + 1, "{code}");
    }
    issuer.answer(USERINFO, with(302, &[("location", "/elsewhere")], ""));
    assert_eq!(account.profile().await.unwrap_err().kind(), ErrorKind::RedirectRefused);
    assert_eq!(issuer.asked("/elsewhere"), 0);
}

#[tokio::test]
async fn idn_08_a_token_that_is_refused_is_renewed_once() {
    let (issuer, account) = logged_in().await;
    issuer.answer(USERINFO, with(401, &[("www-authenticate", "Bearer error=\"invalid_token\"")], ""));
    issuer.tokens(None);
    let (exchanged, asked) = (issuer.asked(TOKEN), issuer.asked(USERINFO));
    let error = account.profile().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthorized, "{}", error.explain());
    assert_eq!((issuer.asked(TOKEN), issuer.asked(USERINFO)), (exchanged + 1, asked + 2));
    tells_nothing(&error, &[ACCESS_TOKEN, "canary-refresh-token"]);
    // What the server repeats of the request is blotted out.
    issuer.answer(USERINFO, json_status(403, &format!(r#"{{"error":"no","message":"token {ACCESS_TOKEN}"}}"#)));
    let error = account.profile().await.unwrap_err();
    tells_nothing(&error, &[ACCESS_TOKEN]);
    assert!(error.explain().contains("token [redacted]"), "{}", error.explain());
}

#[tokio::test]
async fn idn_09_sources_of_further_claims_are_shown_and_not_asked() {
    let issuer = Issuer::start().await;
    let sources = json!({
        "a": {"JWT": "eyJhbGciOiJub25lIn0.e30."},
        "b": {"endpoint": format!("{}/evil", issuer.origin()), "access_token": "distributed-canary"},
    });
    let add = |claims: &mut Value| {
        claims["_claim_names"] = json!({"address": "a", "email": "b"});
        claims["_claim_sources"] = sources.clone();
    };
    issuer.answer("/evil", json(r#"{"email":"mallory@example.com","sub":"other"}"#));
    let account = issuer.log_in(&issuer.client().await, add).await.account();
    let mut user = json!({"sub": SUBJECT});
    add(&mut user);
    issuer.user(&user);
    let profile = account.profile().await.unwrap();
    assert_eq!((&profile.email, &profile.raw["_claim_sources"]), (&None, &sources));
    let tokens = account.tokens();
    let identity = tokens.identity().unwrap();
    assert_eq!(identity.claim("_claim_sources").unwrap(), sources);
    assert_eq!((identity.claim("email"), identity.claim("address")), (None, None));
    assert_eq!(issuer.asked("/evil"), 0);
    assert!(!format!("{account:?}{identity:?}").contains("distributed-canary"));
}

#[tokio::test]
async fn idn_10_a_token_from_elsewhere_logs_nobody_in() {
    let issuer = Issuer::start().await;
    let account = issuer.client().await.account(TokenSet::new("of-another-client"));
    // It can be used, and says nothing about who its user is: there is no identity without a login of one's own.
    assert!(account.tokens().identity().is_none());
    account.profile().await.unwrap();
    assert!(account.tokens().identity().is_none());
    // `introspect_token` says of a token whose it is and for whom: it gives an answer, and no account.
    assert!(public_functions().iter().all(|name| !name.contains("login_with")));
}

/// CB-20: a provider that answers with a form sends it from its own page, and a cookie for requests of our own pages
/// stays behind. Nothing is skipped for it.
#[tokio::test]
async fn cb_20_a_form_without_the_browsers_cookie_is_refused_with_the_reason() {
    let server = Canned::start([json(TOKENS)]).await;
    let client = client(&format!("{ACME}authorize: {{response_mode: form_post}}\n")).dangerous_at(server.origin());
    let started = start(&client).await;
    let form = format!("code=canary-code&state={}", started.state);
    let error = client.callback(form, started.pending, Browser::unknown()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BrowserMissing);
    assert!(error.explain().contains("SameSite=None and Secure"), "{}", error.explain());
    tells_nothing(&error, &["canary-code", &started.state, SECRET]);
    assert!(server.received().is_empty());
    let cookie = client.authorize().begin().await.unwrap().into_parts().2.set_cookie("login", "/callback");
    assert!(cookie.contains("; Path=/callback; HttpOnly; Secure; SameSite=None"), "{cookie}");
}

/// The key of the user `7` of a file without ID tokens, with these settings.
async fn key(file: &str, settings: &[(&str, &str)]) -> (String, String) {
    let server = Canned::start([json(r#"{"id":"7"}"#)]).await;
    let client = settings.iter().fold(client(file), |client, (name, value)| client.set(name, *value).unwrap());
    let profile = client.dangerous_at(server.origin()).account(TokenSet::new("t")).profile().await.unwrap();
    let (first, subject) = profile.key();
    assert_eq!(profile.issuer.is_some(), file.contains("issuer: "));
    (first.to_owned(), subject.to_owned())
}

#[tokio::test]
async fn idn_06_the_same_subject_of_two_servers_is_two_users() {
    let none = ACME.replace(", issuer: https://id.acme.example", "");
    assert_eq!(key(ACME, &[]).await, ("https://id.acme.example".to_owned(), "7".to_owned()));
    assert_eq!(key(&none, &[]).await, ("acme".to_owned(), "7".to_owned()));

    // Whoever runs a server chooses the ids of its users.
    let settings = |kind: &str| format!("settings: {{at: {{type: {kind}}}}}\n");
    let token = none.replace("token: https://id.acme.example/token", "token: \"https://{at}.acme.example/token\"");
    let of_host = none.replace("token: https://id.acme.example/token", "token: \"https://{at}/token\"");
    let of_url = none.replace("token: https://id.acme.example/token", "token: \"{at}/token\"");
    let api = none.replace("GET https://api.acme.example/me", "\"GET https://{at}/me\"");
    let issuer = of_host.replace("endpoints: {", "endpoints: {issuer: \"https://{at}\", ");
    let one_issuer = of_host.replace("endpoints: {", "endpoints: {issuer: https://id.acme.example, ");
    for (file, kind, one, other) in [
        (&token, "label", "one", "two"),
        (&of_host, "host", "one.example", "two.example"),
        (&of_url, "url", "https://git.example/one", "https://git.example/two"),
        (&api, "host", "one.example", "two.example"),
        (&issuer, "host", "one.example", "two.example"),
        (&one_issuer, "host", "one.example", "two.example"),
    ] {
        let file = format!("{file}{}", settings(kind));
        let (one, again) = (key(&file, &[("at", one)]).await, key(&file, &[("at", one)]).await);
        assert_eq!(one, again);
        assert_ne!(one, key(&file, &[("at", other)]).await, "{file}");
    }
    let (first, _) = key(&format!("{issuer}{}", settings("host")), &[("at", "one.example")]).await;
    assert_eq!(first, "https://one.example");

    // An environment is another server; a setting that leads nowhere is none.
    let file = format!("{none}environments: {{sandbox: {{hosts: {{id.acme.example: sandbox.example}}}}}}\n");
    let server = Canned::start([json(r#"{"id":"7"}"#)]).await;
    let sandbox = client(&file).environment("sandbox").unwrap().dangerous_at(server.origin());
    let profile = sandbox.account(TokenSet::new("t")).profile().await.unwrap();
    assert_eq!(profile.key(), ("https://sandbox.example/token", "7"));
    assert_eq!(key(&file, &[]).await.0, "acme");
}

#[tokio::test]
async fn idn_06_the_issuer_is_the_id_tokens_in_one_spelling() {
    let issuer = Issuer::start().await;
    let profile = issuer.log_in(&issuer.client().await, |_| ()).await.account().profile().await.unwrap();
    assert_eq!(profile.issuer.as_deref(), Some(issuer.origin()));
    assert_eq!(profile.key(), (issuer.origin(), SUBJECT));

    // A further spelling is no further user, and a login without an ID token is the same one.
    let quirk = "quirks: [{field: openid.also_issuers, because: it is so, source: https://acme.example/docs}]\n";
    let file = format!("{}{quirk}", ACME_ID.replace("openid: {", "openid: {also_issuers: [id.acme.example], "));
    for spelling in ["id.acme.example", "https://id.acme.example"] {
        let outcome = issuer.log_in(&issuer.client_of(&file), |claims| claims["iss"] = spelling.into()).await;
        let profile = outcome.account().profile().await.unwrap();
        assert_eq!(profile.key(), ("https://id.acme.example", SUBJECT), "{spelling}");
    }
    let profile = issuer.client_of(&file).account(TokenSet::new("t")).profile().await.unwrap();
    assert_eq!(profile.key(), ("https://id.acme.example", SUBJECT));

    // The tenant of the account, which the token names.
    let tenant = "0f1e2d3c-0000-4000-8000-000000000001";
    let file = ACME_ID
        .replace(",\n  issuer: https://id.acme.example", "")
        .replace("  issuer: https://id.acme.example\n", "")
        .replace("openid: {", "openid: {issuer: \"https://id.acme.example/{claim.tid}\", ");
    let file =
        format!("{file}quirks: [{{field: openid.issuer, because: it is so, source: https://acme.example/docs}}]\n");
    let client = issuer.client_of(&file);
    let iss = format!("https://id.acme.example/{tenant}");
    let started = start(&client).await;
    let nonce = oauth_tests::login::parameter(&started.url, "nonce").unwrap();
    let now = issuer.now();
    issuer.tokens(Some(&issuer.key.sign(&json!({
        "iss": iss, "tid": tenant, "sub": SUBJECT, "aud": "my-client", "exp": now + 300, "iat": now, "nonce": nonce,
    }))));
    let query = format!("code=canary-code&state={}", started.state);
    let profile = client.callback(query, started.pending, started.browser).await.unwrap().profile().await.unwrap();
    assert_eq!(profile.key(), (iss.as_str(), SUBJECT));
}
