//! An OCI registry on loopback that lags, fails and lies on purpose.
//! It is for tests, the demo and benchmarks only and must never hold anything of value.

mod auth;
mod clock;
mod digest;
mod draw;
mod fault;
mod image;
pub mod invariants;
mod log;
pub mod media;
mod registry;
pub mod script;
mod serve;
mod world;

pub use digest::{is_digest, sha256};
pub use fault::Paused;
pub use image::{Child, Content, Image, ImageBuilder};
pub use log::{Counters, Credentials, Entry, Log, Outcome};
pub use registry::FaultRegistry;
pub use script::{Action, Answer, Auth, Lag, LagOf, Listener, Operation, Profile, Rule, Script, Until, When};
pub use world::{Move, Origin, Problem, ProblemKind, RepositorySnapshot, Snapshot, StoredManifest};
