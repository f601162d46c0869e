//! The registry's content: what is there, what can be seen of it, and how it came to be so.
//! Pure state over a time that is handed in: no sockets, no clock.

mod audit;
mod document;
mod history;
mod snapshot;
mod stock;
mod upload;
mod versioned;

pub use audit::{Problem, ProblemKind};
pub(crate) use document::Document;
pub use history::{Move, Origin};
pub use snapshot::{RepositorySnapshot, Snapshot, StoredManifest};
pub(crate) use stock::{Blob, Manifest, Sight, Stamp, World};
pub(crate) use upload::Upload;
