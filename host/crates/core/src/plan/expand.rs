//! Expanding a matrix into rows: names, build arguments, and which row is the latest.
//! The resolved axes are given; nothing is asked here.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::{PlanError, pep440::Pep440, template};
use crate::config::{Dependency, DependencyName, Image, Matrix, MatrixValue};

/// Rows that one matrix may have. Checked before any row is made.
const MAX_ROWS: u128 = 10_000;

/// One row of a matrix.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct MatrixRow {
    pub(super) name: String,
    /// One version each.
    pub(super) dependencies: Vec<Dependency>,
    /// `R_VERSION`, `PYTHON_VERSION`, and the upper-case keys of the values.
    pub(super) args: Vec<(String, String)>,
    /// Highest on every axis.
    pub(super) latest: bool,
    /// Highest of the rows whose names differ in patch numbers only.
    pub(super) latest_patch: bool,
}

enum AxisKind {
    Dependency(DependencyName),
    Value(String),
}

struct Axis {
    kind: AxisKind,
    values: Vec<String>,
}

impl Axis {
    fn name(&self) -> &str {
        match &self.kind {
            AxisKind::Dependency(name) => name.as_str(),
            AxisKind::Value(key) => key,
        }
    }

    fn argument(&self) -> String {
        match &self.kind {
            AxisKind::Dependency(name) => format!("{}_VERSION", name.as_str().to_uppercase()),
            AxisKind::Value(key) => key.to_uppercase(),
        }
    }
}

/// The rows, and sentences for the user. `resolved[i]` are the versions of `matrix.dependency_constraints[i]`.
///
/// # Errors
/// Too many rows, an axis without values, a pattern that does not render or does not tell the rows apart.
pub(super) fn expand(
    image: &Image,
    matrix: &Matrix,
    resolved: &[&[String]],
) -> Result<(Vec<MatrixRow>, Vec<String>), PlanError> {
    let axes = axes(matrix, resolved);
    if let Some(empty) = axes.iter().find(|axis| axis.values.is_empty()) {
        return Err(PlanError::MatrixEmptyAxis { image: image.name.clone(), axis: empty.name().to_owned() });
    }
    let rows = axes.iter().fold(1u128, |product, axis| product.saturating_mul(axis.values.len() as u128));
    if rows > MAX_ROWS {
        return Err(PlanError::MatrixTooLarge { image: image.name.clone(), rows, limit: MAX_ROWS });
    }
    let points = points(&axes);
    let names = names(image, matrix, &axes, &points)?;
    let mut warnings = Vec::new();
    let latest = latest_point(&axes).unwrap_or_else(|(axis, value)| {
        warnings.push(format!(
            "the matrix of image `{}` has no latest row, because `{value}` of `{axis}` cannot be ordered",
            image.name
        ));
        None
    });
    let patches = latest_patches(&axes, &points, &names);
    let rows = points
        .iter()
        .zip(names)
        .enumerate()
        .map(|(at, (point, name))| MatrixRow {
            name,
            dependencies: dependencies(&axes, point),
            args: axes
                .iter()
                .zip(point)
                .map(|(axis, &i)| (axis.argument(), axis.values[i].clone()))
                .collect(),
            latest: latest.as_ref() == Some(point),
            latest_patch: patches.contains(&at),
        })
        .collect();
    Ok((rows, warnings))
}

fn axes(matrix: &Matrix, resolved: &[&[String]]) -> Vec<Axis> {
    let pinned = matrix.dependencies.iter().map(|d| (d.name, d.versions.clone()));
    let constrained =
        matrix.dependency_constraints.iter().zip(resolved).map(|(c, versions)| (c.name, versions.to_vec()));
    let values = matrix.values.iter().map(|(key, value)| Axis {
        kind: AxisKind::Value(key.clone()),
        values: match value {
            MatrixValue::One(one) => vec![one.clone()],
            MatrixValue::Many(many) => many.clone(),
        },
    });
    let dependencies =
        pinned.chain(constrained).map(|(name, values)| Axis { kind: AxisKind::Dependency(name), values });
    dependencies.chain(values).collect()
}

