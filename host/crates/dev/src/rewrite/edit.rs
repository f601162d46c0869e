//! From what must be done to bytes: patches of the text, without overlap, in order.

use std::{collections::HashMap, ops::Range};

use super::{
    find::Site,
    tree::{Id, Kind, Role, Style, Tree},
};

/// What is done to a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Edit {
    /// A value gets another text.
    Set { node: Id, text: String },
    /// A reference gets another end; as a whole where the end is not written as it reads.
    Reference { node: Id, old: String, new: String, whole: (String, String) },
    /// A digest goes; its key stays, with an empty text.
    Clear { node: Id },
    /// A key gets another name.
    Rename { key: Id, text: String },
    /// A map gets another entry, after one of its values.
    Insert { map: Id, after: Id, key: Id, line: String },
}

/// Bytes of the text and what takes their place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Patch {
    pub(super) range: Range<usize>,
    pub(super) text: String,
}

/// Puts patches into a text. Of two that overlap the first one counts.
pub(super) fn apply(text: &str, mut patches: Vec<Patch>) -> String {
    patches.sort_by(|one, other| {
        let place = |patch: &Patch| (patch.range.start, patch.range.end);
        place(one).cmp(&place(other)).then_with(|| one.text.cmp(&other.text))
    });
    patches.dedup();
    let mut out = String::with_capacity(text.len() + 64 * patches.len());
    let mut done = 0;
    for patch in patches {
        if patch.range.start < done {
            continue;
        }
        out.push_str(&text[done..patch.range.start]);
        out.push_str(&patch.text);
        done = patch.range.end;
    }
    out.push_str(&text[done..]);
    out
}

/// The patches of all references.
pub(super) fn patches(tree: &Tree<'_>, sites: &[Site]) -> Vec<Patch> {
    let edits: Vec<&Edit> = sites.iter().flat_map(|site| &site.edits).collect();
    let shared = Shared::of(tree, &edits);
    let patch = |edit: &Edit| match edit {
        Edit::Set { node, text } => set(tree, shared.place(tree, *node), text),
        Edit::Clear { node } => clear(tree, shared.place(tree, *node)),
        Edit::Reference { node, old, new, whole } => {
            reference(tree, shared.place(tree, *node), old, new, whole)
        }
        Edit::Rename { key, text } => set(tree, *key, text),
        Edit::Insert { map, after, key, line } => insert(tree, *map, *after, *key, line),
    };
    edits.into_iter().map(patch).collect()
}

/// What aliases share: where all of them want the same, the anchor's value changes, once. Else each one that wants
/// something else than the anchor's value gets its own.
struct Shared(HashMap<Id, bool>);

impl Shared {
    fn of(tree: &Tree<'_>, edits: &[&Edit]) -> Self {
        let wanted: HashMap<Id, &str> = edits
            .iter()
            .filter_map(|edit| match edit {
                Edit::Set { node, text } => Some((*node, text.as_str())),
                Edit::Clear { node } => Some((*node, "")),
                Edit::Reference { node, whole, .. } => Some((*node, whole.1.as_str())),
                Edit::Rename { .. } | Edit::Insert { .. } => None,
            })
            .collect();
        let mut first: HashMap<Id, &str> = HashMap::new();
        let mut at_anchor = HashMap::new();
        for (alias, node) in tree.nodes() {
            let Kind::Alias(Some(target)) = node.kind else { continue };
            let same = match (wanted.get(&target), wanted.get(&alias)) {
                // The value itself is a reference: whoever names it gets the same.
                (Some(theirs), Some(mine)) => theirs == mine,
                (Some(_), None) => true,
                (None, Some(mine)) => first.entry(target).or_insert(mine) == mine,
                (None, None) => false,
            };
            let all = at_anchor.entry(target).or_insert(true);
            *all = *all && same;
        }
        Self(at_anchor)
    }

    /// Where a change of a node is written.
    fn place(&self, tree: &Tree<'_>, node: Id) -> Id {
        match tree.node(node).kind {
            Kind::Alias(Some(target)) if self.0.get(&target) == Some(&true) => target,
            _ => node,
        }
    }
}

fn set(tree: &Tree<'_>, id: Id, text: &str) -> Patch {
    let node = tree.node(id);
    let range = node.start..node.end;
    let text = match &node.kind {
        Kind::Scalar { style: Style::Single, .. } => format!("'{text}'"),
        Kind::Scalar { style: Style::Double, .. } => format!("\"{text}\""),
        Kind::Scalar { style: Style::Literal | Style::Folded, text: old } => {
            return inside(tree, id, old.trim_end_matches('\n'), text);
        }
        Kind::Scalar { text: old, .. } if old.is_empty() => return fill(tree, id, text),
        _ => plain(text),
    };
    Patch { range, text }
}

