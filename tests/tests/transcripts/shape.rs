//! Whether two answers have the same shape: the members that a client reads, with the same JSON types.

use oauth_core::ProviderSpec;
use oauth_core::spec::{Condition, ProfileFrom, ProfileMap, Renames};
use serde_json::Value;

use crate::model::Transcript;
use crate::seen::Difference;

/// What a file does not say of the provider and a transcript shows: for the simulator's switches.
pub(crate) struct Habits {
    pub(crate) id_as_text: bool,
    pub(crate) scopes_as_list: bool,
    pub(crate) times_as_text: bool,
}

impl Habits {
    pub(crate) fn of(spec: &ProviderSpec, transcript: &Transcript) -> Self {
        let response = &spec.token.response;
        let answer = transcript.exchange.first().and_then(|exchange| exchange.response.json.as_ref());
        let token = answer.map(|answer| token_object(spec, answer));
        let member = |name: &str| token?.pointer(&pointer(name));
        let profile = spec.profile.as_ref().filter(|profile| profile.from == ProfileFrom::Request);
        let subject = profile.and_then(|profile| {
            let answer = transcript.profile.exchanges.first()?.response.json.as_ref()?;
            let object = profile.at.iter().find_map(|at| answer.pointer(at))?;
            profile.map.subject.iter().find_map(|at| object.pointer(at))
        });
        Self {
            id_as_text: subject.is_some_and(Value::is_string),
            scopes_as_list: member(renamed(&response.rename, "scope")).is_some_and(Value::is_array),
            times_as_text: member(&response.expiry.field).is_some_and(Value::is_string),
        }
    }
}

/// The answer to the code exchange: the standard's members and the file's extras.
pub(crate) fn first_token(spec: &ProviderSpec, at: &str, transcript: &Value, simulator: &Value) -> Vec<Difference> {
    let mut found = further_token(spec, at, transcript, simulator);
    let extras = spec.token.response.extras.iter().map(|extra| pointer(&extra.at));
    let of_token = spec.profile.iter().filter(|profile| profile.from == ProfileFrom::Token);
    let of_token = of_token.flat_map(|profile| profile.map.fields().flat_map(|(_, pointers)| pointers.to_vec()));
    found.extend(told(at, token_object(spec, transcript), token_object(spec, simulator), extras.chain(of_token)));
    found
}

/// The answer to the request that follows the exchange: the further token, or what was looked up.
pub(crate) fn following(spec: &ProviderSpec, at: &str, transcript: &Value, simulator: &Value) -> Vec<Difference> {
    let Some(lookup) = spec.token.lookup.as_ref().filter(|_| spec.token.upgrade.is_none()) else {
        return further_token(spec, at, transcript, simulator);
    };
    let extras = lookup.extras.iter().map(|extra| pointer(&extra.at));
    let object = |answer: &Value| lookup.at.iter().find_map(|at| answer.pointer(at).cloned()).unwrap_or_default();
    told(at, &object(transcript), &object(simulator), extras)
}

/// The answer to any request for tokens: the standard's members, none more and none less. Only a scope may be told where
/// the transcript has none, which is as good (RFC 6749 section 5.1), and an ID token (OpenID Connect Core section 12.2).
pub(crate) fn further_token(spec: &ProviderSpec, at: &str, transcript: &Value, simulator: &Value) -> Vec<Difference> {
    let response = &spec.token.response;
    let member = |name: &&str| pointer(renamed(&response.rename, name));
    let (transcript, simulator) = (token_object(spec, transcript), token_object(spec, simulator));
    let mut found = told(at, transcript, simulator, ["scope", "id_token"].iter().map(member));
    let exact = ["access_token", "refresh_token", "token_type"].iter().map(member);
    let exact = exact.chain([pointer(&response.expiry.field)]);
    found.extend(
        exact.filter_map(|pointer| differs(at, &pointer, transcript.pointer(&pointer), simulator.pointer(&pointer))),
    );
    found
}

