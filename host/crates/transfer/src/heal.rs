//! Brings again what a registry acknowledged and then says it lacks. Takes nothing from where the caller may not read.

use bakery_core::{
    model::{Descriptor, Digest, Manifest, Repository},
    port::{BoxFuture, Failure},
};
use futures_util::future::try_join_all;

use crate::{Transfer, copy::Way};

impl Transfer {
    /// Brings every part of a manifest that is no longer known to be in place. The registry's client has forgotten
    /// what the refusal named, or everything where it named nothing.
    pub(crate) fn mend<'a>(
        &'a self,
        way: &'a Way<'a>,
        manifest: &'a Manifest,
    ) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(async move {
            let way = &self.way_of(way, manifest.digest())?;
            try_join_all(manifest.blobs().into_iter().map(|blob| self.place(way, blob))).await?;
            try_join_all(manifest.manifests().iter().map(|child| self.mend_child(way, child))).await?;
            Ok(())
        })
    }

    async fn mend_child(&self, way: &Way<'_>, child: &Descriptor) -> Result<(), Failure> {
        let way = &self.way_of(way, &child.digest)?;
        let whole = match self.memory.get(&child.digest) {
            Some(manifest) => {
                // The refusal may name what is missing one floor below.
                let complete = |part: &Descriptor| self.registry.holds(way.to, &part.digest);
                let whole = manifest.blobs().into_iter().chain(manifest.manifests()).all(complete);
                if !whole {
                    self.mend(way, &manifest).await?;
                    self.put(way, &manifest, &[]).await?;
                }
                whole
            }
            None => true,
        };
        if whole && !self.registry.holds(way.to, &child.digest) {
            self.bring(way, &child.digest, 0).await?;
        }
        Ok(())
    }

    /// From where a part can be taken: where the rest comes from, or else where this target read it.
    fn way_of<'a>(&self, way: &'a Way<'_>, digest: &Digest) -> Result<Way<'a>, Failure> {
        let from: Option<Repository> = match (&way.from, way.layout) {
            (Some(from), _) => Some(from.clone()),
            // It has its parts itself.
            (None, Some(_)) => None,
            (None, None) => self.memory.origin(digest),
        };
        if let Some(from) = &from {
            self.may_pull(way.caller, from)?;
        }
        Ok(Way { caller: way.caller, from, to: way.to, layout: way.layout, budget: way.budget })
    }
}
