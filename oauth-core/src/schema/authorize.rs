use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IntoDeserializer as _, SeqAccess, Visitor};

use super::{Entries, Values};
use crate::spec::{MintedAlg, Push, ResponseMode, StateAlphabet, StatePlace};

/// What the authorization request has beyond RFC 6749 section 4.1.1.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Authorize {
    /// Parameters that every request carries: `access_type: offline`. Values may hold settings, and `{random}` for 128
    /// fresh random bits. One that is also under `options` is that option's default. One that is empty is left out.
    pub(crate) params: Entries<String>,
    /// Standard parameters under the provider's own names: `client_id: client_key`.
    pub(crate) rename: Entries<String>,
    /// Parameters that a caller may add, by name.
    pub(crate) options: Entries<AuthorizeOption>,
    /// The value of `response_type`: another word that the provider has for the code flow, or `code id_token`, where the
    /// answer brings an ID token as well (needs `openid` and `response_mode: form_post` or `form_post.jwt`). Default:
    /// `code`.
    pub(crate) response_type: Option<String>,
    /// Standard parameters that are left out: `response_type`, `redirect_uri`.
    pub(crate) omit: Vec<String>,
    /// What stands behind `#` at the end of the URL.
    pub(crate) fragment: Option<String>,
    /// The order of the parameters, for providers that look at it: `sorted`, or a list of those that come first.
    pub(crate) order: Option<Order>,
    /// How the answer comes back, sent as `response_mode`: `query`, or `form_post` (a POST of the browser); or as a JWT that
    /// the provider signs (JARM), `query.jwt`, `form_post.jwt`, `jwt` (the default of the `response_type`). The JWT is
    /// verified by `openid`, and without one no callback is believed.
    #[serde(deserialize_with = "response_mode")]
    #[cfg_attr(feature = "json-schema", schemars(with = "Option<ResponseMode>"))]
    pub(crate) response_mode: Option<ResponseMode>,
    /// Where `state` travels and how it is written.
    pub(crate) state: State,
    /// Which requests are pushed to `endpoints.pushed_authorization` (RFC 9126): all, because the provider takes no others
    /// (`required`); all, because it has the endpoint (`supported`, the default); or those of a caller who asks (`asked`).
    pub(crate) push: Option<Push>,
    /// The resources that tokens are asked for (RFC 8707) unless the caller names others: absolute URIs without fragment.
    /// They may hold settings.
    pub(crate) resource: Vec<String>,
    /// The parameters travel in a signed object (RFC 9101).
    pub(crate) request_object: Option<RequestObject>,
}

/// JWT Secured Authorization Response Mode has a fourth mode, which no server sees.
fn response_mode<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<ResponseMode>, D::Error> {
    struct Mode;
    impl Visitor<'_> for Mode {
        type Value = Option<ResponseMode>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a response mode")
        }

        fn visit_str<E: serde::de::Error>(self, word: &str) -> Result<Self::Value, E> {
            if word == "fragment.jwt" {
                let what = "`fragment.jwt` cannot be supported: a browser sends no server what stands behind `#`; use `query.jwt`";
                return Err(E::custom(what));
            }
            ResponseMode::deserialize(word.into_deserializer()).map(Some)
        }
    }
    deserializer.deserialize_str(Mode)
}

/// How the request object is made (RFC 9101). It is signed with the private key (PKCS#8 PEM) that the client is given as
/// `request_key`, or else as its secret.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "json-schema", schemars(extend("required" = ["alg"])))]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RequestObject {
    /// How it is signed.
    pub(crate) alg: Option<MintedAlg>,
    /// The `kid` in its header. May hold settings.
    pub(crate) kid: Option<String>,
    /// Its `aud`. Default: `endpoints.issuer`. May hold settings.
    pub(crate) audience: Option<String>,
    /// The seconds that it is valid, 3600 at most. Default: 300.
    pub(crate) lifetime: Option<u64>,
}

/// `sorted`, or the parameters that come first.
#[derive(Debug)]
pub(crate) enum Order {
    Sorted,
    First(Vec<String>),
}

impl<'de> Deserialize<'de> for Order {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OrderVisitor)
    }
}

struct OrderVisitor;

impl<'de> Visitor<'de> for OrderVisitor {
    type Value = Order;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("`sorted` or a list of parameters")
    }

    fn visit_str<E: serde::de::Error>(self, word: &str) -> Result<Order, E> {
        if word == "sorted" { Ok(Order::Sorted) } else { Err(E::unknown_variant(word, &["sorted"])) }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Order, A::Error> {
        let mut names = Vec::new();
        while let Some(name) = list.next_element()? {
            names.push(name);
        }
        Ok(Order::First(names))
    }
}

#[cfg(feature = "json-schema")]
impl schemars::JsonSchema for Order {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Order".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"anyOf": [{"const": "sorted"}, {"type": "array", "items": {"type": "string"}}]})
    }
}

/// Where `state` (RFC 6749 section 10.12) travels and how it is written.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub(crate) struct State {
    /// `param` (default), or `redirect_uri`: in the query of the redirect URI.
    #[serde(rename = "in")]
    pub(crate) place: Option<StatePlace>,
    /// How many characters it has, 22 (default) to 128; from 32 with `hex`, whose default that is.
    pub(crate) length: Option<u64>,
    /// What it is written in: `url_safe` (default) or `hex`.
    pub(crate) alphabet: Option<StateAlphabet>,
}

/// A typed parameter of the authorization request.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub(crate) struct AuthorizeOption {
    /// The allowed values: a list, or a map from each to the name of its Rust variant. Without them any text goes.
    pub(crate) values: Option<Values>,
    /// What joins two values given one after the other. Without it the later value replaces the earlier.
    pub(crate) join: Option<String>,
    /// What it does.
    pub(crate) doc: Option<String>,
    /// The generated Rust type, where the name does not make a good one.
    pub(crate) rust: Option<String>,
}
