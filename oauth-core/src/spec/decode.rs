//! Reads a spec back from its canonical JSON.
//!
//! serde's derive copies a JSON reader into the code of every struct; for a spec that is a quarter of a megabyte in
//! each program that uses a provider. Here the JSON becomes a tree first, and every struct picks its members from it
//! through a few functions that exist once. Writing stays with serde: only the macros write specs, so that code is in
//! no program.
//!
//! For the same reason nothing here returns a `Result`: to leave a half-filled struct in the middle takes code per
//! field. The first fault is kept, reading goes on with empty values, and [`read`] gives the fault at the end.
//!
//! The names and defaults given to [`fields!`] and [`words!`] have to agree with the serde attributes beside them: the
//! compiler sees to it that each field and each variant is listed, the tests to it that their names are the same.

use std::cell::OnceCell;
use std::{mem, slice};

use serde::de::Error as _;
use serde_json::{Error, Map, Value};

/// What can be read from a member of the canonical JSON.
pub(super) trait Decode: Sized {
    /// The value; after a fault any value of the type, which nobody gets to see.
    fn decode(member: Member<'_>) -> Self;
}

/// Reads the whole text.
pub(super) fn read<T: Decode>(json: &str) -> Result<T, Error> {
    let mut value = serde_json::from_str(json)?;
    let fault = OnceCell::new();
    let read = T::decode(Member { name: "spec", value: &mut value, fault: &fault });
    fault.into_inner().map_or(Ok(read), Err)
}

/// A value, which is read once and may be moved from, and the name of the member that it came from, for messages.
pub(super) struct Member<'a> {
    name: &'a str,
    value: &'a mut Value,
    fault: &'a OnceCell<Error>,
}

/// A JSON object whose members are looked up by name; names that nobody asks for do not matter.
pub(super) struct Object<'a> {
    name: &'a str,
    members: Option<&'a mut Map<String, Value>>,
    fault: &'a OnceCell<Error>,
}

/// The entries of a list, in order.
struct List<'a> {
    name: &'a str,
    items: slice::IterMut<'a, Value>,
    fault: &'a OnceCell<Error>,
}

impl<'a> Member<'a> {
    #[inline(never)]
    pub(super) fn object(self) -> Object<'a> {
        let Self { name, value, fault } = self;
        let members = value.as_object_mut();
        if members.is_none() {
            keep(fault, name, "is not an object");
        }
        Object { name, members, fault }
    }

    #[inline(never)]
    pub(super) fn text(&self) -> &str {
        self.value.as_str().unwrap_or_else(|| {
            self.fault("is not text");
            ""
        })
    }

    /// Whether the value is text, where that is one of two forms.
    pub(super) fn is_text(&self) -> bool {
        self.value.is_string()
    }

    /// The value as a boolean, where that is one of two forms.
    pub(super) fn boolean(&self) -> Option<bool> {
        self.value.as_bool()
    }

    /// The variant of an enum with data, by its name: an object whose only member is named like the variant.
    #[inline(never)]
    pub(super) fn variant(self) -> Option<(&'a str, Self)> {
        let Self { name, value, fault } = self;
        let mut members = value.as_object_mut().into_iter().flatten();
        if let (Some((name, value)), None) = (members.next(), members.next()) {
            return Some((name, Self { name, value, fault }));
        }
        keep(fault, name, "is not an object with one member");
        None
    }

    #[inline(never)]
    fn list(self) -> List<'a> {
        let Self { name, value, fault } = self;
        let items = value.as_array_mut().map_or_else(
            || {
                keep(fault, name, "is not a list");
                slice::IterMut::default()
            },
            |items| items.iter_mut(),
        );
        List { name, items, fault }
    }

    /// The value is none that the type knows.
    pub(super) fn unknown(&self) {
        self.fault(UNKNOWN);
    }

    fn fault(&self, what: &str) {
        keep(self.fault, self.name, what);
    }
}

const UNKNOWN: &str = "has a word that is not known";

/// Only the first fault counts: those after it may come of it.
#[cold]
#[inline(never)]
fn keep(fault: &OnceCell<Error>, name: &str, what: &str) {
    fault.get_or_init(|| Error::custom(format_args!("`{name}` {what}")));
}

impl Object<'_> {
    #[inline(never)]
    fn get(&mut self, name: &'static str) -> Option<Member<'_>> {
        let value = self.members.as_mut()?.get_mut(name)?;
        Some(Member { name, value, fault: self.fault })
    }

    /// The object is none that the type knows.
    pub(super) fn unknown(&self) {
        keep(self.fault, self.name, UNKNOWN);
    }

    /// The JSON value of a member, whatever it is.
    pub(super) fn value(&mut self, name: &'static str) -> Option<Value> {
        self.get(name).map(|member| member.value.take())
    }

    #[inline(never)]
    pub(super) fn required<T: Decode>(&mut self, name: &'static str) -> T {
        let (object, fault) = (self.name, self.fault);
        let mut nothing = Value::Null;
        let member = self.get(name).unwrap_or_else(|| {
            keep(fault, object, &format!("has no member `{name}`"));
            Member { name, value: &mut nothing, fault }
        });
        T::decode(member)
    }

    #[inline(never)]
    pub(super) fn optional<T: Decode>(&mut self, name: &'static str, default: fn() -> T) -> T {
        self.get(name).map_or_else(default, T::decode)
    }
}

