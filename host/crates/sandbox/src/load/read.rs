//! Reads a third party's file: below the directory of `bakery.yaml` whatever the path says, an ordinary file,
//! of bounded size, with the digest that was pinned. Does not look inside.

use std::{io::Read, path::Path};

use bakery_core::{
    model::Digest,
    port::{Failure, FailureKind},
};
use cap_std::{
    ambient_authority,
    fs::{Dir, OpenOptions, OpenOptionsExt},
};
use rustix::fs::OFlags;
use sha2::Sha256;

/// Bytes of a component; the largest toolchain in use makes 18 MB.
pub(super) const FILE_BYTES: u64 = 64 * 1024 * 1024;

/// The bytes of the file and their digest.
///
/// # Errors
/// It cannot be read, lies elsewhere, is too large, or is not the one that was pinned.
pub(super) fn read(root: &Path, path: &str, pinned: Option<&Digest>) -> Result<(Vec<u8>, Digest), Failure> {
    let fail = |kind, message: String| Failure::new(kind, path, message);
    let cannot = |error: std::io::Error| {
        let kind = match error.kind() {
            std::io::ErrorKind::NotFound => FailureKind::NotFound,
            _ => FailureKind::InvalidInput,
        };
        fail(kind, format!("component `{path}` cannot be read: {error}"))
            .with_hint("the path is relative to the directory of `bakery.yaml` and may not lead out of it")
    };
    let dir = Dir::open_ambient_dir(root, ambient_authority()).map_err(cannot)?;
    // Without waiting: opening a pipe would block for ever.
    let nonblocking = i32::try_from(OFlags::NONBLOCK.bits()).unwrap_or_default();
    let file =
        dir.open_with(path, OpenOptions::new().read(true).custom_flags(nonblocking)).map_err(cannot)?;
    let metadata = file.metadata().map_err(cannot)?;
    if !metadata.is_file() {
        return Err(fail(FailureKind::InvalidInput, format!("component `{path}` is not an ordinary file")));
    }
    let too_large = || {
        let message = format!("component `{path}` is larger than {} MiB", FILE_BYTES / 1024 / 1024);
        fail(FailureKind::InvalidInput, message)
            .with_hint("build it with `opt-level = \"s\"` and without debug information")
    };
    if metadata.len() > FILE_BYTES {
        return Err(too_large());
    }
    let mut bytes = Vec::new();
    // The file may grow while it is read.
    file.take(FILE_BYTES + 1).read_to_end(&mut bytes).map_err(cannot)?;
    if bytes.len() as u64 > FILE_BYTES {
        return Err(too_large());
    }
    let digest =
        digest(&bytes).ok_or_else(|| fail(FailureKind::Internal, format!("`{path}` has no digest")))?;
    match pinned {
        Some(pinned) if *pinned != digest => {
            let message =
                format!("component `{path}` is not the pinned one: it is `{digest}`, pinned is `{pinned}`");
            Err(fail(FailureKind::Denied, message)
                .with_hint("if the new component is the one you want, write its digest into `bakery.yaml`"))
        }
        _ => Ok((bytes, digest)),
    }
}

fn digest(bytes: &[u8]) -> Option<Digest> {
    format!("sha256:{}", super::cache::hex(&<Sha256 as sha2::Digest>::digest(bytes))).parse().ok()
}
