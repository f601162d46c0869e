//! `command-runner` for a step: what it asks is checked against its grants, its output is bounded, its lines are
//! events. Whatever goes wrong is told with the program's last lines.

mod lines;

use std::sync::Arc;

use bakery_core::{
    policy::Denial,
    port::{
        Event, Failure, FailureKind,
        command::{Argument, Command, Invocation, LineSink},
    },
};
use bakery_gate::Ran;
use wasmtime::component::HasData;

use self::lines::Lines;
use super::failure::issue;
use crate::{
    bench::{Bench, Tools},
    bindings::{
        command_runner::{self as wit, Host, Output},
        types,
    },
    guest::{Guest, cut},
};

/// How much of a refused word is repeated.
const SUBJECT_BYTES: usize = 256;

/// Selects programs for a linker.
pub(crate) struct Commanding;

/// A step.
pub(crate) struct CommandingGuest<'a>(pub(crate) &'a mut Guest);

impl HasData for Commanding {
    type Data<'a> = CommandingGuest<'a>;
}

impl Host for CommandingGuest<'_> {
    async fn run(&mut self, command: wit::Command) -> wasmtime::Result<Result<Output, types::Failure>> {
        let guest = &mut *self.0;
        guest.enter_host()?;
        let Some(bench) = guest.bench.clone() else {
            return Err(wasmtime::Error::msg("`command-runner` was linked without commands"));
        };
        let outcome = match bench.commands.check(&read(command)) {
            Ok(invocation) => run(&bench, invocation).await,
            Err(denial) => Err(deny(guest, &bench, denial)),
        };
        Ok(outcome.map(lower).map_err(|failure| issue(guest, failure)))
    }
}

async fn run(bench: &Bench, invocation: Invocation) -> Result<Ran, Failure> {
    let name = invocation.name().to_owned();
    let Some(Tools { programs, space }) = &bench.tools else {
        return Err(Failure::new(FailureKind::Internal, name, "a command was granted without any programs"));
    };
    let left = bench.left();
    if left.is_zero() {
        let message = format!("the step's time was over before `{name}` could be started");
        return Err(Failure::new(FailureKind::TimedOut, name, message));
    }
    let invocation = invocation.ending_within(left);
    let lines = Arc::new(Lines::new(&name, bench.gate.clone()));
    let sink = Arc::clone(&lines) as Arc<dyn LineSink>;
    let running = bench.gate.command(programs.as_ref(), &invocation, Some(sink), left);
    let overfull = async {
        match space {
            Some(space) => space.overfull().await,
            None => std::future::pending().await,
        }
    };
    let outcome = tokio::select! {
        outcome = running => outcome,
        failure = overfull => {
            let message = format!("`{name}` was ended: {}", failure.message);
            Err(Failure { message, subject: name, attempts: 1, ..failure })
        }
    };
    if outcome.is_err() {
        // What was given up ends before the step goes on.
        programs.settled().await;
    }
    outcome.map_err(|failure| lines.beside(failure))
}

fn read(command: wit::Command) -> Command {
    let argument = |argument| match argument {
        wit::Argument::Flag(text) => Argument::Flag(text),
        wit::Argument::Value(text) => Argument::Value(text),
        wit::Argument::Scratch(text) => Argument::Scratch(text),
    };
    Command {
        program: command.program,
        arguments: command.arguments.into_iter().map(argument).collect(),
        stdin: command.stdin,
    }
}

/// Nothing of what was asked is done.
pub(super) fn deny(guest: &Guest, bench: &Bench, denial: Denial) -> Failure {
    let Denial { subject, hint } = denial;
    let subject = cut(&subject, SUBJECT_BYTES).0.to_owned();
    let component = guest.component.to_string();
    let message = format!("`{component}` may not run `{subject}`: {hint}");
    bench.gate.emit(Event::Denied { component, subject: subject.clone(), hint: hint.clone() });
    Failure::new(FailureKind::Denied, subject, message).with_hint(hint)
}

fn lower(Ran { output, attempts }: Ran) -> Output {
    Output {
        exit_code: output.ended.code(),
        truncated: output.truncated(),
        stdout: output.stdout.bytes,
        stderr: output.stderr.bytes,
        attempts,
    }
}
