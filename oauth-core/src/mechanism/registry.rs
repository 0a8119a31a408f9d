use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use super::{AnswerDecoder, ClientProof, RequestSigner, SessionLogin};
use crate::error::{Error, ErrorKind, Result, Step};
use crate::spec::{MechanismKind, ProviderSpec};

/// Mechanisms by the names that provider files select them with.
///
/// One registry may serve clients of many providers: each takes what its file names. It is cheap to clone.
///
/// ```
/// # use oauth_core::mechanism::{MechanismError, Mechanisms, RequestSigner, SignRequest};
/// # struct Stamp;
/// # impl RequestSigner for Stamp {
/// #     fn sign(&self, _: &mut SignRequest<'_>) -> Result<(), MechanismError> { Ok(()) }
/// # }
/// let mechanisms = Mechanisms::new().request_signer("stamp", Stamp);
/// ```
#[derive(Clone, Default)]
#[must_use = "a client takes them with `mechanisms`"]
pub struct Mechanisms {
    all: Vec<(Cow<'static, str>, Hook)>,
}

#[derive(Clone)]
enum Hook {
    ClientProof(Arc<dyn ClientProof>),
    AnswerDecoder(Arc<dyn AnswerDecoder>),
    SessionLogin(Arc<dyn SessionLogin>),
    RequestSigner(Arc<dyn RequestSigner>),
}

impl Mechanisms {
    /// None yet.
    pub const fn new() -> Self {
        Self { all: Vec::new() }
    }

    /// Adds what proves a client: `client_auth: {method: mechanism, name: NAME}`.
    pub fn client_proof(self, name: impl Into<Cow<'static, str>>, proof: impl ClientProof) -> Self {
        self.with(name.into(), Hook::ClientProof(Arc::new(proof)))
    }

    /// Adds what makes JSON of answers: `token.response.decode: NAME`.
    pub fn answer_decoder(self, name: impl Into<Cow<'static, str>>, decoder: impl AnswerDecoder) -> Self {
        self.with(name.into(), Hook::AnswerDecoder(Arc::new(decoder)))
    }

    /// Adds what logs fresh tokens in: `token.session: NAME`.
    pub fn session_login(self, name: impl Into<Cow<'static, str>>, login: impl SessionLogin) -> Self {
        self.with(name.into(), Hook::SessionLogin(Arc::new(login)))
    }

    /// Adds what signs API requests: `api.sign: NAME`.
    pub fn request_signer(self, name: impl Into<Cow<'static, str>>, signer: impl RequestSigner) -> Self {
        self.with(name.into(), Hook::RequestSigner(Arc::new(signer)))
    }

    /// A mechanism takes the place of the one that has its name.
    fn with(mut self, name: Cow<'static, str>, hook: Hook) -> Self {
        self.all.retain(|(known, _)| *known != name);
        self.all.push((name, hook));
        self
    }

    /// These, and of the others those that have other names.
    pub(crate) fn over(self, others: Self) -> Self {
        self.all.into_iter().fold(others, |all, (name, hook)| all.with(name, hook))
    }

    /// What the provider needs, or what of it is missing.
    pub(crate) fn hooks(&self, spec: &ProviderSpec) -> Result<Hooks> {
        let mut hooks = Hooks::default();
        let mut missing = Vec::new();
        for (kind, name) in spec.mechanisms.iter() {
            let found = self.all.iter().find(|(known, _)| known == name).map(|(_, hook)| hook);
            match (kind, found) {
                (MechanismKind::ClientProof, Some(Hook::ClientProof(hook))) => {
                    hooks.client_proof = Some(Arc::clone(hook));
                }
                (MechanismKind::AnswerDecoder, Some(Hook::AnswerDecoder(hook))) => {
                    hooks.answer_decoder = Some(Arc::clone(hook));
                }
                (MechanismKind::SessionLogin, Some(Hook::SessionLogin(hook))) => {
                    hooks.session_login = Some(Arc::clone(hook));
                }
                (MechanismKind::RequestSigner, Some(Hook::RequestSigner(hook))) => {
                    hooks.request_signer = Some(Arc::clone(hook));
                }
                (_, found) => missing.push((kind, name, found.map(Hook::kind))),
            }
        }
        if missing.is_empty() { Ok(hooks) } else { Err(absent(spec, &missing)) }
    }
}

fn absent(spec: &ProviderSpec, missing: &[(MechanismKind, &str, Option<MechanismKind>)]) -> Error {
    let list: Vec<String> = missing
        .iter()
        .map(|(kind, name, found)| match found {
            Some(found) => {
                format!("`{name}` is a {}, and `{}` wants a {}", found.trait_name(), kind.key(), kind.trait_name())
            }
            None => format!("`{name}` ({}) is missing", kind.key()),
        })
        .collect();
    let register: Vec<String> =
        missing.iter().map(|(kind, name, _)| format!(".{}(\"{name}\", ..)", kind.method())).collect();
    let traits: Vec<String> = missing.iter().map(|(kind, ..)| format!("`mechanism::{}`", kind.trait_name())).collect();
    let what = format!("the provider needs mechanisms that are written in Rust: {}", list.join("; "));
    let fix = format!(
        "implement {} and give the client `.mechanisms(Mechanisms::new(){})`, or use the constructor of the compiled provider, which takes them as arguments",
        traits.join(" and "),
        register.concat(),
    );
    Error::new(ErrorKind::MechanismMissing, Step::Configure, what).fix(fix).of(spec)
}

impl Hook {
    fn kind(&self) -> MechanismKind {
        match self {
            Self::ClientProof(_) => MechanismKind::ClientProof,
            Self::AnswerDecoder(_) => MechanismKind::AnswerDecoder,
            Self::SessionLogin(_) => MechanismKind::SessionLogin,
            Self::RequestSigner(_) => MechanismKind::RequestSigner,
        }
    }
}

impl fmt::Debug for Mechanisms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.all.iter().map(|(name, hook)| (name, hook.kind()))).finish()
    }
}

/// What one provider needs, found once. A provider that is all data has none, and no step does more than see that.
#[derive(Clone, Default)]
pub(crate) struct Hooks {
    pub(crate) client_proof: Option<Arc<dyn ClientProof>>,
    pub(crate) answer_decoder: Option<Arc<dyn AnswerDecoder>>,
    pub(crate) session_login: Option<Arc<dyn SessionLogin>>,
    pub(crate) request_signer: Option<Arc<dyn RequestSigner>>,
}
