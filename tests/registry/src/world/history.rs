//! The past of the tags: every move, in order, with what was missing at that moment.
//! It judges nothing; `invariants` does.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Problem;

/// One move of one tag.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Move {
    /// Place in the order of all changes of manifests, blobs and tags of this registry, from 1.
    pub sequence: u64,
    /// Time since the registry started.
    pub at: Duration,
    /// The repository.
    pub repository: String,
    /// The tag.
    pub tag: String,
    /// Where it pointed before.
    pub from: Option<String>,
    /// Where it points from now on; nowhere after a deletion.
    pub to: Option<String>,
    /// Who moved it.
    pub origin: Origin,
    /// What was missing or wrong below the new digest at that moment.
    pub problems: Vec<Problem>,
}

/// Who changed something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// The test, directly.
    Seed,
    /// The request with this number in the log.
    Request(u64),
    /// A scripted third party.
    ThirdParty,
}