/// What the file's map reads of an answer about the profile, where the transcript has it: of the first, or of one of
/// those that follow.
pub(crate) fn profile(
    spec: &ProviderSpec,
    at: &str,
    index: usize,
    transcript: &Value,
    simulator: &Value,
) -> Vec<Difference> {
    let Some(profile) = &spec.profile else { return Vec::new() };
    if index == 0 && profile.from == ProfileFrom::Request {
        return mapped(at, &profile.at, None, &profile.map, transcript, simulator);
    }
    let then = index.checked_sub(usize::from(profile.from == ProfileFrom::Request));
    let then = then.and_then(|index| profile.then.get(index));
    then.map_or_else(Vec::new, |then| mapped(at, &then.at, then.pick.as_ref(), &then.map, transcript, simulator))
}

fn mapped(
    at: &str,
    places: &[String],
    pick: Option<&Condition>,
    map: &ProfileMap,
    transcript: &Value,
    simulator: &Value,
) -> Vec<Difference> {
    let pointers: Vec<String> = map.fields().flat_map(|(_, pointers)| pointers.to_vec()).collect();
    let object = |answer: &Value| {
        let places = places.iter().filter_map(|at| answer.pointer(at));
        let items = places.flat_map(|place| match (pick, place) {
            (Some(_), Value::Array(items)) => items.iter().collect(),
            _ => vec![place],
        });
        let meant = |item: &&Value| {
            let picked = pick.is_none_or(|pick| item.pointer(&pick.at) == pick.equals.as_ref());
            picked && pointers.iter().any(|pointer| item.pointer(pointer).is_some())
        };
        items.into_iter().find(meant).cloned().unwrap_or_default()
    };
    told(at, &object(transcript), &object(simulator), pointers.clone())
}

/// Where the file finds code and description of a refusal.
pub(crate) fn error(spec: &ProviderSpec, at: &str, transcript: &Value, simulator: &Value) -> Vec<Difference> {
    let fields = spec.token.response.error.clone().unwrap_or_default();
    let code = fields.code.unwrap_or_else(|| "/error".to_owned());
    let description = fields.description.unwrap_or_else(|| "/error_description".to_owned());
    let mark = spec.token.response.fails_when.as_ref().map(|rule| rule.at.clone());
    told(at, transcript, simulator, [code, description].into_iter().chain(mark))
}

/// The members that the transcript has are in the simulator's answer too, and of the same type.
fn told(
    at: &str,
    transcript: &Value,
    simulator: &Value,
    pointers: impl IntoIterator<Item = String>,
) -> Vec<Difference> {
    let pointers = pointers.into_iter();
    let there = pointers.filter_map(|pointer| {
        let value = transcript.pointer(&pointer).filter(|value| !value.is_null())?;
        differs(at, &pointer, Some(value), simulator.pointer(&pointer))
    });
    there.collect()
}

fn differs(at: &str, pointer: &str, transcript: Option<&Value>, simulator: Option<&Value>) -> Option<Difference> {
    let text = |value: Option<&Value>| match value {
        None | Some(Value::Null) => "no such member".to_owned(),
        Some(value) => format!("{} {}", kind(value), value.to_string().chars().take(80).collect::<String>()),
    };
    let of = |value: Option<&Value>| value.map_or("null", kind);
    let at = format!("{at}{}", pointer.replace('/', "."));
    (of(transcript) != of(simulator)).then(|| Difference::new(at, text(transcript), text(simulator)))
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "text",
        Value::Array(_) => "list",
        Value::Object(_) => "object",
    }
}

/// The object that holds the token.
fn token_object<'a>(spec: &ProviderSpec, answer: &'a Value) -> &'a Value {
    let response = &spec.token.response;
    let access_token = pointer(renamed(&response.rename, "access_token"));
    let mut objects = response.at.iter().filter_map(|at| answer.pointer(at));
    objects.find(|object| object.pointer(&access_token).is_some()).unwrap_or(answer)
}

fn renamed<'a>(renames: &'a Renames, standard: &'a str) -> &'a str {
    renames.iter().find(|(known, _)| known == standard).map_or(standard, |(_, own)| own)
}

/// A member's name as a pointer, or the pointer itself.
fn pointer(name: &str) -> String {
    if name.starts_with('/') { name.to_owned() } else { format!("/{}", name.replace('~', "~0").replace('/', "~1")) }
}
