//! Targets: one image to build and publish each, with everything that depends on names alone.
//! Time, revision and registries of the run come in later.

use sha2::{Digest as _, Sha256};

use super::{
    Build, Builds, Identity, PlanError, System, build::Pins, labels, publish::BuiltTarget, tags, template,
};
use crate::{
    config::{BuildSecret, TagPattern, Variant},
    model::Platform,
};

/// One image to build and publish.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    /// The contract between building and publishing.
    pub uid: String,
    /// Its names.
    pub identity: Identity,
    /// Whether its version is the latest of its image.
    pub latest: bool,
    /// Whether its version is built from the matrix directory.
    pub matrix: bool,
    /// Whether it is a development version.
    pub dev: bool,
    /// Whether its operating system is primary, or there is none.
    pub primary_os: bool,
    /// Whether its variant is primary, or there is none.
    pub primary_variant: bool,
    /// Platforms to build, at least one.
    pub platforms: Vec<Platform>,
    /// Path of the Containerfile, relative to `bakery.yaml`.
    pub dockerfile: String,
    /// Build arguments.
    pub args: Vec<(String, String)>,
    /// Tags without repository, sorted.
    pub suffixes: Vec<String>,
    /// Where the image is published: repository and tag, sorted as text.
    pub references: Vec<String>,
    /// Stage to build.
    pub build_target: Option<String>,
    /// Secrets of the build.
    pub secrets: Vec<BuildSecret>,
    /// The URL that a template gets for its download, see [`ResolvedOs::download_url`](super::ResolvedOs::download_url).
    pub download_url: Option<String>,
    /// What its build says about it in metadata files.
    pub built: BuiltTarget,
    pub(super) fixed_labels: Vec<(String, String)>,
    pub(super) cache_tag: String,
    pins: Pins,
}

impl Target {
    /// The same under other names and for other platforms, with more labels.
    #[must_use]
    pub fn renamed(
        mut self,
        references: Vec<String>,
        platforms: Vec<Platform>,
        labels: impl IntoIterator<Item = (String, String)>,
    ) -> Self {
        self.references = references;
        self.platforms = platforms;
        self.fixed_labels.extend(labels);
        self
    }

    /// The same, built on these images.
    #[must_use]
    pub fn pinned(mut self, pins: Pins) -> Self {
        self.pins = pins;
        self
    }

    /// Images that it is built on, whatever their tags name.
    #[must_use]
    pub fn pins(&self) -> &Pins {
        &self.pins
    }

    /// The repository that builds for single platforms are pushed to by digest: `<registry>/<image>/tmp`.
    #[must_use]
    pub fn temp_repository(&self, registry: &str) -> String {
        format!("{registry}/{}/tmp", self.identity.image)
    }

    /// Where the index of these sources is put before it is published: `<registry>/<image>/tmp:<uid><hash>`, where the
    /// hash is the first ten hexadecimal digits of the sha256 of the sources written one after the other.
    #[must_use]
    pub fn temp_index(&self, registry: &str, sources: &[String]) -> String {
        let hash = Sha256::digest(sources.concat());
        let hex: String = hash.iter().take(5).map(|byte| format!("{byte:02x}")).collect();
        format!("{}:{}{hex}", self.temp_repository(registry), self.uid)
    }

    /// The reference of its layer cache: `<registry>/<image>/cache:<version>[-os][-variant][-architecture]`, the
    /// architecture only where a single platform is built.
    #[must_use]
    pub fn cache_reference(&self, registry: &str) -> String {
        let architecture = match self.platforms[..] {
            [only] => format!("-{}", only.architecture()),
            _ => String::new(),
        };
        format!("{}:{}{architecture}", self.cache_repository(registry), self.cache_tag)
    }

    /// The repository of its layer cache: `<registry>/<image>/cache`.
    #[must_use]
    pub fn cache_repository(&self, registry: &str) -> String {
        format!("{registry}/{}/cache", self.identity.image)
    }

    /// All labels, in the order in which they are written.
    #[must_use]
    pub fn labels<'a>(&'a self, created: &'a str, revision: Option<&'a str>) -> Vec<(String, &'a str)> {
        labels::stamped_labels(&self.fixed_labels, created, revision)
    }
}

impl std::fmt::Display for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.identity.fmt(f)
    }
}

/// Every target of the builds, in the predecessor's order: by image, version, variant and operating system as text.
///
/// # Errors
/// A tag pattern that does not render, or a tag that no registry accepts.
pub fn targets(builds: &Builds<'_>) -> Result<Vec<Target>, PlanError> {
    let environment = template::environment();
    let mut targets = Vec::new();
    for build in &builds.builds {
        let patterns = tags::image_patterns(build.image);
        for variant in &build.variants {
            for system in &build.systems {
                targets.push(target(builds, build, *variant, system, &patterns, &environment)?);
            }
        }
    }
    targets.sort_by_cached_key(|target: &Target| target.identity.sort_key());
    Ok(targets)
}

fn target(
    builds: &Builds<'_>,
    build: &Build<'_>,
    variant: Option<&Variant>,
    system: &System,
    patterns: &[TagPattern],
    environment: &minijinja::Environment<'_>,
) -> Result<Target, PlanError> {
    let os = system.os.as_ref().map(|resolved| &resolved.os);
    let identity = build.identity(variant, system);
    let suffixes = tags::suffixes(environment, patterns, build, variant, os)?;
    let mut args = build.args.clone();
    let artifacts = system.os.iter().flat_map(|resolved| &resolved.artifacts);
    args.extend(artifacts.filter(|a| system.platforms.contains(&a.platform)).flat_map(|a| a.build_args()));
    let part =
        |text: Option<&str>, before: char| text.map_or_else(String::new, |text| format!("{before}{text}"));
    let version = build.name.split('+').next().unwrap_or_default();
    let os_tag = part(os.map(|os| os.tag_display_name.as_str()), '-');
    let variant_tag = part(variant.map(|variant| variant.tag_display_name.as_str()), '-');
    Ok(Target {
        uid: identity.uid(),
        latest: build.latest,
        matrix: build.matrix,
        dev: build.is_dev(),
        primary_os: os.is_none_or(|os| os.primary),
        primary_variant: variant.is_none_or(|variant| variant.primary),
        platforms: system.platforms.clone(),
        dockerfile: format!(
            "{}/{}/Containerfile{}{}",
            build.image.subpath,
            build.subpath,
            part(os.map(|os| os.extension.as_str()), '.'),
            part(variant.map(|variant| variant.extension.as_str()), '.'),
        ),
        args,
        references: tags::references(build.image, build.registries, &suffixes),
        suffixes,
        build_target: build.build_target.map(str::to_owned),
        secrets: build.image.build_secrets.clone(),
        download_url: system.os.as_ref().and_then(super::ResolvedOs::download_url),
        fixed_labels: labels::fixed_labels(builds.config, build, variant, os),
        cache_tag: format!("{}{os_tag}{variant_tag}", template::tag_safe(version)),
        built: BuiltTarget::new(identity.clone(), build),
        identity,
        pins: Pins::default(),
    })
}