impl List<'_> {
    fn entry<T: Decode>(&mut self) -> T {
        let mut nothing = Value::Null;
        let value = self.items.next().unwrap_or_else(|| {
            keep(self.fault, self.name, "has an entry that is too short");
            &mut nothing
        });
        T::decode(Member { name: self.name, value, fault: self.fault })
    }

    fn end(self) {
        if self.items.len() > 0 {
            keep(self.fault, self.name, "has an entry that is too long");
        }
    }
}

impl Decode for String {
    #[inline(never)]
    fn decode(member: Member<'_>) -> Self {
        if let Value::String(text) = member.value {
            return mem::take(text);
        }
        member.fault("is not text");
        Self::new()
    }
}

impl Decode for bool {
    fn decode(member: Member<'_>) -> Self {
        member.value.as_bool().unwrap_or_else(|| {
            member.fault("is neither true nor false");
            false
        })
    }
}

impl Decode for u64 {
    fn decode(member: Member<'_>) -> Self {
        member.value.as_u64().unwrap_or_else(|| {
            member.fault("is not a whole number");
            0
        })
    }
}

/// `null` is nothing, as it is to serde.
impl<T: Decode> Decode for Option<T> {
    fn decode(member: Member<'_>) -> Self {
        if member.value.is_null() { None } else { Some(T::decode(member)) }
    }
}

impl<T: Decode> Decode for Vec<T> {
    fn decode(member: Member<'_>) -> Self {
        let List { name, items, fault } = member.list();
        items.map(|value| T::decode(Member { name, value, fault })).collect()
    }
}

impl<A: Decode, B: Decode> Decode for (A, B) {
    fn decode(member: Member<'_>) -> Self {
        let mut list = member.list();
        let pair = (list.entry(), list.entry());
        list.end();
        pair
    }
}

impl<A: Decode, B: Decode, C: Decode> Decode for (A, B, C) {
    fn decode(member: Member<'_>) -> Self {
        let mut list = member.list();
        let triple = (list.entry(), list.entry(), list.entry());
        list.end();
        triple
    }
}

/// What is written as text and has its own grammar.
pub(super) fn parsed<T>(member: &Member<'_>, parse: fn(&str) -> Result<T, String>) -> Option<T> {
    parse(member.text()).map_err(|fault| member.fault(&fault)).ok()
}

/// An enum whose variants are words.
pub(super) trait Words: Copy + 'static {
    const WORDS: &'static [(&'static str, Self)];
}

/// The variant that the member's word stands for.
pub(super) fn word<T: Words>(member: &Member<'_>) -> T {
    let text = member.text();
    let known = T::WORDS.iter().find(|(word, _)| *word == text);
    known.map_or_else(
        || {
            member.unknown();
            T::WORDS[0].1
        },
        |(_, variant)| *variant,
    )
}

/// Writes [`Decode`] for an enum of words, each variant with its word.
macro_rules! words {
    ($type:ident { $($variant:ident = $word:literal),+ $(,)? }) => {
        impl $crate::spec::decode::Words for $type {
            const WORDS: &'static [(&'static str, Self)] = &[$(($word, Self::$variant)),+];
        }

        impl $crate::spec::decode::Decode for $type {
            #[inline(never)]
            fn decode(member: $crate::spec::decode::Member<'_>) -> Self {
                $crate::spec::decode::word(&member)
            }
        }

        // A variant that is not listed above does not compile here.
        const _: fn($type) = |variant| match variant {
            $($type::$variant => ()),+
        };
    };
}

/// Writes [`Decode`] for a struct: each field, `as` its member's name where that is another, `=` the value that it has
/// when the member is missing. A field without such a value is required.
///
/// `fields!(read object => Self::Variant { .. })` is the expression alone, for the variants of an enum.
macro_rules! fields {
    ($type:ident { $($fields:tt)+ }) => {
        impl $crate::spec::decode::Decode for $type {
            #[inline(never)]
            fn decode(member: $crate::spec::decode::Member<'_>) -> Self {
                let mut object = member.object();
                $crate::spec::decode::fields!(read object => Self { $($fields)+ })
            }
        }
    };
    (
        read $object:ident => Self $(::$variant:ident)?
        { $($field:ident $(as $name:literal)? $(= $default:expr)?),+ $(,)? }
    ) => {
        Self $(::$variant)? {
            $($field: $crate::spec::decode::fields!(
                member $object, [$($name,)? stringify!($field)][0] $(, $default)?
            )),+
        }
    };
    (member $object:ident, $name:expr) => {
        $object.required($name)
    };
    (member $object:ident, $name:expr, $default:expr) => {
        $object.optional($name, || $default)
    };
}

pub(super) use {fields, words};
