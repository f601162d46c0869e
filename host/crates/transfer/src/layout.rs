//! A layout whose manifests were read and checked: digest, size, type, and that every file below them is there.
//! Writes nothing, and asks no registry.

use std::{
    collections::{HashMap, HashSet},
    path::Path,
    sync::Arc,
};

use bakery_core::{
    model::{Descriptor, Digest, DigestHasher, Manifest, media_type},
    port::{
        Failure, FailureKind,
        layout::{Layout, LayoutFile},
    },
};

use crate::{budget::Budget, upload::Origin, words::listed};

/// The only content of `oci-layout`.
pub(crate) const MARKER: &[u8] = br#"{"imageLayoutVersion":"1.0.0"}"#;

/// Bytes of `oci-layout` that are read.
const MAX_MARKER: u64 = 4 << 10;

/// Bytes of one manifest, and of `index.json`.
const MAX_MANIFEST: u64 = bakery_core::model::MAX_MANIFEST_BYTES;

/// A layout to bring images from.
pub(crate) struct OpenLayout {
    files: Arc<dyn Layout>,
    /// For people.
    path: String,
    root: Descriptor,
    manifests: HashMap<Digest, Arc<Manifest>>,
}

impl OpenLayout {
    /// Reads every manifest below the one that `index.json` names, and looks for every blob.
    ///
    /// # Errors
    /// It is no layout, names none or several images, or lacks something; `InvalidInput`, whatever it is.
    pub(crate) async fn read(files: Arc<dyn Layout>, path: &Path) -> Result<Self, Failure> {
        let path = if path.as_os_str().is_empty() { ".".to_owned() } else { path.display().to_string() };
        let wrong = |what: String| {
            Failure::new(FailureKind::InvalidInput, &path, format!("the layout `{path}` {what}"))
        };
        let marker = files.read(&LayoutFile::Marker, MAX_MARKER).await?;
        if !is_marker(&marker) {
            return Err(wrong("has an `oci-layout` that is not of version 1.0.0".to_owned()));
        }
        let index = files.read(&LayoutFile::Index, MAX_MANIFEST).await?;
        let index = Manifest::parse(index, Some(media_type::OCI_INDEX))
            .map_err(|error| wrong(format!("has an `index.json` that is none: {error}")))?;
        let [root] = index.manifests() else {
            let digests = index.manifests().iter().take(8).map(|one| &one.digest);
            let has = match index.manifests().len() {
                0 => "none".to_owned(),
                count => format!("{count}: {}", listed(digests)),
            };
            return Err(wrong(format!(
                "must name exactly one manifest in its `index.json`, and names {has}"
            )));
        };
        let mut layout = Self { root: root.clone(), manifests: HashMap::new(), files, path };
        layout.read_below().await?;
        Ok(layout)
    }

    /// What `index.json` names.
    pub(crate) fn root(&self) -> &Descriptor {
        &self.root
    }

    /// Every manifest in it.
    pub(crate) fn manifests(&self) -> impl Iterator<Item = &Arc<Manifest>> {
        self.manifests.values()
    }

    /// One manifest in it.
    pub(crate) fn manifest(&self, digest: &Digest) -> Option<Arc<Manifest>> {
        self.manifests.get(digest).cloned()
    }

    /// Where things come from, for people.
    pub(crate) fn origin(&self) -> String {
        format!("from the layout `{}`", self.path)
    }

    /// A blob in it, when its bytes were found to be those of its digest.
    ///
    /// # Errors
    /// They are not.
    pub(crate) async fn blob(&self, blob: &Descriptor) -> Result<Origin, Failure> {
        let source = self.files.source(&blob.digest, blob.size);
        let (mut chunks, mut hasher) = (source.open(0), DigestHasher::default());
        while let Some(piece) = chunks.next().await? {
            hasher.update(&piece);
        }
        let found = hasher.finish();
        if found != blob.digest {
            return Err(self.wrong(&blob.digest, &format!("has the bytes of `{found}`")));
        }
        Ok(Origin::Layout(source))
    }

    async fn read_below(&mut self) -> Result<(), Failure> {
        let budget = Budget::default();
        let mut waiting = vec![(self.root.clone(), 0)];
        let mut looked_for = HashSet::new();
        while let Some((descriptor, depth)) = waiting.pop() {
            let manifest = self.read_one(&descriptor).await?;
            let (children, blobs) = (manifest.manifests(), manifest.blobs());
            budget
                .take(1 + children.len() + blobs.len(), depth)
                .map_err(|rule| self.wrong(&descriptor.digest, &rule))?;
            for blob in blobs {
                if looked_for.insert(blob.digest.clone()) {
                    self.look_for(blob).await?;
                }
            }
            let new = |child: &&Descriptor| !self.manifests.contains_key(&child.digest);
            waiting.extend(children.iter().filter(new).map(|child| (child.clone(), depth + 1)));
            self.manifests.insert(descriptor.digest.clone(), Arc::new(manifest));
        }
        Ok(())
    }

    async fn read_one(&self, descriptor: &Descriptor) -> Result<Manifest, Failure> {
        let file = LayoutFile::Blob(descriptor.digest.clone());
        let bytes = self.files.read(&file, MAX_MANIFEST).await?;
        if bytes.len() as u64 != descriptor.size {
            return Err(self.size(descriptor, bytes.len() as u64));
        }
        let manifest = Manifest::parse(bytes, Some(&descriptor.media_type))
            .map_err(|error| self.wrong(&descriptor.digest, &format!("is no manifest: {error}")))?;
        if *manifest.digest() == descriptor.digest {
            return Ok(manifest);
        }
        Err(self.wrong(&descriptor.digest, &format!("has the bytes of `{}`", manifest.digest())))
    }

    async fn look_for(&self, blob: &Descriptor) -> Result<(), Failure> {
        let size = self.files.size(&LayoutFile::Blob(blob.digest.clone())).await?;
        if size == blob.size { Ok(()) } else { Err(self.size(blob, size)) }
    }

    fn size(&self, descriptor: &Descriptor, found: u64) -> Failure {
        let what = format!("has {found} bytes, and its descriptor says {}", descriptor.size);
        self.wrong(&descriptor.digest, &what)
    }

    fn wrong(&self, digest: &Digest, what: &str) -> Failure {
        let message = format!("`{digest}` in the layout `{}` {what}", self.path);
        Failure::new(FailureKind::InvalidInput, &self.path, message)
    }
}

/// Whether a text is what [`MARKER`] says, however it is spaced.
fn is_marker(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    let bare: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    bare.as_bytes() == MARKER
}
