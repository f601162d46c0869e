//! Image references, read strictly: what parses here may stand in a URL. Opens no connection.

use std::{fmt, str::FromStr};

use super::{Digest, Repository};

/// A tag: 1 to 128 letters, digits, `_`, `.` and `-`, not beginning with `.` or `-`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Tag(String);

impl Tag {
    /// `latest`, which a reference without tag and digest means.
    #[must_use]
    pub fn latest() -> Self {
        Self("latest".to_owned())
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Tag {
    type Err = ParseReferenceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let word = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
        let good = (1..=128).contains(&text.len())
            && text.bytes().next().is_some_and(word)
            && text.bytes().all(|b| word(b) || b == b'.' || b == b'-');
        if good {
            Ok(Self(text.to_owned()))
        } else {
            Err(ParseReferenceError::new(
                text,
                "a tag is 1 to 128 letters, digits, `_`, `.` or `-` and begins with a letter, a digit or `_`",
            ))
        }
    }
}

/// What a reference points at inside its repository.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Selector {
    /// Whatever the tag points at now.
    Tag(Tag),
    /// Exactly this content.
    Digest(Digest),
}

impl Selector {
    /// The last part of the URL.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Tag(tag) => tag.as_str(),
            Self::Digest(digest) => digest.as_str(),
        }
    }
}

/// `[registry/]name[:tag][@digest]`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Reference {
    repository: Repository,
    tag: Option<Tag>,
    digest: Option<Digest>,
}

impl Reference {
    /// Content of a repository by its digest.
    #[must_use]
    pub fn by_digest(repository: Repository, digest: Digest) -> Self {
        Self { repository, tag: None, digest: Some(digest) }
    }

    /// Content of a repository by a tag.
    #[must_use]
    pub fn by_tag(repository: Repository, tag: Tag) -> Self {
        Self { repository, tag: Some(tag), digest: None }
    }

    /// The repository.
    #[must_use]
    pub fn repository(&self) -> &Repository {
        &self.repository
    }

    /// The tag, where one was written.
    #[must_use]
    pub fn tag(&self) -> Option<&Tag> {
        self.tag.as_ref()
    }

    /// The digest, where one was written.
    #[must_use]
    pub fn digest(&self) -> Option<&Digest> {
        self.digest.as_ref()
    }

    /// What to ask the registry for: the digest where there is one, whatever the tag says; else the tag, or `latest`.
    #[must_use]
    pub fn selector(&self) -> Selector {
        match (&self.digest, &self.tag) {
            (Some(digest), _) => Selector::Digest(digest.clone()),
            (None, Some(tag)) => Selector::Tag(tag.clone()),
            (None, None) => Selector::Tag(Tag::latest()),
        }
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.repository)?;
        if let Some(tag) = &self.tag {
            write!(f, ":{tag}")?;
        }
        if let Some(digest) = &self.digest {
            write!(f, "@{digest}")?;
        }
        Ok(())
    }
}

impl FromStr for Reference {
    type Err = ParseReferenceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = |reason| ParseReferenceError::new(text, reason);
        let (named, digest) = match text.split_once('@') {
            Some((named, digest)) => {
                let digest = digest
                    .parse()
                    .map_err(|_| wrong("after `@` comes `sha256:` and 64 lower-case digits"))?;
                (named, Some(digest))
            }
            None => (text, None),
        };
        // A colon before the last slash belongs to a port.
        let name_at = named.rfind('/').map_or(0, |at| at + 1);
        let (repository, tag) = match named[name_at..].find(':') {
            Some(at) => (&named[..name_at + at], Some(&named[name_at + at + 1..])),
            None => (named, None),
        };
        let tag = tag.map(str::parse::<Tag>).transpose().map_err(|error| wrong(error.reason))?;
        let repository = repository.parse::<Repository>().map_err(|error| wrong(error.reason))?;
        Ok(Self { repository, tag, digest })
    }
}

/// The text is not an image reference, or not the part of one that was asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not an image reference: {reason}")]
pub struct ParseReferenceError {
    /// What was given, shortened, without control characters.
    pub text: String,
    /// The rule that it breaks.
    pub reason: &'static str,
}

impl ParseReferenceError {
    pub(crate) fn new(text: &str, reason: &'static str) -> Self {
        let text = text.chars().take(120).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
        Self { text, reason }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEX: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    #[test]
    fn a_reference_is_read_into_its_parts() {
        let full = format!("ghcr.io/posit-dev/test/tmp:latest@sha256:{HEX}");
        for (text, repository, selector) in [
            ("ubuntu", "docker.io/library/ubuntu", "latest"),
            ("ubuntu:24.04", "docker.io/library/ubuntu", "24.04"),
            ("localhost:5000/a/b", "localhost:5000/a/b", "latest"),
            ("localhost:5000/a/b:_x.Y-z", "localhost:5000/a/b", "_x.Y-z"),
            ("[::1]:5000/a:1", "[::1]:5000/a", "1"),
            (&full, "ghcr.io/posit-dev/test/tmp", &format!("sha256:{HEX}")),
        ] {
            let reference: Reference = text.parse().unwrap();
            assert_eq!(reference.repository().to_string(), repository, "{text}");
            assert_eq!(reference.selector().as_str(), selector, "{text}");
        }
        let both: Reference = full.parse().unwrap();
        assert_eq!(both.to_string(), full);
        assert_eq!(both.tag().map(Tag::as_str), Some("latest"));
    }

    #[test]
    fn a_digest_that_is_not_one_never_gets_into_a_reference() {
        for digest in [
            "sha256:../../x".to_owned(),
            format!("sha256:{}", &HEX[1..]),
            format!("sha256:{}", HEX.to_uppercase()),
            format!("sha999:{HEX}"),
            "md5:00".to_owned(),
            String::new(),
            format!("sha256:{HEX}@sha256:{HEX}"),
            format!("sha256:{HEX}?x=y"),
        ] {
            assert!(format!("ghcr.io/a/b@{digest}").parse::<Reference>().is_err(), "{digest}");
        }
    }

    #[test]
    fn a_tag_that_could_change_a_url_is_refused() {
        let long = format!("a:{}", "x".repeat(129));
        for text in ["a:", "a:.x", "a:-x", "a:x/y", "a:x y", "a:x?y", "a:x%2f", "a:é", "a:x:y", &long] {
            assert!(text.parse::<Reference>().is_err(), "{text}");
        }
    }

    #[test]
    fn an_error_names_the_text_and_the_rule() {
        let error = "ghcr.io/a\u{1b}[31m:x".parse::<Reference>().unwrap_err();
        insta::assert_snapshot!(error, @"`ghcr.io/a�[31m:x` is not an image reference: a repository name is made of lower-case letters and digits, joined by `.`, `_`, `__`, `-` or `/`");
    }
}
