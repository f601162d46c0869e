//! Programs as the gate asks for them: one attempt of one checked command, bounded. Starts nothing, decides nothing.

mod ask;
mod invocation;
mod output;

use std::sync::Arc;

pub use ask::{Argument, Command, Word};
pub use invocation::{CommandLimits, Invocation, Network};
pub use output::{Captured, CommandOutput, Ended, LineSink, OutputStream, ProgramFault, last_lines};

use super::{Admission, BoxFuture, Failure};

/// The backend: no retry, no policy.
pub trait Commands: Send + Sync {
    /// One attempt. Gives what the program left when it and everything it started are gone.
    ///
    /// Dropping the future ends the program and everything it started; that goes on after the drop.
    ///
    /// # Errors
    /// `InvalidInput` where the program cannot be started, `Unavailable` where it cannot be started now, `Denied`
    /// where its file is not the granted one or a path leads out of the scratch space, `TimedOut` where its time is
    /// over. A program that ended by itself is no failure here, whatever its exit code.
    fn run<'a>(
        &'a self,
        admission: &'a dyn Admission,
        invocation: &'a Invocation,
        lines: Option<Arc<dyn LineSink>>,
    ) -> BoxFuture<'a, Result<CommandOutput, Failure>>;
}

/// Programs, apart from those of other calls.
pub trait CommandCalls: Send + Sync {
    /// The programs of one call.
    fn begin(&self) -> Arc<dyn CallCommands>;
}

/// The programs of one call.
pub trait CallCommands: Commands {
    /// Completes when nothing runs that was started through this, given-up commands included.
    fn settled(&self) -> BoxFuture<'_, ()>;
}
