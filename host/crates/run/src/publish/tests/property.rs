//! Random runs: plans, times, failures and signals from a seed. What must hold in every one of them.

use std::collections::{BTreeMap, BTreeSet};

use bakery_core::port::StepCall;

use super::{
    act::Act,
    fake::{Fake, Line, Words},
    *,
};
use crate::publish::{Status, TargetReport};

const RUNS: u64 = 400;

/// Numbers from a seed (splitmix64).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % sides
    }

    /// The same number for the same words.
    fn of(seed: u64, words: &str) -> Self {
        Self(words.bytes().fold(seed, |sum, byte| sum.wrapping_mul(131).wrapping_add(u64::from(byte))))
    }
}

fn random_plan(dice: &mut Dice) -> PublishPlan {
    let targets = 1 + dice.roll(7);
    plan((0..targets).map(|number| random_target(dice, number)).collect())
}

fn random_target(dice: &mut Dice, number: u64) -> PublishTarget {
    let mut one = target(&format!("t{number}"), &[]);
    for name in [ONE, TWO, "r.example/three/app"] {
        let more = dice.roll(2) == 0 || (one.destinations.is_empty() && name.contains("three"));
        if more {
            let some = |kind, count| {
                (0..count).map(|tag| format!("{kind}{number}-{tag}").parse().unwrap()).collect()
            };
            let (immutable, floating) = (some("i", dice.roll(3)), some("f", dice.roll(3)));
            one.destinations.push(TargetDestination { repository: repository(name), immutable, floating });
        }
    }
    one
}

/// What a call does depends on its words alone: its failure has a message that names it.
fn act(seed: u64, failing: bool, call: &StepCall) -> Act {
    let words = Words(call).to_string();
    let mut dice = Dice::of(seed, &words);
    let after = ms(dice.roll(50));
    let act =
        if failing && dice.roll(12) == 0 { Act::fails(FailureKind::Denied, &words) } else { Act::well() };
    act.after(after)
}

struct Run {
    seed: u64,
    plan: PublishPlan,
    jobs: usize,
    failing: bool,
    signal: bool,
    fake: Fake,
    calls: Vec<StepCall>,
    lines: Vec<Line>,
    published: Published,
}

async fn random_run(seed: u64) -> Run {
    let mut dice = Dice(seed);
    let plan = random_plan(&mut dice);
    let jobs = 1 + dice.roll(4) as usize;
    let (failing, signal) = (dice.roll(3) > 0, dice.roll(3) == 0);
    let fake = Fake::new(move |call| act(seed, failing, call));
    if signal {
        fake.cancel_after(ms(dice.roll(300)));
    }
    let published = run(&fake, &plan, jobs).await;
    let (calls, lines) = (fake.calls(), fake.lines());
    Run { seed, plan, jobs, failing, signal, fake, calls, lines, published }
}

#[tokio::test(start_paused = true)]
async fn whatever_happens_the_order_holds_and_the_report_is_complete() {
    let mut ends = BTreeMap::new();
    for seed in 0..RUNS {
        let run = random_run(seed).await;
        run.check();
        for target in &run.published.targets {
            *ends.entry(end(&target.status)).or_insert(0) += 1;
        }
    }
    assert_eq!(ends.len(), 3, "every way to end was seen: {ends:?}");
    assert!(ends.values().all(|count| *count > 100), "{ends:?}");
}

fn end(status: &Status) -> &'static str {
    match status {
        Status::Published | Status::Unchanged => "good",
        Status::Failed { .. } => "failed",
        Status::Cancelled { .. } => "cancelled",
    }
}

/// A run that breaks a rule shows itself.
impl Drop for Run {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("seed {}, {} jobs:\n{}", self.seed, self.jobs, self.fake.text());
        }
    }
}

impl Run {
    fn check(&self) {
        self.no_tag_before_the_barrier();
        self.repositories_in_order();
        self.floating_after_immutable();
        assert!(fake::most_slots(&self.fake) <= self.jobs);
        self.nothing_twice();
        self.nothing_after_the_signal();
        self.nothing_after_a_failure();
        self.every_failure_once();
        assert_eq!(self.published.targets.len(), self.plan.targets.len());
        for (target, report) in self.plan.targets.iter().zip(&self.published.targets) {
            self.report_is_complete(target, report);
        }
        if !self.failing && !self.signal {
            assert!(self.published.is_complete());
        }
    }

    /// Where in the log calls of a step begin and end.
    fn places(&self, step: &str) -> Vec<usize> {
        let of = |line: &Line| match line {
            Line::Begin(_, call) | Line::End(_, call) => self.calls[*call].step == step,
            Line::Step(..) | Line::Signal => false,
        };
        (0..self.lines.len()).filter(|place| of(&self.lines[*place])).collect()
    }

