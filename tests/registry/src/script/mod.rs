//! What a run of the registry is told beforehand, as data: one file per kind of instruction.
//! It holds no state of a running registry and performs nothing.

mod action;
mod answer;
mod auth;
mod glob;
mod lag;
mod load;
mod operation;
mod profile;
mod rule;
mod whole;

pub use action::{Action, Change, Ending, Point, Redirection};
pub(crate) use answer::error_body;
pub use answer::{Answer, AnswerBody, RetryAfter};
pub use auth::{Auth, Grant, Realm, Scheme, TokenField, User};
pub(crate) use glob::matches;
pub use lag::{Lag, LagOf, Until};
pub use load::{Load, Over, Rate, RateHint};
pub use operation::{Listener, Operation};
pub use profile::{AbsentRepository, ImmutableTags, MissingChildren, Mounts, Profile, UploadLocation};
pub use rule::{Occurrence, Rule, When};
pub use whole::{Script, Tls};
