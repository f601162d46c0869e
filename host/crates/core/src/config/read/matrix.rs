//! `matrix`: an image built once for every combination of dependencies and values. It is checked here and expanded
//! elsewhere.

use super::{dependency, os, path, registry};
use crate::config::codes;
use crate::config::fields::{Fields, Place, Unknown};
use crate::config::findings::Findings;
use crate::config::model::{Dependency, DependencyConstraint, Matrix, MatrixValue, Registry};
use crate::config::template;
use crate::config::tree::{Node, Value};
use crate::config::value;
use crate::config::visible::Shown;

/// Reads `matrix`; `parent` are the image's registries.
pub(super) fn matrix(node: &Node, parent: &[Registry], findings: &mut Findings) -> Option<Matrix> {
    let mut fields = Fields::open(node, "`matrix`", findings)?;
    let subpath_place = fields.place("subpath");
    let subpath = match fields.some("subpath") {
        Some(written) => value::name(written, subpath_place, findings)
            .and_then(|text| path::relative(text, written.span, subpath_place, findings)),
        None => Some("matrix".to_owned()),
    };
    let pattern_place = fields.place("namePattern");
    let pattern = fields
        .some("namePattern")
        .map(|node| template::pattern(node, pattern_place, &["Dependencies", "Values"], false, findings));
    let pinned_nodes = fields.list("dependencies", findings);
    let constrained_nodes = fields.list("dependencyConstraints", findings);
    let dependencies = dependency::pinned_list(pinned_nodes, findings);
    let dependency_constraints = dependency::constraint_list(constrained_nodes, findings);
    dependency::check_both(pinned_nodes, constrained_nodes, findings);
    let values_place = fields.place("values");
    let values_node = fields.some("values");
    let values = values_node.map(|node| values(node, values_place, findings)).unwrap_or_default();
    let no_values =
        values_node.is_none_or(|node| matches!(&node.value, Value::Map(entries) if entries.is_empty()));
    if pinned_nodes.is_empty() && constrained_nodes.is_empty() && no_values {
        findings
            .error(codes::EMPTY, node.span, "`matrix` has nothing to combine")
            .label("expected `dependencies`, `dependencyConstraints` or `values` among these keys");
    }
    let os = os::list(&mut fields, findings);
    let registries = registry::effective(&mut fields, parent, findings);
    let build_target = fields.name("buildTarget", findings);
    fields.finish(Unknown::Warn, findings);
    let name_pattern = match pattern {
        Some(written) => written?,
        None => default_pattern(&dependencies, &dependency_constraints, &values),
    };
    Some(Matrix {
        subpath: subpath?,
        name_pattern,
        dependencies,
        dependency_constraints,
        values,
        os,
        registries,
        build_target,
    })
}

/// `values`: text, or a list of texts.
fn values(node: &Node, place: Place<'_>, findings: &mut Findings) -> Vec<(String, MatrixValue)> {
    let Value::Map(entries) = &node.value else {
        let _: Option<()> = value::wrong(node, place, "a map", "expected `key: value` lines", findings);
        return Vec::new();
    };
    let mut read = Vec::new();
    for entry in entries {
        let good_key = value::text_key(entry, place, findings);
        let inner = Place { key: &entry.key, owner: "`values`", entry: false };
        let found = if let Value::List(items) = &entry.value.value {
            if items.is_empty() {
                let message = format!("the axis `{}` is an empty list", Shown(&entry.key));
                findings
                    .error(codes::EMPTY, entry.value.span, message)
                    .label("expected at least one value")
                    .hint("without values no row of the matrix is left; remove the axis or add some");
            }
            let item = Place { entry: true, ..inner };
            Some(MatrixValue::Many(
                items.iter().filter_map(|node| value::text(node, item, findings)).collect(),
            ))
        } else {
            value::text(&entry.value, inner, findings).map(MatrixValue::One)
        };
        read.extend(found.filter(|_| good_key).map(|value| (entry.key.clone(), value)));
    }
    read
}

/// One piece for each axis: dependencies, constraints, then values sorted by key.
fn default_pattern(
    pinned: &[Dependency],
    constrained: &[DependencyConstraint],
    values: &[(String, MatrixValue)],
) -> String {
    let names = pinned.iter().map(|d| d.name).chain(constrained.iter().map(|d| d.name));
    let mut pieces: Vec<String> =
        names.map(|name| format!("{0}{{{{ Dependencies.{0} }}}}", name.as_str())).collect();
    let mut keys: Vec<&str> = values.iter().map(|(key, _)| key.as_str()).collect();
    keys.sort_unstable();
    pieces.extend(keys.into_iter().map(|key| format!("{key}{{{{ Values.{key} }}}}")));
    pieces.join("-")
}
