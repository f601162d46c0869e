//! A thin client of the OCI distribution interface: reference, then auth, then transport, then verbs.
//! Every verb is one attempt; retry lives in the gate, and credentials never leave for an origin that should not
//! have them.

mod account;
mod answer;
mod blobs;
mod challenge;
mod client;
mod context;
mod credentials;
mod docker_config;
mod dry_run;
mod exchange;
mod helper;
mod host;
mod lost;
mod manifests;
mod memory;
mod options;
mod payload;
mod realm;
mod redirect;
mod referrers;
mod refusal;
mod resolver;
mod retry_after;
mod scope;
mod secret;
mod ticket;
mod token;
mod tokens;
mod transport;
mod uploads;
mod written;

pub use client::RegistryClient;
pub use credentials::Credentials;
pub use docker_config::{DockerConfig, DockerConfigError};
pub use dry_run::DryRun;
pub use helper::{CredentialHelper, HelperError, HelperProcesses, Locate};
pub use options::RegistryOptions;
pub use secret::{Credential, Secret};
