//! What a request is part of: who admitted it, who pays for it, which verb, about what. Makes failures that say so.

use bakery_core::port::{
    Admission, Failure, FailureKind,
    registry::{Party, RegistryFault, RegistryVerb},
};

use super::account::Account;

/// Travels with every request of a verb.
#[derive(Clone, Copy)]
pub(super) struct Context<'a> {
    pub(super) admission: &'a dyn Admission,
    pub(super) account: &'a Account,
    pub(super) verb: RegistryVerb,
    /// The reference, or `repository@digest`.
    pub(super) subject: &'a str,
}

impl Context<'_> {
    /// The same for another verb of the same attempt.
    pub(super) fn doing(self, verb: RegistryVerb) -> Self {
        Self { verb, ..self }
    }

    pub(super) fn failure(&self, kind: FailureKind, party: Party, message: impl Into<String>) -> Failure {
        Failure::new(kind, self.subject, message).with_registry(RegistryFault::new(self.verb, party))
    }

    /// The bytes, or what is said about them, are not what they must be.
    pub(super) fn corrupt(&self, party: Party, message: impl Into<String>) -> Failure {
        let fault = RegistryFault { corrupt: true, ..RegistryFault::new(self.verb, party) };
        Failure::new(FailureKind::Internal, self.subject, message).with_registry(fault)
    }

    /// bakery does not do what the registry wants.
    pub(super) fn refused(&self, message: impl Into<String>) -> Failure {
        self.failure(FailureKind::Denied, Party::Bakery, message)
    }
}
