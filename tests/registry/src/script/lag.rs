//! Eventual consistency: what stays invisible after it was written, and for how long.
//! It holds no content; `world::versioned` applies it.

use serde::{Deserialize, Serialize};

/// A delay between a write and the moment reads see it. The first that fits a write holds for it.
///
/// While a change lags, reads see what was there before: an old tag, or nothing. Checks that the registry makes
/// itself (are all children of this manifest here?) see the truth at once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lag {
    /// The kind of content.
    pub of: LagOf,
    /// Pattern over the repository.
    #[serde(default = "everything")]
    pub repository: String,
    /// Pattern over the tag or digest.
    #[serde(default = "everything")]
    pub name: String,
    /// How long.
    pub until: Until,
}

/// What lags.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LagOf {
    /// Where a tag points.
    Tags,
    /// Manifests and indexes, read by digest.
    Manifests,
    /// Blobs.
    Blobs,
    /// All of these.
    All,
}

/// When a lagging change becomes visible.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Until {
    /// So many milliseconds after the write.
    Ms(u64),
    /// After so many reads (`GET` or `HEAD`) that did not see it.
    Reads(u32),
    /// When the test says so (`reveal`).
    Revealed,
}

impl Lag {
    /// A lag of everything of this kind.
    #[must_use]
    pub fn new(of: LagOf, until: Until) -> Self {
        Self { of, repository: everything(), name: everything(), until }
    }

    /// Only in repositories that fit this pattern.
    #[must_use]
    pub fn repository(mut self, pattern: &str) -> Self {
        self.repository = pattern.to_owned();
        self
    }

    /// Only for tags or digests that fit this pattern.
    #[must_use]
    pub fn name(mut self, pattern: &str) -> Self {
        self.name = pattern.to_owned();
        self
    }
}

fn everything() -> String {
    "**".to_owned()
}
