//! Manifests and images between repositories: what to ask of a registry, and in which order, each verb through the
//! gate. It retries nothing itself, opens no connection, and knows no step.

mod caller;
mod transfer;

pub use caller::Caller;
pub use transfer::{Copied, Transfer, TransferOptions};
