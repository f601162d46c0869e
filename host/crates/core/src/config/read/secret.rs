//! `buildSecrets`: names of secrets and of the environment variables that hold them. No secret is read here.

use std::rc::Rc;

use super::config::unique_names;
use crate::config::codes;
use crate::config::fields::{Fields, Unknown};
use crate::config::findings::Findings;
use crate::config::model::BuildSecret;
use crate::config::tree::Node;
use crate::config::visible::Shown;

/// Reads the list.
pub(super) fn list(nodes: &[Rc<Node>], findings: &mut Findings) -> Vec<BuildSecret> {
    unique_names(nodes, "id", "secret", findings);
    nodes.iter().filter_map(|node| one(node, findings)).collect()
}

fn one(node: &Node, findings: &mut Findings) -> Option<BuildSecret> {
    let mut fields = Fields::open(node, "a build secret", findings)?;
    let id = fields.required_name("id", findings).filter(|id| {
        let good =
            matches_pattern(id, |c| c.is_ascii_alphanumeric() || c == '_', |c| matches!(c, '_' | '.' | '-'));
        if !good {
            let message = format!("`id` of a build secret cannot be `{}`", Shown(id));
            findings
                .error(codes::BAD_VALUE, node.span_of("id"), message)
                .label("expected letters, digits, `_`, `.` and `-`, starting with a letter, digit or `_`");
        }
        good
    });
    let env_var = fields.required_name("envVar", findings).filter(|name| {
        let good = matches_pattern(name, |c| c.is_ascii_alphabetic() || c == '_', |c| c == '_');
        if !good {
            let message = format!("`envVar` of a build secret cannot be `{}`", Shown(name));
            findings
                .error(codes::BAD_VALUE, node.span_of("envVar"), message)
                .label("expected the name of an environment variable: letters, digits and `_`");
        }
        good
    });
    fields.finish(Unknown::Warn, findings);
    Some(BuildSecret { id: id?, env_var: env_var? })
}

fn matches_pattern(text: &str, first: impl Fn(char) -> bool, punctuation: impl Fn(char) -> bool) -> bool {
    text.chars().next().is_some_and(first)
        && text.chars().all(|c| c.is_ascii_alphanumeric() || punctuation(c))
}
