//! One target on its way: what its steps answered so far, and the report that comes of it. Begins nothing.

use std::sync::Arc;

use bakery_core::{
    model::{Digest, Repository, Tag},
    plan::publish::{Goal, PublishTarget, TargetDestination},
    port::{Event, EventSink, Failure, FailureKind, Measured, StepOutcome, StepRunner, Steps},
};
use tokio::time::Instant;

use super::{
    record::Record,
    report::{DestinationReport, Status, TargetReport},
    step::{self, Class, Step},
};

/// What steps say of a repository or of a tag: keys of their outcomes.
const PRESENT: &str = "present";
const KEPT: &str = "kept";
const WRITTEN: &str = "written";
const VERIFIED: &str = "verified";

/// One target on its way.
pub(super) struct Journey<'p> {
    pub(super) target: &'p PublishTarget,
    pub(super) runner: Arc<dyn StepRunner>,
    goal: Goal,
    record: Arc<Record>,
    /// Outcomes of the steps that are called once, in order.
    previous: Vec<(String, StepOutcome)>,
    /// The tags of each destination, in the plan's order.
    fates: Vec<Vec<(Tag, Fate)>>,
    /// Nothing is left to do.
    done: bool,
    ended: Option<Status>,
    further: Vec<Failure>,
    began: Instant,
    last: Instant,
}

/// What became of a tag.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    Missing,
    Written,
    Kept,
}

impl<'p> Journey<'p> {
    /// A target before its first step.
    pub(super) fn new(
        target: &'p PublishTarget,
        goal: Goal,
        steps: &dyn Steps,
        events: &Arc<dyn EventSink>,
    ) -> Self {
        let record = Arc::new(Record::new(&target.uid, Arc::clone(events)));
        let runner = steps.open(&target.uid, &target.accesses(), Arc::clone(&record) as Arc<dyn EventSink>);
        let fates = |one: &TargetDestination| one.tags().map(|tag| (tag.clone(), Fate::Missing)).collect();
        let now = Instant::now();
        Self {
            target,
            runner,
            goal,
            record,
            previous: Vec::new(),
            fates: target.destinations.iter().map(fates).collect(),
            done: false,
            ended: None,
            further: Vec::new(),
            began: now,
            last: now,
        }
    }

    /// What the next call of this step is told of earlier ones.
    pub(super) fn previous(&self, step: Step) -> Vec<(String, StepOutcome)> {
        let mut previous = self.previous.clone();
        if step == Step::Verify {
            previous.push((step::INDEX_TAG.to_owned(), self.tagged()));
        }
        previous
    }

    /// What its index leads to, as far as that is known now.
    pub(super) fn measured(&self) -> Option<Measured> {
        self.index().and_then(|index| self.runner.measured(index))
    }

    /// A call begins.
    pub(super) fn begins(&self, step: Step) {
        self.record.emit(Event::Step { step: step.name() });
    }

    /// A call ended. Whether the target goes on.
    pub(super) fn took(&mut self, step: Step, answer: Result<StepOutcome, Failure>) -> bool {
        self.last = Instant::now();
        let judged = match step {
            Step::WaitSources | Step::IndexCreate | Step::SociConvert | Step::IndexPlace => {
                answer.and_then(|outcome| self.took_whole(step, outcome))
            }
            Step::IndexTag { destination, class } => self.took_tags(destination, class, answer),
            Step::Verify => answer.and_then(|outcome| self.took_verify(&outcome)),
        };
        judged.map_err(|failure| self.end(step.name(), failure)).is_ok()
    }

    /// Whether no step follows.
    pub(super) fn is_over(&self) -> bool {
        self.done || self.ended.is_some()
    }

    /// What became of it. A target that did not end was cancelled before its next step.
    pub(super) fn report(&self) -> TargetReport {
        let status = match &self.ended {
            Some(status) => status.clone(),
            None if !self.done => Status::Cancelled { step: self.next_step() },
            None if self.goal == Goal::Publish && self.is_unchanged() => Status::Unchanged,
            None => Status::Published,
        };
        let destinations = self.target.destinations.iter().zip(&self.fates);
        let recorded = self.record.report(self.last);
        TargetReport {
            uid: self.target.uid.clone(),
            status,
            index: self.index().cloned(),
            destinations: destinations.map(|(one, fates)| self.destination(one, fates)).collect(),
            further: self.further.clone(),
            waits: recorded.waits,
            retries: recorded.retries,
            effects: recorded.effects,
            traffic: self.runner.traffic(),
            measured: self.measured(),
            elapsed: self.last.saturating_duration_since(self.began),
        }
    }

    fn took_whole(&mut self, step: Step, outcome: StepOutcome) -> Result<(), Failure> {
        let made = outcome.digest.is_some() || !matches!(step, Step::IndexCreate | Step::SociConvert);
        self.previous.push((step.name().to_owned(), outcome));
        if !made {
            return Err(self.broken(step.name(), "named no index"));
        }
        let last = if self.target.soci.is_some() { Step::SociConvert } else { Step::IndexCreate };
        self.done = self.goal == Goal::Convert && step == last;
        Ok(())
    }

