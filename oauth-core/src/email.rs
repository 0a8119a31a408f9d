//! E-mail addresses, for the few questions that one may answer.

use crate::profile::Profile;

impl Profile {
    /// The e-mail address, where it is known to be the user's: the provider says so with a `true` that is a boolean, and
    /// its file says that its word counts (`profile.email_authoritative`).
    ///
    /// Good for writing to the user and for [`email_domain`](Self::email_domain). It is no key: the same address may
    /// belong to somebody else tomorrow, and at another provider to somebody else today.
    pub fn verified_email(&self) -> Option<&str> {
        self.email.as_deref().filter(|_| self.email_vouched)
    }

    /// The domain of the [verified](Self::verified_email) address, in lower-case ASCII, for a list of domains that may log
    /// in: write an internationalised one as `xn--...` there, and compare for equality.
    ///
    /// None where the address is in doubt: with more or less than one `@`, quotes, spaces, or any character beyond ASCII,
    /// which might look like another. Where a provider names the organisation itself (`hd`, `tid`), that is the better
    /// question.
    pub fn email_domain(&self) -> Option<String> {
        domain(self.verified_email()?)
    }
}

fn domain(email: &str) -> Option<String> {
    let (local, domain) = email.split_once('@')?;
    let plain = |byte: u8| byte.is_ascii_graphic() && !b"@\"(),:;<>[]\\".contains(&byte);
    let label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    if local.is_empty() || !local.bytes().all(plain) || !domain.contains('.') || !domain.split('.').all(label) {
        return None;
    }
    // What is left is ASCII. An A-label that is none (RFC 5891 section 5.4), and an address of a machine, do not pass.
    match url::Host::parse(domain).ok()? {
        url::Host::Domain(domain) => Some(domain),
        url::Host::Ipv4(_) | url::Host::Ipv6(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn idn_07_a_domain_is_read_from_an_address_without_doubt() {
        for (email, expected) in [
            ("ada@example.com", "example.com"),
            ("ada.l+x@EXAMPLE.com", "example.com"),
            ("ada@xn--bcher-kva.example", "xn--bcher-kva.example"),
        ] {
            assert_eq!(domain(email).as_deref(), Some(expected), "{email}");
        }
        for email in [
            "",
            "ada",
            "@example.com",
            "ada@",
            "ada@evil.example@example.com",
            "\"ada@evil.example\"@example.com",
            "ada@evil.example,x@example.com",
            "ada@evil.example x@example.com",
            "ada@example.com ",
            "ada@example.com\n",
            "ada@ex\u{430}mple.com",
            "ada@b\u{fc}cher.example",
            "ada@example\u{3002}com",
            "ada\u{ff20}example.com",
            "ada@evil.example\u{ff20}example.com",
            "\u{430}da@example.com",
            "ada@example.com.",
            "ada@.example.com",
            "ada@example..com",
            "ada@example",
            "ada@127.0.0.1",
            "ada@0x7f.1",
            "ada@[127.0.0.1]",
            "ada@example.com%00.evil.example",
            "ada@example.com/evil.example",
            "ada@xn--a.example",
            "<ada@example.com>",
        ] {
            assert_eq!(domain(email), None, "{email:?}");
        }
    }
}
