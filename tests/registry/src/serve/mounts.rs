//! Cross-repository mounts: a blob that another repository has, without its bytes.
//! Where none happens, an ordinary upload opens.

use super::{call::Call, reply::Reply, uploads};
use crate::{digest::is_digest, script::Mounts};

/// `POST ?mount=<digest>&from=<repository>`.
pub(crate) fn mount(call: &mut Call<'_>, name: &str) -> Reply {
    let digest = call.arrival.parameter("mount").unwrap_or_default().to_owned();
    if !is_digest(&digest) {
        return Reply::error(400, "DIGEST_INVALID", "provided digest did not match the format of a digest");
    }
    let from = call.arrival.parameter("from").unwrap_or_default().to_owned();
    let permitted = match call.profile.mounts {
        Mounts::Accept => true,
        Mounts::Refuse => false,
        Mounts::Referenced => call.world.referenced_blobs(&from).contains(digest.as_str()),
    };
    match call.world.blob(&from, &digest).cloned().filter(|_| permitted) {
        None => uploads::open(call, name),
        Some(blob) => {
            call.world.put_blob(call.stamp, name, &digest, blob);
            uploads::created(call, name, &digest)
        }
    }
}
