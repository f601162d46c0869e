//! Uploads: opened, continued in chunks, asked about, ended, given up.
//! Mounts, which may become uploads, are in `mounts`.

use bytes::Bytes;

use super::{arrival::Arrival, call::Call, reply::Reply, target::Target};
use crate::{
    digest::{is_digest, sha256},
    draw,
    script::{Listener, UploadLocation},
    world::{Blob, Upload, World},
};

/// `POST` without `mount`.
pub(crate) fn start(call: &mut Call<'_>, name: &str) -> Reply {
    let digest = call.arrival.parameter("digest").map(str::to_owned);
    if let Some(digest) = digest.filter(|_| call.profile.single_post) {
        let body = call.body.clone();
        return store(call, name, &digest, body);
    }
    open(call, name)
}

/// Opens an upload and answers 202.
pub(crate) fn open(call: &mut Call<'_>, name: &str) -> Reply {
    let id = fresh_id(call, name);
    let state = format!("{:016x}", draw::bits(call.site.seed, &["state", &id]));
    let upload = Upload { repository: name.to_owned(), state, received: Vec::new(), short_chunk: false };
    let reply = progress(call, 202, name, &id, &upload);
    call.world.uploads.insert(id, upload);
    reply
}

/// `PATCH`.
pub(crate) fn patch(call: &mut Call<'_>, name: &str, id: &str) -> Reply {
    let mut upload = match take(call, name, id) {
        Ok(upload) => upload,
        Err(refusal) => return *refusal,
    };
    let refusal = refuse_chunk(call, &upload).map(|status| progress(call, status, name, id, &upload));
    let reply = refusal.unwrap_or_else(|| {
        upload.short_chunk = (call.body.len() as u64) < call.profile.min_chunk_bytes;
        upload.received.extend_from_slice(&call.body);
        progress(call, 202, name, id, &upload)
    });
    call.world.uploads.insert(id.to_owned(), upload);
    reply
}

/// `PUT` with `digest`.
pub(crate) fn finish(call: &mut Call<'_>, name: &str, id: &str) -> Reply {
    let Some(digest) = call.arrival.parameter("digest").map(str::to_owned) else {
        return Reply::error(400, "DIGEST_INVALID", "the query names no digest");
    };
    let mut upload = match take(call, name, id) {
        Ok(upload) => upload,
        Err(refusal) => return *refusal,
    };
    if let Some(status) = refuse_chunk(call, &upload).filter(|_| !call.body.is_empty()) {
        let reply = progress(call, status, name, id, &upload);
        call.world.uploads.insert(id.to_owned(), upload);
        return reply;
    }
    upload.received.extend_from_slice(&call.body);
    store(call, name, &digest, upload.received.into())
}

/// `GET`.
pub(crate) fn status(call: &mut Call<'_>, name: &str, id: &str) -> Reply {
    match take(call, name, id) {
        Err(refusal) => *refusal,
        Ok(upload) => {
            let reply = progress(call, 204, name, id, &upload);
            call.world.uploads.insert(id.to_owned(), upload);
            reply
        }
    }
}

/// `DELETE`.
pub(crate) fn cancel(call: &mut Call<'_>, name: &str, id: &str) -> Reply {
    match take(call, name, id) {
        Err(refusal) => *refusal,
        Ok(_) => Reply::status(204),
    }
}

/// Appends the beginning of a chunk whose rest a fault cuts off, as a registry that streams uploads to disk does.
pub(crate) fn keep(world: &mut World, arrival: &Arrival, bytes: &[u8]) {
    if let Target::Upload { id, .. } = &arrival.target
        && let Some(upload) = world.uploads.get_mut(id)
        && arrival.parameter("_state") == Some(upload.state.as_str())
    {
        upload.received.extend_from_slice(bytes);
    }
}

fn store(call: &mut Call<'_>, name: &str, digest: &str, bytes: Bytes) -> Reply {
    if !is_digest(digest) || sha256(&bytes) != digest {
        return Reply::error(400, "DIGEST_INVALID", "provided digest did not match uploaded content");
    }
    call.world.put_blob(call.stamp, name, digest, Blob { bytes, sound: true });
    created(call, name, digest)
}

/// The answer to a blob that is in place.
pub(crate) fn created(call: &Call<'_>, name: &str, digest: &str) -> Reply {
    let reply = Reply::status(201).header("location", &format!("/v2/{name}/blobs/{digest}"));
    if call.profile.digest_header { reply.header("docker-content-digest", digest) } else { reply }
}

/// Takes the upload out of the world, if it is there and the follow-up carries its state.
fn take(call: &mut Call<'_>, name: &str, id: &str) -> Result<Upload, Box<Reply>> {
    let Some(upload) = call.world.uploads.get(id).filter(|upload| upload.repository == name) else {
        return Err(Box::new(Reply::error(404, "BLOB_UPLOAD_UNKNOWN", "blob upload unknown to registry")));
    };
    if call.arrival.parameter("_state") != Some(upload.state.as_str()) {
        let message = "the query of the upload's location was not kept";
        return Err(Box::new(Reply::error(400, "BLOB_UPLOAD_INVALID", message)));
    }
    call.world.uploads.remove(id).ok_or_else(|| Box::new(Reply::status(404)))
}

/// The status with which this chunk is refused, if it is.
fn refuse_chunk(call: &Call<'_>, upload: &Upload) -> Option<u16> {
    let out_of_order = call.arrival.header("content-range").is_some_and(|range| {
        let first = range
            .trim_start_matches("bytes ")
            .split('-')
            .next()
            .and_then(|first| first.parse::<usize>().ok());
        first != Some(upload.received.len())
    });
    // Only the last chunk may be short, so one after a short one is refused.
    (out_of_order || upload.short_chunk).then_some(416)
}

fn progress(call: &Call<'_>, status: u16, name: &str, id: &str, upload: &Upload) -> Reply {
    let path = format!("/v2/{name}/blobs/uploads/{id}?_state={}", upload.state);
    let elsewhere = call.arrival.listener == Listener::Elsewhere;
    let location = match call.profile.upload_location {
        UploadLocation::Elsewhere => format!("{}{path}", call.site.places.elsewhere),
        _ if elsewhere => format!("{}{path}", call.site.places.elsewhere),
        UploadLocation::Absolute => format!("{}{path}", call.site.places.registry),
        UploadLocation::Relative => path,
    };
    let mut reply = Reply::status(status)
        .header("location", &location)
        .header("range", &upload.range())
        .header("docker-upload-uuid", id);
    if call.profile.min_chunk_bytes > 0 {
        reply.set("oci-chunk-min-length", &call.profile.min_chunk_bytes.to_string());
    }
    reply
}

/// A name that depends on the seed, the repository and how many uploads it has had: the same in every run in which
/// the repository's uploads begin in the same order.
fn fresh_id(call: &mut Call<'_>, name: &str) -> String {
    let number = call.world.next_upload(name).to_string();
    let (high, low) = (["upload", name, number.as_str(), "high"], ["upload", name, number.as_str(), "low"]);
    format!("{:016x}{:016x}", draw::bits(call.site.seed, &high), draw::bits(call.site.seed, &low))
}
