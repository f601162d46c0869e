//! Which call may begin now: slots, the barrier, the order inside repositories. Pure: it is told what ended and answers
//! what begins; it runs nothing and knows nothing of signals.

use std::{
    collections::{BTreeMap, VecDeque},
    num::NonZeroUsize,
};

use bakery_core::{
    model::Repository,
    plan::publish::{Goal, PublishTarget},
};

use super::step::{Class, Step};

/// One call of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Work {
    /// Which target, counted in the plan's order.
    pub(super) target: usize,
    /// What is done for it.
    pub(super) step: Step,
}

/// What may begin, and what has to end before.
pub(super) struct Schedule {
    /// Slots that nobody has.
    free: usize,
    /// Calls that need no slot, or whose target has one.
    at_once: VecDeque<Work>,
    /// Targets whose sources are there, in the order of their arrival: each needs a slot.
    arrived: VecDeque<usize>,
    /// Targets that are not yet in place by digest and may still get there. No tag moves before it is 0.
    preparing: usize,
    goal: Goal,
    targets: Vec<Course>,
    lanes: Vec<Lane>,
}

/// How far a target is with its tags.
struct Course {
    /// No call for it failed.
    good: bool,
    /// Its image is converted between its index and its repositories.
    converted: bool,
    /// Calls for immutable tags that did not end yet.
    immutable: usize,
    /// Calls for floating tags that did not end yet.
    floating: usize,
}

/// The tags of one repository: one call after the other.
struct Lane {
    under_way: Option<Turn>,
    /// What did not begin yet, in order: all immutable tags, then all floating ones, each in the plan's order.
    turns: VecDeque<Turn>,
}

/// One call of a lane. Its order is the order inside a lane, and among lanes where there are fewer slots than lanes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Turn {
    class: Class,
    target: usize,
    destination: usize,
}

impl Schedule {
    /// The whole run, before anything began.
    pub(super) fn new(targets: &[PublishTarget], goal: Goal, jobs: NonZeroUsize) -> Self {
        let mut courses = Vec::with_capacity(targets.len());
        let mut lanes: BTreeMap<&Repository, Vec<Turn>> = BTreeMap::new();
        for (index, target) in targets.iter().enumerate() {
            let converted = target.soci.is_some();
            let mut course = Course { good: true, converted, immutable: 0, floating: 0 };
            for (number, destination) in target.destinations.iter().enumerate() {
                for class in [Class::Immutable, Class::Floating] {
                    if !class.tags(destination).is_empty() {
                        *course.left(class) += 1;
                        let turn = Turn { class, target: index, destination: number };
                        lanes.entry(&destination.repository).or_default().push(turn);
                    }
                }
            }
            courses.push(course);
        }
        let lanes = lanes.into_values().map(|mut turns| {
            turns.sort();
            Lane { under_way: None, turns: turns.into() }
        });
        let waits = (0..targets.len()).map(|target| Work { target, step: Step::WaitSources });
        Self {
            free: jobs.get(),
            at_once: waits.collect(),
            arrived: VecDeque::new(),
            preparing: targets.len(),
            goal,
            targets: courses,
            lanes: lanes.collect(),
        }
    }

    /// A call that begins now. None until another one ends, and for good where none is under way.
    pub(super) fn next(&mut self) -> Option<Work> {
        if let Some(work) = self.at_once.pop_front() {
            return Some(work);
        }
        if self.free == 0 {
            return None;
        }
        let work = match self.arrived.pop_front() {
            Some(target) => Work { target, step: Step::IndexCreate },
            None => self.next_tags()?,
        };
        self.free -= 1;
        Some(work)
    }

    /// Takes note of the end of a call.
    pub(super) fn ended(&mut self, work: Work, well: bool) {
        let Work { target, step } = work;
        self.targets[target].good &= well;
        match step {
            Step::WaitSources if well => self.arrived.push_back(target),
            // It keeps its slot.
            Step::IndexCreate if well && self.targets[target].converted => {
                self.at_once.push_back(Work { target, step: Step::SociConvert });
            }
            Step::IndexCreate | Step::SociConvert if well && self.goal == Goal::Publish => {
                self.at_once.push_back(Work { target, step: Step::IndexPlace });
            }
            Step::WaitSources => self.prepared(),
            Step::IndexCreate | Step::SociConvert | Step::IndexPlace => {
                self.free += 1;
                self.prepared();
            }
            Step::IndexTag { destination, class } => {
                let turn = Turn { class, target, destination };
                self.lanes.iter_mut().filter(|lane| lane.under_way == Some(turn)).for_each(Lane::release);
                self.free += 1;
                *self.targets[target].left(class) -= 1;
                self.verify_if_tagged(target);
            }
            Step::Verify => {}
        }
    }

    /// The first tags, in the order of the run, whose turn it is in their repository.
    fn next_tags(&mut self) -> Option<Work> {
        if self.preparing > 0 {
            return None;
        }
        let targets = &self.targets;
        let lanes = self.lanes.iter_mut().filter_map(|lane| lane.head(targets).map(|turn| (turn, lane)));
        let (turn, lane) = lanes.min_by_key(|(turn, _)| *turn)?;
        lane.turns.pop_front();
        lane.under_way = Some(turn);
        let Turn { class, target, destination } = turn;
        Some(Work { target, step: Step::IndexTag { destination, class } })
    }

    /// One target less to wait for. The last one opens the barrier.
    fn prepared(&mut self) {
        self.preparing -= 1;
        if self.preparing == 0 && self.goal == Goal::Publish {
            // Where there are no tags, nothing else would begin it.
            (0..self.targets.len()).for_each(|target| self.verify_if_tagged(target));
        }
    }

    fn verify_if_tagged(&mut self, target: usize) {
        let course = &self.targets[target];
        if course.good && course.immutable == 0 && course.floating == 0 {
            self.at_once.push_back(Work { target, step: Step::Verify });
        }
    }
}

impl Course {
    fn left(&mut self, class: Class) -> &mut usize {
        match class {
            Class::Immutable => &mut self.immutable,
            Class::Floating => &mut self.floating,
        }
    }
}

impl Lane {
    /// What may begin here now. Targets that failed, here or elsewhere, lose their turns.
    fn head(&mut self, targets: &[Course]) -> Option<Turn> {
        if self.under_way.is_some() {
            return None;
        }
        while self.turns.front().is_some_and(|turn| !targets[turn.target].good) {
            self.turns.pop_front();
        }
        let turn = *self.turns.front()?;
        // A target is never half latest: elsewhere its immutable tags may still be on their way.
        let early = turn.class == Class::Floating && targets[turn.target].immutable > 0;
        (!early).then_some(turn)
    }

    fn release(&mut self) {
        self.under_way = None;
    }
}
