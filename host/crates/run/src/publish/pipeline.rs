//! The run itself: begins what the schedule allows, tells it what ended, stops when the run is cancelled.

use std::sync::Arc;

use bakery_core::{
    plan::publish::PublishPlan,
    port::{EventSink, FailureKind, Steps},
};

use super::{
    call::Calls,
    journey::Journey,
    options::PublishOptions,
    report::{Published, TargetReport},
    running::Running,
    schedule::Schedule,
};

/// Publishes every target of a plan, and says what became of each. A failure of one leaves the others alone.
///
/// First every index is brought into its repositories by digest. Only when that has ended for every target, well or
/// badly, tags move: in each repository one target after the other in the plan's order, all immutable tags before the
/// first floating one. A target is verified as soon as its tags are done. Where the goal is only to convert, a target is
/// done when its converted image lies in the temporary registry.
///
/// Once the run is cancelled no step begins; those under way end by themselves.
pub async fn publish(
    steps: &dyn Steps,
    plan: &PublishPlan,
    options: &PublishOptions,
    events: Arc<dyn EventSink>,
) -> Published {
    let calls = Calls::new(plan, options);
    let mut schedule = Schedule::new(&plan.targets, plan.goal, options.jobs);
    let mut journeys: Vec<Journey<'_>> =
        plan.targets.iter().map(|target| Journey::new(target, plan.goal, steps, &events)).collect();
    let mut running = Running::default();
    let mut open = vec![0_usize; journeys.len()];
    let mut reports: Vec<Option<TargetReport>> = vec![None; journeys.len()];
    let mut cancelled = false;
    loop {
        while !cancelled {
            cancelled = (options.cancelled)();
            let Some(work) = (!cancelled).then(|| schedule.next()).flatten() else { break };
            let journey = &journeys[work.target];
            journey.begins(work.step);
            let call = calls.call(journey.target, work.step, journey.previous(work.step), journey.measured());
            running.begin(work, Arc::clone(&journey.runner), call);
            open[work.target] += 1;
        }
        let Some((work, answer)) = running.next().await else { break };
        cancelled |= answer.as_ref().is_err_and(|failure| failure.kind == FailureKind::Cancelled);
        let well = journeys[work.target].took(work.step, answer);
        schedule.ended(work, well);
        open[work.target] -= 1;
        if open[work.target] == 0 && journeys[work.target].is_over() {
            reports[work.target] = Some(tell(&journeys[work.target], options));
        }
    }
    let targets = journeys.iter().zip(reports);
    Published {
        targets: targets.map(|(journey, report)| report.unwrap_or_else(|| tell(journey, options))).collect(),
    }
}

/// The report of a target, told to whoever wants to know at once.
fn tell(journey: &Journey<'_>, options: &PublishOptions) -> TargetReport {
    let report = journey.report();
    (options.ended)(&report);
    report
}
