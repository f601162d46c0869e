//! The door that copies: manifests and everything below them, by digest, children before parents. Moves no tag.

use std::{collections::HashSet, sync::Arc};

use bakery_core::{
    model::{Descriptor, Digest, Manifest, Reference, Repository},
    port::{BoxFuture, Failure, FailureKind, registry::RegistryVerb},
};
use futures_util::future::{join_all, try_join_all};

use crate::{
    Transfer,
    budget::Budget,
    caller::Caller,
    copied::{Copied, Tally},
    layout::OpenLayout,
    words::at,
};

/// From where to where, for whom.
pub(crate) struct Way<'a> {
    pub(crate) caller: &'a Caller,
    /// None where that is only known for each part: what is put was not read in one place.
    pub(crate) from: Option<Repository>,
    pub(crate) to: &'a Repository,
    /// What is brought comes from this layout, and `from` is none.
    pub(crate) layout: Option<&'a OpenLayout>,
    pub(crate) budget: &'a Budget,
}

impl Transfer {
    /// Brings manifests, given by digest, and everything below them into a repository, by digest. Whatever several
    /// callers want in one place is brought there once.
    pub async fn copy(
        &self,
        caller: &Caller,
        sources: &[Reference],
        to: &Repository,
    ) -> Vec<Result<Copied, Failure>> {
        if let Err(denied) = self.may_push(caller, to, &[]) {
            return sources.iter().map(|_| Err(denied.clone())).collect();
        }
        let budget = Budget::default();
        join_all(sources.iter().map(|source| self.copy_one(caller, source, to, &budget))).await
    }

    async fn copy_one(
        &self,
        caller: &Caller,
        source: &Reference,
        to: &Repository,
        budget: &Budget,
    ) -> Result<Copied, Failure> {
        let from = source.repository();
        self.may_pull(caller, from)?;
        let Some(digest) = source.digest() else {
            let message = format!("`{source}` has no digest: only what cannot change is copied");
            return Err(Failure::new(FailureKind::InvalidInput, source.to_string(), message));
        };
        if from == to {
            return Ok(Tally::default().of(self.describe(caller, source, digest).await?));
        }
        let way = Way { caller, from: Some(from.clone()), to, layout: None, budget };
        let manifest = self.source(&way, digest).await?;
        let tally = self.bring(&way, digest, 0).await?;
        Ok(tally.of(manifest.descriptor()))
    }

    /// What lies there already.
    async fn describe(
        &self,
        caller: &Caller,
        source: &Reference,
        digest: &Digest,
    ) -> Result<Descriptor, Failure> {
        if let Some(known) = self.memory.read_in(source.repository(), digest) {
            return Ok(known.descriptor());
        }
        self.look(&self.awaiting(caller, RegistryVerb::Resolve, source)?, source).await
    }

    /// Brings one manifest with everything below it, unless it is known to be there.
    pub(crate) fn bring<'a>(
        &'a self,
        way: &'a Way<'a>,
        digest: &'a Digest,
        depth: usize,
    ) -> BoxFuture<'a, Result<Tally, Failure>> {
        Box::pin(async move {
            if self.registry.holds(way.to, digest) {
                return Ok(Tally::default());
            }
            let subject = at(way.to, digest);
            let boarding = self.shared.flights.board(way.to, digest, way.from.as_ref());
            let flight = self.within(way.caller, &subject, boarding).await??;
            if self.registry.holds(way.to, digest) {
                return Ok(Tally::default());
            }
            let outcome = self.bring_alone(way, digest, depth).await;
            if let Err(failure) = &outcome {
                flight.missed(way.from.as_ref(), failure);
            }
            outcome
        })
    }

    async fn bring_alone(&self, way: &Way<'_>, digest: &Digest, depth: usize) -> Result<Tally, Failure> {
        let manifest = self.source(way, digest).await?;
        let below = self.bring_below(way, &manifest, depth).await?;
        self.put(way, &manifest, &[]).await?;
        self.effect_at("push", way.to, digest, origin(way));
        Ok([below, Tally::manifest()].into_iter().sum())
    }

    /// Brings what must be there before the manifest is.
    async fn bring_below(&self, way: &Way<'_>, manifest: &Manifest, depth: usize) -> Result<Tally, Failure> {
        let mut blobs = manifest.blobs();
        let mut seen = HashSet::new();
        let children: Vec<&Descriptor> =
            manifest.manifests().iter().filter(|child| seen.insert(&child.digest)).collect();
        way.budget.take(1 + blobs.len() + children.len(), depth).map_err(|rule| {
            let subject = manifest.digest().to_string();
            let message = format!("`{subject}` {rule}: it is not copied");
            Failure::new(FailureKind::InvalidInput, subject, message)
        })?;
        // The longest way first, so that it does not begin when all the others are done.
        blobs.sort_by_key(|blob| std::cmp::Reverse(blob.size));
        let manifests =
            try_join_all(children.into_iter().map(|child| self.bring(way, &child.digest, depth + 1)));
        let blobs = try_join_all(blobs.into_iter().map(|blob| self.place(way, blob)));
        let (manifests, blobs) = futures_util::future::try_join(manifests, blobs).await?;
        Ok(manifests.into_iter().chain(blobs).sum())
    }

    /// The manifest to bring, from memory or from where it lies.
    async fn source(&self, way: &Way<'_>, digest: &Digest) -> Result<Arc<Manifest>, Failure> {
        if let Some(known) = self.memory.get(digest) {
            return Ok(known);
        }
        if let Some(manifest) = way.layout.and_then(|layout| layout.manifest(digest)) {
            return Ok(manifest);
        }
        let Some(from) = &way.from else {
            let message = format!("`{digest}` is not known to lie anywhere");
            return Err(Failure::new(FailureKind::NotFound, at(way.to, digest), message));
        };
        self.manifest(way.caller, &Reference::by_digest(from.clone(), digest.clone())).await
    }
}

/// Where it came from, for people.
fn origin(way: &Way<'_>) -> String {
    match (&way.from, way.layout) {
        (_, Some(layout)) => layout.origin(),
        (Some(from), None) => format!("from `{from}`"),
        (None, None) => String::new(),
    }
}
