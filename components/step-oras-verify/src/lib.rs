//! The last step where `oras` publishes: oras reads every tag back. What the tags must point at is proved as the native
//! step does it.

#[cfg(target_family = "wasm")]
mod shell;
mod verify;

pub use verify::run;
