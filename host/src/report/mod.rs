//! Events and answers become words: for a terminal, for GitHub, for a script. Starts no work.

mod build;
mod ears;
pub(crate) mod escape;
mod exit;
mod publish;
mod quote;
mod sentence;
mod stderr;
mod stdout;
mod words;

pub(crate) use build::{BuildClosing, BuildProgress};
pub(crate) use ears::Ears;
pub(crate) use exit::Exit;
pub(crate) use publish::{Closing, Progress, refused, table};
pub(crate) use quote::shell;
pub(crate) use stderr::{Style, Talker};
pub(crate) use stdout::Stdout;
