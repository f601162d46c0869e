//! Failures of host calls on their way to the guest that made them. Each is remembered, so that a guest that passes
//! one on cannot change it.

use bakery_core::port::{Failure, FailureKind};

use crate::{
    bindings::types,
    guest::{Guest, cut},
};

/// How much of a guest's URL or reference a failure repeats.
pub(super) const SUBJECT_BYTES: usize = 2 * 1024;

/// Remembers a failure, and gives it to the guest.
pub(super) fn issue(guest: &mut Guest, failure: Failure) -> types::Failure {
    let subject = cut(&failure.subject, SUBJECT_BYTES).0.to_owned();
    let failure = Failure { subject, ..failure };
    guest.issue(&failure);
    lower(&failure)
}

/// A failure as the guest sees it.
pub(super) fn lower(failure: &Failure) -> types::Failure {
    types::Failure {
        kind: lower_kind(failure.kind),
        message: failure.message.clone(),
        subject: failure.subject.clone(),
        attempts: failure.attempts,
        attributes: Vec::new(),
    }
}

fn lower_kind(kind: FailureKind) -> types::FailureKind {
    match kind {
        FailureKind::InvalidInput => types::FailureKind::InvalidInput,
        FailureKind::NotFound => types::FailureKind::NotFound,
        FailureKind::Unauthorized => types::FailureKind::Unauthorized,
        FailureKind::Denied => types::FailureKind::Denied,
        FailureKind::Conflict => types::FailureKind::Conflict,
        FailureKind::RateLimited => types::FailureKind::RateLimited,
        FailureKind::Unavailable => types::FailureKind::Unavailable,
        FailureKind::TimedOut => types::FailureKind::TimedOut,
        FailureKind::Cancelled => types::FailureKind::Cancelled,
        FailureKind::Internal => types::FailureKind::Internal,
    }
}
