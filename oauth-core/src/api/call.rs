use http::{Method, StatusCode};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::account::Account;
use crate::applied;
use crate::encode::push_segment;
use crate::error::{Error, ErrorKind, Result, Step};
use crate::fields::{FieldReader, FromFields};
use crate::json;
use crate::provider::{Dynamic, HasApi, Provider};
use crate::spec::{Hole, Operation, ParameterPlace};

/// One of the calls that a provider's file describes: `github::ListRepos::new().per_page(100)`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a call of provider `{P}`",
    label = "not a call of `{P}`",
    note = "take it from the provider's own module, as in `acme::ListLeads`; for a path that the file does not describe use `.get(path)`, or declare it under `api.operations` in the provider's YAML file"
)]
pub trait ApiCall<P: Provider> {
    /// What it gives.
    type Output;
    /// The call's parameters.
    fn into_call(self) -> OperationCall;
    /// Reads the answer.
    fn read(output: OperationOutput<'_>) -> Result<Self::Output, String>;
}

/// A described call and the values of its parameters.
#[derive(Clone, Debug)]
pub struct OperationCall {
    operation: String,
    values: Vec<(String, Value)>,
}

/// A value for a parameter.
pub trait IntoParam {
    /// The value.
    fn into_param(self) -> Value;
}

impl<T: Into<Value>> IntoParam for T {
    fn into_param(self) -> Value {
        self.into()
    }
}

impl OperationCall {
    /// A call of the operation of that name.
    pub fn new(operation: impl Into<String>) -> Self {
        Self { operation: operation.into(), values: Vec::new() }
    }

    /// Gives a parameter its value.
    pub fn set(mut self, parameter: impl Into<String>, value: impl IntoParam) -> Self {
        let parameter = parameter.into();
        self.values.retain(|(name, _)| *name != parameter);
        self.values.push((parameter, value.into_param()));
        self
    }

    fn value(&self, name: &str) -> Option<&Value> {
        self.values.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }
}

/// For providers known only at run time: `account.call(OperationCall::new("list_repos").set("per_page", 5))`.
impl ApiCall<Dynamic> for OperationCall {
    type Output = Value;

    fn into_call(self) -> OperationCall {
        self
    }

    fn read(output: OperationOutput<'_>) -> Result<Value, String> {
        output.json()
    }
}

/// The part of an answer that the operation's `returns` points at.
pub struct OperationOutput<'a> {
    raw: &'a RawValue,
}

impl OperationOutput<'_> {
    /// One object.
    pub fn object<T: FromFields>(self) -> Result<T, String> {
        FieldReader::read(self.raw)
    }

    /// A list of objects.
    pub fn list<T: FromFields>(self) -> Result<Vec<T>, String> {
        let items: Vec<&RawValue> = serde_json::from_str(self.raw.get()).map_err(|_| "it is not a list".to_owned())?;
        items
            .into_iter()
            .enumerate()
            .map(|(at, item)| FieldReader::read(item).map_err(|why| format!("item {at}: {why}")))
            .collect()
    }

    /// Anything.
    pub fn json(self) -> Result<Value, String> {
        serde_json::from_str(self.raw.get()).map_err(|_| "it is nested too deeply".to_owned())
    }
}

impl<P: Provider> Account<P> {
    /// Makes one of the calls that the provider's file describes, and reads its result.
    pub async fn call<C: ApiCall<P>>(&self, call: C) -> Result<C::Output>
    where
        P: HasApi,
    {
        let call = call.into_call();
        let fail = |kind, what: String| self.inner().error(kind, Step::Api, what);
        let Some(operation) = self.spec().operation(&call.operation) else {
            return Err(fail(
                ErrorKind::Parameter,
                format!("there is no operation `{}` in the provider's file", crate::error::clean(&call.operation)),
            ));
        };
        let path = path(operation, &call).map_err(|what| fail(ErrorKind::Parameter, what))?;
        let method = Method::from_bytes(operation.method.as_str().as_bytes()).unwrap_or_default();
        let mut request = self.request(method, path);
        let mut body = serde_json::Map::new();
        for parameter in &operation.parameters {
            match (call.value(&parameter.name), parameter.place) {
                (None, _) if parameter.kind.optional => {}
                (None, _) => {
                    return Err(fail(
                        ErrorKind::Parameter,
                        format!("the operation `{}` needs `{}`", operation.name, parameter.name),
                    ));
                }
                (Some(_), ParameterPlace::Path) => {}
                (Some(value), ParameterPlace::Query) => request = request.query(&parameter.name, plain(value)),
                (Some(value), ParameterPlace::Body) => {
                    body.insert(parameter.name.clone(), value.clone());
                }
            }
        }
        if let Some((unknown, _)) =
            call.values.iter().find(|(name, _)| !operation.parameters.iter().any(|parameter| parameter.name == *name))
        {
            return Err(fail(
                ErrorKind::Parameter,
                format!("the operation `{}` has no parameter `{}`", operation.name, crate::error::clean(unknown)),
            ));
        }
        if !body.is_empty() {
            request = request.json(&body);
        }
        let response = request.send().await?;
        if response.status() == StatusCode::FORBIDDEN {
            self.explain_scopes(operation)?;
        }
        let bytes = response.error_for_status().await?.bytes().await?;
        let raw: &RawValue = serde_json::from_slice(&bytes)
            .map_err(|_| fail(ErrorKind::BadApiResponse, format!("the answer of `{}` is not JSON", operation.name)))?;
        let at = operation.returns.as_ref().map_or("", |returns| returns.at.as_str());
        let raw = json::pointer(raw, at).ok_or_else(|| {
            fail(ErrorKind::BadApiResponse, format!("the answer of `{}` has no `{at}`", operation.name))
        })?;
        C::read(OperationOutput { raw }).map_err(|why| {
            fail(ErrorKind::BadApiResponse, format!("the answer of `{}` is not as described: {why}", operation.name))
        })
    }

    /// A refusal of a call whose declared scopes the account lacks says so. It is not said before the call is sent: a
    /// scope may be part of a wider one, and some servers do not say what they granted.
    fn explain_scopes(&self, operation: &Operation) -> Result<()> {
        let tokens = self.tokens();
        let granted = tokens.scopes();
        let missing: Vec<&str> = operation
            .scopes
            .iter()
            .map(String::as_str)
            .filter(|scope| !granted.iter().any(|known| known == scope))
            .collect();
        if missing.is_empty() {
            return Ok(());
        }
        let what = format!(
            "the API refused `{}`; it needs the scope {}, the account has {}",
            operation.name,
            missing.join(" and "),
            applied::granted(&tokens)
        );
        let missing = missing.into_iter().map(str::to_owned).collect();
        let error = Error::new(ErrorKind::InsufficientScope, Step::Api, what).scopes(missing);
        Err(error.wanted(applied::wanted(&tokens)).of(self.spec()))
    }
}

fn path(operation: &Operation, call: &OperationCall) -> Result<String, String> {
    operation.path.render(|hole, text| match hole {
        Hole::Name(name) => {
            let value = call.value(name).map(plain).filter(|value| !matches!(value.as_str(), "" | "." | ".."));
            let value =
                value.ok_or_else(|| format!("the operation `{}` needs `{name}` for its path", operation.name))?;
            push_segment(text, &value);
            Ok(())
        }
        other => Err(format!("the path of `{}` has {other}, which cannot be filled", operation.name)),
    })
}

/// A value as it stands in a path or a query.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
