//! Calling the provider's API as an account.

mod call;
mod request;
mod response;

pub use self::call::{ApiCall, IntoParam, OperationCall, OperationOutput};
pub use self::request::ApiRequest;
pub use self::response::ApiResponse;
