//! Token answers in XML: the decoder makes one flat JSON object of the elements, and the file's other keys read that.

use oauth_core::mechanism::{AnswerDecoder, MechanismError, Mechanisms, RawAnswer};
use oauth_core::{CanAuthorize, CanRefresh, Client, ErrorKind, ExposeSecret as _};
use oauth_tests::canned::{Answer, Canned, json_status, with};
use quick_xml::Reader;
use quick_xml::events::Event;
use serde_json::{Map, Value};

use crate::{SECRET, at, file, log_in, said};

oauth_providers::provider!("tests/mechanisms/xml.yaml");

/// What the file selects as `flat-xml`: the text of each element that has no other inside, under the element's name.
struct FlatXml;

impl AnswerDecoder for FlatXml {
    fn decode(&self, answer: &RawAnswer<'_>) -> Result<String, MechanismError> {
        let malformed = || MechanismError::new("the answer is not well-formed XML");
        let mut reader = Reader::from_str(answer.text()?);
        let (mut open, mut text, mut members, mut closed) = (Vec::new(), String::new(), Map::new(), false);
        loop {
            match reader.read_event().map_err(|_| malformed())? {
                Event::Start(element) => {
                    open.push(element.local_name().as_ref().to_owned());
                    text.clear();
                }
                Event::Text(piece) => text.push_str(&piece),
                Event::CData(piece) => text.push_str(&piece),
                // Entities of a document's own are a way to make little text large: the five of XML are all.
                Event::GeneralRef(entity) => text.push(match &*entity {
                    "amp" => '&',
                    "lt" => '<',
                    "gt" => '>',
                    "quot" => '"',
                    "apos" => '\'',
                    _ => return Err(MechanismError::new("the answer has an entity that is not one of XML's five")),
                }),
                Event::End(_) => {
                    let name = open.pop().ok_or_else(malformed)?;
                    if !text.trim().is_empty() {
                        members.insert(name, Value::from(text.trim()));
                    }
                    text.clear();
                    closed = open.is_empty();
                }
                Event::Eof if closed => return Ok(Value::Object(members).to_string()),
                Event::Eof => return Err(malformed()),
                _ => {}
            }
        }
    }
}

fn typed() -> Client<xml::Xml> {
    xml::Xml::client("my-client", SECRET, FlatXml)
}

fn dynamic() -> Client {
    let mechanisms = Mechanisms::new().answer_decoder("flat-xml", FlatXml);
    file("xml.yaml").client_with("my-client", SECRET, mechanisms).unwrap()
}

fn xml(status: u16, body: &str) -> Answer {
    with(status, &[("content-type", "application/xml")], body)
}

const FIRST: &str = "<?xml version=\"1.0\"?>\n<Access_Token>\n  <Instance_Name>a &amp; b</Instance_Name>\n  \
    <Token>canary-access-token</Token><Lifetime>3600</Lifetime>\n  <Refresh_Token><![CDATA[canary-refresh-token]]></Refresh_Token>\n</Access_Token>";

async fn reads_xml<P: CanAuthorize + CanRefresh>(client: Client<P>) {
    let renewed = "<Access_Token><Token>canary-renewed-token</Token><Lifetime>60</Lifetime></Access_Token>";
    let server = Canned::start([xml(200, FIRST), xml(200, renewed)]).await;
    let account = log_in(&at(client, &server)).await.unwrap_or_else(|error| panic!("{}", error.explain()));
    let tokens = account.tokens();
    assert_eq!(tokens.access_token().expose_secret(), "canary-access-token");
    assert_eq!(tokens.refresh_token().unwrap().expose_secret(), "canary-refresh-token");
    let extras = account.clone().erase().extras().unwrap();
    assert_eq!(extras.pointer("/Instance_Name"), Some(&Value::from("a & b")));
    let renewed = account.refresh().await.unwrap();
    assert_eq!(renewed.access_token().expose_secret(), "canary-renewed-token");
    assert_eq!(renewed.refresh_token().unwrap().expose_secret(), "canary-refresh-token");
    assert_eq!(server.received()[0].header("accept"), Some("application/xml"));
}

#[tokio::test]
async fn tokens_come_in_xml() {
    reads_xml(typed()).await;
    reads_xml(dynamic()).await;
}

#[tokio::test]
async fn so_do_refusals_and_gateways_answer_as_they_like() {
    let refused = "<Error><Code>bad_grant</Code><Message>canary-code is too old</Message></Error>";
    for (answer, kind, words) in [
        (xml(400, refused), ErrorKind::GrantRejected, "[redacted] is too old"),
        (xml(200, refused), ErrorKind::BadResponse, "no `access_token`"),
        (json_status(400, r#"{"error":"invalid_grant"}"#), ErrorKind::GrantRejected, "invalid_grant"),
        (with(502, &[("content-type", "text/html")], "<p>Bad<br>gateway"), ErrorKind::Unavailable, "status 502"),
    ] {
        let server = Canned::start([answer]).await;
        let error = log_in(&at(typed(), &server)).await.unwrap_err();
        let said = said(&error);
        assert_eq!(error.kind(), kind, "{said}");
        assert!(said.contains(words) && !said.contains("canary"), "{said}");
    }
}

#[tokio::test]
async fn a_broken_answer_is_an_error_that_repeats_nothing() {
    let bomb = "<!DOCTYPE a [<!ENTITY x \"xxxxxxxxxx\">]><a><Token>&x;&x;</Token></a>";
    for (body, words) in [
        (&FIRST[..FIRST.len() - 20], "not well-formed XML"),
        ("<a><Token>canary-access-token</Tokem></a>", "not well-formed XML"),
        ("canary-access-token", "not well-formed XML"),
        (bomb, "not one of XML's five"),
    ] {
        let server = Canned::start([xml(200, body)]).await;
        let error = log_in(&at(typed(), &server)).await.unwrap_err();
        let said = said(&error);
        assert_eq!(error.kind(), ErrorKind::BadResponse, "{said}");
        assert!(said.contains(words) && !said.contains("canary"), "{said}");
    }
}

/// Decoders that go wrong, and say more than they should.
struct Bad(&'static str);

impl AnswerDecoder for Bad {
    fn decode(&self, answer: &RawAnswer<'_>) -> Result<String, MechanismError> {
        assert!(!format!("{answer:?}").contains("canary"));
        match self.0 {
            "large" => Ok(format!("{{\"a\":\"{}\"}}", "x".repeat(1024 * 1024))),
            "list" => Ok("[]".to_owned()),
            "none" => Ok("{\"a\":".to_owned()),
            _ => Err(MechanismError::new(format!("unexpected `{}` at byte 7", answer.text()?))),
        }
    }
}

#[tokio::test]
async fn what_a_decoder_makes_is_checked() {
    for (how, words) in [
        ("large", "larger than any real one"),
        ("list", "not a JSON object"),
        ("none", "not a JSON object"),
        ("says", "unexpected `[redacted]` at byte 7"),
    ] {
        let server = Canned::start([xml(200, "canary-access-token")]).await;
        let error = log_in(&at(xml::Xml::client("my-client", SECRET, Bad(how)), &server)).await.unwrap_err();
        let said = said(&error);
        assert_eq!(error.kind(), ErrorKind::BadResponse, "{said}");
        assert!(
            said.contains("the mechanism `flat-xml` (token.response.decode) failed") && said.contains(words),
            "{said}"
        );
        assert!(!said.contains("canary"), "{said}");
    }
}
