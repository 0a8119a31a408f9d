use std::fmt;

/// An answer that a test scripts, to be given once in place of the simulator's own.
///
/// ```
/// use oauth_simulator::Answer;
///
/// let busy = Answer::new(503).header("retry-after", "2").body("try later");
/// let gone = Answer::lost();
/// # let _ = (busy, gone);
/// ```
#[derive(Clone)]
pub struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    pub(crate) lost: bool,
    /// An error code, for an answer in the provider's own shape.
    pub(crate) failed: Option<String>,
}

impl Answer {
    /// An answer with that status and no body. The request is not looked at and changes nothing.
    pub fn new(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Vec::new(), lost: false, failed: None }
    }

    /// The request is carried out (a code is used up, a refresh token rotates) and the connection closed without an
    /// answer, as when a network fails at the worst moment.
    pub fn lost() -> Self {
        Self { lost: true, ..Self::new(200) }
    }

    /// An error in the provider's own shape, by its RFC code: with status 200 where the provider's file has a
    /// `fails_when` for such a request, with 400 otherwise.
    pub fn failed(code: impl Into<String>) -> Self {
        Self { failed: Some(code.into()), ..Self::new(400) }
    }

    /// The body; JSON unless a `content-type` header says otherwise.
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// A header.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }
}

/// The body may hold tokens: its length is enough.
impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.headers.iter().map(|(name, _)| name.as_str()).collect();
        f.debug_struct("Answer")
            .field("status", &self.status)
            .field("headers", &names)
            .field("body_bytes", &self.body.len())
            .field("lost", &self.lost)
            .field("failed", &self.failed)
            .finish()
    }
}
