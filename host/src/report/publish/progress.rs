//! Listens to a run: lines in a plain log, one group per target on GitHub, a live area on a terminal.
//! Starts nothing and decides nothing of the run.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use bakery_core::{
    plan::publish::{PublishPlan, PublishTarget},
    port::{Event, EventSink, Severity, registry::Traffic},
};
use bakery_run::publish::{DestinationReport, Published, Status, TargetReport};
use indicatif::{ProgressBar, ProgressDrawTarget};

use super::{course::Course, live, words};
use crate::report::{
    Talker,
    stderr::{Host, Style, Threshold, is_detail},
};

/// Lines that one target may have in its group.
const MAX_LINES: usize = 2000;

/// Who listens to a run.
pub(crate) struct Progress {
    talker: Arc<Talker>,
    style: Style,
    dry_run: bool,
    course: Arc<Mutex<Course>>,
    /// Lines of targets that have not ended, where a log folds them.
    groups: Mutex<HashMap<Arc<str>, Vec<String>>>,
    /// Reports of targets that ended.
    reports: Mutex<HashMap<String, TargetReport>>,
    live: Option<ProgressBar>,
}

impl Progress {
    /// Listens to a run of so many targets.
    pub(crate) fn new(talker: &Arc<Talker>, targets: usize, dry_run: bool) -> Self {
        let style = talker.style();
        let course = Arc::new(Mutex::new(Course::new(targets)));
        let live = (style.terminal && style.threshold != Threshold::Error)
            .then(|| live::area(&course, ProgressDrawTarget::stderr()));
        talker.draw_below(live.clone());
        Self {
            talker: Arc::clone(talker),
            style,
            dry_run,
            course,
            groups: Mutex::default(),
            reports: Mutex::default(),
            live,
        }
    }

    /// A target ended.
    pub(crate) fn ended(&self, report: &TargetReport) {
        self.course().end(&report.uid, report.status.is_good());
        let line =
            format!("[{}] {}", crate::report::escape::line(&report.uid), words::ended(report, self.dry_run));
        self.reports().insert(report.uid.clone(), report.clone());
        let lines = self.groups().remove(report.uid.as_str()).unwrap_or_default();
        if self.style.host == Host::GitHub {
            self.talker.group(&line, &lines);
        } else {
            self.talker.info(&line);
        }
    }

    /// Takes the live area away, and tells what is left of targets that never said how they ended.
    pub(crate) fn finish(&self) {
        let left: Vec<_> = self.groups().drain().collect();
        for (target, lines) in left {
            self.talker.group(&format!("[{}] did not end", crate::report::escape::line(&target)), &lines);
        }
        if let Some(bar) = &self.live {
            bar.finish_and_clear();
            self.talker.draw_below(None);
        }
    }

    /// What became of every target as far as it is known here: for a run that could not be put down in time. Of those
    /// that did not end nobody knows what they reached.
    pub(crate) fn so_far(&self, plan: &PublishPlan) -> Published {
        let course = self.course();
        let mut reports = self.reports();
        let targets = plan.targets.iter().map(|target| {
            let step = course.active.get(target.uid.as_str()).map_or("wait-sources", |active| active.step);
            reports.remove(&target.uid).unwrap_or_else(|| unknown(target, step))
        });
        Published { targets: targets.collect() }
    }

    fn of_target(&self, target: &Arc<str>, event: &Event) {
        let speak = self.course().take(target, event, Instant::now());
        let verbose = self.style.threshold == Threshold::Debug;
        match event {
            Event::Denied { component, subject, .. } => {
                self.talker.warning(&format!("[{target}] `{component}` was refused `{subject}`"));
            }
            Event::Note { severity: Severity::Warning, message } => {
                self.talker.warning(&format!("[{target}] {message}"));
            }
            Event::GuestLog { component, severity: Severity::Warning, message } => {
                self.talker.warning(&format!("[{target}] [{component}] {message}"));
            }
            _ => {
                if speak || verbose {
                    self.say(target, event, verbose);
                }
            }
        }
    }

    fn say(&self, target: &Arc<str>, event: &Event, verbose: bool) {
        let line = words::event(target, event, self.dry_run);
        let waiting = matches!(event, Event::Waiting { .. });
        let detail = is_detail(event) && !(self.dry_run && matches!(event, Event::Effect { .. }));
        match self.style.host {
            // A wait is why a log stands still: it is told when it happens. All else can wait for its group.
            Host::GitHub if !waiting => {
                let written = matches!(event, Event::Effect { verb: "push" | "tag", .. });
                if verbose || written || !detail {
                    self.keep(target, line);
                }
            }
            Host::Plain if waiting && self.live.is_some() && !verbose => {}
            _ if detail => self.talker.debug(&line),
            _ => self.talker.info(&line),
        }
    }

    fn keep(&self, target: &Arc<str>, line: String) {
        let mut groups = self.groups();
        let lines = groups.entry(Arc::clone(target)).or_default();
        match lines.len() {
            ..MAX_LINES => lines.push(line),
            MAX_LINES => lines.push("more lines are not shown".to_owned()),
            _ => {}
        }
    }

