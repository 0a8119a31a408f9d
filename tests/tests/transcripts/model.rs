//! A transcript file, as `tests/transcripts/README.md` defines it. What the format does not know is an error.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;
use serde_json::Value;

/// Names and decoded values.
pub(crate) type Texts = BTreeMap<String, String>;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Transcript {
    pub(crate) provider: String,
    read: String,
    pages: Vec<String>,
    pub(crate) client: Registered,
    pub(crate) authorize: Authorize,
    pub(crate) callback: Callback,
    /// In words, for whoever reads the file.
    #[serde(default)]
    hmac: Option<String>,
    pub(crate) exchange: Vec<Exchange>,
    pub(crate) token: Token,
    #[serde(default)]
    pub(crate) id_token: Option<IdToken>,
    pub(crate) profile: Profile,
    pub(crate) refresh: Refresh,
    #[serde(default)]
    pub(crate) errors: Vec<Failure>,
    #[serde(default)]
    unverified: Vec<String>,
    /// Comparisons that are known to differ, and why.
    #[serde(default)]
    pub(crate) differs: Vec<Differs>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Registered {
    pub(crate) id: String,
    pub(crate) secret: String,
    pub(crate) redirect_uri: String,
    #[serde(default)]
    pub(crate) settings: Texts,
    pub(crate) scopes: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Authorize {
    pub(crate) url: String,
    #[serde(default)]
    pub(crate) query: Texts,
    #[serde(default)]
    pub(crate) absent: Vec<String>,
    #[serde(default)]
    pub(crate) fragment: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Callback {
    pub(crate) method: Method,
    pub(crate) params: Texts,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub(crate) enum Method {
    #[serde(rename = "GET")]
    Get,
    #[serde(rename = "POST")]
    Post,
}

impl Method {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
        }
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Exchange {
    pub(crate) request: Request,
    pub(crate) response: Response,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Request {
    pub(crate) method: Method,
    pub(crate) url: String,
    #[serde(default)]
    pub(crate) query: Texts,
    #[serde(default)]
    pub(crate) headers: Texts,
    #[serde(default)]
    pub(crate) form: Option<Texts>,
    #[serde(default)]
    pub(crate) json: Option<BTreeMap<String, Value>>,
    #[serde(default)]
    pub(crate) text: Option<String>,
    #[serde(default)]
    pub(crate) absent: Vec<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Response {
    pub(crate) status: u16,
    #[serde(default)]
    pub(crate) headers: Texts,
    #[serde(default)]
    pub(crate) form: Option<Texts>,
    #[serde(default)]
    pub(crate) json: Option<Value>,
    #[serde(default)]
    pub(crate) text: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(clippy::struct_field_names, reason = "the names of RFC 6749")]
pub(crate) struct Token {
    pub(crate) access_token: String,
    #[serde(default)]
    pub(crate) refresh_token: Option<String>,
    #[serde(default)]
    pub(crate) expires_in: Option<u64>,
    #[serde(default)]
    pub(crate) scopes: Option<Vec<String>>,
    #[serde(default)]
    pub(crate) extras: BTreeMap<String, Value>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct IdToken {
    pub(crate) alg: String,
    pub(crate) issuer: String,
    pub(crate) jwks_uri: String,
    pub(crate) claims: serde_json::Map<String, Value>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Profile {
    #[serde(default)]
    pub(crate) none: Option<String>,
    #[serde(default)]
    pub(crate) exchanges: Vec<Exchange>,
    #[serde(default)]
    pub(crate) expect: Expected,
}

/// The members of the client's own profile.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Expected {
    pub(crate) subject: Option<String>,
    pub(crate) username: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) email: Option<String>,
    pub(crate) email_verified: Option<bool>,
    #[serde(alias = "picture")]
    pub(crate) avatar_url: Option<String>,
    pub(crate) url: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Refresh {
    #[serde(default)]
    pub(crate) none: Option<String>,
    #[serde(default)]
    pub(crate) exchanges: Vec<Exchange>,
    #[serde(default)]
    pub(crate) token: Option<Token>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Failure {
    pub(crate) during: During,
    pub(crate) response: Response,
    #[serde(default)]
    pub(crate) means: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum During {
    Exchange,
    Refresh,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Differs {
    pub(crate) at: String,
    because: String,
}

/// The folder of the transcripts.
pub(crate) fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("transcripts")
}

impl Transcript {
    /// The transcript of a provider.
    pub(crate) fn load(id: &str) -> Self {
        let path = folder().join(format!("{id}.yaml"));
        let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let transcript: Self =
            serde_yaml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let faults = transcript.faults(id);
        assert!(faults.is_empty(), "{}:\n  {}", path.display(), faults.join("\n  "));
        transcript
    }

    /// What the types do not say.
    fn faults(&self, id: &str) -> Vec<String> {
        let mut faults = Vec::new();
        let mut check = |sound: bool, what: &str| {
            if !sound {
                faults.push(what.to_owned());
            }
        };
        check(self.provider == id, "provider: it is not the file's name");
        check(self.read.len() == "2026-11-21".len(), "read: it is not a day");
        check(!self.pages.is_empty(), "pages: there is none");
        check(!self.exchange.is_empty(), "exchange: there is none");
        check(self.token.scopes.is_some(), "token.scopes: what was granted is missing");
        let signed = self.callback.params.values().any(|value| value == "{hmac}");
        check(signed == self.hmac.is_some(), "hmac: it belongs to a callback with `{hmac}`");
        let alg = self.id_token.as_ref().is_none_or(|id_token| id_token.alg == "RS256");
        check(alg, "id_token.alg: RS256 is all that is signed here");
        let profile = &self.profile;
        let told = profile.expect.subject.is_some();
        check(profile.none.is_none() == told, "profile: either `none` or `expect` with a subject");
        let refresh = &self.refresh;
        let told = !refresh.exchanges.is_empty() && refresh.token.is_some();
        check(refresh.none.is_none() == told, "refresh: either `none`, or `exchanges` and `token`");
        let failing = |failure: &Failure| failure.during == During::Exchange || refresh.none.is_none();
        check(self.errors.iter().all(failing), "errors: a failure of a refresh that is none");
        let all = [&self.exchange, &profile.exchanges, &refresh.exchanges].into_iter().flatten();
        check(
            all.clone().all(|exchange| exchange.request.bodies() <= 1 && exchange.response.bodies() <= 1),
            "a request or a response has more than one body",
        );
        let reasons = self.unverified.iter().chain(self.differs.iter().map(|known| &known.because));
        check(reasons.into_iter().all(|text| text.len() > 10), "unverified, differs: a reason is a sentence");
        faults
    }
}

impl Request {
    fn bodies(&self) -> usize {
        [self.form.is_some(), self.json.is_some(), self.text.is_some()].into_iter().filter(|there| *there).count()
    }
}

impl Response {
    fn bodies(&self) -> usize {
        [self.form.is_some(), self.json.is_some(), self.text.is_some()].into_iter().filter(|there| *there).count()
    }
}
