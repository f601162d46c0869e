//! Programs as the gate asks for them: one attempt of one checked command, bounded. Starts nothing, decides nothing.

use std::{
    ffi::OsString,
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use super::{Admission, BoxFuture, Failure};
use crate::model::Digest;

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

/// Whether a program may reach the network.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Network {
    /// It may.
    #[default]
    Open,
    /// It may not, where the system can enforce that; [`CommandOutput::network_closed`] says whether it did.
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

/// Which of the two streams of a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OutputStream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// Whoever wants to see lines while the program runs. Taking one never fails and never waits.
pub trait LineSink: Send + Sync {
    /// One line that is not blank: without its ending, bounded, invalid UTF-8 replaced. Reports escape it.
    fn line(&self, stream: OutputStream, line: &str);
}

/// How a program ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// With this exit code.
    Code(i32),
    /// By this signal.
    Signal(i32),
}

impl Ended {
    /// Whether it says that all went well.
    #[must_use]
    pub fn is_success(self) -> bool {
        self == Self::Code(0)
    }

    /// The exit code as a shell gives it: 128 and the signal's number where a signal ended it.
    #[must_use]
    pub fn code(self) -> i32 {
        match self {
            Self::Code(code) => code,
            Self::Signal(signal) => signal.saturating_add(128),
        }
    }
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Code(code) => write!(f, "exit code {code}"),
            Self::Signal(signal) => write!(f, "signal {signal}"),
        }
    }
}

/// What one stream held.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Captured {
    /// The first bytes, up to the limit.
    pub bytes: Vec<u8>,
    /// Bytes beyond the limit.
    pub dropped: u64,
    /// The last lines that are not blank, oldest first, whatever the limit cut. Bounded like the lines of a sink.
    pub last: Vec<String>,
}

/// What a program that ended by itself left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandOutput {
    /// How it ended; a code other than 0 is not yet a failure.
    pub ended: Ended,
    /// Standard output.
    pub stdout: Captured,
    /// Standard error.
    pub stderr: Captured,
    /// From start to the end of everything it started.
    pub elapsed: Duration,
    /// Whether it had started something that outlived it, which was ended.
    pub leftovers: bool,
    /// Whether the network was closed to it.
    pub network_closed: bool,
}

impl CommandOutput {
    /// Whether a limit cut either stream.
    #[must_use]
    pub fn truncated(&self) -> bool {
        self.stdout.dropped > 0 || self.stderr.dropped > 0
    }

    /// The lines to show with a failure, oldest first: the program's last words on standard error, or, where it said
    /// nothing there, on standard output.
    #[must_use]
    pub fn last_lines(&self) -> &[String] {
        last_lines(&self.stdout, &self.stderr)
    }
}

/// As [`CommandOutput::last_lines`], for a program that did not end by itself.
#[must_use]
pub fn last_lines<'a>(stdout: &'a Captured, stderr: &'a Captured) -> &'a [String] {
    if stderr.last.is_empty() { &stdout.last } else { &stderr.last }
}

/// What is left of a program that failed, for whoever shows the failure. Untrusted text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProgramFault {
    /// How it ended; nothing where it did not start, or was ended by a limit.
    pub ended: Option<Ended>,
    /// Its last words, oldest first.
    pub last_lines: Vec<String>,
}

/// The backend: no retry, no policy.
pub trait Commands: Send + Sync {
    /// One attempt. Gives what the program left when it and everything it started are gone.
    ///
    /// Dropping the future ends the program and everything it started; that goes on after the drop.
    ///
    /// # Errors
    /// `InvalidInput` where the program cannot be started, `Unavailable` where it cannot be started now, `Denied`
    /// where its file is not the granted one or a path leads out of the scratch space, `TimedOut` where its time is
    /// over. A program that ended by itself is no failure here, whatever its exit code.
    fn run<'a>(
        &'a self,
        admission: &'a dyn Admission,
        invocation: &'a Invocation,
        lines: Option<Arc<dyn LineSink>>,
    ) -> BoxFuture<'a, Result<CommandOutput, Failure>>;
}
