//! Whether a failure is worth another attempt: the retry table as a function. Counts nothing and waits for nothing.

use std::time::Duration;

use super::Operation;
use crate::{
    model::{Digest, Reference},
    port::{
        Failure, FailureKind,
        registry::{Party, RegistryFault, RegistryVerb},
    },
};

/// What a failure means for the operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// Another attempt may help: it costs one.
    Transient(Cause),
    /// Not there yet: it costs time, not attempts.
    Pending,
    /// No attempt helps.
    Permanent,
}

/// Why another attempt may help.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Cause {
    /// The other side could not answer: a status of its own trouble, a lost connection, a time limit.
    Unavailable,
    /// Too many requests.
    Throttled,
    /// The bytes that arrived are not the bytes that were sent, in either direction. Once is bad luck.
    Corrupt,
    /// A token server refused. Some do so for a moment, and mean it when they say it again.
    TokenRefused,
}

impl Cause {
    /// After how many failures of this cause none is followed by another attempt, however many the policy allows.
    #[must_use]
    pub fn most(self) -> u32 {
        match self {
            Self::Unavailable | Self::Throttled => u32::MAX,
            Self::Corrupt => 2,
            Self::TokenRefused => 3,
        }
    }

    /// The least time before the next attempt.
    #[must_use]
    pub fn floor(self) -> Duration {
        match self {
            Self::TokenRefused => Duration::from_secs(2),
            Self::Unavailable | Self::Throttled | Self::Corrupt => Duration::ZERO,
        }
    }
}

/// Classifies a failure. A guest's opinion is not an input.
#[must_use]
pub fn classify(operation: &Operation, failure: &Failure) -> Class {
    if !operation.idempotent {
        return Class::Permanent;
    }
    if is_pending(operation, failure) {
        return Class::Pending;
    }
    cause(operation, failure).map_or(Class::Permanent, Class::Transient)
}

/// The failure of a read-back that still shows what was there before: pending while the read is awaited, a conflict
/// after that.
#[must_use]
pub fn stale(reference: &Reference, wanted: &Digest, found: &Digest) -> Failure {
    let message = format!("`{reference}` shows `{found}` instead of `{wanted}`");
    Failure::new(FailureKind::Conflict, reference.to_string(), message)
}

fn is_pending(operation: &Operation, failure: &Failure) -> bool {
    if operation.awaited.is_none() || !operation.is_read() {
        return false;
    }
    let fault = failure.registry.as_deref();
    match failure.kind {
        // A token server that is not there has nothing to do with what is awaited, and what is gone stays gone.
        FailureKind::NotFound => {
            fault.is_none_or(|fault| fault.party != Party::TokenServer && fault.status != Some(410))
        }
        // What `stale` says; a registry that itself speaks of a conflict means something else.
        FailureKind::Conflict => fault.is_none_or(|fault| fault.status.is_none()),
        _ => false,
    }
}

fn cause(operation: &Operation, failure: &Failure) -> Option<Cause> {
    let fault = failure.registry.as_deref();
    match failure.kind {
        FailureKind::RateLimited => Some(Cause::Throttled),
        FailureKind::Unavailable | FailureKind::TimedOut => Some(Cause::Unavailable),
        FailureKind::Unauthorized | FailureKind::Denied => {
            fault.filter(|fault| fault.party == Party::TokenServer).map(|_| Cause::TokenRefused)
        }
        FailureKind::Internal => fault.filter(|fault| fault.corrupt).map(|_| Cause::Corrupt),
        // An attempt that opens its own upload can send the blob again; one that was given an upload cannot.
        FailureKind::InvalidInput if sends_afresh(operation) => {
            fault.filter(|fault| fault.is("DIGEST_INVALID")).map(|_| Cause::Corrupt)
        }
        FailureKind::Conflict | FailureKind::NotFound if sends_afresh(operation) => {
            fault.filter(|fault| is_upload_lost(fault)).map(|_| Cause::Unavailable)
        }
        FailureKind::InvalidInput
        | FailureKind::Conflict
        | FailureKind::NotFound
        | FailureKind::Cancelled => None,
    }
}

fn sends_afresh(operation: &Operation) -> bool {
    operation.verb == Some(RegistryVerb::BeginUpload)
}

/// The registry took the blob and forgot it, or forgot where it was to go.
fn is_upload_lost(fault: &RegistryFault) -> bool {
    fault.verb == RegistryVerb::FinishUpload && fault.status == Some(404)
}

#[cfg(test)]
mod tests;
