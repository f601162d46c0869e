//! YAML text to a tree: the only file that names the YAML crate.
//! It enforces every budget, refuses duplicate keys, foreign tags and further documents, and follows aliases and
//! merge keys; it knows nothing of `bakery.yaml`.

use std::collections::HashMap;
use std::rc::Rc;

use saphyr_parser::{Event, Parser, ScalarStyle, Span as Marks, Tag};

use super::assemble::{self, Key};
use super::codes;
use super::findings::Findings;
use super::offsets::Offsets;
use super::scalar::Kind;
use super::tree::{Entry, Node, Scalar, Span, Value};
use super::visible::Shown;
use super::yaml_error;

/// What one file may cost. Aliases count as often as they are used.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// Size of the file, in bytes; whoever hands the text over checks it.
    pub(super) bytes: usize,
    /// Scalars, lists and maps together.
    pub(super) nodes: usize,
    /// Lists and maps inside each other.
    pub(super) depth: usize,
    /// One scalar, in bytes.
    pub(super) scalar: usize,
    /// All scalars together, in bytes.
    pub(super) text: usize,
    /// Uses of aliases.
    pub(super) aliases: usize,
}

/// A hundred times what a large real file needs.
pub(super) const LIMITS: Limits =
    Limits { bytes: 1 << 20, nodes: 100_000, depth: 64, scalar: 64 << 10, text: 4 << 20, aliases: 10_000 };

/// Reads one document. None where the text cannot be read to its end, which is then among the findings; an empty
/// document is null.
pub(super) fn parse(text: &str, limits: Limits, findings: &mut Findings) -> Option<Rc<Node>> {
    if let Some((at, c)) = text.char_indices().find(|(_, c)| is_forbidden(*c)) {
        let message =
            format!("the file holds the control character U+{:04X}, which YAML does not allow", u32::from(c));
        findings
            .error(codes::SYNTAX, Span { start: at, end: at + c.len_utf8() }, message)
            .label("not allowed")
            .hint("remove it; many editors can show it");
        return None;
    }
    let mut builder = Builder {
        limits,
        findings,
        offsets: Offsets::new(text),
        text,
        stack: Vec::new(),
        anchors: HashMap::new(),
        spent: Cost::default(),
        aliases: 0,
        root: None,
    };
    let mut parser = Parser::new_from_str(text);
    loop {
        match parser.next_event()? {
            Ok((Event::StreamEnd, _)) => break,
            Ok((event, marks)) => builder.event(event, marks)?,
            Err(error) => {
                let at = builder.offsets.byte(error.marker().index());
                let open = builder.stack.last().map(|frame| frame.span);
                yaml_error::explain(error.info(), text, at, open, builder.findings);
                return None;
            }
        }
    }
    let root = builder.root.take();
    Some(root.unwrap_or_else(|| {
        let end = Span { start: text.len(), end: text.len() };
        Rc::new(Node { value: Value::Scalar(Scalar { text: String::new(), kind: Kind::Null }), span: end })
    }))
}

/// What a subtree costs when it is used once.
#[derive(Clone, Copy, Debug, Default)]
struct Cost {
    nodes: usize,
    text: usize,
    /// Levels of lists and maps.
    height: usize,
}

struct Builder<'a, 'f> {
    limits: Limits,
    findings: &'f mut Findings,
    offsets: Offsets,
    text: &'a str,
    stack: Vec<Frame>,
    /// None while the anchor's own node is still being read.
    anchors: HashMap<usize, Option<(Rc<Node>, Cost)>>,
    spent: Cost,
    aliases: usize,
    root: Option<Rc<Node>>,
}

/// A list or map that is being read.
struct Frame {
    anchor: usize,
    span: Span,
    before: Cost,
    height: usize,
    content: Content,
}

enum Content {
    List(Vec<Rc<Node>>),
    Map { entries: Vec<Entry>, seen: HashMap<String, Span>, key: Option<Key>, merges: Vec<Rc<Node>> },
}

