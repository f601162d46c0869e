//! `tagPatterns`: templates of tags and when they apply.

use std::rc::Rc;

use crate::config::codes;
use crate::config::fields::{Fields, Place, Unknown};
use crate::config::findings::Findings;
use crate::config::model::{TagFilter, TagPattern};
use crate::config::template;
use crate::config::tree::Node;
use crate::config::value;

/// What a tag pattern may use.
const VARIABLES: [&str; 5] = ["Version", "Variant", "OS", "Name", "Channel"];

/// Reads the list.
pub(super) fn list(nodes: &[Rc<Node>], findings: &mut Findings) -> Vec<TagPattern> {
    nodes.iter().filter_map(|node| one(node, findings)).collect()
}

fn one(node: &Node, findings: &mut Findings) -> Option<TagPattern> {
    let mut fields = Fields::open(node, "a tag pattern", findings)?;
    let place = Place { entry: true, ..fields.place("patterns") };
    let patterns = match fields.required("patterns", findings) {
        Some(node) => {
            let nodes = value::list(node, fields.place("patterns"), findings).unwrap_or_default();
            if nodes.is_empty() {
                findings
                    .warning(codes::EMPTY, node.span, "a tag pattern has no `patterns`")
                    .label("gives no tags");
            }
            nodes
                .iter()
                .filter_map(|node| template::pattern(node, place, &VARIABLES, true, findings))
                .collect()
        }
        None => Vec::new(),
    };
    let place = Place { entry: true, ..fields.place("only") };
    let nodes = fields.list("only", findings);
    let only =
        nodes.iter().filter_map(|node| value::choice(node, place, &TagFilter::ALL, findings)).collect();
    fields.finish(Unknown::Warn, findings);
    Some(TagPattern { patterns, only })
}
