use crate::check::testing::{acme, faults};

fn token_endpoint(address: &str, more: &str) -> Vec<String> {
    faults(&acme(more).replace("https://acme.example/token", &format!("\"{address}\"")))
}

#[test]
fn gen_14_unsafe_addresses_are_refused() {
    for (address, expected) in [
        ("http://acme.example/token", "the address is not https"),
        ("https://acme.example/token#x", "the address has a fragment"),
        ("https://user:pw@acme.example/token", "the address has credentials in it"),
        ("https://user@acme.example/token", "the address has credentials in it"),
        ("https://203.0.113.7/token", "a number in place of a host name"),
        ("https://[2001:db8::1]/token", "a number in place of a host name"),
        ("https://0x7f.1/token", "read as another host"),
        ("https://acme.example/token?access_token=x", "`access_token` in its query"),
        ("https://acme.example/token?grant_type=x", "`grant_type` in its query"),
        ("https://acme.example/a/../token", "a dot segment"),
        ("https://аcme.example/token", "read as another host"),
        ("https://acme.example\\\\@evil.example/", "a space or a backslash"),
        ("acme.example/token", "is not an address"),
        ("/token", "is not an address"),
        ("data:text/plain,x", "is not an address"),
        ("ftp://acme.example/token", "the address is not https"),
        ("https://acme.example:/token", "read as another host"),
        ("https://acme.example./token", "read as another host"),
    ] {
        let found = token_endpoint(address, "");
        assert_eq!(found.len(), 1, "{address}: {found:#?}");
        assert!(found[0].contains(expected) && found[0].contains(":5:61"), "{address}: {}", found[0]);
    }
}

#[test]
fn loopback_and_ports_are_fine() {
    for address in [
        "http://127.0.0.1:8080/token",
        "http://[::1]:9/token",
        "http://localhost/token",
        "http://127.0.0.1:80/token",
        "https://ACME.example:8443/token?v=2",
        "https://acme.example:443/token",
    ] {
        assert_eq!(token_endpoint(address, ""), [""; 0], "{address}");
    }
}

#[test]
fn gen_15_a_setting_stands_only_where_its_type_may() {
    for (address, setting, expected) in [
        ("https://{x}.acme.example/t", "{type: label}", ""),
        ("https://{x}-api.acme.example/t", "{type: label}", ""),
        ("https://{x}.example/t", "{type: label}", "`{x}` would choose the domain"),
        ("https://acme.{x}/t", "{type: label}", "`{x}` would choose the domain"),
        ("https://{x}.{x}.acme.example/t", "{type: label}", ""),
        ("https://{x}acme.example/t", "{type: label}", "`{x}` would choose the domain"),
        ("https://{x}/t", "{type: host}", ""),
        ("https://{x}:8443/t", "{type: host}", ""),
        ("https://{x}.evil.example/t", "{type: host}", "is a whole host name"),
        ("https://acme.example:{x}/t", "{type: port}", ""),
        ("https://acme{x}.example/t", "{type: port}", "`{x}` is a port"),
        ("https://acme.example/{x}/t", "{type: slug}", ""),
        ("https://{x}.acme.example/t", "{type: slug}", "cannot be part of a host name"),
        ("{x}/t", "{type: url}", ""),
        ("{x}", "{type: url}", ""),
        ("{x}.evil.example/t", "{type: url}", "only a path may follow"),
        ("https://acme.example/{x}", "{type: url}", "at the very start"),
        ("https://acme.example/{x}", "{type: text}", "is free text"),
        ("{x}/t", "{type: host}", "the address begins with `{x}`"),
        ("https://accounts.{x}/t", "{type: enum, values: {eu: acme.eu, us: acme.example}}", ""),
        ("https://accounts.{x}/t", "{type: enum, values: {eu: acme.eu, us: \"a@b.example\"}}", "credentials"),
        (
            "{x}/t",
            "{type: enum, values: {live: \"https://acme.example\", sandbox: \"http://sandbox.acme.example\"}}",
            "not https",
        ),
    ] {
        let found = token_endpoint(address, &format!("settings: {{x: {setting}}}\n"));
        if expected.is_empty() {
            assert_eq!(found, [""; 0], "{address} {setting}");
        } else {
            assert!(found.len() == 1 && found[0].contains(expected), "{address} {setting}: {found:#?}");
        }
    }
}

#[test]
fn a_callback_chooses_a_host_only_from_a_closed_list() {
    let open = token_endpoint("https://{callback.dc}/t", "callback: {keep: {dc: {}}}\n");
    assert!(open.len() == 1 && open[0].contains("comes with the browser"), "{open:#?}");
    assert_eq!(token_endpoint("https://{callback.dc}/t", "callback: {keep: {dc: {values: {eu: acme.eu}}}}\n"), [""; 0]);
    assert_eq!(token_endpoint("https://acme.example/{callback.dc}/t", "callback: {keep: {dc: {}}}\n"), [""; 0]);
}

#[test]
fn a_token_response_chooses_a_host_only_under_declared_ones() {
    let file = |extra: &str, base: &str| {
        faults(&acme(&format!("token: {{response: {{extras: {{d: {extra}}}}}}}\napi: {{base_url: \"{base}\"}}\n")))
    };
    assert_eq!(file("{type: url, hosts: [acme.example]}", "{token.d}/v2"), [""; 0]);
    for (extra, base, expected) in [
        ("{type: url}", "{token.d}/v2", "may be anywhere"),
        ("{type: string}", "{token.d}/v2", "is no address"),
        ("{type: url, hosts: [acme.example]}", "https://acme.example/{token.d}", "at the very start"),
        ("{type: string}", "https://{token.d}.acme.example", "is no address"),
    ] {
        let found = file(extra, base);
        assert!(found.len() == 1 && found[0].contains(expected), "{extra} {base}: {found:#?}");
    }
}
