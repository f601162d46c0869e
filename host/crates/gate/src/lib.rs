//! The one gate: check, take a permit, attempt, classify, back off, emit. The loop and the waiting live only here.
//! It names no concrete backend, and it decides nothing: what is allowed and how often is `bakery_core::policy`.

mod admit;
mod attempt;
mod clock;
mod command;
mod course;
mod fetch;
mod gate;
mod hedge;
mod hop;
mod lane;
mod memo;
mod options;
mod permit;
mod settle;
#[cfg(test)]
mod testing;
mod wait;

pub use command::Ran;
pub use fetch::{Caller, FetchRequest, Fetched};
pub use gate::Gate;
pub use options::GateOptions;
pub use permit::Permit;
pub use tokio::time::Instant;
pub use tokio_util::sync::CancellationToken;
pub use wait::{Probe, WaitEnd, Waited};
