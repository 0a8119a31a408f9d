//! From an answer to the members of a profile.

use serde_json::value::RawValue;

use super::Profile;
use crate::json;
use crate::spec::{Condition, ProfileField, ProfileMap};

/// Fills what is still empty from an object of JSON, whatever it came from. Says which pointer is at something else than
/// text.
///
/// Whether an address is verified is said by the one who names it, and goes for no other address.
pub(super) fn fill(profile: &mut Profile, map: &ProfileMap, object: &RawValue) -> Result<(), String> {
    let email = texts(object, &map.email)?;
    // Only a true that is a boolean, or the one word, counts as verified.
    let verdict = first(object, &map.email_verified);
    let verified = verdict.map(|value| matches!(value.get(), "true" | "\"true\""));
    let vouched = verdict.is_some_and(|value| value.get() == "true");
    if profile.email.is_none() && email.is_some() {
        profile.email = email;
        (profile.email_verified, profile.email_vouched) = (verified, vouched);
    } else if profile.email_verified.is_none() && (map.email.is_empty() || email == profile.email) {
        (profile.email_verified, profile.email_vouched) = (verified, vouched);
    }
    for (field, pointers) in map.fields() {
        let slot = match field {
            ProfileField::Subject if profile.subject.is_empty() => {
                profile.subject = texts(object, pointers)?.unwrap_or_default();
                continue;
            }
            ProfileField::Subject | ProfileField::Email | ProfileField::EmailVerified => continue,
            ProfileField::Username => &mut profile.username,
            ProfileField::Name => &mut profile.name,
            ProfileField::AvatarUrl => &mut profile.avatar_url,
            ProfileField::Url => &mut profile.url,
        };
        if slot.is_none() {
            *slot = texts(object, pointers)?;
        }
    }
    Ok(())
}

/// Fills what is still empty from the text of a callback's parameter. It came through the browser, so that anybody may
/// have written it: it names nobody's account and verifies nothing, and is left alone where it is not as described.
pub(super) fn fill_from_callback(profile: &mut Profile, map: &ProfileMap, text: &str) {
    let map = ProfileMap { subject: Vec::new(), email_verified: Vec::new(), ..map.clone() };
    let mut filled = profile.clone();
    let object = serde_json::from_str::<&RawValue>(text).ok();
    if object.is_some_and(|object| fill(&mut filled, &map, object).is_ok()) {
        *profile = filled;
    }
}

/// Whether something that the map has is not there yet.
pub(super) fn lacks(profile: &Profile, map: &ProfileMap) -> bool {
    map.fields().any(|(field, _)| match field {
        ProfileField::Subject => profile.subject.is_empty(),
        ProfileField::Username => profile.username.is_none(),
        ProfileField::Name => profile.name.is_none(),
        ProfileField::Email => profile.email.is_none(),
        ProfileField::EmailVerified => profile.email_verified.is_none(),
        ProfileField::AvatarUrl => profile.avatar_url.is_none(),
        ProfileField::Url => profile.url.is_none(),
    })
}

/// Whether the object has something that the map is after; its subject, where the map has one.
pub(super) fn is_meant(object: &RawValue, map: &ProfileMap) -> bool {
    let there = |pointers: &[String]| pointers.iter().any(|at| json::pointer(object, at).is_some());
    if map.subject.is_empty() { map.fields().any(|(_, pointers)| there(pointers)) } else { there(&map.subject) }
}

/// The first item of a list of which the condition is true.
pub(super) fn pick<'a>(list: &'a RawValue, condition: &Condition) -> Option<&'a RawValue> {
    let items: Vec<&RawValue> = serde_json::from_str(list.get()).ok()?;
    items.into_iter().find(|item| json::holds(condition, item))
}

fn first<'a>(object: &'a RawValue, pointers: &[String]) -> Option<&'a RawValue> {
    pointers.iter().filter_map(|at| json::pointer(object, at)).find(|value| !json::is_null(value))
}

/// The texts at the pointers, joined by a space; those that are missing or empty are left out.
fn texts(object: &RawValue, pointers: &[String]) -> Result<Option<String>, String> {
    let mut joined: Option<String> = None;
    for at in pointers {
        let Some(value) = json::pointer(object, at).filter(|value| !json::is_null(value)) else { continue };
        let text = text_or_digits(value).ok_or_else(|| format!("`{at}` is not text"))?;
        match &mut joined {
            _ if text.is_empty() => {}
            Some(joined) => {
                joined.push(' ');
                joined.push_str(&text);
            }
            None => joined = Some(text),
        }
    }
    Ok(joined)
}

