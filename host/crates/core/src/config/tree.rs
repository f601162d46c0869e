//! A YAML document as data with positions, free of any parser's types. Knows nothing of `bakery.yaml`.

use std::rc::Rc;

use super::scalar::Kind;

/// A range of bytes in the text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Span {
    pub(super) start: usize,
    pub(super) end: usize,
}

/// A value and where it stands. Aliases share their anchor's node, so its span is where the text was written.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) value: Value,
    /// A scalar's text; of a list its `-` or `[`; of a map its first key.
    pub(super) span: Span,
}

/// What a node holds.
#[derive(Debug)]
pub(super) enum Value {
    Scalar(Scalar),
    List(Vec<Rc<Node>>),
    Map(Vec<Entry>),
}

/// A scalar's text after unquoting, and what the YAML 1.2 core schema makes of it.
#[derive(Debug)]
pub(super) struct Scalar {
    pub(super) text: String,
    pub(super) kind: Kind,
}

/// A key with its value. Keys are unique within a map.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) key_kind: Kind,
    pub(super) key_span: Span,
    pub(super) value: Rc<Node>,
}

impl Node {
    /// Whether the value is `null`, `~` or missing.
    pub(super) fn is_null(&self) -> bool {
        matches!(&self.value, Value::Scalar(scalar) if scalar.kind == Kind::Null)
    }

    /// The value of a key, where the node is a map that has it.
    pub(super) fn get(&self, key: &str) -> Option<&Rc<Node>> {
        let Value::Map(entries) = &self.value else { return None };
        entries.iter().find(|entry| entry.key == key).map(|entry| &entry.value)
    }

    /// Where the value of a key stands, or else the node itself.
    pub(super) fn span_of(&self, key: &str) -> Span {
        self.get(key).map_or(self.span, |node| node.span)
    }

    /// The text of a scalar that is text.
    pub(super) fn as_text(&self) -> Option<&str> {
        match &self.value {
            Value::Scalar(Scalar { text, kind: Kind::Text }) => Some(text),
            _ => None,
        }
    }

    /// The truth value of a scalar that is one.
    pub(super) fn as_bool(&self) -> Option<bool> {
        match &self.value {
            Value::Scalar(Scalar { kind: Kind::Bool(value), .. }) => Some(*value),
            _ => None,
        }
    }

    /// What the node is, with an article, for messages.
    pub(super) fn describe(&self) -> &'static str {
        match &self.value {
            Value::Scalar(scalar) => scalar.kind.describe(),
            Value::List(_) => "a list",
            Value::Map(_) => "a map",
        }
    }
}
