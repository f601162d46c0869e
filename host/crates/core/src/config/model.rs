//! The normalised configuration: every default filled in, every list de-duplicated and ordered as specified.
//! It holds what `bakery.yaml` says and nothing that was resolved from a network.

use std::{collections::BTreeMap, time::Duration};

use crate::model::{Channel, ComponentRef, Platform, SourceKey};

/// A whole `bakery.yaml`.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// `repository`.
    pub repository: Repository,
    /// `registries`, de-duplicated, sorted by base URL.
    pub registries: Vec<Registry>,
    /// `images`, in file order.
    pub images: Vec<Image>,
    /// `sources`: products and channels that this project adds or replaces.
    pub sources: Vec<SourceEntry>,
    /// `publish`.
    pub publish: PublishSettings,
    /// `templates`.
    pub templates: TemplateSettings,
}

/// `templates`: what rendering development versions needs beside the images' own template folders.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TemplateSettings {
    /// `macros`: folders with macro files, in order, relative to `bakery.yaml`.
    pub macros: Vec<String>,
}

/// `publish`: how long and how often publishing tries. What is absent is not set here: flags, environment and defaults
/// decide.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PublishSettings {
    /// `waitTimeout`: for how long sources, and tags just written, may lag.
    pub wait_timeout: Option<Duration>,
    /// `retry`.
    pub retry: RetrySettings,
}

/// `publish.retry`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RetrySettings {
    /// `attempts`, the first included, at least 1.
    pub attempts: Option<u32>,
    /// `initialBackoff`, written in seconds.
    pub initial_backoff: Option<Duration>,
    /// `maxBackoff`, written in seconds.
    pub max_backoff: Option<Duration>,
    /// `multiplier`, at least 1.
    pub multiplier: Option<f64>,
}

/// `repository`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repository {
    /// With scheme.
    pub url: String,
    /// Vendor label.
    pub vendor: String,
    /// Maintainer label.
    pub maintainer: Person,
    /// De-duplicated, sorted case-insensitively by their text.
    pub authors: Vec<Person>,
}

/// A name and a mail address; displayed as `Name <mail>`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Person {
    /// Display name.
    pub name: String,
    /// Mail address.
    pub email: String,
}

impl std::fmt::Display for Person {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} <{}>", self.name, self.email)
    }
}

/// A registry that images are tagged for.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Registry {
    /// `ghcr.io`.
    pub host: String,
    /// `posit-dev`.
    pub namespace: Option<String>,
    /// Replaces the image's name in references.
    pub repository: Option<String>,
}

impl Registry {
    /// `host[/namespace]`.
    #[must_use]
    pub fn base_url(&self) -> String {
        match &self.namespace {
            Some(namespace) => format!("{}/{namespace}", self.host),
            None => self.host.clone(),
        }
    }
}

/// One entry of `images`.
#[derive(Clone, Debug, PartialEq)]
pub struct Image {
    /// Name.
    pub name: String,
    /// Label text.
    pub display_name: String,
    /// Label text.
    pub description: Option<String>,
    /// Label text, with scheme.
    pub documentation_url: Option<String>,
    /// Directory of the image.
    pub subpath: String,
    /// The effective list: override alone, or own extras and then the global list.
    pub registries: Vec<Registry>,
    /// `dependencyConstraints`.
    pub dependency_constraints: Vec<DependencyConstraint>,
    /// `variants`, in file order.
    pub variants: Vec<Variant>,
    /// `versions`, in file order.
    pub versions: Vec<Version>,
    /// `devVersions`, in file order.
    pub dev_versions: Vec<DevVersion>,
    /// `matrix`.
    pub matrix: Option<Matrix>,
    /// `tagPatterns`; `None` means the default set.
    pub tag_patterns: Option<Vec<TagPattern>>,
    /// `buildTarget`.
    pub build_target: Option<String>,
    /// `buildSecrets`.
    pub build_secrets: Vec<BuildSecret>,
    /// `options`.
    pub options: Vec<ToolOptions>,
}

