//! A command that may run, with its bounds. Only a grant makes one.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    time::Duration,
};

use super::Word;
use crate::model::Digest;

/// Whether a program may reach the network.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Network {
    /// It may.
    #[default]
    Open,
    /// It may not, where the system can enforce that; [`super::CommandOutput::network_closed`] says whether it did.
    Closed,
}

/// Bounds of one attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandLimits {
    /// From start to end.
    pub time: Duration,
    /// From the polite signal to the one that cannot be ignored.
    pub grace: Duration,
    /// Bytes of standard input.
    pub stdin_bytes: usize,
    /// Bytes of standard output that are kept; the rest is counted.
    pub stdout_bytes: usize,
    /// Bytes of standard error that are kept; the rest is counted.
    pub stderr_bytes: usize,
    /// Bytes of a line that is shown; the rest of the line is not.
    pub line_bytes: usize,
    /// Arguments.
    pub arguments: usize,
    /// Bytes of all arguments together.
    pub argument_bytes: usize,
}

impl Default for CommandLimits {
    fn default() -> Self {
        Self {
            time: Duration::from_secs(1800),
            grace: Duration::from_secs(10),
            stdin_bytes: 1 << 20,
            stdout_bytes: 4 << 20,
            stderr_bytes: 1 << 20,
            line_bytes: 4 << 10,
            arguments: 512,
            argument_bytes: 96 << 10,
        }
    }
}

/// A command that a grant allows. Made by [`crate::policy::CommandGrant`] alone, so a program that was not granted
/// does not start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invocation {
    pub(crate) name: String,
    pub(crate) program: PathBuf,
    pub(crate) digest: Option<Digest>,
    pub(crate) words: Vec<Word>,
    pub(crate) environment: Vec<(OsString, OsString)>,
    pub(crate) scratch: Option<PathBuf>,
    pub(crate) stdin: Option<Vec<u8>>,
    pub(crate) limits: CommandLimits,
    pub(crate) network: Network,
    pub(crate) repeatable: bool,
}

impl Invocation {
    /// The same, where doing it twice is the same as doing it once.
    #[must_use]
    pub fn repeatable(mut self) -> Self {
        self.repeatable = true;
        self
    }

    /// The same, ended by its own time limit where somebody else would end it after `left`, so that its last lines are
    /// told.
    #[must_use]
    pub fn ending_within(mut self, left: Duration) -> Self {
        let margin = self.limits.grace.saturating_add(Duration::from_secs(1));
        self.limits.time = self.limits.time.min(left.saturating_sub(margin).max(left / 2));
        self
    }

    /// Whether doing it twice is the same as doing it once. Nothing is, unless its grant says so.
    #[must_use]
    pub fn is_repeatable(&self) -> bool {
        self.repeatable
    }

    /// The grant's key: the name in messages.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The absolute path of the program.
    #[must_use]
    pub fn program(&self) -> &Path {
        &self.program
    }

    /// What the program's file must be, where the grant says so.
    #[must_use]
    pub fn digest(&self) -> Option<&Digest> {
        self.digest.as_ref()
    }

    /// Its arguments, without its own name.
    #[must_use]
    pub fn words(&self) -> &[Word] {
        &self.words
    }

    /// Its whole environment.
    #[must_use]
    pub fn environment(&self) -> &[(OsString, OsString)] {
        &self.environment
    }

    /// The folder it starts in and may be given paths of. Without one it starts in `/`.
    #[must_use]
    pub fn scratch(&self) -> Option<&Path> {
        self.scratch.as_deref()
    }

    /// What it reads from standard input.
    #[must_use]
    pub fn stdin(&self) -> Option<&[u8]> {
        self.stdin.as_deref()
    }

    /// Its bounds.
    #[must_use]
    pub fn limits(&self) -> &CommandLimits {
        &self.limits
    }

    /// Whether it may reach the network.
    #[must_use]
    pub fn network(&self) -> Network {
        self.network
    }
}
