//! What verbs need to know and what they answer. Plain data.

use super::UploadSession;
use crate::{
    model::{Digest, Repository, Tag},
    port::Failure,
};

/// What a run will do in a repository. Said beforehand, it lets one token cover several repositories.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Access {
    /// Where.
    pub repository: Repository,
    /// Whether it writes there as well.
    pub push: bool,
}

impl Access {
    /// Reading.
    #[must_use]
    pub fn pull(repository: Repository) -> Self {
        Self { repository, push: false }
    }

    /// Reading and writing.
    #[must_use]
    pub fn push(repository: Repository) -> Self {
        Self { repository, push: true }
    }
}

/// A manifest is in place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pushed {
    /// Its digest.
    pub digest: Digest,
    /// The tags that the registry acknowledged, of those that were asked for. The others need a push of their own.
    pub tags: Vec<Tag>,
    /// Whether the registry keeps the list of referrers itself; none where the manifest has no subject.
    pub subject_kept: Option<bool>,
}

/// How a mount ended. A refusal is an answer: the blob has to be copied instead.
#[derive(Debug)]
pub enum Mounted {
    /// The repository is already known to hold the blob: nothing was asked.
    Known,
    /// The blob is in place.
    Done,
    /// Not mounted; the registry opened an upload instead.
    Upload(UploadSession),
    /// Not mounted, and not possible between these repositories. `None` where that was known already.
    Refused(Option<Failure>),
}

/// A blob is in place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Uploaded {
    /// It was there.
    Present,
    /// It was sent: this many bytes.
    Sent(u64),
}

/// What went over the wire.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Requests sent, those for tokens and after redirects included.
    pub requests: u64,
    /// Bytes of bodies sent.
    pub sent: u64,
    /// Bytes of bodies received.
    pub received: u64,
}
