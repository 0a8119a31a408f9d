use std::error::Error as StdError;

/// Why the simulator did not start, or why the scripted user got stuck.
///
/// No variant holds an address with its query: that is where codes and tokens are.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The builder was given something that the provider's file does not allow, or not given something it needs.
    #[error("cannot start the simulator of {provider}: {problem}")]
    #[non_exhaustive]
    Setup {
        /// The provider, as in `Acme (acme)`.
        provider: String,
        /// What is wrong and what to do.
        problem: String,
    },
    /// No port on `127.0.0.1` could be opened.
    #[error("cannot listen on 127.0.0.1 for the simulator of {provider}")]
    #[non_exhaustive]
    Listen {
        /// The provider.
        provider: String,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// An address that is not on this machine, or none at all.
    #[error("the simulator does not go to {address}: {problem}")]
    #[non_exhaustive]
    Address {
        /// Scheme, host and path.
        address: String,
        /// What is wrong and what to do.
        problem: String,
    },
    /// A request of the scripted user broke off.
    #[error("the scripted user's request to {address} broke off")]
    #[non_exhaustive]
    Transport {
        /// Scheme, host and path.
        address: String,
        /// What broke.
        source: Box<dyn StdError + Send + Sync>,
    },
    /// A page said no, or was not what the scripted user looks for.
    #[error("the page at {address} answered {status}: {problem}")]
    #[non_exhaustive]
    Page {
        /// Scheme, host and path.
        address: String,
        /// The HTTP status.
        status: u16,
        /// What the page said.
        problem: String,
    },
}

impl Error {
    pub(crate) fn setup(spec: &oauth_core::ProviderSpec, problem: impl Into<String>) -> Self {
        Self::Setup { provider: spec.label(), problem: problem.into() }
    }
}
