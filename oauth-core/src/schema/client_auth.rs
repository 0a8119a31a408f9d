use std::fmt;

use serde::de::value::{MapAccessDeserializer, StrDeserializer};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};

use super::Entries;
use crate::spec::{BasicUser, ClientAuthMethod, MintedPlace, PublicForm, SigningAlg};

/// How the client proves itself: the method alone, or with what the provider does otherwise.
#[derive(Debug)]
pub(crate) enum ClientAuth {
    Method(ClientAuthMethod),
    Full(Box<ClientAuthFull>),
}

/// How the client proves itself at the token endpoint. `encode`, `user`, `id_in_body` and `public` belong to the method
/// `basic`; `alg`, `kid`, `claims`, `lifetime` and `sent` to the method `minted`; `alg`, `kid`, `audience` and `lifetime` to the methods
/// `private_key_jwt` and `client_secret_jwt`; `name` to the method `mechanism`.
#[derive(Debug, Default, serde::Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "json-schema", schemars(extend("required" = ["method"])))]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ClientAuthFull {
    /// The method.
    pub(crate) method: Option<ClientAuthMethod>,
    /// Whether id and secret are form-encoded before base64. Default: `true`, as RFC 6749 section 2.3.1 has it.
    pub(crate) encode: Option<bool>,
    /// What the user name is: the `id`, which is the default, or the `secret`, with an empty password.
    pub(crate) user: Option<BasicUser>,
    /// Whether `client_id` is a parameter beside the header. Default: `false`.
    pub(crate) id_in_body: Option<bool>,
    /// What a client without a secret sends: `client_id` as a parameter (`body`, the default), or a Basic header with
    /// an empty password (`basic`).
    pub(crate) public: Option<PublicForm>,
    /// How the JWT is signed, with the private key (PKCS#8 PEM) that the user gives as the secret. Default for
    /// `private_key_jwt`: `ES256`; for `client_secret_jwt`, whose key is the secret itself: `HS256`.
    pub(crate) alg: Option<SigningAlg>,
    /// The `kid` in the JWT's header. May hold settings.
    pub(crate) kid: Option<String>,
    /// The minted secret's claims beside `iat` and `exp`. Values may hold settings and `{client_id}`.
    pub(crate) claims: Entries<String>,
    /// Whom a client's assertion is for: the `issuer`, which is the default, the `token_endpoint` for older servers, or
    /// another text, which may hold settings.
    pub(crate) audience: Option<String>,
    /// The seconds that the JWT is valid. Default: 300 for a minted secret, 60 for an assertion.
    pub(crate) lifetime: Option<u64>,
    /// Where the minted secret stands: in the `body` as `client_secret`, which is the default, or as the password of a
    /// `basic` header.
    pub(crate) sent: Option<MintedPlace>,
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
