//! The top level of `bakery.yaml`. The keys below it are read by their own files.

use std::collections::HashMap;

use super::{image, publish, registry, repository, source, templates};
use crate::config::codes;
use crate::config::fields::{Fields, Unknown};
use crate::config::findings::Findings;
use crate::config::model::Config;
use crate::config::products;
use crate::config::tree::{Node, Span, Value};
use crate::config::visible::Shown;

/// Keys of the top level that start so are the user's own, for example to hold anchors.
const OWN: &str = "x-";

/// What entries below the top level need to know of it.
pub(super) struct Surroundings {
    /// `registries`.
    pub(super) registries: Vec<crate::config::model::Registry>,
    /// The embedded products and those of `sources:`.
    pub(super) products: Vec<String>,
}

/// Reads the whole file. None where something that must be there is missing.
pub(crate) fn config(root: &Node, findings: &mut Findings) -> Option<Config> {
    if root.is_null() {
        findings
            .file_error(codes::MISSING_KEY, "the file is empty")
            .hint("start it with `repository:` and the repository's `url:`");
        return None;
    }
    let mut fields = Fields::open(root, "bakery.yaml", findings)?;
    let repository =
        fields.required("repository", findings).and_then(|node| repository::repository(node, findings));
    let registries = registry::global(fields.list("registries", findings), findings);
    let source_nodes = fields.list("sources", findings);
    // Even a source with mistakes names its product, so that its users are not reported as well.
    let named = source_nodes.iter().filter_map(|node| node.get("product")?.as_text().map(ToOwned::to_owned));
    let mut known: Vec<String> =
        products::product_names().into_iter().map(str::to_owned).chain(named).collect();
    known.sort();
    known.dedup();
    let surroundings = Surroundings { registries, products: known };
    let sources = source::sources(source_nodes, findings);
    let image_nodes = fields.list("images", findings);
    if image_nodes.is_empty() && !findings.has_errors() {
        findings
            .warning(codes::EMPTY, fields.span(), "the file describes no images")
            .label("nothing can be built")
            .hint("add entries below `images:`");
    }
    let images = image_nodes.iter().filter_map(|node| image::image(node, &surroundings, findings)).collect();
    unique_names(image_nodes, "name", "image", findings);
    let publish = fields.some("publish").map(|node| publish::publish(node, findings)).unwrap_or_default();
    let templates =
        fields.some("templates").map(|node| templates::templates(node, findings)).unwrap_or_default();
    let own: Vec<String> = match &root.value {
        Value::Map(entries) => {
            entries.iter().map(|e| e.key.clone()).filter(|key| key.starts_with(OWN)).collect()
        }
        _ => Vec::new(),
    };
    fields.ignore(&own);
    fields.finish(Unknown::Warn, findings);
    let registries = surroundings.registries;
    Some(Config { repository: repository?, registries, images, sources, publish, templates })
}

/// Reports entries whose `key` has the text of an earlier one.
pub(super) fn unique_names(nodes: &[std::rc::Rc<Node>], key: &str, what: &str, findings: &mut Findings) {
    let mut seen: HashMap<&str, Span> = HashMap::new();
    for node in nodes {
        let Some(name) = node.get(key) else { continue };
        let Some(text) = name.as_text() else { continue };
        if let Some(first) = seen.get(text) {
            findings
                .error(
                    codes::DUPLICATE_NAME,
                    name.span,
                    format!("there are two entries for the {what} `{}`", Shown(text)),
                )
                .label("named again")
                .related(*first, "it is named here first");
        } else {
            seen.insert(text, name.span);
        }
    }
}
