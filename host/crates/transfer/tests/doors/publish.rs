//! What the steps of one target do, door by door, in their order. The steps themselves are components.

use bakery_core::{
    model::{Digest, Manifest, Reference, Repository, Tag, media_type},
    port::{Failure, FailureKind},
};
use bakery_transfer::Copied;

use crate::house::{Target, tag_of, tagged};

/// What a publish did.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) index: Digest,
    pub(crate) copied: Vec<Copied>,
    pub(crate) written: Vec<Tag>,
}

/// An index over manifests, the same bytes for the same manifests.
pub(crate) fn index_of(children: &[Manifest]) -> Vec<u8> {
    let entries: Vec<String> = children
        .iter()
        .map(|child| {
            let (kind, digest, size) = (child.media_type(), child.digest(), child.bytes().len());
            format!(r#"{{"mediaType":"{kind}","digest":"{digest}","size":{size}}}"#)
        })
        .collect();
    let kind = media_type::OCI_INDEX;
    format!(r#"{{"schemaVersion":2,"mediaType":"{kind}","manifests":[{}]}}"#, entries.join(",")).into_bytes()
}

pub(crate) fn all<T>(answers: Vec<Result<T, Failure>>) -> Result<Vec<T>, Failure> {
    answers.into_iter().collect()
}

/// Publishes sources under tags.
pub(crate) async fn publish(
    target: &Target,
    sources: &[Reference],
    to: &Repository,
    tags: &[&str],
) -> Result<Outcome, Failure> {
    let Target { transfer, caller, .. } = target;
    all(transfer.await_readable(caller, sources).await)?;
    let children = all(transfer.manifests(caller, sources).await)?;
    let index = transfer.hold(media_type::OCI_INDEX, index_of(&children))?.digest;
    let root = [Reference::by_digest(to.clone(), index.clone())];
    let present = match transfer.resolve(caller, &root).await.remove(0) {
        Ok(_) => true,
        Err(failure) if failure.kind == FailureKind::NotFound => false,
        Err(failure) => return Err(failure),
    };
    let copied = if present { Vec::new() } else { all(transfer.copy(caller, sources, to).await)? };
    let references: Vec<Reference> = tags.iter().map(|tag| tagged(to, tag)).collect();
    let mut written: Vec<Tag> = tags.iter().map(|tag| tag_of(tag)).collect();
    if present {
        let found = transfer.resolve(caller, &references).await;
        let right = |tag: &Tag| {
            let place = tags.iter().position(|name| *name == tag.as_str()).unwrap();
            found[place].as_ref().is_ok_and(|descriptor| descriptor.digest == index)
        };
        written.retain(|tag| !right(tag));
    }
    if !written.is_empty() {
        transfer.push(caller, to, &index, &written).await?;
    }
    all(transfer.await_digest(caller, &references, &index).await)?;
    Ok(Outcome { index, copied, written })
}
