//! The edge as core sees it: traits, the data that crosses them, failures and events.
//! Implemented in `sandbox` and `backend`; holds no behaviour.

mod admission;
pub mod command;
mod event;
mod failure;
mod http;
pub mod layout;
pub mod registry;
pub mod scratch;
mod source;
mod step;

pub use admission::Admission;
pub use event::{Event, EventSink, Severity};
pub use failure::{Failure, FailureKind};
pub use http::{Http, HttpMethod, HttpRequest, HttpResponse, Reach};
pub use source::{
    Artifact, DispatchSpec, ListQuery, OsTarget, OverrideCandidate, OverrideError, OverridePin, Resolution,
    Resolvers, SourceCall, SourceError, SourceQuery,
};
pub use step::{Destination, Measured, StepCall, StepOutcome, StepRunner, StepSource, StepTask, Steps};

use std::{future::Future, pin::Pin};

/// A boxed future that can move between threads.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;
