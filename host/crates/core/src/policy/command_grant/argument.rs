//! One value of a guest against what it must be. Opens no path: where it leads is looked at when it is used.

use std::path::{Component, Path, PathBuf};

use super::grammar::ValueKind;
use crate::{
    model::{Digest, Platform, Reference, Repository, Tag},
    policy::{Denial, RegistryGrants, error::quote},
    port::command::{Argument, Word},
};

/// Names of one path.
const MAX_DEPTH: usize = 32;

/// Why a value is refused.
pub(super) enum Wrong {
    /// It is not what belongs there; fits after the value.
    Value(String),
    /// It is, but it is not granted.
    Denied(Denial),
}

impl From<&str> for Wrong {
    fn from(problem: &str) -> Self {
        Self::Value(problem.to_owned())
    }
}

/// The word for a value.
pub(super) fn word(
    kind: &ValueKind,
    argument: &Argument,
    prefix: &str,
    registries: &RegistryGrants,
) -> Result<Word, Wrong> {
    let instead =
        |what: &str| Wrong::Value(format!("is {what}, which stands where {} belongs", describe(kind)));
    match (kind, argument) {
        (ValueKind::Scratch, Argument::Scratch(path)) => {
            Ok(Word::Scratch { prefix: prefix.to_owned(), path: inside(path)? })
        }
        (ValueKind::Scratch, Argument::Value(_)) => Err(instead("a value")),
        (_, Argument::Scratch(_)) => Err(instead("a path inside the scratch space")),
        (_, Argument::Flag(_)) => Err(instead("a flag")),
        (_, Argument::Value(text)) => {
            harmless(text)?;
            Ok(Word::from(format!("{prefix}{}", checked(kind, text, registries)?)))
        }
    }
}

/// What no value may be, whatever it stands for: an option, a file that is read, a second line.
fn harmless(text: &str) -> Result<(), Wrong> {
    if text.starts_with('-') {
        return Err("begins with `-`: a value cannot become a flag".into());
    }
    if text.starts_with('@') {
        return Err("begins with `@`: a value cannot become a file that is read".into());
    }
    if text.chars().any(char::is_control) {
        return Err("contains a control character or a line break".into());
    }
    Ok(())
}

/// The value as the program gets it. References are written out in full, so that the program reads in them what was
/// checked.
fn checked(kind: &ValueKind, text: &str, registries: &RegistryGrants) -> Result<String, Wrong> {
    let fits = match kind {
        ValueKind::Text => true,
        ValueKind::Integer => (1..=20).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit()),
        ValueKind::Pair => text.split_once('=').is_some_and(|(key, _)| is_key(key)),
        ValueKind::Platform => text.parse::<Platform>().is_ok(),
        ValueKind::OneOf(words) => words.contains(text),
        ValueKind::Pull => match text.parse::<Reference>() {
            Ok(reference) => {
                registries.check_pull(reference.repository()).map_err(Wrong::Denied)?;
                return Ok(reference.to_string());
            }
            Err(_) => false,
        },
        ValueKind::Push => match Destination::parse(text) {
            Some(destination) => {
                registries.check_push(&destination.repository, &destination.tags).map_err(Wrong::Denied)?;
                return Ok(destination.text());
            }
            None => false,
        },
        ValueKind::Scratch => false,
    };
    if fits { Ok(text.to_owned()) } else { Err(Wrong::Value(format!("is not {}", describe(kind)))) }
}

/// `repository:tag,tag` or `repository@digest`, but never both: a tag beside a digest would be written unseen.
struct Destination {
    repository: Repository,
    tags: Vec<Tag>,
    digest: Option<Digest>,
}

impl Destination {
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split(',');
        let first: Reference = parts.next()?.parse().ok()?;
        let mut tags: Vec<Tag> = first.tag().cloned().into_iter().collect();
        for tag in parts {
            tags.push(tag.parse().ok()?);
        }
        let digest = first.digest().cloned();
        (digest.is_some() == tags.is_empty()).then(|| Self {
            repository: first.repository().clone(),
            tags,
            digest,
        })
    }

    fn text(&self) -> String {
        match &self.digest {
            Some(digest) => format!("{}@{digest}", self.repository),
            None => {
                let tags: Vec<&str> = self.tags.iter().map(Tag::as_str).collect();
                format!("{}:{}", self.repository, tags.join(","))
            }
        }
    }
}

fn is_key(key: &str) -> bool {
    !key.is_empty()
        && key.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-' | b'/'))
}

fn describe(kind: &ValueKind) -> String {
    match kind {
        ValueKind::Text => "text".into(),
        ValueKind::Integer => "a number".into(),
        ValueKind::Pair => "a `key=value`".into(),
        ValueKind::Pull => "an image reference".into(),
        ValueKind::Push => "an image reference with tags or a digest".into(),
        ValueKind::Platform => "a platform like `linux/amd64`".into(),
        ValueKind::OneOf(words) => {
            let words: Vec<String> = words.iter().map(|word| format!("`{}`", quote(word))).collect();
            format!("one of {}", words.join(", "))
        }
        ValueKind::Scratch => "a path inside the scratch space".into(),
    }
}

/// A path of ordinary names inside the scratch space, which `.` stands for.
///
/// # Errors
/// What is wrong with it; fits after the path.
pub fn scratch_path(text: &str) -> Result<PathBuf, String> {
    inside(text).map_err(|wrong| match wrong {
        Wrong::Value(problem) => problem,
        Wrong::Denied(denial) => denial.hint,
    })
}

/// A path of ordinary names. `.` is the scratch space itself.
fn inside(text: &str) -> Result<PathBuf, Wrong> {
    if text.is_empty() {
        return Err("is an empty path: write `.` for the scratch space itself".into());
    }
    if text.chars().any(char::is_control) {
        return Err("contains a control character or a line break".into());
    }
    let mut path = PathBuf::new();
    for component in Path::new(text).components() {
        match component {
            Component::CurDir => {}
            Component::Normal(name) => path.push(name),
            Component::ParentDir => return Err("contains `..`".into()),
            Component::RootDir | Component::Prefix(_) => {
                return Err("is an absolute path: write it relative to the scratch space".into());
            }
        }
    }
    if path.components().count() > MAX_DEPTH {
        return Err(Wrong::Value(format!("is more than {MAX_DEPTH} folders deep")));
    }
    Ok(path)
}
