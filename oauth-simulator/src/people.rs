//! What a provider tells about a person: the inverse of the file's maps.

use oauth_core::spec::{ProfileField, ProfileMap};
use serde_json::Value;

use crate::SimUser;
use crate::facts::Facts;
use crate::pointer::{number_or_text, put};

/// The members that the map reads, each by its pointer.
pub(crate) fn members<'a>(facts: &Facts, map: &'a ProfileMap, user: &SimUser) -> Vec<(&'a str, Value)> {
    let mut members = Vec::new();
    for (field, pointers) in map.fields() {
        let value = match field {
            // OpenID Connect Core section 5.3.2: the `sub` of the ID token, which is text.
            ProfileField::Subject if user.id_as_text || facts.spec.openid.is_some() => {
                Value::from(user.subject.as_str())
            }
            ProfileField::Subject => number_or_text(&user.subject),
            ProfileField::Username => Value::from(user.username.as_str()),
            ProfileField::Name => Value::from(user.name.as_str()),
            ProfileField::Email => Value::from(user.email.as_str()),
            ProfileField::EmailVerified => Value::from(user.email_verified),
            ProfileField::AvatarUrl => Value::from(user.avatar_url.as_str()),
            ProfileField::Url => Value::from(user.url.as_str()),
            _ => continue,
        };
        match (pointers, value.as_str()) {
            // A text that the file joins from several comes in as many words.
            ([_, _, ..], Some(text)) => {
                let words = text.splitn(pointers.len(), ' ');
                members.extend(pointers.iter().zip(words).map(|(pointer, word)| (pointer.as_str(), word.into())));
            }
            _ => members.extend(pointers.first().map(|pointer| (pointer.as_str(), value))),
        }
    }
    members
}

/// An answer with nothing else in it.
pub(crate) fn object(facts: &Facts, map: &ProfileMap, user: &SimUser) -> Value {
    // An array at the root begins as nothing.
    let mut object = Value::Null;
    for (pointer, value) in members(facts, map, user) {
        put(&mut object, pointer, value);
    }
    object
}
