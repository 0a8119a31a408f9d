//! The engine behind `oauth-providers`.
#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod spec;
pub use spec::ProviderSpec;