/// One entry of `variants`.
#[derive(Clone, Debug, PartialEq)]
pub struct Variant {
    /// Name.
    pub name: String,
    /// Gets the short tags.
    pub primary: bool,
    /// Ending of the Containerfile.
    pub extension: String,
    /// Text in tags.
    pub tag_display_name: String,
    /// Added to the image's patterns.
    pub tag_patterns: Vec<TagPattern>,
    /// Merged over the image's options, field by field.
    pub options: Vec<ToolOptions>,
}

/// One entry of `versions`.
#[derive(Clone, Debug, PartialEq)]
pub struct Version {
    /// Name.
    pub name: String,
    /// Directory below the image's.
    pub subpath: String,
    /// Gets the floating tags.
    pub latest: bool,
    /// De-duplicated, sorted by name.
    pub os: Vec<Os>,
    /// `dependencies`.
    pub dependencies: Vec<Dependency>,
    /// `values`.
    pub values: BTreeMap<String, String>,
    /// `buildTarget`, the version's own.
    pub build_target: Option<String>,
    /// The effective list.
    pub registries: Vec<Registry>,
}

/// One entry of an `os` list.
#[derive(Clone, Debug, PartialEq)]
pub struct Os {
    /// As written: `Ubuntu 24.04`.
    pub name: String,
    /// Gets the short tags.
    pub primary: bool,
    /// Platforms, in file order, at least one.
    pub platforms: Vec<Platform>,
    /// Ending of the Containerfile.
    pub extension: String,
    /// Text in tags.
    pub tag_display_name: String,
    /// `artifactDownloadURL`.
    pub artifact_download_url: Option<String>,
}

/// A dependency name: one of the four that bakery knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DependencyName {
    /// `python`.
    Python,
    /// `R`.
    R,
    /// `quarto`.
    Quarto,
    /// `positron`.
    Positron,
}

impl DependencyName {
    /// Every name.
    pub const ALL: [Self; 4] = [Self::Python, Self::R, Self::Quarto, Self::Positron];

    /// The word in `bakery.yaml`, labels and names.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Python => "python",
            Self::R => "R",
            Self::Quarto => "quarto",
            Self::Positron => "positron",
        }
    }
}

/// A dependency with its pinned versions.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Dependency {
    /// Which.
    pub name: DependencyName,
    /// At least one.
    pub versions: Vec<String>,
}

/// `constraint`, checked: see `docs/reference/bakery-yaml.md` for the rules.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Constraint {
    /// `latest`.
    pub latest: bool,
    /// `count`, more than zero; already 1 where `latest: true` stands alone.
    pub count: Option<u32>,
    /// `min`, inclusive.
    pub min: Option<String>,
    /// `max`, as a prefix.
    pub max: Option<String>,
}

/// One entry of `dependencyConstraints`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DependencyConstraint {
    /// Which.
    pub name: DependencyName,
    /// Rule.
    pub constraint: Constraint,
    /// Counts prereleases (quarto, positron).
    pub prerelease: bool,
}

/// One entry of `devVersions`.
#[derive(Clone, Debug, PartialEq)]
pub struct DevVersion {
    /// Where its version comes from.
    pub source: DevSource,
    /// De-duplicated, sorted by name.
    pub os: Vec<Os>,
    /// `values`.
    pub values: BTreeMap<String, String>,
    /// The effective list.
    pub registries: Vec<Registry>,
    /// What a pinned version means.
    pub pin_policy: PinPolicy,
    /// Line in `bakery.yaml`, 1-based, for messages.
    pub line: usize,
}

/// `sourceType`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum DevSource {
    /// A channel of a product.
    Channel {
        /// Product and channel.
        key: SourceKey,
        /// `release_branch` of the entry.
        release_branch: Option<String>,
    },
    /// The newest version of a dependency.
    Dependency {
        /// Which.
        name: DependencyName,
        /// Counts prereleases.
        prerelease: bool,
        /// `preview` or `daily`, for tags and filters.
        channel: Option<Channel>,
    },
}

