//! Reading the members that a provider's file describes into generated structs, without generated code that decides.

use std::fmt;

use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::json;

/// A struct that is filled member by member from a JSON value. The macros implement it; faults are recorded by the
/// reader, so that the implementation has no error path.
pub trait FromFields: Sized {
    /// Reads all members.
    fn from_fields(fields: &mut FieldReader<'_>) -> Self;
}

/// Reads members by JSON pointer and remembers the first that is missing or of the wrong type.
pub struct FieldReader<'a> {
    root: &'a RawValue,
    fault: Option<String>,
}

impl<'a> FieldReader<'a> {
    pub(crate) fn new(root: &'a RawValue) -> Self {
        Self { root, fault: None }
    }

    /// Reads a whole struct, or says in words which member is not as described.
    pub(crate) fn read<T: FromFields>(root: &'a RawValue) -> Result<T, String> {
        let mut reader = Self::new(root);
        let value = T::from_fields(&mut reader);
        reader.fault.map_or(Ok(value), Err)
    }

    fn raw(&self, at: &str) -> Option<&'a RawValue> {
        json::pointer(self.root, at).filter(|value| !json::is_null(value))
    }

    fn optional<T>(&mut self, at: &str, expected: &str, read: impl Fn(&RawValue) -> Option<T>) -> Option<T> {
        let raw = self.raw(at)?;
        let value = read(raw);
        if value.is_none() {
            self.fault.get_or_insert_with(|| format!("`{at}` is not {expected}"));
        }
        value
    }

    fn required<T: Default>(&mut self, at: &str, expected: &str, read: impl Fn(&RawValue) -> Option<T>) -> T {
        if self.raw(at).is_none() {
            self.fault.get_or_insert_with(|| format!("`{at}` is missing"));
        }
        self.optional(at, expected, read).unwrap_or_default()
    }
}

/// The value as the type says, or `None`.
fn plain<T: DeserializeOwned>(raw: &RawValue) -> Option<T> {
    serde_json::from_str(raw.get()).ok()
}

/// A whole number, also one that the provider writes as text.
fn number<T: DeserializeOwned + std::str::FromStr>(raw: &RawValue) -> Option<T> {
    plain(raw).or_else(|| json::text(raw)?.parse().ok())
}

/// Text, also an id that the provider writes as a number: its digits, all of them.
fn string(raw: &RawValue) -> Option<String> {
    let digits = || raw.get().bytes().all(|byte| byte.is_ascii_digit()).then(|| raw.get().to_owned());
    json::text(raw).map(std::borrow::Cow::into_owned).or_else(digits)
}

fn absolute_url(raw: &RawValue) -> Option<String> {
    string(raw).filter(|text| url::Url::parse(text).is_ok())
}

fn list<T>(raw: &RawValue, read: impl Fn(&RawValue) -> Option<T>) -> Option<Vec<T>> {
    let items: Vec<&RawValue> = serde_json::from_str(raw.get()).ok()?;
    items.into_iter().map(read).collect()
}

macro_rules! readers {
    ($($name:ident, $optional:ident, $list:ident, $optional_list:ident: $type:ty = $read:expr, $expected:literal;)+) => {
        #[allow(missing_docs, reason = "four per type: required, optional, list, optional list; called by generated code")]
        impl FieldReader<'_> {
            $(
                pub fn $name(&mut self, at: &str) -> $type {
                    self.required(at, $expected, $read)
                }
                pub fn $optional(&mut self, at: &str) -> Option<$type> {
                    self.optional(at, $expected, $read)
                }
                pub fn $list(&mut self, at: &str) -> Vec<$type> {
                    self.required(at, concat!("a list, each item ", $expected), |raw| list(raw, $read))
                }
                pub fn $optional_list(&mut self, at: &str) -> Option<Vec<$type>> {
                    self.optional(at, concat!("a list, each item ", $expected), |raw| list(raw, $read))
                }
            )+
        }
    };
}

readers! {
    string, opt_string, list_string, opt_list_string: String = string, "text";
    url, opt_url, list_url, opt_list_url: String = absolute_url, "an absolute URL";
    u32, opt_u32, list_u32, opt_list_u32: u32 = number, "a number from 0 to 2^32 - 1";
    u64, opt_u64, list_u64, opt_list_u64: u64 = number, "a number from 0 to 2^64 - 1";
    i64, opt_i64, list_i64, opt_list_i64: i64 = number, "a number from -2^63 to 2^63 - 1";
    f64, opt_f64, list_f64, opt_list_f64: f64 = plain, "a number";
    bool, opt_bool, list_bool, opt_list_bool: bool = plain, "true or false";
    json, opt_json, list_json, opt_list_json: Value = plain, "JSON";
}

/// The extras of a provider whose file describes none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NoExtras;

impl FromFields for NoExtras {
    fn from_fields(_: &mut FieldReader<'_>) -> Self {
        Self
    }
}

/// The extras of a provider known only at run time: members by name. It may hold further tokens, so it does not print.
#[derive(Clone, Default)]
pub struct RawFields {
    value: Value,
}

impl RawFields {
    /// What a JSON pointer (RFC 6901) points at: `/team/id`.
    pub fn pointer(&self, pointer: &str) -> Option<&Value> {
        self.value.pointer(pointer)
    }

    /// The member as text.
    pub fn str(&self, name: &str) -> Option<&str> {
        self.value.get(name)?.as_str()
    }
}

impl FromFields for RawFields {
    fn from_fields(fields: &mut FieldReader<'_>) -> Self {
        Self { value: fields.opt_json("").unwrap_or_default() }
    }
}

impl fmt::Debug for RawFields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&String> = self.value.as_object().map(|members| members.keys().collect()).unwrap_or_default();
        f.debug_struct("RawFields").field("names", &names).finish_non_exhaustive()
    }
}

/// `Debug` of generated structs: one function for all of them.
pub fn debug_struct(f: &mut fmt::Formatter<'_>, name: &str, fields: &[(&str, &dyn fmt::Debug)]) -> fmt::Result {
    let mut shown = f.debug_struct(name);
    for (field, value) in fields {
        shown.field(field, value);
    }
    shown.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_fault_is_named() {
        struct Repo(u64, String, Option<bool>);
        impl FromFields for Repo {
            fn from_fields(fields: &mut FieldReader<'_>) -> Self {
                Self(fields.u64("/id"), fields.string("/name"), fields.opt_bool("/private"))
            }
        }
        let read = |text| FieldReader::read::<Repo>(serde_json::from_str(text).unwrap());
        let repo = read(r#"{"id":"7","name":12,"private":null}"#).unwrap();
        assert_eq!((repo.0, repo.1.as_str(), repo.2), (7, "12", None));
        assert_eq!(read(r#"{"name":"x"}"#).err().unwrap(), "`/id` is missing");
        assert_eq!(read(r#"{"id":1,"name":"x","private":"no"}"#).err().unwrap(), "`/private` is not true or false");
    }
}
