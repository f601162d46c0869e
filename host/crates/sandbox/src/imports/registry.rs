//! `registry` for a step: what it names is read strictly, what it may do is checked by `transfer`, and what it gets is
//! bounded. Credentials and layers never come this way.

mod batch;
mod lower;
pub(super) mod read;

use bakery_core::port::{Failure, FailureKind};
use bakery_transfer::{Caller, Transfer};
use wasmtime::component::HasData;

use self::batch::Batch;
pub(super) use self::lower::Purse;
use super::failure::issue;
use crate::{
    bindings::{
        registry::{Copied, Descriptor, Host, Manifest},
        types,
    },
    breach::Breach,
    guest::Guest,
};

/// Selects registries for a linker.
pub(crate) struct Registered;

/// A step.
pub(crate) struct RegisteredGuest<'a>(pub(crate) &'a mut Guest);

impl HasData for Registered {
    type Data<'a> = RegisteredGuest<'a>;
}

type Answer<T> = wasmtime::Result<Result<T, types::Failure>>;
type Answers<T> = wasmtime::Result<Vec<Result<T, types::Failure>>>;

impl Host for RegisteredGuest<'_> {
    async fn resolve(&mut self, references: Vec<String>) -> Answers<Descriptor> {
        let (transfer, caller) = self.enter(references.len())?;
        let batch = Batch::read(&references, read::reference);
        let answers = transfer.resolve(&caller, batch.good()).await;
        Ok(self.hand_over(&references, batch.join(answers), Purse::descriptor))
    }

    async fn await_readable(&mut self, references: Vec<String>) -> Answers<Manifest> {
        let (transfer, caller) = self.enter(references.len())?;
        let batch = Batch::read(&references, read::reference);
        let answers = transfer.await_readable(&caller, batch.good()).await;
        Ok(self.hand_over(&references, batch.join(answers), Purse::manifest))
    }

    async fn await_digest(&mut self, references: Vec<String>, digest: String) -> Answers<Descriptor> {
        let (transfer, caller) = self.enter(references.len())?;
        let wanted = read::digest(&digest);
        let batch = Batch::read(&references, |text| wanted.clone().and_then(|_| read::reference(text)));
        let answers = match &wanted {
            Ok(wanted) => transfer.await_digest(&caller, batch.good(), wanted).await,
            Err(_) => Vec::new(),
        };
        Ok(self.hand_over(&references, batch.join(answers), Purse::descriptor))
    }

    async fn get_manifest(&mut self, references: Vec<String>) -> Answers<Manifest> {
        let (transfer, caller) = self.enter(references.len())?;
        let batch = Batch::read(&references, read::reference);
        let answers = transfer.manifests(&caller, batch.good()).await;
        Ok(self.hand_over(&references, batch.join(answers), Purse::manifest))
    }

    async fn hold(&mut self, media_type: String, bytes: Vec<u8>) -> Answer<Descriptor> {
        let (transfer, _) = self.enter(0)?;
        let (size, bound) = (bytes.len(), self.0.limits.manifest_bytes);
        let answer = if size > bound {
            let message = format!("a manifest of {size} bytes was not taken: it may have {bound}");
            Err(Failure::new(FailureKind::InvalidInput, "manifest", message))
        } else {
            transfer.hold(&media_type, bytes)
        };
        Ok(answer.map(lower::descriptor).map_err(|failure| issue(self.0, failure)))
    }

    async fn copy(&mut self, sources: Vec<String>, repository: String) -> Answers<Copied> {
        let (transfer, caller) = self.enter(sources.len())?;
        let to = read::repository(&repository);
        let batch = Batch::read(&sources, |text| to.clone().and_then(|_| read::by_digest(text)));
        let answers = match &to {
            Ok(to) => transfer.copy(&caller, batch.good(), to).await,
            Err(_) => Vec::new(),
        };
        Ok(self.hand_over(&sources, batch.join(answers), Purse::copied))
    }

    async fn push(&mut self, repository: String, digest: String, tags: Vec<String>) -> Answer<Descriptor> {
        let (transfer, caller) = self.enter(tags.len())?;
        let answer = match read::push(&repository, &digest, &tags) {
            Ok((to, digest, tags)) => transfer.push(&caller, &to, &digest, &tags).await,
            Err(failure) => Err(failure),
        };
        Ok(answer.map(lower::descriptor).map_err(|failure| issue(self.0, failure)))
    }
}

impl RegisteredGuest<'_> {
    /// Counts the call, and says who makes it.
    fn enter(&mut self, named: usize) -> wasmtime::Result<(Transfer, Caller)> {
        let guest = &mut *self.0;
        guest.enter_host()?;
        if named > guest.limits.references {
            return Err(Breach::References(guest.limits.references).into());
        }
        let Some(registries) = &guest.registries else {
            return Err(wasmtime::Error::msg("`registry` was linked without a registry"));
        };
        Ok(registries.caller(&guest.component))
    }

    /// Answers as the guest sees them, as many as it asked for and no larger than it may have.
    fn hand_over<A, W>(
        &mut self,
        subjects: &[String],
        answers: Vec<Result<A, Failure>>,
        lower: impl Fn(&mut Purse, &str, A) -> Result<W, Failure>,
    ) -> Vec<Result<W, types::Failure>> {
        let guest = &mut *self.0;
        let mut purse = Purse::new(guest.limits.manifest_bytes);
        let lowered = subjects.iter().zip(answers).map(|(subject, answer)| {
            let answer = answer.and_then(|answer| lower(&mut purse, subject, answer));
            answer.map_err(|failure| issue(guest, failure))
        });
        lowered.collect()
    }
}
