//! Conditions over a member of an answer.

use crate::fault::{Finding, Path};
use crate::schema;
use crate::spec::Condition;

use super::Cx;
use super::text::member_pointer;

/// The condition under the key of that path.
pub(super) fn lower(cx: &mut Cx<'_>, path: &Path, condition: Option<schema::Condition>) -> Option<Condition> {
    let condition = condition?;
    let at = condition.at.unwrap_or_else(|| {
        cx.missing(&path.then("at"), "name the member: `at: /ok`");
        "/error".to_owned()
    });
    Some(Condition { at, equals: condition.equals.map(|json| json.0), differs: condition.differs.map(|json| json.0) })
}

/// A member is compared with one value or with another, by a pointer of RFC 6901.
pub(super) fn is_sound(cx: &mut Cx<'_>, path: &Path, condition: Option<&Condition>) {
    let Some(condition) = condition else { return };
    member_pointer(cx, &path.then("at"), &condition.at);
    if condition.equals.is_some() && condition.differs.is_some() {
        let finding = Finding::new("condition", path.clone(), "`equals` and `differs` exclude each other")
            .on_key()
            .help("keep one");
        cx.report(finding);
    }
}
