//! The canonical JSON, both ways: what serde writes, the reader reads.

use std::fmt::Debug;

use serde::Serialize;
use serde_json::{Value, json};

use super::decode::{Decode, Words, read};
use super::*;

/// A spec in which every member is there, with a value that is not the one it has when it is left out.
fn full() -> Value {
    json!({
        "id": "acme", "name": "Acme", "module": "acme", "marker": "Acme", "description": "All there is",
        "docs": "https://acme.example/docs", "console": "https://acme.example/apps", "checked": "2026-11-21",
        "confidence": "vendor", "groups": ["developer"],
        "settings": [{
            "name": "region", "rust": "Region", "type": "enum", "values": [["eu", "acme.eu", "Eu"]], "default": "eu",
            "doc": "\"Where\"\n",
        }],
        "environments": [{
            "name": "sandbox", "rust": "Sandbox", "doc": "To try", "hosts": [["acme.eu", "test.acme.eu"]],
            "console": "https://test.acme.example/apps",
        }],
        "endpoints": {
            "authorization": "https://{region}/authorize", "token": "https://{region}/{{token}}",
            "revocation": "https://{region}/revoke/{client_id}", "issuer": "https://{region}", "iss_in_callback": true, "discovery": true, "hosts": ["*.acme.eu"],
        },
        "client_auth": {
            "method": "minted", "basic": {"encode": false, "user": "secret", "id_in_body": true, "public": "basic"},
            "minted": {
                "alg": "EdDSA", "kid": "{region}", "claims": [["iss", "{client_id}"]], "lifetime": 60, "sent": "basic",
            },
            "assertion": {"alg": "ES256", "kid": "k", "audience": "https://{region}", "lifetime": 30},
        },
        "pkce": "supported",
        "challenge": {"method": "plain", "encoding": "hex", "method_name": "raw"},
        "dpop": {"support": "supported", "alg": "EdDSA"},
        "redirect": {"https": true, "loopback": "refused", "query": false, "max_length": 512},
        "scopes": {
            "separator": ",", "response_separator": " ", "param": "scopes", "default": ["read"], "required": ["openid"],
            "known": [{"value": "read", "rust": "Read", "doc": "Read"}], "none": true, "encode": false,
            "second": {
                "name": "user", "rust": "UserScope", "param": "user_scope", "separator": ",", "default": ["me"],
                "known": [{"value": "me", "rust": "Me", "doc": "Me"}],
            },
        },
        "authorize": {
            "params": [["note", "{region}"], ["a", ""]], "rename": [["client_id", "client_key"]],
            "options": [{
                "name": "prompt", "rust": "Prompt", "values": [["login", "Login"]], "join": " ", "doc": "What is asked",
            }],
            "response_type": "web_server", "omit": ["response_type"], "fragment": "top", "order": ["state"],
            "sorted": true, "response_mode": "form_post",
            "state": {"in": "redirect_uri", "length": 32, "alphabet": "hex"},
        },
        "callback": {
            "code": "authcode",
            "keep": [{"name": "location", "rust": "location", "values": [["eu", "acme.eu"]], "doc": "Where"}],
            "errors": [["user_denied", "access_denied"]], "error": ["error_code"], "error_description": ["error_text"],
            "verify": {"param": "hmac", "algorithm": "hmac-sha256", "over": "sorted_query", "encoding": "hex"},
            "profile": {"param": "user", "map": {"email": ["/email"]}},
        },
        "token": token(),
        "refresh": {
            "with": "access_token", "url": "https://acme.example/refresh", "method": "GET", "format": "query",
            "grant_type": "extend", "param": "current", "client_auth": "id", "params": [["a", "{scope}"]],
            "rotates": true, "keep_old": true, "reuse": "ends_family", "replay": "never",
            "expiry": {"field": "ends", "kind": "in", "unit": "s", "default": 60, "zero": "never"}, "idle_lifetime": 90,
            "needs": {"param": ["access_type", "offline"]}, "note": "Ask for it",
        },
        "revoke": {
            "method": "DELETE", "format": "json", "tokens": ["access"], "in": "api", "param": "access_token", "hint": false,
            "client_auth": "basic", "params": [["app", "{client_id}"]], "headers": [["X-Version", "2"]],
            "fails_when": {"at": "/ok", "equals": false}, "gone": ["404"], "ends": "grant",
        },
        "introspect": {
            "method": "GET", "format": "query", "param": "access_token", "hint": false, "client_auth": "id",
            "params": [["app", "{client_id}"]], "headers": [["X-Version", "2"]], "expiry": true,
            "signed": true,
        },
        "logout": {
            "rename": [["post_logout_redirect_uri", "returnTo"]], "omit": ["state"], "params": [["app", "{client_id}"]],
        },
        "consent": {
            "url": "https://{region}/consent", "params": [["app", "{client_id}"]], "rename": [["state", "st"]],
            "omit": ["client_id"], "granted": [["ok", "1"]], "keep": [["tenant", "Who"]],
        },
        "openid": {
            "issuer": "https://{claim.tid}", "also_issuers": ["acme"], "jwks": "https://acme.example/keys", "algs": ["ES256"],
            "nonce": false, "required": true,
        },
        "profile": profile(),
        "api": api(),
        "mechanisms": {
            "client_proof": "hash", "answer_decoder": "xml", "session_login": "rest", "request_signer": "hmac",
        },
        "quirks": [{
            "field": "pkce", "because": "it is", "source": "https://acme.example/docs", "checked": "2026-11-20",
        }],
    })
}

