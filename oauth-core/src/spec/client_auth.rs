use serde::ser::SerializeStruct as _;
use serde::{Serialize, Serializer};

use super::decode::{Decode, Member, fields, words};
use super::endpoints::is_false;
use super::{Assertion, ClientAuthMethod, Params, Template};

/// How the client proves itself at the token endpoint (RFC 6749 section 2.3), with what a provider does otherwise.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ClientAuth {
    /// The method.
    pub method: ClientAuthMethod,
    /// How the `Authorization: Basic` header is written; for the method [`Basic`](ClientAuthMethod::Basic).
    pub basic: BasicForm,
    /// How the secret is made; for the method [`Minted`](ClientAuthMethod::Minted), and there for sure.
    pub minted: Option<MintedSecret>,
    /// The JWT that the client proves itself with; for the methods [`PrivateKeyJwt`](ClientAuthMethod::PrivateKeyJwt) and
    /// [`ClientSecretJwt`](ClientAuthMethod::ClientSecretJwt), and there for sure.
    pub assertion: Option<Assertion>,
}

impl ClientAuth {
    /// The word the provider file uses for the method.
    pub const fn as_str(&self) -> &'static str {
        self.method.as_str()
    }
}

impl From<ClientAuthMethod> for ClientAuth {
    fn from(method: ClientAuthMethod) -> Self {
        Self { method, basic: BasicForm::default(), minted: None, assertion: None }
    }
}

/// A word where that says all, an object otherwise: as the file has it.
impl Serialize for ClientAuth {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let usual = self.basic == BasicForm::default();
        if usual && self.minted.is_none() && self.assertion.is_none() {
            return self.method.serialize(serializer);
        }
        let members =
            1 + usize::from(!usual) + usize::from(self.minted.is_some()) + usize::from(self.assertion.is_some());
        let mut object = serializer.serialize_struct("ClientAuth", members)?;
        object.serialize_field("method", &self.method)?;
        if !usual {
            object.serialize_field("basic", &self.basic)?;
        }
        if let Some(minted) = &self.minted {
            object.serialize_field("minted", minted)?;
        }
        if let Some(assertion) = &self.assertion {
            object.serialize_field("assertion", assertion)?;
        }
        object.end()
    }
}

impl Decode for ClientAuth {
    fn decode(member: Member<'_>) -> Self {
        if member.is_text() {
            return ClientAuthMethod::decode(member).into();
        }
        let mut object = member.object();
        fields!(read object => Self { method, basic = BasicForm::default(), minted = None, assertion = None })
    }
}

/// How the `Authorization: Basic` header is written (RFC 7617), where it is not as RFC 6749 section 2.3.1 has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct BasicForm {
    /// Whether id and secret are form-encoded first.
    #[serde(skip_serializing_if = "is_true")]
    pub encode: bool,
    /// What the user name is.
    #[serde(skip_serializing_if = "BasicUser::is_id")]
    pub user: BasicUser,
    /// Whether `client_id` is a parameter as well.
    #[serde(skip_serializing_if = "is_false")]
    pub id_in_body: bool,
    /// What a client without a secret sends.
    #[serde(skip_serializing_if = "PublicForm::is_body")]
    pub public: PublicForm,
}

fields!(BasicForm { encode = true, user = BasicUser::Id, id_in_body = false, public = PublicForm::Body });

impl Default for BasicForm {
    fn default() -> Self {
        Self { encode: true, user: BasicUser::Id, id_in_body: false, public: PublicForm::Body }
    }
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde asks for")]
pub(super) fn is_true(value: &bool) -> bool {
    *value
}

/// The user name of a Basic header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(serde::Deserialize))]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum BasicUser {
    /// The client's id; the password is the secret.
    Id,
    /// The client's secret; the password is empty.
    Secret,
}

words!(BasicUser { Id = "id", Secret = "secret" });

impl BasicUser {
    #[allow(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde asks for")]
    fn is_id(&self) -> bool {
        *self == Self::Id
    }
}

/// How a client without a secret says who it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(serde::Deserialize))]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum PublicForm {
    /// `client_id` is a parameter (RFC 6749 section 3.2.1).
    Body,
    /// A Basic header with the id and an empty password.
    Basic,
}

words!(PublicForm { Body = "body", Basic = "basic" });

impl PublicForm {
    #[allow(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde asks for")]
    fn is_body(&self) -> bool {
        *self == Self::Body
    }
}

/// A client secret that is a JWT (RFC 7519), made for each request and signed with the private key that the user gives
/// in the secret's place.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct MintedSecret {
    /// How it is signed.
    pub alg: MintedAlg,
    /// The header's `kid` (RFC 7515 section 4.1.4).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kid: Option<Template>,
    /// The claims beside `iat` and `exp`.
    pub claims: Params,
    /// The seconds between `iat` and `exp`.
    pub lifetime: u64,
    /// Where it stands in the request.
    #[serde(skip_serializing_if = "MintedPlace::is_body")]
    pub sent: MintedPlace,
}

fields!(MintedSecret { alg, kid = None, claims, lifetime, sent = MintedPlace::Body });

/// How a minted secret is signed (RFC 7518 section 3.1): with a private key, never with a shared one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(serde::Deserialize))]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub enum MintedAlg {
    /// ECDSA with P-256 and SHA-256.
    #[serde(rename = "ES256")]
    Es256,
    /// ECDSA with P-384 and SHA-384.
    #[serde(rename = "ES384")]
    Es384,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    #[serde(rename = "RS256")]
    Rs256,
    /// RSASSA-PSS with SHA-256.
    #[serde(rename = "PS256")]
    Ps256,
    /// Ed25519 (RFC 8037 section 3.1).
    #[serde(rename = "EdDSA")]
    EdDsa,
}

words!(MintedAlg { Es256 = "ES256", Es384 = "ES384", Rs256 = "RS256", Ps256 = "PS256", EdDsa = "EdDSA" });

/// Where a minted secret stands in the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(serde::Deserialize))]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum MintedPlace {
    /// The parameter `client_secret`, beside `client_id`.
    Body,
    /// The password of the `Authorization: Basic` header.
    Basic,
}

words!(MintedPlace { Body = "body", Basic = "basic" });

impl MintedPlace {
    #[allow(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde asks for")]
    fn is_body(&self) -> bool {
        *self == Self::Body
    }
}
