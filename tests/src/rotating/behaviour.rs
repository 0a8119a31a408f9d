//! What the server does with a request.

use std::time::Duration;

/// What becomes of one request, and how long it takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Behaviour {
    /// The time before the server decides.
    pub before: Duration,
    /// The time between the decision and the answer.
    pub after: Duration,
    /// What it answers.
    pub answers: Answers,
}

/// What the server answers to a refresh that it could grant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Answers {
    /// New tokens; the refresh token before them is over.
    #[default]
    Rotated,
    /// A new access token beside the same refresh token, which goes on.
    SameRefreshToken,
    /// A new access token and no word of the refresh token, which goes on (RFC 6749 section 6).
    NoRefreshToken,
    /// Nothing: it rotates, and then the connection ends.
    Lost,
    /// 503, with `Retry-After` in seconds where there is a number.
    Unavailable(Option<u64>),
    /// `invalid_client`.
    InvalidClient,
    /// `invalid_grant`, as after a change of the password: the family is over.
    InvalidGrant,
}

impl Behaviour {
    /// This answer, at once.
    pub fn of(answers: Answers) -> Self {
        Self { answers, ..Self::default() }
    }

    /// Takes so long before it decides.
    pub fn before(self, before: Duration) -> Self {
        Self { before, ..self }
    }

    /// Takes so long between the decision and the answer.
    pub fn after(self, after: Duration) -> Self {
        Self { after, ..self }
    }
}
