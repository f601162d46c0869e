//! The step that has `oras` make a target's index in its temporary repository. It decides the order of the sources, and
//! looks at what oras made; the bytes are oras's.

mod create;
#[cfg(target_family = "wasm")]
mod shell;

pub use create::run;
