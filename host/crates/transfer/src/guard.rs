//! The lock of every door: what the caller is not granted is refused before any request. Grants nothing itself.

use bakery_core::{
    model::{Repository, Tag},
    policy::Denial,
    port::{Event, Failure, FailureKind},
};

use crate::{Transfer, caller::Caller};

impl Transfer {
    /// Whether the caller may read a repository.
    pub(crate) fn may_pull(&self, caller: &Caller, repository: &Repository) -> Result<(), Failure> {
        caller.grants.check_pull(repository).map_err(|denial| self.deny(caller, "read", denial))
    }

    /// Whether the caller may write a repository by digest, and under each of these tags.
    pub(crate) fn may_push(
        &self,
        caller: &Caller,
        repository: &Repository,
        tags: &[Tag],
    ) -> Result<(), Failure> {
        caller.grants.check_push(repository, tags).map_err(|denial| self.deny(caller, "write", denial))
    }

    fn deny(&self, caller: &Caller, verb: &str, denial: Denial) -> Failure {
        let Denial { subject, hint } = denial;
        let component = caller.component.clone();
        let message = format!("`{component}` may not {verb} `{subject}`");
        self.gate.emit(Event::Denied { component, subject: subject.clone(), hint: hint.clone() });
        Failure::new(FailureKind::Denied, subject, message).with_hint(hint)
    }
}
