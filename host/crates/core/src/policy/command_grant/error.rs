//! Why the grant of a command is refused. Knows the words, not the rules.

use std::path::PathBuf;

/// What is wrong with a name; fits after the name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameProblem {
    /// Of a program.
    #[error(
        "is not the name of a program: letters, digits, `-`, `_` and `.`, at most 64, the first a letter or digit"
    )]
    Program,
    /// Of a subcommand.
    #[error("is not a subcommand: words of letters, digits, `-` and `_` with one space between them")]
    Subcommand,
    /// Of an option.
    #[error("is not a flag: `-x` or `--name`, without a value")]
    Flag,
    /// Of a variable.
    #[error("is not an environment variable: `NAME` to take it over or `NAME=value` to set it")]
    Variable,
    /// A variable that makes a program load code.
    #[error("makes programs load code, which no grant can allow")]
    Loader,
    /// A variable that changes what a program runs.
    #[error(
        "changes what programs run, so it cannot be taken over: set it with `NAME=value` if that is meant"
    )]
    Hijack,
}

/// A grant that cannot be one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GrantError {
    /// A name of any kind.
    #[error("`{name}` {problem}")]
    Name {
        /// As given, escaped, cut where it is long.
        name: String,
        /// What is wrong.
        problem: NameProblem,
    },
    /// The program's path.
    #[error("the path `{}` of `{name}` is not absolute", path.display())]
    ProgramPath {
        /// The grant.
        name: String,
        /// As given.
        path: PathBuf,
    },
    /// The scratch space's path.
    #[error("the scratch space `{}` of `{name}` is not absolute", path.display())]
    ScratchPath {
        /// The grant.
        name: String,
        /// As given.
        path: PathBuf,
    },
    /// Two grants for one name.
    #[error("two grants have the name `{0}`; keep one")]
    Twice(String),
}

impl GrantError {
    /// The stable name of this error.
    #[must_use]
    pub fn code(&self) -> &'static str {
        "bakery::policy::command"
    }
}
