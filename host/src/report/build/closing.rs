//! The end of a build: how much was built, and each failure once with the program's last words. Decides nothing.

use std::time::Duration;

use bakery_core::{plan::Target, port::Failure};
use bakery_run::build::{BuildReport, BuildStatus};

use crate::report::{
    Exit, Talker,
    escape::line,
    words::{self, count},
};

/// Lines of a program that are shown with its failure.
const LAST: usize = 30;

/// Everything that is known when a build ended.
pub(crate) struct BuildClosing<'a> {
    /// What was to be built.
    pub(crate) targets: &'a [Target],
    /// What became of it; nothing where it could not be put down in time.
    pub(crate) report: Option<&'a BuildReport>,
    /// From the first command to the last.
    pub(crate) elapsed: Duration,
    /// The signal that ended it.
    pub(crate) signal: Option<Exit>,
}

impl BuildClosing<'_> {
    /// Says how the build ended.
    pub(crate) fn tell(&self, talker: &Talker) {
        talker.info(&self.total());
        for one in self.report.iter().flat_map(|report| &report.failures) {
            tell_failure(one.target.as_deref(), &one.failure, talker);
        }
        if let Some(signal) = self.signal {
            let by = if signal == Exit::Interrupted { "Ctrl-C" } else { "SIGTERM" };
            talker.error(&format!("stopped by {by}; {}", self.left()), None);
        }
    }

    fn number(&self, of: fn(&BuildStatus) -> bool) -> usize {
        self.report.map_or(0, |report| report.targets.iter().filter(|one| of(&one.status)).count())
    }

    fn total(&self) -> String {
        let parts = [
            (self.number(|one| matches!(one, BuildStatus::Built(_))), "built"),
            (self.number(|one| *one == BuildStatus::Failed), "failed"),
            (self.number(|one| *one == BuildStatus::Cancelled), "stopped"),
            (self.number(|one| *one == BuildStatus::NotStarted), "not begun"),
        ];
        let parts: Vec<String> = parts
            .into_iter()
            .enumerate()
            .filter(|(at, (number, _))| *number > 0 || *at == 0)
            .map(|(_, (number, word))| format!("{number} {word}"))
            .collect();
        let targets = count(self.targets.len(), "target");
        format!("{targets}: {}, in {}", parts.join(", "), words::duration(self.elapsed))
    }

    fn left(&self) -> String {
        let built = self.number(|one| matches!(one, BuildStatus::Built(_)));
        format!("{built} of {} built", count(self.targets.len(), "target"))
    }
}

fn tell_failure(target: Option<&str>, failure: &Failure, talker: &Talker) {
    let title = target.unwrap_or("bakery");
    let mut text = target.map_or_else(String::new, |uid| format!("[{uid}] "));
    // One line each: a program's text must not look like a line of ours.
    text.push_str(&line(&failure.message));
    if failure.attempts > 1 {
        text.push_str(&format!(" (after {})", count(failure.attempts as usize, "attempt")));
    }
    let said = failure.program.as_ref().map_or(&[][..], |program| &program.last_lines);
    for said in &said[said.len().saturating_sub(LAST)..] {
        text.push_str(&format!("\n  | {}", line(said)));
    }
    talker.titled_error(title, &text, failure.hint.as_deref());
}

#[cfg(test)]
mod tests {
    use bakery_core::port::{FailureKind, command::ProgramFault};
    use bakery_run::build::{BuildFailure, TargetBuilt};

    use super::*;
    use crate::report::stderr::{Host, testing::listening};

    #[test]
    fn each_failure_is_told_once_with_its_last_lines() {
        let (talker, text) = listening(Host::Plain);
        let last_lines = (0..40).map(|n| format!("line {n}")).chain(["\u{1b}[2J\n::error::x".to_owned()]);
        let failure = Failure::new(FailureKind::InvalidInput, "docker", "`docker` failed: a\nb")
            .with_program(ProgramFault { ended: None, last_lines: last_lines.collect() })
            .with_hint("mend it");
        let one =
            |uid: &str, status| TargetBuilt { uid: uid.to_owned(), status, elapsed: Duration::from_secs(1) };
        let report = BuildReport {
            targets: vec![one("a", BuildStatus::Built(None)), one("b", BuildStatus::Failed)],
            failures: vec![BuildFailure {
                target: Some("b".to_owned()),
                failure: Failure { attempts: 2, ..failure },
            }],
            ..BuildReport::default()
        };
        let closing = BuildClosing {
            targets: &[],
            report: Some(&report),
            elapsed: Duration::from_secs(42),
            signal: Some(Exit::Terminated),
        };
        closing.tell(&talker);
        let text = text.get();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "0 targets: 1 built, 1 failed, in 42s");
        assert_eq!(lines[1], r"error: [b] `docker` failed: a\nb (after 2 attempts)");
        assert_eq!(lines[2], "  | line 11");
        assert_eq!(lines[31], r"  | \u{1b}[2J\n::error::x");
        assert_eq!(lines[32], "  hint: mend it");
        assert_eq!(lines[33..], ["error: stopped by SIGTERM; 1 of 0 targets built"]);
    }
}
