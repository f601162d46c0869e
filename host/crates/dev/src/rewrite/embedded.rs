//! Manifests inside manifests: a literal block that is YAML itself, as in a ConfigMap or in values of an Argo
//! application. Its references are found and patched where they stand in the outer text.

use super::{
    Outcome,
    edit::Patch,
    managed::Managed,
    tree::{Id, Kind, Role, Style, Tree},
};

/// Texts inside texts.
const MAX_LEVEL: usize = 4;

/// What is found in a literal block that is YAML; none where it is not.
pub(super) fn patches(tree: &Tree<'_>, id: Id, managed: &Managed, level: usize) -> Option<Outcome> {
    let node = tree.node(id);
    let Kind::Scalar { text, style: Style::Literal } = &node.kind else { return None };
    if level == MAX_LEVEL || node.role == Role::Key || !managed.may_be_in(text) {
        return None;
    }
    let lines = Lines::of(tree.text, tree.block(id), text)?;
    let inner = super::tree::parse(text).ok()?;
    let structured = |root: &Id| matches!(inner.node(*root).kind, Kind::Map(_) | Kind::List(_));
    if !inner.roots.iter().any(structured) {
        return None;
    }
    let (patches, found, left) = super::patches(text, false, managed, level + 1).ok()?;
    let patches = patches
        .into_iter()
        .map(|patch| Patch {
            range: lines.outer(patch.range.start)..lines.outer(patch.range.end),
            text: lines.indented(&patch.text),
        })
        .collect();
    let found = found.into_iter().map(|(at, found)| (lines.outer(at), found)).collect();
    let left = left.into_iter().map(|(at, left)| (lines.outer(at), left)).collect();
    Some((patches, found, left))
}

/// Where the lines of a block's text stand in the outer text.
struct Lines {
    /// Beginning of each line: in the block's text, and in the outer one after the indentation.
    starts: Vec<(usize, usize)>,
    indent: usize,
    ending: &'static str,
}

impl Lines {
    /// None where the lines do not correspond one to one, which then are left alone. `block` is where the first line
    /// begins that is not blank.
    fn of(outer_text: &str, block: usize, text: &str) -> Option<Self> {
        let ending = if outer_text[..block].ends_with("\r\n") { "\r\n" } else { "\n" };
        let (mut starts, mut inner, mut outer, mut indent) = (Vec::new(), 0, block, None);
        for line in text.split_inclusive('\n') {
            let expected = line.trim_end_matches('\n');
            if indent.is_none() && expected.trim().is_empty() {
                inner += line.len();
                continue;
            }
            let written = outer_text[outer..].split_inclusive('\n').next()?;
            let content = written.trim_end_matches(['\n', '\r']);
            let indent = *indent.get_or_insert(content.len().checked_sub(expected.len())?);
            let begin = indent.min(content.len());
            if !expected.is_empty() && content.get(begin..) != Some(expected) {
                return None;
            }
            starts.push((inner, outer + begin));
            inner += line.len();
            outer += written.len();
        }
        Some(Self { starts, indent: indent?, ending })
    }

    fn outer(&self, at: usize) -> usize {
        let line = self.starts.partition_point(|(inner, _)| *inner <= at).saturating_sub(1);
        self.starts.get(line).map_or(0, |(inner, outer)| outer + (at - inner))
    }

    /// A patch's text with the outer line ends and indentation.
    fn indented(&self, text: &str) -> String {
        text.replace("\r\n", "\n").replace('\n', &format!("{}{}", self.ending, " ".repeat(self.indent)))
    }
}
