//! The process between bakery and a command: starts it, adopts what it leaves, ends all of it. Knows no grant, keeps
//! no output, and outlives bakery for as long as something is left to end.

mod cgroup;
mod descriptors;
mod kin;
mod ladder;
mod seclude;
mod signals;
mod start;
mod watch;

use std::{ffi::OsString, process::ExitCode};

pub(super) use cgroup::Cgroup;

/// The whole program of a supervisor: what [`super::ProcessOptions::supervisor`] must end up in, as early as possible,
/// with the arguments that follow those words. It talks to bakery on standard input, and to nobody else.
#[must_use]
pub fn supervise_main(arguments: &[OsString]) -> ExitCode {
    descriptors::close_inherited();
    match arguments {
        [] => watch::run(),
        [word, parent] if word == start::WORD => start::run(parent),
        _ => ExitCode::from(2),
    }
}
