//! Why a plan cannot be made. Codes and hints are in `hint.rs`; nothing is printed here.

use crate::model::{Channel, ParseChannelError, ParseVersionError};

/// Why a plan cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// `--dev-channel` and the payload name different channels.
    #[error("`--dev-channel {flag}` and the dispatch payload's channel `{spec}` are different")]
    ChannelConflict {
        /// The flag's.
        flag: Channel,
        /// The payload's.
        spec: Channel,
    },
    /// The payload's channel is none.
    #[error("the dispatch payload's channel is wrong: {0}")]
    DispatchChannel(ParseChannelError),
    /// A payload together with `--dev-versions exclude`.
    #[error("a dispatch payload pins development versions, but `--dev-versions exclude` leaves them all out")]
    DispatchExcluded,
    /// The override component named a candidate that does not exist, or the same twice.
    #[error("the override component pinned candidate {candidate}, which {problem}")]
    PinCandidate {
        /// Its answer.
        candidate: u32,
        /// `was not offered` or `it had already pinned`.
        problem: &'static str,
    },
    /// A pinned version is not a version.
    #[error("the version pinned for image `{image}` by the dispatch payload is wrong: {source}")]
    PinVersion {
        /// Image.
        image: String,
        /// Why.
        source: ParseVersionError,
    },
    /// A release branch that could leave its place in a URL.
    #[error("`{branch}` from {origin} is not a release branch")]
    Branch {
        /// The text, escaped.
        branch: String,
        /// Who said so.
        origin: String,
    },
    /// A pattern does not render.
    #[error("the {what} `{pattern}` of image `{image}` cannot be rendered: {message}")]
    Template {
        /// Image.
        image: String,
        /// `tag pattern` or `namePattern`.
        what: &'static str,
        /// The pattern.
        pattern: String,
        /// The template engine's sentence.
        message: String,
    },
    /// A tag that no registry accepts.
    #[error("the tag `{tag}` of image `{image}` has {length} characters, registries accept at most 128")]
    TagTooLong {
        /// Image.
        image: String,
        /// Its first characters.
        tag: String,
        /// Characters.
        length: usize,
    },
    /// A matrix that would explode.
    #[error("the matrix of image `{image}` has {rows} rows, at most {limit} are made")]
    MatrixTooLarge {
        /// Image.
        image: String,
        /// How many.
        rows: u128,
        /// The limit.
        limit: u128,
    },
    /// An axis without values.
    #[error("the matrix of image `{image}` has no value for `{axis}`")]
    MatrixEmptyAxis {
        /// Image.
        image: String,
        /// Dependency or key.
        axis: String,
    },
    /// Two rows that cannot be told apart, or one without a name.
    #[error("the namePattern `{pattern}` of image `{image}` gives {problem}")]
    MatrixName {
        /// Image.
        image: String,
        /// The pattern.
        pattern: String,
        /// What is wrong with the names.
        problem: String,
    },
    /// Two targets with one identifier.
    #[error("{first} and {second} have the same identifier `{uid}`")]
    UidCollision {
        /// The identifier.
        uid: String,
        /// A target.
        first: String,
        /// Another.
        second: String,
    },
    /// `--image-version` matched nothing.
    #[error("no version matches `--image-version {filter}`")]
    NoSuchVersion {
        /// The filter.
        filter: String,
        /// What the other filters left.
        available: Vec<String>,
    },
    /// No image has that name.
    #[error("no image is named `{name}`")]
    NoSuchImage {
        /// Asked for.
        name: String,
        /// What there is.
        available: Vec<String>,
    },
    /// No version of the image is asked for.
    #[error("image `{image}` has no version with {wanted}")]
    NoVersion {
        /// Image.
        image: String,
        /// ``latest: true`` or a subpath.
        wanted: String,
        /// What there is.
        available: Vec<String>,
    },
    /// A regular expression of a flag is wrong.
    #[error("`{flag} {text}` is not a regular expression: {message}")]
    Expression {
        /// Flag.
        flag: &'static str,
        /// Its value.
        text: String,
        /// The engine's sentence.
        message: String,
    },
}
