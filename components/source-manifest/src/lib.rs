//! The version source that reads a JSON manifest: where the manifest is, where an entry is in it, and which of its
//! fields matter are configuration. It knows no product, and it compares nothing with a pin: the host does.

mod config;
mod entry;
mod path;
mod resolve;
#[cfg(target_family = "wasm")]
mod shell;
mod substitute;

pub use resolve::resolve;
