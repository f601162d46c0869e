//! The step that has `soci` convert a target's image: out of the temporary repository into the scratch space, converted
//! there, and back into the temporary repository under a name of its own. It never sees a layer.

mod convert;
#[cfg(target_family = "wasm")]
mod shell;

pub use convert::run;
