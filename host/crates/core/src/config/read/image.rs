//! `images[]`: one image with everything below it.

use super::config::Surroundings;
use super::{
    address, dependency, dev_version, matrix, options, registry, secret, tag_pattern, variant, version,
};
use crate::config::codes;
use crate::config::fields::{Fields, Unknown};
use crate::config::findings::Findings;
use crate::config::model::Image;
use crate::config::naming;
use crate::config::tree::Node;

/// Reads one image.
pub(super) fn image(node: &Node, surroundings: &Surroundings, findings: &mut Findings) -> Option<Image> {
    let mut fields = Fields::open(node, "an image", findings)?;
    let name = fields.required_name("name", findings);
    let display_name =
        fields.text("displayName", findings).or_else(|| name.as_deref().map(naming::display_name));
    let description = fields.text("description", findings);
    let place = fields.place("documentationUrl");
    let documentation_url =
        fields.some("documentationUrl").and_then(|node| address::web(node, place, findings));
    let subpath = version::subpath(&mut fields, node, name.as_deref(), findings);
    let registries = registry::effective(&mut fields, &surroundings.registries, findings);
    let constraints_span = fields.value_span("dependencyConstraints");
    let mut dependency_constraints =
        dependency::constraint_list(fields.list("dependencyConstraints", findings), findings);
    let variants = variant::list(fields.list("variants", findings), findings);
    let version_nodes = fields.list("versions", findings);
    let versions = version::list(version_nodes, &registries, findings);
    let dev_nodes = fields.list("devVersions", findings);
    let dev_versions = dev_version::list(dev_nodes, surroundings, &registries, findings);
    let matrix_node = fields.some("matrix");
    let matrix = matrix_node.map(|node| matrix::matrix(node, &registries, findings));
    let pattern_nodes = fields.list("tagPatterns", findings);
    let tag_patterns = (!fields.lacks("tagPatterns")).then(|| tag_pattern::list(pattern_nodes, findings));
    let build_target = fields.name("buildTarget", findings);
    let build_secrets = secret::list(fields.list("buildSecrets", findings), findings);
    let options = options::list(fields.list("options", findings), findings);

    if version_nodes.is_empty() && dev_nodes.is_empty() && matrix_node.is_none() {
        findings
            .warning(codes::EMPTY, node.span, "an image has no `versions`, `devVersions` or `matrix`")
            .label("nothing of it can be built");
    }
    if let (Some(_), Some(span)) = (matrix_node, constraints_span)
        && !dependency_constraints.is_empty()
    {
        findings
            .warning(codes::NO_EFFECT, span, "`dependencyConstraints` of an image with a `matrix` is ignored")
            .label("has no effect")
            .hint("move the constraints below `matrix:`, or remove them");
        dependency_constraints.clear();
    }
    if let (Some(_), Some(first)) = (matrix_node, version_nodes.first()) {
        findings
            .warning(codes::NO_EFFECT, first.span, "an image has both `versions` and a `matrix`")
            .label("left out wherever the matrix is built")
            .hint("move the versions to an image of their own");
    }
    fields.finish(Unknown::Warn, findings);
    let matrix = match matrix {
        Some(matrix) => Some(matrix?),
        None => None,
    };
    Some(Image {
        name: name?,
        display_name: display_name?,
        description,
        documentation_url,
        subpath: subpath?,
        registries,
        dependency_constraints,
        variants,
        versions,
        dev_versions,
        matrix,
        tag_patterns,
        build_target,
        build_secrets,
        options,
    })
}
