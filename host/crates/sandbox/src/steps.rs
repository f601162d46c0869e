//! Publishing steps behind the guests' walls: one runner per target, one fresh store per step.
//! What a step may reach is the `Transfer` that it is given; the order of steps is not known here.

use std::{sync::Arc, time::Duration};

use bakery_core::{
    model::Digest,
    port::{
        BoxFuture, EventSink, Failure, FailureKind, Measured, StepCall, StepOutcome, StepRunner, Steps,
        registry::{Access, Traffic},
    },
};
use bakery_transfer::Transfer;

use crate::{
    Sandbox, StepTools, answer,
    bench::{Bench, Borrowed},
    exports,
    guest::Registries,
    sandbox::Loaded,
};

/// How long a step may take to put things down after the run was cancelled. Host calls fail at once then; only a
/// guest that ignores that needs the time.
const GRACE: Duration = Duration::from_millis(250);

/// No call takes longer, whatever it is given: a clock has an end.
const LONGEST: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// Where publishing steps run. Made by [`Sandbox::steps`].
#[derive(Clone)]
pub struct SandboxedSteps {
    sandbox: Arc<Sandbox>,
    transfer: Transfer,
    tools: Option<StepTools>,
}

impl Sandbox {
    /// The steps of one run: components of this sandbox, which reach registries through `transfer`, and work with
    /// `tools` where their calls say so. Without tools such calls fail.
    #[must_use]
    pub fn steps(self: &Arc<Self>, transfer: Transfer, tools: Option<StepTools>) -> SandboxedSteps {
        SandboxedSteps { sandbox: Arc::clone(self), transfer, tools }
    }
}

impl Steps for SandboxedSteps {
    fn open(&self, _uid: &str, accesses: &[Access], events: Arc<dyn EventSink>) -> Arc<dyn StepRunner> {
        let transfer = self.transfer.for_target(accesses, Arc::clone(&events));
        let (sandbox, tools) = (Arc::clone(&self.sandbox), self.tools.clone());
        Arc::new(Target { sandbox, transfer, tools, events })
    }
}

/// One target.
struct Target {
    sandbox: Arc<Sandbox>,
    transfer: Transfer,
    tools: Option<StepTools>,
    events: Arc<dyn EventSink>,
}

impl StepRunner for Target {
    fn run<'a>(&'a self, call: &'a StepCall) -> BoxFuture<'a, Result<StepOutcome, Failure>> {
        Box::pin(async move {
            let gate = &self.sandbox.options.gate;
            let given_up = async {
                gate.cancelled().await;
                tokio::time::sleep(GRACE).await;
            };
            tokio::select! {
                biased;
                answer = self.run_to_its_end(call) => answer,
                () = given_up => Err(cancelled(call)),
            }
        })
    }

    fn traffic(&self) -> Traffic {
        self.transfer.traffic()
    }

    fn measured(&self, index: &Digest) -> Option<Measured> {
        self.transfer.measured(index)
    }
}

impl Target {
    async fn run_to_its_end(&self, call: &StepCall) -> Result<StepOutcome, Failure> {
        let loaded = self.sandbox.load(&call.component).await?;
        let limit = call.limit.min(LONGEST);
        let gate = self.sandbox.options.gate.with_events(Arc::clone(&self.events));
        let borrowed = Borrowed::for_call(self.tools.as_ref(), gate, call, limit).await?;
        let outcome = self.ask(&loaded, call, limit, borrowed.bench()).await;
        borrowed.put_away().await;
        outcome
    }

    async fn ask(
        &self,
        loaded: &Loaded,
        call: &StepCall,
        limit: Duration,
        bench: Bench,
    ) -> Result<StepOutcome, Failure> {
        let registries = Registries {
            transfer: self.transfer.clone(),
            grants: call.grants.clone(),
            window: call.window,
            deadline: bench.deadline,
        };
        let limits = self.sandbox.options.limits.of_step(limit);
        let name = &loaded.name;
        let answer =
            exports::step::ask(&limits, &self.events, loaded.step()?, name, registries, bench, call).await?;
        match answer.value {
            Ok(outcome) => answer::read_outcome(outcome, name),
            Err(claim) => Err(answer::refuse_step(&claim, name, &answer.issued)),
        }
    }
}

fn cancelled(call: &StepCall) -> Failure {
    let message = format!("step `{}` of target `{}` was cancelled", call.step, call.task.uid);
    Failure::new(FailureKind::Cancelled, call.task.uid.clone(), message)
}
