//! A request of the client, and how it differs from the transcript's.

use std::fmt::Write as _;

use bytes::Bytes;
use serde_json::Value;

use crate::holes::{Holes, pairs};
use crate::model::Request;

/// Something that is not as the transcript has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Difference {
    /// Where in the transcript: `exchange.0.request.form.code`.
    pub(crate) at: String,
    pub(crate) expected: String,
    pub(crate) actual: String,
}

impl Difference {
    pub(crate) fn new(at: impl Into<String>, expected: impl Into<String>, actual: impl Into<String>) -> Self {
        Self { at: at.into(), expected: expected.into(), actual: actual.into() }
    }
}

/// A request as the client made it, decoded.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) method: String,
    pub(crate) url: String,
    query: Vec<(String, String)>,
    headers: Vec<(String, String)>,
    body: Body,
    /// Byte for byte, but for signatures that are never the same twice.
    pub(crate) raw: String,
}

#[derive(Clone, Debug)]
enum Body {
    None,
    Form(Vec<(String, String)>),
    Json(Value),
    Text(String),
}

impl Seen {
    pub(crate) fn of(request: &http::Request<Bytes>) -> Self {
        let uri = request.uri().to_string();
        let (url, query) = uri.split_once('?').unwrap_or((&uri, ""));
        let text = |value: &http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        let headers: Vec<(String, String)> =
            request.headers().iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect();
        let body = String::from_utf8_lossy(request.body()).into_owned();
        let mut raw = format!("{} {uri}\n", request.method());
        for (name, value) in &headers {
            let _ = writeln!(raw, "{name}: {value}");
        }
        let raw = without_signatures(&format!("{raw}\n{body}"));
        let kind = request.headers().get(http::header::CONTENT_TYPE).map(text).unwrap_or_default();
        let body = match kind.split(';').next().unwrap_or_default() {
            _ if body.is_empty() => Body::None,
            "application/x-www-form-urlencoded" => Body::Form(pairs(&body)),
            "application/json" => serde_json::from_str(&body).map_or(Body::Text(body), Body::Json),
            _ => Body::Text(body),
        };
        Self { method: request.method().to_string(), url: url.to_owned(), query: pairs(query), headers, body, raw }
    }

    /// Whether this is the request that the transcript means, whatever is in it.
    pub(crate) fn is(&self, expected: &Request, holes: &Holes) -> bool {
        self.method == expected.method.as_str() && self.url == holes.fill(&expected.url)
    }

    fn header(&self, name: &str) -> Option<&str> {
        let own = self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        // The transport adds it, and here is none: `ReqwestClient` names the library.
        let added = name.eq_ignore_ascii_case("user-agent").then_some("oauth-providers");
        own.map(|(_, value)| value.as_str()).or(added)
    }

    fn has(&self, name: &str) -> bool {
        let named = |(known, _): &(String, String)| known == name;
        let in_body = match &self.body {
            Body::Form(form) => form.iter().any(named),
            Body::Json(json) => json.get(name).is_some(),
            Body::None | Body::Text(_) => false,
        };
        in_body
            || self.query.iter().any(named)
            || self.headers.iter().any(|(known, _)| known.eq_ignore_ascii_case(name))
    }

    /// What is not as expected, each with its place below `at`.
    pub(crate) fn compare(&self, at: &str, expected: &Request, holes: &Holes) -> Vec<Difference> {
        let mut found = Vec::new();
        let mut differ = |below: &str, expected: &str, actual: &str| {
            found.push(Difference::new(format!("{at}.{below}"), expected, actual));
        };
        if self.method != expected.method.as_str() {
            differ("method", expected.method.as_str(), &self.method);
        }
        let url = holes.fill(&expected.url);
        if self.url != url {
            differ("url", &url, &self.url);
        }
        for (name, value) in &expected.headers {
            let actual = self.header(name).unwrap_or(NONE);
            // RFC 9110 section 8.3.1: parameters say nothing about which type it is.
            let is_type = name.eq_ignore_ascii_case("content-type") && actual.split(';').next() == Some(value);
            if !is_type && (actual == NONE || !holes.matches(value, actual)) {
                differ(&format!("headers.{name}"), &holes.fill(value), actual);
            }
        }
        for name in expected.absent.iter().filter(|name| self.has(name)) {
            differ(&format!("absent.{name}"), NONE, "it is there");
        }
        found.extend(compare_pairs(&format!("{at}.query"), &expected.query, &self.query, holes));
        found.extend(self.compare_body(at, expected, holes));
        found
    }