/// Puts a value where nothing stands: after the colon of its key. Where there is none the text stays, which whoever
/// rewrites notices.
fn fill(tree: &Tree<'_>, id: Id, text: &str) -> Patch {
    let Role::Value(key) = tree.node(id).role else {
        return Patch { range: 0..0, text: String::new() };
    };
    let end = tree.node(key).end;
    let rest = &tree.text[end..];
    let blanks = rest.len() - rest.trim_start_matches([' ', '\t']).len();
    let at = end + blanks + usize::from(rest[blanks..].starts_with(':'));
    let text = if rest[blanks..].starts_with(':') { format!(" {}", plain(text)) } else { String::new() };
    Patch { range: at..at, text }
}

/// The empty text in the quotes that stand there.
fn clear(tree: &Tree<'_>, id: Id) -> Patch {
    let node = tree.node(id);
    let text = match &node.kind {
        Kind::Scalar { style: Style::Single, .. } => "''",
        _ => "\"\"",
    };
    Patch { range: node.start..node.end, text: text.to_owned() }
}

/// A text as a plain scalar, or in quotes where it would read as something else than a text.
fn plain(text: &str) -> String {
    let word = text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.contains(['-', '/'])
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'/' | b':' | b'@'))
        && !text.ends_with(':');
    let word = word || text == "latest" || matches!(text, "tag" | "imageTag" | "newTag");
    if word { text.to_owned() } else { format!("\"{text}\"") }
}

/// Replaces the end of a reference, so that whatever way its beginning is written stays.
fn reference(tree: &Tree<'_>, id: Id, old: &str, new: &str, whole: &(String, String)) -> Patch {
    let node = tree.node(id);
    let closing = match &node.kind {
        Kind::Scalar { style: Style::Plain, .. } => 0,
        Kind::Scalar { style: Style::Single | Style::Double, .. } => 1,
        Kind::Scalar { .. } => return inside(tree, id, &whole.0, &whole.1),
        _ => return set(tree, id, &whole.1),
    };
    let raw = tree.raw(id);
    let body = &raw[..raw.len().saturating_sub(closing)];
    if body.ends_with(old) {
        let end = node.start + body.len();
        Patch { range: end - old.len()..end, text: new.to_owned() }
    } else {
        set(tree, id, &whole.1)
    }
}

/// Replaces the one place of a block scalar that holds a text. An empty block stays: nobody writes a tag so, and whoever
/// rewrites looks whether everything was.
fn inside(tree: &Tree<'_>, id: Id, old: &str, new: &str) -> Patch {
    let end = tree.node(id).end;
    let from = tree.block(id).min(end);
    let at = tree.text[from..end].find(old).filter(|_| !old.is_empty());
    let range = at.map_or(end..end, |at| from + at..from + at + old.len());
    Patch { text: if at.is_some() { new.to_owned() } else { String::new() }, range }
}

/// A new entry: after a comma in braces, else on a line of its own with the indentation of the key.
fn insert(tree: &Tree<'_>, map: Id, after: Id, key: Id, line: &str) -> Patch {
    let text = tree.text;
    let end = tree.node(after).end;
    if tree.is_flow(map) {
        return Patch { range: end..end, text: format!(", {}", in_flow(tree, key, line)) };
    }
    let key_at = tree.node(key).start;
    let line_start = text[..key_at].rfind('\n').map_or(0, |at| at + 1);
    let indent = " ".repeat(text[line_start..key_at].chars().count());
    // Before the line's end, so that it does not matter whether there is one.
    let at = text[end..].find('\n').map_or(text.len(), |at| end + at);
    let at = if text[..at].ends_with('\r') { at - 1 } else { at };
    let ending = if text[at..].starts_with("\r\n") { "\r\n" } else { "\n" };
    Patch { range: at..at, text: format!("{ending}{indent}{line}") }
}

/// In JSON every key and text has double quotes.
fn in_flow(tree: &Tree<'_>, key: Id, line: &str) -> String {
    if !tree.raw(key).starts_with('"') {
        return line.to_owned();
    }
    match line.split_once(": ") {
        Some((key, value)) => format!("\"{key}\": \"{}\"", value.trim_matches('"')),
        None => line.to_owned(),
    }
}
