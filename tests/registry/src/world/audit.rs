//! Is all there that a tag promises? Every child and blob, of the right size and digest.
//! It looks at the truth, not at what lags.

use serde::{Deserialize, Serialize};

use super::{World, stock::Manifest};
use crate::digest::sha256;

/// Deeper nesting of indexes than this is reported and not followed.
const DEEPEST: usize = 8;

/// Something missing or wrong below a tag.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// The repository.
    pub repository: String,
    /// The tag from which it was reached, if from one.
    pub tag: Option<String>,
    /// The digest that is missing or wrong.
    pub digest: String,
    /// The manifest that refers to it; absent for the digest a tag points to.
    pub parent: Option<String>,
    /// What is wrong.
    pub kind: ProblemKind,
}

/// What is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProblemKind {
    /// A manifest is not there.
    MissingManifest,
    /// A blob is not there.
    MissingBlob,
    /// The descriptor gives another size than the content has.
    WrongSize,
    /// The content does not have the digest under which it is stored.
    WrongDigest,
    /// Indexes are nested too deeply to be meant seriously.
    TooDeep,
}

/// Every problem below every tag.
pub(super) fn all(world: &World) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (repository, content) in &world.repositories {
        for (tag, place) in &content.tags {
            if let Some(digest) = place.truth() {
                problems.extend(below(world, repository, Some(tag), digest));
            }
        }
    }
    problems
}

/// Every problem at and below a manifest.
pub(super) fn below(world: &World, repository: &str, tag: Option<&str>, digest: &str) -> Vec<Problem> {
    let mut walk = Walk { world, repository, tag, problems: Vec::new() };
    walk.manifest(digest, None, None, 0);
    walk.problems
}

impl World {
    /// Every problem below every tag.
    pub(crate) fn audit(&self) -> Vec<Problem> {
        all(self)
    }
}

struct Walk<'a> {
    world: &'a World,
    repository: &'a str,
    tag: Option<&'a str>,
    problems: Vec<Problem>,
}

impl Walk<'_> {
    fn manifest(&mut self, digest: &str, parent: Option<&str>, size: Option<u64>, depth: usize) {
        if depth > DEEPEST {
            return self.report(digest, parent, ProblemKind::TooDeep);
        }
        let world = self.world;
        let Some(Manifest { document, bytes }) = world.manifest(self.repository, digest) else {
            return self.report(digest, parent, ProblemKind::MissingManifest);
        };
        self.content(digest, parent, size, bytes, sha256(bytes) == digest);
        for child in &document.manifests {
            self.manifest(&child.digest, Some(digest), Some(child.size), depth + 1);
        }
        for blob in document.blobs.iter().filter(|blob| !blob.foreign) {
            match world.blob(self.repository, &blob.digest) {
                None => self.report(&blob.digest, Some(digest), ProblemKind::MissingBlob),
                Some(held) => {
                    self.content(&blob.digest, Some(digest), Some(blob.size), &held.bytes, held.sound)
                }
            }
        }
    }

    fn content(&mut self, digest: &str, parent: Option<&str>, size: Option<u64>, bytes: &[u8], sound: bool) {
        if size.is_some_and(|size| size != bytes.len() as u64) {
            self.report(digest, parent, ProblemKind::WrongSize);
        }
        if !sound {
            self.report(digest, parent, ProblemKind::WrongDigest);
        }
    }

    fn report(&mut self, digest: &str, parent: Option<&str>, kind: ProblemKind) {
        self.problems.push(Problem {
            repository: self.repository.to_owned(),
            tag: self.tag.map(str::to_owned),
            digest: digest.to_owned(),
            parent: parent.map(str::to_owned),
            kind,
        });
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{
        image::ImageBuilder,
        world::{Blob, Origin, Stamp},
    };

    const STAMP: Stamp = Stamp { now: Duration::ZERO, origin: Origin::Seed };

    #[test]
    fn a_seeded_image_is_complete_and_each_loss_below_it_is_named() {
        let image = ImageBuilder::new("app").tag("1").build().unwrap();
        let mut world = World::default();
        world.seed(STAMP, &image).unwrap();
        assert_eq!(world.audit(), []);

        let child = &image.children[1];
        assert!(world.delete_blob(STAMP, "app", &child.blobs[2].digest));
        let problem = world.audit().pop().unwrap();
        assert_eq!(problem.kind, ProblemKind::MissingBlob);
        assert_eq!(problem.parent.as_deref(), Some(child.manifest.digest.as_str()));

        assert!(world.delete_manifest(STAMP, "app", &child.manifest.digest));
        assert_eq!(world.audit().pop().unwrap().kind, ProblemKind::MissingManifest);
    }

    #[test]
    fn content_under_a_wrong_digest_and_a_wrong_size_are_found() {
        let image = ImageBuilder::new("app").tag("1").build().unwrap();
        let blob = image.children[0].blobs[0].clone();
        let mut world = World::default();
        world.put_blob(
            STAMP,
            "app",
            &blob.digest,
            Blob::weigh(&blob.digest, bytes::Bytes::from_static(b"other")),
        );
        world.seed(STAMP, &image).unwrap();
        let kinds: Vec<_> = world.audit().into_iter().map(|problem| problem.kind).collect();
        assert_eq!(kinds, [ProblemKind::WrongSize, ProblemKind::WrongDigest]);
    }

    #[test]
    fn a_move_to_an_incomplete_index_carries_what_was_missing_then() {
        let image = ImageBuilder::new("app").build().unwrap();
        let mut world = World::default();
        world.set_tag(STAMP, "app", "1", Some(&image.index.clone().unwrap().digest));
        world.seed(STAMP, &image).unwrap();
        assert_eq!(world.audit(), []);
        assert_eq!(world.moves()[0].problems[0].kind, ProblemKind::MissingManifest);
    }
}
