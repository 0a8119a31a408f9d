//! What generated code names, in one place: nothing here is for people.

pub use core::fmt::{Debug, Formatter};
pub use std::sync::Arc;

pub use serde_json::Value;

pub use crate::api::{ApiCall, OperationCall, OperationOutput};
pub use crate::catalog::CatalogEntry;
pub use crate::client::{Client, ClientAuth};
pub use crate::error::Error;
pub use crate::fields::{FieldReader, FromFields, NoExtras, debug_struct};
pub use crate::mechanism::{AnswerDecoder, ClientProof, Mechanisms, RequestSigner, SessionLogin};
pub use crate::openid::check_id_token;
pub use crate::provider::{
    CanAskConsent, CanAuthorize, CanExchangeTokens, CanIntrospect, CanLogOut, CanRefresh, CanRegister, CanRevoke,
    CanUseBackchannel, CanUseClientCredentials, CanUseDevice, CanUseJwtBearer, CanUsePassword, CanUseSamlBearer,
    Compiled, HasApi, HasIdTokens, HasProfile, Provider,
};
pub use crate::scopes::ScopeOf;
pub use crate::spec::{ProviderSpec, SpecCell};
pub use crate::standards::{Fapi2, Mcp, Rfc9700};
pub use crate::token::token_response_reader;
pub use crate::values::{EnvironmentValue, OptionValue, SettingValue};
