//! The step that has `oras` bring an index to its repositories: by digest where a destination has no tags, else under
//! its tags. Oras does not say what was there before, so nothing is said to have been kept.

mod copy;
#[cfg(target_family = "wasm")]
mod shell;

pub use copy::run;
