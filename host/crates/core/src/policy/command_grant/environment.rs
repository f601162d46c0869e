//! The environment of a program, made from nothing: what is set and what is taken over. Reads no environment.

use std::ffi::OsString;

use super::error::{GrantError, NameProblem};
use crate::policy::error::quote;

/// One line of a grant's environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Variable {
    /// `NAME=value`.
    Set {
        /// Left of `=`.
        name: String,
        /// Right of it.
        value: String,
    },
    /// `NAME`: with the value that bakery itself was given, where it was given one.
    Take(String),
}

impl Variable {
    /// Reads one line.
    ///
    /// # Errors
    /// A name that is none, and one that no program should be given.
    pub fn parse(line: &str) -> Result<Self, GrantError> {
        let refused = |problem| Err(GrantError::Name { name: quote(line), problem });
        let (name, value) = match line.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (line, None),
        };
        if !is_name(name) || value.is_some_and(|value| value.contains('\0')) {
            return refused(NameProblem::Variable);
        }
        if matches(&LOADERS, name) {
            return refused(NameProblem::Loader);
        }
        match value {
            Some(value) => Ok(Self::Set { name: name.to_owned(), value: value.to_owned() }),
            None if matches(&HIJACKS, name) => refused(NameProblem::Hijack),
            None => Ok(Self::Take(name.to_owned())),
        }
    }
}

/// What every C library reads before a program's own code runs. `*` stands for any ending.
const LOADERS: [&str; 4] = ["LD_*", "DYLD_*", "GCONV_PATH", "GLIBC_TUNABLES"];

/// Names through which whoever started bakery could make a program run something else.
const HIJACKS: [&str; 15] = [
    "BASH_ENV",
    "BASH_FUNC_*",
    "BUILDX_BAKE_ENTITLEMENTS*",
    "DOCKER_CLI_PLUGIN_EXTRA_DIRS",
    "ENV",
    "EXPERIMENTAL_BUILDKIT_SOURCE_POLICY",
    "GIT_*",
    "IFS",
    "JAVA_TOOL_OPTIONS",
    "JDK_JAVA_OPTIONS",
    "NODE_OPTIONS",
    "PERL5*",
    "PYTHON*",
    "RUBY*",
    "SHELLOPTS",
];

fn matches(patterns: &[&str], name: &str) -> bool {
    patterns.iter().any(|pattern| match pattern.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => name == *pattern,
    })
}

fn is_name(name: &str) -> bool {
    name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        && name.bytes().next().is_some_and(|b| !b.is_ascii_digit())
}

/// Everything a program's environment holds. Empty by default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EnvironmentSet(Vec<Variable>);

impl EnvironmentSet {
    /// Reads the lines of a grant.
    ///
    /// # Errors
    /// The first line that [`Variable::parse`] refuses.
    pub fn parse<I>(lines: I) -> Result<Self, GrantError>
    where
        I: IntoIterator<Item: AsRef<str>>,
    {
        lines.into_iter().map(|line| Variable::parse(line.as_ref())).collect::<Result<_, _>>().map(Self)
    }

    /// Names with values. `own` is the environment that bakery itself was given. The last line of a name counts.
    #[must_use]
    pub fn resolve(&self, own: impl Fn(&str) -> Option<OsString>) -> Vec<(OsString, OsString)> {
        let mut resolved: Vec<(OsString, OsString)> = Vec::new();
        for variable in &self.0 {
            let (name, value) = match variable {
                Variable::Set { name, value } => (name, Some(OsString::from(value))),
                Variable::Take(name) => (name, own(name)),
            };
            resolved.retain(|(known, _)| known.as_os_str() != name.as_str());
            if let Some(value) = value {
                resolved.push((name.into(), value));
            }
        }
        resolved
    }
}