fn profile() -> Value {
    let request = json!({
        "method": "POST", "url": "https://acme.example/me", "query": [["q", "1"]], "headers": [["h", "2"]],
        "body": [["b", "3"]], "format": "form",
    });
    json!({
        "signed": true, "from": "id_token", "request": request, "at": ["/data", ""], "fails_when": {"at": "/code", "differs": 0},
        "map": {
            "subject": ["/id"], "username": ["/login"], "name": ["/first", "/last"], "email": ["/email"],
            "email_verified": ["/ok"], "avatar_url": ["/picture"], "url": ["/page"],
        },
        "then": [{
            "request": request, "at": ["/list"], "pick": {"at": "/primary", "equals": true}, "map": {"email": ["/email"]},
        }],
    })
}

fn token() -> Value {
    json!({
        "request": {
            "method": "POST", "format": "json", "query": [["s", "{state}"]], "grant_type": "code", "headers": [["Accept", "*/*"]], "params": [["app", "{client_secret}"]],
            "rename": [["client_id", "client_key"]], "omit": ["redirect_uri"],
        },
        "response": {
            "at": ["/data"], "rename": [["access_token", "token"]],
            "fails_when": {"at": "/ok", "equals": {"no": [1, -2, 1.5, false]}, "differs": "0"},
            "error": {"code": "/err", "description": "/text", "codes": [["190", "invalid_grant"]]},
            "expiry": {"field": "expires_at", "kind": "at", "unit": "ms", "default": u64::MAX, "zero": "never"},
            "token_type": "ignored",
            "extras": [{
                "name": "domain", "at": "/domain", "type": "url", "before": ".", "hosts": ["acme.eu"], "doc": "Where",
            }],
            "also": [{"name": "user", "at": "/user", "doc": "The user's"}],
        },
        "upgrade": {
            "url": "https://acme.example/upgrade", "method": "GET", "grant_type": "exchange", "format": "query",
            "params": [["access_token", "{access_token}"]],
        },
        "lookup": {
            "request": {
                "method": "GET", "url": "https://acme.example/meta", "query": [["q", "1"]],
                "headers": [["Authorization", "OAuth {access_token}"]], "body": [["b", "3"]], "format": "form",
            },
            "at": ["/data"],
            "extras": [{
                "name": "endpoint", "at": "/url", "type": "url", "before": "x", "hosts": ["acme.eu"], "doc": "Where",
            }],
        },
        "placement": {"body": {"name": "token", "json": true}}, "bound": "mtls",
    })
}

fn api() -> Value {
    json!({
        "base_url": "{token.domain}/v2", "headers": [["X-Realm", "{callback.location}"]], "hosts": ["*.acme.eu"],
        "fails_when": {"at": "/ok", "equals": false, "differs": null},
        "operations": [{
            "name": "list", "rust": "List", "method": "PATCH", "path": "/leads/{id}",
            "parameters": [{"name": "id", "rust": "id", "in": "path", "type": "u64"}], "scopes": ["read"],
            "returns": {
                "rust": "Lead", "at": "/data", "list": true,
                "fields": [{"rust": "names", "at": "/names", "type": "[string]?"}],
            },
            "doc": "The leads",
        }],
    })
}

/// JSON pointers to all values below and with the root.
fn pointers(value: &Value, at: &str, found: &mut Vec<String>) {
    found.push(at.to_owned());
    match value {
        Value::Object(members) => {
            members.iter().for_each(|(name, value)| pointers(value, &format!("{at}/{name}"), found));
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(index, value)| pointers(value, &format!("{at}/{index}"), found));
        }
        _ => {}
    }
}

fn all_pointers() -> Vec<String> {
    let mut found = Vec::new();
    pointers(&full(), "", &mut found);
    found
}