impl Builder<'_, '_> {
    /// Takes one event; None stops the reading.
    fn event(&mut self, event: Event<'_>, marks: Marks) -> Option<()> {
        let span = self.span(marks);
        match event {
            Event::DocumentStart(_) if self.root.is_some() => {
                self.findings
                    .error(codes::DOCUMENTS, span, "a second document starts here")
                    .label("expected the end of the file")
                    .hint("remove the line `---`, or move the second document to a file of its own");
                None
            }
            Event::Scalar(text, style, anchor, tag) => {
                self.scalar(text.into_owned(), style, anchor, tag.as_deref(), span)
            }
            Event::SequenceStart(anchor, tag) => {
                self.check_tag(tag.as_deref(), &["seq"], span)?;
                self.open(anchor, Span { start: span.start, end: span.start + 1 }, Content::List(Vec::new()))
            }
            Event::MappingStart(anchor, tag) => {
                self.check_tag(tag.as_deref(), &["map"], span)?;
                let content =
                    Content::Map { entries: Vec::new(), seen: HashMap::new(), key: None, merges: Vec::new() };
                self.open(anchor, Span { start: span.start, end: span.start + 1 }, content)
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(),
            Event::Alias(id) => self.alias(id, span),
            Event::Nothing
            | Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(_)
            | Event::DocumentEnd => Some(()),
        }
    }

    fn scalar(
        &mut self,
        text: String,
        style: ScalarStyle,
        anchor: usize,
        tag: Option<&Tag>,
        span: Span,
    ) -> Option<()> {
        if text.len() > self.limits.scalar {
            let message =
                format!("this text has {} bytes, at most {} are read", text.len(), self.limits.scalar);
            self.findings.error(codes::TOO_LARGE, span, message).label("too long");
            return None;
        }
        let plain = Kind::of_plain(&text);
        let kind = match tag {
            None if style == ScalarStyle::Plain => plain,
            None => Kind::Text,
            Some(tag) => {
                let name = self.check_tag(Some(tag), &["str", "int", "float", "bool", "null"], span)?;
                let agrees = match plain {
                    _ if matches!(name, "str" | "") => true,
                    Kind::Null => name == "null",
                    Kind::Bool(_) => name == "bool",
                    Kind::Int(_) => matches!(name, "int" | "float"),
                    Kind::Float(_) => name == "float",
                    Kind::Text => false,
                };
                if !agrees {
                    let message = format!("`{}` is not what the tag `!!{name}` says", Shown(&text));
                    self.findings
                        .error(codes::TAG, span, message)
                        .label("expected a value of that type")
                        .hint("remove the tag");
                    return None;
                }
                if matches!(name, "str" | "") { Kind::Text } else { plain }
            }
        };
        let is_merge = text == "<<" && style == ScalarStyle::Plain && tag.is_none();
        let cost = Cost { nodes: 1, text: text.len(), height: 0 };
        self.spend(cost, span)?;
        let node = Rc::new(Node { value: Value::Scalar(Scalar { text, kind }), span });
        if anchor > 0 {
            self.anchors.insert(anchor, Some((Rc::clone(&node), cost)));
        }
        self.place(node, is_merge, 0)
    }

    fn open(&mut self, anchor: usize, span: Span, content: Content) -> Option<()> {
        if self.stack.len() >= self.limits.depth {
            return self.too_deep(span);
        }
        let before = self.spent;
        self.spend(Cost { nodes: 1, text: 0, height: 0 }, span)?;
        if anchor > 0 {
            self.anchors.insert(anchor, None);
        }
        self.stack.push(Frame { anchor, span, before, height: 1, content });
        Some(())
    }

    fn close(&mut self) -> Option<()> {
        let Frame { anchor, mut span, before, height, content } = self.stack.pop()?;
        let value = match content {
            Content::List(items) => Value::List(items),
            Content::Map { mut entries, merges, mut seen, .. } => {
                for merged in merges {
                    assemble::merge(&merged, &mut entries, &mut seen);
                }
                if let Some(first) = entries.first().filter(|first| first.key_span.start >= span.start) {
                    span = first.key_span;
                }
                Value::Map(entries)
            }
        };
        let node = Rc::new(Node { value, span });
        if anchor > 0 {
            let cost =
                Cost { nodes: self.spent.nodes - before.nodes, text: self.spent.text - before.text, height };
            self.anchors.insert(anchor, Some((Rc::clone(&node), cost)));
        }
        self.place(node, false, height)
    }

    fn alias(&mut self, id: usize, span: Span) -> Option<()> {
        let name = Shown(self.text.get(span.start..span.end).unwrap_or_default());
        let Some((node, cost)) = self.anchors.get(&id).cloned().flatten() else {
            let message = format!("the alias `{name}` stands inside the value that it names");
            self.findings
                .error(codes::ALIAS, span, message)
                .label("would never end")
                .hint("write the value out");
            return None;
        };
        self.aliases += 1;
        if self.aliases > self.limits.aliases {
            let message = format!("the file uses more than {} aliases", self.limits.aliases);
            self.findings.error(codes::TOO_MANY, span, message).label("one too many");
            return None;
        }
        if self.stack.len() + cost.height > self.limits.depth {
            return self.too_deep(span);
        }
        self.spend(cost, span)?;
        self.place(node, false, cost.height)
    }

    /// Puts a finished node where it belongs.
    fn place(&mut self, node: Rc<Node>, is_merge: bool, height: usize) -> Option<()> {
        let Some(frame) = self.stack.last_mut() else {
            self.root = Some(node);
            return Some(());
        };
        frame.height = frame.height.max(height + 1);
        match &mut frame.content {
            Content::List(items) => items.push(node),
            Content::Map { entries, seen, key, merges } => match key.take() {
                None => *key = Some(assemble::read_key(&node, is_merge, seen, self.findings)?),
                Some(Key::Duplicate) => {}
                Some(Key::Merge) => {
                    assemble::check_merge(&node, self.findings)?;
                    merges.push(node);
                }
                Some(Key::Plain(key, key_kind, key_span)) => {
                    entries.push(Entry { key, key_kind, key_span, value: assemble::pinned(node, key_span) });
                }
            },
        }
        Some(())
    }

    fn spend(&mut self, cost: Cost, span: Span) -> Option<()> {
        self.spent.nodes += cost.nodes;
        self.spent.text += cost.text;
        let (what, limit) = if self.spent.nodes > self.limits.nodes {
            ("values", self.limits.nodes)
        } else if self.spent.text > self.limits.text {
            ("bytes of text", self.limits.text)
        } else {
            return Some(());
        };
        self.findings
            .error(
                codes::TOO_MANY,
                span,
                format!("the file holds more than {limit} {what}, aliases counted as often as they are used"),
            )
            .label("one too many");
        None
    }

    fn too_deep(&mut self, span: Span) -> Option<()> {
        let message = format!("lists and maps are nested more than {} levels deep", self.limits.depth);
        self.findings.error(codes::TOO_DEEP, span, message).label("one too many");
        None
    }

    /// The short name of a tag of the core schema, empty without one; foreign tags are refused.
    fn check_tag<'t>(&mut self, tag: Option<&'t Tag>, allowed: &[&str], span: Span) -> Option<&'t str> {
        let Some(tag) = tag else { return Some("") };
        if tag.is_yaml_core_schema() && allowed.contains(&tag.suffix.as_str()) {
            return Some(&tag.suffix);
        }
        // A lone `!` means "not resolved", which for a scalar is text.
        if matches!((tag.handle.as_str(), tag.suffix.as_str()), ("" | "!", "" | "!")) {
            return Some("");
        }
        let written = self.text.get(span.start..).unwrap_or_default();
        let tag_at = written.find('!').unwrap_or_default();
        let word: &str =
            written[tag_at..].split([' ', '\t', '\n', '\r', ',', ']', '}']).next().unwrap_or_default();
        let at = span.start + tag_at;
        self.findings
            .error(
                codes::TAG,
                Span { start: at, end: at + word.len() },
                format!("the tag `{}` is not accepted", Shown(word)),
            )
            .label("not accepted here")
            .hint("remove the tag; only the types of plain YAML are read");
        None
    }

    fn span(&self, marks: Marks) -> Span {
        let (start, end) = (self.offsets.byte(marks.start.index()), self.offsets.byte(marks.end.index()));
        Span { start, end: end.max(start) }
    }
}

/// What the YAML specification leaves out of its printable characters (section 5.1).
fn is_forbidden(c: char) -> bool {
    (c.is_control() && !matches!(c, '\t' | '\n' | '\r' | '\u{85}')) || matches!(c, '\u{fffe}' | '\u{ffff}')
}
