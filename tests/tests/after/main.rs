//! What happens to tokens and sessions after the login.

mod introspect;
mod logout;
mod logout_token;
