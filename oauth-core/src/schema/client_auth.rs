use std::fmt;

use serde::de::value::{MapAccessDeserializer, StrDeserializer};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};

use crate::spec::ClientAuthMethod;

/// How the client proves itself: the method alone, or with what the provider does otherwise.
#[derive(Debug)]
pub(crate) enum ClientAuth {
    Method(ClientAuthMethod),
    Full(Box<ClientAuthFull>),
}

/// How the client proves itself at the token endpoint. `name` belongs to the method `mechanism`.
#[derive(Debug, Default, serde::Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "json-schema", schemars(extend("required" = ["method"])))]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ClientAuthFull {
    /// The method.
    pub(crate) method: Option<ClientAuthMethod>,
    /// The name of the mechanism: a hook in Rust that hashes or signs the secret.
    pub(crate) name: Option<String>,
}

impl<'de> Deserialize<'de> for ClientAuth {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ClientAuthVisitor)
    }
}

struct ClientAuthVisitor;

impl<'de> Visitor<'de> for ClientAuthVisitor {
    type Value = ClientAuth;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a method or a map")
    }

    fn visit_str<E: serde::de::Error>(self, word: &str) -> Result<ClientAuth, E> {
        ClientAuthMethod::deserialize(StrDeserializer::new(word)).map(ClientAuth::Method)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<ClientAuth, A::Error> {
        ClientAuthFull::deserialize(MapAccessDeserializer::new(map)).map(|full| ClientAuth::Full(Box::new(full)))
    }
}

#[cfg(feature = "json-schema")]
impl schemars::JsonSchema for ClientAuth {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "ClientAuth".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let method = generator.subschema_for::<ClientAuthMethod>();
        let full = generator.subschema_for::<ClientAuthFull>();
        schemars::json_schema!({"anyOf": [method, full]})
    }
}
