//! `dependencies` and `dependencyConstraints`: the languages and tools that images bring, pinned or by rule.

use std::collections::HashMap;
use std::rc::Rc;

use super::config::unique_names;
use super::constraint;
use crate::config::codes;
use crate::config::fields::{Fields, Place, Unknown};
use crate::config::findings::Findings;
use crate::config::model::{Dependency, DependencyConstraint, DependencyName};
use crate::config::tree::{Node, Span};
use crate::config::value;
use crate::config::visible::Shown;

/// Reads `dependencies`: each name once, each with its versions.
pub(super) fn pinned_list(nodes: &[Rc<Node>], findings: &mut Findings) -> Vec<Dependency> {
    unique_names(nodes, "dependency", "dependency", findings);
    nodes.iter().filter_map(|node| pinned(node, findings)).collect()
}

/// Reads `dependencyConstraints`: each name once.
pub(super) fn constraint_list(nodes: &[Rc<Node>], findings: &mut Findings) -> Vec<DependencyConstraint> {
    unique_names(nodes, "dependency", "dependency", findings);
    nodes.iter().filter_map(|node| constrained(node, findings)).collect()
}

/// Reports names that are pinned and constrained at once.
pub(super) fn check_both(pinned: &[Rc<Node>], constrained: &[Rc<Node>], findings: &mut Findings) {
    let name =
        |node: &Rc<Node>| Some((node.get("dependency")?.as_text()?.to_owned(), node.span_of("dependency")));
    let first: HashMap<String, Span> = pinned.iter().filter_map(name).collect();
    for (name, span) in constrained.iter().filter_map(name) {
        if let Some(other) = first.get(&name) {
            let message =
                format!("`{}` is both in `dependencies` and in `dependencyConstraints`", Shown(&name));
            findings
                .error(codes::CONFLICT, span, message)
                .label("one of the two only")
                .related(*other, "it is pinned here")
                .hint("keep the pinned versions, or the rule");
        }
    }
}

/// Reads the key `dependency`.
pub(super) fn name(fields: &mut Fields<'_>, findings: &mut Findings) -> Option<DependencyName> {
    let node = fields.required("dependency", findings)?;
    let words = DependencyName::ALL.map(|name| (name, name.as_str()));
    value::choice(node, fields.place("dependency"), &words, findings)
}

/// Whether prereleases of a dependency exist in its list.
pub(super) fn has_prereleases(name: DependencyName) -> bool {
    matches!(name, DependencyName::Quarto | DependencyName::Positron)
}

fn pinned(node: &Node, findings: &mut Findings) -> Option<Dependency> {
    let mut fields = Fields::open(node, "a dependency", findings)?;
    let name = name(&mut fields, findings);
    let single = fields.some("version");
    let many = fields.some("versions");
    let versions = match (single, many) {
        (Some(_), Some(second)) => {
            findings
                .error(codes::CONFLICT, second.span, "a dependency has both `version` and `versions`")
                .label("one of the two only")
                .related(node.span_of("version"), "`version` is here");
            None
        }
        (Some(one), None) => value::text(one, fields.place("version"), findings)
            .and_then(|text| checked(text.split(',').map(str::to_owned).collect(), one.span, findings)),
        (None, Some(list)) => {
            let place = Place { entry: true, ..fields.place("versions") };
            value::list(list, fields.place("versions"), findings).and_then(|nodes| {
                let texts: Vec<_> =
                    nodes.iter().filter_map(|node| value::name(node, place, findings)).collect();
                // An entry of the wrong type has been reported already.
                if texts.len() == nodes.len() { checked(texts, list.span, findings) } else { None }
            })
        }
        (None, None) => {
            fields.required("version", findings);
            None
        }
    };
    prerelease(&mut fields, name, findings);
    fields.finish(Unknown::Reject, findings);
    let (name, versions) = (name?, versions?);
    if name == DependencyName::Quarto && versions.len() > 1 {
        let span = single.or(many).map_or(node.span, |node| node.span);
        findings
            .error(
                codes::BAD_VALUE,
                span,
                format!("quarto has {} versions, an image can hold one", versions.len()),
            )
            .label("expected one version");
        return None;
    }
    Some(Dependency { name, versions })
}

/// Trimmed, not empty, each once.
fn checked(texts: Vec<String>, span: Span, findings: &mut Findings) -> Option<Vec<String>> {
    let mut versions: Vec<String> = Vec::new();
    for text in texts {
        let text = text.trim();
        if text.is_empty() {
            findings
                .error(codes::BAD_VALUE, span, "a version of a dependency is empty")
                .label("expected one version, or several with commas between them");
            return None;
        }
        if versions.iter().any(|version| version == text) {
            findings
                .warning(
                    codes::DUPLICATE_NAME,
                    span,
                    format!("the version `{}` is listed twice", Shown(text)),
                )
                .label("counts once");
            continue;
        }
        versions.push(text.to_owned());
    }
    if versions.is_empty() {
        findings
            .error(codes::BAD_VALUE, span, "a dependency has an empty list of versions")
            .label("expected at least one version");
        return None;
    }
    Some(versions)
}

fn constrained(node: &Node, findings: &mut Findings) -> Option<DependencyConstraint> {
    let mut fields = Fields::open(node, "a dependency constraint", findings)?;
    let name = name(&mut fields, findings);
    let rule =
        fields.required("constraint", findings).and_then(|node| constraint::constraint(node, findings));
    let prerelease = prerelease(&mut fields, name, findings);
    fields.finish(Unknown::Reject, findings);
    Some(DependencyConstraint { name: name?, constraint: rule?, prerelease })
}

/// `prerelease`, which only some dependencies know.
fn prerelease(fields: &mut Fields<'_>, name: Option<DependencyName>, findings: &mut Findings) -> bool {
    let Some(entry) = fields.get("prerelease") else { return false };
    if let Some(name) = name.filter(|name| !has_prereleases(*name)) {
        findings
            .error(
                codes::UNKNOWN_KEY,
                entry.key_span,
                format!("`prerelease` is not a key of `{}`", name.as_str()),
            )
            .label("only `quarto` and `positron` have prereleases")
            .hint("remove it");
        return false;
    }
    value::boolean(&entry.value, fields.place("prerelease"), findings).unwrap_or_default()
}
