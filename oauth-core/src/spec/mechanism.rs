use serde::Serialize;

use super::decode::fields;

/// What of this provider is no data: hooks in Rust, each by the name that the file gives it.
///
/// A client of the provider is given an implementation for each. The file says where a hook is needed, and nothing of
/// what it does.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Mechanisms {
    /// How the client proves itself where the secret is hashed or signed: `client_auth: {method: mechanism, name: ..}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_proof: Option<String>,
    /// What makes JSON of an answer of the token endpoint: `token.response.decode`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer_decoder: Option<String>,
    /// What logs a fresh token in: `token.session`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_login: Option<String>,
    /// What signs API requests: `api.sign`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_signer: Option<String>,
}

fields!(Mechanisms { client_proof = None, answer_decoder = None, session_login = None, request_signer = None });

impl Mechanisms {
    /// Whether everything about the provider is data, as with nearly all.
    pub fn is_empty(&self) -> bool {
        self.iter().next().is_none()
    }

    /// The hooks that the provider needs, each with its name, in the order of the arguments of generated constructors.
    pub fn iter(&self) -> impl Iterator<Item = (MechanismKind, &str)> {
        let all = [
            (MechanismKind::ClientProof, &self.client_proof),
            (MechanismKind::AnswerDecoder, &self.answer_decoder),
            (MechanismKind::SessionLogin, &self.session_login),
            (MechanismKind::RequestSigner, &self.request_signer),
        ];
        all.into_iter().filter_map(|(kind, name)| Some((kind, name.as_deref()?)))
    }
}

/// What a mechanism does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MechanismKind {
    /// Proves the client at the token endpoint.
    ClientProof,
    /// Makes JSON of an answer.
    AnswerDecoder,
    /// Logs a fresh token in.
    SessionLogin,
    /// Signs API requests.
    RequestSigner,
}

impl MechanismKind {
    /// The key that names it in a provider file.
    pub const fn key(self) -> &'static str {
        match self {
            Self::ClientProof => "client_auth",
            Self::AnswerDecoder => "token.response.decode",
            Self::SessionLogin => "token.session",
            Self::RequestSigner => "api.sign",
        }
    }

    /// The trait that it implements.
    pub const fn trait_name(self) -> &'static str {
        match self {
            Self::ClientProof => "ClientProof",
            Self::AnswerDecoder => "AnswerDecoder",
            Self::SessionLogin => "SessionLogin",
            Self::RequestSigner => "RequestSigner",
        }
    }

    /// The method of the registry that takes it.
    pub const fn method(self) -> &'static str {
        match self {
            Self::ClientProof => "client_proof",
            Self::AnswerDecoder => "answer_decoder",
            Self::SessionLogin => "session_login",
            Self::RequestSigner => "request_signer",
        }
    }
}
