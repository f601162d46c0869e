//! The step that brings an index to its repositories: by digest where a destination has no tags, else under its tags.
//! What is there already is left alone: a second run writes nothing.

mod place;
mod run;
#[cfg(target_family = "wasm")]
mod shell;
mod tags;

pub use run::run;
