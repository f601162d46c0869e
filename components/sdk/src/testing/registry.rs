//! Registries in memory that remember what was asked. Digests are made up: the same bytes have the same one, and a
//! digest says nothing else.

use std::cell::RefCell;

use crate::{
    failure::failure,
    host::types::{Failure, FailureKind, Platform},
    reference::{Reference, by_digest, by_tag},
    registry::{Copied, Descriptor, Manifest, Registry},
    step::{Source, Task},
};

/// A function of the interface, for [`FakeRegistry::failing`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// `resolve`.
    Resolve,
    /// `await-readable`.
    AwaitReadable,
    /// `await-digest`.
    AwaitDigest,
    /// `get-manifest`.
    GetManifest,
    /// `hold`.
    Hold,
    /// `copy`.
    Copy,
    /// `push`.
    Push,
}

/// Registries that behave, as far as they were not told to fail.
#[derive(Default)]
pub struct FakeRegistry {
    failing: Vec<(Verb, String, Failure)>,
    known: RefCell<Vec<Manifest>>,
    places: RefCell<Vec<(String, String)>>,
    asked: RefCell<Vec<String>>,
}

impl FakeRegistry {
    /// Registries that hold nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The same with a manifest at a reference by digest.
    #[must_use]
    pub fn with(self, reference: &str, media_type: &str, bytes: impl Into<Vec<u8>>) -> Self {
        let parts = Reference::of(reference);
        let digest = parts.digest.unwrap_or_default();
        self.know(media_type, digest, bytes.into());
        self.put(&by_digest(parts.repository, digest), digest);
        self
    }

    /// The same with an image manifest at every source of a task.
    #[must_use]
    pub fn with_sources_of(self, task: &Task) -> Self {
        task.sources.iter().fold(self, |registry, source| {
            let (media_type, bytes) = image_manifest(&source.reference);
            registry.with(&source.reference, media_type, bytes)
        })
    }

    /// The same with a tag, or a digest, that points at this.
    #[must_use]
    pub fn pointing(self, reference: &str, digest: &str) -> Self {
        self.put(reference, digest);
        self
    }

    /// The same with a function that fails for a subject: a reference, a repository for `push`, a media type for
    /// `hold`, a source for `copy`.
    #[must_use]
    pub fn failing(mut self, verb: Verb, subject: &str, kind: FailureKind) -> Self {
        let message = format!("{verb:?} of `{subject}` failed");
        let failure = Failure { attempts: 3, ..failure(kind, subject, message) };
        self.failing.push((verb, subject.to_owned(), failure));
        self
    }

    /// What was asked so far, in order, one line per call: `resolve ghcr.io/a/b:1 ghcr.io/a/b:2`.
    #[must_use]
    pub fn asked(&self) -> Vec<String> {
        self.asked.borrow().clone()
    }

    /// What a reference points at now.
    #[must_use]
    pub fn points_at(&self, reference: &str) -> Option<String> {
        self.places.borrow().iter().find(|(place, _)| place == reference).map(|(_, digest)| digest.clone())
    }

    /// The bytes that are held or known under a digest.
    #[must_use]
    pub fn bytes(&self, digest: &str) -> Option<Vec<u8>> {
        self.manifest(digest).map(|manifest| manifest.bytes)
    }

    fn note(&self, verb: &str, words: &[String]) {
        self.asked.borrow_mut().push(format!("{verb} {}", words.join(" ")).trim_end().to_owned());
    }

    fn know(&self, media_type: &str, digest: &str, bytes: Vec<u8>) {
        let descriptor = Descriptor {
            media_type: media_type.to_owned(),
            digest: digest.to_owned(),
            size: bytes.len() as u64,
            platform: None,
            artifact_type: None,
            annotations: Vec::new(),
        };
        self.known.borrow_mut().push(Manifest { descriptor, bytes });
    }

    fn put(&self, reference: &str, digest: &str) {
        let mut places = self.places.borrow_mut();
        places.retain(|(place, _)| place != reference);
        places.push((reference.to_owned(), digest.to_owned()));
    }

    fn manifest(&self, digest: &str) -> Option<Manifest> {
        self.known.borrow().iter().find(|manifest| manifest.descriptor.digest == digest).cloned()
    }

    fn check(&self, verb: Verb, subject: &str) -> Result<(), Failure> {
        let told = self.failing.iter().find(|(told, about, _)| *told == verb && about == subject);
        told.map_or(Ok(()), |(_, _, failure)| Err(failure.clone()))
    }

    fn look(&self, verb: Verb, reference: &str) -> Result<Manifest, Failure> {
        self.check(verb, reference)?;
        let absent = || failure(FailureKind::NotFound, reference, format!("`{reference}` does not exist"));
        // By digest, what is held already needs no place.
        let held = Reference::of(reference).digest.filter(|_| verb == Verb::GetManifest);
        let digest = held.map(str::to_owned).or_else(|| self.points_at(reference)).ok_or_else(absent)?;
        self.manifest(&digest).ok_or_else(absent)
    }
}

