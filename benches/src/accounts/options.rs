use std::time::Duration;

use super::Result;

/// What the command line asks for.
pub struct Options {
    pub accounts: usize,
    /// How many the worker refreshes, at most.
    pub refreshes: usize,
    pub at_once: usize,
    /// How long the provider takes.
    pub takes: Duration,
    pub store: String,
    pub url: Option<String>,
}

impl Options {
    /// From `--name value` pairs.
    pub fn parse(arguments: &[&str]) -> Result<Self> {
        let mut options = Self {
            accounts: 100_000,
            refreshes: usize::MAX,
            at_once: 64,
            takes: Duration::ZERO,
            store: "memory".to_owned(),
            url: None,
        };
        let mut arguments = arguments.iter();
        while let Some(name) = arguments.next() {
            let value = *arguments.next().ok_or_else(|| format!("{name} has no value"))?;
            match *name {
                "--accounts" => options.accounts = value.parse()?,
                "--refreshes" => options.refreshes = value.parse()?,
                "--at-once" => options.at_once = value.parse()?,
                "--takes" => options.takes = Duration::from_millis(value.parse()?),
                "--store" => options.store = value.to_owned(),
                "--url" => options.url = Some(value.to_owned()),
                unknown => return Err(format!("there is no {unknown}").into()),
            }
        }
        Ok(options)
    }
}