    fn compare_body(&self, at: &str, expected: &Request, holes: &Holes) -> Vec<Difference> {
        let other = |place: &str, expected: &str| {
            vec![Difference::new(format!("{at}.{place}"), expected, format!("{:?}", self.body))]
        };
        if let Some(form) = &expected.form {
            return match &self.body {
                Body::Form(actual) => compare_pairs(&format!("{at}.form"), form, actual, holes),
                _ => other("form", "a form"),
            };
        }
        if let Some(json) = &expected.json {
            let Body::Json(actual) = &self.body else { return other("json", "a JSON object") };
            let differs = |name: &str, value: &Value| {
                let actual = actual.get(name).cloned().unwrap_or(Value::Null);
                let same = match (value, &actual) {
                    (Value::String(expected), Value::String(actual)) => holes.matches(expected, actual),
                    _ => *value == actual,
                };
                (!same).then(|| Difference::new(format!("{at}.json.{name}"), value.to_string(), actual.to_string()))
            };
            return json.iter().filter_map(|(name, value)| differs(name, value)).collect();
        }
        if let Some(text) = &expected.text {
            return match &self.body {
                Body::Text(actual) if holes.matches(text, actual) => Vec::new(),
                _ => other("text", text),
            };
        }
        match self.body {
            Body::None => Vec::new(),
            _ if self.method != "GET" => Vec::new(),
            _ => other("body", NONE),
        }
    }

    /// As a transcript would have it.
    pub(crate) fn written(&self) -> String {
        let body = match &self.body {
            Body::None => String::new(),
            Body::Form(form) => lines("form", form.iter().map(|(name, value)| (name, value))),
            Body::Json(json) => format!("json: {json}\n"),
            Body::Text(text) => format!("text: {text}\n"),
        };
        format!(
            "{} {}\n{}{}{body}",
            self.method,
            self.url,
            lines("query", self.query.iter().map(|(name, value)| (name, value))),
            lines("headers", self.headers.iter().map(|(name, value)| (name, value))),
        )
    }
}

/// What a message says where nothing is.
pub(crate) const NONE: &str = "(none)";

/// The expected request in the words of [`Seen::written`].
pub(crate) fn written(expected: &Request, holes: &Holes) -> String {
    let body = match (&expected.form, &expected.json, &expected.text) {
        (Some(form), ..) => lines("form", form),
        (_, Some(json), _) => {
            let members: serde_json::Map<String, Value> = json.clone().into_iter().collect();
            format!("json: {}\n", Value::Object(members))
        }
        (.., Some(text)) => format!("text: {text}\n"),
        _ => String::new(),
    };
    let absent = if expected.absent.is_empty() { String::new() } else { format!("absent: {:?}\n", expected.absent) };
    holes.fill(&format!(
        "{} {}\n{}{}{body}{absent}",
        expected.method.as_str(),
        expected.url,
        lines("query", &expected.query),
        lines("headers", &expected.headers),
    ))
}

fn lines<'a>(title: &str, pairs: impl IntoIterator<Item = (&'a String, &'a String)>) -> String {
    let mut pairs: Vec<_> = pairs.into_iter().collect();
    pairs.sort();
    let lines: Vec<String> = pairs.into_iter().map(|(name, value)| format!("  {name} = {value}\n")).collect();
    if lines.is_empty() { String::new() } else { format!("{title}:\n{}", lines.concat()) }
}

/// The expected parameters are there, once each.
pub(crate) fn compare_pairs(
    at: &str,
    expected: &crate::model::Texts,
    actual: &[(String, String)],
    holes: &Holes,
) -> Vec<Difference> {
    let mut found = Vec::new();
    for (name, value) in expected {
        let values: Vec<&str> =
            actual.iter().filter(|(known, _)| known == name).map(|(_, value)| value.as_str()).collect();
        if !matches!(values.as_slice(), [only] if holes.matches(value, only)) {
            let actual = if values.is_empty() { NONE.to_owned() } else { values.join(" and ") };
            found.push(Difference::new(format!("{at}.{name}"), holes.fill(value), actual));
        }
    }
    for (index, (name, _)) in actual.iter().enumerate() {
        if !expected.contains_key(name) && actual[..index].iter().any(|(known, _)| known == name) {
            found.push(Difference::new(format!("{at}.{name}"), "once at most", "twice"));
        }
    }
    found
}

