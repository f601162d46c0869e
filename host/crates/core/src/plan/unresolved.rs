//! Why a version could not be resolved, in sentences with what to do. Whether the run goes on is not decided here.

use crate::{
    config::{Config, DependencyName},
    model::{ParseVersionError, SourceKey},
    port::SourceError,
};

use super::DevRef;

/// Why a version could not be resolved.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unresolved {
    /// The products table has no such entry.
    #[error("no version source serves the channel `{}` of `{}`", .0.channel, .0.product)]
    Unserved(SourceKey),
    /// Nothing to ask for.
    #[error("it has no `os`, so there is no artifact to ask for")]
    NoOs,
    /// The source failed as a whole.
    #[error("{}", sentence(.0))]
    Source(SourceError),
    /// A dependency list failed.
    #[error("the versions of `{}` cannot be listed: {}", .dependency.as_str(), sentence(.error))]
    List {
        /// Which.
        dependency: DependencyName,
        /// Why.
        error: SourceError,
    },
    /// A dependency list has nothing that the constraint allows.
    #[error("no version of `{}` satisfies the constraint", .0.as_str())]
    EmptyList(DependencyName),
    /// Every operating system was dropped.
    #[error("none of its operating systems has an artifact: {}", reasons(.0))]
    NothingLeft(Vec<(String, SourceError)>),
    /// An answer that would end up in tags is not a version.
    #[error("{origin} answered something that is no version: {source}")]
    Version {
        /// Who answered.
        origin: String,
        /// Why.
        source: ParseVersionError,
    },
    /// An answer that would end up in tags and build arguments is not a version of a dependency.
    #[error("the list of `{}` has `{text}`, which is no version", .dependency.as_str())]
    ListVersion {
        /// Which.
        dependency: DependencyName,
        /// Its first characters, escaped.
        text: String,
    },
    /// The run was planned without asking.
    #[error("its source was not asked")]
    Unasked,
}

impl Unresolved {
    /// A stable code for reports and documentation.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unserved(_) => "bakery::plan::unserved",
            Self::NoOs => "bakery::plan::no_os",
            Self::Source(SourceError::Mismatch { .. }) => "bakery::plan::dispatch_version_mismatch",
            Self::Source(SourceError::Torn { .. }) => "bakery::plan::torn_upstream",
            Self::Source(_) => "bakery::plan::source_failed",
            Self::List { .. } => "bakery::plan::list_failed",
            Self::EmptyList(_) => "bakery::plan::empty_list",
            Self::NothingLeft(_) => "bakery::plan::no_artifact",
            Self::Version { .. } | Self::ListVersion { .. } => "bakery::plan::bad_version",
            Self::Unasked => "bakery::plan::unasked",
        }
    }

    /// What to do, where one thing is known to help.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Unserved(key) => Some(format!(
                "add an entry with `product: {}` and `channel: {}` under `sources:`",
                key.product, key.channel
            )),
            Self::NoOs => Some("list at least one operating system under `os`".to_owned()),
            Self::Source(SourceError::Mismatch { waited, .. }) if waited.is_zero() => Some(
                "`--dev-spec-wait 15m` waits until the upstream has caught up; `pinned: substitute` on the development \
                 version builds what the upstream's manifest no longer has"
                    .to_owned(),
            ),
            Self::Source(SourceError::Mismatch { waited, .. } | SourceError::Torn { waited, .. }) => {
                Some(if waited.is_zero() {
                    "`--dev-spec-wait 15m` waits until the upstream has caught up".to_owned()
                } else {
                    "the upstream has not caught up in time: try again later, or with a longer `--dev-spec-wait`".to_owned()
                })
            }
            Self::Source(SourceError::Failed(failure))
            | Self::List { error: SourceError::Failed(failure), .. } => failure.hint.clone(),
            Self::EmptyList(_) => Some("widen `min`, `max` or `count` of its constraint".to_owned()),
            _ => None,
        }
    }
}

/// What was left out of the plan because it could not be resolved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// What.
    pub what: SkippedItem,
    /// A name for it in messages: image, product or dependency, line.
    pub name: String,
    /// Why.
    pub reason: Unresolved,
}

impl std::fmt::Display for Skipped {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} cannot be resolved: {}", self.name, self.reason)
    }
}

/// Which part of the configuration was left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SkippedItem {
    /// A development version.
    Dev(DevRef),
    /// The matrix of the image with this index.
    Matrix(usize),
}

impl Skipped {
    pub(super) fn new(config: &Config, what: SkippedItem, reason: Unresolved) -> Self {
        let name = match what {
            SkippedItem::Dev(at) => at.get(config).map(|(image, dev)| {
                let channel =
                    dev.source.channel().map_or_else(String::new, |channel| format!(" ({channel})"));
                let product = dev.source.product();
                format!(
                    "the development version of {product}{channel} of image `{}` (line {})",
                    image.name, dev.line
                )
            }),
            SkippedItem::Matrix(at) => {
                config.images.get(at).map(|image| format!("the matrix of image `{}`", image.name))
            }
        };
        Self { what, name: name.unwrap_or_default(), reason }
    }
}

