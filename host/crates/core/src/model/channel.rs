//! Release channels.

use std::{fmt, str::FromStr};

/// Where a product version comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Channel {
    /// Released.
    Release,
    /// Release candidates.
    Preview,
    /// Built from the main branch.
    Daily,
}

impl Channel {
    /// Every channel, in the order in which messages list them.
    pub const ALL: [Self; 3] = [Self::Release, Self::Preview, Self::Daily];

    /// The word used in `bakery.yaml`, flags and payloads.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Release => "release",
            Self::Preview => "preview",
            Self::Daily => "daily",
        }
    }
}

impl fmt::Display for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text is none of `release`, `preview`, `daily`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a channel: expected `release`, `preview` or `daily`")]
pub struct ParseChannelError(pub String);

impl FromStr for Channel {
    type Err = ParseChannelError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|c| c.as_str() == text).ok_or_else(|| ParseChannelError(text.to_owned()))
    }
}
