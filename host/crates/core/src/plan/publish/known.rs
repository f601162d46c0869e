//! From identified targets to targets with tags, as the configuration makes them. A tag that depends on something that
//! neither the configuration nor the metadata say is left alone, and that is told.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    PublishError, devs,
    identify::{Which, has_open_axes},
    merge::Source,
    rows::{self, only},
    scope::Scope,
};
use crate::{
    config::{Config, DependencyName},
    plan::{
        Build, Builds, Facts, Inclusion, MatrixQuestion, Pin, PlanError, Questions, Selection, Target,
        select, targets,
    },
};

/// A target as it will be published.
#[derive(Clone, Debug)]
pub(super) struct Known {
    pub(super) target: Target,
    /// Whether its configuration names no registry.
    pub(super) homeless: bool,
    /// References that it would have, were it known to be the latest; and why that is not known.
    pub(super) left_alone: Option<(Vec<String>, &'static str)>,
    /// Dependencies whose versions, for labels, only the build knows.
    pub(super) tools: Vec<DependencyName>,
}

/// One identified target with its sources.
pub(super) struct Identified<'m> {
    pub(super) uid: &'m str,
    pub(super) which: Which,
    pub(super) sources: Vec<Source<'m>>,
}

/// Whether a version or row is the latest of its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Latest {
    Yes,
    No,
    /// Nobody says it, and why.
    Unknown(&'static str),
}

/// One version, made with the tags of the latest and without them.
pub(super) struct Made<'c> {
    pub(super) with: Build<'c>,
    pub(super) without: Build<'c>,
    pub(super) latest: Latest,
    pub(super) tools: Vec<DependencyName>,
}

