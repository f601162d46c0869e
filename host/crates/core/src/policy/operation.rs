//! What an effect is, and whether its failure is worth another attempt. Counts nothing.

use std::time::Duration;

use url::Url;

use super::canonical::origin;
use crate::port::{Failure, FailureKind, HttpMethod, command::Invocation};

/// What the end of a program that ignores every request may take beyond its grace.
const CLEAN_UP: Duration = Duration::from_secs(20);

/// The verb of an effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OperationKind {
    /// GET or HEAD for a guest.
    HttpRead,
    /// Reading from a registry.
    RegistryRead,
    /// Writing to a registry.
    RegistryWrite,
    /// Running a program.
    Command,
}

/// One effect, as the gate sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation {
    /// Verb.
    pub kind: OperationKind,
    /// The URL, reference or program, for people.
    pub subject: String,
    /// `host:port`: effects on one origin share its permits and its pauses. `None` takes no permit.
    pub origin: Option<String>,
    /// Whether doing it twice is the same as doing it once. Others are never retried.
    pub idempotent: bool,
    /// For how long absence is expected: the thing was just written elsewhere and is still propagating.
    pub awaited: Option<Duration>,
    /// Time of one attempt.
    pub timeout: Duration,
    /// Time of the whole operation, waiting for permits included.
    pub limit: Duration,
}

impl Operation {
    /// An idempotent operation that expects its subject to be there.
    pub fn new(kind: OperationKind, subject: impl Into<String>, timeout: Duration, limit: Duration) -> Self {
        Self { kind, subject: subject.into(), origin: None, idempotent: true, awaited: None, timeout, limit }
    }

    /// Reading a URL.
    #[must_use]
    pub fn http_read(method: HttpMethod, url: &Url, timeout: Duration, limit: Duration) -> Self {
        let subject = match method {
            HttpMethod::Get => url.to_string(),
            HttpMethod::Head => format!("HEAD {url}"),
        };
        Self { origin: Some(origin(url)), ..Self::new(OperationKind::HttpRead, subject, timeout, limit) }
    }

    /// One run of a program, as long as all attempts together take at most `limit`.
    ///
    /// An attempt's time here is more than the program's own: the program is ended by its own limit, and everything it
    /// started is gone before another attempt can begin in the same scratch space.
    #[must_use]
    pub fn command(invocation: &Invocation, limit: Duration) -> Self {
        let limits = invocation.limits();
        let timeout = limits.time.saturating_add(limits.grace).saturating_add(CLEAN_UP);
        Self {
            idempotent: invocation.is_repeatable(),
            ..Self::new(OperationKind::Command, invocation.name(), timeout, limit)
        }
    }

    /// The same on an origin.
    #[must_use]
    pub fn at(mut self, origin: impl Into<String>) -> Self {
        self.origin = Some(origin.into());
        self
    }

    /// The same, but doing it twice is not the same as doing it once.
    #[must_use]
    pub fn once(mut self) -> Self {
        self.idempotent = false;
        self
    }

    /// The same, while its absence is expected.
    #[must_use]
    pub fn awaited(mut self, window: Duration) -> Self {
        self.awaited = Some(window);
        self
    }
}

/// What a failure means for the operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// Another attempt may help: it costs one.
    Transient,
    /// Not there yet: it costs time, not attempts.
    Pending,
    /// No attempt helps.
    Permanent,
}

/// Classifies a failure. A guest's opinion is not an input.
#[must_use]
pub fn classify(operation: &Operation, failure: &Failure) -> Class {
    match failure.kind {
        FailureKind::NotFound if operation.awaited.is_some() && operation.idempotent => Class::Pending,
        FailureKind::RateLimited | FailureKind::Unavailable | FailureKind::TimedOut
            if operation.idempotent =>
        {
            Class::Transient
        }
        FailureKind::RateLimited
        | FailureKind::Unavailable
        | FailureKind::TimedOut
        | FailureKind::NotFound
        | FailureKind::InvalidInput
        | FailureKind::Unauthorized
        | FailureKind::Denied
        | FailureKind::Conflict
        | FailureKind::Cancelled
        | FailureKind::Internal => Class::Permanent,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn check(operation: &Operation, kind: FailureKind, expected: Class) {
        assert_eq!(classify(operation, &Failure::new(kind, "s", "m")), expected, "{kind:?}");
    }

    #[test]
    fn only_what_may_pass_by_itself_is_transient() {
        let read = Operation::new(OperationKind::RegistryRead, "r", SECOND, SECOND);
        for kind in [FailureKind::RateLimited, FailureKind::Unavailable, FailureKind::TimedOut] {
            check(&read, kind, Class::Transient);
        }
        for kind in [
            FailureKind::InvalidInput,
            FailureKind::NotFound,
            FailureKind::Unauthorized,
            FailureKind::Denied,
            FailureKind::Conflict,
            FailureKind::Cancelled,
            FailureKind::Internal,
        ] {
            check(&read, kind, Class::Permanent);
        }
    }

    #[test]
    fn absence_is_pending_only_while_it_is_expected() {
        let read = Operation::new(OperationKind::RegistryRead, "r", SECOND, SECOND);
        check(&read.clone().awaited(SECOND), FailureKind::NotFound, Class::Pending);
        check(&read.clone().awaited(SECOND), FailureKind::Unavailable, Class::Transient);
        check(&read, FailureKind::NotFound, Class::Permanent);
    }

    #[test]
    fn a_program_is_ended_by_its_own_limit_before_the_gate_gives_it_up() {
        let grant = crate::policy::CommandGrant::new("tool", "/t").unwrap();
        let invocation = grant.own(Vec::new(), None);
        let operation = Operation::command(&invocation, SECOND);
        let limits = invocation.limits();
        assert!(operation.timeout > limits.time + limits.grace + Duration::from_secs(15));
        check(&operation, FailureKind::TimedOut, Class::Permanent);
        check(&Operation::command(&invocation.repeatable(), SECOND), FailureKind::TimedOut, Class::Transient);
    }

    #[test]
    fn what_is_not_idempotent_is_never_retried() {
        let write = Operation::new(OperationKind::RegistryWrite, "w", SECOND, SECOND).once();
        for kind in [FailureKind::RateLimited, FailureKind::Unavailable, FailureKind::TimedOut] {
            check(&write, kind, Class::Permanent);
        }
        check(&write.awaited(SECOND), FailureKind::NotFound, Class::Permanent);
    }
}
