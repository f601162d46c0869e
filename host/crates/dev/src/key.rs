//! The key of a build: one SHA-256 over everything that can change the image. Reads nothing.
//!
//! The encoding is version 1. Every text is its length in bytes, as eight bytes with the lowest first, and then its
//! bytes, so that no two lists of inputs have one encoding. A number is eight bytes, a choice is one byte.
//!
//! ```text
//! key      = SHA-256( text "bakery-dev-key" · number 1 · part × 6 )
//! part     = text NAME · text DIGEST         NAME: context, containerfile, arguments, target, platforms, bases
//! DIGEST   = hexadecimal SHA-256 of the part's encoding:
//!   context        = number of entries · entry …                      sorted by the bytes of the path
//!   entry          = text PATH · byte 0 · number MODE · number SIZE · text DIGEST      a file
//!                  | text PATH · byte 1 · number MODE                                  a folder
//!                  | text PATH · byte 2 · text TARGET                                  a link
//!   containerfile  = text BYTES
//!   arguments      = number of pairs · (text NAME · text VALUE) …     sorted by name
//!                    [ · number of secrets · text ID … ]              sorted; left out where there are none
//!   target         = byte 0 | byte 1 · text STAGE
//!   platforms      = number of texts · text …                         sorted
//!   bases          = number of pairs · (text REFERENCE · text DIGEST) …   sorted
//! ```
//!
//! Not in it: times, owners, absolute paths, the host and the branch. Secrets count by their names alone: what they hold
//! must not change an image, and stays where it is.

use std::{collections::BTreeSet, fmt, str::FromStr};

use bakery_core::model::{Digest, Platform};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::context::{Context, Kind};

const NAME: &str = "bakery-dev-key";
const VERSION: u64 = 1;

/// A SHA-256 over the inputs of a build, as 64 lower-case hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Key(String);

impl Key {
    /// All digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first digits.
    #[must_use]
    pub fn short(&self, digits: usize) -> &str {
        self.0.get(..digits).unwrap_or(&self.0)
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The text is no key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a key of 64 lower-case hexadecimal digits")]
pub struct ParseKeyError;

impl FromStr for Key {
    type Err = ParseKeyError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let good = text.len() == 64 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        if good { Ok(Self(text.to_owned())) } else { Err(ParseKeyError) }
    }
}

impl TryFrom<String> for Key {
    type Error = ParseKeyError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Key> for String {
    fn from(key: Key) -> Self {
        key.0
    }
}

/// Everything that can change an image.
#[derive(Clone, Debug)]
pub struct Inputs<'a> {
    /// What the build can copy from.
    pub context: &'a Context,
    /// The Containerfile's bytes, after rendering.
    pub containerfile: &'a [u8],
    /// Build arguments.
    pub arguments: Vec<(String, String)>,
    /// Ids of secrets.
    pub secrets: Vec<String>,
    /// Stage to build.
    pub target: Option<String>,
    /// Platforms to build.
    pub platforms: Vec<Platform>,
    /// Bases that a registry was asked for, with what it answered.
    pub bases: Vec<(String, Digest)>,
}

/// The digests of the six parts of a key: what a lock keeps, to say later which part changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parts {
    /// Of the context.
    pub context: Key,
    /// Of the Containerfile.
    pub containerfile: Key,
    /// Of the build arguments.
    pub arguments: Key,
    /// Of the stage.
    pub target: Key,
    /// Of the platforms.
    pub platforms: Key,
    /// Of the bases.
    pub bases: Key,
}

impl Inputs<'_> {
    /// The digests of the parts.
    #[must_use]
    pub fn parts(&self) -> Parts {
        Parts {
            context: context(self.context),
            containerfile: part(|out| out.text(self.containerfile)),
            arguments: part(|out| {
                out.pairs(self.arguments.iter().map(|(name, value)| (name.as_str(), value.as_str())));
                if !self.secrets.is_empty() {
                    out.texts(self.secrets.iter().map(String::as_str));
                }
            }),
            target: part(|out| match &self.target {
                None => out.choice(0),
                Some(stage) => {
                    out.choice(1);
                    out.text(stage.as_bytes());
                }
            }),
            platforms: part(|out| out.texts(self.platforms.iter().map(|one| one.as_str()))),
            bases: part(|out| {
                out.pairs(self.bases.iter().map(|(reference, digest)| (reference.as_str(), digest.as_str())));
            }),
        }
    }
}

impl Parts {
    /// The key.
    #[must_use]
    pub fn key(&self) -> Key {
        part(|out| {
            out.text(NAME.as_bytes());
            out.number(VERSION);
            for (name, digest) in self.list() {
                out.text(name.as_bytes());
                out.text(digest.as_str().as_bytes());
            }
        })
    }

    /// The names of the parts that differ, in words.
    #[must_use]
    pub fn changed(&self, other: &Self) -> Vec<&'static str> {
        let words = [
            "the build context",
            "the Containerfile",
            "the build arguments",
            "the target stage",
            "the platforms",
            "the base images",
        ];
        let pairs = self.list().into_iter().zip(other.list()).zip(words);
        pairs.filter(|((mine, theirs), _)| mine.1 != theirs.1).map(|(_, word)| word).collect()
    }

    fn list(&self) -> [(&'static str, &Key); 6] {
        [
            ("context", &self.context),
            ("containerfile", &self.containerfile),
            ("arguments", &self.arguments),
            ("target", &self.target),
            ("platforms", &self.platforms),
            ("bases", &self.bases),
        ]
    }
}

/// The digest of a context.
#[must_use]
pub fn context(context: &Context) -> Key {
    part(|out| {
        out.number(context.entries().len() as u64);
        for entry in context.entries() {
            out.text(&entry.path);
            match &entry.kind {
                Kind::File { mode, size, digest } => {
                    out.choice(0);
                    out.number(u64::from(*mode));
                    out.number(*size);
                    out.text(digest.as_str().as_bytes());
                }
                Kind::Folder { mode } => {
                    out.choice(1);
                    out.number(u64::from(*mode));
                }
                Kind::Link { target } => {
                    out.choice(2);
                    out.text(target);
                }
            }
        }
    })
}

/// Writes the encoding into a hash.
struct Encoder(Sha256);

impl Encoder {
    fn number(&mut self, number: u64) {
        self.0.update(number.to_le_bytes());
    }

    fn text(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u64);
        self.0.update(bytes);
    }

    fn choice(&mut self, byte: u8) {
        self.0.update([byte]);
    }

    /// Pairs of texts, sorted.
    fn pairs<'a>(&mut self, pairs: impl Iterator<Item = (&'a str, &'a str)>) {
        let mut pairs: Vec<(&str, &str)> = pairs.collect();
        pairs.sort_unstable();
        self.number(pairs.len() as u64);
        for (name, value) in pairs {
            self.text(name.as_bytes());
            self.text(value.as_bytes());
        }
    }

    /// Texts, sorted and each once.
    fn texts<'a>(&mut self, texts: impl Iterator<Item = &'a str>) {
        let texts: BTreeSet<&str> = texts.collect();
        self.number(texts.len() as u64);
        texts.iter().for_each(|text| self.text(text.as_bytes()));
    }
}

fn part(write: impl FnOnce(&mut Encoder)) -> Key {
    let mut encoder = Encoder(Sha256::new());
    write(&mut encoder);
    let mut text = String::with_capacity(64);
    for byte in encoder.0.finalize() {
        for half in [byte >> 4, byte & 15] {
            text.push(char::from_digit(u32::from(half), 16).expect("half a byte is one hexadecimal digit"));
        }
    }
    Key(text)
}

#[cfg(test)]
mod tests;