/// The builds that the configuration alone gives. An image with a matrix has its `versions`, too.
pub(super) fn fixed(scope: Scope<'_>) -> Result<Vec<Builds<'_>>, PlanError> {
    let selection = Selection {
        image_name: scope.filter.cloned(),
        matrix_versions: Inclusion::Include,
        ..Selection::default()
    };
    let matrices = scope.images().filter(|(_, image)| image.matrix.is_some() && !has_open_axes(image));
    let matrices = matrices.map(|(image, _)| MatrixQuestion { image, axes: Vec::new() }).collect();
    let questions = Questions { matrices, ..Questions::default() };
    let facts = Facts::default();
    let mut all = vec![select(scope.config, &selection, &questions, &facts)?];
    // Where both exist, one selection has either the matrix or the versions, and a build can have been of either.
    for (_, image) in scope.images().filter(|(_, i)| i.matrix.is_some() && !i.versions.is_empty()) {
        all.push(select(scope.config, &only(image)?, &Questions::default(), &facts)?);
    }
    Ok(all)
}

/// The identifiers of builds.
pub(super) fn identifiers(builds: &[Builds<'_>]) -> BTreeSet<String> {
    builds.iter().flat_map(|b| &b.builds).flat_map(Build::identities).map(|identity| identity.uid()).collect()
}

/// The identifiers of builds of images that the filter leaves out. What is wrong with those images is not told here:
/// this run has nothing to do with them.
pub(super) fn others(scope: Scope<'_>) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for image in scope.left_out() {
        let Ok(Selection { image_name: Some(filter), .. }) = only(image) else { continue };
        let one = Scope { config: scope.config, filter: Some(&filter) };
        all.extend(fixed(one).iter().flat_map(|builds| identifiers(builds)));
    }
    all
}

/// The targets of everything that was identified, by identifier; what fails is noted and left out.
pub(super) fn known<'m>(
    scope: Scope<'_>,
    fixed: &[Builds<'_>],
    identified: &[Identified<'m>],
    pins: &[Pin],
    warnings: &mut Vec<String>,
) -> (BTreeMap<&'m str, Known>, Vec<PublishError>) {
    let mut errors = Vec::new();
    let mut fixed_targets: BTreeMap<String, Known> = BTreeMap::new();
    for builds in fixed {
        match tagged(builds) {
            // What the matrix of an image has, its `versions` have not.
            Ok(tagged) => tagged.into_iter().for_each(|one| {
                fixed_targets.entry(one.target.uid.clone()).or_insert(one);
            }),
            Err(error) => errors.push(error.into()),
        }
    }
    let mut groups: BTreeMap<&Which, Vec<&Identified<'m>>> = BTreeMap::new();
    for one in identified {
        groups.entry(&one.which).or_default().push(one);
    }
    let mut all: BTreeMap<&'m str, Known> = BTreeMap::new();
    let mut take = |members: &[&Identified<'m>], found: Result<Vec<Known>, PublishError>| {
        let of = |one: &Known| members.iter().find(|m| m.uid == one.target.uid).map(|m| m.uid);
        match found {
            Ok(found) => all.extend(found.into_iter().filter_map(|one| Some((of(&one)?, one)))),
            Err(error) => errors.push(error),
        }
    };
    let axes = rows::BuiltAxes::of(scope.config, identified);
    let mut heads = devs::Heads::default();
    for (which, members) in &groups {
        match which {
            Which::Fixed => {
                let found = members.iter().filter_map(|member| fixed_targets.get(member.uid).cloned());
                take(members, Ok(found.collect()));
            }
            Which::Dev(at, version) => {
                let made = devs::make(scope, *at, version, members, pins);
                let settled = made.and_then(|made| {
                    let settled = settle(scope.config, made)?;
                    heads.check(scope.config, *at, version, &settled)?;
                    let published = |one: &&Known| members.iter().any(|m| m.uid == one.target.uid);
                    let published: Vec<&Known> = settled.known.iter().filter(published).collect();
                    warnings.extend(devs::without_primary(scope.config, *at, &published));
                    Ok(settled.known)
                });
                take(members, settled);
            }
            Which::Row(image, name) => {
                for member in members {
                    let made = rows::make(scope, *image, name, member, &axes);
                    let settled = made.and_then(|made| Ok(settle(scope.config, made)?.known));
                    take(&[*member], settled);
                }
            }
        }
    }
    (all, errors)
}

/// Targets of one version, settled, and whether they have tags that only the latest one has.
pub(super) struct Settled {
    pub(super) known: Vec<Known>,
    pub(super) moves_latest: bool,
}

fn settle(config: &Config, made: Made<'_>) -> Result<Settled, PlanError> {
    let Made { with, without, latest, tools } = made;
    let (with, without) = (tagged(&alone(config, with))?, tagged(&alone(config, without))?);
    let differs = with.iter().zip(&without).any(|(a, b)| a.target.references != b.target.references);
    let known: Vec<Known> = match latest {
        Latest::Yes => with,
        Latest::No => without,
        Latest::Unknown(reason) => {
            without.into_iter().zip(with).map(|(one, full)| left_alone(one, &full, reason)).collect()
        }
    };
    let known = known.into_iter().map(|one| Known { tools: tools.clone(), ..one }).collect();
    Ok(Settled { known, moves_latest: latest == Latest::Yes && differs })
}

fn left_alone(mut one: Known, full: &Known, reason: &'static str) -> Known {
    let missing =
        full.target.references.iter().filter(|reference| !one.target.references.contains(reference));
    let missing: Vec<String> = missing.cloned().collect();
    one.left_alone = (!missing.is_empty()).then_some((missing, reason));
    one
}

fn alone<'c>(config: &'c Config, build: Build<'c>) -> Builds<'c> {
    Builds {
        config,
        builds: vec![build],
        resolved: Vec::new(),
        skipped: Vec::new(),
        considered: Vec::new(),
        warnings: Vec::new(),
        guesses: Vec::new(),
    }
}

/// The targets of builds.
fn tagged(builds: &Builds<'_>) -> Result<Vec<Known>, PlanError> {
    let homeless: BTreeSet<String> = builds
        .builds
        .iter()
        .filter(|build| build.registries.is_empty())
        .flat_map(Build::identities)
        .map(|identity| identity.uid())
        .collect();
    let known = |target: Target| Known {
        homeless: homeless.contains(&target.uid),
        target,
        left_alone: None,
        tools: Vec::new(),
    };
    Ok(targets(builds)?.into_iter().map(known).collect())
}
