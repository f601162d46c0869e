//! Events and answers become words: for a terminal, for GitHub, for a script. Starts no work.

mod escape;
mod exit;
mod stderr;
mod stdout;
mod words;

pub(crate) use exit::Exit;
pub(crate) use stderr::{Style, Talker};
pub(crate) use stdout::Stdout;
