use std::borrow::Cow;
use std::time::{Duration, SystemTime};

use secrecy::SecretString;
use serde_json::value::RawValue;

use super::{Standing, TokenSet, rfc3339};
use crate::dpop::ProofKey;
use crate::json::{self, Members};
use crate::spec::{Expiry, ExpiryKind, ExpiryUnit, ExtraField, ProviderSpec, TokenTypeRule, ZeroExpiry};

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
    /// The token is bound to no key, and has to be.
    Downgraded,
}

/// No token lives longer than this, whatever its server says.
const LONGEST: Duration = Duration::from_secs(10 * 365 * 24 * 60 * 60);

impl Grant {
    /// Reads the token object.
    pub(crate) fn read(
        (type_rule, key): (TokenTypeRule, Option<&ProofKey>),
        spec: &ProviderSpec,
        object: &Members<'_>,
        requested: &[String],
        now: SystemTime,
    ) -> Result<Self, Fault> {
        let mut grant = Self::read_as((type_rule, key.is_some()), spec, object, requested, now)?;
        let is_bound = grant.tokens.token_type.as_deref().is_some_and(|given| given.eq_ignore_ascii_case("dpop"));
        // RFC 9449 section 5: "a `token_type` of `DPoP` MUST be included in the access token response to signal to the client
        // that the access token was bound to its DPoP key".
        // The same section: a refresh token of a public client is bound to the key as well, whatever the access token is. The
        // key of a request that was proved stays with what it brought.
        grant.tokens.proof_key = key.cloned();
        // RFC 8693 section 2.2.1: `N_A` is the type of what is no access token, and nothing binds that.
        let is_none = type_rule == TokenTypeRule::Ignored && grant.tokens.is_not_applied();
        if !is_bound && !is_none && spec.dpop.is_some_and(|dpop| dpop.is_required()) {
            return Err(Fault::Downgraded);
        }
        Ok(grant)
    }

    /// Reads the object of a further token: by the same rules, but that its type is a name of the provider's own, and
    /// that nobody knows which of the scopes were asked for it.
    pub(crate) fn read_also(spec: &ProviderSpec, object: &Members<'_>, now: SystemTime) -> Result<Self, Fault> {
        Self::read_as((TokenTypeRule::Ignored, false), spec, object, &[], now)
    }

