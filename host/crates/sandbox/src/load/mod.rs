//! From bytes to a compiled component: those inside the program, and those of third parties.
//! Nothing here runs a guest.

mod builtin;
mod cache;
mod compile;
mod file;
mod inspect;
mod native;
mod read;
mod scan;

pub(crate) use builtin::load as load_builtin;
pub use compile::compile_child_main;
pub(crate) use file::load as load_file;
pub use inspect::{Inspection, inspect};
pub(crate) use native::deserialize;
