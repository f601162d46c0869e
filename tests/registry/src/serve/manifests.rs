//! Manifests and indexes: read, push, delete.
//! The bytes are kept and given back exactly as they came.

use std::collections::BTreeSet;

use bytes::Bytes;
use serde_json::{Value, json};

use super::{call::Call, reply::Reply, target::is_tag};
use crate::{
    digest::{is_digest, sha256},
    script::{MissingChildren, matches},
    world::{Document, Manifest},
};

/// `GET` and `HEAD`.
pub(crate) fn read(call: &mut Call<'_>, name: &str, reference: &str) -> Reply {
    let unknown = || Reply::error(404, "MANIFEST_UNKNOWN", "manifest unknown");
    let digest = if is_digest(reference) {
        reference.to_owned()
    } else if reference.contains(':') {
        return Reply::error(400, "DIGEST_INVALID", "provided digest did not match the format of a digest");
    } else {
        match call.world.see_tag(call.sight, name, reference) {
            Some(digest) => digest,
            None => return unknown(),
        }
    };
    let seen = if digest == reference {
        call.world.see_manifest(call.sight, name, &digest)
    } else {
        // A tag that shows leads to its manifest even where reads by digest do not see that yet.
        call.world.manifest(name, &digest).cloned()
    };
    let Some(Manifest { document, bytes }) = seen else { return unknown() };
    if call.profile.accept_required && !accepts(call, &document.media_type) {
        let message = "manifest found, but the accept header does not include its media type";
        return Reply::error(404, "MANIFEST_UNKNOWN", message);
    }
    let mut reply = Reply::status(200).content(&document.media_type, bytes);
    reply.set("etag", &format!("\"{digest}\""));
    with_digest(call, reply, &digest)
}

/// `PUT`, by tag or digest.
pub(crate) fn write(call: &mut Call<'_>, name: &str, reference: &str) -> Reply {
    if call.body.len() > call.profile.max_manifest_bytes {
        return Reply::error(413, "SIZE_INVALID", "the manifest is larger than this registry takes");
    }
    let content_type = call.arrival.header("content-type").unwrap_or_default();
    let document = match Document::read(content_type, &call.body) {
        Ok(document) => document,
        Err(reason) => return Reply::error(400, "MANIFEST_INVALID", &format!("manifest invalid: {reason}")),
    };
    let digest = sha256(&call.body);
    let tags = match tags_of(call, reference, &digest) {
        Ok(tags) => tags,
        Err(refusal) => return *refusal,
    };
    if let Some(refusal) =
        missing_children(call, name, &document).or_else(|| immutable(call, name, &tags, &digest))
    {
        return refusal;
    }
    let subject = document.subject.clone().filter(|_| call.profile.referrers);
    let manifest = Manifest { document, bytes: call.body.clone() };
    call.world.put_manifest(call.stamp, name, &digest, manifest);
    for tag in &tags {
        call.world.set_tag(call.stamp, name, tag, Some(&digest));
    }
    let mut reply = Reply::status(201);
    if call.profile.manifest_location {
        reply.set("location", &format!("/v2/{name}/manifests/{digest}"));
    }
    if let Some(subject) = subject {
        reply.set("oci-subject", &subject);
    }
    if is_digest(reference) {
        tags.iter().for_each(|tag| reply.add("oci-tag", tag));
    }
    with_digest(call, reply, &digest)
}

/// `DELETE`, of a manifest by digest or of a tag.
pub(crate) fn delete(call: &mut Call<'_>, name: &str, reference: &str) -> Reply {
    if !call.profile.deletes {
        return Reply::error(405, "UNSUPPORTED", "the operation is unsupported");
    }
    let gone = if is_digest(reference) {
        call.world.delete_manifest(call.stamp, name, reference)
    } else {
        match call.world.tag(name, reference).cloned() {
            None => false,
            Some(digest) if call.profile.delete_tag_deletes_manifest => {
                call.world.delete_manifest(call.stamp, name, &digest)
            }
            Some(_) => {
                call.world.set_tag(call.stamp, name, reference, None);
                true
            }
        }
    };
    if gone { Reply::status(202) } else { Reply::error(404, "MANIFEST_UNKNOWN", "manifest unknown") }
}

