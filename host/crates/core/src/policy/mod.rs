//! What is allowed, how often and how much: grants, retry and limits as data and pure functions. Waits for nothing.

pub mod address;
mod canonical;
pub mod command_grant;
mod error;
mod grant;
mod limits;
mod mirror;
mod operation;
mod prefix;
mod registry_grant;
mod retry;
pub mod tool_output;

pub use canonical::{check_accept, follow_location, origin, parse_url};
pub use command_grant::{CommandGrant, CommandGrants};
pub use error::{PolicyError, UrlProblem};
pub use grant::{Author, Denial, HttpGrants, UrlGrant};
pub use limits::HttpLimits;
pub use mirror::{Mirror, Mirrors};
pub use operation::{Class, Operation, OperationKind, classify};
pub use registry_grant::RegistryGrants;
pub use retry::{Jitter, PollPolicy, RetryPolicy};
