//! Providers that are not all data: what they do with a hash, a signature or a session is in no file.

use oauth_core::ProviderSpec;

use crate::Error;

/// A simulator that let every signature pass would say that a wrong one is right.
pub(crate) fn refuse(spec: &ProviderSpec) -> Result<(), Error> {
    let list: Vec<String> = spec.mechanisms.iter().map(|(kind, name)| format!("`{name}` ({})", kind.key())).collect();
    if list.is_empty() {
        return Ok(());
    }
    Err(Error::setup(
        spec,
        format!(
            "it needs mechanisms, whose server side no provider file describes: {}. Write a server for your test and \
             lead the client to it with `dangerous_at`",
            list.join(", ")
        ),
    ))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crate::Simulator;

    #[tokio::test]
    async fn a_provider_with_mechanisms_is_not_simulated() {
        let spec = oauth_core::ProviderSpec::from_yaml(
            "id: acme\nname: Acme\ndocs: https://acme.example/docs\nchecked: 2026-11-21\n\
             endpoints: {authorization: https://acme.example/a, token: https://acme.example/t}\n\
             client_auth: {method: mechanism, name: hash}\ntoken: {session: rest}\n",
        )
        .unwrap();
        let error = Simulator::start(Arc::new(spec)).await.unwrap_err().to_string();
        for part in ["Acme (acme)", "`hash` (client_auth), `rest` (token.session)", "`dangerous_at`"] {
            assert!(error.contains(part), "{error}");
        }
    }
}