impl DevSource {
    /// The channel, where the entry has one.
    #[must_use]
    pub fn channel(&self) -> Option<Channel> {
        match self {
            Self::Channel { key, .. } => Some(key.channel),
            Self::Dependency { channel, .. } => *channel,
        }
    }

    /// The product, or the dependency.
    #[must_use]
    pub fn product(&self) -> &str {
        match self {
            Self::Channel { key, .. } => &key.product,
            Self::Dependency { name, .. } => name.as_str(),
        }
    }

    /// `channel` or `dependency`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Channel { .. } => "channel",
            Self::Dependency { .. } => "dependency",
        }
    }
}

/// `pinned` of a development version.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum PinPolicy {
    /// The upstream must have exactly the pinned version.
    #[default]
    Equal,
    /// Put the pin into the upstream's URL and ask whether that artifact exists.
    Substitute,
}

/// `matrix`.
#[derive(Clone, Debug, PartialEq)]
pub struct Matrix {
    /// Directory, default `matrix`.
    pub subpath: String,
    /// Template of the row's name.
    pub name_pattern: String,
    /// Pinned axes, in file order.
    pub dependencies: Vec<Dependency>,
    /// Resolved axes, in file order.
    pub dependency_constraints: Vec<DependencyConstraint>,
    /// Free axes, in file order.
    pub values: Vec<(String, MatrixValue)>,
    /// De-duplicated, sorted by name.
    pub os: Vec<Os>,
    /// The effective list.
    pub registries: Vec<Registry>,
    /// `buildTarget`, the matrix's own.
    pub build_target: Option<String>,
}

/// A free axis.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MatrixValue {
    /// One value.
    One(String),
    /// An axis.
    Many(Vec<String>),
}

/// One entry of `tagPatterns`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TagPattern {
    /// Templates.
    pub patterns: Vec<String>,
    /// All must hold; empty means `all`.
    pub only: Vec<TagFilter>,
}

/// When a tag pattern applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TagFilter {
    /// Always.
    All,
    /// The version is the latest.
    Latest,
    /// The row is the newest patch of its group.
    LatestPatch,
    /// The operating system is primary, or there is none.
    PrimaryOs,
    /// The variant is primary, or there is none.
    PrimaryVariant,
    /// The version is what its channel points to.
    ChannelLatest,
}

impl TagFilter {
    /// Every filter with its word in `bakery.yaml`.
    pub const ALL: [(Self, &'static str); 6] = [
        (Self::All, "all"),
        (Self::Latest, "latest"),
        (Self::LatestPatch, "latestPatch"),
        (Self::PrimaryOs, "primaryOS"),
        (Self::PrimaryVariant, "primaryVariant"),
        (Self::ChannelLatest, "channelLatest"),
    ];
}

/// One entry of `buildSecrets`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BuildSecret {
    /// Id for the build.
    pub id: String,
    /// Environment variable that holds it.
    pub env_var: String,
}

/// One entry of `options`: the fields that were set, as JSON, keyed by tool.
#[derive(Clone, Debug, PartialEq)]
pub struct ToolOptions {
    /// `goss`, `hadolint`, `soci` or `wizcli`.
    pub tool: String,
    /// The fields that were written, without `tool`.
    pub fields: serde_json::Map<String, serde_json::Value>,
}

/// One row of the products table: embedded, or from `sources:`.
#[derive(Clone, Debug, PartialEq)]
pub struct SourceEntry {
    /// Product and channel.
    pub key: SourceKey,
    /// Which component answers.
    pub component: ComponentRef,
    /// The component's own configuration, a JSON object.
    pub config: serde_json::Value,
    /// What the component may read: `https://host[:port]/path-prefix`.
    pub allow: Vec<String>,
    /// Whether a pinned version is rendered without any network.
    pub offline_when_pinned: bool,
}