impl Registry for FakeRegistry {
    fn resolve(&self, references: &[String]) -> Vec<Result<Descriptor, Failure>> {
        self.note("resolve", references);
        let look = |reference: &String| Ok(self.look(Verb::Resolve, reference)?.descriptor);
        references.iter().map(look).collect()
    }

    fn await_readable(&self, references: &[String]) -> Vec<Result<Manifest, Failure>> {
        self.note("await-readable", references);
        references.iter().map(|reference| self.look(Verb::AwaitReadable, reference)).collect()
    }

    fn await_digest(&self, references: &[String], digest: &str) -> Vec<Result<Descriptor, Failure>> {
        self.note(&format!("await-digest {digest}"), references);
        let look = |reference: &String| {
            let found = self.look(Verb::AwaitDigest, reference)?.descriptor;
            if found.digest == digest {
                return Ok(found);
            }
            let message = format!("`{reference}` points at {}, not at {digest}", found.digest);
            Err(failure(FailureKind::Conflict, reference, message))
        };
        references.iter().map(look).collect()
    }

    fn get_manifest(&self, references: &[String]) -> Vec<Result<Manifest, Failure>> {
        self.note("get-manifest", references);
        references.iter().map(|reference| self.look(Verb::GetManifest, reference)).collect()
    }

    fn hold(&self, media_type: &str, bytes: &[u8]) -> Result<Descriptor, Failure> {
        self.note("hold", &[media_type.to_owned()]);
        self.check(Verb::Hold, media_type)?;
        let digest = made_up(bytes);
        self.know(media_type, &digest, bytes.to_vec());
        self.manifest(&digest)
            .map(|manifest| manifest.descriptor)
            .ok_or_else(|| failure(FailureKind::Internal, &digest, "it was just taken"))
    }

    fn copy(&self, sources: &[String], repository: &str) -> Vec<Result<Copied, Failure>> {
        self.note(&format!("copy to {repository}"), sources);
        let copy = |source: &String| {
            let descriptor = self.look(Verb::Copy, source)?.descriptor;
            self.put(&by_digest(repository, &descriptor.digest), &descriptor.digest);
            Ok(Copied {
                descriptor,
                manifests_pushed: 1,
                blobs_mounted: 11,
                blobs_uploaded: 0,
                bytes_uploaded: 0,
                attributes: Vec::new(),
            })
        };
        sources.iter().map(copy).collect()
    }

    fn push(&self, repository: &str, digest: &str, tags: &[String]) -> Result<Descriptor, Failure> {
        self.note(&format!("push {repository} {digest}"), tags);
        self.check(Verb::Push, repository)?;
        let manifest = self.manifest(digest).ok_or_else(|| {
            failure(FailureKind::InvalidInput, digest, format!("`{digest}` is neither held nor read"))
        })?;
        self.put(&by_digest(repository, digest), digest);
        for tag in tags {
            self.put(&by_tag(repository, tag), digest);
        }
        Ok(manifest.descriptor)
    }
}

/// `sha256:` and 32 times this byte.
#[must_use]
pub fn digest(byte: u8) -> String {
    format!("sha256:{}", format!("{byte:02x}").repeat(32))
}

/// Media type and bytes of an image manifest; another `seed`, other bytes.
#[must_use]
pub fn image_manifest(seed: &str) -> (&'static str, Vec<u8>) {
    const TYPE: &str = "application/vnd.oci.image.manifest.v1+json";
    let config = made_up(seed.as_bytes());
    let text = format!(
        r#"{{"schemaVersion":2,"mediaType":"{TYPE}","config":{{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"{config}","size":1}},"layers":[]}}"#
    );
    (TYPE, text.into_bytes())
}

/// A target with two sources in a temporary repository, of digests 1 and 2, and nowhere to go.
#[must_use]
pub fn task() -> Task {
    let source = |byte, architecture: &str| Source {
        reference: by_digest("ghcr.io/posit-dev/test/tmp", &digest(byte)),
        platform: Platform { os: "linux".to_owned(), architecture: architecture.to_owned(), variant: None },
        attributes: Vec::new(),
    };
    Task {
        uid: "connect-2026-05-0".to_owned(),
        sources: vec![source(2, "arm64"), source(1, "amd64")],
        staging: None,
        destinations: Vec::new(),
        annotations: Vec::new(),
        options: "{}".to_owned(),
        attributes: Vec::new(),
    }
}

/// Four times FNV-1a, each from another beginning.
fn made_up(bytes: &[u8]) -> String {
    let part = |begin: u64| {
        let hash = bytes.iter().fold(0xcbf2_9ce4_8422_2325 ^ begin, |hash, byte| {
            (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
        });
        format!("{hash:016x}")
    };
    format!("sha256:{}", (1..=4).map(part).collect::<String>())
}
