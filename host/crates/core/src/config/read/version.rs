//! `versions`: releases of an image that are built from their own directory.

use std::rc::Rc;

use super::config::unique_names;
use super::variant::warn_of_second;
use super::{dependency, os, path, registry};
use crate::config::fields::{Fields, Unknown};
use crate::config::findings::Findings;
use crate::config::model::{Registry, Version};
use crate::config::naming;
use crate::config::tree::Node;
use crate::config::value;

/// Reads the list; `parent` are the image's registries.
pub(super) fn list(nodes: &[Rc<Node>], parent: &[Registry], findings: &mut Findings) -> Vec<Version> {
    unique_names(nodes, "name", "version", findings);
    warn_of_second(nodes, "latest", "version", findings);
    nodes.iter().filter_map(|node| one(node, parent, findings)).collect()
}

fn one(node: &Node, parent: &[Registry], findings: &mut Findings) -> Option<Version> {
    let mut fields = Fields::open(node, "a version", findings)?;
    let name = fields.required_name("name", findings);
    let subpath = subpath(&mut fields, node, name.as_deref(), findings);
    let latest = fields.flag("latest", findings);
    let os = os::list(&mut fields, findings);
    let dependencies = dependency::pinned_list(fields.list("dependencies", findings), findings);
    let place = fields.place("values");
    let values = fields.some("values").map(|node| value::text_map(node, place, findings)).unwrap_or_default();
    let build_target = fields.name("buildTarget", findings);
    let registries = registry::effective(&mut fields, parent, findings);
    fields.finish(Unknown::Warn, findings);
    Some(Version {
        name: name?,
        subpath: subpath?,
        latest,
        os,
        dependencies,
        values,
        build_target,
        registries,
    })
}

/// `subpath` as written, or as it follows from the name.
pub(super) fn subpath(
    fields: &mut Fields<'_>,
    node: &Node,
    name: Option<&str>,
    findings: &mut Findings,
) -> Option<String> {
    let place = fields.place("subpath");
    match fields.some("subpath") {
        Some(written) => value::name(written, place, findings)
            .and_then(|text| path::relative(text, written.span, place, findings)),
        None => path::relative(naming::subpath(name?), node.span_of("name"), place, findings),
    }
}
