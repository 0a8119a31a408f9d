//! `returns` of operations: the structs of their answers.

use oauth_core::ProviderSpec;
use oauth_core::spec::{Returns, ReturnsField};
use proc_macro2::TokenStream;

use super::fields::{Field, may_be_secret, read, structure, whole};
use super::names::{Names, ident};
use super::{Context, docs, markdown};

/// A struct for each shape of a result.
pub(super) fn tokens(context: &Context<'_>) -> Result<TokenStream, String> {
    distinct(context.spec)?.into_iter().map(|returns| one(context, returns)).collect()
}

/// The shapes, each once: operations that name the same struct share it, and then agree on its fields.
pub(super) fn distinct(spec: &ProviderSpec) -> Result<Vec<&Returns>, String> {
    let mut distinct: Vec<&Returns> = Vec::new();
    let all = spec.api.iter().flat_map(|api| &api.operations).filter_map(|operation| operation.returns.as_ref());
    for returns in all {
        match distinct.iter().find(|known| known.rust == returns.rust) {
            None => distinct.push(returns),
            Some(known) if known.fields == returns.fields => {}
            Some(_) => {
                return Err(format!(
                    "two operations return `{}` with different fields: give one of them another name",
                    returns.rust.escape_debug()
                ));
            }
        }
    }
    Ok(distinct)
}

fn one(context: &Context<'_>, returns: &Returns) -> Result<TokenStream, String> {
    let name = ident(&returns.rust)?;
    let mut names = Names::default();
    let fields: Vec<Field> =
        returns.fields.iter().map(|member| field(context, member, &mut names)).collect::<Result<_, _>>()?;
    let doc = format!("A result of {}'s API.", markdown::line(&context.spec.name));
    Ok(structure(context, &name, &doc, &fields))
}

fn field(context: &Context<'_>, member: &ReturnsField, names: &mut Names) -> Result<Field, String> {
    Ok(Field {
        name: names.take(&member.rust)?,
        doc: format!("{}.", docs::pointed(&member.at, "answer")),
        kind: whole(context, member.kind)?,
        read: read(member.kind, &member.at)?,
        shown: !may_be_secret(member.kind.kind, &member.rust, &member.at),
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::{context, rich, with};
    use super::*;

    #[test]
    fn a_shared_result_is_emitted_once() {
        let text = tokens(&context(&rich())).unwrap().to_string();
        assert_eq!(text.matches("pub struct Repo").count(), 1, "{text}");
        assert!(text.contains("pub id : u64"), "{text}");
        assert!(text.contains("id : fields . u64 (\"/id\")"), "{text}");
        assert!(text.contains("debug_struct (f , \"Repo\" , & [(\"id\" , & self . id)"), "{text}");
    }

    #[test]
    fn one_name_for_two_shapes_is_a_fault() {
        let spec = with(|json| json["api"]["operations"][0]["returns"]["fields"][0]["rust"] = "key".into());
        assert!(distinct(&spec).unwrap_err().contains("`Repo` with different fields"));
    }
}
