//! The step that makes a target's index: one manifest per platform, sorted, with the target's annotations.
//! The same task gives the same bytes. It moves no tag but the one of the staging reference.

mod create;
#[cfg(target_family = "wasm")]
mod shell;
mod staging;

pub use create::run;
