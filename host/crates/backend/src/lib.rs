//! The only crate that touches the outside world. It retries nothing, prints nothing and holds no policy.

#[cfg(target_os = "linux")]
pub mod command;
pub mod files;
pub mod git;
mod http;
pub mod registry;
pub mod scratch_space;
pub mod state;
pub mod templates;
pub mod tree;
pub mod version_folder;

pub use http::HttpClient;
