//! The end of a run: what became of it, each failure once, and the command that continues. Decides nothing.

use std::time::Duration;

use bakery_core::{plan::publish::PublishPlan, port::Failure};
use bakery_run::publish::{Published, Status, TargetReport};
use serde_json::Value;

use super::{job_summary, result, words};
use crate::report::{Exit, Talker, escape::line, words::count};

/// Targets that a list on standard error names.
const LISTED: usize = 20;

/// Everything that is known when a run ended.
pub(crate) struct Closing<'a> {
    /// What was to be published.
    pub(crate) plan: &'a PublishPlan,
    /// What became of it.
    pub(crate) published: &'a Published,
    /// Nothing was written.
    pub(crate) dry_run: bool,
    /// From the first step to the last.
    pub(crate) elapsed: Duration,
    /// The command line as it was typed, for a shell.
    pub(crate) command: &'a str,
    /// The signal that ended it.
    pub(crate) signal: Option<Exit>,
}

impl Closing<'_> {
    /// Says how the run ended.
    pub(crate) fn tell(&self, talker: &Talker) {
        talker.info(&words::total(self.published, self.dry_run, self.elapsed));
        for report in self.published.failed() {
            self.tell_failures(report, talker);
        }
        if let Some(signal) = self.signal {
            talker.error(&self.stopped(signal), None);
        }
        if self.published.unfinished().next().is_some() && !self.dry_run {
            talker.note(&format!(
                "what is in place stays, and the same command continues from there:\n  {}",
                self.command
            ));
        }
    }

    /// The document for `--result`.
    pub(crate) fn document(&self, exit: Exit) -> Value {
        result::document(self, exit)
    }

    /// The summary of a job, in Markdown.
    pub(crate) fn job_summary(&self) -> String {
        job_summary::markdown(self)
    }

    /// One error per target: what ended it, what went wrong beside that, and what its tags are.
    fn tell_failures(&self, report: &TargetReport, talker: &Talker) {
        let Status::Failed { step, failure } = &report.status else { return };
        // One line each: a registry's text must not look like a line of ours.
        let mut text = format!("[{}] {step}: {}", report.uid, line(&failure.message));
        text.push_str(&said(failure));
        for further in &report.further {
            text.push_str(&format!("\n  beside that: {}", line(&further.message)));
            text.push_str(&said(further));
        }
        if !self.dry_run {
            for repository in words::remains(report) {
                text.push_str(&format!("\n  {repository}"));
            }
        }
        talker.titled_error(&report.uid, &text, failure.hint.as_deref());
    }

    fn stopped(&self, signal: Exit) -> String {
        let stopped: Vec<&TargetReport> = self
            .published
            .targets
            .iter()
            .filter(|target| matches!(target.status, Status::Cancelled { .. }))
            .collect();
        let by = if signal == Exit::Interrupted { "Ctrl-C" } else { "SIGTERM" };
        if stopped.is_empty() {
            return format!("stopped by {by}, when every target had ended");
        }
        let mut text = format!(
            "stopped by {by}; {} of {} {} not done",
            stopped.len(),
            count(self.published.targets.len(), "target"),
            if stopped.len() == 1 { "is" } else { "are" }
        );
        for report in stopped.iter().take(LISTED) {
            let Status::Cancelled { step } = &report.status else { continue };
            text.push_str(&format!("\n  [{}] {step}", report.uid));
            for repository in words::remains(report) {
                text.push_str(&format!("; {repository}"));
            }
        }
        if stopped.len() > LISTED {
            text.push_str(&format!("\n  and {} more; --result FILE lists all", stopped.len() - LISTED));
        }
        text
    }
}

/// A program's last lines, whoever asked for its output or not.
fn said(failure: &Failure) -> String {
    let lines = failure.program.iter().flat_map(|program| &program.last_lines);
    lines.map(|said| format!("\n  | {}", line(said))).collect()
}

