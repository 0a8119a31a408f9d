//! Where the metadata of an issuer is (RFC 8414 sections 3.1 and 5, OpenID Connect Discovery section 4).

/// In which order the well-known addresses of an issuer are asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum WellKnown {
    /// As OpenID Connect Discovery has it, then RFC 8414.
    #[default]
    OpenIdFirst,
    /// RFC 8414 first, as MCP (2026-07-28) orders them: there each is asked until one answers.
    OAuthFirst,
}

impl WellKnown {
    /// The addresses, in order. RFC 8414 section 3.1 puts the well-known part "between the host component and the path
    /// component"; OpenID Connect Discovery section 4 puts it behind the path. For an issuer without a path the two forms of
    /// `openid-configuration` are one.
    pub(super) fn addresses(self, issuer: &str) -> Vec<String> {
        let (host, path) = split(issuer);
        let behind = format!("{host}{path}/.well-known/openid-configuration");
        let oauth = format!("{host}/.well-known/oauth-authorization-server{path}");
        let between = format!("{host}/.well-known/openid-configuration{path}");
        let mut addresses = match self {
            Self::OpenIdFirst => vec![behind, oauth, between],
            Self::OAuthFirst => vec![oauth, between, behind],
        };
        if path.is_empty() {
            addresses.pop();
        }
        addresses
    }
}

/// Whether the path of an address has segments that lead elsewhere. The well-known address of such a one would be another's.
pub(crate) fn has_dot_segments(address: &str) -> bool {
    let path = address.split(['?', '#']).next().unwrap_or_default();
    let is_dot = |segment: &str| matches!(segment.to_ascii_lowercase().replace("%2e", ".").as_str(), "." | "..");
    path.split(['/', '\\']).any(is_dot)
}

/// Scheme and host, and the path without its last slash: RFC 8414 section 3.1 says "any terminating "/" MUST be removed".
fn split(address: &str) -> (&str, &str) {
    let bare = address.strip_suffix('/').unwrap_or(address);
    let after_host = bare.find("://").and_then(|at| bare[at + 3..].find('/').map(|slash| at + 3 + slash));
    bare.split_at(after_host.unwrap_or(bare.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn disc_09_all_well_known_forms_are_derived_from_the_issuer() {
        assert_eq!(
            WellKnown::OpenIdFirst.addresses("https://id.example/tenant/one"),
            [
                "https://id.example/tenant/one/.well-known/openid-configuration",
                "https://id.example/.well-known/oauth-authorization-server/tenant/one",
                "https://id.example/.well-known/openid-configuration/tenant/one",
            ]
        );
        assert_eq!(
            WellKnown::OAuthFirst.addresses("https://id.example/tenant/one/"),
            [
                "https://id.example/.well-known/oauth-authorization-server/tenant/one",
                "https://id.example/.well-known/openid-configuration/tenant/one",
                "https://id.example/tenant/one/.well-known/openid-configuration",
            ]
        );
        for issuer in ["https://id.example", "https://id.example/"] {
            let openid = "https://id.example/.well-known/openid-configuration";
            let oauth = "https://id.example/.well-known/oauth-authorization-server";
            assert_eq!(WellKnown::OpenIdFirst.addresses(issuer), [openid, oauth]);
            assert_eq!(WellKnown::OAuthFirst.addresses(issuer), [oauth, openid]);
        }
    }
}
