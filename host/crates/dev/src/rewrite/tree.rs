//! A manifest's text as a tree whose nodes know their bytes. The only file of this crate that names the YAML crate.
//! Decides nothing about images.

use std::collections::HashMap;

use bakery_core::config::Offsets;
use saphyr_parser::{Event, Parser, ScalarStyle, Span};

use super::RewriteError;

/// Lists and maps inside each other.
const MAX_DEPTH: usize = 128;
/// Scalars, aliases, lists and maps of a file.
const MAX_NODES: usize = 2_000_000;

/// The place of a node in its tree.
pub(super) type Id = usize;

#[derive(Debug)]
pub(super) struct Node {
    pub(super) kind: Kind,
    /// Bytes in the text. Those of a scalar are all of it, quotes and block header included.
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) parent: Option<Id>,
    pub(super) role: Role,
}

/// What a node is in its list or map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Root,
    /// The item at this place.
    Item(usize),
    Key,
    /// The value of this key.
    Value(Id),
}

#[derive(Debug)]
pub(super) enum Kind {
    Scalar {
        text: String,
        style: Style,
    },
    List(Vec<Id>),
    Map(Vec<(Id, Id)>),
    /// Another node again; none where it names the node that it stands in.
    Alias(Option<Id>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    Plain,
    Single,
    Double,
    Literal,
    Folded,
}

#[derive(Debug)]
pub(super) struct Tree<'t> {
    pub(super) text: &'t str,
    nodes: Vec<Node>,
    /// The root of each document.
    pub(super) roots: Vec<Id>,
}

impl Tree<'_> {
    pub(super) fn node(&self, id: Id) -> &Node {
        &self.nodes[id]
    }

    /// Every node with its place.
    pub(super) fn nodes(&self) -> impl Iterator<Item = (Id, &Node)> {
        self.nodes.iter().enumerate()
    }

    /// Every scalar with its place.
    pub(super) fn scalars(&self) -> impl Iterator<Item = (Id, &Node)> {
        self.nodes().filter(|(_, node)| matches!(node.kind, Kind::Scalar { .. }))
    }

    /// The node itself, or the one that an alias stands for.
    pub(super) fn resolve(&self, id: Id) -> Option<Id> {
        match self.nodes[id].kind {
            Kind::Alias(target) => target,
            _ => Some(id),
        }
    }

    /// The text of a scalar, or of the scalar that an alias stands for.
    pub(super) fn scalar(&self, id: Id) -> Option<&str> {
        match &self.nodes[self.resolve(id)?].kind {
            Kind::Scalar { text, .. } => Some(text),
            _ => None,
        }
    }

    /// The bytes of a node.
    pub(super) fn raw(&self, id: Id) -> &str {
        let node = &self.nodes[id];
        self.text.get(node.start..node.end).unwrap_or_default()
    }

    /// The beginning of the first line of a block that is not blank, indentation included.
    pub(super) fn block(&self, id: Id) -> usize {
        let node = &self.nodes[id];
        let raw = self.raw(id);
        let header = properties(raw);
        let mut at = if raw[header..].starts_with(['|', '>']) {
            raw[header..].find('\n').map_or(node.end, |end| node.start + header + end + 1)
        } else {
            self.text[..node.start].rfind('\n').map_or(0, |end| end + 1)
        };
        while let Some(line) = self.text[at..].split_inclusive('\n').next().filter(|l| l.trim().is_empty()) {
            at += line.len();
        }
        at
    }

    /// Whether a map is written with braces.
    pub(super) fn is_flow(&self, id: Id) -> bool {
        matches!(self.nodes[id].kind, Kind::Map(_)) && self.raw(id).starts_with('{')
    }
}

pub(super) fn parse(text: &str) -> Result<Tree<'_>, RewriteError> {
    let mut builder = Builder {
        tree: Tree { text, nodes: Vec::new(), roots: Vec::new() },
        offsets: Offsets::new(text),
        open: Vec::new(),
        anchors: HashMap::new(),
    };
    let mut parser = Parser::new_from_str(text);
    while let Some(event) = parser.next_event() {
        match event {
            Ok((event, span)) => builder.event(event, span)?,
            Err(error) => {
                let at = builder.offsets.byte(error.marker().index());
                let line = text.as_bytes()[..at.min(text.len())].iter().filter(|b| **b == b'\n').count() + 1;
                let template = text.contains("{{");
                return Err(RewriteError::Syntax { line, message: error.info().to_owned(), template });
            }
        }
    }
    Ok(builder.tree)
}

/// Bytes of anchors and tags, and of the blanks after them, before a value.
fn properties(text: &str) -> usize {
    let mut at = 0;
    while text[at..].starts_with(['&', '!']) {
        let word = text[at..].find(char::is_whitespace).unwrap_or(text.len() - at);
        let rest = &text[at + word..];
        at += word + (rest.len() - rest.trim_start().len());
    }
    at
}

/// Bytes of a text in quotes, both quotes included. The parser's own end may lie behind a comment.
fn quoted(text: &str, start: usize, end: usize) -> usize {
    let raw = text.get(start..end).unwrap_or_default();
    let quote = raw.as_bytes().first().copied().unwrap_or_default();
    let mut bytes = raw.bytes().enumerate().skip(1).peekable();
    while let Some((at, byte)) = bytes.next() {
        let doubled = quote == b'\'' && bytes.peek().is_some_and(|(_, next)| *next == quote);
        if (byte == b'\\' && quote == b'"') || (byte == quote && doubled) {
            bytes.next();
        } else if byte == quote {
            return at + 1;
        }
    }
    raw.len()
}

/// A list or map that is being read.
struct Open {
    id: Id,
    anchor: usize,
    /// The key that waits for its value.
    key: Option<Id>,
}

