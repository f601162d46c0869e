//! Blobs: read whole or in part, on this host or the other, delete.
//! How they come in is in `uploads` and `mounts`.

use std::ops::Range;

use bytes::Bytes;

use super::{call::Call, reply::Reply, site::Site};
use crate::{digest::is_digest, draw, script::Operation, world::Blob};

/// `GET` and `HEAD`.
pub(crate) fn read(call: &mut Call<'_>, name: &str, digest: &str) -> Reply {
    if !is_digest(digest) {
        return Reply::error(400, "DIGEST_INVALID", "provided digest did not match the format of a digest");
    }
    let Some(Blob { bytes, .. }) = call.world.see_blob(call.sight, name, digest) else { return unknown() };
    if call.profile.blob_redirect && call.arrival.operation == Operation::GetBlob {
        return Reply::status(307).header("location", &signed_address(call.site, name, digest));
    }
    content(call, digest, bytes)
}

/// `GET` on the other host, under the address a redirect gave.
pub(crate) fn read_elsewhere(call: &mut Call<'_>, name: &str, digest: &str) -> Reply {
    if call.arrival.parameter("sig") != Some(signature(call.site, name, digest).as_str()) {
        return Reply::status(403).content("text/plain; charset=utf-8", "the signature does not match\n");
    }
    match call.world.blob(name, digest).cloned() {
        Some(blob) => content(call, digest, blob.bytes),
        None => unknown(),
    }
}

/// `DELETE`.
pub(crate) fn delete(call: &mut Call<'_>, name: &str, digest: &str) -> Reply {
    if !call.profile.deletes {
        return Reply::error(405, "UNSUPPORTED", "the operation is unsupported");
    }
    if call.world.delete_blob(call.stamp, name, digest) { Reply::status(202) } else { unknown() }
}

/// The address of a blob on the other host.
pub(crate) fn signed_address(site: &Site, name: &str, digest: &str) -> String {
    format!("{}/cdn/{name}/{digest}?sig={}", site.places.elsewhere, signature(site, name, digest))
}

fn signature(site: &Site, name: &str, digest: &str) -> String {
    format!("{:016x}", draw::bits(site.seed, &["signature", name, digest]))
}

fn unknown() -> Reply {
    Reply::error(404, "BLOB_UNKNOWN", "blob unknown to registry")
}

fn content(call: &Call<'_>, digest: &str, bytes: Bytes) -> Reply {
    let whole = bytes.len();
    let reply = match call.arrival.header("range").map(|range| parse_range(range, whole)) {
        None | Some(Asked::Nonsense) => Reply::status(200).content("application/octet-stream", bytes),
        Some(Asked::Outside) => {
            return Reply::status(416).header("content-range", &format!("bytes */{whole}"));
        }
        Some(Asked::Part(part)) => {
            let header = format!("bytes {}-{}/{whole}", part.start, part.end - 1);
            Reply::status(206)
                .content("application/octet-stream", bytes.slice(part))
                .header("content-range", &header)
        }
    };
    let reply = reply.header("accept-ranges", "bytes");
    if call.profile.digest_header { reply.header("docker-content-digest", digest) } else { reply }
}

/// What a `Range` header asks for.
#[derive(Debug, PartialEq, Eq)]
enum Asked {
    Part(Range<usize>),
    Outside,
    /// Several ranges or another unit, which a server may answer as if there were no range.
    Nonsense,
}

fn parse_range(header: &str, whole: usize) -> Asked {
    let Some((first, last)) = header.strip_prefix("bytes=").and_then(|range| range.split_once('-')) else {
        return Asked::Nonsense;
    };
    let range = match (first.parse::<usize>(), last.parse::<usize>()) {
        (Ok(first), Ok(last)) if first <= last => first..last.saturating_add(1).min(whole),
        (Ok(first), Err(_)) if last.is_empty() => first..whole,
        (Err(_), Ok(suffix)) if first.is_empty() => whole.saturating_sub(suffix)..whole,
        _ => return Asked::Nonsense,
    };
    if range.start < range.end { Asked::Part(range) } else { Asked::Outside }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_follow_http() {
        for (header, asked) in [
            ("bytes=0-3", Asked::Part(0..4)),
            ("bytes=4-", Asked::Part(4..10)),
            ("bytes=-3", Asked::Part(7..10)),
            ("bytes=-30", Asked::Part(0..10)),
            ("bytes=8-100", Asked::Part(8..10)),
            ("bytes=10-", Asked::Outside),
            ("bytes=3-2", Asked::Nonsense),
            ("bytes=0-1,3-4", Asked::Nonsense),
            ("lines=0-1", Asked::Nonsense),
        ] {
            assert_eq!(parse_range(header, 10), asked, "{header}");
        }
    }
}
