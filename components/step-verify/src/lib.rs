//! The last step: proves that the index is made of the sources, and that every tag points at it.
//! Writes nothing, and takes nothing for granted that it can compare.

#[cfg(target_family = "wasm")]
mod shell;
mod verify;

pub use verify::run;
