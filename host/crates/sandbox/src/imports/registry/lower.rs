//! What registries said, as the guest sees it. The bytes that one call hands over are bounded.

use bakery_core::{
    model,
    port::{Failure, FailureKind},
};
use bakery_transfer as transfer;

use crate::bindings::{
    registry::{Copied, Descriptor, Manifest},
    types::Platform,
};

/// What one host call may still hand to the guest, in bytes.
pub(crate) struct Purse {
    left: usize,
    bound: usize,
}

impl Purse {
    /// A full one.
    pub(crate) fn new(bound: usize) -> Self {
        Self { left: bound, bound }
    }

    /// A descriptor.
    pub(crate) fn descriptor(
        &mut self,
        subject: &str,
        found: model::Descriptor,
    ) -> Result<Descriptor, Failure> {
        self.spend(subject, weight(&found))?;
        Ok(descriptor(found))
    }

    /// A manifest with its bytes.
    pub(crate) fn manifest(&mut self, subject: &str, found: model::Manifest) -> Result<Manifest, Failure> {
        let described = found.descriptor();
        self.spend(subject, weight(&described) + found.bytes().len())?;
        Ok(Manifest { descriptor: descriptor(described), bytes: found.bytes().to_vec() })
    }

    /// What a copy took.
    pub(crate) fn copied(&mut self, subject: &str, done: transfer::Copied) -> Result<Copied, Failure> {
        self.spend(subject, weight(&done.descriptor))?;
        Ok(Copied {
            descriptor: descriptor(done.descriptor),
            manifests_pushed: done.manifests_pushed,
            blobs_mounted: done.blobs_mounted,
            blobs_uploaded: done.blobs_uploaded,
            bytes_uploaded: done.bytes_uploaded,
            attributes: Vec::new(),
        })
    }

    fn spend(&mut self, subject: &str, bytes: usize) -> Result<(), Failure> {
        match self.left.checked_sub(bytes) {
            Some(rest) => {
                self.left = rest;
                Ok(())
            }
            None => {
                let message = format!(
                    "the answer for `{subject}` was dropped: all answers of one call together are bounded to {} bytes",
                    self.bound
                );
                Err(Failure::new(FailureKind::InvalidInput, subject, message))
            }
        }
    }
}

/// Bytes that a registry chose.
fn weight(found: &model::Descriptor) -> usize {
    let annotations: usize = found.annotations.iter().map(|(key, value)| key.len() + value.len()).sum();
    found.media_type.len() + found.artifact_type.as_ref().map_or(0, String::len) + annotations
}

/// A descriptor as the contract has it.
pub(super) fn descriptor(found: model::Descriptor) -> Descriptor {
    let platform = found.platform.map(|platform| Platform {
        os: platform.os,
        architecture: platform.architecture,
        variant: platform.variant,
    });
    Descriptor {
        media_type: found.media_type,
        digest: found.digest.to_string(),
        size: found.size,
        platform,
        artifact_type: found.artifact_type,
        annotations: found.annotations.into_iter().collect(),
    }
}

#[cfg(test)]
mod tests {
    use bakery_core::model::{Descriptor, Digest};

    use super::*;

    #[test]
    fn what_a_registry_chose_is_counted() {
        let mut found = Descriptor::new("type", Digest::of(b""), 0);
        found.artifact_type = Some("artifact".to_owned());
        found.annotations.insert("key".to_owned(), "value".to_owned());
        let mut purse = Purse::new(39);
        assert!(purse.descriptor("a/b:1", found.clone()).is_ok());
        let failure = purse.descriptor("a/b:2", found).unwrap_err();
        assert_eq!(failure.subject, "a/b:2");
        insta::assert_snapshot!(failure, @"the answer for `a/b:2` was dropped: all answers of one call together are bounded to 39 bytes");
    }
}
