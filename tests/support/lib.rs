//! What the tests, the demo and the benchmarks share: a loopback upstream, a project folder, the program's runs.
//! Holds no assertion about the product.
#![expect(clippy::panic, reason = "what tests share fails loudly, as tests do")]

mod program;
mod project;
mod upstream;
pub mod workshop;

pub use program::{Finished, Program, artefact_folder, shared_inputs, workspace_root};
pub use project::Project;
pub use upstream::{Answer, Upstream};