    /// Also of a call that failed it is known which tags it moved before: their events came by.
    fn took_tags(
        &mut self,
        destination: usize,
        class: Class,
        answer: Result<StepOutcome, Failure>,
    ) -> Result<(), Failure> {
        let Some(place) = self.target.destinations.get(destination) else { return Ok(()) };
        let mut silent = None;
        for (tag, fate) in self.fates.get_mut(destination).into_iter().flatten() {
            if !class.tags(place).contains(tag) {
                continue;
            }
            let name = format!("{}:{tag}", place.repository);
            let says = |key| answer.as_ref().is_ok_and(|outcome| outcome.values(key).any(|one| one == name));
            // What the host saw counts more than what the component says.
            *fate = if self.record.wrote(&place.repository, tag) {
                Fate::Written
            } else if says(KEPT) {
                Fate::Kept
            } else if says(WRITTEN) {
                Fate::Written
            } else {
                silent = Some(name);
                Fate::Missing
            };
        }
        answer?;
        match silent {
            None => Ok(()),
            Some(name) => Err(self.broken(step::INDEX_TAG, &format!("did not say what became of `{name}`"))),
        }
    }

    fn took_verify(&mut self, outcome: &StepOutcome) -> Result<(), Failure> {
        if self.target.destinations.is_empty() {
            let message = "it was published nowhere: the plan names no repository for it";
            return Err(Failure::new(FailureKind::InvalidInput, &self.target.uid, message));
        }
        for destination in &self.target.destinations {
            for tag in destination.tags() {
                let name = format!("{}:{tag}", destination.repository);
                if !outcome.values(VERIFIED).any(|one| one == name) {
                    return Err(
                        self.broken(step::VERIFY, &format!("did not say that `{name}` was read back"))
                    );
                }
            }
        }
        self.done = true;
        Ok(())
    }

    /// The first failure ends the target. One outranks cancellation; others are kept beside it.
    fn end(&mut self, step: &'static str, failure: Failure) {
        match (&self.ended, failure.kind) {
            (None, FailureKind::Cancelled) => self.ended = Some(Status::Cancelled { step }),
            (Some(_), FailureKind::Cancelled) => {}
            (Some(Status::Failed { .. }), _) => self.further.push(failure),
            (_, _) => self.ended = Some(Status::Failed { step, failure }),
        }
    }

    /// A component ended well without saying what it must.
    fn broken(&self, step: &str, what: &str) -> Failure {
        let message = format!("step `{step}` ended well but {what}: its component is wrong");
        Failure::new(FailureKind::Internal, &self.target.uid, message)
    }

    /// The index as the last step that made or changed one left it.
    fn index(&self) -> Option<&Digest> {
        self.previous.iter().rev().find_map(|(_, outcome)| outcome.digest.as_ref())
    }

    /// All calls for tags as one outcome, in the plan's order.
    fn tagged(&self) -> StepOutcome {
        let mut attributes = Vec::new();
        for (destination, fates) in self.target.destinations.iter().zip(&self.fates) {
            for (tag, fate) in fates {
                let key = match fate {
                    Fate::Written => WRITTEN,
                    Fate::Kept => KEPT,
                    Fate::Missing => continue,
                };
                attributes.push((key.to_owned(), format!("{}:{tag}", destination.repository)));
            }
        }
        StepOutcome { digest: None, attributes }
    }

    fn next_step(&self) -> &'static str {
        let missing = self.fates.iter().flatten().any(|(_, fate)| *fate == Fate::Missing);
        // Without a conversion the step after the index is one earlier.
        let converted = usize::from(self.target.soci.is_some());
        match self.previous.len() {
            0 => step::WAIT_SOURCES,
            1 => step::INDEX_CREATE,
            2 if converted == 1 => step::SOCI_CONVERT,
            ended if ended == 2 + converted => step::INDEX_PLACE,
            _ if missing => step::INDEX_TAG,
            _ => step::VERIFY,
        }
    }

    /// Whether everything was as it should be before: each tag, and where there are none, the index itself.
    fn is_unchanged(&self) -> bool {
        let present = |repository: &Repository| {
            let name = repository.to_string();
            self.previous.iter().any(|(_, outcome)| outcome.values(PRESENT).any(|one| one == name))
        };
        self.target.destinations.iter().zip(&self.fates).all(|(destination, fates)| {
            if fates.is_empty() {
                return present(&destination.repository);
            }
            fates.iter().all(|(_, fate)| *fate == Fate::Kept)
        })
    }

    fn destination(&self, place: &TargetDestination, fates: &[(Tag, Fate)]) -> DestinationReport {
        let with = |wanted| {
            fates.iter().filter(|(_, fate)| *fate == wanted).map(|(tag, _)| tag.clone()).collect::<Vec<_>>()
        };
        DestinationReport {
            repository: place.repository.clone(),
            written: with(Fate::Written),
            kept: with(Fate::Kept),
            missing: with(Fate::Missing),
            verified: if self.done { place.tags().cloned().collect() } else { Vec::new() },
        }
    }
}