/// The signature of a JWT by an elliptic curve has random numbers in it: what is signed is compared, not the signature.
fn without_signatures(text: &str) -> String {
    let is_jwt_byte = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find("eyJ") {
        let (before, from) = rest.split_at(start);
        let end = from.find(|c| !is_jwt_byte(c)).unwrap_or(from.len());
        let (jwt, after) = from.split_at(end);
        let mut parts = jwt.splitn(3, '.');
        out.push_str(before);
        out.push_str(
            &[parts.next(), parts.next(), parts.next().map(|_| "SIGNATURE")].map(Option::unwrap_or_default).join("."),
        );
        rest = after;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compared(request: &str, seen: http::request::Builder, body: &str) -> Vec<String> {
        let expected: Request = serde_yaml::from_str(request).unwrap();
        let seen = Seen::of(&seen.body(Bytes::from(body.to_owned())).unwrap());
        seen.compare("at", &expected, &Holes::default()).into_iter().map(|found| found.at).collect()
    }

    const FORM: &str = "application/x-www-form-urlencoded";

    #[test]
    fn a_request_that_is_as_written_passes() {
        let request = "
            method: POST
            url: https://acme.example/token
            query: {v: '1'}
            headers: {Content-Type: application/x-www-form-urlencoded, user-agent: '*'}
            form: {code: a b, code_verifier: '*'}
            absent: [client_secret, authorization]";
        let seen = http::Request::post("https://acme.example/token?v=1&w=2").header("content-type", FORM);
        assert_eq!(compared(request, seen, "code=a+b&code_verifier=x&more=1"), [""; 0]);
    }

    #[test]
    fn everything_that_differs_is_named() {
        let request = "
            method: POST
            url: https://acme.example/token
            query: {v: '1', w: '2'}
            headers: {authorization: '*', accept: application/json}
            form: {code: a b, code_verifier: '*', twice: '1'}
            absent: [client_secret, x-extra, v2]";
        let seen = http::Request::put("https://acme.example/other?v=2&v2=")
            .header("content-type", FORM)
            .header("accept", "text/html")
            .header("X-Extra", "1");
        let body = "code=b&code_verifier=&twice=1&twice=1&client_secret=s&more=1&more=2";
        let mut found = compared(request, seen, body);
        found.sort();
        let expected = [
            "absent.client_secret",
            "absent.v2",
            "absent.x-extra",
            "form.code",
            "form.code_verifier",
            "form.more",
            "form.twice",
            "headers.accept",
            "headers.authorization",
            "method",
            "query.v",
            "query.w",
            "url",
        ];
        assert_eq!(found, expected.map(|place| format!("at.{place}")));
    }

    #[test]
    fn bodies_are_of_the_kind_that_is_written() {
        let json = "{method: POST, url: https://acme.example/, json: {a: 1, b: '*', c: null}}";
        let seen = || http::Request::post("https://acme.example/");
        let of_json = || seen().header("content-type", "application/json; charset=utf-8");
        assert_eq!(compared(json, of_json(), r#"{"a":1,"b":"x"}"#), [""; 0]);
        assert_eq!(compared(json, of_json(), r#"{"a":"1","b":"","c":2}"#), ["at.json.a", "at.json.b", "at.json.c"]);
        assert_eq!(compared(json, seen().header("content-type", FORM), "a=1&b=x"), ["at.json"]);
        let text = "{method: POST, url: https://acme.example/, text: <a/>}";
        assert_eq!(compared(text, seen(), "<a/>"), [""; 0]);
        assert_eq!(compared(text, seen(), "<b/>"), ["at.text"]);
        let none = "{method: GET, url: https://acme.example/}";
        assert_eq!(compared(none, http::Request::get("https://acme.example/"), "x"), ["at.body"]);
    }

    #[test]
    fn a_signature_is_not_compared_and_what_is_signed_is() {
        let jwt = |claims: &str, signature: &str| without_signatures(&format!("a=eyJh.{claims}.{signature}&b=1"));
        assert_eq!(jwt("eyJz", "AAA-_"), jwt("eyJz", "BBB"));
        assert_ne!(jwt("eyJz", "AAA"), jwt("eyJx", "AAA"));
        assert!(jwt("eyJz", "AAA").ends_with("&b=1"));
    }
}
