//! What a guest names, read into strict types before anybody is asked: registry, repository, tag and digest in full,
//! as the host itself writes them. Nothing is guessed, so there is one spelling for a grant to be compared with.

use std::str::FromStr;

use bakery_core::{
    model::{Digest, Reference, Repository, Tag},
    port::{Failure, FailureKind},
};

use crate::guest::cut;

/// A reference with a tag or a digest.
pub(crate) fn reference(text: &str) -> Result<Reference, Failure> {
    let reference: Reference = in_full(text, "`registry/repository:tag` or `registry/repository@digest`")?;
    if reference.tag().is_none() && reference.digest().is_none() {
        return Err(refuse(text, format!("`{reference}` has neither a tag nor a digest")));
    }
    Ok(reference)
}

/// A reference with a digest.
pub(super) fn by_digest(text: &str) -> Result<Reference, Failure> {
    let reference: Reference = in_full(text, "`registry/repository@digest`")?;
    if reference.digest().is_none() {
        return Err(refuse(text, format!("`{reference}` has no digest: only what has one is copied")));
    }
    Ok(reference)
}

/// A repository.
pub(crate) fn repository(text: &str) -> Result<Repository, Failure> {
    in_full(text, "`registry/repository`")
}

/// A digest.
pub(super) fn digest(text: &str) -> Result<Digest, Failure> {
    text.parse().map_err(|error: bakery_core::model::ParseDigestError| refuse(text, error.to_string()))
}

/// What is pushed where, under which tags.
pub(super) fn push(
    to: &str,
    manifest: &str,
    tags: &[String],
) -> Result<(Repository, Digest, Vec<Tag>), Failure> {
    let tag = |text: &String| {
        text.parse::<Tag>().map_err(|error| refuse(&format!("{to}:{text}"), error.to_string()))
    };
    let tags = tags.iter().map(tag).collect::<Result<_, _>>()?;
    Ok((repository(to)?, digest(manifest)?, tags))
}

/// A text that is written as the host writes it: `ubuntu` for `docker.io/library/ubuntu` is not.
fn in_full<T>(text: &str, shape: &str) -> Result<T, Failure>
where
    T: FromStr + ToString,
    T::Err: std::fmt::Display,
{
    let value: T = text.parse().map_err(|error: T::Err| refuse(text, error.to_string()))?;
    let full = value.to_string();
    if full == text {
        return Ok(value);
    }
    Err(refuse(
        text,
        format!("`{full}` is not written in full: expected {shape}, all in lower case but the tag"),
    ))
}

fn refuse(subject: &str, message: String) -> Failure {
    let subject: String = subject.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    Failure::new(FailureKind::InvalidInput, cut(&subject, 256).0, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEX: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    #[test]
    fn what_is_written_in_full_is_read() {
        let by = format!("localhost:5000/a/b@sha256:{HEX}");
        let both = format!("ghcr.io/a/b:1.2@sha256:{HEX}");
        for text in ["ghcr.io/a/b:1.2-X", &by, &both] {
            assert_eq!(reference(text).unwrap().to_string(), text);
        }
        assert_eq!(by_digest(&both).unwrap().to_string(), both);
        assert!(push("ghcr.io/a/b", &format!("sha256:{HEX}"), &["1".to_owned()]).is_ok());
    }

    #[test]
    fn whatever_else_is_written_reaches_nobody() {
        let upper = format!("ghcr.io/a/b@sha256:{}", HEX.to_uppercase());
        let long = format!("ghcr.io/{}:1", "a".repeat(300));
        for text in [
            "",
            "ubuntu",
            "ubuntu:24.04",
            "posit/connect:1",
            "GHCR.io/a/b:1",
            "index.docker.io/library/ubuntu:1",
            "https://ghcr.io/a/b:1",
            "user@ghcr.io/a/b:1",
            "ghcr.io/a/../b:1",
            "ghcr.io/a/b:1/../2",
            "ghcr.io/a/b:1?x=y",
            "ghcr.io/a/b:1\r\nHost: x",
            "ghcr.io/a/b",
            "ghcr.io/A/b:1",
            &upper,
            &long,
        ] {
            let failure = reference(text).unwrap_err();
            assert_eq!(failure.kind, FailureKind::InvalidInput, "{text}");
            assert!(
                failure.subject.len() <= 256 && !failure.subject.contains(char::is_control),
                "{failure:?}"
            );
            assert!(!failure.message.contains(['\r', '\n']), "{failure:?}");
        }
        assert!(by_digest("ghcr.io/a/b:1").is_err() && by_digest(&upper).is_err());
        assert!(repository("connect").is_err() && repository("ghcr.io/a:1").is_err());
        assert!(digest(HEX).is_err());
    }

    #[test]
    fn one_wrong_word_is_enough_to_push_nothing() {
        let (good, digest) = ("ghcr.io/a/b", format!("sha256:{HEX}"));
        for (to, manifest, tag) in [
            ("ghcr.io/a/b/", digest.as_str(), "1"),
            (good, "sha256:../../x", "1"),
            (good, &digest, "1/2"),
            (good, &digest, ""),
            (good, &digest, &"x".repeat(129)),
        ] {
            assert!(
                push(to, manifest, &["fine".to_owned(), tag.to_owned()]).is_err(),
                "{to} {manifest} {tag}"
            );
        }
    }
}
