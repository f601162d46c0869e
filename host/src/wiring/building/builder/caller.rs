//! Commands of a builder, through the gate: each is supervised, and its lines are told as they come.

use std::{ffi::OsString, path::PathBuf, sync::Arc, time::Duration};

use bakery_backend::command::Processes;
use bakery_core::{
    policy::CommandGrant,
    port::{
        EventSink, Failure, FailureKind,
        command::{CommandLimits, CommandOutput, Word},
    },
};
use bakery_gate::Gate;

use super::Building;
use crate::{command::Failed, report::BuildProgress};

/// Time of one attempt: what a job of GitHub may take.
const ATTEMPT: Duration = Duration::from_secs(6 * 60 * 60);
/// Time of all attempts of one command.
const ALTOGETHER: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// Calls one program in the project's folder.
#[derive(Clone)]
pub(in crate::wiring::building) struct Caller {
    gate: Gate,
    processes: Arc<Processes>,
    progress: Arc<BuildProgress>,
    environment: Vec<(OsString, OsString)>,
    project: PathBuf,
    grant: Option<CommandGrant>,
}

impl Caller {
    /// Of no program yet.
    pub(in crate::wiring::building) fn new(
        gate: Gate,
        processes: Arc<Processes>,
        progress: Arc<BuildProgress>,
        how: &Building<'_>,
    ) -> Self {
        let (environment, project) = (how.environment.clone(), how.project.to_owned());
        Self { gate, processes, progress, environment, project, grant: None }
    }

    /// Of this one.
    pub(super) fn with_program(mut self, name: &str, program: PathBuf) -> Result<Self, Failed> {
        let limits = CommandLimits { time: ATTEMPT, stdout_bytes: 1 << 20, ..CommandLimits::default() };
        let grant = CommandGrant::new(name, program).and_then(|grant| grant.scratch(&self.project));
        let grant = grant.map_err(|error| Failed::because(error.to_string()))?;
        self.grant = Some(grant.limits(limits).environment(self.environment.clone()));
        Ok(self)
    }

    /// Whether docker has its plugin; else why it is not taken, which fits after "because".
    pub(super) async fn has_buildx(&self) -> Result<(), String> {
        let words = ["buildx", "version"].map(OsString::from).to_vec();
        match self.run(words, Call::quietly()).await {
            Ok(_) => Ok(()),
            Err(_) => Err("docker has no working plugin buildx".to_owned()),
        }
    }

    /// Runs the program until it ends well, as often as that may help.
    pub(super) async fn run(&self, words: Vec<OsString>, call: Call<'_>) -> Result<CommandOutput, Failure> {
        let Some(grant) = &self.grant else {
            return Err(Failure::new(FailureKind::Internal, "builder", "no program was chosen"));
        };
        let invocation = grant.own(words.into_iter().map(Word::Plain).collect(), call.stdin);
        let invocation = if call.repeatable { invocation.repeatable() } else { invocation };
        let lines = if call.shown { self.progress.lines(call.target) } else { None };
        let gate = self.gate.with_events(self.progress.events(call.target));
        gate.command(self.processes.as_ref(), &invocation, lines, ALTOGETHER).await.map(|ran| ran.output)
    }

    /// Whoever listens to what happens around a target.
    pub(super) fn events(&self, target: &str) -> Arc<dyn EventSink> {
        self.progress.events(Some(target))
    }

    /// Says something to the user.
    pub(super) fn note(&self, text: &str) {
        self.progress.note(text);
    }
}

/// One call.
#[derive(Default)]
pub(super) struct Call<'a> {
    /// Whose lines these are; nobody's where one command builds everything.
    pub(super) target: Option<&'a str>,
    /// What the program reads.
    pub(super) stdin: Option<Vec<u8>>,
    /// Whether lines are told as they come.
    shown: bool,
    /// Whether another attempt may be made.
    repeatable: bool,
}

impl<'a> Call<'a> {
    /// Builds or pushes.
    pub(super) fn of(target: Option<&'a str>) -> Self {
        Self { target, stdin: None, shown: true, repeatable: true }
    }

    /// Asks the program something, once.
    pub(super) fn quietly() -> Self {
        Self::default()
    }

    /// The same with this on standard input.
    pub(super) fn reading(self, stdin: Vec<u8>) -> Self {
        Self { stdin: Some(stdin), ..self }
    }
}
