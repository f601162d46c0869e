//! What a program leaves: how it ended, what it said. Judges nothing.

use std::{fmt, time::Duration};

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
