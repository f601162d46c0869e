//! The run itself: begins what the schedule allows, tells it what ended, stops when the run is cancelled.

use std::sync::Arc;

use bakery_core::{
    plan::publish::PublishPlan,
    port::{EventSink, FailureKind, Steps},
};

use super::{
    call::Calls, journey::Journey, options::PublishOptions, report::Published, running::Running,
    schedule::Schedule,
};

/// Publishes every target of a plan, and says what became of each. A failure of one leaves the others alone.
///
/// First every index is brought into its repositories by digest. Only when that has ended for every target, well or
/// badly, tags move: in each repository one target after the other in the plan's order, all immutable tags before the
/// first floating one. A target is verified as soon as its tags are done.
///
/// Once the run is cancelled no step begins; those under way end by themselves.
pub async fn publish(
    steps: &dyn Steps,
    plan: &PublishPlan,
    options: &PublishOptions,
    events: Arc<dyn EventSink>,
) -> Published {
    let calls = Calls::new(plan, options);
    let mut schedule = Schedule::new(&plan.targets, options.jobs);
    let mut journeys: Vec<Journey<'_>> =
        plan.targets.iter().map(|target| Journey::new(target, steps, &events)).collect();
    let mut running = Running::default();
    let mut cancelled = false;
    loop {
        while !cancelled {
            cancelled = (options.cancelled)();
            let Some(work) = (!cancelled).then(|| schedule.next()).flatten() else { break };
            let journey = &journeys[work.target];
            journey.begins(work.step);
            let call = calls.call(journey.target, work.step, journey.previous(work.step));
            running.begin(work, Arc::clone(&journey.runner), call);
        }
        let Some((work, answer)) = running.next().await else { break };
        cancelled |= answer.as_ref().is_err_and(|failure| failure.kind == FailureKind::Cancelled);
        let well = journeys[work.target].took(work.step, answer);
        schedule.ended(work, well);
    }
    Published { targets: journeys.into_iter().map(Journey::report).collect() }
}
