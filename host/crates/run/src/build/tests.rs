//! Runs over a builder that only waits, on a paused clock.

use std::{
    num::NonZeroUsize,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use bakery_core::{
    config,
    plan::{self, Facts, Questions, Selection, Target, build::Entry},
    port::{BoxFuture, Failure, FailureKind},
};
use serde_json::json;

use super::*;

/// Targets `a-1-0-N`.
fn targets(count: usize) -> Arc<[Target]> {
    let versions: Vec<String> = (0..count).map(|n| format!("{{name: 1.0.{n}}}")).collect();
    let text = format!(
        "repository: {{url: example.com/i}}\nregistries: [{{host: r.example}}]\nimages:\n  - {{name: a, versions: [{}]}}\n",
        versions.join(", ")
    );
    let loaded = config::load("bakery.yaml", text.as_bytes(), false).unwrap();
    let builds =
        plan::select(&loaded.config, &Selection::default(), &Questions::default(), &Facts::default())
            .unwrap();
    plan::targets(&builds).unwrap().into()
}

fn entry(uid: &str) -> Entry {
    json!({ "image.name": uid }).as_object().unwrap().clone()
}

/// Takes longer for a target the higher its last number is, and fails those that it is told to.
#[derive(Default)]
struct Slow {
    fails: Vec<(&'static str, FailureKind)>,
    open: AtomicUsize,
    most: AtomicUsize,
    order: Mutex<Vec<String>>,
}

impl Slow {
    fn failing(uid: &'static str, kind: FailureKind) -> Self {
        Self { fails: vec![(uid, kind)], ..Self::default() }
    }

    fn answer(&self, uid: &str) -> Result<Built, Failure> {
        match self.fails.iter().find(|(of, _)| *of == uid) {
            Some((_, kind)) => Err(Failure::new(*kind, "slow", format!("{uid} is bad"))),
            None => Ok(Built { entries: vec![(uid.to_owned(), entry(uid))], beside: Entry::new() }),
        }
    }
}

impl Builder for Slow {
    fn bake<'a>(&'a self, targets: &'a Arc<[Target]>) -> BoxFuture<'a, Result<Built, Failure>> {
        Box::pin(async move {
            self.answer("all")?;
            let entries = targets.iter().rev().skip(1).map(|t| (t.uid.clone(), entry(&t.uid))).collect();
            Ok(Built { entries, beside: entry("beside") })
        })
    }

    fn build<'a>(&'a self, target: &'a Target) -> BoxFuture<'a, Result<Built, Failure>> {
        Box::pin(async move {
            self.order.lock().unwrap().push(target.uid.clone());
            let open = self.open.fetch_add(1, Ordering::SeqCst) + 1;
            self.most.fetch_max(open, Ordering::SeqCst);
            let number: u64 = target.uid.rsplit('-').next().unwrap().parse().unwrap();
            tokio::time::sleep(Duration::from_secs(number + 1)).await;
            self.open.fetch_sub(1, Ordering::SeqCst);
            self.answer(&target.uid)
        })
    }
}

fn options(strategy: Strategy, jobs: usize) -> BuildOptions {
    BuildOptions {
        strategy,
        jobs: NonZeroUsize::new(jobs).unwrap(),
        fail_fast: false,
        cancelled: Arc::new(|| false),
        began: Arc::new(|_| {}),
        ended: Arc::new(|_, _| {}),
    }
}

fn letters(report: &BuildReport) -> String {
    let letter = |one: &TargetBuilt| match one.status {
        BuildStatus::Built(_) => 'b',
        BuildStatus::Failed => 'f',
        BuildStatus::Cancelled => 'c',
        BuildStatus::NotStarted => 'n',
    };
    report.targets.iter().map(letter).collect()
}

#[tokio::test(start_paused = true)]
async fn as_many_targets_as_there_are_jobs_are_built_at_the_same_time() {
    for (jobs, most) in [(1, 1), (7, 7), (300, 200)] {
        let slow = Slow::default();
        let report = build(&slow, &targets(200), &options(Strategy::Build, jobs)).await;
        assert!(report.is_complete());
        assert_eq!(slow.most.load(Ordering::SeqCst), most);
        let uids: Vec<&str> = report.targets.iter().map(|target| target.uid.as_str()).collect();
        assert_eq!(uids, targets(200).iter().map(|target| target.uid.as_str()).collect::<Vec<_>>());
    }
}

#[tokio::test(start_paused = true)]
async fn one_that_takes_long_keeps_no_place_from_the_others() {
    let slow = Slow::default();
    let all = targets(40);
    let began = tokio::time::Instant::now();
    let longest_first: Arc<[Target]> = all.iter().rev().cloned().collect();
    let report = build(&slow, &longest_first, &options(Strategy::Build, 2)).await;
    assert!(report.is_complete());
    // 820 seconds of work in two places.
    assert!(began.elapsed() <= Duration::from_secs(420), "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_failure_leaves_the_others_alone_and_is_told_once() {
    let slow = Slow::failing("a-1-0-0", FailureKind::InvalidInput);
    let report = build(&slow, &targets(1), &options(Strategy::Build, 1)).await;
    assert_eq!(letters(&report), "f");
    let told: Vec<_> =
        report.failures.iter().map(|f| (f.target.as_deref(), f.failure.message.as_str())).collect();
    assert_eq!(told, [(Some("a-1-0-0"), "a-1-0-0 is bad")]);
}

#[tokio::test(start_paused = true)]
async fn with_fail_fast_nothing_begins_after_a_failure_and_what_runs_ends() {
    for (fail_fast, want) in [(false, "bfbbb"), (true, "bfbnn")] {
        let slow = Slow::failing("a-1-0-1", FailureKind::InvalidInput);
        let ended = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&ended);
        let options = BuildOptions {
            fail_fast,
            ended: Arc::new(move |_, _| {
                count.fetch_add(1, Ordering::SeqCst);
            }),
            ..options(Strategy::Build, 2)
        };
        let report = build(&slow, &targets(5), &options).await;
        assert_eq!(letters(&report), want);
        assert_eq!(report.failures.len(), 1);
        assert_eq!(ended.load(Ordering::SeqCst), 5, "each target is told of once");
        assert_eq!(slow.order.lock().unwrap().len(), want.matches(['b', 'f']).count());
    }
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_run_begins_nothing_more_and_cancelling_is_no_failure() {
    let slow = Slow::failing("a-1-0-1", FailureKind::Cancelled);
    let cancelled = Arc::new(AtomicBool::new(false));
    let (asked, set) = (Arc::clone(&cancelled), Arc::clone(&cancelled));
    let options = BuildOptions {
        cancelled: Arc::new(move || asked.load(Ordering::SeqCst)),
        ended: Arc::new(move |one, failure| {
            assert_eq!(failure, None);
            set.fetch_or(one.status == BuildStatus::Cancelled, Ordering::SeqCst);
        }),
        ..options(Strategy::Build, 1)
    };
    let report = build(&slow, &targets(4), &options).await;
    assert_eq!(letters(&report), "bcnn");
    assert_eq!(report.failures, []);
    let all = build(&slow, &targets(2), &BuildOptions { strategy: Strategy::Bake, ..options }).await;
    assert_eq!((letters(&all).as_str(), all.failures.len()), ("cc", 0));
}

#[tokio::test]
async fn a_plan_is_one_command_whose_failure_is_told_once_for_all() {
    let good = build(&Slow::default(), &targets(3), &options(Strategy::Bake, 1)).await;
    assert_eq!(letters(&good), "bbb");
    let with: Vec<bool> =
        good.targets.iter().map(|one| matches!(one.status, BuildStatus::Built(Some(_)))).collect();
    assert_eq!(with, [true, true, false], "what docker says nothing about was built all the same");
    assert_eq!(good.beside, entry("beside"));
    let slow = Slow::failing("all", FailureKind::Unavailable);
    let bad = build(&slow, &targets(3), &options(Strategy::Bake, 1)).await;
    assert_eq!(letters(&bad), "fff");
    assert_eq!(bad.failures.len(), 1);
    assert_eq!(bad.failures[0].target, None);
}
