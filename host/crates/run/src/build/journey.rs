//! The order of a build: one command for everything, or one for each target, so many at the same time.

use std::{
    num::NonZeroUsize,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use bakery_core::{
    plan::Target,
    port::{Failure, FailureKind},
};
use futures_util::{StreamExt as _, stream};
use tokio::time::Instant;

use super::{BuildFailure, BuildReport, BuildStatus, Builder, Built, TargetBuilt};

/// How the work is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strategy {
    /// One command for all targets.
    Bake,
    /// One command for each.
    Build,
}

/// How a run builds.
#[derive(Clone)]
pub struct BuildOptions {
    /// How the work is cut.
    pub strategy: Strategy,
    /// Targets that are built at the same time, where each has a command of its own.
    pub jobs: NonZeroUsize,
    /// After a failure nothing more begins.
    pub fail_fast: bool,
    /// Whether the run is cancelled. Asked before a target begins.
    pub cancelled: Arc<dyn Fn() -> bool + Send + Sync>,
    /// Told of each target that begins.
    pub began: Arc<dyn Fn(&Target) + Send + Sync>,
    /// Told of each target as soon as it has ended, well or badly, with the failure of its own.
    pub ended: Arc<Ended>,
}

/// Takes a target that ended, and the failure of its own.
pub type Ended = dyn Fn(&TargetBuilt, Option<&Failure>) + Send + Sync;

/// Builds the targets. A target that fails leaves the others alone, unless the options say otherwise.
pub async fn build(builder: &dyn Builder, targets: &Arc<[Target]>, options: &BuildOptions) -> BuildReport {
    match options.strategy {
        Strategy::Bake => bake(builder, targets, options).await,
        Strategy::Build => each(builder, targets, options).await,
    }
}

async fn bake(builder: &dyn Builder, targets: &Arc<[Target]>, options: &BuildOptions) -> BuildReport {
    let began = Instant::now();
    let answer = if (options.cancelled)() { Err(not_begun()) } else { builder.bake(targets).await };
    let elapsed = began.elapsed();
    let mut report = BuildReport::default();
    let mut entries = Vec::new();
    let failed = match answer {
        Ok(built) => {
            (entries, report.beside) = (built.entries, built.beside);
            None
        }
        Err(failure) => Some(failure),
    };
    for target in targets.iter() {
        let status = match &failed {
            None => BuildStatus::Built(take(&mut entries, &target.uid)),
            Some(failure) => ended_by(failure),
        };
        let one = TargetBuilt { uid: target.uid.clone(), status, elapsed };
        (options.ended)(&one, None);
        report.targets.push(one);
    }
    let failed = failed.filter(|failure| failure.kind != FailureKind::Cancelled);
    report.failures.extend(failed.map(|failure| BuildFailure { target: None, failure }));
    report
}

async fn each(builder: &dyn Builder, targets: &Arc<[Target]>, options: &BuildOptions) -> BuildReport {
    let stop = AtomicBool::new(false);
    // In the order in which they end: one that takes long keeps no place from others.
    let mut ends: Vec<_> = stream::iter(targets.iter().enumerate())
        .map(async |(at, target)| (at, one(builder, target, options, &stop).await))
        .buffer_unordered(options.jobs.get())
        .collect()
        .await;
    ends.sort_unstable_by_key(|(at, _)| *at);
    let mut report = BuildReport::default();
    for (_, (target, failure)) in ends {
        let uid = &target.uid;
        report.failures.extend(failure.map(|failure| BuildFailure { target: Some(uid.clone()), failure }));
        report.targets.push(target);
    }
    report
}

async fn one(
    builder: &dyn Builder,
    target: &Target,
    options: &BuildOptions,
    stop: &AtomicBool,
) -> (TargetBuilt, Option<Failure>) {
    let uid = target.uid.clone();
    if stop.load(Ordering::SeqCst) || (options.cancelled)() {
        let ended = TargetBuilt { uid, status: BuildStatus::NotStarted, elapsed: Duration::ZERO };
        (options.ended)(&ended, None);
        return (ended, None);
    }
    (options.began)(target);
    let began = Instant::now();
    let answer = builder.build(target).await;
    let elapsed = began.elapsed();
    let (status, failure) = match answer {
        Ok(Built { mut entries, .. }) => (BuildStatus::Built(take(&mut entries, &uid)), None),
        Err(failure) => {
            if options.fail_fast {
                stop.store(true, Ordering::SeqCst);
            }
            (ended_by(&failure), Some(failure).filter(|failure| failure.kind != FailureKind::Cancelled))
        }
    };
    let ended = TargetBuilt { uid, status, elapsed };
    (options.ended)(&ended, failure.as_ref());
    (ended, failure)
}

fn take(
    entries: &mut Vec<(String, bakery_core::plan::build::Entry)>,
    uid: &str,
) -> Option<bakery_core::plan::build::Entry> {
    let at = entries.iter().position(|(of, _)| of == uid)?;
    Some(entries.swap_remove(at).1)
}

fn ended_by(failure: &Failure) -> BuildStatus {
    if failure.kind == FailureKind::Cancelled { BuildStatus::Cancelled } else { BuildStatus::Failed }
}

fn not_begun() -> Failure {
    Failure::new(FailureKind::Cancelled, "build", "the run was stopped before anything was built")
}