/// The first axis is the outermost loop.
fn points(axes: &[Axis]) -> Vec<Vec<usize>> {
    axes.iter().fold(vec![Vec::new()], |points, axis| {
        points
            .into_iter()
            .flat_map(|point| (0..axis.values.len()).map(move |i| point.iter().copied().chain([i]).collect()))
            .collect()
    })
}

fn names(
    image: &Image,
    matrix: &Matrix,
    axes: &[Axis],
    points: &[Vec<usize>],
) -> Result<Vec<String>, PlanError> {
    let pattern = &matrix.name_pattern;
    let fault = |error: minijinja::Error| PlanError::Template {
        image: image.name.clone(),
        what: "namePattern",
        pattern: pattern.clone(),
        message: template::sentence(&error),
    };
    let environment = template::environment();
    let template = environment.template_from_str(pattern).map_err(fault)?;
    let wrong = |problem: String| PlanError::MatrixName {
        image: image.name.clone(),
        pattern: pattern.clone(),
        problem,
    };
    let mut seen = HashSet::new();
    let mut names = Vec::with_capacity(points.len());
    for point in points {
        let of = |dependency: bool| -> BTreeMap<String, String> {
            axes.iter()
                .zip(point)
                .filter(|(axis, _)| matches!(axis.kind, AxisKind::Dependency(_)) == dependency)
                .map(|(axis, &i)| (axis.name().to_owned(), axis.values[i].clone()))
                .collect()
        };
        let context = minijinja::context! { Dependencies => of(true), Values => of(false) };
        let name = template.render(context).map_err(fault)?;
        let name = name.trim_matches([' ', '-', '.', '_']).to_owned();
        if name.is_empty() {
            return Err(wrong("a row without a name".to_owned()));
        }
        if !seen.insert(name.clone()) {
            return Err(wrong(format!("several rows the name `{name}`")));
        }
        names.push(name);
    }
    Ok(names)
}

/// The point that is highest on every axis, or the value that cannot be ordered.
fn latest_point(axes: &[Axis]) -> Result<Option<Vec<usize>>, (&str, &str)> {
    let highest = |axis: &'_ Axis| -> Result<usize, usize> {
        let mut best: Option<(usize, Pep440)> = None;
        for (i, value) in axis.values.iter().enumerate() {
            let version = Pep440::parse(value).ok_or(i)?;
            if best.as_ref().is_none_or(|(_, highest)| version > *highest) {
                best = Some((i, version));
            }
        }
        Ok(best.map_or(0, |(i, _)| i))
    };
    let point: Result<Vec<usize>, _> =
        axes.iter().map(|axis| highest(axis).map_err(|i| (axis.name(), axis.values[i].as_str()))).collect();
    point.map(Some)
}

/// The highest row of each group of rows whose names are equal without patch numbers.
fn latest_patches(axes: &[Axis], points: &[Vec<usize>], names: &[String]) -> HashSet<usize> {
    let parsed: Vec<Vec<(Option<Pep440>, &str)>> = axes
        .iter()
        .map(|axis| axis.values.iter().map(|v| (Pep440::parse(v), v.as_str())).collect())
        .collect();
    // A value that cannot be ordered sorts below those that can, and by its text.
    let key = |at: usize| -> Vec<&(Option<Pep440>, &str)> {
        points[at].iter().zip(&parsed).map(|(&i, axis)| &axis[i]).collect()
    };
    let mut best: HashMap<String, usize> = HashMap::new();
    for (at, name) in names.iter().enumerate() {
        let highest = best.entry(template::strip_patch(name)).or_insert(at);
        if key(at) > key(*highest) {
            *highest = at;
        }
    }
    best.into_values().collect()
}

fn dependencies(axes: &[Axis], point: &[usize]) -> Vec<Dependency> {
    axes.iter()
        .zip(point)
        .filter_map(|(axis, &i)| match axis.kind {
            AxisKind::Dependency(name) => Some(Dependency { name, versions: vec![axis.values[i].clone()] }),
            AxisKind::Value(_) => None,
        })
        .collect()
}
