//! The version source whose addresses can be rendered: a text file names the head, a template makes the addresses.
//! With a pinned version it makes no host call at all. It knows no product: everything is configuration.

mod config;
mod resolve;
#[cfg(target_family = "wasm")]
mod shell;

pub use resolve::resolve;
