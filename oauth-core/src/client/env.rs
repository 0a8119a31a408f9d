use std::env::VarError;
use std::sync::Arc;

use super::{ClientAuth, Config};
use crate::error::{Error, ErrorKind, Result, Step};
use crate::spec::{ProviderSpec, names};

/// Reads the client's id, secret and settings.
pub(super) fn config(spec: Arc<ProviderSpec>) -> Result<Config> {
    read(spec, variable)
}

/// A variable of the environment. This is the one place that reads it.
#[allow(clippy::disallowed_methods, reason = "the one place")]
pub(crate) fn variable(name: &str) -> Result<String, VarError> {
    std::env::var(name)
}

fn read(spec: Arc<ProviderSpec>, variable: impl Fn(&str) -> Result<String, VarError>) -> Result<Config> {
    let prefix = names::snake(&spec.module).trim_end_matches('_').to_ascii_uppercase();
    let fault = |what: String, fix: String| Error::new(ErrorKind::Config, Step::Configure, what).fix(fix).of(&spec);
    let value = |what: &str| match variable(&format!("{prefix}_{what}")) {
        Ok(value) => Ok(Some(value.trim().to_owned())),
        Err(VarError::NotPresent) => Ok(None),
        Err(VarError::NotUnicode(_)) => Err(fault(
            format!("the environment's {prefix}_{what} is no UTF-8"),
            format!("write {prefix}_{what} anew; what the provider gave is plain text"),
        )),
    };
    let Some(id) = value("CLIENT_ID")?.filter(|id| !id.is_empty()) else {
        let what = format!("the environment has no {prefix}_CLIENT_ID");
        let fix = format!(
            "register an app with the provider, then set {prefix}_CLIENT_ID and, unless the app is public, {prefix}_CLIENT_SECRET"
        );
        return Err(fault(what, fix));
    };
    // A secret that was meant to be there and is not must not make a public client in silence.
    let auth = match value("CLIENT_SECRET")? {
        Some(empty) if empty.is_empty() => {
            let what = format!("the environment's {prefix}_CLIENT_SECRET is empty");
            return Err(fault(
                what,
                format!("set it to the app's secret; for a public app unset {prefix}_CLIENT_SECRET"),
            ));
        }
        Some(secret) => ClientAuth::secret(secret),
        None => ClientAuth::none(),
    };
    let mut settings = Vec::new();
    for setting in &spec.settings {
        let value = value(&names::snake(&setting.name).to_ascii_uppercase())?.filter(|value| !value.is_empty());
        settings.push((setting.name.clone(), value));
    }
    let mut config = Config::new(spec, id, auth);
    for (name, value) in settings {
        if let Some(value) = value {
            config.check_setting(&name, &value)?;
            config.set(&name, value);
        }
    }
    Ok(config)
}

#[cfg(test)]
#[cfg(feature = "schema")]
mod tests {
    use super::*;

    const ACME: &str = "id: acme\nname: Acme\ndocs: https://acme.example/docs\nchecked: 2026-11-21\n\
         settings: {shop: {type: label, doc: The shop, default: main}}\n\
         endpoints: {authorization: https://acme.example/authorize, token: 'https://{shop}.acme.example/token'}\n";

    fn given(variables: &[(&str, Result<&str, ()>)]) -> Result<Config> {
        let spec = Arc::new(ProviderSpec::from_yaml(ACME).unwrap());
        read(spec, |name| match variables.iter().find(|(known, _)| *known == name) {
            Some((_, Ok(value))) => Ok((*value).to_owned()),
            Some((_, Err(()))) => Err(VarError::NotUnicode("\u{fffd}".into())),
            None => Err(VarError::NotPresent),
        })
    }

    #[test]
    fn an_id_and_a_secret_make_a_client_and_an_id_alone_a_public_one() {
        let config = given(&[("ACME_CLIENT_ID", Ok(" id ")), ("ACME_CLIENT_SECRET", Ok("hush\n"))]).unwrap();
        assert_eq!((config.client_id.as_str(), config.auth.as_secret()), ("id", Some("hush")));
        let config = given(&[("ACME_CLIENT_ID", Ok("id")), ("ACME_SHOP", Ok("side"))]).unwrap();
        assert_eq!((config.auth.as_secret(), config.setting("shop")), (None, Some("side")));
    }

    #[test]
    fn what_is_there_and_of_no_use_is_an_error() {
        let id = ("ACME_CLIENT_ID", Ok("id"));
        for (variables, words) in [
            (&[("ACME_CLIENT_ID", Ok(""))][..], "no ACME_CLIENT_ID"),
            (&[("ACME_CLIENT_ID", Err(()))], "ACME_CLIENT_ID is no UTF-8"),
            (&[id, ("ACME_CLIENT_SECRET", Ok("  "))], "ACME_CLIENT_SECRET is empty"),
            (&[id, ("ACME_CLIENT_SECRET", Err(()))], "ACME_CLIENT_SECRET is no UTF-8"),
            (&[id, ("ACME_SHOP", Err(()))], "ACME_SHOP is no UTF-8"),
        ] {
            let error = given(variables).err().unwrap();
            assert_eq!(error.kind(), ErrorKind::Config);
            assert!(error.to_string().contains(words) && error.fix().is_some(), "{error}");
        }
    }
}
