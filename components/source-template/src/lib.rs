//! x
#[cfg(target_family = "wasm")]
mod shell;
