//! Computes digests of bytes, at once or piece by piece. Trusts no digest that somebody else computed.

use sha2::{Digest as _, Sha256};

use super::Digest;

/// A sha256 digest in the making.
#[derive(Clone, Default)]
pub struct DigestHasher(Sha256);

impl DigestHasher {
    /// Takes the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The digest of everything taken.
    #[must_use]
    pub fn finish(self) -> Digest {
        let mut text = String::with_capacity(71);
        text.push_str("sha256:");
        for byte in self.0.finalize() {
            for half in [byte >> 4, byte & 15] {
                text.push(
                    char::from_digit(u32::from(half), 16).expect("half a byte is one hexadecimal digit"),
                );
            }
        }
        text.parse().expect("the text was made in the form of a digest")
    }
}

impl Digest {
    /// The digest of some bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        let mut hasher = DigestHasher::default();
        hasher.update(bytes);
        hasher.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_the_same_at_once_and_in_pieces() {
        let known = "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";
        assert_eq!(Digest::of(b"{}").as_str(), known);
        let mut hasher = DigestHasher::default();
        hasher.update(b"{");
        hasher.update(b"");
        hasher.update(b"}");
        assert_eq!(hasher.finish().as_str(), known);
    }
}
