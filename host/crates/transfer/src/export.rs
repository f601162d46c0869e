//! The door from a repository into a layout: an image or an index with everything below it, to the byte. Its
//! `index.json` is written last, so what is unfinished is no layout.

use std::{
    collections::{HashMap, HashSet},
    path::Path,
    sync::Arc,
};

use bakery_core::{
    model::{Descriptor, Digest, Manifest, Reference, Repository, media_type},
    port::{
        Failure, FailureKind,
        layout::{Layout, LayoutFile, Layouts},
        registry::{BlobCursor, BlobSink, Registry},
    },
};
use futures_util::future::try_join_all;

use crate::{Transfer, budget::Budget, caller::Caller, layout::MARKER, send::LARGE, words::at};

/// The name of the image in the layout, as the predecessor's tools write it.
const NAME: &str = "image";

/// What is written.
struct Found {
    manifests: Vec<Arc<Manifest>>,
    blobs: Vec<Descriptor>,
}

/// What the attempts of one blob share.
struct Reading<'a> {
    registry: &'a dyn Registry,
    from: &'a Repository,
    cursor: BlobCursor,
    sink: Box<dyn BlobSink>,
}

impl Transfer {
    /// Writes what a reference points at, and everything below it, into a new layout.
    ///
    /// # Errors
    /// `Conflict` where something lies at `path`, `InvalidInput` where it does not fit; nothing is left then.
    pub async fn export(
        &self,
        caller: &Caller,
        reference: &Reference,
        layouts: &dyn Layouts,
        path: &Path,
    ) -> Result<Descriptor, Failure> {
        let from = reference.repository();
        self.may_pull(caller, from)?;
        let root = self.manifest(caller, reference).await?;
        let found = self.find(caller, from, &root).await?;
        let bytes = found.bytes();
        let room = layouts.room().await?;
        if bytes > room {
            let message = format!(
                "`{reference}` has {bytes} bytes, and the scratch space of this step has room for {room} more"
            );
            return Err(Failure::new(FailureKind::InvalidInput, reference.to_string(), message));
        }
        let layout = layouts.create(path).await?;
        let writing = self.write(caller, from, &root, &found, layout.as_ref());
        let subject = at(from, root.digest());
        let written = self.within(caller, &subject, writing).await.and_then(|outcome| outcome);
        if let Err(failure) = written {
            drop(layout);
            layouts.discard(path).await;
            return Err(failure);
        }
        Ok(root.descriptor())
    }

    /// Reads every manifest below the root, level by level.
    async fn find(&self, caller: &Caller, from: &Repository, root: &Arc<Manifest>) -> Result<Found, Failure> {
        let budget = Budget::default();
        let mut known: HashSet<Digest> = [root.digest().clone()].into();
        let mut blobs: HashMap<Digest, Descriptor> = HashMap::new();
        let (mut all, mut level, mut depth) = (Vec::new(), vec![root.clone()], 0);
        while !level.is_empty() {
            let mut next = Vec::new();
            for manifest in &level {
                budget.take(1 + manifest.blobs().len() + manifest.manifests().len(), depth).map_err(
                    |rule| {
                        let subject = at(from, manifest.digest());
                        Failure::new(
                            FailureKind::InvalidInput,
                            &subject,
                            format!("`{subject}` {rule}: it is not exported"),
                        )
                    },
                )?;
                for blob in manifest.blobs() {
                    blobs.entry(blob.digest.clone()).or_insert_with(|| blob.clone());
                }
                next.extend(manifest.manifests().iter().filter(|child| known.insert(child.digest.clone())));
            }
            let children =
                try_join_all(next.into_iter().map(|child| self.child(caller, from, child))).await?;
            all.append(&mut level);
            level = children;
            depth += 1;
        }
        // A document can be named as a manifest here and as a blob there: it is one file.
        let mut blobs: Vec<Descriptor> =
            blobs.into_values().filter(|blob| !known.contains(&blob.digest)).collect();
        // The longest way first, so that it does not begin when all the others are done.
        blobs.sort_by(|a, b| (b.size, &b.digest).cmp(&(a.size, &a.digest)));
        Ok(Found { manifests: all, blobs })
    }

    async fn child(
        &self,
        caller: &Caller,
        from: &Repository,
        child: &Descriptor,
    ) -> Result<Arc<Manifest>, Failure> {
        let reference = Reference::by_digest(from.clone(), child.digest.clone());
        let manifest = self.manifest(caller, &reference).await?;
        let size = manifest.bytes().len() as u64;
        if size == child.size {
            return Ok(manifest);
        }
        let message = format!("`{reference}` has {size} bytes, and the index above it says {}", child.size);
        Err(Failure::new(FailureKind::InvalidInput, reference.to_string(), message))
    }

    async fn write(
        &self,
        caller: &Caller,
        from: &Repository,
        root: &Manifest,
        found: &Found,
        layout: &dyn Layout,
    ) -> Result<(), Failure> {
        for manifest in &found.manifests {
            layout.write(&LayoutFile::Blob(manifest.digest().clone()), manifest.bytes()).await?;
        }
        try_join_all(found.blobs.iter().map(|blob| self.fetch(caller, from, blob, layout))).await?;
        layout.write(&LayoutFile::Marker, MARKER).await?;
        layout.write(&LayoutFile::Index, index(root).as_bytes()).await
    }

    /// One blob, from its registry into its file; an attempt goes on where the one before broke off.
    async fn fetch(
        &self,
        caller: &Caller,
        from: &Repository,
        blob: &Descriptor,
        layout: &dyn Layout,
    ) -> Result<(), Failure> {
        let subject = at(from, &blob.digest);
        let _turn = if blob.size > LARGE {
            Some(self.within(caller, &subject, self.shared.large(from.registry())).await?)
        } else {
            None
        };
        let operation = self.fetching(caller, from, &subject)?;
        let sink = layout.sink(&blob.digest).await?;
        let cursor = BlobCursor::new(blob.digest.clone(), blob.size);
        let mut reading = Reading { registry: self.registry.as_ref(), from, cursor, sink };
        self.gate
            .run_with(&operation, &mut reading, |permit, reading| {
                Box::pin(async move {
                    let Reading { registry, from, cursor, sink } = reading;
                    registry.read_blob(&permit, from, cursor, sink.as_mut()).await
                })
            })
            .await
    }
}

impl Found {
    fn bytes(&self) -> u64 {
        let manifests = self.manifests.iter().map(|manifest| manifest.bytes().len() as u64);
        manifests.chain(self.blobs.iter().map(|blob| blob.size)).fold(0, u64::saturating_add)
    }
}

/// `index.json` for one image. Digest, type and size hold nothing that JSON would escape: the type was compared with
/// the few that are known.
fn index(root: &Manifest) -> String {
    format!(
        r#"{{"schemaVersion":2,"mediaType":"{}","manifests":[{{"mediaType":"{}","digest":"{}","size":{},"annotations":{{"org.opencontainers.image.ref.name":"{NAME}"}}}}]}}"#,
        media_type::OCI_INDEX,
        root.media_type(),
        root.digest(),
        root.bytes().len()
    )
}