    fn no_tag_before_the_barrier(&self) {
        let first = self.places("index-tag").first().copied().unwrap_or(usize::MAX);
        for step in ["wait-sources", "index-create", "index-place"] {
            assert!(self.places(step).iter().all(|place| *place < first), "{step}");
        }
    }

    /// Calls for tags: target, repository, whether floating, begin, end.
    fn tagging(&self) -> Vec<(usize, String, bool, usize, usize)> {
        let at = |wanted: &dyn Fn(&Line) -> bool| self.lines.iter().position(wanted).unwrap();
        let tagging = self.calls.iter().enumerate().filter(|(_, call)| call.step == "index-tag");
        tagging
            .map(|(number, call)| {
                let target = self.plan.targets.iter().position(|one| one.uid == call.task.uid).unwrap();
                let [place] = call.task.destinations.as_slice() else { panic!("one repository per call") };
                let floating = place.tags.iter().all(|tag| tag.as_str().starts_with('f'));
                assert!(floating || place.tags.iter().all(|tag| tag.as_str().starts_with('i')));
                let begin = at(&|line| matches!(line, Line::Begin(_, call) if *call == number));
                let end = at(&|line| matches!(line, Line::End(_, call) if *call == number));
                (target, place.repository.to_string(), floating, begin, end)
            })
            .collect()
    }

    fn repositories_in_order(&self) {
        let mut lanes: BTreeMap<String, Vec<(bool, usize, usize, usize)>> = BTreeMap::new();
        for (target, repository, floating, begin, end) in self.tagging() {
            lanes.entry(repository).or_default().push((floating, target, begin, end));
        }
        for lane in lanes.values() {
            for pair in lane.windows(2) {
                let ((floating, target, _, end), (next_floating, next_target, begin, _)) = (pair[0], pair[1]);
                assert!((floating, target) < (next_floating, next_target), "the order of the plan");
                assert!(end < begin, "one after the other");
            }
        }
    }

    fn floating_after_immutable(&self) {
        let tagging = self.tagging();
        for (target, _, _, begin, _) in tagging.iter().filter(|call| call.2) {
            let immutable = tagging.iter().filter(|call| call.0 == *target && !call.2);
            let ended: Vec<usize> = immutable.map(|call| call.4).collect();
            assert!(ended.iter().all(|end| end < begin));
            let wanted =
                self.plan.targets[*target].destinations.iter().filter(|one| !one.immutable.is_empty());
            assert_eq!(ended.len(), wanted.count(), "immutable tags in every repository");
        }
    }

    fn nothing_twice(&self) {
        let words = self.fake.began();
        assert_eq!(words.iter().collect::<BTreeSet<_>>().len(), words.len());
    }

    fn nothing_after_the_signal(&self) {
        let after = self.lines.iter().skip_while(|line| **line != Line::Signal);
        assert!(!after.clone().any(|line| matches!(line, Line::Step(..))));
        let begun = self.lines.iter().filter(|line| matches!(line, Line::Step(..))).count();
        assert_eq!(begun, self.calls.len(), "each call was announced");
    }

    /// For the target that failed.
    fn nothing_after_a_failure(&self) {
        for words in self.fake.failed() {
            let failed = self.calls.iter().position(|call| Words(call).to_string() == words).unwrap();
            let ended = |line: &&Line| matches!(line, Line::End(_, call) if *call == failed);
            let after = self.lines.iter().skip_while(|line| !ended(line));
            let uid = &self.calls[failed].task.uid;
            assert!(
                !after.clone().any(|line| matches!(line, Line::Step(target, _) if target == uid)),
                "{words}"
            );
        }
    }

    fn every_failure_once(&self) {
        let mut reported: Vec<&str> =
            self.published.failures().map(|failure| failure.message.as_str()).collect();
        let mut failed = self.fake.failed();
        reported.sort_unstable();
        failed.sort_unstable();
        assert_eq!(reported, failed);
    }

    fn report_is_complete(&self, target: &PublishTarget, report: &TargetReport) {
        assert_eq!(report.uid, target.uid);
        let good = report.status.is_good();
        assert_eq!(matches!(report.status, Status::Failed { .. }), report.failures().next().is_some());
        assert!(self.signal || !matches!(report.status, Status::Cancelled { .. }));
        assert_eq!(report.destinations.len(), target.destinations.len());
        for (wanted, place) in target.destinations.iter().zip(&report.destinations) {
            let written: Vec<&Tag> =
                wanted.tags().filter(|tag| self.fake.moved(&wanted.repository, tag)).collect();
            let missing: Vec<&Tag> = wanted.tags().filter(|tag| !written.contains(tag)).collect();
            assert_eq!(place.written.iter().collect::<Vec<_>>(), written);
            assert_eq!(place.missing.iter().collect::<Vec<_>>(), missing);
            assert!(place.kept.is_empty());
            assert!(!good || missing.is_empty());
            assert_eq!(place.verified.len(), if good { written.len() } else { 0 });
        }
    }
}