/// [`full`] with something else at the pointer; nothing removes the value.
fn with(pointer: &str, value: Option<Value>) -> Value {
    let mut spec = full();
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    match (spec.pointer_mut(parent).unwrap(), value) {
        (Value::Object(members), None) => drop(members.remove(name).unwrap()),
        (Value::Object(members), Some(value)) => drop(members.insert(name.to_owned(), value).unwrap()),
        (Value::Array(items), None) => drop(items.remove(name.parse().unwrap())),
        (Value::Array(items), Some(value)) => items[name.parse::<usize>().unwrap()] = value,
        _ => unreachable!(),
    }
    spec
}

/// What the JSON becomes when it was read and is written again.
fn again(json: &Value) -> Result<Value, serde_json::Error> {
    let spec = ProviderSpec::from_json(&json.to_string())?;
    let text = spec.to_json();
    let same = ProviderSpec::from_json(&text)?;
    assert_eq!(same, spec);
    assert_eq!(same.to_json(), text);
    Ok(serde_json::from_str(&text).unwrap())
}

#[test]
fn every_member_is_read_as_it_is_written() {
    assert_eq!(again(&full()).unwrap(), full());
    let placements = [json!({"header": {"name": "X-Token"}}), json!({"header": {"name": "A", "scheme": "B"}})];
    for placement in placements.into_iter().chain([json!({"query": {"name": "t"}}), json!({"body": {"name": "t"}})]) {
        let changed = with("/token/placement", Some(placement));
        assert_eq!(again(&changed).unwrap(), changed);
    }
    for auth in [json!("body"), json!({"method": "basic", "basic": {"encode": false}})] {
        let changed = with("/client_auth", Some(auth));
        assert_eq!(again(&changed).unwrap(), changed);
    }
    for auth in [json!(true), json!(false), json!("basic")] {
        let changed = with("/refresh/client_auth", Some(auth));
        assert_eq!(again(&changed).unwrap(), changed);
    }
    let changed = with("/refresh/needs", Some(json!({"scope": "offline"})));
    assert_eq!(again(&changed).unwrap(), changed);
    // A comparison with null is one.
    let changed = with("/token/response/fails_when/equals", Some(Value::Null));
    assert_eq!(again(&changed).unwrap(), changed);
}

/// What may be left out is left out again when it is written; the list says what may not be.
#[test]
fn a_member_that_is_missing_has_its_default_or_is_a_fault() {
    let mut required = Vec::new();
    for pointer in all_pointers().into_iter().skip(1) {
        if pointer.ends_with(|last: char| last.is_ascii_digit()) {
            continue;
        }
        let changed = with(&pointer, None);
        match again(&changed) {
            Ok(written) => assert_eq!(written, changed),
            Err(_) => required.push(pointer[1..].replace('/', ".")),
        }
    }
    assert_eq!(required, REQUIRED.split_whitespace().collect::<Vec<_>>());
}

const REQUIRED: &str = "
    api.base_url api.fails_when.at api.operations.0.method api.operations.0.name api.operations.0.parameters.0.in
    api.operations.0.parameters.0.name api.operations.0.parameters.0.rust api.operations.0.parameters.0.type
    api.operations.0.path api.operations.0.returns.at api.operations.0.returns.fields
    api.operations.0.returns.fields.0.at api.operations.0.returns.fields.0.rust api.operations.0.returns.fields.0.type
    api.operations.0.returns.rust api.operations.0.rust authorize authorize.options.0.name authorize.options.0.rust
    callback callback.code callback.keep.0.name callback.keep.0.rust callback.profile.map callback.profile.param
    callback.verify.algorithm callback.verify.encoding callback.verify.over callback.verify.param checked client_auth
    client_auth.assertion.alg client_auth.method client_auth.minted.alg client_auth.minted.claims client_auth.minted.lifetime confidence consent.url docs
    dpop.alg dpop.support endpoints environments.0.name environments.0.rust id introspect.client_auth introspect.format introspect.hint
    introspect.method introspect.param marker module name openid.algs pkce profile.fails_when.at
    profile.map profile.request.method profile.request.url profile.then.0.map profile.then.0.pick.at
    profile.then.0.request profile.then.0.request.method profile.then.0.request.url quirks.0.because quirks.0.field
    quirks.0.source refresh.client_auth refresh.expiry.field refresh.expiry.kind refresh.expiry.unit refresh.format
    refresh.grant_type refresh.method refresh.needs.param refresh.param refresh.with revoke.client_auth
    revoke.fails_when.at revoke.format revoke.hint revoke.in revoke.method revoke.param revoke.tokens scopes scopes.known.0.rust
    scopes.known.0.value scopes.param scopes.second.known.0.rust scopes.second.known.0.value scopes.second.name
    scopes.second.param scopes.second.rust scopes.second.separator scopes.separator settings.0.name settings.0.rust
    settings.0.type token token.lookup.extras token.lookup.extras.0.at token.lookup.extras.0.name
    token.lookup.extras.0.type token.lookup.request token.lookup.request.method token.lookup.request.url
    token.placement token.placement.body token.placement.body.name token.request token.request.format
    token.request.method token.response token.response.also.0.at token.response.also.0.name token.response.at
    token.response.expiry token.response.expiry.field token.response.expiry.kind token.response.expiry.unit
    token.response.extras.0.at token.response.extras.0.name token.response.extras.0.type token.response.fails_when.at
    token.upgrade.format token.upgrade.grant_type token.upgrade.method token.upgrade.params token.upgrade.url
