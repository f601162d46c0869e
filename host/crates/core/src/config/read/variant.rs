//! `variants`: builds of one image that differ in what they hold.

use std::rc::Rc;

use super::config::unique_names;
use super::{options, os, tag_pattern};
use crate::config::codes;
use crate::config::fields::{Fields, Unknown};
use crate::config::findings::Findings;
use crate::config::model::Variant;
use crate::config::tree::Node;

/// Reads the list.
pub(super) fn list(nodes: &[Rc<Node>], findings: &mut Findings) -> Vec<Variant> {
    unique_names(nodes, "name", "variant", findings);
    warn_of_second(nodes, "primary", "variant", findings);
    nodes.iter().filter_map(|node| one(node, findings)).collect()
}

/// Warns where more than one entry says `key: true`: all of them get the same floating tags.
pub(super) fn warn_of_second(nodes: &[Rc<Node>], key: &str, what: &str, findings: &mut Findings) {
    let is_set = |node: &&Rc<Node>| node.get(key).is_some_and(|value| value.as_bool() == Some(true));
    let mut set = nodes.iter().filter(is_set).map(|node| node.span_of(key));
    let Some(first) = set.next() else { return };
    for second in set {
        findings
            .warning(codes::PRIMARY, second, format!("more than one {what} is `{key}`"))
            .label("gets the same floating tags again")
            .related(first, format!("this {what} is `{key}` already"))
            .hint(format!("keep one `{key}: true`"));
    }
}

fn one(node: &Node, findings: &mut Findings) -> Option<Variant> {
    let mut fields = Fields::open(node, "a variant", findings)?;
    let name = fields.required_name("name", findings);
    let primary = fields.flag("primary", findings);
    let named = name.as_deref().unwrap_or("variant");
    let (extension, tag_display_name) = os::endings(&mut fields, named, findings);
    let tag_patterns = tag_pattern::list(fields.list("tagPatterns", findings), findings);
    let options = options::list(fields.list("options", findings), findings);
    fields.finish(Unknown::Warn, findings);
    Some(Variant { name: name?, primary, extension: extension?, tag_display_name, tag_patterns, options })
}