    fn course(&self) -> MutexGuard<'_, Course> {
        self.course.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn reports(&self) -> MutexGuard<'_, HashMap<String, TargetReport>> {
        self.reports.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn groups(&self) -> MutexGuard<'_, HashMap<Arc<str>, Vec<String>>> {
        self.groups.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn unknown(target: &PublishTarget, step: &'static str) -> TargetReport {
    let destinations = target.destinations.iter().map(|one| DestinationReport {
        repository: one.repository.clone(),
        written: Vec::new(),
        kept: Vec::new(),
        missing: one.tags().cloned().collect(),
        verified: Vec::new(),
    });
    TargetReport {
        uid: target.uid.clone(),
        status: Status::Cancelled { step },
        index: None,
        destinations: destinations.collect(),
        further: Vec::new(),
        waits: Vec::new(),
        retries: 0,
        effects: Vec::new(),
        traffic: Traffic::default(),
        elapsed: Duration::ZERO,
    }
}

impl EventSink for Progress {
    fn emit(&self, event: Event) {
        match &event {
            Event::Of { target, event } => self.of_target(target, event),
            _ => self.talker.emit(event),
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        // A terminal must not keep an area that nobody draws any more.
        self.finish();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{
        publish::sample,
        stderr::testing::{Text, talking},
    };

    fn progress(host: Host, threshold: Threshold, dry_run: bool) -> (Progress, Text) {
        let (talker, text) = talking(Style { color: false, host, terminal: false, threshold });
        (Progress::new(&Arc::new(talker), 4, dry_run), text)
    }

    fn of(target: &str, event: Event) -> Event {
        Event::Of { target: target.into(), event: Box::new(event) }
    }

    fn effect(verb: &'static str) -> Event {
        Event::Effect { verb, subject: "r.example/app@sha256:ab".to_owned(), detail: String::new() }
    }

    fn waiting(seconds: u64) -> Event {
        Event::Waiting {
            subject: "r.example/tmp@sha256:ab".to_owned(),
            message: "not there\n::error::yet".to_owned(),
            elapsed: Duration::from_secs(seconds),
            delay: Duration::from_secs(2),
            remaining: Duration::from_secs(600 - seconds),
        }
    }

    /// Two targets at the same time, of which one waits.
    fn happen(progress: &Progress) {
        let (_, published) = sample::run();
        let [a, b] = [&published.targets[0], &published.targets[1]];
        progress.emit(of(&a.uid, Event::Step { step: "wait-sources" }));
        progress.emit(of(&b.uid, Event::Step { step: "wait-sources" }));
        for second in [0, 1, 2, 6] {
            progress.emit(of(&a.uid, waiting(second)));
        }
        progress.emit(of(&b.uid, effect("mount")));
        progress.emit(of(
            &a.uid,
            Event::Arrived { subject: "r.example/tmp".to_owned(), waited: Duration::from_secs(8) },
        ));
        progress.emit(of(&a.uid, effect("tag")));
        progress.ended(b);
        progress.ended(a);
        progress.finish();
    }

    #[test]
    fn a_plain_log_has_a_line_for_what_takes_long_and_for_each_end() {
        let (progress, text) = progress(Host::Plain, Threshold::Info, false);
        happen(&progress);
        insta::assert_snapshot!(text.get(), @"");
    }

    #[test]
    fn a_dry_run_has_a_line_for_each_write_that_would_happen() {
        let (progress, text) = progress(Host::Plain, Threshold::Info, true);
        happen(&progress);
        let would: Vec<String> =
            text.get().lines().filter(|line| line.contains("would ")).map(str::to_owned).collect();
        insta::assert_snapshot!(would.join("\n"), @"");
    }

    #[test]
    fn github_gets_one_group_per_target_that_no_text_can_leave() {
        let (progress, text) = progress(Host::GitHub, Threshold::Info, false);
        happen(&progress);
        insta::assert_snapshot!(text.get(), @"");
    }

    #[test]
    fn whoever_wants_errors_alone_hears_nothing_of_what_goes_well() {
        for host in [Host::Plain, Host::GitHub] {
            let (progress, text) = progress(host, Threshold::Error, false);
            happen(&progress);
            assert_eq!(text.get(), "");
        }
    }

    #[test]
    fn whoever_wants_everything_hears_every_look_and_every_write() {
        let (progress, text) = progress(Host::Plain, Threshold::Debug, false);
        happen(&progress);
        let text = text.get();
        assert_eq!(text.matches("waiting for").count(), 4, "{text}");
        assert!(text.contains("wait-sources") && text.contains("mount r.example"), "{text}");
    }

    #[test]
    fn of_a_run_that_was_cut_off_it_is_known_who_had_ended() {
        let (progress, _) = progress(Host::Plain, Threshold::Info, false);
        let (plan, published) = sample::run();
        progress.ended(&published.targets[0]);
        progress.emit(of(&plan.targets[2].uid, Event::Step { step: "index-tag" }));
        let so_far = progress.so_far(&plan);
        assert_eq!(so_far.targets[0].status, Status::Published);
        assert_eq!(so_far.targets[1].status, Status::Cancelled { step: "wait-sources" });
        assert_eq!(so_far.targets[2].status, Status::Cancelled { step: "index-tag" });
        assert_eq!(so_far.targets[2].destinations[0].missing.len(), 2);
    }
}
