//! Why nothing is published, in sentences. What to do is in `hint.rs`. All that is wrong is told at once; nothing is
//! printed here. Text from files is escaped.

use std::fmt;

use crate::{
    config::visible,
    model::{Digest, ParseReferenceError, Platform},
    plan::{PlanError, Skipped},
};

/// One thing that keeps the targets from being published.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PublishError {
    /// No file was given.
    #[error("there is no metadata file to publish from")]
    NoFiles,
    /// A file that could not be opened; made by whoever opens files.
    #[error("`{}` cannot be read: {message}", shown(.file))]
    Unreadable {
        /// Its name.
        file: String,
        /// Why.
        message: String,
    },
    /// A file beyond the limit.
    #[error("`{}` has {bytes} bytes, a metadata file has at most {limit}", shown(.file))]
    TooLarge {
        /// Its name.
        file: String,
        /// Its size.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
    /// Targets beyond the limit.
    #[error("`{}` has {entries} targets, a metadata file has at most {limit}", shown(.file))]
    TooMany {
        /// The file.
        file: String,
        /// Its targets.
        entries: usize,
        /// The limit.
        limit: usize,
    },
    /// Not JSON, or not UTF-8.
    #[error("`{}` line {line} column {column}{} is not JSON: {message}", shown(.file), at(.path))]
    NotJson {
        /// The file.
        file: String,
        /// The key that was being read, as a JSON pointer.
        path: String,
        /// From 1 on.
        line: usize,
        /// From 1 on.
        column: usize,
        /// What was found.
        message: String,
    },
    /// A key that stands twice in one object.
    #[error("`{}` line {line} column {column}: `{}` is given twice", shown(.file), shown(.path))]
    DuplicateKey {
        /// The file.
        file: String,
        /// The key, as a JSON pointer.
        path: String,
        /// From 1 on.
        line: usize,
        /// From 1 on.
        column: usize,
    },
    /// A value of another type than the key has.
    #[error("`{}`{} must be {expected}, but is {found}", shown(.file), at(.path))]
    WrongType {
        /// The file.
        file: String,
        /// The key, as a JSON pointer; empty for the whole file.
        path: String,
        /// With an article.
        expected: &'static str,
        /// With an article.
        found: &'static str,
    },
    /// A text without the meaning that the key needs.
    #[error("`{}`{}: {}", shown(.file), at(.path), shown(.message))]
    BadValue {
        /// The file.
        file: String,
        /// The key, as a JSON pointer.
        path: String,
        /// What is wrong.
        message: String,
    },
    /// What `docker buildx build` writes, instead of a map of targets.
    #[error("`{}` describes one build, but does not say of which target", shown(.file))]
    OneBuild {
        /// The file.
        file: String,
    },
    /// An empty object.
    #[error("`{}` has no target", shown(.file))]
    NoEntries {
        /// The file.
        file: String,
    },
    /// `--temp-registry` was not given.
    #[error("there is no temporary registry")]
    NoTempRegistry,
    /// `--temp-registry` names no registry.
    #[error("`--temp-registry {}` is wrong: {source}", shown(.registry))]
    TempRegistry {
        /// As given.
        registry: String,
        /// Why.
        source: ParseReferenceError,
    },
    /// The name of a temporary index is not one.
    #[error("the temporary index of `{}` cannot be named: {source}", shown(.uid))]
    TempName {
        /// The target.
        uid: String,
        /// Why.
        source: ParseReferenceError,
    },
    /// No target has that identifier.
    #[error("`{}`: `{}` is not a target of the configuration", shown(.file), shown(.uid))]
    UnknownTarget {
        /// The file.
        file: String,
        /// The identifier.
        uid: String,
        /// Identifiers that are near, nearest first.
        near: Vec<String>,
    },
    /// `bakery.target` and its key are about different targets.
    #[error("`{}`: the `bakery.target` of `{}` describes `{}`", shown(.file), shown(.uid), shown(.says))]
    OtherTarget {
        /// The file.
        file: String,
        /// The key.
        uid: String,
        /// The identifier of what is described.
        says: String,
    },
    /// The metadata do not say what the target is.
    #[error("`{}`: the metadata of `{}` do not say {lacks}", shown(.file), shown(.uid))]
    Unidentified {
        /// The file.
        file: String,
        /// The identifier.
        uid: String,
        /// ``which version of image `x` it is``.
        lacks: String,
    },
    /// More than one part of the configuration could be meant.
    #[error("`{}`: `{}` can be {}", shown(.file), shown(.uid), .candidates.join(" or "))]
    Ambiguous {
        /// The file.
        file: String,
        /// The identifier.
        uid: String,
        /// What, with an article.
        candidates: Vec<String>,
    },
    /// Two files say different versions for one identifier.
    #[error(
        "`{}` and `{}` disagree: `{}` is version `{}` in the one and `{}` in the other",
        shown(&.first.0), shown(&.second.0), shown(.uid), shown(&.first.1), shown(&.second.1)
    )]
    TwoVersions {
        /// The identifier.
        uid: String,
        /// File and version.
        first: Box<(String, String)>,
        /// Another.
        second: Box<(String, String)>,
    },
    /// A dispatch asks for another version than was built.
    #[error("`{}`: `{}` is version `{found}`, but `{pinned}` was dispatched", shown(.file), shown(.uid))]
    OtherPin {
        /// The file.
        file: String,
        /// The target.
        uid: String,
        /// Asked for.
        pinned: String,
        /// Built.
        found: String,
    },
    /// Something that an entry must have.
    #[error("`{}`: `{}` has no {lack}", shown(.file), shown(.uid))]
    Incomplete {
        /// The file.
        file: String,
        /// The target.
        uid: String,
        /// What.
        lack: Lack,
    },
    /// A name that no registry accepts.
    #[error("`{}`: the name of `{}` is wrong: {source}", shown(.file), shown(.uid))]
    BadName {
        /// The file.
        file: String,
        /// The target.
        uid: String,
        /// Why.
        source: ParseReferenceError,
    },
    /// The name has a digest, and it is another one.
    #[error("`{}`: the name of `{}` has the digest `{named}`, but its digest is `{digest}`", shown(.file), shown(.uid))]
    OtherDigest {
        /// The file.
        file: String,
        /// The target.
        uid: String,
        /// In the name.
        named: Digest,
        /// The entry's.
        digest: Digest,
    },
    /// An index, where one image is needed.
    #[error("`{}`: `{}` is an index, not the image of one platform", shown(.file), shown(.uid))]
    SeveralPlatforms {
        /// The file.
        file: String,
        /// The target.
        uid: String,
    },
    /// A platform that the target is not built for.
    #[error("`{}`: `{}` is built for `{}`, which is not among its platforms", shown(.file), shown(.uid), shown(.platform))]
    OtherPlatform {
        /// The file.
        file: String,
        /// The target.
        uid: String,
        /// The entry's.
        platform: String,
        /// The target's.
        platforms: Vec<Platform>,
    },
    /// A platform that no entry is about.
    #[error("`{}` lacks `{platform}`: no metadata file has a build of {} for it", shown(.uid), shown(.target))]
    MissingPlatform {
        /// The target.
        uid: String,
        /// Its names.
        target: String,
        /// The platform.
        platform: Platform,
        /// Every file that was read.
        files: Vec<String>,
    },
    /// Two builds of one moment.
    #[error(
        "`{}` and `{}` disagree: `{}` for `{}` was built at {created} as `{}` and as `{}`",
        shown(&.files.0), shown(&.files.1), shown(.uid), shown(.platform), .digests.0, .digests.1
    )]
    Disagreement {
        /// The target.
        uid: String,
        /// The platform.
        platform: String,
        /// When.
        created: String,
        /// The files.
        files: Box<(String, String)>,
        /// What they say, in that order.
        digests: Box<(Digest, Digest)>,
    },
    /// Two versions that both claim the tags of a channel.
    #[error("image `{image}` has two versions that both are the latest of their channel: `{}` and `{}`", .versions.0, .versions.1)]
    TwoHeads {
        /// Image.
        image: String,
        /// The versions.
        versions: (String, String),
    },
    /// Nowhere to go.
    #[error("{} has no registry to be published to", shown(.target))]
    NoRegistry {
        /// The target.
        target: String,
    },
    /// A final reference that no registry accepts.
    #[error("{} cannot be published: {source}", shown(.target))]
    Destination {
        /// The target.
        target: String,
        /// Why.
        source: ParseReferenceError,
    },
    /// All tags of a target are another one's as well.
    #[error("{} keeps no tag: all of its tags are also those of {}", shown(.target), shown(.other))]
    NoTagLeft {
        /// The target.
        target: String,
        /// The target that is pushed after it.
        other: String,
    },
    /// The metadata have no target that the filters leave.
    #[error("no target is left to be published")]
    NoTargets {
        /// The filters, as flag and value.
        filters: Vec<(&'static str, String)>,
        /// Identifiers that the filters leave out.
        left_out: Vec<String>,
    },
    /// A part of the configuration cannot be expanded with what the metadata say.
    #[error("`{}`: `{}` is no target: {skipped}", shown(.file), shown(.uid))]
    Skipped {
        /// The file.
        file: String,
        /// The identifier.
        uid: String,
        /// What, and why.
        skipped: Box<Skipped>,
    },
    /// A value of `tool: soci` that its program would refuse.
    #[error("{}: `{value}` is no value for `{key}` of `tool: soci`", shown(.target))]
    Soci {
        /// The target.
        target: String,
        /// The key.
        key: &'static str,
        /// What stands there.
        value: String,
    },
    /// There is nothing to convert.
    #[error("no target of the metadata files has `tool: soci` enabled")]
    NoSoci,
    /// The configuration has targets that cannot be planned.
    #[error(transparent)]
    Plan(#[from] PlanError),
}

/// What an entry lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lack {
    /// `image.name`.
    Name,
    /// `containerimage.digest`.
    Digest,
    /// `containerimage.descriptor.platform`.
    Platform,
    /// The time of its build.
    Created,
}

impl fmt::Display for Lack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Name => "name (`image.name`)",
            Self::Digest => "digest (`containerimage.digest`)",
            Self::Platform => "platform (`containerimage.descriptor`)",
            Self::Created => {
                "time of creation (`org.opencontainers.image.created`, as annotation of its descriptor or as label)"
            }
        })
    }
}

fn at(path: &str) -> String {
    if path.is_empty() { String::new() } else { format!(" at `{}`", shown(path)) }
}

/// Text from a file or a flag: without anything that moves a cursor, and not longer than a line or two.
pub(super) fn shown(text: &str) -> String {
    const MOST: usize = 200;
    match text.char_indices().nth(MOST) {
        None => visible(text).into_owned(),
        Some((end, _)) => format!("{}…", visible(&text[..end])),
    }
}

/// Everything that was found, at least one; in the order of files and targets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PublishErrors(pub Vec<PublishError>);

impl PublishErrors {
    /// Takes over what was found elsewhere.
    pub fn extend(&mut self, others: Self) {
        self.0.extend(others.0);
    }

    /// Whether nothing was found.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for PublishErrors {
    /// One line for each.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, error) in self.0.iter().enumerate() {
            if at > 0 {
                f.write_str("\n")?;
            }
            error.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for PublishErrors {}
