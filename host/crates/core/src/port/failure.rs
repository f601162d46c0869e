//! What went wrong at the edge, as a class, a sentence and the request that caused it.

use std::time::Duration;

use super::{command::ProgramFault, registry::RegistryFault};

/// The class of a failure. Whether it is worth another attempt is decided in `policy`, per operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FailureKind {
    /// The request itself is wrong.
    InvalidInput,
    /// The other side has no such thing.
    NotFound,
    /// Credentials are missing or refused.
    Unauthorized,
    /// A grant, or the other side, forbids it.
    Denied,
    /// The other side is in a state that forbids it.
    Conflict,
    /// Too many requests.
    RateLimited,
    /// The other side cannot answer now.
    Unavailable,
    /// A time limit ended it.
    TimedOut,
    /// The run was cancelled.
    Cancelled,
    /// The answer is not an answer, or bakery is wrong.
    Internal,
}

impl FailureKind {
    /// The word in events and JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InvalidInput => "invalid-input",
            Self::NotFound => "not-found",
            Self::Unauthorized => "unauthorized",
            Self::Denied => "denied",
            Self::Conflict => "conflict",
            Self::RateLimited => "rate-limited",
            Self::Unavailable => "unavailable",
            Self::TimedOut => "timed-out",
            Self::Cancelled => "cancelled",
            Self::Internal => "internal",
        }
    }
}

/// One failed effect.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    /// Class.
    pub kind: FailureKind,
    /// One sentence for a person, without a full stop.
    pub message: String,
    /// The request that caused it: a URL, a reference, a program.
    pub subject: String,
    /// How long the other side asked to wait.
    pub retry_after: Option<Duration>,
    /// How often it was tried; 0 before the gate has counted.
    pub attempts: u32,
    /// What the user can do, where one thing is known to help.
    pub hint: Option<String>,
    /// What a registry said in its own words, for policies that look closer than the class.
    pub registry: Option<Box<RegistryFault>>,
    /// What a program left, for whoever shows the failure.
    pub program: Option<Box<ProgramFault>>,
}

impl Failure {
    /// A failure of one attempt.
    pub fn new(kind: FailureKind, subject: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            subject: subject.into(),
            retry_after: None,
            attempts: 0,
            hint: None,
            registry: None,
            program: None,
        }
    }

    /// The same with something the user can do.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The same with what a registry said.
    #[must_use]
    pub fn with_registry(mut self, fault: RegistryFault) -> Self {
        self.registry = Some(Box::new(fault));
        self
    }

    /// The same with what a program left.
    #[must_use]
    pub fn with_program(mut self, fault: ProgramFault) -> Self {
        self.program = Some(Box::new(fault));
        self
    }

    /// The same with the time that the other side asked to wait.
    #[must_use]
    pub fn with_retry_after(mut self, after: Duration) -> Self {
        self.retry_after = Some(after);
        self
    }
}
