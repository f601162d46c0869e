//! The program `bakery`: arguments in, data on standard output, words on standard error, an exit code.
//! Holds the edge together; decides nothing about versions, tags or plans.

mod cli;
mod command;
mod report;
mod wiring;

use std::{ffi::OsString, process::ExitCode, sync::Arc};

use clap::Parser as _;

/// Runs the program with these arguments, the first being its name.
#[must_use]
pub fn main(arguments: Vec<OsString>) -> ExitCode {
    // Before anything else: many of these may start, and none is for people.
    if let Some(exit) = wiring::supervise(&arguments) {
        return exit;
    }
    let cli = match cli::Cli::try_parse_from(&arguments) {
        Ok(cli) => cli,
        Err(error) => {
            let exit = if error.use_stderr() { report::Exit::Usage } else { report::Exit::Done };
            // A closed pipe must not turn help into a failure.
            let _ = error.print();
            return exit.code().into();
        }
    };
    let talker = Arc::new(report::Talker::new(report::Style::detect(cli.talk.verbose, cli.talk.quiet)));
    let exit = command::run(cli.command, &arguments, &talker).unwrap_or_else(|failed| failed.tell(&talker));
    exit.code().into()
}
