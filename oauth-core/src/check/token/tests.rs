use crate::check::testing::{acme, faults};

fn one(yaml: &str, expected: &str) {
    let found = faults(&acme(yaml));
    assert!(found.len() == 1 && found[0].contains(expected), "{yaml}: {found:#?}");
}

#[test]
fn requests() {
    one("token: {request: {method: PUT}}\n", "a token request is not a PUT");
    one("token: {request: {method: GET, format: form}}\n", "a GET has no body");
    one("token: {request: {params: {code: x}}}\n", "`code` is set by the client itself");
    one("token: {request: {rename: {client_id: code}}}\n", "the standard name of another parameter");
    one("token: {request: {rename: {client_idd: key}}}\n", "did you mean `client_id`?");
    one("token: {request: {rename: {client_id: key, client_secret: key}}}\n", "the name of two parameters");
    one("token: {request: {omit: [code_verifier]}}\n", "`code_verifier` cannot be left out");
    one("token: {request: {omit: [client_secret]}}\n", "write `client_auth: none`");
    one("token: {request: {headers: {Authorization: x}}}\n", "`Authorization` is set by the client itself");
    one("token: {request: {headers: {\"a b\": x}}}\n", "`a b` cannot name a header");
    one("token: {request: {headers: {x-a: \"é\"}}}\n", "cannot be the value of a header");
    one("token: {request: {headers: {x-a: a, X-A: b}}}\n", "the first one is at acme.yaml:6:29");
    assert_eq!(
        faults(&acme("token: {request: {method: GET, omit: [grant_type], headers: {x-a: b}, params: {v: \"2\"}}}\n")),
        [""; 0]
    );
}

#[test]
fn responses() {
    one("token: {response: {at: data}}\n", "write `/data`");
    one("token: {response: {at: []}}\n", "the list is empty");
    one("token: {response: {at: [\"\", \"/a~2\"]}}\n", "write `~0` for `~`");
    one("token: {response: {fails_when: {equals: 1}}}\n", "`token.response.fails_when.at` is missing");
    one("token: {response: {fails_when: {at: /ok, equals: 1, differs: 0}}}\n", "exclude each other");
    one("token: {response: {error: {codes: {\"190\": invalid_grnat}}}}\n", "did you mean `invalid_grant`?");
    one("token: {response: {expiry: {default: 99999999999}}}\n", "between a second and ten years");
    one("token: {response: {expiry: {default: 1e3}}}\n", "is the number `1e3`: it must be a whole number");
    one("token: {response: {rename: {acess_token: t}}}\n", "did you mean `access_token`?");
    assert_eq!(faults(&acme("token: {response: {at: [/a, \"\"], fails_when: {at: /ok, equals: null}}}\n")), [""; 0]);
}

#[test]
fn extras_and_hosts() {
    let extra = |extra: &str| format!("token: {{response: {{extras: {{{extra}}}}}}}\n");
    one(&extra("a: {}"), "`token.response.extras.a.type` is missing");
    one(&extra("a: {type: strnig}"), "did you mean `string`?");
    one(&extra("type: {type: string}"), "cannot name an extra");
    one(&extra("a: {type: string, hosts: [acme.example]}"), "only a `url` has hosts");
    one(&extra("a: {type: url, hosts: [example]}"), "is not a host name of at least two labels");
    one(&extra("a: {type: url, hosts: [\"*.acme.example\"]}"), "names below it are included");
    one(&extra("a: {type: url, hosts: [203.0.113.7]}"), "is not a host name");
    assert_eq!(faults(&acme(&extra("team_id: {type: \"string?\", at: /team/id}"))), [""; 0]);
}

#[test]
fn placement() {
    one("token: {placement: {header: Host}}\n", "`Host` cannot carry the token");
    one("token: {placement: {scheme: \"a b\"}}\n", "`a b` is not a scheme");
    assert!(
        faults(&acme("token: {placement: {header: X-Token, query: t}}\n"))[0].contains("the token goes to one place")
    );
    one("token: {placement: {}}\n", "does not say where the token goes");
    one("token: {placement: {header: X-Token, json: true}}\n", "`json` belongs to `body`");
    assert_eq!(faults(&acme("token: {placement: {header: X-Token}}\n")), [""; 0]);
}

#[test]
fn upgrades() {
    one("token: {upgrade: {grant_type: x}}\n", "`token.upgrade.url` is missing");
    one("token: {upgrade: {url: \"http://acme.example\", grant_type: x}}\n", "the address is not https");
    one("token: {upgrade: {url: \"https://acme.example\", grant_type: password}}\n", "RFC 9700 section 2.4");
    one(
        "token: {upgrade: {url: \"https://acme.example\", grant_type: x, params: {grant_type: y}}}\n",
        "set by the client itself",
    );
    let sound = "token: {upgrade: {url: \"https://acme.example\", method: GET, grant_type: x, params: {access_token: \"{access_token}\", client_secret: \"{client_secret}\"}}}\n";
    assert_eq!(faults(&acme(sound)), [""; 0]);
}
