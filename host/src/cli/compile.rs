//! The hidden command that compiles a component in a child process. Not for people.

use clap::Args;

/// Compile the component on standard input to standard output.
#[derive(Debug, Args)]
pub(crate) struct Compile {}
