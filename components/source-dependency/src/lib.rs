//! Lists the released versions of a dependency and selects those that a constraint allows.
//! Where the lists are and how they are read is configuration; the rules of selection are the same for all.

mod config;
mod constraint;
mod pep440;
mod python;
mod read;
mod select;
#[cfg(target_family = "wasm")]
mod shell;
mod titles;

pub use select::select;
