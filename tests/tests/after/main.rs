//! What happens to tokens and sessions after the login.

mod introspect;
