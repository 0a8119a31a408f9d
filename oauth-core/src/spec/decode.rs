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

use serde::de::Error as _;
use serde_json::{Error, Map, Value};

/// What can be read from a member of the canonical JSON.
pub(super) trait Decode: Sized {
    /// The value; after a fault any value of the type, which nobody gets to see.
    fn decode(member: Member<'_>) -> Self;
}

/// Reads the whole text.
pub(super) fn read<T: Decode>(json: &str) -> Result<T, Error> {
    let value = serde_json::from_str(json)?;
    let fault = OnceCell::new();
    let read = T::decode(Member { name: "spec", value: &value, fault: &fault });
    fault.into_inner().map_or(Ok(read), Err)
}

/// A value and the name of the member that it came from, for messages.
#[derive(Clone, Copy)]
pub(super) struct Member<'a> {
    name: &'a str,
    value: &'a Value,
    fault: &'a OnceCell<Error>,
}

/// A JSON object whose members are looked up by name; names that nobody asks for do not matter.
#[derive(Clone, Copy)]
pub(super) struct Object<'a> {
    member: Member<'a>,
    members: Option<&'a Map<String, Value>>,
}

static NULL: Value = Value::Null;

impl<'a> Member<'a> {
    #[inline(never)]
    pub(super) fn object(self) -> Object<'a> {
        let members = self.value.as_object();
        if members.is_none() {
            self.fault("is not an object");
        }
        Object { member: self, members }
    }

    #[inline(never)]
    pub(super) fn text(self) -> &'a str {
        self.value.as_str().unwrap_or_else(|| {
            self.fault("is not text");
            ""
        })
    }

    /// The variant of an enum with data, by its name: an object whose only member is named like the variant.
    #[inline(never)]
    pub(super) fn variant(self) -> (&'a str, Self) {
        let mut members = self.object().members.into_iter().flatten();
        match (members.next(), members.next()) {
            (Some((name, value)), None) => (name, Self { name, value, ..self }),
            _ => ("", self),
        }
    }

    #[inline(never)]
    fn items(self) -> &'a [Value] {
        self.value.as_array().map_or_else(
            || {
                self.fault("is not a list");
                [].as_slice()
            },
            Vec::as_slice,
        )
    }

    /// The entries of a list that has `N`.
    fn tuple<const N: usize>(self) -> [Self; N] {
        let items = self.items();
        if items.len() != N {
            self.fault("has an entry of another length");
        }
        std::array::from_fn(|index| Self { value: items.get(index).unwrap_or(&NULL), ..self })
    }

    /// The value is none that the type knows.
    pub(super) fn unknown(self) {
        self.fault("has a word that is not known");
    }

    #[cold]
    #[inline(never)]
    fn fault(self, what: &str) {
        self.fault.get_or_init(|| Error::custom(format_args!("`{}` {what}", self.name)));
    }
}

impl<'a> Object<'a> {
    #[inline(never)]
    pub(super) fn get(self, name: &'static str) -> Option<Member<'a>> {
        Some(Member { name, value: self.members?.get(name)?, ..self.member })
    }

    /// The JSON value of a member, whatever it is.
    pub(super) fn value(self, name: &'static str) -> Option<Value> {
        self.get(name).map(|member| member.value.clone())
    }

    #[inline(never)]
    pub(super) fn required<T: Decode>(self, name: &'static str) -> T {
        T::decode(self.get(name).unwrap_or_else(|| {
            self.member.fault(&format!("has no member `{name}`"));
            Member { name, value: &NULL, ..self.member }
        }))
    }

    #[inline(never)]
    pub(super) fn optional<T: Decode>(self, name: &'static str, default: fn() -> T) -> T {
        self.get(name).map_or_else(default, T::decode)
    }
}

impl Decode for String {
    #[inline(never)]
    fn decode(member: Member<'_>) -> Self {
        member.text().to_owned()
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
        member.items().iter().map(|value| T::decode(Member { value, ..member })).collect()
    }
}

impl<A: Decode, B: Decode> Decode for (A, B) {
    fn decode(member: Member<'_>) -> Self {
        let [a, b] = member.tuple();
        (A::decode(a), B::decode(b))
    }
}

impl<A: Decode, B: Decode, C: Decode> Decode for (A, B, C) {
    fn decode(member: Member<'_>) -> Self {
        let [a, b, c] = member.tuple();
        (A::decode(a), B::decode(b), C::decode(c))
    }
}

/// What is written as text and has its own grammar.
pub(super) fn parsed<T>(member: Member<'_>, parse: fn(&str) -> Result<T, String>) -> Option<T> {
    parse(member.text()).map_err(|fault| member.fault(&fault)).ok()
}

/// An enum whose variants are words.
pub(super) trait Words: Copy + 'static {
    const WORDS: &'static [(&'static str, Self)];
}

/// The variant that the member's word stands for.
pub(super) fn word<T: Words>(member: Member<'_>) -> T {
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
                $crate::spec::decode::word(member)
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
                let object = member.object();
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
