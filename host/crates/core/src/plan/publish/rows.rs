//! Rows of matrices whose axes upstreams decide. The metadata say which versions a row was built with; whether the row
//! is the latest can only be said where the rows that were built prove it, or where the build itself said so.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    BuiltTarget, PublishError,
    identify::Which,
    known::{Identified, Latest, Made},
    merge::Source,
    scope::Scope,
};
use crate::{
    config::{Config, Constraint, DependencyConstraint, DependencyName, Image},
    model::ComponentRef,
    plan::{
        Build, Builds, Facts, Inclusion, MatrixQuestion, PlanError, Questions, Selection, pep440::Pep440,
        select, template::strip_patch,
    },
    port::ListQuery,
};

const UNPROVEN: &str = "the metadata do not say whether it is the latest row (`latest` of `bakery.target`)";

/// The versions on the open axes of a row, as its newest build says them.
///
/// # Errors
/// The dependency whose version nobody says.
fn values(image: &Image, sources: &[Source<'_>]) -> Result<Vec<String>, DependencyName> {
    constraints(image)
        .map(|constraint| {
            let says = |source: &Source<'_>| value(source, constraint.name);
            sources.iter().find_map(says).ok_or(constraint.name)
        })
        .collect()
}

fn value(source: &Source<'_>, name: DependencyName) -> Option<String> {
    let entry = source.found.entry;
    let built = entry.built.as_ref().and_then(|built| built.dependencies.get(name.as_str()));
    let argument = || entry.build_args.get(&format!("{}_VERSION", name.as_str().to_uppercase()));
    let label = || entry.labels.get(&format!("co.posit.image.tools.{}", name.as_str()));
    built.or_else(argument).or_else(label).cloned()
}

/// The versions on the open axes of each matrix that rows were built with, by the image's position.
#[derive(Debug, Default)]
pub(super) struct BuiltAxes(BTreeMap<usize, Vec<BTreeSet<String>>>);

impl BuiltAxes {
    /// Collects them from all rows of the metadata.
    pub(super) fn of(config: &Config, identified: &[Identified<'_>]) -> Self {
        let mut all = Self::default();
        for one in identified {
            let Which::Row(at, _) = one.which else { continue };
            let Some(image) = config.images.get(at) else { continue };
            let Ok(values) = values(image, &one.sources) else { continue };
            let axes = all.0.entry(at).or_insert_with(|| vec![BTreeSet::new(); values.len()]);
            for (axis, value) in axes.iter_mut().zip(values) {
                axis.insert(value);
            }
        }
        all
    }
}

/// Makes a row that was built.
///
/// A row is the latest where its build says so. Where it does not, it can only be the latest where it is the highest
/// of all rows that were built, and where these prove that there is no higher one.
pub(super) fn make<'c>(
    scope: Scope<'c>,
    image_at: usize,
    name: &str,
    member: &Identified<'_>,
    built: &BuiltAxes,
) -> Result<Made<'c>, PublishError> {
    let file = || member.sources.first().map_or_else(String::new, |source| source.found.file.to_owned());
    let unknown =
        || PublishError::UnknownTarget { file: file(), uid: member.uid.to_owned(), near: Vec::new() };
    let image = scope.config.images.get(image_at).ok_or_else(unknown)?;
    let own = values(image, &member.sources).map_err(|dependency| PublishError::Unidentified {
        file: file(),
        uid: member.uid.to_owned(),
        lacks: format!("which version of `{}` it has", dependency.as_str()),
    })?;
    let mut builds = expand(scope.config, image_at, image, &own)?;
    if let Some(skipped) = builds.skipped.pop() {
        let (file, uid) = (file(), member.uid.to_owned());
        return Err(PublishError::Skipped { file, uid, skipped: Box::new(skipped) });
    }
    let build = builds.builds.into_iter().find(|build| build.name == name).ok_or_else(unknown)?;
    let standing = standing(image, &own, built.0.get(&image_at).map_or(&[][..], Vec::as_slice));
    let says = |flag: fn(&BuiltTarget) -> Option<bool>| {
        let mut says = member.sources.iter().filter_map(|source| flag(source.found.entry.built.as_ref()?));
        says.next().map(|first| first && says.all(|other| other))
    };
    let latest = match says(|built| built.latest) {
        Some(true) => Latest::Yes,
        Some(false) => Latest::No,
        None if !(build.latest && standing.highest) => Latest::No,
        None if standing.proven => Latest::Yes,
        None => Latest::Unknown(UNPROVEN),
    };
    let latest_patch =
        says(|built| built.latest_patch).unwrap_or(build.latest_patch && standing.newest_patch);
    let with = Build { latest: true, latest_patch, ..build };
    let without = Build { latest: false, ..with.clone() };
    Ok(Made { with, without, latest, tools: Vec::new() })
}

