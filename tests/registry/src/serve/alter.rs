//! Spoils a finished answer: other bytes, other length, other headers.
//! How the bytes then go over the wire is in `deliver`.

use super::reply::Reply;
use crate::{digest::sha256, fault::Alteration};

/// Applies one alteration.
pub(crate) fn alter(reply: &mut Reply, alteration: Alteration<'_>) {
    match alteration {
        Alteration::Corrupt => {
            let mut bytes = reply.body.to_vec();
            let middle = bytes.len() / 2;
            if let Some(byte) = bytes.get_mut(middle) {
                *byte ^= 1;
            }
            reply.body = bytes.into();
        }
        Alteration::Resize(by) => {
            let mut bytes = reply.body.to_vec();
            let change = usize::try_from(by.unsigned_abs()).unwrap_or(usize::MAX);
            let length =
                if by < 0 { bytes.len().saturating_sub(change) } else { bytes.len().saturating_add(change) };
            bytes.resize(length, 0);
            reply.body = bytes.into();
        }
        Alteration::Set(name, value) => reply.set(name, value),
        Alteration::Drop(name) => {
            reply.headers.remove(name);
        }
        Alteration::WrongDigest => {
            let right = reply.headers.get("docker-content-digest").map(|value| value.as_bytes().to_vec());
            reply.set("docker-content-digest", &sha256(&right.unwrap_or_default()));
        }
    }
}
