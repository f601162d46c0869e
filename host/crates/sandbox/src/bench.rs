//! What a step works with beside registries: granted programs, and a space of its own on disk that is gone when the
//! call is. Runs no program itself, and decides no grant.

use std::{sync::Arc, time::Duration};

use bakery_core::{
    policy::{CommandGrants, Operation, OperationKind},
    port::{
        Failure, FailureKind, StepCall,
        command::{CallCommands, CommandCalls},
        scratch::{ScratchSpace, ScratchSpaces, SpaceOrder},
    },
};
use bakery_gate::{Gate, Instant};

/// What steps may be given beside registries.
#[derive(Clone)]
pub struct StepTools {
    /// Programs of this machine.
    pub commands: Arc<dyn CommandCalls>,
    /// Folders for calls that need some.
    pub spaces: Arc<dyn ScratchSpaces>,
}

/// What one call was given.
#[derive(Clone)]
pub(crate) struct Bench {
    /// With the listener of the target.
    pub(crate) gate: Gate,
    /// With the folders of this call.
    pub(crate) commands: CommandGrants,
    /// `None` where nothing was granted that needs it.
    pub(crate) tools: Option<Tools>,
    /// When host calls must be over.
    pub(crate) deadline: Instant,
}

/// What there is only for a call that needs it.
#[derive(Clone)]
pub(crate) struct Tools {
    pub(crate) programs: Arc<dyn CallCommands>,
    pub(crate) space: Option<Arc<dyn ScratchSpace>>,
}

/// A bench, to be put away when the call is over, however it ends.
pub(crate) struct Borrowed {
    bench: Bench,
    /// Taken when it is put away.
    tools: Option<Tools>,
}

impl Borrowed {
    /// The bench for one call. A call without commands and scratch space costs nothing.
    ///
    /// # Errors
    /// There is no room, or this system has no commands.
    pub(crate) async fn for_call(
        tools: Option<&StepTools>,
        gate: Gate,
        call: &StepCall,
        limit: Duration,
    ) -> Result<Self, Failure> {
        let order = SpaceOrder { bytes: call.scratch, credentials: call.commands.credentials() };
        let commands = call.commands.clone();
        if commands.is_empty() && order.is_empty() {
            let deadline = Instant::now() + limit;
            return Ok(Self { bench: Bench { gate, commands, tools: None, deadline }, tools: None });
        }
        let tools = tools.ok_or_else(|| {
            let message =
                format!("step `{}` needs programs, which bakery cannot run on this system", call.step);
            Failure::new(FailureKind::InvalidInput, call.step, message).with_hint("run it on Linux")
        })?;
        let space = if order.is_empty() { None } else { Some(open(tools, &gate, &order, limit).await?) };
        let given = Tools { programs: tools.commands.begin(), space };
        // Waiting for room takes nothing of the call's time.
        let deadline = Instant::now() + limit;
        // From here on, what was opened is put away.
        let bench = Bench { gate, commands, tools: Some(given.clone()), deadline };
        let mut borrowed = Self { bench, tools: Some(given) };
        borrowed.bench.commands = borrowed.bench.grants_here()?;
        Ok(borrowed)
    }

    pub(crate) fn bench(&self) -> Bench {
        self.bench.clone()
    }

    /// Waits until nothing of the call runs or lies anywhere.
    pub(crate) async fn put_away(mut self) {
        if let Some(tools) = self.tools.take() {
            // A task of its own: it goes on where nobody waits for it any more.
            let _ = tokio::spawn(clean(tools)).await;
        }
    }
}

impl Drop for Borrowed {
    fn drop(&mut self) {
        let Some(tools) = self.tools.take() else { return };
        // Without a runtime the program is about to end; then the next run removes what is left.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(clean(tools));
        }
    }
}

impl Bench {
    /// The grants with the folders of this call.
    fn grants_here(&self) -> Result<CommandGrants, Failure> {
        let commands = self.commands.clone();
        let Some(space) = self.tools.as_ref().and_then(|tools| tools.space.as_ref()) else {
            return Ok(commands);
        };
        let commands = commands.with_docker_config(|grant| space.docker_config(grant));
        match space.folder() {
            Some(folder) => commands
                .with_scratch(folder)
                .map_err(|error| Failure::new(FailureKind::Internal, "scratch space", error.to_string())),
            None => Ok(commands),
        }
    }

    /// What is left of the call's time.
    pub(crate) fn left(&self) -> Duration {
        self.deadline.saturating_duration_since(self.gate.now())
    }
}

async fn open(
    tools: &StepTools,
    gate: &Gate,
    order: &SpaceOrder,
    limit: Duration,
) -> Result<Arc<dyn ScratchSpace>, Failure> {
    let operation = Operation::new(OperationKind::Command, "scratch space", limit, limit).once();
    gate.run(&operation, |permit| async move { tools.spaces.open(&permit, order).await }).await
}

async fn clean(tools: Tools) {
    tools.programs.settled().await;
    if let Some(space) = &tools.space {
        space.remove().await;
    }
}
