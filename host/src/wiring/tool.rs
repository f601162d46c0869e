//! Programs of this machine that the host asks and has do things, each below a supervisor and through the gate. What
//! their words mean is not its business.

use std::{ffi::OsString, sync::Arc, time::Duration};

use bakery_core::{
    policy::CommandGrant,
    port::{
        EventSink, Failure, FailureKind,
        command::{CommandLimits, Commands, LineSink, Word},
        scratch::ScratchSpaces,
    },
};
use bakery_gate::Gate;

use super::Storing;
use crate::{
    command::Failed,
    report::{BuildProgress, Exit},
};

/// Time of everything that one call waits for.
const LIMIT: Duration = Duration::from_secs(6 * 60 * 60);

/// What programs are started with.
#[derive(Clone)]
pub(super) struct Tools<'a> {
    pub(super) gate: Gate,
    pub(super) commands: Arc<dyn Commands>,
    pub(super) spaces: Arc<dyn ScratchSpaces>,
    pub(super) how: &'a Storing<'a>,
}

/// One program.
pub(super) struct Tool<'a> {
    name: &'static str,
    grant: CommandGrant,
    tools: Tools<'a>,
    answer: usize,
}

impl<'a> Tools<'a> {
    /// A program of the PATH, and how long it may take and how much it may say.
    ///
    /// # Errors
    /// There is none, in words.
    #[cfg(target_os = "linux")]
    pub(super) fn find(&self, name: &'static str, time: Duration, answer: usize) -> Result<Tool<'a>, String> {
        let program =
            bakery_backend::command::find_program(name, &self.how.path).map_err(|error| error.to_string())?;
        let grant = CommandGrant::new(name, program).and_then(|grant| grant.scratch(self.how.project));
        let limits = CommandLimits { time, stdout_bytes: answer, ..CommandLimits::default() };
        let grant = grant.map_err(|error| error.to_string())?.limits(limits);
        let grant = grant.environment(self.how.environment.clone());
        Ok(Tool { name, grant, tools: self.clone(), answer })
    }

    /// Other systems have no commands.
    #[cfg(not(target_os = "linux"))]
    pub(super) fn find(&self, name: &'static str, _: Duration, _: usize) -> Result<Tool<'a>, String> {
        Err(format!("`{name}` cannot be run on this system"))
    }

    pub(super) fn progress(&self) -> &'a BuildProgress {
        self.how.progress
    }
}

impl Tool<'_> {
    /// Asks something, quietly. An answer that is too long is none.
    pub(super) async fn ask(&self, words: Vec<String>) -> Result<Vec<u8>, Failure> {
        let words = words.into_iter().map(OsString::from).collect();
        let (said, whole) = self.run(words, None, self.tools.progress().events(Some(self.name))).await?;
        if whole {
            return Ok(said);
        }
        let message = format!("{} said more than {} bytes", self.name, self.answer);
        Err(Failure::new(FailureKind::Internal, self.name, message))
    }

    /// Has it do something, and tells what it says under this name.
    pub(super) async fn work(&self, words: Vec<OsString>, name: &str) -> Result<(), Failure> {
        let progress = self.tools.progress();
        self.run(words, progress.lines(Some(name)), progress.events(Some(name))).await.map(|_| ())
    }

    /// What it said, and whether that is all.
    async fn run(
        &self,
        words: Vec<OsString>,
        lines: Option<Arc<dyn LineSink>>,
        events: Arc<dyn EventSink>,
    ) -> Result<(Vec<u8>, bool), Failure> {
        let invocation = self.grant.own(words.into_iter().map(Word::Plain).collect(), None);
        let gate = self.tools.gate.with_events(events);
        let ran = gate.command(self.tools.commands.as_ref(), &invocation, lines, LIMIT).await?;
        Ok((ran.output.stdout.bytes, ran.output.stdout.dropped == 0))
    }
}

/// A failure at the edge, for a command that ends with it.
pub(super) fn failed(failure: &Failure) -> Failed {
    let exit = match failure.kind {
        FailureKind::Unavailable | FailureKind::TimedOut => Exit::Unavailable,
        _ => Exit::Failed,
    };
    Failed::Other { exit, message: failure.message.clone(), hint: failure.hint.clone() }
}
