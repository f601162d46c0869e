//! A build in words: its lines while it goes on, and what became of it.

mod closing;
mod progress;

pub(crate) use closing::BuildClosing;
pub(crate) use progress::BuildProgress;
