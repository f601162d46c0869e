//! What is known of a run while it goes on, from its events alone: who does what, and who waits for what. Pure but for
//! the time that the caller gives.

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

use bakery_core::port::{Event, FailureKind};

/// A run so far.
#[derive(Debug)]
pub(super) struct Course {
    /// Targets that the plan has.
    pub(super) planned: usize,
    /// Targets that ended well.
    pub(super) done: usize,
    /// Targets that ended otherwise.
    pub(super) ended_badly: usize,
    /// Those that began and have not ended, in order of their names.
    pub(super) active: BTreeMap<Arc<str>, Active>,
}

/// A target that is being worked on.
#[derive(Debug, Default)]
pub(super) struct Active {
    /// The step that it began last.
    pub(super) step: &'static str,
    /// What it waits for, by subject.
    pub(super) waits: BTreeMap<String, Wait>,
    /// Attempts that failed, by class.
    retries: BTreeMap<&'static str, u32>,
}

/// A wait that has not ended.
#[derive(Clone, Debug)]
pub(super) struct Wait {
    /// How long, when it was last heard of.
    elapsed: Duration,
    /// How long it may still last, then.
    remaining: Duration,
    /// When that was.
    heard: Instant,
    /// From which time on it is worth another line.
    next_line: Duration,
}

impl Wait {
    /// How long by now.
    pub(super) fn elapsed(&self, now: Instant) -> Duration {
        self.elapsed + now.saturating_duration_since(self.heard)
    }

    /// How long it may last in all.
    pub(super) fn budget(&self) -> Duration {
        self.elapsed + self.remaining
    }
}

/// The longest time between two lines about one wait.
const QUIET: Duration = Duration::from_secs(60);

impl Course {
    /// A run that has not begun.
    pub(super) fn new(planned: usize) -> Self {
        Self { planned, done: 0, ended_badly: 0, active: BTreeMap::new() }
    }

    /// Takes an event of a target, and says whether a log should have a line about it: of waits that go on every now
    /// and then, of retries the first one of each class.
    pub(super) fn take(&mut self, target: &Arc<str>, event: &Event, now: Instant) -> bool {
        let active = self.active.entry(Arc::clone(target)).or_default();
        match event {
            Event::Step { step } => {
                active.step = step;
                true
            }
            Event::Waiting { subject, elapsed, remaining, .. } => {
                let known = active.waits.get(subject).map_or(Duration::ZERO, |wait| wait.next_line);
                let speak = *elapsed >= known;
                let next_line =
                    if speak { *elapsed + (*elapsed).clamp(Duration::from_secs(5), QUIET) } else { known };
                let wait = Wait { elapsed: *elapsed, remaining: *remaining, heard: now, next_line };
                active.waits.insert(subject.clone(), wait);
                speak
            }
            Event::Arrived { subject, .. } => {
                active.waits.remove(subject);
                true
            }
            Event::Retrying { kind, .. } => active.count(*kind) == 1,
            _ => true,
        }
    }

    /// A target ended.
    pub(super) fn end(&mut self, target: &str, good: bool) {
        self.active.remove(target);
        if good {
            self.done += 1;
        } else {
            self.ended_badly += 1;
        }
    }

    /// Targets that wait for something.
    pub(super) fn waiting(&self) -> usize {
        self.active.values().filter(|active| !active.waits.is_empty()).count()
    }
}

impl Active {
    fn count(&mut self, kind: FailureKind) -> u32 {
        let count = self.retries.entry(kind.as_str()).or_default();
        *count += 1;
        *count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waiting(subject: &str, seconds: u64) -> Event {
        Event::Waiting {
            subject: subject.to_owned(),
            message: "not there yet".to_owned(),
            elapsed: Duration::from_secs(seconds),
            delay: Duration::from_secs(1),
            remaining: Duration::from_secs(600 - seconds),
        }
    }

    #[test]
    fn a_wait_is_told_at_once_and_then_ever_more_rarely() {
        let mut course = Course::new(1);
        let (target, now) = ("t".into(), Instant::now());
        let told: Vec<u64> =
            (0..600).filter(|second| course.take(&target, &waiting("a", *second), now)).collect();
        assert_eq!(told, [0, 5, 10, 20, 40, 80, 140, 200, 260, 320, 380, 440, 500, 560]);
        assert!(course.take(&target, &waiting("b", 0), now), "another subject is another wait");
        assert_eq!(course.waiting(), 1);
    }

    #[test]
    fn a_wait_grows_between_events_and_ends_with_its_arrival() {
        let mut course = Course::new(1);
        let (target, now): (Arc<str>, _) = ("t".into(), Instant::now());
        course.take(&target, &waiting("a", 3), now);
        let wait = &course.active[&target].waits["a"];
        assert_eq!(wait.elapsed(now + Duration::from_secs(2)), Duration::from_secs(5));
        assert_eq!(wait.budget(), Duration::from_secs(600));
        let arrived = Event::Arrived { subject: "a".to_owned(), waited: Duration::from_secs(6) };
        assert!(course.take(&target, &arrived, now));
        assert_eq!(course.waiting(), 0);
    }

    #[test]
    fn of_retries_the_first_of_each_class_is_told() {
        let mut course = Course::new(1);
        let retrying = |kind| Event::Retrying {
            subject: "s".to_owned(),
            attempt: 1,
            kind,
            message: "m".to_owned(),
            delay: Duration::ZERO,
        };
        let now = Instant::now();
        let kinds = [FailureKind::Unavailable, FailureKind::Unavailable, FailureKind::RateLimited];
        let told: Vec<bool> = kinds.map(|kind| course.take(&"t".into(), &retrying(kind), now)).into();
        assert_eq!(told, [true, false, true]);
        assert!(course.take(&"u".into(), &retrying(FailureKind::Unavailable), now), "another target");
    }
}
