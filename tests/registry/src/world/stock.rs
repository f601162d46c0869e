//! Repositories with their manifests, blobs, tags and uploads, and every way to change them.
//! It enforces no rule of the protocol: the handlers in `serve` do.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use bytes::Bytes;

use super::{
    Document, Upload, audit,
    history::{Move, Origin},
    versioned::{Hold, Versioned},
};
use crate::{
    digest::sha256,
    image::Image,
    script::{Lag, LagOf, Until, matches},
};

/// Everything the registry holds.
#[derive(Debug, Default)]
pub(crate) struct World {
    pub(super) repositories: BTreeMap<String, Repository>,
    pub(crate) uploads: BTreeMap<String, Upload>,
    uploads_begun: BTreeMap<String, u64>,
    pub(super) moves: Vec<Move>,
    pub(crate) lag: Vec<Lag>,
    replicas: Vec<Duration>,
    turn: usize,
    sequence: u64,
}

/// One repository.
#[derive(Debug, Default)]
pub(super) struct Repository {
    pub(super) manifests: BTreeMap<String, Versioned<Manifest>>,
    pub(super) blobs: BTreeMap<String, Versioned<Blob>>,
    pub(super) tags: BTreeMap<String, Versioned<String>>,
}

/// A stored manifest.
#[derive(Clone, Debug)]
pub(crate) struct Manifest {
    /// What it says.
    pub(crate) document: Document,
    /// Its bytes.
    pub(crate) bytes: Bytes,
}

/// A stored blob.
#[derive(Clone, Debug)]
pub(crate) struct Blob {
    /// Its bytes.
    pub(crate) bytes: Bytes,
    /// Whether they have the digest under which they are stored. Known once, since an audit at each move of a tag
    /// would otherwise hash every layer again.
    pub(crate) sound: bool,
}

impl Blob {
    /// A blob whose digest is computed here.
    pub(crate) fn weigh(digest: &str, bytes: Bytes) -> Self {
        let sound = sha256(&bytes) == digest;
        Self { bytes, sound }
    }
}

/// When and by whom something is changed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stamp {
    /// Time since the start.
    pub(crate) now: Duration,
    /// Who.
    pub(crate) origin: Origin,
}

/// When something is looked at, and on a replica how far behind.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sight {
    /// Time since the start.
    pub(crate) now: Duration,
    /// How far behind.
    pub(crate) behind: Duration,
}

impl World {
    /// An empty world in which writes lag and replicas are behind like this.
    pub(crate) fn new(lag: Vec<Lag>, replicas: Vec<Duration>) -> Self {
        Self { lag, replicas, ..Self::default() }
    }

    /// The next replica's view: reads go round.
    pub(crate) fn sight(&mut self, now: Duration) -> Sight {
        let behind = match self.replicas.len() {
            0 => Duration::ZERO,
            count => self.replicas[self.turn % count],
        };
        self.turn += 1;
        Sight { now, behind }
    }

    /// How many changes of manifests, blobs and tags there have been.
    pub(crate) fn sequence(&self) -> u64 {
        self.sequence
    }

    /// Every move of every tag, in order.
    pub(crate) fn moves(&self) -> &[Move] {
        &self.moves
    }

    /// Whether anything was ever pushed there.
    pub(crate) fn has_repository(&self, repository: &str) -> bool {
        self.repositories.contains_key(repository)
    }

    /// Makes an empty repository where there is none.
    pub(crate) fn create(&mut self, repository: &str) {
        self.repositories.entry(repository.to_owned()).or_default();
    }

    /// The number of a new upload into a repository, from 1.
    pub(crate) fn next_upload(&mut self, repository: &str) -> u64 {
        let number = self.uploads_begun.entry(repository.to_owned()).or_default();
        *number += 1;
        *number
    }

    /// Stores a blob; nothing happens where it is there already.
    pub(crate) fn put_blob(&mut self, stamp: Stamp, repository: &str, digest: &str, blob: Blob) {
        let hold = self.hold(LagOf::Blobs, repository, digest);
        let place = self.repository(repository).blobs.entry(digest.to_owned()).or_default();
        if place.truth().is_none() {
            place.write(Some(blob), stamp.now, hold);
            self.sequence += 1;
        }
    }

