//! Registries asked for what they have now: the digests of references, and what images say of themselves. All at once,
//! each with little patience, because a person waits. Writes nothing, and no failure ends a run.

use std::{collections::BTreeMap, num::NonZeroUsize, path::Path, sync::Arc, time::Duration};

use bakery_core::{
    model::{Descriptor, Digest, Manifest, ManifestContent, Platform, Reference},
    policy::{Operation, RetryPolicy},
    port::{
        Failure, FailureKind,
        registry::{Access, BlobCursor, Registry, RegistryVerb},
    },
};
use bakery_dev::manifest::{Entry, entry, labels};
use bakery_gate::Gate;
use futures_util::future::join_all;

use super::{Edge, GRACE, registries};
use crate::{cli::Registries, command::Failed, report::Talker};

/// Time of one attempt.
const ATTEMPT: Duration = Duration::from_secs(5);
/// Time of one question.
const LIMIT: Duration = Duration::from_secs(10);
/// Questions at the same time.
const AT_ONCE: NonZeroUsize = NonZeroUsize::new(16).unwrap();
/// Bytes of an image's configuration.
const MAX_CONFIG: u64 = 4 << 20;

/// An image in a registry.
pub(crate) struct RemoteImage {
    /// The digest of its configuration, which stores of images call its id.
    pub(crate) id: Digest,
    /// Its labels.
    pub(crate) labels: BTreeMap<String, String>,
}

impl Edge {
    /// To registries, for questions alone; starts nothing.
    pub(crate) fn for_questions(folder: &Path, talker: &Arc<Talker>) -> Self {
        let initial = Duration::from_millis(200);
        Self::to_registries(
            AT_ONCE,
            RetryPolicy { attempts: 2, initial, ..RetryPolicy::default() },
            folder,
            talker,
        )
    }

    /// What references point at now, in their order.
    ///
    /// # Errors
    /// Nothing has been asked: docker's configuration or a certificate authority cannot be read; or a signal.
    pub(crate) fn digests(
        &self,
        how: &Registries,
        references: &[Reference],
    ) -> Result<Vec<Result<Digest, Failure>>, Failed> {
        self.ask(how, references.iter(), references, async |asking: &Asking, reference: &Reference| {
            let operation = operation(RegistryVerb::Resolve, reference);
            let registry = &asking.registry;
            let found = asking
                .gate
                .run_hedged(&operation, |permit| async move { registry.resolve(&permit, reference).await });
            found.await.map(|descriptor| descriptor.digest)
        })
    }

    /// What registries have under references, each for a platform; none where there is nothing.
    ///
    /// # Errors
    /// As for [`Edge::digests`].
    pub(crate) fn remote_images(
        &self,
        how: &Registries,
        images: &[(&Reference, Platform)],
    ) -> Result<Vec<Result<Option<RemoteImage>, Failure>>, Failed> {
        let question = async |asking: &Asking, (reference, platform): &(&Reference, Platform)| match asking
            .image(reference, *platform)
            .await
        {
            Ok(image) => Ok(Some(image)),
            Err(failure) if failure.kind == FailureKind::NotFound => Ok(None),
            Err(failure) => Err(failure),
        };
        let references = images.iter().map(|(reference, _)| *reference);
        self.ask(how, references, images, question)
    }

    fn ask<'q, Q, T>(
        &self,
        how: &Registries,
        references: impl Iterator<Item = &'q Reference>,
        questions: &[Q],
        answer: impl AsyncFn(&Asking, &Q) -> T,
    ) -> Result<Vec<T>, Failed> {
        let registry = registries::open(how, false, registries::credentials()?)?;
        let accesses: Vec<Access> =
            references.map(|reference| Access::pull(reference.repository().clone())).collect();
        registry.announce(&accesses);
        let live = self.live()?;
        let asking = Asking { gate: live.gate.clone(), registry };
        let all = join_all(questions.iter().map(|question| answer(&asking, question)));
        live.complete_within(GRACE, all)
    }
}

struct Asking {
    gate: Gate,
    registry: Arc<dyn Registry>,
}

impl Asking {
    async fn image(&self, reference: &Reference, platform: Platform) -> Result<RemoteImage, Failure> {
        let mut manifest = self.manifest(reference).await?;
        match entry(&manifest, platform) {
            Entry::Itself => {}
            Entry::Of(of) => {
                let of = Reference::by_digest(reference.repository().clone(), of.digest.clone());
                manifest = self.manifest(&of).await?;
            }
            Entry::Nothing => return Err(wrong(reference, &format!("has nothing for {platform}"))),
        }
        let ManifestContent::Image { config, .. } = manifest.content() else {
            return Err(wrong(reference, "is an index in an index"));
        };
        let bytes = self.blob(reference, config).await?;
        let labels = labels(&bytes).map_err(|error| {
            wrong(reference, &format!("has a configuration that cannot be read: {error}"))
        })?;
        Ok(RemoteImage { id: config.digest.clone(), labels })
    }

    async fn manifest(&self, reference: &Reference) -> Result<Manifest, Failure> {
        let operation = operation(RegistryVerb::GetManifest, reference);
        let registry = &self.registry;
        self.gate
            .run_hedged(&operation, |permit| async move { registry.manifest(&permit, reference).await })
            .await
    }

    async fn blob(&self, reference: &Reference, blob: &Descriptor) -> Result<Vec<u8>, Failure> {
        if blob.size > MAX_CONFIG {
            return Err(wrong(reference, "has a configuration that is too large"));
        }
        let operation = operation(RegistryVerb::GetBlob, reference);
        let registry = &self.registry;
        self.gate
            .run(&operation, |permit| async move {
                let mut cursor = BlobCursor::new(blob.digest.clone(), blob.size);
                let mut bytes = Vec::new();
                registry
                    .read_blob(&permit, reference.repository(), &mut cursor, &mut bytes)
                    .await
                    .map(|()| bytes)
            })
            .await
    }
}

fn operation(verb: RegistryVerb, reference: &Reference) -> Operation {
    Operation::registry(verb, reference.repository().registry(), reference.to_string(), ATTEMPT, LIMIT)
}

fn wrong(reference: &Reference, what: &str) -> Failure {
    Failure::new(FailureKind::Internal, reference.to_string(), format!("`{reference}` {what}"))
}
