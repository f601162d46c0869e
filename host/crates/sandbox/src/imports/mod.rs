//! What guests may call, one file per interface. A linker holds only what a world grants; everything that leaves
//! the process goes through the gate.

mod command_runner;
mod failure;
mod http;
mod image_layout;
mod link;
mod offline;
mod progress;
mod registry;
pub(crate) mod wasi;

pub(crate) use link::{Outlet, World, link};
