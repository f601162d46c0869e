//! The room of the guests: components in, typed answers out. The only crate that names wasmtime.
//! A guest reaches the world through the gate or not at all; nothing here opens a connection,
//! starts a program for a guest, or retries.

mod answer;
mod bench;
mod bindings;
mod breach;
mod engine;
mod exports;
mod fault;
pub mod figures;
mod guest;
mod imports;
mod ledger;
mod limits;
mod load;
mod meter;
mod options;
mod sandbox;
mod steps;
mod store;
mod ticker;

pub use bench::StepTools;
pub use engine::precompile;
pub use limits::Limits;
pub use load::{Inspection, compile_child_main, inspect};
pub use options::{Builtin, CachePlace, SandboxOptions};
pub use sandbox::Sandbox;
pub use steps::SandboxedSteps;
