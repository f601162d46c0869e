//! What is allowed, how often and how much: grants, retry and limits as data and pure functions. Waits for nothing.

pub mod address;
mod budget;
mod canonical;
mod class;
pub mod command_grant;
mod error;
mod grant;
mod hedge;
mod limits;
mod mirror;
mod operation;
mod prefix;
mod propagation;
mod random;
mod registry_grant;
mod retry;
mod retry_texts;
mod tally;
mod throttle;
pub mod tool_output;

pub use budget::{Budget, BudgetPolicy};
pub use canonical::{check_accept, follow_location, origin, parse_url};
pub use class::{Cause, Class, classify, stale};
pub use command_grant::{CommandGrant, CommandGrants};
pub use error::{PolicyError, UrlProblem};
pub use grant::{Author, Denial, HttpGrants, UrlGrant};
pub use hedge::{HedgePolicy, Latencies};
pub use limits::HttpLimits;
pub use mirror::{Mirror, Mirrors};
pub use operation::{Operation, OperationKind};
pub use propagation::PropagationPolicy;
pub use registry_grant::RegistryGrants;
pub use retry::{Jitter, PollPolicy, RetryPolicy};
pub use retry_texts::RetryTexts;
pub use tally::Tally;
pub use throttle::Throttle;
