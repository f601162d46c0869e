//! The versions that will be built: configuration, filters and answers put together, once, for every command.
//! What is in here is in the matrix and in the targets alike.

use super::{
    DevRef, Facts, Identity, PlanError, Questions, ResolvedDev, ResolvedOs, Selection, Skipped,
    artifact::NO_OS_PLATFORMS, assemble::Assembly, identity,
};
use crate::{
    config::{Config, Dependency, Image, Os, Registry, Variant},
    model::{Channel, Platform},
};

/// The versions that will be built, in the order of the rows.
#[derive(Clone, Debug)]
pub struct Builds<'c> {
    /// The configuration they come from.
    pub config: &'c Config,
    /// Versions, in file order; within an image its versions or matrix rows first, then development versions.
    pub builds: Vec<Build<'c>>,
    /// What was resolved, for reports.
    pub resolved: Vec<(DevRef, ResolvedDev)>,
    /// What could not be resolved. A run fails when this is not empty, unless the user says `--keep-going`.
    pub skipped: Vec<Skipped>,
    /// Names that every filter but `--image-version` left.
    pub considered: Vec<String>,
    /// Sentences for the user.
    pub warnings: Vec<String>,
    /// Sentences for whoever builds: artifacts whose URL the upstream did not name.
    pub guesses: Vec<String>,
}

/// Where a version comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BuildKind {
    /// An entry of `versions`.
    Release,
    /// A row of the matrix.
    Row,
    /// An entry of `devVersions`.
    Dev(DevRef),
}

/// One version that will be built.
#[derive(Clone, Debug)]
pub struct Build<'c> {
    /// Its image.
    pub image: &'c Image,
    /// Where it comes from.
    pub kind: BuildKind,
    /// Its name.
    pub name: String,
    /// Its directory below the image's.
    pub subpath: String,
    /// Whether it gets the floating tags.
    pub latest: bool,
    /// Whether it is the newest patch of its group of rows.
    pub latest_patch: bool,
    /// Whether it is built from the matrix directory, with build arguments.
    pub matrix: bool,
    /// What it is built on, at least one; narrowed by the filters.
    pub systems: Vec<System>,
    /// The variants to build, at least one; `None` where the image has none. Narrowed by the filters.
    pub variants: Vec<Option<&'c Variant>>,
    /// Where its tags go.
    pub registries: &'c [Registry],
    /// Versions of its dependencies, for labels.
    pub dependencies: Vec<Dependency>,
    /// Build arguments of a matrix version.
    pub args: Vec<(String, String)>,
    /// Stage to build.
    pub build_target: Option<&'c str>,
    /// Channel of a development version.
    pub channel: Option<Channel>,
    /// Whether the channel points to it; `None` for what has no channel of its own.
    pub channel_latest: Option<bool>,
}

/// One operating system of a version, with the platforms to build.
#[derive(Clone, Debug, PartialEq)]
pub struct System {
    /// `None` for a version without operating systems.
    pub os: Option<ResolvedOs>,
    /// At least one.
    pub platforms: Vec<Platform>,
}

impl Build<'_> {
    /// Whether it is a development version.
    #[must_use]
    pub fn is_dev(&self) -> bool {
        matches!(self.kind, BuildKind::Dev(_))
    }

    /// The union of the platforms over the operating systems, in order of first appearance.
    #[must_use]
    pub fn platforms(&self) -> Vec<Platform> {
        let mut union = Vec::new();
        for platform in self.systems.iter().flat_map(|system| &system.platforms) {
            if !union.contains(platform) {
                union.push(*platform);
            }
        }
        union
    }

    /// The names of one of its targets.
    pub(super) fn identity(&self, variant: Option<&Variant>, system: &System) -> Identity {
        Identity {
            image: self.image.name.clone(),
            version: self.name.clone(),
            variant: variant.map(|variant| variant.name.clone()),
            os: system.os.as_ref().map(|resolved| resolved.os.name.clone()),
            channel: self.channel,
        }
    }

    /// The names of all of its targets.
    pub(super) fn identities(&self) -> impl Iterator<Item = Identity> + '_ {
        self.variants
            .iter()
            .flat_map(|variant| self.systems.iter().map(|system| self.identity(*variant, system)))
    }
}

/// Puts configuration, filters and answers together.
///
/// `questions` must come from the same configuration and selection, `facts` hold the answers to all of them. What
/// could not be resolved is data: it is in `skipped`, and whether the run goes on is the caller's decision.
///
/// # Errors
/// A matrix that cannot be expanded, and two targets with one identifier.
pub fn select<'c>(
    config: &'c Config,
    selection: &Selection,
    questions: &Questions,
    facts: &Facts,
) -> Result<Builds<'c>, PlanError> {
    let mut assembly = Assembly::new(config, selection, questions, facts);
    for (at, image) in config.images.iter().enumerate() {
        if !selection.takes_image(image) {
            continue;
        }
        if selection.takes_releases() {
            if selection.takes_matrix(image) {
                assembly.rows(at, image)?;
            } else {
                assembly.releases(image);
            }
        }
        assembly.dev_versions(at, image);
    }
    let builds = assembly.finish();
    identity::check_unique(builds.builds.iter().flat_map(Build::identities))?;
    Ok(builds)
}

/// The operating systems that the filters leave, with their platforms; empty when nothing is left.
pub(super) fn narrow_systems(selection: &Selection, systems: Vec<ResolvedOs>) -> Vec<System> {
    let systems: Vec<Option<ResolvedOs>> =
        if systems.is_empty() { vec![None] } else { systems.into_iter().map(Some).collect() };
    systems
        .into_iter()
        .filter(|os| selection.takes_os(os.as_ref().map(|resolved| resolved.os.name.as_str())))
        .map(|os| {
            let all = os.as_ref().map_or(NO_OS_PLATFORMS.as_slice(), |resolved| &resolved.os.platforms);
            System { platforms: selection.narrow_platforms(all), os }
        })
        .filter(|system| !system.platforms.is_empty())
        .collect()
}

/// The variants that the filters leave; empty when nothing is left.
pub(super) fn narrow_variants<'c>(selection: &Selection, image: &'c Image) -> Vec<Option<&'c Variant>> {
    let variants: Vec<Option<&Variant>> =
        if image.variants.is_empty() { vec![None] } else { image.variants.iter().map(Some).collect() };
    variants.into_iter().filter(|variant| selection.takes_variant(variant.map(|v| v.name.as_str()))).collect()
}

/// Operating systems as configured, without artifacts.
pub(super) fn configured(systems: &[Os]) -> Vec<ResolvedOs> {
    systems.iter().map(|os| ResolvedOs { os: os.clone(), artifacts: Vec::new() }).collect()
}
