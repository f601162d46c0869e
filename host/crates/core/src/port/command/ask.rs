//! What a guest asks for, and the words that become of it. Checks nothing.

use std::{ffi::OsString, path::PathBuf};

/// What a guest asks for: a key of the grants with typed arguments. Nothing in it is trusted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Command {
    /// The key of a grant, never a path.
    pub program: String,
    /// In the program's order.
    pub arguments: Vec<Argument>,
    /// What the program reads from standard input; nothing closes it.
    pub stdin: Option<Vec<u8>>,
}

/// One argument of a guest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Argument {
    /// An option by its name, for example `--annotation`. Its value, where it has one, is the next argument.
    Flag(String),
    /// A word that is no option: a subcommand, the value of an option, or a positional argument.
    Value(String),
    /// A path inside the scratch space, relative to it.
    Scratch(String),
}

/// One word of an argument vector after the check. The edge turns it into bytes for the program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Word {
    /// As it is.
    Plain(OsString),
    /// `prefix` followed by the absolute path of `path` below the scratch space, resolved when it is used.
    Scratch {
        /// For example `--output=`, or nothing.
        prefix: String,
        /// Relative, of ordinary names only.
        path: PathBuf,
    },
}

impl<T: Into<OsString>> From<T> for Word {
    fn from(text: T) -> Self {
        Self::Plain(text.into())
    }
}
