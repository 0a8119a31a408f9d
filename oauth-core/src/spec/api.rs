use serde::Serialize;

use super::decode::{fields, words};
use super::endpoints::is_false;
use super::{Condition, FieldType, Params, Template};

/// The provider's API, as far as the file describes it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Api {
    /// What relative paths are relative to.
    pub base_url: Template,
    /// Headers that every request carries.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub headers: Params,
    /// Further hosts that may see the token: a name, or `*.example.com` for every name below one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hosts: Vec<String>,
    /// When a 2xx answer is an error all the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fails_when: Option<Condition>,
    /// Described calls.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub operations: Vec<Operation>,
}

fields!(Api {
    base_url,
    headers = Vec::new(),
    hosts = Vec::new(),
    fails_when = None,
    operations = Vec::new(),
});

/// An HTTP method.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(serde::Deserialize))]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "UPPERCASE")]
#[non_exhaustive]
#[allow(missing_docs, reason = "the methods of RFC 9110 section 9 and RFC 5789")]
pub enum Method {
    Get,
    Post,
    Put,
    Patch,
    Delete,
}

words!(Method { Get = "GET", Post = "POST", Put = "PUT", Patch = "PATCH", Delete = "DELETE" });

impl Method {
    /// The method's name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

/// One described API call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Operation {
    /// Its name: `list_repos`.
    pub name: String,
    /// The generated type: `ListRepos`.
    pub rust: String,
    /// The method.
    pub method: Method,
    /// The path from the base URL, or a whole URL; `{name}` is one of the path's parameters.
    pub path: Template,
    /// What the path and the query take, and the members of a JSON body.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub parameters: Vec<Parameter>,
    /// Scopes of which the call needs each.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub scopes: Vec<String>,
    /// The result's shape; without it the result is JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub returns: Option<Returns>,
    /// What it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub doc: Option<String>,
}

fields!(Operation {
    name,
    rust,
    method,
    path,
    parameters = Vec::new(),
    scopes = Vec::new(),
    returns = None,
    doc = None,
});

/// A parameter of an operation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Parameter {
    /// Its name on the wire.
    pub name: String,
    /// The generated argument or method.
    pub rust: String,
    /// Where it goes.
    #[serde(rename = "in")]
    pub place: ParameterPlace,
    /// Its type.
    #[serde(rename = "type")]
    pub kind: FieldType,
}

fields!(Parameter { name, rust, place as "in", kind as "type" });

/// Where a parameter goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
#[allow(missing_docs, reason = "they are what they are called")]
pub enum ParameterPlace {
    Path,
    Query,
    Body,
}

words!(ParameterPlace { Path = "path", Query = "query", Body = "body" });

/// The shape of an operation's result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Returns {
    /// The generated type: `Repo`.
    pub rust: String,
    /// JSON pointer to the object or list.
    pub at: String,
    /// Whether that is a list of such objects.
    #[serde(skip_serializing_if = "is_false")]
    pub list: bool,
    /// The members.
    pub fields: Vec<ReturnsField>,
}

fields!(Returns { rust, at, list = false, fields });

/// A member of an operation's result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ReturnsField {
    /// The field of the generated struct.
    pub rust: String,
    /// JSON pointer from the object.
    pub at: String,
    /// Its type.
    #[serde(rename = "type")]
    pub kind: FieldType,
}

fields!(ReturnsField { rust, at, kind as "type" });
