use std::env::VarError;
use std::sync::Arc;

use super::{ClientAuth, Config};
use crate::error::{Error, ErrorKind, Result, Step};
use crate::spec::{ProviderSpec, names};

/// Reads the client's id, secret and settings.
pub(super) fn config(spec: Arc<ProviderSpec>) -> Result<Config> {
    read(spec, |name| variable(name).ok())
}

/// A variable of the environment. This is the one place that reads it.
#[allow(clippy::disallowed_methods, reason = "the one place")]
pub(crate) fn variable(name: &str) -> Result<String, VarError> {
    std::env::var(name)
}

fn read(spec: Arc<ProviderSpec>, variable: impl Fn(&str) -> Option<String>) -> Result<Config> {
    let prefix = names::snake(&spec.module).trim_end_matches('_').to_ascii_uppercase();
    let value = |what: &str| {
        variable(&format!("{prefix}_{what}")).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
    };
    let Some(id) = value("CLIENT_ID") else {
        let what = format!("the environment has no {prefix}_CLIENT_ID");
        let fix = format!(
            "register an app with the provider, then set {prefix}_CLIENT_ID and, unless the app is public, {prefix}_CLIENT_SECRET"
        );
        return Err(Error::new(ErrorKind::Config, Step::Configure, what).fix(fix).of(&spec));
    };
    let auth = value("CLIENT_SECRET").map_or_else(ClientAuth::none, ClientAuth::secret);
    let settings: Vec<(String, Option<String>)> = spec
        .settings
        .iter()
        .map(|setting| (setting.name.clone(), value(&names::snake(&setting.name).to_ascii_uppercase())))
        .collect();
    let mut config = Config::new(spec, id, auth);
    for (name, value) in settings {
        if let Some(value) = value {
            config.check_setting(&name, &value)?;
            config.set(&name, value);
        }
    }
    Ok(config)
}
