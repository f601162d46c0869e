//! Real programs that misbehave, under real supervisors. This program is all of it: the tests, the host that is
//! killed, the supervisor, and each misbehaving child. It ends only what it started, and never starts many.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a test that cannot go on ends, and children speak on their outputs"
)]
#![cfg(target_os = "linux")]

mod child;
mod ends;
mod host;
mod isolation;
mod orphans;
mod output;
mod rungs;
mod spaces;
mod starts;
mod world;

use std::{ffi::OsString, process::ExitCode};

use libtest_mimic::{Arguments, Trial};

fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    match arguments.first().and_then(|word| word.to_str()) {
        Some(world::SUPERVISE) => return bakery_backend::command::supervise_main(&arguments[1..]),
        Some(world::CHILD) => return child::main(&arguments[1..]),
        Some(world::HOST) => return host::main(),
        _ => {}
    }
    let trials: Vec<Trial> = [
        ends::trials(),
        isolation::trials(),
        orphans::trials(),
        output::trials(),
        rungs::trials(),
        spaces::trials(),
        starts::trials(),
    ]
    .into_iter()
    .flatten()
    .collect();
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}
