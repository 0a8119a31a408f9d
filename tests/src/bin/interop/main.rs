//! The client against real authorization servers: started by `tests/interop/run`, which also starts the server.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "it reports to the person or the script that started it")]

mod authlib;
mod browser;
mod clock;
mod django;
mod form;
mod idpyoidc;
mod oidc_provider;
mod table;
mod wire;

use std::process::ExitCode;

/// The suites' providers, compiled from the same files that are loaded at run time.
mod providers {
    oauth_providers::providers!("interop/providers");
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let suite = std::env::args().nth(1).unwrap_or_default();
    let result = match suite.as_str() {
        "oidc-provider" => Box::pin(oidc_provider::run()).await,
        oidc_provider::PART => oidc_provider::part().await,
        "django-oauth-toolkit" => Box::pin(django::run()).await,
        "idpyoidc" => Box::pin(idpyoidc::run()).await,
        "authlib" => Box::pin(authlib::run()).await,
        other => Err(format!("no suite `{other}`").into()),
    };
    match result.and_then(|table| table.print(&suite)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{suite}: {error}");
            let mut cause = error.source();
            while let Some(error) = cause {
                eprintln!("  because: {error}");
                cause = error.source();
            }
            ExitCode::FAILURE
        }
    }
}
