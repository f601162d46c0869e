//! One blob into one repository: known, mounted, or sent. Once per run, whoever wants it.

use bakery_core::{
    model::{Descriptor, Repository},
    port::{
        Failure, FailureKind,
        registry::{Mounted, RegistryVerb, UploadSession},
    },
};

use crate::{Transfer, copied::Tally, copy::Way, layout::OpenLayout, upload::Origin, words::at};

/// How a mount ended.
enum Mount {
    Placed(Tally),
    /// Not mounted; perhaps the registry opened an upload instead.
    Send(Option<UploadSession>),
}

impl Transfer {
    /// Makes sure that a blob is in place.
    pub(crate) async fn place(&self, way: &Way<'_>, blob: &Descriptor) -> Result<Tally, Failure> {
        if self.registry.holds(way.to, &blob.digest) {
            return Ok(Tally::default());
        }
        let subject = at(way.to, &blob.digest);
        let boarding = self.shared.flights.board(way.to, &blob.digest, way.from.as_ref());
        let flight = self.within(way.caller, &subject, boarding).await??;
        if self.registry.holds(way.to, &blob.digest) {
            return Ok(Tally::default());
        }
        let outcome = self.place_alone(way, blob, &subject).await;
        if let Err(failure) = &outcome {
            flight.missed(way.from.as_ref(), failure);
        }
        outcome
    }

    async fn place_alone(&self, way: &Way<'_>, blob: &Descriptor, subject: &str) -> Result<Tally, Failure> {
        if let Some(layout) = way.layout {
            return self.place_from(way, layout, blob, subject).await;
        }
        let Some(from) = way.from.as_ref().filter(|from| *from != way.to) else {
            return self.check_there(way, blob, subject).await;
        };
        let session = if from.registry() == way.to.registry() {
            match self.mount(way, from, blob, subject).await? {
                Mount::Placed(tally) => return Ok(tally),
                Mount::Send(session) => session,
            }
        } else {
            None
        };
        self.send(way, &Origin::Repository(from.clone()), blob, session).await
    }

    /// From a layout: mounted where the run knows a place in the same registry that the caller may read, or else sent.
    async fn place_from(
        &self,
        way: &Way<'_>,
        layout: &OpenLayout,
        blob: &Descriptor,
        subject: &str,
    ) -> Result<Tally, Failure> {
        let near = |one: &&Repository| *one != way.to && one.registry() == way.to.registry();
        let mut places = way.caller.grants.readable().filter(near);
        let mut session = None;
        if let Some(from) = places.find(|from| self.registry.holds(from, &blob.digest)) {
            match self.mount(way, from, blob, subject).await? {
                Mount::Placed(tally) => return Ok(tally),
                Mount::Send(opened) => session = opened,
            }
        }
        self.send(way, &layout.blob(blob).await?, blob, session).await
    }

    async fn mount(
        &self,
        way: &Way<'_>,
        from: &Repository,
        blob: &Descriptor,
        subject: &str,
    ) -> Result<Mount, Failure> {
        let (registry, to, digest) = (&self.registry, way.to, &blob.digest);
        let operation = self.operation(way.caller, RegistryVerb::Mount, to, subject)?;
        let mounting = self
            .gate
            .run(&operation, |permit| async move { registry.mount_blob(&permit, from, to, digest).await });
        match mounting.await {
            Ok(Mounted::Known) => Ok(Mount::Placed(Tally::default())),
            Ok(Mounted::Done) => {
                self.effect_at("mount", to, digest, format!("from `{from}`"));
                Ok(Mount::Placed(Tally::mount()))
            }
            Ok(Mounted::Upload(session)) => Ok(Mount::Send(Some(session))),
            Ok(Mounted::Refused(_)) => Ok(Mount::Send(None)),
            // A mount that makes no sense to the registry is no reason not to send the bytes.
            Err(failure) if failure.kind == FailureKind::Internal => Ok(Mount::Send(None)),
            Err(failure) => Err(failure),
        }
    }

    /// There is no other place to take the blob from.
    async fn check_there(&self, way: &Way<'_>, blob: &Descriptor, subject: &str) -> Result<Tally, Failure> {
        if self.has(way, blob, subject).await? {
            return Ok(Tally::default());
        }
        let message =
            format!("`{}` lacks the blob `{}`, and no other place is known to hold it", way.to, blob.digest);
        Err(Failure::new(FailureKind::NotFound, subject, message))
    }

    /// Asks whether a blob is in place.
    pub(crate) async fn has(&self, way: &Way<'_>, blob: &Descriptor, subject: &str) -> Result<bool, Failure> {
        let (registry, to, digest) = (&self.registry, way.to, &blob.digest);
        let operation = self.operation(way.caller, RegistryVerb::HasBlob, to, subject)?;
        self.gate.run(&operation, |permit| async move { registry.has_blob(&permit, to, digest).await }).await
    }
}
