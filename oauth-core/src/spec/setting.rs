use std::borrow::Cow;

use serde::Serialize;

use super::decode::{fields, words};

/// Something that the user of a provider must or may choose: a region, a tenant, a shop.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Setting {
    /// Its name in templates: `{region}`.
    pub name: String,
    /// The generated type: `Region`.
    pub rust: String,
    /// What it may be.
    #[serde(rename = "type")]
    pub kind: SettingKind,
    /// For an enum: its values, what each stands for in a template, and its variant.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<(String, String, String)>,
    /// The value when none is given; without one the setting is required.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default: Option<String>,
    /// What it is and where the user finds it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub doc: Option<String>,
}

fields!(Setting { name, rust, kind as "type", values = Vec::new(), default = None, doc = None });

/// The kinds of settings. Each admits only what cannot change the meaning of the URL around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(serde::Deserialize))]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum SettingKind {
    /// One of a closed list.
    Enum,
    /// One DNS label: letters, digits and inner hyphens, at most 63.
    Label,
    /// A DNS name of at least two labels, no address and no port.
    Host,
    /// A TCP port.
    Port,
    /// A path segment of letters, digits and `-`, `_`, `~`, `.`, not `.` or `..`.
    Slug,
    /// A whole base address: https (http on loopback), no query, no fragment, no credentials. A final slash is dropped.
    Url,
    /// Any text without control characters; allowed in parameters, never in an address.
    Text,
}

words!(SettingKind {
    Enum = "enum",
    Label = "label",
    Host = "host",
    Port = "port",
    Slug = "slug",
    Url = "url",
    Text = "text",
});

impl SettingKind {
    /// The word the provider file uses.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Enum => "enum",
            Self::Label => "label",
            Self::Host => "host",
            Self::Port => "port",
            Self::Slug => "slug",
            Self::Url => "url",
            Self::Text => "text",
        }
    }
}

impl Setting {
    /// Whether a client cannot work before this is set.
    pub fn is_required(&self) -> bool {
        self.default.is_none()
    }

    /// What the value stands for in a template, or in words why it cannot be one.
    pub fn resolve<'a>(&'a self, value: &'a str) -> Result<Cow<'a, str>, String> {
        let admitted = match self.kind {
            SettingKind::Enum => {
                return match self.values.iter().find(|(name, ..)| name == value) {
                    Some((_, meaning, _)) => Ok(Cow::Borrowed(meaning)),
                    None => Err(format!("it is none of {}", self.value_names())),
                };
            }
            SettingKind::Label => {
                is_label(value).then_some(value).ok_or("it is not one DNS label (letters, digits, inner hyphens)")
            }
            SettingKind::Host => is_host(value)
                .then_some(value)
                .ok_or("it is not a DNS name such as id.example.com, without scheme, port or path"),
            SettingKind::Port => value
                .parse::<u16>()
                .is_ok_and(|port| port > 0 && !value.starts_with(['+', '0']))
                .then_some(value)
                .ok_or("it is not a port (1 to 65535)"),
            SettingKind::Slug => is_slug(value)
                .then_some(value)
                .ok_or("it has characters other than letters, digits and - _ ~ . or is a dot segment"),
            SettingKind::Url => base_url(value),
            SettingKind::Text => (!value.is_empty() && !value.chars().any(char::is_control))
                .then_some(value)
                .ok_or("it is empty or has control characters"),
        };
        admitted.map(Cow::Borrowed).map_err(str::to_owned)
    }

    fn value_names(&self) -> String {
        let names: Vec<&str> = self.values.iter().map(|(name, ..)| name.as_str()).collect();
        names.join(", ")
    }
}

/// RFC 1035 section 2.3.1, with the leading digit that RFC 1123 section 2.1 allows.
fn is_label(value: &str) -> bool {
    !value.is_empty()
        && value.len() <= 63
        && value.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        && !value.starts_with('-')
        && !value.ends_with('-')
}

/// A name of at least two labels whose last is not a number: no IP address passes.
pub(crate) fn is_host(value: &str) -> bool {
    value.len() <= 253
        && value.contains('.')
        && value.split('.').all(is_label)
        && !value.rsplit('.').next().is_some_and(|last| last.bytes().all(|byte| byte.is_ascii_digit()))
}

fn is_slug(value: &str) -> bool {
    !matches!(value, "" | "." | "..")
        && value.len() <= 255
        && value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_~.".contains(&byte))
}

fn base_url(value: &str) -> Result<&str, &'static str> {
    let parsed = url::Url::parse(value).map_err(|_| "it is not an absolute address such as https://id.example.com")?;
    if value.chars().any(|c| c.is_control() || c.is_whitespace() || c == '\\') {
        return Err("it has spaces, backslashes or control characters");
    }
    if !super::template::is_secure(&parsed) {
        return Err("it is not https (http is for loopback only)");
    }
    if parsed.query().is_some()
        || parsed.fragment().is_some()
        || !parsed.username().is_empty()
        || parsed.password().is_some()
    {
        return Err("it has a query, a fragment or credentials");
    }
    Ok(value.trim_end_matches('/'))
}