/// One source error as a sentence with everything that it knows.
fn sentence(error: &SourceError) -> String {
    match error {
        SourceError::Mismatch { pinned, found, origin, published, waited } => {
            let written = published.as_ref().map_or_else(String::new, |when| format!(", written {when}"));
            format!("`{pinned}` was dispatched, but {origin} has `{found}`{written}{}", after(*waited))
        }
        SourceError::Torn { versions, origin, waited } => {
            let list: Vec<String> =
                versions.iter().map(|(os, version)| format!("`{version}` for {os}")).collect();
            format!("{origin} is half propagated: it has {}{}", list.join(", "), after(*waited))
        }
        other => other.to_string(),
    }
}

fn after(waited: std::time::Duration) -> String {
    if waited.is_zero() { String::new() } else { format!(", after {} s of waiting", waited.as_secs()) }
}

fn reasons(dropped: &[(String, SourceError)]) -> String {
    let list: Vec<String> = dropped.iter().map(|(os, error)| format!("{os}: {}", sentence(error))).collect();
    list.join("; ")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{
        model::Channel,
        plan::sample,
        port::{Failure, FailureKind},
    };

    fn skipped(reason: Unresolved) -> String {
        let mut image = sample::image("connect");
        image.dev_versions = vec![sample::dev("connect", Channel::Daily)];
        let config = sample::config(vec![image]);
        let skipped = Skipped::new(&config, SkippedItem::Dev(DevRef { image: 0, dev: 0 }), reason);
        let hint = skipped.reason.hint().map_or_else(String::new, |hint| format!("\nhint: {hint}"));
        format!("[{}] {skipped}{hint}", skipped.reason.code())
    }

    fn mismatch(waited: u64) -> SourceError {
        SourceError::Mismatch {
            pinned: "2026.05.0-dev+2".to_owned(),
            found: "2026.05.0-dev+1".to_owned(),
            origin: "https://cdn.example/latest.json".to_owned(),
            published: Some("2026-05-04T10:00:00Z".to_owned()),
            waited: Duration::from_secs(waited),
        }
    }

    #[test]
    fn every_reason_is_a_sentence_that_names_the_version_and_what_to_do() {
        insta::assert_snapshot!(skipped(Unresolved::Source(mismatch(0))), @r"
        [bakery::plan::dispatch_version_mismatch] the development version of connect (daily) of image `connect` (line 7) cannot be resolved: `2026.05.0-dev+2` was dispatched, but https://cdn.example/latest.json has `2026.05.0-dev+1`, written 2026-05-04T10:00:00Z
        hint: `--dev-spec-wait 15m` waits until the upstream has caught up; `pinned: substitute` on the development version builds what the upstream's manifest no longer has
        ");
        insta::assert_snapshot!(skipped(Unresolved::Source(mismatch(61))), @r"
        [bakery::plan::dispatch_version_mismatch] the development version of connect (daily) of image `connect` (line 7) cannot be resolved: `2026.05.0-dev+2` was dispatched, but https://cdn.example/latest.json has `2026.05.0-dev+1`, written 2026-05-04T10:00:00Z, after 61 s of waiting
        hint: the upstream has not caught up in time: try again later, or with a longer `--dev-spec-wait`
        ");
        let torn = SourceError::Torn {
            versions: vec![
                ("ubuntu 24.04".to_owned(), "1.0.1".to_owned()),
                ("ubuntu 22.04".to_owned(), "1.0.0".to_owned()),
            ],
            origin: "https://cdn.example/latest.json".to_owned(),
            waited: Duration::ZERO,
        };
        insta::assert_snapshot!(skipped(Unresolved::Source(torn)), @r"
        [bakery::plan::torn_upstream] the development version of connect (daily) of image `connect` (line 7) cannot be resolved: https://cdn.example/latest.json is half propagated: it has `1.0.1` for ubuntu 24.04, `1.0.0` for ubuntu 22.04
        hint: `--dev-spec-wait 15m` waits until the upstream has caught up
        ");
        let failure =
            Failure::new(FailureKind::Denied, "https://evil.example/", "`source-manifest` may not read it")
                .with_hint("add it to `allow`");
        insta::assert_snapshot!(skipped(Unresolved::List { dependency: DependencyName::R, error: failure.into() }), @r"
        [bakery::plan::list_failed] the development version of connect (daily) of image `connect` (line 7) cannot be resolved: the versions of `R` cannot be listed: `source-manifest` may not read it
        hint: add it to `allow`
        ");
        let key = SourceKey { product: "connect".to_owned(), channel: Channel::Preview };
        insta::assert_snapshot!(skipped(Unresolved::Unserved(key)), @r"
        [bakery::plan::unserved] the development version of connect (daily) of image `connect` (line 7) cannot be resolved: no version source serves the channel `preview` of `connect`
        hint: add an entry with `product: connect` and `channel: preview` under `sources:`
        ");
        let dropped = vec![
            ("Debian 13".to_owned(), SourceError::NotFound("no artifact for `noble`".to_owned())),
            ("Scratch".to_owned(), SourceError::Unsupported("no artifact for `scratch`".to_owned())),
        ];
        insta::assert_snapshot!(skipped(Unresolved::NothingLeft(dropped)), @"[bakery::plan::no_artifact] the development version of connect (daily) of image `connect` (line 7) cannot be resolved: none of its operating systems has an artifact: Debian 13: no artifact for `noble`; Scratch: no artifact for `scratch`");
    }
}
