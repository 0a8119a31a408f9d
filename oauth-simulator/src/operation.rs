//! The API calls that the provider's file describes.

use oauth_core::spec::{Hole, Operation, ParameterPlace, Part, Template};
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

use crate::address::{Address, Place};
use crate::facts::{Facts, Whose};
use crate::params::Params;
use crate::pointer::put;
use crate::request::Request;
use crate::sample::{admits, sample};

/// An operation with its address worked out.
pub(crate) struct Described {
    /// Its index in the file.
    index: usize,
    pub(crate) authority: String,
    path: Vec<Piece>,
    query: Params,
}

enum Piece {
    Text(String),
    /// A path parameter: part of one segment, never empty.
    Parameter(String),
}

/// Stands for a path parameter while the address is parsed as a whole; no real address holds it.
fn marker(index: usize) -> String {
    format!("__simulated_{index}__")
}

impl Described {
    pub(crate) fn new(facts: &Facts, index: usize, operation: &Operation, base: &str) -> Result<Self, String> {
        let names: Vec<&str> = operation
            .parameters
            .iter()
            .filter(|parameter| parameter.place == ParameterPlace::Path)
            .map(|parameter| parameter.name.as_str())
            .collect();
        let path = fill(facts, &operation.path, &names)?;
        let whole = if path.contains("://") {
            path
        } else {
            format!("{}/{}", base.trim_end_matches('/'), path.trim_start_matches('/'))
        };
        let Place { address, query, .. } = Place::parse(&whole)?;
        Ok(Self { index, authority: address.authority, path: pieces(&address.path, &names), query })
    }

    /// The path parameters, if the request is for this operation.
    fn matches(&self, address: &Address, query: &Params) -> Option<Vec<(&str, String)>> {
        if self.authority != address.authority || query.lacks(&self.query).is_some() {
            return None;
        }
        let mut rest = address.path.as_str();
        let mut found = Vec::new();
        for (at, piece) in self.path.iter().enumerate() {
            match piece {
                Piece::Text(text) => rest = rest.strip_prefix(text.as_str())?,
                Piece::Parameter(name) => {
                    let segment = rest.find('/').unwrap_or(rest.len());
                    let end = match self.path.get(at + 1) {
                        Some(Piece::Text(next)) if !next.starts_with('/') => rest[..segment].find(next.as_str())?,
                        _ => segment,
                    };
                    if end == 0 {
                        return None;
                    }
                    found.push((name.as_str(), percent_decode_str(&rest[..end]).decode_utf8().ok()?.into_owned()));
                    rest = &rest[end..];
                }
            }
        }
        rest.is_empty().then_some(found)
    }

    fn parameters(&self) -> usize {
        self.path.iter().filter(|piece| matches!(piece, Piece::Parameter(_))).count()
    }
}

/// The operation that the request is for; of several the one with the fewest path parameters.
pub(crate) fn find<'a>(
    facts: &'a Facts,
    known: &'a [Described],
    request: &Request,
    address: &Address,
) -> Option<(&'a Operation, Vec<(&'a str, String)>)> {
    let operations = &facts.spec.api.as_ref()?.operations;
    let query = request.query().ok()?;
    let fitting = known.iter().filter_map(|described| {
        let operation =
            operations.get(described.index).filter(|operation| operation.method.as_str() == request.method.as_str())?;
        Some((described.parameters(), operation, described.matches(address, &query)?))
    });
    fitting.min_by_key(|(parameters, ..)| *parameters).map(|(_, operation, path)| (operation, path))
}

/// What is wrong with the operation's parameters, if anything is.
pub(crate) fn fault(operation: &Operation, path: &[(&str, String)], request: &Request) -> Option<String> {
    let query = request.query().unwrap_or_default();
    let body = request.body_params().unwrap_or_default();
    operation.parameters.iter().find_map(|parameter| {
        let name = parameter.name.as_str();
        let given = match parameter.place {
            ParameterPlace::Path => path.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str()),
            ParameterPlace::Body => body.get(name),
            _ => query.get(name),
        };
        match given {
            None if parameter.kind.optional => None,
            None => Some(format!("the parameter `{name}` is missing")),
            Some(value) if admits(parameter.kind, value) => None,
            Some(_) => Some(format!("the parameter `{name}` is not of type {}", parameter.kind)),
        }
    })
}

/// An answer in the shape that the file declares: three items where it is a list.
pub(crate) fn answer(operation: &Operation, echo: Value) -> Value {
    let Some(returns) = &operation.returns else { return echo };
    let item = |index: u32| {
        let mut item = json!({});
        for field in &returns.fields {
            put(&mut item, &field.at, sample(&field.rust, field.kind, &[], index));
        }
        item
    };
    let value = if returns.list { (1..=3).map(item).collect() } else { item(1) };
    let mut root = Value::Null;
    put(&mut root, &returns.at, value);
    root
}

fn fill(facts: &Facts, template: &Template, names: &[&str]) -> Result<String, String> {
    let mut text = String::new();
    for part in template.parts() {
        match part {
            Part::Literal(literal) => text.push_str(literal),
            Part::Hole(Hole::Name(name)) if names.contains(&name.as_str()) => {
                text.push_str(&marker(names.iter().position(|known| known == name).unwrap_or_default()));
            }
            Part::Hole(hole) => {
                let alone = Template::parse(&hole.to_string())?;
                text.push_str(&facts.render(&alone, Whose { client: facts.clients.first(), ..Whose::default() })?);
            }
            _ => return Err(format!("the simulator does not know a part of `{template}`")),
        }
    }
    Ok(text)
}

fn pieces(path: &str, names: &[&str]) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut rest = path;
    while let Some((at, index)) = (0..names.len()).filter_map(|index| Some((rest.find(&marker(index))?, index))).min() {
        if at > 0 {
            pieces.push(Piece::Text(rest[..at].to_owned()));
        }
        pieces.push(Piece::Parameter(names[index].to_owned()));
        rest = &rest[at + marker(index).len()..];
    }
    if !rest.is_empty() {
        pieces.push(Piece::Text(rest.to_owned()));
    }
    pieces
}
