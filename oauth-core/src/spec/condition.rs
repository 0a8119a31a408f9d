use serde::Serialize;

use super::decode::{Decode, Member};

/// A member of an answer whose value tells something: that a 200 is an error, or which item of a list is meant.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Condition {
    /// JSON pointer to the member.
    pub at: String,
    /// True when the member is there and equals this; without it, when the member is there at all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub equals: Option<serde_json::Value>,
    /// True when the member is there and differs from this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub differs: Option<serde_json::Value>,
}

impl Decode for Condition {
    fn decode(member: Member<'_>) -> Self {
        let mut object = member.object();
        // A member that is there with `null` is a value to compare with: it is not the same as none.
        Self { at: object.required("at"), equals: object.value("equals"), differs: object.value("differs") }
    }
}
