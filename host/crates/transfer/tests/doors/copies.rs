//! A copy of one image by a run of its own, and what it must have left behind. Judges nothing else.

use bakery_fault_registry::{FaultRegistry, Image, Operation};
use bakery_transfer::Copied;

use crate::{
    house::{Run, repository, sources},
    publish::all,
};

pub(crate) fn count(registry: &FaultRegistry, operation: Operation) -> usize {
    registry.log().of(operation).len()
}

/// Copies an image's platforms with a new run, from one registry to `team/app` of another or the same one.
pub(crate) async fn copy(from: &FaultRegistry, image: &Image, to: &FaultRegistry) -> Vec<Copied> {
    let run = Run::new(&[from, to]);
    let target = run.target(&repository(from, &image.repository), &repository(to, "team/app"), &[]);
    let to = repository(to, "team/app");
    all(target.transfer.copy(&target.caller, &sources(from, image), &to).await).unwrap()
}

/// All of the image lies there, bytes and all.
pub(crate) fn check_there(registry: &FaultRegistry, image: &Image) {
    for child in &image.children {
        let stored = registry.manifest("team/app", &child.manifest.digest).expect("the manifest is there");
        assert_eq!((&stored.bytes, &stored.media_type), (&child.manifest.bytes, &child.manifest.media_type));
        for blob in &child.blobs {
            assert_eq!(registry.blob("team/app", &blob.digest).as_ref(), Some(&blob.bytes));
        }
    }
}

pub(crate) fn uploaded(copied: &[Copied]) -> (u32, u64) {
    let bytes = copied.iter().map(|copied| copied.bytes_uploaded).sum();
    (copied.iter().map(|copied| copied.blobs_uploaded).sum(), bytes)
}
