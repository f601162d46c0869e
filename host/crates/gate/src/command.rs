//! One command through the gate: as many attempts as its grant and its failures allow. Reads no output itself; what a
//! program's words mean is `bakery_core::policy::tool_output`.

use std::{sync::Arc, time::Duration};

use bakery_core::{
    policy::{Operation, tool_output::judge},
    port::{
        Failure,
        command::{CommandOutput, Commands, Invocation, LineSink},
    },
};

use crate::Gate;

/// What a program left in the attempt that went well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ran {
    /// Its output.
    pub output: CommandOutput,
    /// How often it was started.
    pub attempts: u32,
}

impl Gate {
    /// Runs a program until it ends well, at most as long as `limit` altogether.
    ///
    /// When the run is cancelled, or this future is dropped, the program is ended; that goes on for a while
    /// afterwards, so whoever removes its scratch space waits for the backend to settle.
    ///
    /// # Errors
    /// The last attempt's failure, with the program's last lines. A program that is not repeatable is started once.
    pub async fn command(
        &self,
        commands: &dyn Commands,
        invocation: &Invocation,
        lines: Option<Arc<dyn LineSink>>,
        limit: Duration,
    ) -> Result<Ran, Failure> {
        let operation = Operation::command(invocation, limit);
        let mut attempts = 0;
        let output = self
            .run(&operation, |permit| {
                attempts += 1;
                let lines = lines.clone();
                async move {
                    let output = commands.run(&permit, invocation, lines).await?;
                    judge(invocation.name(), &output)?;
                    Ok(output)
                }
            })
            .await?;
        Ok(Ran { output, attempts })
    }
}