#[cfg(test)]
mod tests {
    use bakery_core::port::command::ProgramFault;

    use super::*;
    use crate::report::{
        publish::sample,
        stderr::{
            Host, Style, Threshold,
            testing::{listening, talking},
        },
    };

    fn told(host: Host, signal: Option<Exit>) -> String {
        let (talker, text) = listening(host);
        tell(&talker, signal);
        text.get()
    }

    fn tell(talker: &Talker, signal: Option<Exit>) {
        let (plan, published) = sample::run();
        let closing = Closing {
            plan: &plan,
            published: &published,
            dry_run: false,
            elapsed: Duration::from_millis(1500),
            command: "bakery ci publish './*.json'",
            signal,
        };
        closing.tell(talker);
    }

    #[test]
    fn each_failure_is_told_once_with_what_is_missing_and_how_to_go_on() {
        insta::assert_snapshot!(told(Host::Plain, Some(Exit::Terminated)), @r#"
        4 targets: 1 published, 1 unchanged, 1 failed, 1 stopped; 148 requests, 12.5 kB sent, 3.2 kB received, in 1.5s
        error: [app-1-2-0-standard-ubuntu-24-04] index-place: `denied`\n::error::owned\n| <b>x</b> | @team \u{1b}[2J
          r.example/app: not written 1.2.0, latest
          hint: ask for `write`
        error: stopped by SIGTERM; 1 of 4 targets is not done
          [app-1-3-0-standard-ubuntu-24-04-daily] index-tag; r.example/app: in place 1.3.0; not written latest
        note: what is in place stays, and the same command continues from there:
          bakery ci publish './*.json'
        "#);
    }

    #[test]
    fn a_program_s_last_words_are_told_with_the_failure_and_can_be_no_command() {
        let (plan, mut published) = sample::run();
        for report in &mut published.targets {
            if let Status::Failed { failure, .. } = &mut report.status {
                let last_lines = vec!["Error: 403 Forbidden".to_owned(), "::error::\u{1b}[2J".to_owned()];
                *failure = failure.clone().with_program(ProgramFault { ended: None, last_lines });
            }
        }
        for host in [Host::Plain, Host::GitHub] {
            let (talker, text) = listening(host);
            let closing = Closing {
                plan: &plan,
                published: &published,
                dry_run: false,
                elapsed: Duration::ZERO,
                command: "bakery",
                signal: None,
            };
            closing.tell(&talker);
            let text = text.get().replace("%0A", "\n");
            assert!(text.contains("\n  | Error: 403 Forbidden\n  | \\::error::\\u{1b}[2J\n"), "{text}");
        }
    }

    #[test]
    fn on_github_a_failure_is_one_annotation_and_no_text_can_be_a_command() {
        let text = told(Host::GitHub, None);
        let commands: Vec<&str> = text.lines().filter(|line| line.starts_with("::")).collect();
        insta::assert_snapshot!(commands.join("\n"), @r#"::error title=app-1-2-0-standard-ubuntu-24-04::[app-1-2-0-standard-ubuntu-24-04] index-place: `denied`\n::error::owned\n| <b>x</b> | @team \u{1b}[2J%0A  r.example/app: not written 1.2.0, latest%0Aask for `write`"#);
    }

    #[test]
    fn whoever_wants_errors_alone_hears_errors_and_how_to_go_on() {
        let style = Style { color: false, host: Host::Plain, terminal: false, threshold: Threshold::Error };
        let (talker, text) = talking(style);
        tell(&talker, None);
        let labels: Vec<String> = text
            .get()
            .lines()
            .filter_map(|line| line.split_once(": ").map(|(label, _)| label.to_owned()))
            .collect();
        assert_eq!(labels[0], "error");
        assert!(labels.iter().any(|label| label == "note"), "{labels:?}");
        assert!(!text.get().contains("4 targets:"), "{}", text.get());
    }
}
