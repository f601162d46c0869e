//! The one table of exit codes. New ones are appended, never reused; `docs/reference/exit-codes.md` shows it.

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Done.
    Done,
    /// A run failed: configuration, selection, source.
    Failed,
    /// The command line, or a payload on it, is wrong. Nothing was read.
    Usage,
    /// The upstream does not have the dispatched version (yet): the same run may succeed later.
    Mismatch,
    /// An upstream could not be reached or answered with a passing fault: the same run may succeed later.
    Unavailable,
    /// A grant refused what a component asked for.
    Denied,
    /// `--keep-going` printed an answer that lacks what was skipped.
    Incomplete,
    /// What was pushed did not become readable in time: the same run may succeed later.
    Lagging,
    /// What was compared does not agree; what mends it was said.
    Disagreeing,
    /// Ctrl-C.
    Interrupted,
    /// SIGTERM.
    Terminated,
}

impl Exit {
    /// Every outcome with its code, its name and what it means.
    pub(crate) const TABLE: [(Self, u8, &'static str, &'static str); 11] = [
        (Self::Done, 0, "done", "the command did what it was asked to"),
        (
            Self::Failed,
            1,
            "failed",
            "configuration, selection, a source or a target is wrong; the message says which",
        ),
        (Self::Usage, 2, "usage", "the command line or a payload on it is wrong; no file was read"),
        (Self::Mismatch, 10, "mismatch", "the upstream does not have the dispatched version; later it may"),
        (
            Self::Unavailable,
            11,
            "unavailable",
            "an upstream or a registry did not answer, after retries; later it may",
        ),
        (
            Self::Denied,
            12,
            "denied",
            "a component asked for something that is not granted; the message has the line to add",
        ),
        (Self::Incomplete, 13, "incomplete", "--keep-going skipped what failed; the output lacks it"),
        (Self::Lagging, 14, "lagging", "what was pushed did not become readable in time; later it may"),
        (
            Self::Disagreeing,
            15,
            "disagreeing",
            "lock, tree, manifests and images do not agree; the message has the line that mends it",
        ),
        (Self::Interrupted, 130, "interrupted", "Ctrl-C"),
        (Self::Terminated, 143, "terminated", "SIGTERM"),
    ];

    /// Of two failures, the one that says more about the run: what will not pass by itself comes first.
    pub(crate) fn worse(self, other: Self) -> Self {
        let rank = |exit| match exit {
            Self::Failed => 5,
            Self::Denied => 4,
            Self::Mismatch => 3,
            Self::Lagging => 2,
            Self::Unavailable => 1,
            _ => 0,
        };
        if rank(other) > rank(self) { other } else { self }
    }

    /// The word for programs.
    pub(crate) fn name(self) -> &'static str {
        Self::TABLE.iter().find(|(exit, ..)| *exit == self).map_or("failed", |(_, _, name, _)| name)
    }

    /// The code for the shell.
    pub(crate) fn code(self) -> u8 {
        Self::TABLE.iter().find(|(exit, ..)| *exit == self).map_or(1, |(_, code, ..)| *code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_outcome_has_a_code_of_its_own() {
        let mut codes: Vec<u8> = Exit::TABLE.iter().map(|row| row.1).collect();
        codes.dedup();
        assert_eq!(codes.len(), Exit::TABLE.len());
        assert_eq!(Exit::Terminated.code(), 143);
    }
}
