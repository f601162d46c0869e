//! The guest side of the plugin contract: bindings of the worlds, and what every guest would otherwise write again.
//! It must not decide anything about a product, and it reaches nothing but the interfaces of `bakery:plugin`.

pub mod config;
pub mod converted;
pub mod dispatcher;
mod excerpt;
pub mod failure;
pub mod host;
pub mod index;
pub mod json;
pub mod layout;
pub mod lister;
pub mod nearby;
pub mod oras;
mod panic;
pub mod program;
pub mod published;
pub mod reference;
pub mod registry;
pub mod resolver;
pub mod sources;
pub mod step;
pub mod target;
pub mod task;
pub mod template;
pub mod testing;
pub mod upstream;
pub mod url;
pub mod version;

pub use excerpt::{excerpt, one_line};
pub use host::types::{Failure, FailureKind, SourceError};
pub use layout::Layouts;
pub use panic::report_panics;
pub use program::Programs;
pub use registry::Registry;
pub use upstream::{Host, Upstream};