/// Expands the matrix with the versions of one row alone: that row, and those that other axes multiply it by.
fn expand<'c>(
    config: &'c Config,
    at: usize,
    image: &Image,
    values: &[String],
) -> Result<Builds<'c>, PlanError> {
    let (mut questions, mut facts) = (Questions::default(), Facts::default());
    for (constraint, value) in constraints(image).zip(values) {
        let query = query(constraint);
        facts.answer_list(query.clone(), Ok(vec![value.clone()]));
        questions.lists.push(query);
    }
    let axes = (0..questions.lists.len()).collect();
    questions.matrices.push(MatrixQuestion { image: at, axes });
    let selection = Selection { matrix_versions: Inclusion::Only, ..only(image)? };
    select(config, &selection, &questions, &facts)
}

fn constraints(image: &Image) -> impl Iterator<Item = &DependencyConstraint> {
    image.matrix.iter().flat_map(|matrix| &matrix.dependency_constraints)
}

/// The metadata are asked, and nobody else: no component, no network.
fn query(constraint: &DependencyConstraint) -> ListQuery {
    ListQuery {
        component: ComponentRef::Builtin("metadata".to_owned()),
        dependency: constraint.name,
        prerelease: constraint.prerelease,
        constraint: constraint.constraint.clone(),
        config: "{}".to_owned(),
        allow: Vec::new(),
    }
}

/// Selects nothing but one image.
pub(super) fn only(image: &Image) -> Result<Selection, PlanError> {
    let name = format!("^{}$", regex::escape(&image.name));
    Ok(Selection { image_name: Some(Selection::expression("--image-name", &name)?), ..Selection::default() })
}

/// What the rows that were built prove about one of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Standing {
    /// Whether no row that was built is above it on an open axis.
    highest: bool,
    /// Whether no row at all can be.
    proven: bool,
    /// Whether no row that was built has a newer patch of the same minor version.
    newest_patch: bool,
}

/// Compares the versions of a row with those that rows of its matrix were built with.
fn standing(image: &Image, own: &[String], axes: &[BTreeSet<String>]) -> Standing {
    let mut standing = Standing { highest: true, proven: true, newest_patch: true };
    for ((constraint, own), axis) in constraints(image).zip(own).zip(axes) {
        let above: Vec<&String> = axis.iter().filter(|other| is_above(other, own)).collect();
        standing.highest &= above.is_empty();
        standing.newest_patch &= !above.iter().any(|other| strip_patch(other) == strip_patch(own));
        let minors: BTreeSet<Vec<&str>> = axis.iter().map(|version| minor(version)).collect();
        standing.proven &= is_top(&constraint.constraint, own, minors.len());
    }
    standing
}

/// A version that cannot be ordered is above everything, so that nothing is taken for the latest beside it.
fn is_above(version: &str, other: &str) -> bool {
    match (Pep440::parse(version), Pep440::parse(other)) {
        (Some(a), Some(b)) => a > b,
        _ => version != other,
    }
}

/// The first two numbers.
fn minor(version: &str) -> Vec<&str> {
    version.split('.').take(2).collect()
}

/// Whether a version that is the highest of `count` built minor ones is the highest that the constraint allows.
fn is_top(constraint: &Constraint, version: &str, count: usize) -> bool {
    // The constraint counts minor versions from the newest: when all are there, the newest is.
    let complete = constraint.count.is_some_and(|wanted| count >= wanted as usize);
    // Of the minor version that `max` names there is nothing newer.
    let at_max = constraint.max.as_deref().is_some_and(|max| {
        max.contains('.')
            && version.strip_prefix(max).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    });
    complete || at_max
}

#[cfg(test)]
mod tests {
    use super::*;

    fn constraint(latest: bool, count: Option<u32>, max: Option<&str>) -> Constraint {
        Constraint { latest, count, min: None, max: max.map(str::to_owned) }
    }

    #[test]
    fn only_a_count_or_a_maximum_proves_that_nothing_is_above() {
        for (constraint, version, count, top) in [
            (constraint(true, Some(1), None), "1.8.26", 1, true),
            (constraint(true, Some(3), None), "3.14.1", 2, false),
            (constraint(true, Some(3), None), "3.14.1", 3, true),
            (constraint(true, None, None), "4.5.2", 9, false),
            (constraint(false, None, Some("3.13")), "3.13.9", 1, true),
            (constraint(false, None, Some("3.13")), "3.13", 1, true),
            (constraint(false, None, Some("3.13")), "3.12.12", 1, false),
            (constraint(false, None, Some("3.1")), "3.13.9", 1, false),
            (constraint(false, None, Some("4")), "4.5.2", 1, false),
            (constraint(false, Some(2), Some("4")), "4.5.2", 2, true),
        ] {
            assert_eq!(is_top(&constraint, version, count), top, "{constraint:?} {version} {count}");
        }
    }

    #[test]
    fn what_cannot_be_ordered_is_above_everything_but_itself() {
        for (version, other, above) in [
            ("4.5.10", "4.5.9", true),
            ("4.5.9", "4.5.10", false),
            ("4.5.9", "4.5.9", false),
            ("odd", "4.5.9", true),
            ("4.5.9", "odd", true),
            ("odd", "odd", false),
        ] {
            assert_eq!(is_above(version, other), above, "{version} {other}");
        }
    }
}
