//! One operation's way through the gate: its times, its counts, and the words in which it ends. Waits for nothing.

use std::time::Duration;

use bakery_core::{
    policy::{Class, Operation, Tally, classify},
    port::{Failure, FailureKind},
};
use tokio::time::Instant;

use crate::clock::{after, spoken};

/// One operation's way so far.
pub(crate) struct Course<'a> {
    pub(crate) operation: &'a Operation,
    pub(crate) ends: Instant,
    /// Attempts begun, looks for what is awaited included.
    pub(crate) attempts: u32,
    pub(crate) tally: Tally,
    started: Instant,
    last: Option<Failure>,
}

impl<'a> Course<'a> {
    pub(crate) fn begin(operation: &'a Operation) -> Self {
        let started = Instant::now();
        let ends = after(started, operation.total());
        Self { operation, ends, attempts: 0, tally: Tally::default(), started, last: None }
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    pub(crate) fn elapsed_at(&self, when: Instant) -> Duration {
        when.saturating_duration_since(self.started)
    }

    pub(crate) fn left(&self) -> Duration {
        self.ends.saturating_duration_since(Instant::now())
    }

    /// The end of the time in which absence is expected.
    pub(crate) fn window_ends(&self) -> Instant {
        after(self.started, self.operation.awaited.unwrap_or_default())
    }

    /// Keeps what the last attempt said, for the case that no other one follows.
    pub(crate) fn remember(&mut self, failure: Failure) {
        self.last = Some(failure);
    }

    /// An attempt failed and none follows; says so where it was time, not the count, that ended it.
    pub(crate) fn ended(&self, mut failure: Failure, attempts: u32) -> Failure {
        failure.attempts = self.attempts;
        match classify(self.operation, &failure) {
            Class::Permanent => {}
            Class::Pending => self.not_propagated(&mut failure),
            Class::Transient(cause) if !self.tally.allows(cause, attempts) => {}
            Class::Transient(_) => {
                let reason = match failure.retry_after {
                    Some(asked) if asked >= self.left() => {
                        format!(
                            "it asks to wait {}, longer than the {} left",
                            spoken(asked),
                            spoken(self.left())
                        )
                    }
                    _ => format!("no time for another attempt within {}", spoken(self.operation.total())),
                };
                failure.message.push_str("; ");
                failure.message.push_str(&reason);
            }
        }
        failure
    }

    /// The window is over: says what lagged, and how long.
    fn not_propagated(&self, failure: &mut Failure) {
        if self.operation.awaited.is_none_or(|window| window.is_zero()) {
            return;
        }
        failure.message = format!(
            "waited {} for `{}`: {}",
            spoken(self.elapsed()),
            self.operation.subject,
            failure.message
        );
        failure.hint.get_or_insert_with(|| {
            "check that it was pushed; if the registry is only slow, give it more time with `--wait-timeout`"
                .to_owned()
        });
    }

    /// The host may not be asked again.
    pub(crate) fn exhausted(&self, mut failure: Failure, origin: &str) -> Failure {
        failure.attempts = self.attempts;
        failure.message.push_str(&format!("; retry budget exhausted at `{origin}`"));
        failure.hint = Some(format!(
            "too many requests to `{origin}` failed during this run: run the same command again when it has recovered"
        ));
        failure
    }

    /// A wait ended without another attempt: what the last attempt said is worth more than that.
    pub(crate) fn stopped_waiting(&self, mut waiting: Failure) -> Failure {
        if let Some(last) = &self.last {
            waiting.message = format!("{}; the last attempt failed: {}", waiting.message, last.message);
            waiting.hint = last.hint.clone();
            waiting.registry = last.registry.clone();
            if waiting.kind != FailureKind::Cancelled {
                waiting.kind = last.kind;
            }
        }
        waiting.attempts = self.attempts;
        waiting
    }

    /// The run is cancelled.
    pub(crate) fn cancelled(&self) -> Failure {
        let subject = &self.operation.subject;
        let message = format!("the run was cancelled before `{subject}` was done");
        self.stopped_waiting(Failure::new(FailureKind::Cancelled, subject, message))
    }
}
