//! What the tests, the demo and the benchmarks share: a loopback upstream, a project folder, the program's runs,
//! a real registry with a proxy before it, and what was built to be published.
//! Holds no assertion about the product.
#![expect(clippy::panic, reason = "what tests share fails loudly, as tests do")]

mod daemon;
mod docker_registry;
mod dockerd;
mod program;
mod project;
pub mod proxy;
pub mod publish;
mod running;
mod upstream;
mod wire;
pub mod workshop;

pub use daemon::{Daemon, container_runtime, find_tool, is_root};
pub use docker_registry::DockerRegistry;
pub use dockerd::{DockerStore, Dockerd, docker_plugins};
pub use program::{
    Finished, Program, artefact_folder, built_tool, on_path, shared_inputs, tool, workspace_root,
};
pub use project::Project;
pub use running::Running;
pub use upstream::{Answer, Upstream};
