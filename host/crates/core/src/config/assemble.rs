//! Putting maps together: keys that are texts and stand once, and merge keys. Works on the tree alone and knows no
//! parser.

use std::collections::HashMap;
use std::rc::Rc;

use super::codes;
use super::findings::Findings;
use super::scalar::Kind;
use super::tree::{Entry, Node, Scalar, Span, Value};
use super::visible::Shown;

/// What a key asks for.
pub(super) enum Key {
    Plain(String, Kind, Span),
    /// Given before; its value is read and dropped.
    Duplicate,
    Merge,
}

/// Reads a key; None, reported, where it is none.
pub(super) fn read_key(
    node: &Node,
    is_merge: bool,
    seen: &mut HashMap<String, Span>,
    findings: &mut Findings,
) -> Option<Key> {
    let Value::Scalar(Scalar { text, kind }) = &node.value else {
        let message = format!("a key must be text, but this is {}", node.describe());
        findings.error(codes::KEY, node.span, message).label("expected `key: value`");
        return None;
    };
    if text.is_empty() {
        findings
            .error(codes::KEY, node.span, "a key is missing before `:`")
            .label("expected `key: value`")
            .hint("write the key before the colon, or put a text that starts with `:` in quotes");
        return None;
    }
    if let Some(first) = seen.get(text) {
        findings
            .error(
                codes::DUPLICATE_KEY,
                node.span,
                format!("the key `{}` is given twice in the same map", Shown(text)),
            )
            .label("given again")
            .related(*first, "it is given here first")
            .hint("remove one of the two");
        return Some(Key::Duplicate);
    }
    seen.insert(text.clone(), node.span);
    Some(if is_merge { Key::Merge } else { Key::Plain(text.clone(), *kind, node.span) })
}

/// Whether `<<` has a map or a list of maps; None, reported, where not.
pub(super) fn check_merge(node: &Node, findings: &mut Findings) -> Option<()> {
    let bad = match &node.value {
        Value::Map(_) => None,
        Value::List(items) => {
            items.iter().find(|item| !matches!(item.value, Value::Map(_))).map(|item| &**item)
        }
        Value::Scalar(_) => Some(node),
    };
    let Some(bad) = bad else { return Some(()) };
    findings
        .error(
            codes::MERGE,
            bad.span,
            format!("`<<` takes over the entries of a map, but this is {}", bad.describe()),
        )
        .label("expected a map, or an alias of one");
    None
}

/// Adds the entries that are not there yet: explicit keys win, then the maps that come first.
pub(super) fn merge(merged: &Node, entries: &mut Vec<Entry>, seen: &mut HashMap<String, Span>) {
    match &merged.value {
        Value::Map(others) => {
            for other in others.iter().filter(|other| !seen.contains_key(&other.key)).collect::<Vec<_>>() {
                seen.insert(other.key.clone(), other.key_span);
                entries.push(Entry {
                    key: other.key.clone(),
                    key_kind: other.key_kind,
                    key_span: other.key_span,
                    value: Rc::clone(&other.value),
                });
            }
        }
        Value::List(maps) => maps.iter().for_each(|map| merge(map, entries, seen)),
        Value::Scalar(_) => {}
    }
}

/// A missing value has no text of its own to underline: its key stands for it.
pub(super) fn pinned(node: Rc<Node>, key_span: Span) -> Rc<Node> {
    match &node.value {
        Value::Scalar(Scalar { text, kind: Kind::Null }) if text.is_empty() => Rc::new(Node {
            value: Value::Scalar(Scalar { text: String::new(), kind: Kind::Null }),
            span: key_span,
        }),
        _ => node,
    }
}
