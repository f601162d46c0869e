//! The registry as the gate asks for it: each verb is one attempt, bounded and verified.
//! Holds no retry and no order of work: copying an image is a plan made of these verbs.

mod blob;
mod fault;
mod outcome;
mod upload;
mod verbs;

pub use blob::{BlobChunks, BlobCursor, BlobSink, BlobSource, BytesBlob};
pub use fault::{Party, RegistryFault, RegistryVerb};
pub use outcome::{Access, Mounted, Pushed, Traffic, Uploaded};
pub use upload::UploadSession;
pub use verbs::Registry;
