use crate::error::{Error, ErrorKind, Result, Step};
use crate::spec::{ProviderSpec, template};

/// A server on this machine that stands in for the provider.
#[derive(Clone)]
pub(crate) struct Detour {
    origin: String,
}

impl Detour {
    pub(crate) fn new(spec: &ProviderSpec, origin: &str) -> Result<Self> {
        let parsed = url::Url::parse(origin).ok().filter(|url| {
            template::is_loopback(url) && url.scheme() == "http" && url.path() == "/" && url.query().is_none()
        });
        if parsed.is_none() {
            let what = "the stand-in server is not at a loopback origin such as http://127.0.0.1:4000";
            return Err(Error::new(ErrorKind::InsecureUrl, Step::Configure, what)
                .fix("dangerous_at is for servers on this machine only")
                .of(spec));
        }
        Ok(Self { origin: origin.trim_end_matches('/').to_owned() })
    }

    /// `https://HOST/PATH` becomes `{origin}/HOST/PATH`.
    pub(crate) fn map(&self, address: &str) -> String {
        let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
        format!("{}/{rest}", self.origin)
    }
}
