use std::fmt;

/// Where in a provider file: `scopes.known."read:user".doc`, `quirks[0].field`.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Path(Vec<Step>);

/// One step from a node to a node below it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Step {
    /// To the value of a key.
    Key(String),
    /// To an element of a list.
    Index(usize),
}

impl Path {
    pub(crate) fn steps(&self) -> &[Step] {
        &self.0
    }

    /// The path one step further down.
    pub(crate) fn then(&self, step: impl Into<Step>) -> Self {
        let mut steps = self.0.clone();
        steps.push(step.into());
        Self(steps)
    }

    /// Goes one step down.
    pub(crate) fn push(&mut self, step: impl Into<Step>) {
        self.0.push(step.into());
    }

    /// Goes one step up.
    pub(crate) fn pop(&mut self) {
        self.0.pop();
    }

    /// The path without its last step.
    pub(crate) fn parent(&self) -> Self {
        Self(self.0[..self.0.len().saturating_sub(1)].to_vec())
    }

    /// Whether `other` is this node or one below it.
    pub(crate) fn holds(&self, other: &Self) -> bool {
        other.0.starts_with(&self.0)
    }
}

impl From<Vec<Step>> for Path {
    fn from(steps: Vec<Step>) -> Self {
        Self(steps)
    }
}

impl From<&str> for Step {
    fn from(key: &str) -> Self {
        Self::Key(key.to_owned())
    }
}

impl From<&String> for Step {
    fn from(key: &String) -> Self {
        Self::Key(key.clone())
    }
}

impl From<usize> for Step {
    fn from(index: usize) -> Self {
        Self::Index(index)
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, step) in self.0.iter().enumerate() {
            let dot = if at == 0 { "" } else { "." };
            match step {
                Step::Index(index) => write!(f, "[{index}]")?,
                Step::Key(key) if is_plain(key) => write!(f, "{dot}{key}")?,
                Step::Key(key) => write!(f, "{dot}\"{}\"", super::shown(key))?,
            }
        }
        Ok(())
    }
}

fn is_plain(key: &str) -> bool {
    !key.is_empty()
        && key.len() <= 80
        && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-:/".contains(&byte))
}

/// The path made of keys and indices: `at!["scopes", "known", value]`.
macro_rules! at {
    ($($step:expr),* $(,)?) => {
        $crate::fault::Path::from(::std::vec![$($crate::fault::Step::from($step)),*])
    };
}
pub(crate) use at;

#[cfg(test)]
mod tests {
    #[test]
    fn a_path_reads_as_an_author_would_write_it() {
        assert_eq!(at!["scopes", "known", "read:user", "doc"].to_string(), "scopes.known.read:user.doc");
        assert_eq!(at!["scopes", "known", "ZohoCRM.modules.ALL"].to_string(), "scopes.known.\"ZohoCRM.modules.ALL\"");
        assert_eq!(at!["quirks", 0, "field"].to_string(), "quirks[0].field");
    }

    #[test]
    fn a_node_holds_itself_and_what_is_below() {
        assert!(at!["token"].holds(&at!["token", "request"]));
        assert!(at!["token"].holds(&at!["token"]));
        assert!(!at!["token", "request"].holds(&at!["token"]));
    }
}
