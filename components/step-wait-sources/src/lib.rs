//! The step before all others: waits until every source of a target can be read, all at the same time.
//! Writes nothing. How long it waits, and how often it looks, is the host's.

#[cfg(target_family = "wasm")]
mod shell;
mod wait;

pub use wait::run;
