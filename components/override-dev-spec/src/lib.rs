//! Reads a dispatch payload (`--dev-spec`) and turns it into pins for the development versions of a run.
//! It gets no network. It must not guess: what could mean two things is refused with the field that would tell.

mod ambiguity;
mod check;
mod payload;
mod plan;
#[cfg(target_family = "wasm")]
mod shell;

pub use check::check;
pub use plan::plan;
