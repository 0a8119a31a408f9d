use std::borrow::Cow;
use std::time::{Duration, SystemTime};

use secrecy::SecretString;
use serde_json::value::RawValue;

use super::TokenSet;
use crate::json::{self, Members};
use crate::spec::{Expiry, ExpiryKind, ExpiryUnit, ProviderSpec, TokenTypeRule};

/// A successful token response (RFC 6749 section 5.1), with what a warning may be made of.
pub(crate) struct Grant {
    pub(crate) tokens: TokenSet,
}

/// Why a JSON answer is no token response.
pub(crate) enum Fault {
    /// A member is not as it must be.
    Member(&'static str, &'static str),
    TypeMissing,
    TypeUnsupported(String),
}

/// No token lives longer than this, whatever its server says.
const LONGEST: Duration = Duration::from_secs(10 * 365 * 24 * 60 * 60);

/// The members of the standard; everything else is an extra.
const STANDARD: [&str; 6] = ["access_token", "token_type", "refresh_token", "id_token", "scope", "expires_in"];

impl Grant {
    /// Reads the token object.
    pub(crate) fn read(
        spec: &ProviderSpec,
        object: &Members<'_>,
        requested: &[String],
        now: SystemTime,
    ) -> Result<Self, Fault> {
        let rules = &spec.token.response;
        let member = |standard: &str| {
            let name = crate::client::renamed(&rules.rename, standard);
            object.get(name).filter(|value| !json::is_null(value))
        };
        let access_token = secret(member("access_token"), "access_token")?
            .ok_or(Fault::Member("access_token", "is missing or empty"))?;
        let token_type = match member("token_type") {
            Some(value) => Some(json::text(value).ok_or(Fault::Member("token_type", "is not text"))?.into_owned()),
            None => None,
        };
        check_type(rules.token_type, spec, token_type.as_deref())?;
        let tokens = TokenSet {
            access_token,
            token_type,
            refresh_token: secret(member("refresh_token"), "refresh_token")?,
            id_token: secret(member("id_token"), "id_token")?,
            identity: None,
            scopes: scopes(spec, member("scope"), requested)?,
            expires_at: expires_at(&rules.expiry, object, now)?,
            extras: extras(spec, object),
            callback: Vec::new(),
        };
        Ok(Self { tokens })
    }
}

/// A token: text of visible ASCII (RFC 6749 appendix A.12: `1*VSCHAR`). Empty is as good as absent.
fn secret(value: Option<&RawValue>, name: &'static str) -> Result<Option<SecretString>, Fault> {
    let Some(value) = value else { return Ok(None) };
    // Some servers write `false` or `""` for "none"; what matters is that it never becomes a token.
    if value.get() == "false" && name == "id_token" {
        return Ok(None);
    }
    let text = json::text(value).ok_or(Fault::Member(name, "is not text"))?;
    if text.is_empty() {
        return Ok(None);
    }
    // All bytes are looked at, without a way out between two: the compiler takes many at once then.
    let foreign = text.bytes().fold(false, |found, byte| found | !(0x20..=0x7e).contains(&byte));
    if foreign || text.trim().is_empty() {
        return Err(Fault::Member(name, "has characters that no token has"));
    }
    Ok(Some(text.into_owned().into()))
}

/// RFC 6749 section 7.1: "The client MUST NOT use an access token if it does not understand the token type."
fn check_type(rule: TokenTypeRule, spec: &ProviderSpec, token_type: Option<&str>) -> Result<(), Fault> {
    let scheme = match &spec.token.placement {
        crate::spec::Placement::Header { scheme: Some(scheme), .. } => scheme.as_str(),
        _ => "Bearer",
    };
    match (rule, token_type) {
        (TokenTypeRule::Ignored, _) | (TokenTypeRule::AssumeBearer, None) => Ok(()),
        (TokenTypeRule::Required, None) => Err(Fault::TypeMissing),
        // RFC 6749 section 5.1: the "value is case insensitive".
        (_, Some(given)) if given.eq_ignore_ascii_case("bearer") || given.eq_ignore_ascii_case(scheme) => Ok(()),
        (_, Some(given)) => Err(Fault::TypeUnsupported(crate::error::clean(given))),
    }
}

/// RFC 6749 section 5.1: the scope is "OPTIONAL, if identical to the scope requested by the client".
fn scopes(spec: &ProviderSpec, value: Option<&RawValue>, requested: &[String]) -> Result<Vec<String>, Fault> {
    let Some(value) = value else { return Ok(requested.to_vec()) };
    if let Some(text) = json::text(value) {
        return Ok(spec.scopes.split_response(&text).map(str::to_owned).collect());
    }
    serde_json::from_str::<Vec<String>>(value.get())
        .map_err(|_| Fault::Member("scope", "is neither text nor a list of texts"))
}

/// RFC 6749 section 5.1: `expires_in` is "the lifetime in seconds of the access token". Text and fractions are
/// understood, negative numbers mean "over already", and nothing overflows.
fn expires_at(expiry: &Expiry, object: &Members<'_>, now: SystemTime) -> Result<Option<SystemTime>, Fault> {
    let wrong = Fault::Member("expires_in", "is not a number");
    let Some(value) = object.get(&expiry.field).filter(|value| !json::is_null(value)) else {
        return Ok(expiry.default.map(|lifetime| now + Duration::from_secs(lifetime).min(LONGEST)));
    };
    let text = json::text(value).unwrap_or(Cow::Borrowed(value.get()));
    // Rust also reads `inf` and `nan` as numbers; JSON does not.
    let digits = text.trim().strip_prefix('-').unwrap_or(text.trim());
    if !digits.starts_with(|first: char| first.is_ascii_digit()) {
        return Err(wrong);
    }
    let number: f64 = text.trim().parse().map_err(|_| wrong)?;
    let seconds = match expiry.unit {
        ExpiryUnit::Seconds => number,
        ExpiryUnit::Milliseconds => number / 1000.0,
    };
    let lifetime = match expiry.kind {
        ExpiryKind::In => seconds,
        ExpiryKind::At => seconds - now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs_f64(),
    };
    Ok(Some(now + Duration::from_secs_f64(lifetime.clamp(0.0, LONGEST.as_secs_f64()))))
}

/// The members that the standard does not know, as one JSON object.
fn extras(spec: &ProviderSpec, object: &Members<'_>) -> Option<SecretString> {
    let rules = &spec.token.response;
    let known = |name: &str| {
        name == rules.expiry.field
            || STANDARD.iter().any(|standard| crate::client::renamed(&rules.rename, standard) == name)
    };
    let others: Vec<_> = object.0.iter().filter(|(name, _)| !known(name)).cloned().collect();
    (!others.is_empty()).then(|| self::object(&others))
}

/// Members back as a JSON object.
pub(crate) fn object(members: &[(Cow<'_, str>, &RawValue)]) -> SecretString {
    let mut text = String::from("{");
    for (at, (name, value)) in members.iter().enumerate() {
        if at > 0 {
            text.push(',');
        }
        text.push_str(&serde_json::Value::from(name.as_ref()).to_string());
        text.push(':');
        text.push_str(value.get());
    }
    text.push('}');
    text.into()
}