    /// Stores a manifest; nothing happens where it is there already.
    pub(crate) fn put_manifest(&mut self, stamp: Stamp, repository: &str, digest: &str, manifest: Manifest) {
        let hold = self.hold(LagOf::Manifests, repository, digest);
        let place = self.repository(repository).manifests.entry(digest.to_owned()).or_default();
        if place.truth().is_none() {
            place.write(Some(manifest), stamp.now, hold);
            self.sequence += 1;
        }
    }

    /// Points a tag somewhere, or nowhere; nothing happens where it points there already.
    pub(crate) fn set_tag(&mut self, stamp: Stamp, repository: &str, tag: &str, to: Option<&str>) {
        let hold = self.hold(LagOf::Tags, repository, tag);
        let place = self.repository(repository).tags.entry(tag.to_owned()).or_default();
        let from = place.truth().cloned();
        if from.as_deref() == to {
            return;
        }
        place.write(to.map(str::to_owned), stamp.now, hold);
        self.sequence += 1;
        let problems = to.map(|digest| audit::below(self, repository, Some(tag), digest)).unwrap_or_default();
        self.moves.push(Move {
            sequence: self.sequence,
            at: stamp.now,
            repository: repository.to_owned(),
            tag: tag.to_owned(),
            from,
            to: to.map(str::to_owned),
            origin: stamp.origin,
            problems,
        });
    }

    /// Removes a blob. False where it was not there.
    pub(crate) fn delete_blob(&mut self, stamp: Stamp, repository: &str, digest: &str) -> bool {
        let hold = self.hold(LagOf::Blobs, repository, digest);
        let place = self.repositories.get_mut(repository).and_then(|found| found.blobs.get_mut(digest));
        let Some(place) = place.filter(|place| place.truth().is_some()) else { return false };
        place.write(None, stamp.now, hold);
        self.sequence += 1;
        true
    }

    /// Removes a manifest and every tag that points to it. False where it was not there.
    pub(crate) fn delete_manifest(&mut self, stamp: Stamp, repository: &str, digest: &str) -> bool {
        let hold = self.hold(LagOf::Manifests, repository, digest);
        let Some(found) = self.repositories.get_mut(repository) else { return false };
        let Some(place) = found.manifests.get_mut(digest).filter(|place| place.truth().is_some()) else {
            return false;
        };
        place.write(None, stamp.now, hold);
        let pointing: Vec<String> = found
            .tags
            .iter()
            .filter(|(_, place)| place.truth().is_some_and(|to| to == digest))
            .map(|(tag, _)| tag.clone())
            .collect();
        self.sequence += 1;
        for tag in pointing {
            self.set_tag(stamp, repository, &tag, None);
        }
        true
    }

    /// Makes everything visible that lags.
    pub(crate) fn reveal(&mut self) {
        for repository in self.repositories.values_mut() {
            repository.manifests.values_mut().for_each(Versioned::reveal);
            repository.blobs.values_mut().for_each(Versioned::reveal);
            repository.tags.values_mut().for_each(Versioned::reveal);
        }
    }

    /// Stores a whole image, blobs first, tags last.
    pub(crate) fn seed(&mut self, stamp: Stamp, image: &Image) -> Result<(), String> {
        self.create(&image.repository);
        for child in &image.children {
            for blob in &child.blobs {
                self.put_blob(
                    stamp,
                    &image.repository,
                    &blob.digest,
                    Blob::weigh(&blob.digest, blob.bytes.clone()),
                );
            }
        }
        for content in image.children.iter().map(|child| &child.manifest).chain(&image.index) {
            let document = Document::read(&content.media_type, &content.bytes)?;
            let manifest = Manifest { document, bytes: content.bytes.clone() };
            self.put_manifest(stamp, &image.repository, &content.digest, manifest);
        }
        if let Some(index) = &image.index {
            for tag in &image.tags {
                self.set_tag(stamp, &image.repository, tag, Some(&index.digest));
            }
        }
        Ok(())
    }

