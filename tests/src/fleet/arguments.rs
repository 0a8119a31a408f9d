//! Arguments of the form `--name value`.

use std::collections::BTreeMap;
use std::str::FromStr;

use super::Result;

/// What the command line says.
#[derive(Debug, Default)]
pub struct Arguments(BTreeMap<String, String>);

impl Arguments {
    /// From `--name value` pairs of these names.
    pub fn parse(arguments: impl IntoIterator<Item = String>, known: &[&str]) -> Result<Self> {
        let mut given = BTreeMap::new();
        let mut arguments = arguments.into_iter();
        while let Some(argument) = arguments.next() {
            let name = argument.strip_prefix("--").filter(|name| known.contains(name));
            let name = name.ok_or_else(|| {
                let known: Vec<String> = known.iter().map(|name| format!("--{name}")).collect();
                format!("`{argument}` is none of {}", known.join(", "))
            })?;
            let value = arguments.next().ok_or_else(|| format!("--{name} has no value"))?;
            if given.insert(name.to_owned(), value).is_some() {
                return Err(format!("--{name} is there twice").into());
            }
        }
        Ok(Self(given))
    }

    /// The value of that name.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// The number of that name, this one where it is not given.
    pub fn number<N: FromStr>(&self, name: &str, otherwise: N) -> Result<N> {
        let Some(text) = self.text(name) else { return Ok(otherwise) };
        text.parse().map_err(|_| format!("--{name} is a number, and not `{text}`").into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Arguments> {
        Arguments::parse(line.split_whitespace().map(str::to_owned), &["store", "tasks"])
    }

    #[test]
    fn values_are_found_by_name() {
        let arguments = parse("--tasks 7 --store file").unwrap();
        assert_eq!((arguments.text("store"), arguments.text("url")), (Some("file"), None));
        assert_eq!((arguments.number("tasks", 1).unwrap(), arguments.number("rounds", 5).unwrap()), (7, 5));
    }

    #[test]
    fn what_makes_no_sense_is_said() {
        for (line, word) in [("--stor file", "--store, --tasks"), ("--tasks", "no value"), ("file", "`file`")] {
            let error = parse(line).unwrap_err().to_string();
            assert!(error.contains(word), "{error}");
        }
        assert!(parse("--tasks 1 --tasks 2").is_err());
        assert!(parse("--tasks many").unwrap().number("tasks", 1).is_err());
    }
}
