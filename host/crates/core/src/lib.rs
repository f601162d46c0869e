//! What bakery decides, as pure functions over plain data.
//! No tokio, no wasmtime, no file system, no clock and no environment: those live at the edge.

pub mod config;
pub mod model;
pub mod plan;
pub mod policy;
pub mod port;