    /// A manifest as a reader sees it by digest.
    pub(crate) fn see_manifest(&mut self, sight: Sight, repository: &str, digest: &str) -> Option<Manifest> {
        let place = self.repositories.get_mut(repository)?.manifests.get_mut(digest)?;
        place.read(sight.now, sight.behind).cloned()
    }

    /// Where a reader sees a tag point.
    pub(crate) fn see_tag(&mut self, sight: Sight, repository: &str, tag: &str) -> Option<String> {
        self.repositories.get_mut(repository)?.tags.get_mut(tag)?.read(sight.now, sight.behind).cloned()
    }

    /// A blob as a reader sees it.
    pub(crate) fn see_blob(&mut self, sight: Sight, repository: &str, digest: &str) -> Option<Blob> {
        let place = self.repositories.get_mut(repository)?.blobs.get_mut(digest)?;
        place.read(sight.now, sight.behind).cloned()
    }

    /// The tags a reader sees, in order.
    pub(crate) fn see_tags(&mut self, sight: Sight, repository: &str) -> Vec<String> {
        let Some(found) = self.repositories.get_mut(repository) else { return Vec::new() };
        let seen = found.tags.iter_mut().filter(|(_, place)| {
            // Listing is not a read of each tag: work on a copy, so that no lag is used up by it.
            (**place).clone().read(sight.now, sight.behind).is_some()
        });
        seen.map(|(tag, _)| tag.clone()).collect()
    }

    /// The manifests a reader sees that are about this digest, with their digests.
    pub(crate) fn see_referrers(
        &mut self,
        sight: Sight,
        repository: &str,
        subject: &str,
    ) -> Vec<(String, Manifest)> {
        let Some(found) = self.repositories.get_mut(repository) else { return Vec::new() };
        found
            .manifests
            .iter()
            .filter_map(|(digest, place)| {
                Some((digest.clone(), place.clone().read(sight.now, sight.behind)?.clone()))
            })
            .filter(|(_, manifest)| manifest.document.subject.as_deref() == Some(subject))
            .collect()
    }

    /// A manifest as it is.
    pub(crate) fn manifest(&self, repository: &str, digest: &str) -> Option<&Manifest> {
        self.repositories.get(repository)?.manifests.get(digest)?.truth()
    }

    /// A blob as it is.
    pub(crate) fn blob(&self, repository: &str, digest: &str) -> Option<&Blob> {
        self.repositories.get(repository)?.blobs.get(digest)?.truth()
    }

    /// Where a tag points.
    pub(crate) fn tag(&self, repository: &str, tag: &str) -> Option<&String> {
        self.repositories.get(repository)?.tags.get(tag)?.truth()
    }

    /// The blobs that the manifests of a repository refer to.
    pub(crate) fn referenced_blobs(&self, repository: &str) -> BTreeSet<&str> {
        let manifests =
            self.repositories.get(repository).into_iter().flat_map(|found| found.manifests.values());
        let documents = manifests.filter_map(Versioned::truth).map(|manifest| &manifest.document);
        documents.flat_map(|document| &document.blobs).map(|blob| blob.digest.as_str()).collect()
    }

    fn repository(&mut self, name: &str) -> &mut Repository {
        self.repositories.entry(name.to_owned()).or_default()
    }

    fn hold(&self, of: LagOf, repository: &str, name: &str) -> Hold {
        let lag = self.lag.iter().find(|lag| {
            (lag.of == of || lag.of == LagOf::All)
                && matches(&lag.repository, repository)
                && matches(&lag.name, name)
        });
        match lag.map(|lag| lag.until) {
            None => Hold::default(),
            Some(Until::Ms(ms)) => Hold { time: Duration::from_millis(ms), ..Hold::default() },
            Some(Until::Reads(reads)) => Hold { reads, ..Hold::default() },
            Some(Until::Revealed) => Hold { manual: true, ..Hold::default() },
        }
    }
}
