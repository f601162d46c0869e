//! Tags of development images: from what is known about a tree to a tag. Knows no git and no files.

use std::{fmt, str::FromStr};

use bakery_core::model::Tag;

use crate::key::Key;

/// The longest tag: a label value of Kubernetes has no more, so a tag can be one.
pub const MAX_LENGTH: usize = 63;

/// Hexadecimal digits of a commit in a tag.
const COMMIT_DIGITS: usize = 12;

/// Hexadecimal digits of a key in a tag: 64 bits. Whoever takes an existing image compares the full key.
const KEY_DIGITS: usize = 16;

/// What a tag is made of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Policy {
    /// `dev-<commit>` where the commit says everything, else `dev-<commit>-<key>`.
    #[default]
    Commit,
    /// `dev-<key>`: the same inputs have the same tag in every worktree and at every commit.
    Content,
}

impl Policy {
    /// Every policy.
    pub const ALL: [Self; 2] = [Self::Commit, Self::Content];

    /// The word in flags and in the lock.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Commit => "commit",
            Self::Content => "content",
        }
    }
}

impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text is no policy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a tag policy: expected `commit` or `content`")]
pub struct ParsePolicyError(pub String);

impl FromStr for Policy {
    type Err = ParsePolicyError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|p| p.as_str() == text).ok_or_else(|| ParsePolicyError(text.to_owned()))
    }
}

/// The full object id of a commit: 40 or 64 lower-case hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CommitId(String);

impl CommitId {
    /// All of it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The part that stands in tags. It is cut here: what git abbreviates may be longer.
    #[must_use]
    pub fn short(&self) -> &str {
        self.0.get(..COMMIT_DIGITS).unwrap_or(&self.0)
    }
}

impl fmt::Display for CommitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The text is no full object id.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a full commit id of 40 or 64 lower-case hexadecimal digits")]
pub struct ParseCommitError;

impl FromStr for CommitId {
    type Err = ParseCommitError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let good = matches!(text.len(), 40 | 64)
            && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if good { Ok(Self(text.to_owned())) } else { Err(ParseCommitError) }
    }
}

/// What the inputs of a build are, compared with the commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Provenance {
    /// They are the commit's, to the byte, with default parameters.
    Commit(CommitId),
    /// They are not, or it cannot be proved.
    Changed(CommitId),
    /// There is no commit.
    NoCommit,
}

/// The tag of an image.
#[must_use]
pub fn tag(policy: Policy, provenance: &Provenance, key: &Key) -> Tag {
    let key = key.short(KEY_DIGITS);
    let text = match (policy, provenance) {
        (Policy::Content, _) => format!("dev-{key}"),
        (Policy::Commit, Provenance::Commit(commit)) => format!("dev-{}", commit.short()),
        (Policy::Commit, Provenance::Changed(commit)) => format!("dev-{}-{key}", commit.short()),
        (Policy::Commit, Provenance::NoCommit) => format!("dev-nogit-{key}"),
    };
    text.parse().expect("digits and words joined by `-` are a tag")
}

/// Whether a text has the form of a tag that this file makes. Founding scripts made `dev-` and 7 to 40 digits.
#[must_use]
pub fn is_dev_tag(text: &str) -> bool {
    let hex = |part: &str, lengths: std::ops::RangeInclusive<usize>| {
        lengths.contains(&part.len()) && part.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
    };
    let Some(rest) = text.strip_prefix("dev-") else { return false };
    match rest.split_once('-') {
        None => hex(rest, 7..=40),
        Some((first, key)) => (first == "nogit" || hex(first, 7..=40)) && hex(key, KEY_DIGITS..=KEY_DIGITS),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::Key;

    fn key() -> Key {
        "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff".parse().unwrap()
    }

    #[test]
    fn a_tag_says_what_is_known() {
        let commit: CommitId = "0123456789abcdef0123456789abcdef01234567".parse().unwrap();
        let sha256: CommitId = "f".repeat(64).parse().unwrap();
        let (clean, dirty) = (Provenance::Commit(commit.clone()), Provenance::Changed(commit));
        for (policy, provenance, want) in [
            (Policy::Commit, &clean, "dev-0123456789ab"),
            (Policy::Commit, &dirty, "dev-0123456789ab-0011223344556677"),
            (Policy::Commit, &Provenance::NoCommit, "dev-nogit-0011223344556677"),
            (Policy::Commit, &Provenance::Changed(sha256), "dev-ffffffffffff-0011223344556677"),
            (Policy::Content, &clean, "dev-0011223344556677"),
            (Policy::Content, &dirty, "dev-0011223344556677"),
            (Policy::Content, &Provenance::NoCommit, "dev-0011223344556677"),
        ] {
            let made = tag(policy, provenance, &key());
            assert_eq!(made.as_str(), want);
            assert!(made.as_str().len() <= MAX_LENGTH);
            assert!(is_dev_tag(made.as_str()));
        }
    }

    #[test]
    fn only_a_full_object_id_is_a_commit() {
        for bad in ["", "0123456", "HEAD", &"g".repeat(40), &"A".repeat(40), &"a".repeat(41), &"a".repeat(63)]
        {
            assert!(bad.parse::<CommitId>().is_err(), "{bad}");
        }
    }

    #[test]
    fn tags_of_releases_are_not_mistaken() {
        for other in
            ["latest", "1.0", "dev", "dev-", "dev-xyz", "dev-0123456-alpine", "deadbeef", "dev-nogit-"]
        {
            assert!(!is_dev_tag(other), "{other}");
        }
        assert!(is_dev_tag("dev-0123456"));
    }
}