";

/// A null for what may be nothing is nothing; any other value of another type is a fault, and none is a panic.
#[test]
fn a_value_of_another_type_is_a_fault() {
    for pointer in all_pointers().into_iter().skip(1) {
        let free = pointer.contains("/equals") || pointer.contains("/differs");
        let kind = |value: &Value| std::mem::discriminant(value);
        let here = full().pointer(&pointer).unwrap().clone();
        for other in
            [json!(-1), json!(0.5), json!("\u{0}"), json!(true), json!([]), json!([[]]), json!({}), json!({"": 1})]
        {
            let outcome = again(&with(&pointer, Some(other.clone())));
            let free = free
                || (["/refresh/client_auth", "/revoke/client_auth", "/introspect/client_auth"]
                    .contains(&pointer.as_str())
                    && other.is_boolean());
            assert!(free || kind(&here) == kind(&other) || outcome.is_err(), "{other} at {pointer}");
        }
        let _ = again(&with(&pointer, Some(Value::Null)));
    }
}

#[test]
fn text_that_is_no_spec_is_a_fault() {
    let text = full().to_string();
    for end in (0..text.len()).filter(|end| text.is_char_boundary(*end)) {
        assert!(ProviderSpec::from_json(&text[..end]).is_err());
    }
    assert!(ProviderSpec::from_json(&"[".repeat(100_000)).is_err());
    for text in ["null", "[]", "{}", "1e999"] {
        assert!(ProviderSpec::from_json(text).is_err());
    }
    for (pointer, value) in [
        ("/pkce", json!("maybe")),
        ("/pkce", json!("Required")),
        ("/endpoints/token", json!("https://{")),
        ("/api/operations/0/parameters/0/type", json!("u128")),
        ("/token/placement", json!({"cookie": {"name": "a"}})),
        ("/token/placement", json!({"query": {"name": "a"}, "body": {"name": "a"}})),
        ("/token/placement", json!("query")),
        ("/refresh/needs", json!({"param": ["a"]})),
        ("/authorize/params/0", json!(["a", "b", "c"])),
        ("/token/response/expiry/default", json!(-1)),
        ("/client_auth", json!("secret")),
        ("/client_auth/minted/alg", json!("HS256")),
        ("/refresh/client_auth", json!("ID")),
    ] {
        assert!(again(&with(pointer, Some(value.clone()))).is_err(), "{value} at {pointer}");
    }
}

#[test]
fn a_fault_names_the_member() {
    let fault = |pointer: &str, value| again(&with(pointer, value)).unwrap_err().to_string();
    assert_eq!(fault("/scopes/param", None), "`scopes` has no member `param`");
    assert_eq!(fault("/scopes/param", Some(json!(1))), "`param` is not text");
    assert_eq!(fault("/token/request/method", Some(json!("GRAB"))), "`method` has a word that is not known");
}

/// The words of an enum: those that serde writes.
fn words<T: Words + Decode + Serialize + PartialEq + Debug>() {
    for (word, variant) in T::WORDS {
        let json = format!("\"{word}\"");
        assert_eq!(serde_json::to_string(variant).unwrap(), json);
        assert_eq!(read::<T>(&json).unwrap(), *variant);
    }
}

#[test]
fn every_word_is_read_as_it_is_written() {
    words::<BasicUser>();
    words::<BodyFormat>();
    words::<ChallengeEncoding>();
    words::<ChallengeMethod>();
    words::<ClientAuthMethod>();
    words::<Confidence>();
    words::<DpopSupport>();
    words::<ExpiryKind>();
    words::<ExpiryUnit>();
    words::<LoopbackRule>();
    words::<Method>();
    words::<MintedAlg>();
    words::<MintedPlace>();
    words::<ParameterPlace>();
    words::<Pkce>();
    words::<ProfileFrom>();
    words::<PublicForm>();
    words::<RefreshReplay>();
    words::<RefreshReuse>();
    words::<RefreshWith>();
    words::<ResponseMode>();
    words::<RevokeEnds>();
    words::<RevokePlace>();
    words::<RevokedToken>();
    words::<SettingKind>();
    words::<SignatureAlgorithm>();
    words::<SignatureEncoding>();
    words::<SignedPart>();
    words::<StateAlphabet>();
    words::<TokenBound>();
    words::<StatePlace>();
    words::<TokenTypeRule>();
    words::<ZeroExpiry>();
}