struct Builder<'t> {
    tree: Tree<'t>,
    offsets: Offsets,
    open: Vec<Open>,
    anchors: HashMap<usize, Id>,
}

impl Builder<'_> {
    fn event(&mut self, event: Event<'_>, span: Span) -> Result<(), RewriteError> {
        let start = self.offsets.byte(span.start.index());
        let end = self.offsets.byte(span.end.index()).max(start);
        match event {
            Event::Scalar(text, style, anchor, _) => {
                let style = match style {
                    ScalarStyle::Plain => Style::Plain,
                    ScalarStyle::SingleQuoted => Style::Single,
                    ScalarStyle::DoubleQuoted => Style::Double,
                    ScalarStyle::Literal => Style::Literal,
                    ScalarStyle::Folded => Style::Folded,
                };
                let id = self.add(Kind::Scalar { text: text.into_owned(), style }, start, end)?;
                self.anchors.insert(anchor, id);
            }
            Event::SequenceStart(anchor, _) => self.start(Kind::List(Vec::new()), anchor, start, end)?,
            Event::MappingStart(anchor, _) => self.start(Kind::Map(Vec::new()), anchor, start, end)?,
            Event::SequenceEnd | Event::MappingEnd => {
                if let Some(done) = self.open.pop() {
                    self.tree.nodes[done.id].end = end;
                    self.anchors.insert(done.anchor, done.id);
                }
            }
            Event::Alias(anchor) => {
                let inside = self.open.iter().any(|open| open.anchor == anchor);
                let target = self.anchors.get(&anchor).copied().filter(|_| !inside);
                self.add(Kind::Alias(target), start, end)?;
            }
            Event::DocumentStart(_) => self.anchors.clear(),
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => {}
        }
        Ok(())
    }

    fn start(&mut self, kind: Kind, anchor: usize, start: usize, end: usize) -> Result<(), RewriteError> {
        if self.open.len() >= MAX_DEPTH {
            return Err(RewriteError::Limit(format!("lists and maps are nested more than {MAX_DEPTH} deep")));
        }
        let id = self.add(kind, start, end)?;
        self.open.push(Open { id, anchor, key: None });
        Ok(())
    }

    fn add(&mut self, kind: Kind, start: usize, end: usize) -> Result<Id, RewriteError> {
        let id = self.tree.nodes.len();
        if id >= MAX_NODES {
            return Err(RewriteError::Limit(format!("it holds more than {MAX_NODES} values")));
        }
        let start = match kind {
            // A block keeps its anchor: where its header ends is looked for when it is needed.
            Kind::Scalar { style: Style::Literal | Style::Folded, .. } | Kind::Alias(_) => start,
            _ => start + properties(self.tree.text.get(start..).unwrap_or_default()),
        };
        let end = match kind {
            Kind::Scalar { style: Style::Single | Style::Double, .. } => {
                start + quoted(self.tree.text, start, end)
            }
            _ => end,
        };
        let parent = self.open.last().map(|open| open.id);
        let role = match self.open.last_mut() {
            None => {
                self.tree.roots.push(id);
                Role::Root
            }
            Some(open) => match &mut self.tree.nodes[open.id].kind {
                Kind::List(items) => {
                    items.push(id);
                    Role::Item(items.len() - 1)
                }
                Kind::Map(entries) => match open.key.take() {
                    None => {
                        open.key = Some(id);
                        Role::Key
                    }
                    Some(key) => {
                        entries.push((key, id));
                        Role::Value(key)
                    }
                },
                Kind::Scalar { .. } | Kind::Alias(_) => Role::Root,
            },
        };
        self.tree.nodes.push(Node { kind, start, end: end.max(start), parent, role });
        Ok(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bytes_of_a_scalar_are_all_of_it() {
        let text = "é: plain # c\r\nb: 'it''s'\r\nc: &y !!str \"d\\\"\" # c\r\nd: &x |-\r\n  one\r\n  two\r\n\r\ne: *x\r\nf:\r\ng: &z {h: i}\r\nk: &p word\r\nl: >\n\n   x\n   y\n";
        let tree = parse(text).unwrap();
        let raw: Vec<&str> = tree
            .nodes()
            .filter(|(_, node)| node.role != Role::Key && node.role != Role::Root)
            .map(|(id, node)| match node.kind {
                Kind::Scalar { style: Style::Literal | Style::Folded, .. } => &text[tree.block(id)..node.end],
                _ => tree.raw(id),
            })
            .collect();
        let want = [
            "plain",
            "'it''s'",
            "\"d\\\"\"",
            "  one\r\n  two\r\n\r\n",
            "*x",
            "",
            "{h: i}",
            "i",
            "word",
            "   x\n   y\n",
        ];
        assert_eq!(raw, want);
        assert_eq!(tree.nodes().filter(|(id, _)| tree.is_flow(*id)).count(), 1);
    }

    #[test]
    fn nesting_and_size_are_bounded() {
        let deep = "[".repeat(100_000);
        assert!(matches!(parse(&deep), Err(RewriteError::Limit(_) | RewriteError::Syntax { .. })));
        let deep = format!("{}{}", "[".repeat(MAX_DEPTH + 1), "]".repeat(MAX_DEPTH + 1));
        assert!(matches!(parse(&deep), Err(RewriteError::Limit(_))));
        let blocks = "- ".repeat(MAX_DEPTH + 1) + "x";
        assert!(matches!(parse(&blocks), Err(RewriteError::Limit(_))));
    }

    #[test]
    fn an_alias_inside_its_own_value_names_nothing() {
        let tree = parse("a: &x [*x]\n").unwrap();
        assert!(tree.nodes().any(|(_, node)| matches!(node.kind, Kind::Alias(None))));
    }
}
