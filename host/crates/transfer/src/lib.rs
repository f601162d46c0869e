//! Manifests and images between repositories: what to ask of a registry, and in which order, each verb through the
//! gate. It retries nothing itself, opens no connection, and knows no step.

mod blob;
mod budget;
mod caller;
mod copied;
mod copy;
mod export;
mod flight;
mod guard;
mod heal;
mod import;
mod layout;
mod measure;
mod memory;
mod operation;
mod options;
mod push;
mod put;
mod read;
mod remote;
mod send;
mod shared;
mod transfer;
mod upload;
mod wait;
mod words;

pub use caller::Caller;
pub use copied::Copied;
pub use options::TransferOptions;
pub use transfer::Transfer;
