//! Where a node stands in its document, in words: `spec.containers[0].image`.

use super::tree::{Id, Role, Tree};

/// Parts of a path that are shown.
const MAX_PARTS: usize = 32;

/// The key under which a node stands, where it stands in a map or in a list that does.
pub(super) fn key<'t>(tree: &'t Tree<'_>, id: Id) -> Option<&'t str> {
    let mut child = id;
    loop {
        match tree.node(child).role {
            Role::Value(key) => return tree.scalar(key),
            Role::Item(_) => child = tree.node(child).parent?,
            Role::Key | Role::Root => return None,
        }
    }
}

/// The key of a value in its map; none in a list.
pub(super) fn own_key<'t>(tree: &'t Tree<'_>, id: Id) -> Option<&'t str> {
    match tree.node(id).role {
        Role::Value(key) => tree.scalar(key),
        _ => None,
    }
}

/// The whole path. Control characters of keys are escaped.
pub(super) fn describe(tree: &Tree<'_>, id: Id) -> String {
    let mut parts = Vec::new();
    let mut child = id;
    while let Some(parent) = tree.node(child).parent.filter(|_| parts.len() < MAX_PARTS) {
        match tree.node(child).role {
            Role::Value(_) => {
                let key: String =
                    own_key(tree, child).unwrap_or("?").chars().take(80).flat_map(shown).collect();
                parts.push(format!(".{key}"));
            }
            Role::Item(at) => parts.push(format!("[{at}]")),
            Role::Key | Role::Root => {}
        }
        child = parent;
    }
    parts.reverse();
    let path = parts.concat();
    path.strip_prefix('.').unwrap_or(&path).to_owned()
}

fn shown(c: char) -> impl Iterator<Item = char> {
    let escaped = c.is_control().then(|| c.escape_default());
    let plain = escaped.is_none().then_some(c);
    escaped.into_iter().flatten().chain(plain)
}
