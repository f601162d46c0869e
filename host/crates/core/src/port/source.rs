//! Version resolution as `run` asks for it: questions in, answers out, whoever answers.

use std::time::Duration;

use super::{BoxFuture, Failure};
use crate::{
    config::{Constraint, DependencyName},
    model::{BuildOs, ComponentRef, Digest, Platform},
};

/// One operating system of a query.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct OsTarget {
    /// The operating system.
    pub os: BuildOs,
    /// The platform whose artifact is asked for.
    pub platform: Platform,
}

/// A question to a version source. Equal questions are asked once per run.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SourceQuery {
    /// Which component answers.
    pub component: ComponentRef,
    /// Product, or dependency.
    pub product: String,
    /// Channel word.
    pub channel: String,
    /// The version a dispatch asked for.
    pub pinned: Option<String>,
    /// Release branch.
    pub branch: Option<String>,
    /// Whether a pin is put into the upstream's URL instead of compared with what it says.
    pub substitute: bool,
    /// Operating systems, in order.
    pub targets: Vec<OsTarget>,
    /// JSON object.
    pub config: String,
    /// URL prefixes the component may read; empty means no network at all.
    pub allow: Vec<String>,
}

/// How a question may be answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SourceCall {
    /// How long to wait for an upstream that does not yet have the pinned version.
    pub wait: Duration,
}

/// One artifact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Artifact {
    /// What the upstream says its version is.
    pub version: String,
    /// Where to download it.
    pub url: String,
    /// Its digest, where the upstream gives one.
    pub digest: Option<Digest>,
    /// Bytes, where the upstream gives them.
    pub size: Option<u64>,
}

/// An answer. `artifacts[i]` answers `targets[i]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolution {
    /// One result per target.
    pub artifacts: Vec<Result<Artifact, SourceError>>,
    /// What the channel points to now.
    pub head: Option<String>,
    /// The URL that was read.
    pub origin: Option<String>,
    /// When the upstream says it was written.
    pub published: Option<String>,
    /// How long the host waited for the upstream.
    pub waited: Duration,
    /// How many times the source was asked.
    pub attempts: u32,
}

/// A question for the versions of a dependency.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ListQuery {
    /// Which component answers.
    pub component: ComponentRef,
    /// Which dependency.
    pub dependency: DependencyName,
    /// Counts prereleases.
    pub prerelease: bool,
    /// Rule.
    pub constraint: Constraint,
    /// JSON object.
    pub config: String,
    /// URL prefixes the component may read.
    pub allow: Vec<String>,
}

/// What a dispatch payload says, as the override component read it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DispatchSpec {
    /// Unknown fields, in sentences.
    pub warnings: Vec<String>,
    /// `version`.
    pub version: Option<String>,
    /// `channel`.
    pub channel: Option<String>,
    /// `release_branch`.
    pub branch: Option<String>,
    /// `image`.
    pub image: Option<String>,
    /// `product`.
    pub product: Option<String>,
}

/// A development version that a payload could mean.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OverrideCandidate {
    /// Position in the list that was given.
    pub id: u32,
    /// Image.
    pub image: String,
    /// Product or dependency.
    pub product: String,
    /// Channel word.
    pub channel: Option<String>,
    /// `channel` or `dependency`.
    pub source: String,
}

/// What a payload pins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OverridePin {
    /// Which candidate.
    pub candidate: u32,
    /// Version.
    pub version: Option<String>,
    /// Release branch.
    pub branch: Option<String>,
}

/// Why a payload cannot be applied.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OverrideError {
    /// The payload is wrong.
    #[error("{0}")]
    InvalidSpec(String),
    /// Several development versions match.
    #[error("the payload matches several development versions")]
    Ambiguous {
        /// Which candidates.
        candidates: Vec<u32>,
        /// The field that would tell them apart.
        field: Option<String>,
    },
    /// None matches.
    #[error("{0}")]
    NothingMatches(String),
    /// The component itself failed.
    #[error(transparent)]
    Failed(#[from] Failure),
}

/// Why a source did not answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SourceError {
    /// The entry's configuration is wrong.
    #[error("{0}")]
    InvalidConfig(String),
    /// Product, channel or target is not served.
    #[error("{0}")]
    Unsupported(String),
    /// The upstream has nothing for this question.
    #[error("{0}")]
    NotFound(String),
    /// The upstream's answer is not an answer.
    #[error("{0}")]
    InvalidAnswer(String),
    /// The upstream has another version than the one asked for.
    #[error("the upstream has `{found}`, not the pinned `{pinned}`")]
    Mismatch {
        /// Asked for.
        pinned: String,
        /// Found.
        found: String,
        /// The URL that was read.
        origin: String,
        /// When the upstream says it was written.
        published: Option<String>,
        /// How long the host waited for it.
        waited: Duration,
    },
    /// The upstream names different versions for the operating systems of one image.
    #[error("the upstream is half propagated: it names several versions")]
    Torn {
        /// Operating system and version.
        versions: Vec<(String, String)>,
        /// The URL that was read.
        origin: String,
        /// How long the host waited for it.
        waited: Duration,
    },
    /// A host call, or the component itself, failed.
    #[error(transparent)]
    Failed(#[from] Failure),
}

/// Everything that answers version questions. Implemented by the sandbox.
pub trait Resolvers: Send + Sync {
    /// Asks a version source. Mismatches and torn answers are waited for, up to `call.wait`.
    fn resolve<'a>(
        &'a self,
        query: &'a SourceQuery,
        call: SourceCall,
    ) -> BoxFuture<'a, Result<Resolution, SourceError>>;

    /// Lists versions of a dependency, newest first.
    fn list<'a>(&'a self, query: &'a ListQuery) -> BoxFuture<'a, Result<Vec<String>, SourceError>>;

    /// Reads a dispatch payload.
    fn check_spec<'a>(&'a self, spec: &'a str) -> BoxFuture<'a, Result<DispatchSpec, OverrideError>>;

    /// Applies a dispatch payload to candidates.
    fn plan_spec<'a>(
        &'a self,
        spec: &'a str,
        candidates: &'a [OverrideCandidate],
    ) -> BoxFuture<'a, Result<Vec<OverridePin>, OverrideError>>;
}