    fn read_as(
        (token_type_rule, proved): (TokenTypeRule, bool),
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
        check_type((token_type_rule, proved), spec, token_type.as_deref())?;
        let refresh_token = secret(member("refresh_token"), "refresh_token")?;
        let refresh = spec.refresh.as_ref();
        let tokens = TokenSet {
            access_token,
            token_type,
            refresh_expires_at: match refresh.and_then(|refresh| refresh.expiry.as_ref()) {
                Some(rule) if refresh_token.is_some() || object.get(&rule.field).is_some() => {
                    expires_at(rule, object, now)?
                }
                _ => None,
            },
            refresh_idles_until: refresh.and_then(|refresh| refresh.idle_lifetime).and_then(|idle| after(now, idle)),
            refresh_token,
            id_token: secret(member("id_token"), "id_token")?,
            identity: None,
            issuer: None,
            scopes: scopes(spec, member("scope"), requested)?,
            withheld: Vec::new(),
            resources: Vec::new(),
            expires_at: expires_at(&rules.expiry, object, now)?,
            issued_at: Some(now),
            extras: extras(spec, object),
            callback: Vec::new(),
            also: Vec::new(),
            session_due: None,
            again: None,
            proof_key: None,
            standing: Standing::default(),
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
fn check_type(
    (rule, proved): (TokenTypeRule, bool),
    spec: &ProviderSpec,
    token_type: Option<&str>,
) -> Result<(), Fault> {
    let scheme = match &spec.token.placement {
        crate::spec::Placement::Header { scheme: Some(scheme), .. } => scheme.as_str(),
        _ => "Bearer",
    };
    match (rule, token_type) {
        (TokenTypeRule::Ignored, _) | (TokenTypeRule::AssumeBearer, None) => Ok(()),
        (TokenTypeRule::Required, None) => Err(Fault::TypeMissing),
        // RFC 6749 section 5.1: the "value is case insensitive".
        (_, Some(given)) if given.eq_ignore_ascii_case("bearer") || given.eq_ignore_ascii_case(scheme) => Ok(()),
        (_, Some(given)) if proved && given.eq_ignore_ascii_case("dpop") => Ok(()),
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

/// RFC 6749 section 5.1: `expires_in` is "the lifetime in seconds of the access token". Text and whole numbers with a point
/// are understood, negative numbers mean "over already", and nothing overflows.
fn expires_at(expiry: &Expiry, object: &Members<'_>, now: SystemTime) -> Result<Option<SystemTime>, Fault> {
    let wrong = if expiry.field == "expires_in" { "expires_in" } else { "expiry" };
    let wrong = || Fault::Member(wrong, "is not a whole number");
    let Some(value) = object.get(&expiry.field).filter(|value| !json::is_null(value)) else {
        return Ok(expiry.default.and_then(|lifetime| after(now, lifetime)));
    };
    let text = json::text(value).unwrap_or(Cow::Borrowed(value.get()));
    if expiry.kind == ExpiryKind::At
        && let Some(at) = rfc3339::parse(text.trim())
    {
        return Ok(Some(at.min(now + LONGEST).max(now)));
    }
    // Rust also reads `inf` and `nan` as numbers; JSON does not.
    let digits = text.trim().strip_prefix('-').unwrap_or(text.trim());
    if !digits.starts_with(|first: char| first.is_ascii_digit()) {
        return Err(wrong());
    }
    let number: f64 = text.trim().parse().map_err(|_| wrong())?;
    // A lifetime is a whole number; what is too large to be one is for ever.
    if expiry.kind == ExpiryKind::In && number.is_finite() && number.fract() != 0.0 {
        return Err(wrong());
    }
    if number == 0.0 && expiry.zero == ZeroExpiry::Never {
        return Ok(None);
    }
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

/// So many seconds from now, and not for ever.
fn after(now: SystemTime, seconds: u64) -> Option<SystemTime> {
    now.checked_add(Duration::from_secs(seconds).min(LONGEST))
}

/// The members that the standard does not know, and what the file has worked out of those that it knows, as one JSON
/// object. What a lookup brings has its name for itself.
fn extras(spec: &ProviderSpec, object: &Members<'_>) -> Option<SecretString> {
    let rules = &spec.token.response;
    let derived: Vec<(&str, String)> = rules
        .extras
        .iter()
        .filter(|extra| rules.is_derived(extra))
        .filter_map(|extra| Some((extra.name.as_str(), derived(extra, object)?)))
        .collect();
    let looked_up = spec.token.lookup.as_ref().map_or(&[][..], |lookup| &lookup.extras);
    let taken = |name: &str| {
        derived.iter().any(|(known, _)| *known == name) || looked_up.iter().any(|extra| extra.name == name)
    };
    let kept = object.0.iter().filter(|(name, _)| !rules.is_standard(name) && !taken(name));
    let members = kept.map(|(name, value)| (name.as_ref(), value.get()));
    let members: Vec<(&str, &str)> =
        members.chain(derived.iter().map(|(name, value)| (*name, value.as_str()))).collect();
    (!members.is_empty()).then(|| self::object(members))
}

/// The value of an extra that is worked out, as JSON.
fn derived(extra: &ExtraField, object: &Members<'_>) -> Option<String> {
    let (member, rest) = extra.at.strip_prefix('/')?.split_once('/').unwrap_or((extra.at.get(1..)?, ""));
    let value = object.get(&json::unescaped(member))?;
    let value = if rest.is_empty() { value } else { json::pointer(value, &format!("/{rest}"))? };
    before(extra, value)
}

/// The value of an extra as JSON; of a text only the part before the file's mark, and nothing where that is not in it:
/// the whole may be a secret.
pub(crate) fn before(extra: &ExtraField, value: &RawValue) -> Option<String> {
    let Some(mark) = &extra.before else {
        return (!json::is_null(value)).then(|| value.get().to_owned());
    };
    let text = json::text(value)?;
    let (part, _) = text.split_once(mark.as_str())?;
    Some(serde_json::Value::from(part).to_string())
}

/// Members, each with its value as JSON, as a JSON object.
pub(crate) fn object<'a>(members: impl IntoIterator<Item = (&'a str, &'a str)>) -> SecretString {
    let mut text = String::from("{");
    for (at, (name, value)) in members.into_iter().enumerate() {
        if at > 0 {
            text.push(',');
        }
        text.push_str(&serde_json::Value::from(name).to_string());
        text.push(':');
        text.push_str(value);
    }
    text.push('}');
    text.into()
}