/// The refusal of a manifest because of these absent digests, as registries word it.
pub(crate) fn children_unknown(status: u16, digests: impl IntoIterator<Item = String>) -> Reply {
    let errors: Vec<Value> = digests
        .into_iter()
        .map(|digest| {
            json!({ "code": "MANIFEST_BLOB_UNKNOWN", "message": "blob unknown to registry", "detail": { "digest": digest } })
        })
        .collect();
    Reply::status(status).content("application/json", json!({ "errors": errors }).to_string())
}

/// All that a manifest refers to, as far as it can be read.
pub(crate) fn references(content_type: &str, body: &Bytes) -> BTreeSet<String> {
    let document = Document::read(content_type, body).ok();
    let descriptors =
        document.into_iter().flat_map(|document| document.manifests.into_iter().chain(document.blobs));
    descriptors.map(|descriptor| descriptor.digest).collect()
}

fn tags_of(call: &Call<'_>, reference: &str, digest: &str) -> Result<Vec<String>, Box<Reply>> {
    if is_digest(reference) {
        if reference != digest {
            let message = "provided digest did not match uploaded content";
            return Err(Box::new(Reply::error(400, "DIGEST_INVALID", message)));
        }
        if !call.profile.multi_tag {
            return Ok(Vec::new());
        }
        let tags: Vec<String> = call.arrival.all_parameters("tag").map(str::to_owned).collect();
        return match tags.iter().find(|tag| !is_tag(tag)) {
            Some(bad) => Err(Box::new(tag_invalid(bad))),
            None => Ok(tags),
        };
    }
    if is_tag(reference) { Ok(vec![reference.to_owned()]) } else { Err(Box::new(tag_invalid(reference))) }
}

fn tag_invalid(tag: &str) -> Reply {
    Reply::error(400, "TAG_INVALID", &format!("`{tag}` is not a tag"))
}

fn missing_children(call: &Call<'_>, name: &str, document: &Document) -> Option<Reply> {
    let status = match call.profile.missing_children {
        MissingChildren::Accept => return None,
        MissingChildren::BadRequest => 400,
        MissingChildren::NotFound => 404,
    };
    let manifests =
        document.manifests.iter().filter(|child| call.world.manifest(name, &child.digest).is_none());
    let blobs =
        document.blobs.iter().filter(|blob| !blob.foreign && call.world.blob(name, &blob.digest).is_none());
    let missing: BTreeSet<String> =
        manifests.chain(blobs).map(|descriptor| descriptor.digest.clone()).collect();
    (!missing.is_empty()).then(|| children_unknown(status, missing))
}

fn immutable(call: &Call<'_>, name: &str, tags: &[String], digest: &str) -> Option<Reply> {
    let rule = call.profile.immutable_tags.as_ref()?;
    let fixed = tags
        .iter()
        .filter(|tag| matches(&rule.tags, tag))
        .find(|tag| call.world.tag(name, tag).is_some_and(|points_to| points_to != digest))?;
    let message = format!("tag `{fixed}` is immutable and points to another digest");
    Some(Reply::error(rule.status, "TAG_INVALID", &message))
}

fn accepts(call: &Call<'_>, media_type: &str) -> bool {
    let values = call.arrival.headers.get_all("accept").iter().filter_map(|value| value.to_str().ok());
    values
        .flat_map(|value| value.split(','))
        .map(|part| part.split(';').next().unwrap_or_default().trim())
        .any(|accepted| accepted == media_type)
}

fn with_digest(call: &Call<'_>, reply: Reply, digest: &str) -> Reply {
    if call.profile.digest_header { reply.header("docker-content-digest", digest) } else { reply }
}
