//! A publishing step that does what its options say, all of it wrong, and tells what it was answered.
//! For the sandbox's tests; publishes nothing.

mod deeds;
#[cfg(target_family = "wasm")]
mod shell;

pub use deeds::carry_out;
