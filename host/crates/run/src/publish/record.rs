//! Listens to one target: hands every event on under the target's name, and keeps what its report needs.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use bakery_core::{
    model::{Reference, Repository, Tag},
    port::{Event, EventSink},
};
use tokio::time::Instant;

use super::report::{Effect, Wait};

/// The listener of one target.
pub(super) struct Record {
    target: Arc<str>,
    events: Arc<dyn EventSink>,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    waits: Vec<Watch>,
    retries: u32,
    effects: Vec<Effect>,
}

/// A wait, as far as it is known.
struct Watch {
    subject: String,
    /// So far, at the last look.
    elapsed: Duration,
    /// From the last look to the next one.
    delay: Duration,
    /// When the last look was; none once it arrived.
    looked: Option<Instant>,
}

/// What the report says of a target's events.
pub(super) struct Recorded {
    /// Waits, those that never came included.
    pub(super) waits: Vec<Wait>,
    /// Attempts that were followed by another one.
    pub(super) retries: u32,
    /// In order.
    pub(super) effects: Vec<Effect>,
}

impl Record {
    /// Of a target, for whoever listens to the run.
    pub(super) fn new(target: &str, events: Arc<dyn EventSink>) -> Self {
        Self { target: target.into(), events, kept: Mutex::default() }
    }

    /// Whether a write under this tag was seen, whatever became of the call that it was part of.
    pub(super) fn wrote(&self, repository: &Repository, tag: &Tag) -> bool {
        let same = |subject: &str| {
            let reference = subject.parse::<Reference>();
            reference.is_ok_and(|one| one.repository() == repository && one.tag() == Some(tag))
        };
        let kept = self.kept();
        kept.effects.iter().any(|effect| matches!(effect.verb, "tag" | "push") && same(&effect.subject))
    }

    /// Everything so far, for a target whose last call ended then.
    pub(super) fn report(&self, ended: Instant) -> Recorded {
        let kept = self.kept();
        Recorded {
            waits: kept.waits.iter().map(|watch| watch.report(ended)).collect(),
            retries: kept.retries,
            effects: kept.effects.clone(),
        }
    }

    /// A listener that fell over leaves what it has kept.
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl EventSink for Record {
    fn emit(&self, event: Event) {
        self.kept().take(&event);
        self.events.emit(Event::Of { target: Arc::clone(&self.target), event: Box::new(event) });
    }
}

impl Kept {
    fn take(&mut self, event: &Event) {
        match event {
            Event::Waiting { subject, elapsed, delay, remaining, .. } => {
                let watch = self.watch(subject, *elapsed);
                watch.elapsed = *elapsed;
                watch.delay = (*delay).min(*remaining);
                watch.looked = Some(Instant::now());
            }
            Event::Arrived { subject, waited } => {
                let watch = self.watch(subject, *waited);
                watch.elapsed = *waited;
                watch.looked = None;
            }
            Event::Retrying { .. } => self.retries = self.retries.saturating_add(1),
            Event::Effect { verb, subject, detail } => {
                self.effects.push(Effect { verb, subject: subject.clone(), detail: detail.clone() });
            }
            _ => {}
        }
    }

    /// The open wait for this that can have got so far, or a new one.
    fn watch(&mut self, subject: &str, elapsed: Duration) -> &mut Watch {
        let open = |one: &Watch| one.looked.is_some() && one.subject == subject && one.elapsed <= elapsed;
        let at = self.waits.iter().position(open).unwrap_or_else(|| {
            let (elapsed, delay) = (Duration::ZERO, Duration::ZERO);
            self.waits.push(Watch {
                subject: subject.to_owned(),
                elapsed,
                delay,
                looked: Some(Instant::now()),
            });
            self.waits.len() - 1
        });
        &mut self.waits[at]
    }
}

impl Watch {
    /// One that never came lasted until the look that ended it, or until the target's end cut it off.
    fn report(&self, ended: Instant) -> Wait {
        let rest = self.looked.map(|looked| ended.saturating_duration_since(looked).min(self.delay));
        Wait {
            subject: self.subject.clone(),
            waited: self.elapsed.saturating_add(rest.unwrap_or_default()),
            arrived: self.looked.is_none(),
        }
    }
}
