/// A person with an account at the simulated provider.
///
/// ```
/// use oauth_simulator::SimUser;
///
/// let ada = SimUser::new("20071").username("ada").name("Ada Lovelace").email("ada@example.com", true);
/// # let _ = ada;
/// ```
#[derive(Clone, Debug)]
pub struct SimUser {
    pub(crate) subject: String,
    pub(crate) id_as_text: bool,
    pub(crate) username: String,
    pub(crate) name: String,
    pub(crate) email: String,
    pub(crate) email_verified: bool,
    pub(crate) avatar_url: String,
    pub(crate) url: String,
}

impl SimUser {
    /// A person with that id. An id of digits only is sent as a JSON number, as most providers with numeric ids do; see
    /// [`id_as_text`](Self::id_as_text).
    pub fn new(subject: impl Into<String>) -> Self {
        let subject = subject.into();
        Self {
            username: format!("user-{subject}"),
            name: format!("User {subject}"),
            email: format!("user-{subject}@example.com"),
            email_verified: true,
            avatar_url: format!("https://example.com/avatars/{subject}.png"),
            url: format!("https://example.com/people/{subject}"),
            subject,
            id_as_text: false,
        }
    }

    /// Sends an id of digits as text, as providers do that have larger ids than a JSON number of some readers can be.
    pub fn id_as_text(mut self) -> Self {
        self.id_as_text = true;
        self
    }

    /// The login name.
    pub fn username(mut self, username: impl Into<String>) -> Self {
        self.username = username.into();
        self
    }

    /// The full name.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// The e-mail address, and whether the provider has verified it.
    pub fn email(mut self, email: impl Into<String>, verified: bool) -> Self {
        self.email = email.into();
        self.email_verified = verified;
        self
    }

    /// The picture's address.
    pub fn avatar_url(mut self, url: impl Into<String>) -> Self {
        self.avatar_url = url.into();
        self
    }

    /// The profile page's address.
    pub fn url(mut self, url: impl Into<String>) -> Self {
        self.url = url.into();
        self
    }
}

impl Default for SimUser {
    fn default() -> Self {
        Self::new("20071").username("ada").name("Ada Lovelace").email("ada@example.com", true)
    }
}
