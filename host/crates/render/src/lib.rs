//! Template folders in, files of a version out. Pure: it opens no file and writes none.

mod context;
mod environment;
mod fault;
mod filters;
mod library;
mod limits;
mod outputs;
mod render;
mod source;
mod sources;
mod tidy;
mod tree;

pub use fault::Faults;
pub use render::{Rendered, render};
pub use tree::{File, Tree};
