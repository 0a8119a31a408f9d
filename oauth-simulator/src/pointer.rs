//! Writing at a JSON pointer (RFC 6901): the inverse of reading there.

use serde_json::{Map, Value};

/// Puts `value` at the pointer, making objects and arrays on the way. A segment of digits makes an array.
pub(crate) fn put(root: &mut Value, pointer: &str, value: Value) {
    let mut at = root;
    for segment in pointer.split('/').skip(1) {
        let name = segment.replace("~1", "/").replace("~0", "~");
        at = step(at, &name);
    }
    *at = value;
}

/// [`put`], unless something is there.
pub(crate) fn put_if_absent(root: &mut Value, pointer: &str, value: Value) {
    if root.pointer(pointer).is_none_or(Value::is_null) {
        put(root, pointer, value);
    }
}

/// Takes the member of an object away.
pub(crate) fn remove(root: &mut Value, pointer: &str) {
    let Some((parent, name)) = pointer.rsplit_once('/') else { return };
    if let Some(Value::Object(members)) = root.pointer_mut(parent) {
        members.remove(&name.replace("~1", "/").replace("~0", "~"));
    }
}

/// Adds members of another object that are not there, at any depth.
pub(crate) fn add_absent(into: &mut Value, other: &Value) {
    if into.is_null() {
        *into = other.clone();
        return;
    }
    let (Value::Object(members), Value::Object(others)) = (into, other) else { return };
    for (name, value) in others {
        add_absent(members.entry(name.as_str()).or_insert(Value::Null), value);
    }
}

/// The pointer to a member of the root, or the text itself where it is a pointer already.
pub(crate) fn member(name: &str) -> String {
    if name.starts_with('/') { name.to_owned() } else { format!("/{}", name.replace('~', "~0").replace('/', "~1")) }
}

/// The text as JSON: a number where it is one, for ids and error codes that are numbers at the provider.
pub(crate) fn number_or_text(text: &str) -> Value {
    let canonical = text == "0" || !text.starts_with('0');
    match text.parse::<u64>() {
        Ok(number) if canonical && text.bytes().all(|byte| byte.is_ascii_digit()) => Value::from(number),
        _ => Value::from(text),
    }
}

fn step<'a>(at: &'a mut Value, name: &str) -> &'a mut Value {
    // Files are checked, but a spec made by hand is not: no index makes a huge array.
    let index = name.parse::<usize>().ok().filter(|index| *index < 100 && !name.starts_with('+'));
    if at.is_null() {
        *at = if index.is_some() { Value::Array(Vec::new()) } else { Value::Object(Map::new()) };
    }
    if !matches!((&*at, index), (Value::Object(_), _) | (Value::Array(_), Some(_))) {
        *at = Value::Object(Map::new());
    }
    match (at, index) {
        (Value::Array(items), Some(index)) => {
            if items.len() <= index {
                items.resize(index + 1, Value::Null);
            }
            &mut items[index]
        }
        (at, _) => &mut at[name],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_put_is_found() {
        for pointer in ["", "/a", "/a/b", "/data/0/id", "/0", "/a~1b/~0", "/list/2"] {
            let mut root = Value::Null;
            put(&mut root, pointer, json!("x"));
            assert_eq!(root.pointer(pointer), Some(&json!("x")), "{pointer} {root}");
        }
    }

    #[test]
    fn what_stands_in_the_way_makes_place() {
        let mut root = json!({"a": 1});
        put(&mut root, "/a/b", json!(2));
        assert_eq!(root, json!({"a": {"b": 2}}));
        put(&mut root, "/a/99999999999", json!(3));
        assert_eq!(root.pointer("/a/99999999999"), Some(&json!(3)));
    }

    #[test]
    fn digits_are_numbers() {
        assert_eq!(number_or_text("20071"), json!(20071));
        assert_eq!(number_or_text("007"), json!("007"));
        assert_eq!(number_or_text("18446744073709551616"), json!("18446744073709551616"));
        assert_eq!(number_or_text("+1"), json!("+1"));
    }
}