/// Text, or a whole number as the digits that the answer has: an id must not pass through a float.
fn text_or_digits(value: &RawValue) -> Option<String> {
    let digits = || value.get().bytes().all(|byte| byte.is_ascii_digit()).then(|| value.get().to_owned());
    json::text(value).map(std::borrow::Cow::into_owned).or_else(digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(json: &serde_json::Value) -> ProfileMap {
        let list = |name: &str| match &json[name] {
            serde_json::Value::Null => Vec::new(),
            serde_json::Value::Array(list) => list.iter().map(|at| at.as_str().unwrap().to_owned()).collect(),
            one => vec![one.as_str().unwrap().to_owned()],
        };
        ProfileMap {
            subject: list("subject"),
            username: list("username"),
            name: list("name"),
            email: list("email"),
            email_verified: list("email_verified"),
            avatar_url: list("avatar_url"),
            url: list("url"),
        }
    }

    fn raw(text: &str) -> &RawValue {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn texts_are_joined_and_what_is_missing_is_left_out() {
        let map = map(&serde_json::json!({"subject": "/id", "name": ["/first", "/middle", "/last"]}));
        let mut profile = Profile::empty("acme");
        fill(&mut profile, &map, raw(r#"{"id":18446744073709551617,"first":"Ada","middle":null,"last":"Lovelace"}"#))
            .unwrap();
        assert_eq!((profile.subject.as_str(), profile.name.as_deref()), ("18446744073709551617", Some("Ada Lovelace")));
        let mut profile = Profile::empty("acme");
        fill(&mut profile, &map, raw(r#"{"first":"","last":""}"#)).unwrap();
        assert_eq!((profile.subject.as_str(), profile.name), ("", None));
        assert_eq!(
            fill(&mut Profile::empty("acme"), &map, raw(r#"{"first":[1]}"#)).unwrap_err(),
            "`/first` is not text"
        );
    }

    #[test]
    fn who_names_an_address_says_whether_it_is_verified() {
        let main = map(&serde_json::json!({"subject": "/id", "email": "/email", "email_verified": "/verified"}));
        let filled = |first: &str, second: &str| {
            let mut profile = Profile::empty("acme");
            fill(&mut profile, &main, raw(first)).unwrap();
            fill(&mut profile, &main, raw(second)).unwrap();
            (profile.email, profile.email_verified)
        };
        let a = || Some("a@x".to_owned());
        // A verdict without an address goes for none that comes later.
        assert_eq!(filled(r#"{"verified":true}"#, r#"{"email":"a@x"}"#), (a(), None));
        assert_eq!(filled(r#"{"verified":true}"#, r#"{"email":"a@x","verified":false}"#), (a(), Some(false)));
        assert_eq!(filled(r#"{"email":"a@x"}"#, r#"{"email":"a@x","verified":true}"#), (a(), Some(true)));
        assert_eq!(filled(r#"{"email":"a@x"}"#, r#"{"email":"b@x","verified":true}"#), (a(), None));
    }

    #[test]
    fn a_callback_names_nobody_and_verifies_nothing() {
        let map = map(&serde_json::json!({
            "subject": "/id", "name": ["/name/firstName", "/name/lastName"], "email": "/email", "email_verified": "/ok"
        }));
        let text = r#"{"id":"forged","name":{"firstName":"Ada","lastName":"L."},"email":"a@x","ok":true}"#;
        let mut profile = Profile::empty("acme");
        fill_from_callback(&mut profile, &map, text);
        assert_eq!((profile.subject.as_str(), profile.name.as_deref()), ("", Some("Ada L.")));
        assert_eq!((profile.email.as_deref(), profile.email_verified), (Some("a@x"), None));
        for broken in ["", "{", r#"{"name":{"firstName":"B"},"email":7.5}"#] {
            let before = profile.clone();
            fill_from_callback(&mut profile, &map, broken);
            assert_eq!(profile, before, "{broken}");
        }
    }

    #[test]
    fn the_first_item_is_picked() {
        let list = raw(r#"[{"email":"a","primary":false},{"email":"b","primary":true},{"email":"c","primary":true}]"#);
        let condition = Condition { at: "/primary".to_owned(), equals: Some(true.into()), differs: None };
        assert_eq!(pick(list, &condition).unwrap().get(), r#"{"email":"b","primary":true}"#);
        assert!(pick(raw("{}"), &condition).is_none());
        assert!(pick(raw("[1,null]"), &condition).is_none());
    }
}
